//! What somebody typed, taken apart.

use super::Reading;
use super::index::Weights;
use super::letters::spoken;
use super::phrase::{SOUNDS, Sounds};
use super::text::is_han;

/// A letter of pinyin says less than a character.
const LETTER: f32 = 0.5;
/// A digit says less still: years, ages and numbers of things stand in no name.
const DIGIT: f32 = 0.2;
/// A word that says nothing may be missing, but counts where it is part of a name.
const FILLER: f32 = 0.04;
/// The longest sound, zhuang, with a slip.
pub(super) const SOUND_MAX: usize = 7;

/// One character of a query.
pub(super) struct Element {
    pub(super) c: char,
    /// How much it should find.
    pub(super) weight: f32,
    /// Of a word that says nothing.
    pub(super) filler: bool,
    /// Of a Chinese character.
    pub(super) sounds: [u16; SOUNDS],
    /// How many letters end here without a gap; 0 at anything else.
    pub(super) run: usize,
    /// For the last 1, 2.. letters up to here: what they sound like, when that is a sound.
    pub(super) heard: [Option<u16>; SOUND_MAX],
}

/// A query.
pub(super) struct Query {
    pub(super) elements: Vec<Element>,
    /// Letters as bytes; 0 for anything else.
    pub(super) letters: Vec<u8>,
    /// Of all elements.
    pub(super) weight: f32,
    /// Neighbouring Chinese characters of words that say something.
    pub(super) pairs: Vec<[char; 2]>,
    /// What share of the weight is Chinese characters.
    pub(super) han: f32,
    /// Chinese alone, and more than one character of it: one of them fits something by chance.
    pub(super) several: bool,
    /// What share is letters.
    pub(super) letter: f32,
}

impl Query {
    /// Of a normal text.
    pub(super) fn new(
        text: &str,
        reading: &dyn Reading,
        sounds: &Sounds,
        weights: &Weights,
    ) -> Self {
        let words = reading.words(text);
        let silent = words.iter().all(|word| word.filler);
        let mut elements: Vec<Element> = Vec::new();
        for word in &words {
            for c in word.text.chars() {
                let filler = word.filler && !silent;
                let run = match elements.last() {
                    _ if !c.is_ascii_lowercase() => 0,
                    Some(before) => before.run + 1,
                    None => 1,
                };
                let known = if is_han(c) { sounds.of(c, reading) } else { [u16::MAX; SOUNDS] };
                let weight = weight(c, filler, weights);
                let heard = [None; SOUND_MAX];
                elements.push(Element { c, weight, filler, sounds: known, run, heard });
            }
        }
        let letters = elements.iter().map(|e| u8::try_from(e.c).unwrap_or(0)).collect();
        let weight_of = |which: fn(&Element) -> bool| -> f32 {
            elements.iter().filter(|e| which(e)).map(|e| e.weight).sum()
        };
        let weight = weight_of(|_| true);
        let han = weight_of(|e| is_han(e.c)) / weight.max(FILLER);
        let letter = weight_of(|e| e.run > 0) / weight.max(FILLER);
        let pairs = pairs(&words, silent);
        let characters = elements.iter().filter(|e| is_han(e.c) && !e.filler).count();
        let several = letter <= 0.0 && characters > 1;
        let mut query = Self { elements, letters, weight, pairs, han, several, letter };
        query.listen(sounds);
        query
    }

    /// Whether any of it is letters.
    pub(super) fn has_letters(&self) -> bool {
        self.elements.iter().any(|element| element.run > 0)
    }

    fn listen(&mut self, sounds: &Sounds) {
        for (at, element) in self.elements.iter_mut().enumerate() {
            for length in 1..=element.run.min(SOUND_MAX) {
                let typed = &self.letters[at + 1 - length..=at];
                let typed = str::from_utf8(typed).unwrap_or_default();
                element.heard[length - 1] = sounds.spoken_as(&spoken(typed));
            }
        }
    }
}

fn weight(c: char, filler: bool, weights: &Weights) -> f32 {
    match (filler, is_han(c)) {
        (true, _) => FILLER,
        (false, true) => weights.of(c),
        (false, false) if c.is_ascii_digit() => DIGIT,
        (false, false) => LETTER,
    }
}

/// Pairs inside words, and between characters that belong to no word.
fn pairs(words: &[super::ReadWord<'_>], silent: bool) -> Vec<[char; 2]> {
    let mut pairs = Vec::new();
    let mut alone: Option<char> = None;
    for word in words {
        let characters: Vec<char> = word.text.chars().collect();
        match characters.as_slice() {
            _ if word.filler && !silent => alone = None,
            [one] => {
                pairs.extend(alone.map(|before| [before, *one]));
                alone = Some(*one);
            }
            more => {
                alone = None;
                pairs.extend(more.windows(2).map(|two| [two[0], two[1]]));
            }
        }
    }
    pairs.retain(|pair| pair.iter().all(|c| is_han(*c)));
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

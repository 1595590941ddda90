//! A name of an app: its own, or another word for it.

use super::letters::spoken;
use super::text::{is_han, normal};
use super::{Reading, index::Weights};
use std::collections::HashMap;

/// No sound.
const NONE: u16 = u16::MAX;
/// Most characters have one sound in use, few two; what comes behind is ancient or a dialect's.
pub(super) const SOUNDS: usize = 2;

/// A sound as text and as spoken, by number.
#[derive(Default)]
pub(super) struct Sounds {
    texts: Vec<(String, u16)>,
    spoken: HashMap<String, u16>,
    numbers: HashMap<String, u16>,
    of: HashMap<char, [u16; SOUNDS]>,
}

impl Sounds {
    /// Learns the sounds of a character.
    pub(super) fn learn(&mut self, c: char, reading: &dyn Reading) -> [u16; SOUNDS] {
        if let Some(known) = self.of.get(&c) {
            return *known;
        }
        let mut numbers = [NONE; SOUNDS];
        let sounds = if is_han(c) { reading.sounds(c) } else { vec![c.to_string()] };
        for (number, sound) in numbers.iter_mut().zip(sounds) {
            *number = self.number(sound);
        }
        self.of.insert(c, numbers);
        numbers
    }

    fn number(&mut self, sound: String) -> u16 {
        if let Some(number) = self.numbers.get(&sound) {
            return *number;
        }
        let next = u16::try_from(self.spoken.len()).unwrap_or(NONE);
        let spoken = *self.spoken.entry(spoken(&sound)).or_insert(next);
        // A language has some 400 sounds; what does not fit has none.
        let number = u16::try_from(self.texts.len()).unwrap_or(NONE);
        self.texts.push((sound.clone(), spoken));
        self.numbers.insert(sound, number);
        number
    }

    /// The sounds of a character of a query: those that some phrase has are enough.
    pub(super) fn of(&self, c: char, reading: &dyn Reading) -> [u16; SOUNDS] {
        if let Some(known) = self.of.get(&c) {
            return *known;
        }
        let mut numbers = [NONE; SOUNDS];
        let known = reading.sounds(c).into_iter().filter_map(|s| self.numbers.get(&s).copied());
        for (number, sound) in numbers.iter_mut().zip(known) {
            *number = sound;
        }
        numbers
    }

    /// As letters.
    pub(super) fn text(&self, sound: u16) -> &str {
        self.texts.get(usize::from(sound)).map_or("", |(text, _)| text)
    }

    /// What a text of [`spoken`] letters is.
    pub(super) fn spoken_as(&self, letters: &str) -> Option<u16> {
        self.spoken.get(letters).copied()
    }

    /// As many speak it.
    pub(super) fn spoken(&self, sound: u16) -> Option<u16> {
        self.texts.get(usize::from(sound)).map(|(_, spoken)| *spoken)
    }
}

/// Those of the three that are there.
pub(super) fn present(sounds: &[u16; SOUNDS]) -> impl Iterator<Item = u16> + Clone + '_ {
    sounds.iter().copied().filter(|sound| *sound != NONE)
}

/// One character of a phrase.
pub(super) struct Part {
    pub(super) c: char,
    /// How much it tells, 0 to 1: 查 is in half of all names.
    pub(super) weight: f32,
    pub(super) sounds: [u16; SOUNDS],
}

/// A name of an app.
pub(super) struct Phrase {
    /// Which app, by its place in the index.
    pub(super) app: u32,
    /// As written in the catalogue.
    pub(super) text: String,
    pub(super) parts: Vec<Part>,
    /// Of all parts.
    pub(super) weight: f32,
}

impl Phrase {
    pub(super) fn new(
        app: u32,
        text: &str,
        reading: &dyn Reading,
        sounds: &mut Sounds,
        weights: &Weights,
    ) -> Self {
        let part = |c| Part { c, weight: weights.of(c), sounds: sounds.learn(c, reading) };
        let parts: Vec<Part> = normal(text).chars().map(part).collect();
        let weight = parts.iter().map(|part| part.weight).sum();
        Self { app, text: text.to_owned(), parts, weight }
    }

    /// Its usual sounds between spaces.
    pub(super) fn pinyin(&self, sounds: &Sounds) -> String {
        let texts: Vec<&str> = self.parts.iter().map(|part| sounds.text(part.sounds[0])).collect();
        texts.join(" ")
    }
}

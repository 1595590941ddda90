//! How Chinese is read: words by a segmenter with a small lexicon of this field, sounds by the
//! national table of readings. A word that the lexicon lacks comes character by character.

use domain::catalogue::{ReadWord, Reading};
use jieba_rs::Jieba;
use pinyin::ToPinyinMulti as _;
use std::collections::HashSet;

/// `word frequency tag` in every line; the tag `u` says that a word tells nothing about what is
/// looked for.
const LEXICON: &str = include_str!("reading/lexicon.txt");
const SAYS_NOTHING: &str = "u";

/// Reads Chinese.
pub struct ChineseReading {
    words: Jieba,
    fillers: HashSet<&'static str>,
}

/// A line of the lexicon is not one.
#[derive(Debug, thiserror::Error)]
#[error("the lexicon cannot be read")]
pub struct LexiconInvalid(#[source] jieba_rs::Error);

impl ChineseReading {
    /// # Errors
    /// [`LexiconInvalid`]; the tests keep it from happening.
    pub fn new() -> Result<Self, LexiconInvalid> {
        let words = Jieba::with_dict(&mut LEXICON.as_bytes()).map_err(LexiconInvalid)?;
        let filler = |line: &'static str| {
            let (word, rest) = line.split_once(' ')?;
            rest.ends_with(SAYS_NOTHING).then_some(word)
        };
        Ok(Self { words, fillers: LEXICON.lines().filter_map(filler).collect() })
    }
}

impl Reading for ChineseReading {
    fn sounds(&self, character: char) -> Vec<String> {
        let mut sounds: Vec<String> = Vec::new();
        for sound in character.to_pinyin_multi().into_iter().flatten() {
            let plain = sound.plain().replace('ü', "v");
            if !sounds.contains(&plain) && plain.bytes().all(|b| b.is_ascii_lowercase()) {
                sounds.push(plain);
            }
        }
        sounds
    }

    fn words<'a>(&self, text: &'a str) -> Vec<ReadWord<'a>> {
        let word = |text: &'a str| ReadWord { text, filler: self.fillers.contains(text) };
        self.words.cut(text, false).into_iter().map(|token| word(token.word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, bool)> {
        let reading = ChineseReading::new().unwrap();
        reading.words(text).iter().map(|word| (word.text.to_owned(), word.filler)).collect()
    }

    #[test]
    fn every_line_of_the_lexicon_is_a_word_a_number_and_a_tag() {
        let mut seen = HashSet::new();
        for line in LEXICON.lines() {
            let cells: Vec<&str> = line.split(' ').collect();
            let [word, frequency, tag] = cells.as_slice() else { panic!("{line}") };
            assert!(seen.insert(*word), "{word} is there twice");
            assert!(frequency.parse::<u32>().is_ok_and(|times| times > 0), "{line}");
            assert!(matches!(*tag, "u" | "n"), "{line}");
        }
    }

    #[test]
    fn words_come_in_order_without_gaps() {
        let got = words("我想查一下公积金余额gjj2026龘");
        let joined: String = got.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(joined, "我想查一下公积金余额gjj2026龘");
        assert!(got.contains(&("公积金".to_owned(), false)), "{got:?}");
        assert!(got.contains(&("我想".to_owned(), true)), "{got:?}");
        assert!(words("").is_empty());
    }

    #[test]
    fn characters_of_several_sounds_have_them_all() {
        let reading = ChineseReading::new().unwrap();
        assert_eq!(reading.sounds('税')[0], "shui", "the usual one first");
        assert!(reading.sounds('重').contains(&"chong".to_owned()));
        assert!(reading.sounds('重').contains(&"zhong".to_owned()));
        assert_eq!(reading.sounds('律'), ["lv"]);
        assert!(reading.sounds('a').is_empty());
    }
}

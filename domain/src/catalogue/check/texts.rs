//! Collects faults while texts, words and lists are checked.

use super::super::raw::RawWording;
use super::super::words::Word;
use super::super::{Fault, Place, Problem, Wording};
use super::known_words;
use crate::money::PayableFen;
use std::collections::BTreeSet;

/// The faults found so far.
#[derive(Default)]
pub(super) struct Findings {
    faults: Vec<Fault>,
}

impl Findings {
    pub(super) fn add(&mut self, place: Place, problem: Problem) {
        self.faults.push(Fault { place, problem });
    }

    /// A part is missing from `made` only if a fault says why.
    pub(super) fn into_result<T>(self, made: Option<T>) -> Result<T, Vec<Fault>> {
        match made {
            Some(made) if self.faults.is_empty() => Ok(made),
            Some(_) | None => Err(self.faults),
        }
    }

    /// A text that people read: not empty, not too long, on one line.
    pub(super) fn text(&mut self, place: Place, text: &str, max: usize) -> String {
        if text.trim().is_empty() {
            self.add(place, Problem::Empty);
        } else if text.chars().count() > max {
            self.add(place, Problem::TooLong { max });
        } else if text.chars().any(char::is_control) {
            self.add(place, Problem::ControlCharacters);
        }
        text.to_owned()
    }

    /// A text whose English may be missing, but not empty.
    pub(super) fn wording(&mut self, place: Place, raw: &RawWording, max: usize) -> Wording {
        let zh = self.text(place.clone(), &raw.zh, max);
        let en = raw.en.as_ref().map(|en| self.text(place, en, max));
        Wording { zh, en }
    }

    /// A text that must be there in both languages.
    pub(super) fn bilingual(&mut self, place: Place, raw: &RawWording, max: usize) -> Wording {
        if raw.en.is_none() {
            self.add(place.clone(), Problem::Dangling { kind: "language", name: "en".to_owned() });
        }
        self.wording(place, raw, max)
    }

    /// A name that only programs read: of a field, a parameter, a key.
    pub(super) fn name(&mut self, place: Place, name: &str) {
        let fits = name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            self.add(place, Problem::NotAName(name.to_owned()));
        }
    }

    /// An amount that can be asked of somebody.
    pub(super) fn payable(&mut self, place: Place, fen: i64) -> Option<PayableFen> {
        let payable = PayableFen::new(fen).ok();
        if payable.is_none() {
            self.add(place, Problem::OutOfRange("1 fen to what can be paid"));
        }
        payable
    }

    /// A word of a closed list.
    pub(super) fn word<W: Word>(&mut self, place: Place, word: &str) -> Option<W> {
        let read = W::read(word);
        if read.is_none() {
            let (word, known) = (word.to_owned(), known_words::<W>());
            self.add(place, Problem::UnknownWord { word, known });
        }
        read
    }

    /// At least one word, none twice.
    pub(super) fn words<W: Word>(&mut self, place: &Place, words: &[String]) -> Vec<W> {
        self.list(place, words, W::ALL.len());
        words.iter().filter_map(|word| self.word(place.clone(), word)).collect()
    }

    /// At least one entry, at most `max`, none twice.
    pub(super) fn list(&mut self, place: &Place, entries: &[String], max: usize) {
        if entries.is_empty() {
            self.add(place.clone(), Problem::Empty);
        }
        if entries.len() > max {
            self.add(place.clone(), Problem::TooMany { max });
        }
        self.distinct(place, entries);
    }

    /// No entry twice.
    pub(super) fn distinct(&mut self, place: &Place, entries: &[String]) {
        let mut seen = BTreeSet::new();
        for entry in entries {
            if !seen.insert(entry) {
                self.add(place.clone(), Problem::Duplicate(entry.clone()));
            }
        }
    }
}

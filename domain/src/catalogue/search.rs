//! Finding an app by what a citizen types: its name or part of it, another word for it, pinyin,
//! initials, with typing errors; or by a document's number, which leads to the apps that take one.
//! The index is in memory, made of one catalogue, and replaced with it.

mod align;
mod find;
mod index;
mod letters;
mod misses;
mod number;
mod phrase;
mod query;
#[cfg(test)]
mod tests;
mod text;

pub use find::{FindApps, FindAppsError, FoundApps};
pub use index::{AppHit, SearchIndex};
pub use misses::{Miss, Misses, SearchMisses};
pub use text::{TEXT_MAX, TextTooLong};

/// How Chinese is read. Words and sounds are somebody else's knowledge.
pub trait Reading: Send + Sync {
    /// The sounds of a character without tones, in letters `a-z` (`v` for ü), the usual one first;
    /// empty for what is no Chinese character.
    fn sounds(&self, character: char) -> Vec<String>;

    /// The words of a text, in order and without gaps. What is no known word comes character by
    /// character. MUST always read one text alike.
    fn words<'a>(&self, text: &'a str) -> Vec<ReadWord<'a>>;
}

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadWord<'a> {
    /// As it stands there.
    pub text: &'a str,
    /// It says nothing about what is looked for: 怎么, 我想, 一下.
    pub filler: bool,
}

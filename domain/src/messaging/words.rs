//! Words with places for facts: `您的{title}已缴费成功`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Words of a file, cut at the places for facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Fact(String),
}

/// A brace without its partner, or a name that no fact has.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("facts stand in braces and are named by small letters, digits and _")]
pub struct WordsInvalid;

/// A fact that the words need is not known.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("the fact `{0}` is not known")]
pub struct FactMissing(pub String);

/// Stands where a fact is not known, in what is only read.
const UNKNOWN: &str = "—";

impl Words {
    /// # Errors
    /// [`WordsInvalid`] as said there.
    pub fn new(text: &str) -> Result<Self, WordsInvalid> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(open);
            let inside = from.strip_prefix('{').ok_or(WordsInvalid)?;
            let (name, after) = inside.split_once('}').ok_or(WordsInvalid)?;
            if !is_fact_name(name) {
                return Err(WordsInvalid);
            }
            pieces.push(Piece::Plain(before.to_owned()));
            pieces.push(Piece::Fact(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The facts that are named.
    pub fn facts(&self) -> BTreeSet<&str> {
        let named = self.0.iter().filter_map(|piece| match piece {
            Piece::Fact(name) => Some(name.as_str()),
            Piece::Plain(_) => None,
        });
        named.collect()
    }

    /// The words with their facts.
    ///
    /// # Errors
    /// [`FactMissing`] names the first that is not there.
    pub fn filled(&self, facts: &[(String, String)]) -> Result<String, FactMissing> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                Piece::Fact(name) => {
                    text.push_str(fact(facts, name).ok_or_else(|| FactMissing(name.clone()))?)
                }
            }
        }
        Ok(text)
    }

    /// The same, with a dash for what is not known.
    pub fn filled_as_far_as_known(&self, facts: &[(String, String)]) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            let part = match piece {
                Piece::Plain(plain) => plain,
                Piece::Fact(name) => fact(facts, name).unwrap_or(UNKNOWN),
            };
            let _ = text.write_str(part); // Writing to a string cannot fail.
        }
        text
    }
}

/// The value of a fact.
pub(super) fn fact<'a>(facts: &'a [(String, String)], name: &str) -> Option<&'a str> {
    facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Small letters, digits and `_`, 1 to 40.
pub(super) fn is_fact_name(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=40).contains(&name.len()) && name.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Vec<(String, String)> {
        vec![("title".to_owned(), "罚款{x}".to_owned()), ("no".to_owned(), "1".to_owned())]
    }

    #[test]
    fn facts_are_put_in_once_and_never_read_as_words() {
        let words = Words::new("{title}，单号{no}。{no}").unwrap();
        assert_eq!(words.filled(&facts()).unwrap(), "罚款{x}，单号1。1");
        assert_eq!(words.facts().into_iter().collect::<Vec<_>>(), ["no", "title"]);
    }

    #[test]
    fn what_is_not_known_is_told_or_shown_as_a_dash() {
        let words = Words::new("金额{amount}").unwrap();
        assert_eq!(words.filled(&facts()), Err(FactMissing("amount".to_owned())));
        assert_eq!(words.filled_as_far_as_known(&facts()), "金额—");
    }

    #[test]
    fn braces_without_partners_and_odd_names_are_refused() {
        for bad in ["{", "}", "a}b", "{a", "{}", "{A}", "{a b}", "{a{b}}", "{标题}"] {
            assert_eq!(Words::new(bad), Err(WordsInvalid), "{bad}");
        }
        assert!(Words::new("").is_ok());
    }
}

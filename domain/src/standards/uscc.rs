//! Unified social credit code, GB 32100-2015, with its organisation code, GB 11714.

use super::is_province;
use std::fmt;

/// 18 characters of the 31 that the standard allows: authority, kind, 6 of the region, 9 of the
/// organisation, one check character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc(String);

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum UsccInvalid {
    /// Not 18 characters.
    #[error("a unified social credit code has 18 characters")]
    Length,
    /// A character outside 0-9 A-Z without I O S V Z.
    #[error("digits and capital letters without I O S V Z only")]
    Characters,
    /// Characters 3 and 4 are no province.
    #[error("characters 3 and 4 are no province")]
    Province,
    /// Character 17 does not follow from the organisation code.
    #[error("the organisation code's check character is wrong")]
    Organisation,
    /// The last character does not follow from the others.
    #[error("the check character is wrong")]
    Check,
}

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

impl Uscc {
    /// # Errors
    /// [`UsccInvalid`] names the first rule that is broken. Lower case is refused.
    pub fn new(text: &str) -> Result<Self, UsccInvalid> {
        if text.len() != 18 || !text.is_ascii() {
            return Err(UsccInvalid::Length);
        }
        let mut values = Vec::with_capacity(18);
        for character in text.chars() {
            values.push(ALPHABET.find(character).ok_or(UsccInvalid::Characters)?);
        }
        if !is_province(&text[2..4]) {
            return Err(UsccInvalid::Province);
        }
        if organisation_check(&text[8..16]) != text.chars().nth(16) {
            return Err(UsccInvalid::Organisation);
        }
        let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        let check = (31 - sum % 31) % 31;
        if check == values[17] { Ok(Self(text.to_owned())) } else { Err(UsccInvalid::Check) }
    }

    /// As people type it: spaces around are cut off, letters become capital.
    ///
    /// # Errors
    /// As [`Uscc::new`].
    pub fn normalised(text: &str) -> Result<Self, UsccInvalid> {
        Self::new(&text.trim().to_ascii_uppercase())
    }

    /// The whole code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn organisation_check(code: &str) -> Option<char> {
    let mut sum = 0;
    for (character, weight) in code.chars().zip(ORGANISATION_WEIGHTS) {
        sum += character.to_digit(36)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        check => char::from_digit(check, 10),
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_refusal() {
        use UsccInvalid as E;
        for (text, expected) in [
            ("91330100XXXXXX019U", Ok(())),
            ("12330000YYYYYY0292", Ok(())),
            ("52330200WWWWWW033C", Ok(())),
            ("91330100XXXXXX019", Err(E::Length)),
            ("91330100XIXXXX019U", Err(E::Characters)),
            ("91330100xxxxxx019u", Err(E::Characters)),
            ("91990100XXXXXX019U", Err(E::Province)),
            ("91330100XXXXXX018U", Err(E::Organisation)),
            ("91330100XXXXXX0191", Err(E::Check)),
        ] {
            assert_eq!(Uscc::new(text).map(drop), expected, "{text}");
        }
        assert!(Uscc::normalised("91330100xxxxxx019u").is_ok());
    }
}

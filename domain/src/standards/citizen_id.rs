//! Citizen identity number, GB 11643-1999.

use super::{all_digits, digit, is_province};
use jiff::civil::Date;
use std::fmt;

/// 18 characters: 6 of the place of first registration, 8 of the birth date, 3 in sequence, one
/// check character. The place may be a code that is retired today, so only its province is
/// checked. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenId {
    text: String,
    birth_date: Date,
}

/// Why a text is not a citizen identity number.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum CitizenIdInvalid {
    /// Not 18 characters.
    #[error("a citizen id has 18 characters")]
    Length,
    /// Something else than 17 digits and a digit or `X`.
    #[error("a citizen id has 17 digits, then a digit or X")]
    Characters,
    /// The first two digits are no province.
    #[error("the first two digits are no province")]
    Province,
    /// No such day.
    #[error("the birth date does not exist")]
    BirthDate,
    /// The last character does not follow from the others.
    #[error("the check character is wrong")]
    Check,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

impl CitizenId {
    /// # Errors
    /// [`CitizenIdInvalid`] names the first rule that is broken. A lower-case `x` is refused.
    pub fn new(text: &str) -> Result<Self, CitizenIdInvalid> {
        let bytes = text.as_bytes();
        if bytes.len() != 18 {
            return Err(CitizenIdInvalid::Length);
        }
        let digits = bytes[..17].iter().all(u8::is_ascii_digit);
        if !digits || !(bytes[17].is_ascii_digit() || bytes[17] == b'X') {
            return Err(CitizenIdInvalid::Characters);
        }
        if !is_province(&text[..2]) {
            return Err(CitizenIdInvalid::Province);
        }
        let birth_date = birth_date(text).ok_or(CitizenIdInvalid::BirthDate)?;
        let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(b, weight)| digit(*b) * weight).sum();
        let check = CHECKS[usize::try_from(sum % 11).unwrap_or_default()];
        if check == bytes[17] {
            Ok(Self { text: text.to_owned(), birth_date })
        } else {
            Err(CitizenIdInvalid::Check)
        }
    }

    /// As people type it: spaces around are cut off, `x` becomes `X`.
    ///
    /// # Errors
    /// As [`CitizenId::new`].
    pub fn normalised(text: &str) -> Result<Self, CitizenIdInvalid> {
        Self::new(&text.trim().to_ascii_uppercase())
    }

    /// The whole number.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day of birth that the number tells.
    pub fn birth_date(&self) -> Date {
        self.birth_date
    }

    /// `3301**********123X`.
    pub fn masked(&self) -> String {
        format!("{}**********{}", &self.text[..4], &self.text[14..])
    }
}

fn birth_date(text: &str) -> Option<Date> {
    let part = |range: std::ops::Range<usize>| {
        text.get(range).filter(|part| all_digits(part)).and_then(|part| part.parse::<i16>().ok())
    };
    let (year, month, day) = (part(6..10)?, part(10..12)?, part(12..14)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_refusal() {
        use CitizenIdInvalid as E;
        for (text, expected) in [
            ("33010619000101099X", Ok(())),
            ("330203190106150987", Ok(())),
            ("33010619000101099", Err(E::Length)),
            ("33010619000101080x", Err(E::Characters)),
            ("3301061900010109９", Err(E::Length)),
            ("00010619000101099X", Err(E::Province)),
            ("330106190002290997", Err(E::BirthDate)),
            ("330106190013010997", Err(E::BirthDate)),
            ("330106190001010991", Err(E::Check)),
        ] {
            assert_eq!(CitizenId::new(text).map(drop), expected, "{text}");
        }
        assert!(CitizenId::normalised(" 33010619000101080x ").is_ok());
    }

    #[test]
    fn debug_never_shows_the_number() {
        let id = CitizenId::new("33010619000101099X").unwrap();
        assert_eq!(format!("{id:?}"), "3301**********099X");
        assert_eq!(id.birth_date(), jiff::civil::date(1900, 1, 1));
    }
}

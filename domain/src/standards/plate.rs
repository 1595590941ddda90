//! Vehicle plates of this province, GA 36-2014 as widened since.

use std::fmt;

/// `浙`, the authority's letter, then five characters, or six of a new-energy vehicle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlateNo(String);

/// Why a text is not a plate of this province.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum PlateInvalid {
    /// It does not begin with 浙.
    #[error("a plate of this province begins with 浙")]
    Province,
    /// The second character is none of the eleven authorities' letters.
    #[error("the second character is no authority of this province")]
    Authority,
    /// Neither five nor six characters follow.
    #[error("five characters follow, six on a new-energy vehicle")]
    Length,
    /// A character outside 0-9 A-Z without I and O.
    #[error("digits and capital letters without I and O only")]
    Characters,
    /// More than two letters among five.
    #[error("at most two of the five are letters")]
    Letters,
    /// Six characters without the letter of a new-energy vehicle.
    #[error("six characters need the letter of a new-energy vehicle, first or last")]
    NewEnergy,
}

const AUTHORITIES: &str = "ABCDEFGHJKL";
const NEW_ENERGY: &str = "DABCEFGHJK";
const VARIANTS: &str = "学挂警";

impl PlateNo {
    /// # Errors
    /// [`PlateInvalid`] names the first rule that is broken. Lower case is refused.
    pub fn new(text: &str) -> Result<Self, PlateInvalid> {
        let rest = text.strip_prefix('浙').ok_or(PlateInvalid::Province)?;
        let mut characters = rest.chars();
        if !characters.next().is_some_and(|letter| AUTHORITIES.contains(letter)) {
            return Err(PlateInvalid::Authority);
        }
        let serial: Vec<char> = characters.collect();
        match serial.as_slice() {
            [four @ .., last] if four.len() == 4 && VARIANTS.contains(*last) => five(four),
            five_of if five_of.len() == 5 => five(five_of),
            six_of if six_of.len() == 6 => six(six_of),
            _ => Err(PlateInvalid::Length),
        }?;
        Ok(Self(text.to_owned()))
    }

    /// As people type it: spaces are dropped, letters become capital.
    ///
    /// # Errors
    /// As [`PlateNo::new`].
    pub fn normalised(text: &str) -> Result<Self, PlateInvalid> {
        let typed: String = text.chars().filter(|c| !c.is_whitespace() && *c != '·').collect();
        Self::new(&typed.to_ascii_uppercase())
    }

    /// The whole plate.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the screen and the log: `浙A***00`.
    pub fn masked(&self) -> String {
        let length = self.0.chars().count();
        let shown = |at: usize| at < 2 || at + 2 >= length;
        let characters = self.0.chars().enumerate();
        characters.map(|(at, c)| if shown(at) { c } else { '*' }).collect()
    }
}

impl fmt::Debug for PlateNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

fn fits(character: char) -> bool {
    character.is_ascii_digit() || (character.is_ascii_uppercase() && !"IO".contains(character))
}

fn five(serial: &[char]) -> Result<(), PlateInvalid> {
    if !serial.iter().all(|c| fits(*c)) {
        return Err(PlateInvalid::Characters);
    }
    let letters = serial.iter().filter(|c| c.is_ascii_uppercase()).count();
    if letters > 2 { Err(PlateInvalid::Letters) } else { Ok(()) }
}

fn six(serial: &[char]) -> Result<(), PlateInvalid> {
    if !serial.iter().all(|c| fits(*c)) {
        return Err(PlateInvalid::Characters);
    }
    let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
    let small = NEW_ENERGY.contains(serial[0]) && digits(&serial[2..]);
    let large = NEW_ENERGY.contains(serial[5]) && digits(&serial[..5]);
    if small || large { Ok(()) } else { Err(PlateInvalid::NewEnergy) }
}

impl fmt::Display for PlateNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 号牌种类, GA/T 16.7: two digits, `02` of a small car.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlateKind(String);

/// Not two digits.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a plate kind has two digits")]
pub struct PlateKindInvalid;

impl PlateKind {
    /// # Errors
    /// [`PlateKindInvalid`] unless it is two digits.
    pub fn new(text: &str) -> Result<Self, PlateKindInvalid> {
        let fits = text.len() == 2 && super::all_digits(text);
        if fits { Ok(Self(text.to_owned())) } else { Err(PlateKindInvalid) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plate_kinds_are_two_digits() {
        assert_eq!(PlateKind::new("02").map(|kind| kind.as_str().to_owned()), Ok("02".to_owned()));
        for bad in ["", "2", "002", "小型", "0a"] {
            assert_eq!(PlateKind::new(bad), Err(PlateKindInvalid), "{bad}");
        }
    }

    #[test]
    fn every_rule_has_its_own_refusal() {
        use PlateInvalid as E;
        let good = [
            "浙A00X00",
            "浙BX0000",
            "浙C000XY",
            "浙A0000学",
            "浙AD00000",
            "浙AFX0000",
            "浙A00000D",
        ];
        for text in good {
            assert_eq!(PlateNo::new(text).map(drop), Ok(()), "{text}");
        }
        for (text, expected) in [
            ("沪A00X00", E::Province),
            ("浙I12345", E::Authority),
            ("浙M12345", E::Authority),
            ("浙A1234", E::Length),
            ("浙A1234567", E::Length),
            ("浙A1234O", E::Characters),
            ("浙a12345", E::Authority),
            ("浙AXYZ00", E::Letters),
            ("浙A000000", E::NewEnergy),
        ] {
            assert_eq!(PlateNo::new(text), Err(expected), "{text}");
        }
        let plate = PlateNo::normalised("浙a·00x00").unwrap();
        assert_eq!(format!("{plate:?}"), "浙A***00");
    }
}

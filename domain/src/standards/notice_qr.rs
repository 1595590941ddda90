//! The text of a notice's QR code (QRTEXT): region, unit, notice number and amount, with two
//! check codes, so that an edited number or amount is noticed before anybody pays it.

use super::{RegionCode, all_digits, full_check, number_check};
use crate::money::{Fen, PayableFen};

/// `REGICODE|ENTERCODE|NOTICENO|fen|NOTICECHECK|FULLCHECK||`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeQr {
    /// REGICODE of the unit.
    pub region: RegionCode,
    /// ENTERCODE.
    pub unit: String,
    /// NOTICENO, as printed.
    pub notice: String,
    /// Without late fee.
    pub amount: PayableFen,
}

/// Why a text is not that of a notice.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum NoticeQrInvalid {
    /// Not six parts and two empty ones.
    #[error("six parts, each ended by |, the last by two")]
    Parts,
    /// A part is malformed.
    #[error("region, unit and amount are digits, the number letters and digits")]
    Digits,
    /// The number was changed.
    #[error("the number's check code is wrong")]
    NumberCheck,
    /// The amount was changed.
    #[error("the whole notice's check code is wrong")]
    WholeCheck,
}

impl NoticeQr {
    /// # Errors
    /// [`NoticeQrInvalid`] names the first rule that is broken.
    pub fn new(text: &str) -> Result<Self, NoticeQrInvalid> {
        let parts: Vec<_> = text.split('|').collect();
        let [region, unit, notice, amount, number, whole, "", ""] = parts.as_slice() else {
            return Err(NoticeQrInvalid::Parts);
        };
        let sizes = unit.len() <= 12 && notice.len() <= 40 && amount.len() <= 15;
        let plain = notice.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        let leading = amount.starts_with('0');
        if !sizes || !plain || leading || ![unit, amount].iter().all(|part| all_digits(part)) {
            return Err(NoticeQrInvalid::Digits);
        }
        let region = RegionCode::new(region).or(Err(NoticeQrInvalid::Digits))?;
        let fen = amount.parse().ok().and_then(|fen| PayableFen::new(fen).ok());
        let amount: PayableFen = fen.ok_or(NoticeQrInvalid::Digits)?;
        if number_check(unit, notice) != *number {
            return Err(NoticeQrInvalid::NumberCheck);
        }
        if full_check(unit, notice, Fen::new(amount.fen().value())) != *whole {
            return Err(NoticeQrInvalid::WholeCheck);
        }
        let (unit, notice) = ((*unit).to_owned(), (*notice).to_owned());
        Ok(Self { region, unit, notice, amount })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_number_or_amount_is_noticed() {
        let good = "330100|000001|3301600000001|20000|06405|16337||";
        let read = NoticeQr::new(good).unwrap();
        assert_eq!((read.unit.as_str(), read.amount.fen()), ("000001", Fen::new(20_000)));
        for (bad, why) in [
            ("330100|000001|3301600000001|2000|06405|16337||", NoticeQrInvalid::WholeCheck),
            ("330100|000001|3301600000002|20000|06405|16337||", NoticeQrInvalid::NumberCheck),
            ("330100|000002|3301600000001|20000|06405|16337||", NoticeQrInvalid::NumberCheck),
            ("330100|000001|3301600000001|020000|06405|16337||", NoticeQrInvalid::Digits),
            ("330100|000001|3301600000001|0|06405|16337||", NoticeQrInvalid::Digits),
            ("330100|000001|33016abc|20000|06405|16337||", NoticeQrInvalid::Digits),
            ("33010|000001|3301600000001|20000|06405|16337||", NoticeQrInvalid::Digits),
            ("330100|000001|3301600000001|20000|06405|16337", NoticeQrInvalid::Parts),
            ("000001|3301600000001|20000|06405|16337", NoticeQrInvalid::Parts),
        ] {
            assert_eq!(NoticeQr::new(bad), Err(why), "{bad}");
        }
    }
}

//! The text of a paper notice's QR code: number and amount with two check codes.
//!
//! Source: the older scheme that two independent programs share: 号码校验码 = CRC16(unit + notice),
//! 全书校验码 = CRC16(unit + notice + amount in fen), each as five decimal digits; the CRC is
//! CRC-16/MODBUS with its two bytes swapped (inferred; check value of "123456789" 0x374B).

use super::all_digits;
use crate::money::{Fen, PayableFen};

/// `unit|notice|amount in fen|number check|whole check`; the second check covers the amount, so
/// that an edited amount is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperNotice {
    /// 执收单位编码 as printed.
    pub unit: String,
    /// 缴款通知书号码: 13 digits.
    pub notice: String,
    /// As printed, without late fee.
    pub amount: PayableFen,
}

/// Why a text is not that of a paper notice.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum PaperNoticeInvalid {
    /// Not five parts.
    #[error("five parts, separated by |")]
    Parts,
    /// A part is malformed.
    #[error("unit, notice and amount are digits, the check codes five digits each")]
    Digits,
    /// The number was changed.
    #[error("the number's check code is wrong")]
    NumberCheck,
    /// The amount was changed.
    #[error("the whole notice's check code is wrong")]
    WholeCheck,
}

impl PaperNotice {
    /// # Errors
    /// [`PaperNoticeInvalid`] names the first rule that is broken.
    pub fn new(text: &str) -> Result<Self, PaperNoticeInvalid> {
        let parts: Vec<_> = text.split('|').collect();
        let [unit, notice, amount, number_printed, whole_printed] = parts.as_slice() else {
            return Err(PaperNoticeInvalid::Parts);
        };
        let five = |check: &str| check.len() == 5 && all_digits(check);
        let sizes = unit.len() <= 12 && notice.len() == 13 && amount.len() <= 15;
        let numbers = [unit, notice, amount].iter().all(|part| all_digits(part));
        let checks = five(number_printed) && five(whole_printed);
        let well_formed = sizes && numbers && checks;
        if !well_formed {
            return Err(PaperNoticeInvalid::Digits);
        }
        let fen: i64 =
            amount.parse().map_err(|_: std::num::ParseIntError| PaperNoticeInvalid::Digits)?;
        let amount_fen = PayableFen::new(fen).map_err(|_| PaperNoticeInvalid::Digits)?;
        if number_check(unit, notice) != *number_printed {
            return Err(PaperNoticeInvalid::NumberCheck);
        }
        if full_check(unit, notice, Fen::new(fen)) != *whole_printed {
            return Err(PaperNoticeInvalid::WholeCheck);
        }
        Ok(Self { unit: (*unit).to_owned(), notice: (*notice).to_owned(), amount: amount_fen })
    }
}

/// NOTICECHECK (号码校验码): five digits over unit and notice number.
pub fn number_check(unit: &str, notice: &str) -> String {
    check(&format!("{unit}{notice}"))
}

/// FULLCHECK (全书校验码): five digits over unit, notice number and the amount without late fee.
pub fn full_check(unit: &str, notice: &str, amount: Fen) -> String {
    check(&format!("{unit}{notice}{}", amount.value()))
}

fn check(text: &str) -> String {
    format!("{:05}", crc16_swapped(text.as_bytes()))
}

fn crc16_swapped(bytes: &[u8]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 };
        }
    }
    crc.swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_amount_is_noticed() {
        assert_eq!(crc16_swapped(b"123456789"), 0x374B);
        let good = "000001|3301600000001|20000|06405|16337";
        assert_eq!(PaperNotice::new(good).map(|notice| notice.amount.fen()), Ok(Fen::new(20_000)));
        for (bad, why) in [
            ("000001|3301600000001|2000|06405|16337", PaperNoticeInvalid::WholeCheck),
            ("000001|3101600000001|20000|06405|16337", PaperNoticeInvalid::NumberCheck),
            ("000001|3301600000001|20000|06405|1633", PaperNoticeInvalid::Digits),
            ("000001|3301600000001|20000|06405", PaperNoticeInvalid::Parts),
        ] {
            assert_eq!(PaperNotice::new(bad), Err(why), "{bad}");
        }
    }
}

//! Numbers of fiscal e-receipts (财政电子票据).
//!
//! Source: 财综〔2018〕72号 and 财综〔2020〕12号: code of 8 digits (2 region, 2 class, 2 kind, 2 year),
//! number of 10 digits; the check code's six characters are those of receipts in use.

use super::{all_digits, is_province};
use std::fmt;

/// 票据代码: eight digits, the first two a province.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptCode(String);

/// Why a text is not a receipt code.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptCodeInvalid {
    /// Not eight digits.
    #[error("a receipt code has eight digits")]
    Digits,
    /// The first two digits are no province.
    #[error("the first two digits are no province")]
    Province,
}

impl ReceiptCode {
    /// # Errors
    /// [`ReceiptCodeInvalid`] names the rule that is broken.
    pub fn new(text: &str) -> Result<Self, ReceiptCodeInvalid> {
        if text.len() != 8 || !all_digits(text) {
            return Err(ReceiptCodeInvalid::Digits);
        }
        if is_province(&text[..2]) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReceiptCodeInvalid::Province)
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of receipt it is: digits 3 to 6.
    pub fn class(&self) -> ReceiptClass {
        match &self.0[2..6] {
            "0101" => ReceiptClass::NonTaxGeneral,
            "0301" => ReceiptClass::NonTaxPayment,
            "0401" => ReceiptClass::Settlement,
            _ => ReceiptClass::Other,
        }
    }
}

/// Class and kind of a receipt (票据种类), as far as this service prints their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptClass {
    /// 0101.
    NonTaxGeneral,
    /// 0301.
    NonTaxPayment,
    /// 0401.
    Settlement,
    /// Every other one.
    Other,
}

impl ReceiptClass {
    /// What stands on the receipt.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::NonTaxGeneral => "非税收入通用票据（电子）",
            Self::NonTaxPayment => "非税收入一般缴款书（电子）",
            Self::Settlement => "资金往来结算票据（电子）",
            Self::Other => "财政票据（电子）",
        }
    }
}

/// 票据号码: ten digits, not all zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptNo(String);

/// Not ten digits, or all zero.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a receipt number has ten digits and is not zero")]
pub struct ReceiptNoInvalid;

impl ReceiptNo {
    /// # Errors
    /// [`ReceiptNoInvalid`] as said on the type.
    pub fn new(text: &str) -> Result<Self, ReceiptNoInvalid> {
        let fits = text.len() == 10 && all_digits(text) && text.bytes().any(|b| b != b'0');
        if fits { Ok(Self(text.to_owned())) } else { Err(ReceiptNoInvalid) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 校验码: six letters or digits, known to who has the receipt. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CheckCode(String);

/// Not six ASCII letters or digits.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a check code has six letters or digits")]
pub struct CheckCodeInvalid;

impl CheckCode {
    /// # Errors
    /// [`CheckCodeInvalid`] as said on the type.
    pub fn new(text: &str) -> Result<Self, CheckCodeInvalid> {
        let fits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(CheckCodeInvalid) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CheckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_tells_the_class() {
        for (code, name) in [
            ("33010117", "非税收入通用票据（电子）"),
            ("33030126", "非税收入一般缴款书（电子）"),
            ("33040126", "资金往来结算票据（电子）"),
            ("33029920", "财政票据（电子）"),
        ] {
            assert_eq!(ReceiptCode::new(code).unwrap().class().name_zh(), name);
        }
    }

    #[test]
    fn receipts_are_checked_part_by_part() {
        for good in ["33010117", "33030117", "33029920"] {
            assert!(ReceiptCode::new(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("3301011", ReceiptCodeInvalid::Digits),
            ("3301011X", ReceiptCodeInvalid::Digits),
            ("99010117", ReceiptCodeInvalid::Province),
        ] {
            assert_eq!(ReceiptCode::new(bad), Err(why), "{bad}");
        }
        assert!(ReceiptNo::new("0000000001").is_ok());
        for bad in ["123456789", "0000000000", "00000000A1", "12345678901"] {
            assert!(ReceiptNo::new(bad).is_err(), "{bad}");
        }
        assert!(CheckCode::new("Xy9z01").is_ok());
        for bad in ["a1b2c", "a1b2c3d", "a1-2c3", "票1234"] {
            assert!(CheckCode::new(bad).is_err(), "{bad}");
        }
    }
}

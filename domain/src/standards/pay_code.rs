//! The 20-digit payment code (缴款识别码).
//!
//! Its inner structure is not published; this one is composed (6 region, 2 year, 11 serial, one
//! check digit by ISO 7064 MOD 11,10) and stands behind this one constructor.

use super::{all_digits, digit};

/// Twenty digits of this province.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayCode(String);

/// Why a text is not a payment code.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum PayCodeInvalid {
    /// Not twenty digits.
    #[error("a payment code has twenty digits")]
    Digits,
    /// Another province's.
    #[error("the payment code is not one of this province (33)")]
    Province,
    /// The last digit does not follow from the others.
    #[error("the check digit is wrong")]
    Check,
}

impl PayCode {
    /// # Errors
    /// [`PayCodeInvalid`] names the first rule that is broken.
    pub fn new(text: &str) -> Result<Self, PayCodeInvalid> {
        if text.len() != 20 || !all_digits(text) {
            return Err(PayCodeInvalid::Digits);
        }
        if !text.starts_with("33") {
            return Err(PayCodeInvalid::Province);
        }
        let carried = text.bytes().take(19).fold(10, |carry, byte| {
            let sum = (carry + digit(byte)) % 10;
            (if sum == 0 { 10 } else { sum } * 2) % 11
        });
        let right = (carried + digit(text.as_bytes()[19])) % 10 == 1;
        if right { Ok(Self(text.to_owned())) } else { Err(PayCodeInvalid::Check) }
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
    fn every_rule_has_its_own_refusal() {
        for good in ["33010016000000000010", "33020316000000000025", "33000017000000000034"] {
            assert_eq!(PayCode::new(good).map(drop), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("33010016000000000011", PayCodeInvalid::Check),
            ("3301001600000000001", PayCodeInvalid::Digits),
            ("31010016000000000012", PayCodeInvalid::Province),
        ] {
            assert_eq!(PayCode::new(bad), Err(why), "{bad}");
        }
    }
}

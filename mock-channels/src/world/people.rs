//! Citizens, their cars and what the departments know about them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto;

/// A person of the outside world.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Citizen {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) id_card: String,
    pub(crate) phone: String,
    pub(crate) open_id: String,
    /// Only where the mini-program is bound to an open-platform account for this person.
    pub(crate) union_id: Option<String>,
    pub(crate) session_key: String,
    pub(crate) session_key_made_ms: i64,
    pub(crate) vehicles: Vec<Vehicle>,
    pub(crate) work: Work,
}

impl fmt::Debug for Citizen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Citizen").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A registered car.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Vehicle {
    pub(crate) plate_no: String,
    pub(crate) plate_kind: String,
    pub(crate) vin_tail: String,
}

/// What insurance and housing fund are computed from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) unit: String,
    /// The prefecture-level city, as an index into [`CITIES`].
    pub(crate) city: usize,
    pub(crate) base_fen: i64,
    pub(crate) months: i64,
    pub(crate) loan_fen: i64,
}

/// The eleven cities of the province: code, name, and the letter of their plates.
pub(crate) const CITIES: [(&str, &str, char); 11] = [
    ("330100", "杭州", 'A'),
    ("330200", "宁波", 'B'),
    ("330300", "温州", 'C'),
    ("330400", "嘉兴", 'F'),
    ("330500", "湖州", 'E'),
    ("330600", "绍兴", 'D'),
    ("330700", "金华", 'G'),
    ("330800", "衢州", 'H'),
    ("330900", "舟山", 'L'),
    ("331000", "台州", 'J'),
    ("331100", "丽水", 'K'),
];

/// One traffic violation as the police keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Violation {
    pub(crate) plate_no: String,
    pub(crate) at_ms: i64,
    pub(crate) place: String,
    pub(crate) code: String,
    pub(crate) behaviour: String,
    pub(crate) points: i64,
    pub(crate) fine_fen: i64,
    pub(crate) agency: String,
    /// Empty until the police decide.
    pub(crate) notice_no: Option<String>,
}

/// A face check that waits for its person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FaceCheck {
    pub(crate) id_card: String,
    pub(crate) name: String,
    pub(crate) passed: Option<bool>,
    pub(crate) started_ms: i64,
}

/// The check character of GB 11643 over the first 17 digits.
fn check_character(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let sum: u32 = digits
        .chars()
        .filter_map(|digit| digit.to_digit(10))
        .zip(WEIGHTS)
        .map(|(d, w)| d * w)
        .sum();
    CHECKS[(sum % 11) as usize]
}

/// Completes an identity number: address code, birth date, sequence.
pub(crate) fn id_card(region: &str, birth: &str, sequence: u64) -> String {
    let digits = format!("{region}{birth}{:03}", sequence % 1000);
    format!("{digits}{}", check_character(&digits))
}

/// Whether a string has the shape and the check character of an identity number.
pub(crate) fn is_id_card(text: &str) -> bool {
    let shaped = text.len() == 18 && text.bytes().take(17).all(|byte| byte.is_ascii_digit());
    shaped
        && crate::clock::Day::from_compact(&text[6..14]).is_some()
        && text.ends_with(check_character(&text[..17]))
}

/// A number that depends on the text alone: answers made from it look arbitrary and repeat.
pub(crate) fn number_of(text: &str) -> u64 {
    let digest = crypto::sha256_hex(text.as_bytes());
    u64::from_str_radix(&digest[..15], 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_carry_the_check_of_the_standard() {
        assert_eq!(id_card("330106", "19000101", 99), "33010619000101099X");
        for good in ["33010619000101099X", "330203190106150987", "330327190209300972"] {
            assert!(is_id_card(good), "{good}");
        }
        for bad in ["330106190001010991", "330106190002290997", "3301061900010109", ""] {
            assert!(!is_id_card(bad), "{bad}");
        }
    }
}

/// A text message that was sent to a phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sms {
    pub(crate) phone: String,
    pub(crate) text: String,
    pub(crate) code: String,
    /// What makes a repeat the same message.
    pub(crate) reference: String,
    pub(crate) at_ms: i64,
}

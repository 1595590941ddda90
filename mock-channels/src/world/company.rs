//! Companies that owe something, by their unified social credit code (GB 32100).

use serde::{Deserialize, Serialize};

/// A company, or any other body with a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Company {
    pub(crate) uscc: String,
    pub(crate) name: String,
    pub(crate) phone: String,
    /// The prefecture-level city, as an index into the list of cities.
    pub(crate) city: usize,
}

/// Everything but I O S V Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The code of an enterprise: region and a made-up organisation number of 8 digits.
pub(crate) fn uscc(region: &str, organisation: u64) -> String {
    const WEIGHTS: [u64; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let digits = format!("{:08}", organisation % 100_000_000);
    let sum: u64 = digits.bytes().zip(WEIGHTS).map(|(digit, w)| u64::from(digit - b'0') * w).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        other => char::from(b'0' + u8::try_from(other).unwrap_or(0)),
    };
    let body = format!("91{region}{digits}{check}");
    let last = check_character(&body).unwrap_or('0');
    format!("{body}{last}")
}

/// Whether a string has the shape and the check character of a code.
pub(crate) fn is_uscc(text: &str) -> bool {
    text.len() == 18 && text.is_ascii() && check_character(&text[..17]) == text.chars().last()
}

/// Weights are powers of 3; nothing when a character is not of the alphabet.
fn check_character(body: &str) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for character in body.chars() {
        sum += ALPHABET.find(character)? * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_carry_the_check_of_the_standard() {
        for good in ["91330100XXXXXX019U", "12330000YYYYYY0292", "52330200WWWWWW033C"] {
            assert!(is_uscc(good), "{good}");
        }
        for bad in ["91330100XXXXXX0191", "91330100XIXXXX019U", "91330100xxxxxx019u", "", "中文"]
        {
            assert!(!is_uscc(bad), "{bad}");
        }
        for number in 0..50 {
            assert!(is_uscc(&uscc("330100", number * 7_919)), "{number}");
        }
    }
}

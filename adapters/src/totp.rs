//! Time-based one-time passwords: RFC 6238 over HMAC-SHA-1, 6 digits, steps of 30 seconds, as every authenticator app has them.

use aws_lc_rs::hmac;
use jiff::Timestamp;

/// Bytes of a secret: as many as the hash has (RFC 4226 section 4).
pub const SECRET_LEN: usize = 20;
/// So long a code counts.
const STEP_SECONDS: i64 = 30;

/// The step that `at` is in.
pub fn step_at(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP_SECONDS)
}

/// The code of a step, six digits.
pub fn code(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 1_000_000)
}

/// RFC 4226 section 5.3: 31 bits of the tag, from where its last four bits say.
fn truncated(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
    let word = tag.iter().skip(offset).take(4).fold(0_u32, |word, b| (word << 8) | u32::from(*b));
    word & 0x7fff_ffff
}

/// The secret as authenticator apps take it: base32 (RFC 4648) without padding.
pub fn base32(secret: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in secret {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_6238() {
        // Appendix B, SHA-1: the eight digits there; ours are the last six.
        let secret = b"12345678901234567890";
        for (second, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let step = step_at(Timestamp::from_second(second).unwrap());
            assert_eq!(truncated(secret, step) % 100_000_000, eight);
            assert_eq!(code(secret, step), format!("{:06}", eight % 1_000_000));
        }
    }

    #[test]
    fn secrets_are_written_as_rfc_4648_says() {
        // Section 10, without padding.
        for (plain, written) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), written);
        }
    }
}

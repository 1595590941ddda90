//! Bytes of large files: hashes, amounts, times, without a copy.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use std::hash::{BuildHasher as _, RandomState};

/// Keys of hashes, made anew by every run: nothing of a result depends on them.
#[derive(Debug, Clone, Copy)]
pub struct Keys([u64; 3]);

impl Keys {
    /// Fresh ones.
    pub fn fresh() -> Self {
        let random = || RandomState::new().hash_one(0_u64) | 1;
        Self([random(), random(), random()])
    }

    /// Of an order's number.
    pub fn order(&self, bytes: &[u8]) -> u64 {
        hash(bytes, self.0[0], self.0[2])
    }

    /// Of all that must agree.
    pub fn content(&self, parts: &[&[u8]], number: u64) -> u64 {
        let mut state = mix(self.0[1] ^ number, self.0[2]);
        for part in parts {
            state = mix(state ^ hash(part, self.0[1], self.0[0]), self.0[2]);
        }
        state
    }

    /// Short: who shares it is only looked at more closely.
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    pub fn short(&self, bytes: &[u8]) -> u32 {
        match bytes {
            b"" => 0,
            bytes => (hash(bytes, self.0[2], self.0[1]) as u32).max(1),
        }
    }
}

/// Both halves of the product.
#[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
const fn mix(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

fn hash(bytes: &[u8], seed: u64, key: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = seed ^ mix(bytes.len() as u64 ^ ODD, key);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word), key ^ ODD);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(state ^ u64::from_le_bytes(last), key) ^ state.rotate_left(23)
}

/// Fen of yuan as platforms print them: `12.50`, `-0.08`, `48`, `0.08000`. As [`domain::money::Fen::from_yuan`], without a text.
pub fn fen_of_yuan(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some(_) | None => (false, text),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, decimals) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &b"0"[..]),
    };
    if whole.is_empty() || whole.len() > 15 || decimals.is_empty() {
        return None;
    }
    let mut fen = number(whole)?;
    for place in 0..2 {
        let digit = decimals.get(place).copied().unwrap_or(b'0');
        fen = fen * 10 + i64::from(digit_of(digit)?);
    }
    let rest = decimals.get(2..).unwrap_or_default();
    let zeros = rest.iter().all(|byte| *byte == b'0');
    zeros.then_some(if negative { -fen } else { fen })
}

const fn digit_of(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    if digit < 10 { Some(digit) } else { None }
}

/// A whole number without a sign, at most 18 digits.
pub fn number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut sum = 0_i64;
    for byte in text {
        sum = sum * 10 + i64::from(digit_of(*byte)?);
    }
    Some(sum)
}

fn pair(text: &[u8], at: usize) -> Option<i8> {
    let value = digit_of(*text.get(at)?)? * 10 + digit_of(*text.get(at + 1)?)?;
    i8::try_from(value).ok()
}

/// `2026-09-30`.
pub fn day_of(text: &[u8]) -> Option<Date> {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = i16::try_from(number(&text[..4])?).ok()?;
    Date::new(year, pair(text, 5)?, pair(text, 8)?).ok()
}

/// `2026-09-30 10:00:00`, by Beijing's clock.
pub fn beijing_of(text: &[u8]) -> Option<DateTime> {
    if text.len() != 19 || text[10] != b' ' || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let day = day_of(&text[..10])?;
    let time = jiff::civil::Time::new(pair(text, 11)?, pair(text, 14)?, pair(text, 17)?, 0);
    Some(day.to_datetime(time.ok()?))
}

/// RFC 3339 with an offset.
pub fn instant_of(text: &[u8]) -> Option<Timestamp> {
    // The usual form by hand: parsing is a third of the work on a large ledger.
    if let [head @ .., b'+', b'0', b'8', b':', b'0', b'0'] = text
        && head.len() == 19
        && head[10] == b'T'
    {
        let mut spaced = [0; 19];
        spaced.copy_from_slice(head);
        spaced[10] = b' ';
        return domain::clock::from_beijing(beijing_of(&spaced)?);
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Without the carriage return of a line's end.
pub fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without a byte order mark.
pub fn without_bom(file: &[u8]) -> &[u8] {
    file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::Fen;

    #[test]
    fn yuan_are_read_as_the_domain_reads_them() {
        for text in [
            "0",
            "0.01",
            "12.50",
            "-0.08",
            "48",
            "0.08000",
            "0.001",
            "",
            "-",
            ".5",
            "5.",
            "1.2.3",
            "１",
            "+1",
            " 1",
            "999999999999999.99",
            "1000000000000000",
            "1e3",
            "-0",
            "0.00001",
        ] {
            let ours = fen_of_yuan(text.as_bytes());
            assert_eq!(ours, Fen::from_yuan(text).ok().map(Fen::value), "{text}");
        }
    }

    #[test]
    fn times_are_real_times() {
        let noon = instant_of(b"2026-09-30T12:00:00+08:00").unwrap();
        assert_eq!(noon, "2026-09-30T04:00:00Z".parse().unwrap());
        assert_eq!(instant_of(b"2026-09-30T04:00:00Z"), Some(noon));
        for wrong in ["2026-09-31T12:00:00+08:00", "2026-09-30T24:00:00+08:00", "2026-09-30", "x"] {
            assert_eq!(instant_of(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(beijing_of(b"2026-02-29 10:00:00"), None);
        assert_eq!(day_of(b"2026-9-30"), None);
    }

    #[test]
    fn every_byte_counts_in_a_hash() {
        let keys = Keys::fresh();
        let text = b"YW20260930000000000000000001".to_vec();
        for at in 0..text.len() {
            let mut other = text.clone();
            other[at] ^= 1;
            assert_ne!(keys.order(&text), keys.order(&other));
            assert_ne!(keys.content(&[&text], 1), keys.content(&[&other], 1));
        }
        assert_ne!(keys.content(&[b"ab", b"c"], 1), keys.content(&[b"a", b"bc"], 1));
        assert_ne!(keys.content(&[b"ab"], 1), keys.content(&[b"ab"], 2));
        assert_ne!(keys.order(b"a"), keys.order(b"a\0"));
    }
}

//! Messages of UnionPay: fields by name, what of them is signed, and their two spellings.

use crate::crypto::sha256_hex;
use domain::clock::{beijing_time, from_beijing};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use std::collections::BTreeMap;

/// A message has far fewer; more is an attack.
const FIELDS_MAX: usize = 128;
/// The field that the signature stands in.
pub(super) const SIGNATURE: &str = "signature";

/// A message, its fields in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, String>);

/// A message that is none: a field without `=`, a name twice, or too many.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not a message of fields")]
pub(super) struct NoMessage;

impl Fields {
    pub fn of<const N: usize>(fields: [(&str, &str); N]) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(fields.into_iter().map(owned).collect())
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The value; a field that is sent empty says nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An answer's body, which is not encoded in any way: `&` ends a value unless a bracket is
    /// open.
    pub fn from_answer(text: &str) -> Result<Self, NoMessage> {
        let braced = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let (mut pairs, mut start, mut open) = (Vec::new(), 0, 0_usize);
        let text = braced.unwrap_or(text);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open = open.saturating_sub(1),
                b'&' if open == 0 => {
                    pairs.push(&text[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        pairs.push(&text[start..]);
        let pairs: Option<Vec<_>> = pairs.into_iter().map(|pair| pair.split_once('=')).collect();
        Self::unique(pairs.ok_or(NoMessage)?.into_iter())
    }

    /// A notification's body: a form, decoded once.
    pub fn from_form(body: &[u8]) -> Result<Self, NoMessage> {
        Self::unique(form_urlencoded::parse(body))
    }

    fn unique<K: Into<String>, V: Into<String>>(
        pairs: impl Iterator<Item = (K, V)>,
    ) -> Result<Self, NoMessage> {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            let name = name.into();
            let empty = name.is_empty();
            if fields.insert(name, value.into()).is_some() || empty || fields.len() > FIELDS_MAX {
                return Err(NoMessage);
            }
        }
        Ok(Self(fields))
    }

    /// As a form, each value encoded.
    pub fn to_form(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// Every field but the signature, as received, in order.
    pub fn signed_text(&self) -> String {
        let signed = self.0.iter().filter(|(name, _)| *name != SIGNATURE);
        let pairs: Vec<_> = signed.map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// What is signed is not the text but the hex of its digest, which is digested once more.
    pub fn digest(&self) -> String {
        sha256_hex(self.signed_text().as_bytes())
    }
}

/// `txnTime` of something that was stored at `at`.
pub(super) fn txn_time(at: Timestamp) -> String {
    beijing_time(at).strftime("%Y%m%d%H%M%S").to_string()
}

/// Reads a `txnTime`.
pub(super) fn read_txn_time(text: &str) -> Option<DateTime> {
    let digits = text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| DateTime::strptime("%Y%m%d%H%M%S", text).ok()).flatten()
}

/// A `MMDDhhmmss` of Beijing, in the year that brings it nearest to `near`.
pub(super) fn time_near(text: &str, near: Date) -> Option<Timestamp> {
    if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let years = [near.year(), near.year().checked_sub(1)?, near.year().checked_add(1)?];
    let times = years
        .into_iter()
        .filter_map(|year| DateTime::strptime("%Y%m%d%H%M%S", format!("{year:04}{text}")).ok());
    let nearest = times.min_by_key(|time| (time.date() - near).get_days().abs())?;
    from_beijing(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_answer_is_cut_at_ampersands_outside_brackets() {
        let read = Fields::from_answer("a=1&b={x=1&y=2}&c=[p&q]&d=+/==&e=\r\n&f=[0]").unwrap();
        let values = ["a", "b", "c", "d", "e", "f"].map(|name| read.get(name).unwrap());
        assert_eq!(values, ["1", "{x=1&y=2}", "[p&q]", "+/==", "\r\n", "[0]"]);
        assert_eq!(Fields::from_answer("{a=1&b=2}").unwrap().get("a"), Some("1"));
        let many: String = (0..200).map(|i| format!("f{i}=1&")).collect();
        for bad in ["", "<html>", "a=1&a=2", "a=1&b", "=1", many.trim_end_matches('&')] {
            assert_eq!(Fields::from_answer(bad), Err(NoMessage), "{bad}");
        }
    }

    #[test]
    fn a_form_is_decoded_once_and_an_empty_field_stays_signed() {
        let read = Fields::from_form(b"b=%2B+%25&a=").unwrap();
        assert_eq!((read.get("b"), read.get("a")), (Some("+ %"), None));
        assert_eq!(read.signed_text(), "a=&b=+ %");
        assert_eq!(Fields::from_form(read.to_form().as_bytes()), Ok(read));
        assert_eq!(Fields::from_form(b"a=1&a=1"), Err(NoMessage));
    }

    #[test]
    fn a_time_without_a_year_is_the_nearest_one() {
        let table = [
            ("1122090134", date(2026, 11, 22), Some("2026-11-22T09:01:34+08:00")),
            ("0101000005", date(2026, 12, 31), Some("2027-01-01T00:00:05+08:00")),
            ("1231235959", date(2027, 1, 1), Some("2026-12-31T23:59:59+08:00")),
            ("0229120000", date(2028, 2, 29), Some("2028-02-29T12:00:00+08:00")),
            ("0230120000", date(2028, 2, 29), None),
            ("22090134", date(2026, 11, 22), None),
            ("11220901 4", date(2026, 11, 22), None),
        ];
        for (text, near, expected) in table {
            let expected = expected.map(|time| time.parse().unwrap());
            assert_eq!(time_near(text, near), expected, "{text}");
        }
    }
}

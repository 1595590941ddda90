//! What UnionPay writes, read without its keys.

use super::fields::Fields;
use jiff::civil::date;

/// The detail of a settlement file; its exceptions are lines of the same kind.
pub(crate) fn settlement(bytes: &[u8]) -> bool {
    super::file::read(bytes, bytes, date(2026, 11, 22), 1).is_ok()
}

/// A callback's body.
pub(crate) fn callback(bytes: &[u8]) -> bool {
    Fields::from_form(bytes).is_ok_and(|fields| !fields.signed_text().is_empty())
}

/// An answer's body.
pub(crate) fn answer(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| Fields::from_answer(text).is_ok())
}

//! What Alipay writes, read without its keys.

use super::bill_file::{self, Whose};
use super::envelope::Envelope;
use jiff::civil::date;

/// A bill, as a zip of two tables.
pub(crate) fn bill(bytes: &[u8]) -> bool {
    let whose = Whose { day: date(2026, 11, 22), seller_id: "2088102179917825", app_id: "2021" };
    bill_file::read(bytes.to_vec(), &whose).is_ok()
}

/// A callback's body.
pub(crate) fn callback(bytes: &[u8]) -> bool {
    super::form::decoded(bytes).is_ok()
}

/// An answer's body, and where in it the signed part stands.
pub(crate) fn answer(bytes: &[u8]) -> bool {
    Envelope::read(bytes, "alipay.trade.query").is_ok()
}

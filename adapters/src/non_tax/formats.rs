//! What the gateway and the finance department write, read without their keys.

use super::{clearing_in, envelope, root};

/// A call's or an answer's body: its envelope, and the document within.
pub(crate) fn call(bytes: &[u8]) -> bool {
    let document = std::str::from_utf8(bytes).is_ok_and(|text| root::parameters(text).is_ok());
    envelope::parse(bytes).is_ok() || document
}

/// The verdicts on a day, and the refunds it orders.
pub(crate) fn clearing(bytes: &[u8]) -> bool {
    clearing_in::result(1, bytes).is_ok() || clearing_in::ordered_refunds(bytes).is_ok()
}

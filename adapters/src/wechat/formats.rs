//! What WeChat writes, read without its keys.

use super::wire::{NotificationWire, RefundWire, TransactionWire};

/// A bill, as text.
pub(crate) fn bill(bytes: &[u8]) -> bool {
    super::bill_file::read(bytes.to_vec(), String::new()).is_ok()
}

/// A callback's body, and what its seal holds.
pub(crate) fn callback(bytes: &[u8]) -> bool {
    let payment = serde_json::from_slice::<TransactionWire>(bytes);
    let refund = serde_json::from_slice::<RefundWire>(bytes);
    serde_json::from_slice::<NotificationWire>(bytes).is_ok()
        || payment.is_ok_and(|wire| wire.into_report().is_ok())
        || refund.is_ok_and(|wire| wire.into_report().is_ok())
}

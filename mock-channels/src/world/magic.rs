//! Amounts and people that bring an outcome of their own, so that a client can try it without a
//! lever. The same numbers mean the same on every platform.

use super::World;
use crate::clock::{MINUTE_MS, SECOND_MS};

/// How long the buyer's bank takes over a slow payment, and late money after a close.
pub(crate) const SLOW_MS: i64 = MINUTE_MS;
/// How long a slow refund takes.
pub(crate) const SLOW_REFUND_MS: i64 = 10 * MINUTE_MS;
/// How long a buyer takes who pays without being asked.
pub(crate) const EAGER_MS: i64 = 3 * SECOND_MS;

/// What an amount brings. The table in `docs/mock-channels.md` says it in the testers' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    /// …99.01: the buyer cannot pay.
    Declined,
    /// …99.02: the payment is on its way for a minute.
    SlowPayment,
    /// …99.03: the order is created, and the first answer says that nobody knows.
    CreatedUnknown,
    /// …99.04: paid, and never notified.
    NoCallback,
    /// …99.05: money comes a minute after the order was closed.
    LateSuccess,
    /// …99.06: the buyer pays three seconds after the order was opened.
    EagerBuyer,
    /// …99.07: refunds take ten minutes.
    SlowRefund,
    /// …99.08: the seller's balance is too low for any refund.
    NoBalance,
    /// …99.09: the first answer to a refund that was done says that nobody knows.
    RefundedUnknown,
    /// …99.10: the payer's account does not take refunds (WeChat Pay).
    AbnormalRefund,
    /// …99.11: refunds come to nothing (WeChat Pay).
    ClosedRefund,
}

impl Magic {
    /// What an amount of fen brings, whoever pays it.
    pub(crate) fn of_amount(fen: i64) -> Option<Self> {
        numbered(fen % 10_000)
    }
}

impl World {
    /// What an amount of fen brings; if nothing, what its payer brings, by the last four digits of
    /// the phone number.
    pub(crate) fn magic_of(&self, fen: i64, citizen_id: Option<&str>) -> Option<Magic> {
        Magic::of_amount(fen).or_else(|| {
            let phone = &self.citizen(citizen_id?)?.phone;
            numbered(phone.get(phone.len().checked_sub(4)?..)?.parse().ok()?)
        })
    }
}

fn numbered(number: i64) -> Option<Magic> {
    match number {
        9_901 => Some(Magic::Declined),
        9_902 => Some(Magic::SlowPayment),
        9_903 => Some(Magic::CreatedUnknown),
        9_904 => Some(Magic::NoCallback),
        9_905 => Some(Magic::LateSuccess),
        9_906 => Some(Magic::EagerBuyer),
        9_907 => Some(Magic::SlowRefund),
        9_908 => Some(Magic::NoBalance),
        9_909 => Some(Magic::RefundedUnknown),
        9_910 => Some(Magic::AbnormalRefund),
        9_911 => Some(Magic::ClosedRefund),
        _ => None,
    }
}

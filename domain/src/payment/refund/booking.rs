//! What a refund does to the ledger. Each booking mirrors that of the payment, credit by credit.

use super::Refund;
use crate::money::Fen;
use crate::payment::{Account, Entry, Journal, JournalKind, Side};
use jiff::Timestamp;

/// Where the refund's money was booked before: its items' shares, or what is owed back.
fn sources(refund: &Refund) -> Vec<(Account, Fen)> {
    match &refund.notice {
        Some(notice) => {
            notice.slices.iter().map(|slice| (slice.account.clone(), slice.amount)).collect()
        }
        None => vec![(Account::RefundDue(refund.rail), refund.amount.fen())],
    }
}

/// The booking of one step of a refund.
///
/// # Panics
/// When the stored slices do not add up to the amount: a bug, and no money may move on it.
pub(super) fn journal(refund: &Refund, kind: JournalKind, at: Timestamp) -> Journal {
    let (way, amount) = (Account::Refunding(refund.rail), refund.amount.fen());
    let sides = |from: Side, to: Side| {
        let parts = sources(refund).into_iter();
        let parts = parts.map(move |(account, amount)| Entry { account, side: from, amount });
        parts.chain([Entry { account: way.clone(), side: to, amount }]).collect::<Vec<_>>()
    };
    let entries = match kind {
        JournalKind::RefundSent => sides(Side::Debit, Side::Credit),
        JournalKind::RefundFailed => sides(Side::Credit, Side::Debit),
        JournalKind::ReviewOver => vec![
            Entry { account: Account::Suspense(refund.rail), side: Side::Debit, amount },
            Entry { account: Account::RefundDue(refund.rail), side: Side::Credit, amount },
        ],
        JournalKind::RefundDone => vec![
            Entry { account: way, side: Side::Debit, amount },
            Entry { account: Account::RailClearing(refund.rail), side: Side::Credit, amount },
        ],
        JournalKind::Paid
        | JournalKind::HeldForReview
        | JournalKind::OwedBack
        | JournalKind::Fee
        | JournalKind::FeeBack => Vec::new(),
    };
    let booked = Journal::new(refund.payment_no.clone(), kind, at, entries);
    let booked = booked.unwrap_or_else(|unbalanced| panic!("refund {}: {unbalanced}", refund.no));
    booked.of_refund(refund.no.clone())
}

//! Looking into the in-memory store from outside, and one lever on it: for suites that check
//! what is stored while the flow goes on.

use super::InMemoryStore;
use crate::ids::PaymentNo;
use crate::payment::{Journal, OutboxItem, Payment, PaymentRecord};
use crate::receipt::FiledReceipt;
use jiff::Timestamp;

/// All that is stored of one payment.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The payment.
    pub payment: Payment,
    /// Its history, oldest first.
    pub history: Vec<PaymentRecord>,
    /// Its bookings.
    pub journals: Vec<Journal>,
    /// What it owes outside.
    pub outbox: Vec<StoredItem>,
    /// Its receipts.
    pub receipts: Vec<FiledReceipt>,
}

/// One row of the outbox.
#[derive(Debug, Clone)]
pub struct StoredItem {
    /// What is to be done.
    pub item: OutboxItem,
    /// Is it?
    pub done: bool,
    /// Set aside for staff?
    pub parked: bool,
}

/// When work is due; `None`: there is none.
#[derive(Debug, Clone, Copy)]
pub struct NextDue {
    /// The next check of an unsettled payment, by rail, in the order of [`Rail::ALL`].
    pub payments: [Option<Timestamp>; 3],
    /// The next effect outside.
    pub outbox: Option<Timestamp>,
    /// The next callback.
    pub callback: Option<Timestamp>,
}

impl InMemoryStore {
    /// From now on [`InMemoryStore::take_written`] tells which payments were written to.
    pub fn watch(&self) {
        self.inside(|t| t.written = Some(Vec::new()));
    }

    /// The payments that were written to since the last call, in order, repeats included.
    pub fn take_written(&self) -> Vec<PaymentNo> {
        self.inside(|t| t.written.as_mut().map(std::mem::take).unwrap_or_default())
    }

    /// From now on saving checks no longer that a notice has one holder: a database that lost
    /// its unique index, for suites that must notice it.
    pub fn lose_index_of_holders(&self) {
        self.inside(|t| t.holders_unchecked = true);
    }

    /// A hand in the database: the first line of the audit trail says something else.
    pub fn rewrite_audit(&self) {
        self.inside(|t| {
            if let Some(first) = t.audit.first_mut() {
                first.record.detail = "nothing happened".to_owned();
            }
        });
    }

    /// When the next work is due.
    pub fn next_due(&self) -> NextDue {
        self.inside(|t| t.index.next_due(&t.outbox))
    }

    /// All that is stored of one payment.
    pub fn stored(&self, no: &PaymentNo) -> Option<Stored> {
        self.inside(|t| {
            let (payment, history) = t.payments.get(no.as_str())?.clone();
            let journals = t.index.journals_of(no).iter().map(|at| t.journals[*at].clone());
            let receipts = t.receipts_of(no).cloned();
            let outbox = t.index.outbox_of(no).iter().map(|at| &t.outbox[*at]);
            let outbox = outbox.map(|row| StoredItem {
                item: row.item.clone(),
                done: row.done,
                parked: !row.done && row.due.is_none(),
            });
            Some(Stored {
                payment,
                history,
                journals: journals.collect(),
                outbox: outbox.collect(),
                receipts: receipts.collect(),
            })
        })
    }

    /// The numbers of all payments, in order.
    pub fn payment_nos(&self) -> Vec<PaymentNo> {
        self.inside(|t| t.payments.values().map(|(payment, _)| payment.no.clone()).collect())
    }

    /// How many callbacks nobody has acted on.
    pub fn open_callbacks(&self) -> usize {
        self.inside(|t| t.inbox.iter().filter(|boxed| boxed.outcome.is_none()).count())
    }
}

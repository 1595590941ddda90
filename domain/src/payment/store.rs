//! What payments ask of a store.

use super::{Journal, Payment, PaymentRecord};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId};
use crate::messaging::MessageEvent;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::receipt::FiledReceipt;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// An effect outside that a payment owes; with all its fields it is its own key, so that a
/// payment owes each effect once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxItem {
    /// Of which payment.
    pub payment_no: PaymentNo,
    /// For which notice.
    pub notice_no: NoticeNo,
    /// What is to be done.
    pub kind: OutboxKind,
}

/// Kinds of effects, in the order in which they are due for one notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxKind {
    /// Tell the gateway that the notice is paid (销账).
    WriteOff,
    /// Have the fiscal e-receipt issued.
    IssueReceipt,
}

impl OutboxKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::WriteOff, Self::IssueReceipt];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WriteOff => "WRITE_OFF",
            Self::IssueReceipt => "ISSUE_RECEIPT",
        }
    }

    /// The kind whose [`OutboxKind::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// An item that a worker has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// What is to be done.
    pub item: OutboxItem,
    /// How often it was tried before.
    pub attempts: u32,
}

/// A changed payment with all that must be stored with it, in one transaction or not at all.
#[derive(Debug, Clone)]
pub struct PaymentChange {
    /// The new state; `version` is still the stored one.
    pub payment: Payment,
    /// The history line; `None` when nothing moved.
    pub record: Option<PaymentRecord>,
    /// The booking, if money moved.
    pub journal: Option<Journal>,
    /// The effects that follow.
    pub outbox: Vec<OutboxItem>,
    /// What the citizen should hear of.
    pub messages: Vec<MessageEvent>,
}

/// Why a new payment was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// Another payment holds one of the notices.
    #[error("notice {notice_no} is held by payment {payment_no}")]
    NoticeHeld {
        /// The notice.
        notice_no: NoticeNo,
        /// Who holds it.
        payment_no: PaymentNo,
    },
    /// The person has used the key before.
    #[error("the key belongs to payment {payment_no}")]
    KeyUsed {
        /// The payment that was made with it.
        payment_no: PaymentNo,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Payments of one person, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPage {
    /// At most as many as were asked for.
    pub payments: Vec<Payment>,
    /// Are there older ones?
    pub more: bool,
}

/// Payments, with their ledger and outbox.
#[async_trait]
pub trait PaymentStore: Send + Sync {
    /// Stores a new payment with its first history line.
    /// MUST refuse with [`InsertError`] a second payment that holds one of its notices, and a
    /// second payment of the person with the same key, by a constraint of the store itself.
    async fn insert(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), InsertError>;
    /// Stores the change if the stored version is `change.payment.version`, as version + 1.
    /// MUST store all of it or nothing; [`StoreError::Conflict`] on another version, and when
    /// the payment would hold a notice that another one holds.
    async fn save(&self, change: &PaymentChange) -> Result<(), StoreError>;
    /// The payment with this number.
    async fn find(&self, no: &PaymentNo) -> Result<Option<Payment>, StoreError>;
    /// The payment that the person made with this key.
    async fn find_by_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<Payment>, StoreError>;
    /// The payment that holds this notice.
    async fn find_holder(&self, notice: &NoticeNo) -> Result<Option<Payment>, StoreError>;
    /// The payments that hold these notices. One by one, unless a store knows better.
    async fn find_holders(
        &self,
        notices: &[NoticeNo],
    ) -> Result<BTreeMap<NoticeNo, Payment>, StoreError> {
        let mut found = BTreeMap::new();
        for notice in notices {
            let holder = self.find_holder(notice).await?;
            found.extend(holder.map(|payment| (notice.clone(), payment)));
        }
        Ok(found)
    }
    /// The history, oldest first.
    async fn history(&self, no: &PaymentNo) -> Result<Vec<PaymentRecord>, StoreError>;
    /// The histories of these payments, as [`Self::history`] has them. One by one, unless a store
    /// knows better.
    async fn histories(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<PaymentRecord>>, StoreError> {
        let mut found = BTreeMap::new();
        for no in nos {
            found.insert(no.clone(), self.history(no).await?);
        }
        Ok(found)
    }
    /// The payments of a person, who has these ids, before (older than) the one with number
    /// `before`; keyset paging.
    async fn list_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError>;
    /// Takes up to `limit` unsettled payments of a rail whose check is due, and puts their next
    /// check off to `until`, so that no other node takes them meanwhile.
    async fn lease_unsettled(
        &self,
        rail: super::Rail,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError>;
}

/// Effects that wait to be done.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Takes up to `limit` items that are due and not done, for nobody else before `until`.
    /// MUST give a notice's receipt only after its write-off is done, and its items only when no
    /// write-off of an earlier payment for the same notice still waits.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<OutboxRow>, StoreError>;
    /// The gateway confirmed the write-off: marks item and notice, together.
    async fn written_off(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError>;
    /// The receipt is there: stores it with what the citizen should hear of, and marks the item,
    /// together.
    async fn receipted(
        &self,
        item: &OutboxItem,
        receipt: &FiledReceipt,
        events: &[MessageEvent],
    ) -> Result<(), StoreError>;
    /// The gateway says that this notice never gets a receipt: marks the item.
    async fn never_receipted(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError>;
    /// It did not work: counts the attempt, keeps the reason, tries again at `next`. `None`
    /// parks the item, visibly, for staff.
    async fn postpone(
        &self,
        item: &OutboxItem,
        reason: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// How many wait, and how many are parked.
    async fn backlog(&self) -> Result<(u64, u64), StoreError>;
}

/// The ledger, for those who only read it.
#[async_trait]
pub trait LedgerBook: Send + Sync {
    /// The journals of a rail whose accounting day is `day`, in order of payment numbers.
    async fn journals_of(&self, rail: super::Rail, day: Date) -> Result<Vec<Journal>, StoreError>;
    /// Sum of all debits and of all credits ever booked.
    async fn totals(&self) -> Result<(crate::money::Fen, crate::money::Fen), StoreError>;
    /// Books what no change of a payment does: a fee. Once: a journal of the same payment, kind
    /// and refund changes nothing, and the answer is `false`.
    async fn book(&self, rail: super::Rail, journal: &Journal) -> Result<bool, StoreError>;
}

//! What refunds ask of a store.

use super::{Decision, Refund, RefundRecord, RefundStatus};
use crate::identity::AuditRecord;
use crate::ids::{IdempotencyKey, PaymentNo, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{Actor, PaymentChange, Rail};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// How much may go back by rule, by one rail on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// By which rail.
    pub rail: Rail,
    /// Beijing's day of the refund's making.
    pub day: Date,
    /// At most so much, all refunds of the day together.
    pub limit: Fen,
}

/// How much may go back by rule, by each rail on any day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    /// By WeChat Pay.
    pub we_chat_pay: Fen,
    /// By Alipay.
    pub alipay: Fen,
    /// By UnionPay.
    pub union_pay: Fen,
}

impl Ceilings {
    /// 100 000 yuan, for a rail of which nobody said otherwise.
    pub const USUAL: Fen = Fen::new(10_000_000);

    /// The same for every rail.
    pub const fn all(limit: Fen) -> Self {
        Self { we_chat_pay: limit, alipay: limit, union_pay: limit }
    }

    /// That of one rail.
    pub const fn of(&self, rail: Rail) -> Fen {
        match rail {
            Rail::WeChatPay => self.we_chat_pay,
            Rail::Alipay => self.alipay,
            Rail::UnionPay => self.union_pay,
        }
    }
}

/// Refunds of one payment, to be stored together or not at all.
#[derive(Debug, Clone)]
pub struct NewRefunds {
    /// Whose money.
    pub payment_no: PaymentNo,
    /// What the rail took.
    pub captured: PayableFen,
    /// How many refunds of this payment were known when these were thought out.
    pub known: u32,
    /// At least one, each with its first history line.
    pub refunds: Vec<(Refund, RefundRecord)>,
    /// Counts their amounts against it, where they go back by rule.
    pub ceiling: Option<Ceiling>,
    /// What staff did, for the audit trail.
    pub audit: Option<AuditRecord>,
}

/// Why new refunds were not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertRefundError {
    /// The maker has used the key before.
    #[error("the key was used")]
    KeyUsed,
    /// The payment has less left than is asked for.
    #[error("more than is left")]
    Exceeds,
    /// The day's ceiling would be passed.
    #[error("the ceiling of the day is reached")]
    CeilingReached,
    /// The store failed; [`StoreError::Conflict`]: another refund of the payment was made meanwhile.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a change does to what is left of the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BalanceMove {
    /// Nothing.
    None,
    /// The refund will give nothing back: its amount is free again.
    Freed,
    /// It has given its amount back.
    PaidBack,
}

/// A changed refund with all that must be stored with it, in one transaction or not at all.
#[derive(Debug, Clone)]
pub struct RefundChange {
    /// The new state; `version` is still the stored one.
    pub refund: Refund,
    /// The history line; `None` when only the worker's times moved.
    pub record: Option<RefundRecord>,
    /// Who decided, if this is a decision. Those of [`Refund::decisions`] that are stored stay.
    pub decisions: Vec<Decision>,
    /// The payment's change, with the refund's journal.
    pub payment: Option<PaymentChange>,
    /// What is left of the payment.
    pub balance: BalanceMove,
    /// All of this notice's money is back: another payment may hold it.
    pub released: Option<NoticeNo>,
    /// What staff did, for the audit trail.
    pub audit: Option<AuditRecord>,
}

impl RefundChange {
    /// A change of the refund alone.
    pub fn of(refund: Refund, record: Option<RefundRecord>) -> Self {
        Self {
            refund,
            record,
            decisions: Vec::new(),
            payment: None,
            balance: BalanceMove::None,
            released: None,
            audit: None,
        }
    }
}

/// Refunds of all payments, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPage {
    /// At most as many as were asked for.
    pub refunds: Vec<Refund>,
    /// Are there more?
    pub more: bool,
}

/// Refunds, and what is left of payments.
#[async_trait]
pub trait RefundStore: Send + Sync {
    /// Stores new refunds. MUST count them against the payment's captured amount and against the
    /// ceiling by constraints or conditional updates of the store itself, so that refunds made
    /// at the same time never exceed either. MUST be a [`StoreError::Conflict`] when the payment
    /// has not exactly `known` refunds.
    async fn insert(&self, new: &NewRefunds) -> Result<(), InsertRefundError>;
    /// Stores the change if the stored version is `change.refund.version`, as version + 1, and
    /// likewise the payment's. MUST store all of it or nothing; [`StoreError::Conflict`] on
    /// another version of either, and when one person would decide twice in a round.
    async fn save(&self, change: &RefundChange) -> Result<(), StoreError>;
    /// The refund with this number.
    async fn find(&self, no: &RefundNo) -> Result<Option<Refund>, StoreError>;
    /// All refunds of a payment, dead ones too, in order of their making.
    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<Refund>, StoreError>;
    /// Those of these payments, as [`Self::list_of_payment`] has them. One by one, unless a store
    /// knows better.
    async fn list_of_payments(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<Refund>>, StoreError> {
        let mut found = BTreeMap::new();
        for no in nos {
            found.insert(no.clone(), self.list_of_payment(no).await?);
        }
        Ok(found)
    }
    /// The refunds that this maker's call with this key made, in order of their positions.
    async fn find_by_key(
        &self,
        maker: &Actor,
        key: &IdempotencyKey,
    ) -> Result<Vec<Refund>, StoreError>;
    /// The history, oldest first.
    async fn history(&self, no: &RefundNo) -> Result<Vec<RefundRecord>, StoreError>;
    /// Refunds in one of these states (all, if none is named) after the one with this number, in
    /// order of numbers, which is that of their making; keyset paging.
    async fn queue(
        &self,
        statuses: &[RefundStatus],
        after: Option<&RefundNo>,
        limit: u16,
    ) -> Result<RefundPage, StoreError>;
    /// Takes up to `limit` refunds whose next try is due, for nobody else before `until`.
    async fn lease_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Refund>, StoreError>;
    /// Has the worker look at this refund from `at` on, unless it waits for people.
    async fn wake(&self, no: &RefundNo, at: Timestamp) -> Result<(), StoreError>;
    /// Payments in `REFUND_DUE` or `UNDER_REVIEW` whose refunds, if there are any, have all failed
    /// or were rejected.
    async fn list_owed(&self, limit: u16) -> Result<Vec<PaymentNo>, StoreError>;
    /// Was the rail's day settled by its statement? Then its money has left the clearing.
    async fn is_cleared(&self, rail: Rail, day: Date) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rail_has_its_own_ceiling() {
        let own =
            Ceilings { we_chat_pay: Fen::new(1), alipay: Fen::new(2), union_pay: Fen::new(3) };
        assert_eq!(Rail::ALL.map(|rail| own.of(rail).value()), [1, 2, 3]);
        let same = Ceilings::all(Ceilings::USUAL);
        assert_eq!(Rail::ALL.map(|rail| same.of(rail).value()), [10_000_000; 3]);
    }
}

//! Refunds, in memory.

use super::InMemoryStore;
use super::store::Tables;
use super::store_payment::save_payment;
use super::store_staff::append_audit;
use crate::ids::{IdempotencyKey, PaymentNo, RefundNo};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{
    Actor, BalanceMove, Decision, InsertRefundError, NewRefunds, PaymentStatus, Rail, Refund,
    RefundChange, RefundPage, RefundRecord, RefundStatus, RefundStore,
};
use crate::reconciliation::DayState;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

/// What is left of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub captured: i64,
    pub reserved: i64,
    pub returned: i64,
    pub made: u32,
}

fn key_is_used(t: &Tables, new: &NewRefunds) -> bool {
    new.refunds.iter().any(|(refund, _)| {
        t.refunds.values().any(|(known, _)| {
            let same_key = |a: &Refund, b: &Refund| match (&a.key, &b.key) {
                (Some(a), Some(b)) => a.key == b.key && a.position == b.position,
                (_, _) => false,
            };
            known.maker() == refund.maker() && same_key(known, refund)
        })
    })
}

fn insert(t: &mut Tables, new: &NewRefunds) -> Result<(), InsertRefundError> {
    if key_is_used(t, new) {
        return Err(InsertRefundError::KeyUsed);
    }
    let amounts = new.refunds.iter().map(|(refund, _)| refund.amount.fen().value());
    let wanted: i64 = amounts.sum();
    let captured = new.captured.fen().value();
    let blank = Left { captured, reserved: 0, returned: 0, made: 0 };
    let left = *t.balances.get(new.payment_no.as_str()).unwrap_or(&blank);
    if left.made != new.known {
        return Err(StoreError::Conflict.into());
    }
    if left.reserved + wanted > left.captured {
        return Err(InsertRefundError::Exceeds);
    }
    if let Some(ceiling) = &new.ceiling {
        let day = (ceiling.rail, ceiling.day);
        let spent = t.ceilings.get(&day).map_or(0, |spent| spent.value());
        if spent + wanted > ceiling.limit.value() {
            return Err(InsertRefundError::CeilingReached);
        }
        t.ceilings.insert(day, Fen::new(spent + wanted));
    }
    let made = left.made + u32::try_from(new.refunds.len()).unwrap_or(u32::MAX);
    let left = Left { reserved: left.reserved + wanted, made, ..left };
    t.balances.insert(new.payment_no.to_string(), left);
    for (refund, record) in &new.refunds {
        t.refunds.insert(refund.no.to_string(), (refund.clone(), vec![record.clone()]));
    }
    if let Some(audit) = &new.audit {
        append_audit(t, audit);
    }
    Ok(())
}

/// One person never decides twice in a round; the gateway's people are its own affair.
fn decides_twice(decisions: &[Decision]) -> bool {
    let staff = |made: &Decision| matches!(made.by, Actor::Staff(_) | Actor::Citizen(_));
    let refuses = |made: &Decision| made.stage == crate::payment::DecisionStage::Reject;
    decisions.iter().enumerate().any(|(index, made)| {
        let mut earlier = decisions.iter().take(index);
        earlier.any(|other| {
            let same = other.by == made.by && other.stage.round() == made.stage.round();
            other.stage == made.stage || (same && staff(made) && !refuses(made))
        })
    })
}

fn save(t: &mut Tables, change: &RefundChange) -> Result<(), StoreError> {
    let no = change.refund.no.to_string();
    let stored = t.refunds.get(&no).map(|(refund, _)| refund.version);
    if stored != Some(change.refund.version) || decides_twice(&change.refund.decisions) {
        return Err(StoreError::Conflict);
    }
    if let Some(payment) = &change.payment {
        save_payment(t, payment)?;
    }
    let amount = change.refund.amount.fen().value();
    if let Some(left) = t.balances.get_mut(change.refund.payment_no.as_str()) {
        match change.balance {
            BalanceMove::None => {}
            BalanceMove::Freed => left.reserved -= amount,
            BalanceMove::PaidBack => left.returned += amount,
        }
        let sound =
            0 <= left.returned && left.returned <= left.reserved && left.reserved <= left.captured;
        assert!(sound, "never more goes back than came: {left:?}");
    }
    if let Some(released) = &change.released {
        t.released.insert((change.refund.payment_no.to_string(), released.to_string()));
    }
    if let Some(audit) = &change.audit {
        append_audit(t, audit);
    }
    if let Some((refund, history)) = t.refunds.get_mut(&no) {
        *refund = Refund { version: refund.version + 1, ..change.refund.clone() };
        history.extend(change.record.clone());
    }
    Ok(())
}

#[async_trait]
impl RefundStore for InMemoryStore {
    async fn insert(&self, new: &NewRefunds) -> Result<(), InsertRefundError> {
        self.call(|t| insert(t, new))
    }

    async fn save(&self, change: &RefundChange) -> Result<(), StoreError> {
        self.call(|t| save(t, change))
    }

    async fn find(&self, no: &RefundNo) -> Result<Option<Refund>, StoreError> {
        self.call(|t| Ok(t.refunds.get(no.as_str()).map(|(refund, _)| refund.clone())))
    }

    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<Refund>, StoreError> {
        self.call(|t| {
            let all = t.refunds.values().map(|(refund, _)| refund);
            let mut found: Vec<_> = all.filter(|r| &r.payment_no == no).cloned().collect();
            found.sort_by(|a, b| (a.created_at, &a.no).cmp(&(b.created_at, &b.no)));
            Ok(found)
        })
    }

    async fn find_by_key(
        &self,
        maker: &Actor,
        key: &IdempotencyKey,
    ) -> Result<Vec<Refund>, StoreError> {
        self.call(|t| {
            let all = t.refunds.values().map(|(refund, _)| refund);
            let mine = all.filter(|refund| refund.maker() == Some(maker));
            let mut found: Vec<_> =
                mine.filter(|r| r.key.as_ref().is_some_and(|k| &k.key == key)).cloned().collect();
            found.sort_by_key(|refund| refund.key.as_ref().map(|key| key.position));
            Ok(found)
        })
    }

    async fn history(&self, no: &RefundNo) -> Result<Vec<RefundRecord>, StoreError> {
        self.call(|t| {
            let stored = t.refunds.get(no.as_str());
            Ok(stored.map(|(_, history)| history.clone()).unwrap_or_default())
        })
    }

    async fn queue(
        &self,
        statuses: &[RefundStatus],
        after: Option<&RefundNo>,
        limit: u16,
    ) -> Result<RefundPage, StoreError> {
        self.call(|t| {
            let fits =
                |refund: &&Refund| statuses.is_empty() || statuses.contains(&refund.state.status());
            let later = |refund: &&Refund| after.is_none_or(|edge| &refund.no > edge);
            let all = t.refunds.values().map(|(refund, _)| refund);
            let mut refunds: Vec<_> = all.filter(fits).filter(later).cloned().collect();
            let more = refunds.len() > usize::from(limit);
            refunds.truncate(usize::from(limit));
            Ok(RefundPage { refunds, more })
        })
    }

    async fn lease_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Refund>, StoreError> {
        self.call(|t| {
            let mut due: Vec<_> = t
                .refunds
                .values_mut()
                .map(|(refund, _)| refund)
                .filter(|refund| refund.next_try_at.is_some_and(|at| at <= now))
                .collect();
            due.sort_by(|a, b| (a.next_try_at, &a.no).cmp(&(b.next_try_at, &b.no)));
            let taken = due.into_iter().take(usize::from(limit)).map(|refund| {
                refund.next_try_at = Some(until);
                refund.clone()
            });
            Ok(taken.collect())
        })
    }

    async fn wake(&self, no: &RefundNo, at: Timestamp) -> Result<(), StoreError> {
        self.call(|t| {
            if let Some((refund, _)) = t.refunds.get_mut(no.as_str()) {
                refund.next_try_at = refund.next_try_at.map(|next| next.min(at));
            }
            Ok(())
        })
    }

    async fn list_owed(&self, limit: u16) -> Result<Vec<PaymentNo>, StoreError> {
        self.call(|t| {
            let unmet = |no: &PaymentNo| {
                let mut refunds = t.refunds.values().filter(|(r, _)| &r.payment_no == no);
                refunds.all(|(refund, _)| {
                    let status = refund.state.status();
                    matches!(status, RefundStatus::Failed | RefundStatus::Rejected)
                })
            };
            let due = t.payments.values().map(|(payment, _)| payment);
            let owing = [PaymentStatus::RefundDue, PaymentStatus::UnderReview];
            let due = due.filter(|p| owing.contains(&p.state.status()));
            let owed = due.map(|payment| payment.no.clone()).filter(unmet);
            Ok(owed.take(usize::from(limit)).collect())
        })
    }

    async fn is_cleared(&self, rail: Rail, day: Date) -> Result<bool, StoreError> {
        self.call(|t| {
            let result = t.days.get(&(day, rail));
            Ok(result.is_some_and(|(result, _)| result.state == DayState::Matched))
        })
    }
}

//! Money that never counted goes back by itself: the same route, the full amount.

use super::{
    Actor, Ceiling, Decision, DecisionStage, FinanceLevel, InsertRefundError, NewRefunds, Refund,
    RefundCause, RefundReasonCode, RefundState, RefundStore,
};
use crate::clock::{Clock, IdSource, beijing_day};
use crate::ids::{PaymentNo, RefundNo};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{Money, Payment, PaymentState, PaymentStore};
use jiff::Timestamp;
use std::sync::Arc;

/// What became of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// A refund was made that needs nobody's leave.
    GoesBack,
    /// A refund was made that two persons must agree to.
    WaitsForStaff,
    /// It was taken care of by somebody else.
    Known,
}

/// Use case: make a refund for every payment in `REFUND_DUE`.
pub struct OweBack {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// What may go back by rule, by each rail on each day.
    pub ceiling: Fen,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl OweBack {
    /// Looks at up to `limit` payments; answers what became of each. One that fails does not
    /// stop the others.
    ///
    /// # Errors
    /// When the store cannot say which are owed.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(PaymentNo, Result<Owed, StoreError>)>, StoreError> {
        let mut done = Vec::new();
        for no in self.refunds.list_owed(limit).await? {
            let owed = self.owe(&no).await;
            done.push((no, owed));
        }
        Ok(done)
    }

    async fn owe(&self, no: &PaymentNo) -> Result<Owed, StoreError> {
        let Some(payment) = self.payments.find(no).await? else { return Ok(Owed::Known) };
        let PaymentState::RefundDue(money) = &payment.state else { return Ok(Owed::Known) };
        let refunds = self.refunds.list_of_payment(no).await?;
        let failed = |refund: &Refund| matches!(refund.state, RefundState::Failed { .. });
        if !refunds.iter().all(failed) {
            return Ok(Owed::Known);
        }
        let known = u32::try_from(refunds.len()).unwrap_or(u32::MAX);
        let day = beijing_day(money.at);
        // What failed once, and money that has left the clearing, is for people to judge.
        if refunds.is_empty() && !self.refunds.is_cleared(payment.rail, day).await? {
            match self.refunds.insert(&self.thought_out(&payment, money, known, By::Rule)).await {
                Ok(()) => return Ok(Owed::GoesBack),
                Err(InsertRefundError::CeilingReached) => {}
                Err(error) => return known_or(error),
            }
        }
        match self.refunds.insert(&self.thought_out(&payment, money, known, By::Staff)).await {
            Ok(()) => Ok(Owed::WaitsForStaff),
            Err(error) => known_or(error),
        }
    }

    fn thought_out(&self, payment: &Payment, money: &Money, known: u32, by: By) -> NewRefunds {
        let now = self.clock.now();
        let refund = self.refund(payment, money, by, now);
        let record = refund.record((Actor::Rule, "OWE_BACK"), None, now);
        let day = beijing_day(now);
        let ceiling = Ceiling { rail: payment.rail, day, limit: self.ceiling };
        NewRefunds {
            payment_no: payment.no.clone(),
            captured: money.amount,
            known,
            refunds: vec![(refund, record)],
            ceiling: (by == By::Rule).then_some(ceiling),
            audit: None,
        }
    }

    fn refund(&self, payment: &Payment, money: &Money, by: By, now: Timestamp) -> Refund {
        let reason = "重复缴款或逾期到账，原路退回".to_owned();
        let request = Decision {
            stage: DecisionStage::Request,
            by: Actor::Rule,
            reason: reason.clone(),
            at: now,
        };
        Refund {
            no: RefundNo::generate(now, self.ids.as_ref()),
            payment_no: payment.no.clone(),
            person: payment.person.clone(),
            rail: payment.rail,
            cause: RefundCause::Automatic,
            amount: money.amount,
            notice: None,
            reason_code: RefundReasonCode::Duplicate,
            reason,
            key: None,
            levels: vec![FinanceLevel::Local],
            decisions: vec![request],
            redirect: None,
            created_at: now,
            sent_at: None,
            state: match by {
                By::Rule => RefundState::Approved,
                By::Staff => RefundState::Requested,
            },
            next_try_at: (by == By::Rule).then_some(now),
            attempts: 0,
            version: 0,
        }
    }
}

/// Whose leave it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Rule,
    Staff,
}

/// Another node was faster, and has made the refund.
fn known_or(error: InsertRefundError) -> Result<Owed, StoreError> {
    match error {
        InsertRefundError::Store(StoreError::Conflict)
        | InsertRefundError::KeyUsed
        | InsertRefundError::Exceeds
        | InsertRefundError::CeilingReached => Ok(Owed::Known),
        InsertRefundError::Store(error) => Err(error),
    }
}

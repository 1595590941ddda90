//! Money that never counted goes back by itself: the same route, the full amount. So does that of
//! a notice whose write-off the agency has rejected.

use super::report::ROUNDS;
use super::{
    Actor, Balance, Ceiling, Decision, DecisionStage, DeskStep, FinanceLevel, InsertRefundError,
    NewRefunds, ReceiptStep, Refund, RefundCause, RefundReasonCode, RefundState, RefundStore,
    RefundedNotice,
};
use crate::clock::{Clock, IdSource, beijing_day};
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::notice::NoticeNo;
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

/// Why a notice's write-off does not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedWriteOff {
    /// Of which payment.
    pub payment_no: PaymentNo,
    /// Of which notice.
    pub notice_no: NoticeNo,
    /// Is it proven that the money never counted: another payment holds the notice, or the
    /// agency took it back? Otherwise two persons judge.
    pub proven: bool,
    /// In the agency's words; may be empty.
    pub reason: String,
}

/// Use case: make a refund for every payment in `REFUND_DUE`, and for every rejected write-off.
#[derive(Clone)]
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
        let whole = Wanted { captured: money, notice: None, amount: money.amount };
        self.make(&payment, &whole, &refunds, By::Rule).await
    }

    /// Gives back what was taken for a notice whose write-off does not stand, without the
    /// gateway, which has no part in it. Safe to repeat: a notice gets one such refund.
    ///
    /// # Errors
    /// As the store fails; nothing was changed then.
    pub async fn give_back(&self, rejected: &RejectedWriteOff) -> Result<Owed, StoreError> {
        for _ in 0..ROUNDS {
            let Some(payment) = self.payments.find(&rejected.payment_no).await? else {
                return Ok(Owed::Known);
            };
            let refunds = self.refunds.list_of_payment(&payment.no).await?;
            let all = Balance { payment: &payment, refunds: &refunds };
            let is_made = all.of_notice(&rejected.notice_no).next().is_some();
            let amount = PayableFen::new(all.refundable_of(&rejected.notice_no).value());
            let (Some(captured), Ok(amount), false) = (payment.state.money(), amount, is_made)
            else {
                return Ok(Owed::Known);
            };
            let by = if rejected.proven { By::Rule } else { By::Staff };
            let wanted = Wanted { captured, notice: Some((rejected, all)), amount };
            match self.make(&payment, &wanted, &refunds, by).await? {
                // Another refund of the payment was made meanwhile: of this notice or not?
                Owed::Known => {}
                made @ (Owed::GoesBack | Owed::WaitsForStaff) => return Ok(made),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn make(
        &self,
        payment: &Payment,
        wanted: &Wanted<'_>,
        refunds: &[Refund],
        by: By,
    ) -> Result<Owed, StoreError> {
        let known = u32::try_from(refunds.len()).unwrap_or(u32::MAX);
        let day = beijing_day(wanted.captured.at);
        let failed = |refund: &Refund| matches!(refund.state, RefundState::Failed { .. });
        // What failed once, and money that has left the clearing, is for people to judge.
        let first = !refunds.iter().any(failed);
        if by == By::Rule && first && !self.refunds.is_cleared(payment.rail, day).await? {
            match self.refunds.insert(&self.thought_out(payment, wanted, known, By::Rule)).await {
                Ok(()) => return Ok(Owed::GoesBack),
                Err(InsertRefundError::CeilingReached) => {}
                Err(error) => return known_or(error),
            }
        }
        match self.refunds.insert(&self.thought_out(payment, wanted, known, By::Staff)).await {
            Ok(()) => Ok(Owed::WaitsForStaff),
            Err(error) => known_or(error),
        }
    }

    fn thought_out(
        &self,
        payment: &Payment,
        wanted: &Wanted<'_>,
        known: u32,
        by: By,
    ) -> NewRefunds {
        let now = self.clock.now();
        let refund = self.refund(payment, wanted, by, now);
        let record = refund.record((Actor::Rule, "OWE_BACK"), None, now);
        let day = beijing_day(now);
        let ceiling = Ceiling { rail: payment.rail, day, limit: self.ceiling };
        NewRefunds {
            payment_no: payment.no.clone(),
            captured: wanted.captured.amount,
            known,
            refunds: vec![(refund, record)],
            ceiling: (by == By::Rule).then_some(ceiling),
            audit: None,
        }
    }

    fn refund(&self, payment: &Payment, wanted: &Wanted<'_>, by: By, now: Timestamp) -> Refund {
        let reason = wanted.reason();
        let request = Decision {
            stage: DecisionStage::Request,
            by: Actor::Rule,
            reason: reason.clone(),
            at: now,
        };
        let (notice, levels) = wanted.source();
        let is_proven = wanted.notice.as_ref().is_none_or(|(rejected, _)| rejected.proven);
        Refund {
            no: RefundNo::generate(now, self.ids.as_ref()),
            payment_no: payment.no.clone(),
            person: payment.person.clone(),
            rail: payment.rail,
            cause: RefundCause::Automatic,
            amount: wanted.amount,
            notice,
            reason_code: match is_proven {
                true => RefundReasonCode::Duplicate,
                false => RefundReasonCode::Other,
            },
            reason,
            key: None,
            levels,
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

/// What goes back: the whole of a payment, or what was taken for one notice.
struct Wanted<'a> {
    captured: &'a Money,
    notice: Option<(&'a RejectedWriteOff, Balance<'a>)>,
    amount: PayableFen,
}

impl Wanted<'_> {
    fn reason(&self) -> String {
        let words = match &self.notice {
            None => "重复缴款或逾期到账，原路退回".to_owned(),
            Some((rejected, _)) if rejected.reason.is_empty() => {
                "执收单位未予入账，原路退回".to_owned()
            }
            Some((rejected, _)) => format!("执收单位未予入账，原路退回：{}", rejected.reason),
        };
        words.chars().filter(|c| !c.is_control()).take(Refund::MAX_REASON).collect()
    }

    /// Where it was booked, and which levels of finance that concerns.
    fn source(&self) -> (Option<RefundedNotice>, Vec<FinanceLevel>) {
        let Some((rejected, all)) = &self.notice else { return (None, vec![FinanceLevel::Local]) };
        let taken = all.take(&rejected.notice_no, self.amount.fen());
        let (slices, levels) = taken.unwrap_or_default();
        let of = |notice: &&crate::payment::NoticeSnapshot| notice.no == rejected.notice_no;
        let notice = all.payment.notices.iter().find(of).map(|notice| RefundedNotice {
            no: notice.no.clone(),
            agency_code: notice.agency.code.clone(),
            slices,
            desk: DeskStep::Unconcerned,
            receipt: ReceiptStep::Settled, // None was issued, and none will be.
            reversed_by: None,
        });
        (notice, levels)
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

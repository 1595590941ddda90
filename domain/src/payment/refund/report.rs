//! The one door through which a rail's word about a refund enters: callback, answer or statement.

use super::booking::journal;
use super::{
    Actor, Balance, BalanceMove, RedirectStep, Refund, RefundChange, RefundEvent, RefundState,
    RefundStatus, RefundStore, Todo,
};
use crate::clock::Clock;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{
    EventReason, Evidence, JournalKind, Payment, PaymentChange, PaymentEvent, PaymentStore,
    RailRefundState, Rails, RefundReport,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What in a report is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundMismatch {
    /// No refund of this number, or one of another rail.
    Refund,
    /// It is ours, and of another order.
    Order,
    /// Another merchant.
    Merchant,
    /// Another amount.
    Amount,
}

/// What a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundApplied {
    /// The refund moved there.
    Moved(RefundStatus),
    /// It was known already.
    Known(RefundStatus),
    /// The payment is not settled yet: judged again once it is.
    TooEarly,
    /// It is not about a refund of ours; nothing was changed.
    Foreign(RefundMismatch),
    /// It contradicts what is settled; nothing was changed, reconciliation will show it.
    Contradicts(RefundStatus),
}

/// Use case: believe a rail's report of a refund as far as it agrees with what we know.
pub struct ApplyRefundReport {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Rails, for who we are there.
    pub rails: Rails,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How often a save that met another one is tried on the fresh state.
pub(super) const ROUNDS: usize = 8;

impl ApplyRefundReport {
    /// Safe to repeat, and to run twice at the same time. Refunds are told apart by their own
    /// number, never by their amount.
    ///
    /// # Errors
    /// As the store fails; nothing was changed then.
    pub async fn run(
        &self,
        report: &RefundReport,
        evidence: &Evidence,
    ) -> Result<RefundApplied, StoreError> {
        let no = RefundNo::new(&report.refund_no).ok();
        let found = match &no {
            Some(no) => self.refunds.find(no).await?,
            None => None,
        };
        let Some(refund) = found else {
            let early = self.is_unsettled(report).await?;
            let foreign = RefundApplied::Foreign(RefundMismatch::Refund);
            return Ok(if early { RefundApplied::TooEarly } else { foreign });
        };
        if let Some(field) = self.mismatch(&refund, report) {
            return Ok(RefundApplied::Foreign(field));
        }
        self.learn(&refund.no, &report.state, evidence).await
    }

    /// A refund that we do not know, of a payment whose own outcome we do not know either: the
    /// rail's news have overtaken each other.
    async fn is_unsettled(&self, report: &RefundReport) -> Result<bool, StoreError> {
        let Ok(no) = PaymentNo::new(&report.order_no) else { return Ok(false) };
        let payment = self.payments.find(&no).await?;
        Ok(payment.is_some_and(|p| p.rail == report.rail && p.state.is_unsettled()))
    }

    fn mismatch(&self, refund: &Refund, report: &RefundReport) -> Option<RefundMismatch> {
        let ours = self.rails.get(report.rail).map(|rail| rail.merchant());
        match ours {
            Some(ours) if refund.rail == report.rail => {
                if refund.payment_no.as_str() != report.order_no {
                    Some(RefundMismatch::Order)
                } else if ours.merchant_no != report.merchant_no {
                    Some(RefundMismatch::Merchant)
                } else if refund.amount.fen() != report.amount {
                    Some(RefundMismatch::Amount)
                } else {
                    None
                }
            }
            Some(_) | None => Some(RefundMismatch::Refund),
        }
    }

    /// Stores what the rail says of a refund that is ours.
    ///
    /// # Errors
    /// As the store fails; nothing was changed then.
    pub async fn learn(
        &self,
        no: &RefundNo,
        said: &RailRefundState,
        evidence: &Evidence,
    ) -> Result<RefundApplied, StoreError> {
        for _ in 0..ROUNDS {
            let refund = self.load(no).await?;
            let status = refund.state.status();
            if is_old_news(&refund, said, evidence) {
                return Ok(RefundApplied::Known(status));
            }
            let Ok(after) = refund.after(event_of(said)) else {
                return Ok(RefundApplied::Contradicts(status));
            };
            if after.state == refund.state {
                return Ok(RefundApplied::Known(status));
            }
            let moved = after.state.status();
            let change = self.change(&refund, after, evidence).await?;
            match self.refunds.save(&change).await {
                Ok(()) => return Ok(RefundApplied::Moved(moved)),
                // Somebody else moved the refund or its payment: judge again on what they are.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn load(&self, no: &RefundNo) -> Result<Refund, StoreError> {
        let gone = || StoreError::Corrupt { table: "refund", column: "no", row: no.to_string() };
        self.refunds.find(no).await?.ok_or_else(gone)
    }

    async fn change(
        &self,
        before: &Refund,
        mut after: Refund,
        evidence: &Evidence,
    ) -> Result<RefundChange, StoreError> {
        let now = self.clock.now();
        if after.state == RefundState::NeedsAccount {
            after.redirect = None; // The account that was named did not do.
        }
        after.next_try_at = next_look(&after, now);
        let record = after.record((Actor::Rail, "ANSWER"), Some(evidence), now);
        let (kind, at, balance) = match &after.state {
            RefundState::Done { at, .. } => (JournalKind::RefundDone, *at, BalanceMove::PaidBack),
            RefundState::Failed { .. } => (JournalKind::RefundFailed, now, BalanceMove::Freed),
            RefundState::Requested
            | RefundState::AgencyChecked
            | RefundState::Approved
            | RefundState::Rejected
            | RefundState::Submitted
            | RefundState::Unknown
            | RefundState::NeedsAccount => return Ok(RefundChange::of(after, Some(record))),
        };
        let no = &before.payment_no;
        let gone = || StoreError::Corrupt { table: "payment", column: "no", row: no.to_string() };
        let payment = self.payments.find(no).await?.ok_or_else(gone)?;
        let mut refunds = self.refunds.list_of_payment(no).await?;
        for known in refunds.iter_mut().filter(|known| known.no == after.no) {
            *known = after.clone();
        }
        let all = Balance { payment: &payment, refunds: &refunds };
        let released = released(all, &after);
        let moved = payment_change(all, &after, (evidence, now)).ok_or_else(gone)?;
        let booked = journal(&after, kind, at);
        let messages = crate::payment::tell::refunded(&payment, &after, now);
        let payment = Some(PaymentChange { journal: Some(booked), messages, ..moved });
        Ok(RefundChange { payment, balance, released, ..RefundChange::of(after, Some(record)) })
    }
}

/// Between sending and the answer the rail may repeat what it said before another account was
/// named; only what it answers now counts.
fn is_old_news(refund: &Refund, said: &RailRefundState, evidence: &Evidence) -> bool {
    let redirected = refund.redirect.as_ref().is_some_and(|r| r.step != RedirectStep::Named);
    let asked = matches!(evidence, Evidence::Answer(_));
    *said == RailRefundState::NeedsAccount && redirected && !asked
}

fn event_of(said: &RailRefundState) -> RefundEvent {
    match said {
        RailRefundState::Processing => RefundEvent::Wait,
        RailRefundState::Done { txn, at } => RefundEvent::Finish { txn: txn.clone(), at: *at },
        RailRefundState::Failed { code } => RefundEvent::Fail { code: code.clone() },
        RailRefundState::NeedsAccount => RefundEvent::NeedAccount,
        // No rail reports this of itself; asked for, it is the sender's to act on.
        RailRefundState::NotFound => RefundEvent::Silence,
    }
}

/// How the payment goes on once this refund has come to its end; `all` has its new state.
fn payment_change(
    all: Balance<'_>,
    refund: &Refund,
    (evidence, now): (&Evidence, Timestamp),
) -> Option<PaymentChange> {
    let others = all.refunds.iter().any(|r| r.no != refund.no && r.state.is_at_rail());
    let event = if all.returned() == all.captured() {
        PaymentEvent::RefundRest
    } else if others {
        PaymentEvent::StartRefund // Stays where it is.
    } else if all.returned() > Fen::ZERO {
        PaymentEvent::RefundPart
    } else {
        PaymentEvent::StopRefund
    };
    let done = matches!(refund.state, RefundState::Done { .. });
    let reason = if done { EventReason::RefundDone } else { EventReason::RefundFailed };
    let payment: &Payment = all.payment;
    payment.after(event, (reason, Some(evidence.clone())), now).ok()
}

/// The refund's notice, if this refund was the last of its money.
fn released(all: Balance<'_>, refund: &Refund) -> Option<NoticeNo> {
    let no = refund.notice.as_ref().map(|notice| &notice.no)?;
    let notice = all.payment.notices.iter().find(|notice| &notice.no == no)?;
    (all.rest_of(notice) == Some(Fen::ZERO)).then(|| no.clone())
}

/// When the worker looks next, after `refund` came to what it is.
pub(super) fn next_look(refund: &Refund, now: Timestamp) -> Option<Timestamp> {
    match (refund.todo(), &refund.state) {
        (Todo::Nothing, _) => None,
        // People are at it; the rail is asked now and then whether they were.
        (Todo::QueryRail, RefundState::NeedsAccount) => Some(now + SignedDuration::from_hours(1)),
        (Todo::QueryRail, _) => Some(now + SignedDuration::from_secs(5)),
        (_, _) => Some(now),
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;

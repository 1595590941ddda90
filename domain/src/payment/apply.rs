//! The one door through which a rail's word about money enters: callback, answer or statement.

use super::{
    EventReason, Evidence, Money, Payment, PaymentEvent, PaymentState, PaymentStatus, PaymentStore,
    RailOrderState, RailReport, Rails,
};
use crate::clock::Clock;
use crate::ids::PaymentNo;
use crate::notice::{NoticeBook, NoticeStanding};
use crate::outside::{OutsideError, StoreError};
use std::sync::Arc;

/// What in a report is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchedField {
    /// No payment of this number, or one of another rail.
    Order,
    /// Another app.
    App,
    /// Another merchant.
    Merchant,
    /// Not CNY.
    Currency,
}

/// What a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The payment moved there.
    Moved(PaymentStatus),
    /// It was known already.
    Known(PaymentStatus),
    /// It is not about a payment of ours; nothing was changed.
    Foreign(MismatchedField),
    /// It names another amount, and the rail does not say so when asked; nothing was changed.
    AmountNotProved,
    /// It contradicts what is settled (a second transaction for one order, say); nothing was
    /// changed, reconciliation will show it.
    Contradicts(PaymentStatus),
}

/// The report could not be judged yet; nothing was changed, try again.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The rail or the gateway had to be asked and did not answer.
    #[error("somebody who had to be asked did not answer")]
    Outside(#[from] OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: believe a rail's report as far as it agrees with what we know.
pub struct ApplyRailReport {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Rails, to ask again.
    pub rails: Rails,
    /// The gateway, to see whether late money can still be honoured.
    pub notices: Arc<dyn NoticeBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How often a save that met another one is tried on the fresh state.
const ROUNDS: usize = 8;

impl ApplyRailReport {
    /// Safe to repeat, and to run twice at the same time.
    ///
    /// # Errors
    /// [`ApplyError`]; nothing was changed then.
    pub async fn run(
        &self,
        report: &RailReport,
        evidence: &Evidence,
    ) -> Result<Applied, ApplyError> {
        for _ in 0..ROUNDS {
            match self.once(report, evidence).await {
                // Somebody else moved the payment: judge again on what it is now.
                Err(ApplyError::Store(StoreError::Conflict)) => {}
                done => return done,
            }
        }
        Err(ApplyError::Store(StoreError::Conflict))
    }

    async fn once(&self, report: &RailReport, evidence: &Evidence) -> Result<Applied, ApplyError> {
        let payment = match self.addressee(report).await? {
            Ok(payment) => payment,
            Err(field) => return Ok(Applied::Foreign(field)),
        };
        let Some(money) = self.proved(&payment, report, evidence).await? else {
            return Ok(Applied::AmountNotProved);
        };
        let (event, reason) = self.event(&payment, money).await?;
        let status = payment.state.status();
        let record = (reason, Some(evidence.clone()));
        let Ok(change) = payment.after(event, record, self.clock.now()) else {
            return Ok(Applied::Contradicts(status));
        };
        if change.record.is_none() {
            return Ok(Applied::Known(status));
        }
        self.payments.save(&change).await?;
        Ok(Applied::Moved(change.payment.state.status()))
    }

    /// The payment that the report is about, if all that identifies it is ours.
    async fn addressee(
        &self,
        report: &RailReport,
    ) -> Result<Result<Payment, MismatchedField>, ApplyError> {
        let Ok(no) = PaymentNo::new(&report.order_no) else {
            return Ok(Err(MismatchedField::Order));
        };
        let Some(payment) = self.payments.find(&no).await? else {
            return Ok(Err(MismatchedField::Order));
        };
        let ours = match self.rails.get(report.rail) {
            Some(rail) if payment.rail == report.rail => rail.merchant(),
            Some(_) | None => return Ok(Err(MismatchedField::Order)),
        };
        Ok(if ours.merchant_no != report.merchant_no {
            Err(MismatchedField::Merchant)
        } else if !ours.app_ids.contains(&report.app_id) {
            Err(MismatchedField::App)
        } else if report.currency != "CNY" {
            Err(MismatchedField::Currency)
        } else {
            Ok(payment)
        })
    }

    /// The money as reported, if it is the amount that was asked; else only if the rail, asked
    /// now, says the same.
    async fn proved(
        &self,
        payment: &Payment,
        report: &RailReport,
        evidence: &Evidence,
    ) -> Result<Option<Money>, ApplyError> {
        let expected = report.money.amount == payment.amount;
        if expected || matches!(evidence, Evidence::Answer(_)) {
            return Ok(Some(report.money.clone()));
        }
        let Some(rail) = self.rails.get(payment.rail) else { return Ok(None) };
        match rail.query(&payment.order_key()).await? {
            RailOrderState::Paid(answer)
                if (&answer.money.txn, answer.money.amount)
                    == (&report.money.txn, report.money.amount) =>
            {
                Ok(Some(answer.money.clone()))
            }
            // What the rail says now is not what was reported: the healer will ask for itself.
            RailOrderState::Paid(_)
            | RailOrderState::Open
            | RailOrderState::Closed
            | RailOrderState::NotFound => Ok(None),
        }
    }

    async fn event(
        &self,
        payment: &Payment,
        money: Money,
    ) -> Result<(PaymentEvent, EventReason), ApplyError> {
        let asked = money.amount == payment.amount;
        Ok(match (&payment.state, asked) {
            (PaymentState::Closed, true) if self.still_payable(payment, &money).await? => {
                (PaymentEvent::HonourLate(money), EventReason::LateHonoured)
            }
            (PaymentState::Closed, true) => {
                (PaymentEvent::Confirm(money), EventReason::LateOwedBack)
            }
            (PaymentState::Closed, false) => {
                (PaymentEvent::ConfirmOther(money), EventReason::LateOwedBack)
            }
            (_, true) => (PaymentEvent::Confirm(money), EventReason::RailConfirmed),
            (_, false) => (PaymentEvent::ConfirmOther(money), EventReason::OtherAmount),
        })
    }

    /// Is every notice still open for exactly the sum it had, with no other payment holding it?
    /// A holder that appears after this look makes the store refuse, and the next round sees it.
    async fn still_payable(&self, payment: &Payment, money: &Money) -> Result<bool, ApplyError> {
        // The quote is honoured while the order was open, also past midnight.
        let in_time = money.at <= payment.expires_at;
        let priced_at = if in_time { payment.quoted_at } else { money.at };
        for snapshot in &payment.notices {
            if self.payments.find_holder(&snapshot.no).await?.is_some() {
                return Ok(false);
            }
            let Some(notice) = self.notices.find(&snapshot.no).await? else { return Ok(false) };
            let open = notice.standing == NoticeStanding::Open && !notice.expired(money.at);
            let same = notice.due(priced_at).is_ok_and(|due| due.total == snapshot.total());
            if !(open && same) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
pub(super) mod tests;

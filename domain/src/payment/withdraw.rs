//! The agency takes a notice back while somebody stands at the cashier with it.

use super::cancel::close;
use super::{
    ApplyError, EventReason, Evidence, HealPayments, Payment, PaymentEvent, PaymentStore, Rails,
};
use crate::clock::Clock;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use std::sync::Arc;

/// What became of the attempt to pay a withdrawn notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// Nobody is paying it.
    NothingOpen,
    /// The rail has closed the order: nobody can pay it any more.
    Closed,
    /// The attempt was settled before; its write-off tells what becomes of the money.
    Settled,
    /// The rail did not close it yet: try again.
    StillOpen,
}

/// Use case: close the open attempt to pay a notice that was withdrawn.
pub struct CloseWithdrawn {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Rails.
    pub rails: Rails,
    /// Who asks when the rail refuses.
    pub healer: Arc<HealPayments>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl CloseWithdrawn {
    /// # Errors
    /// [`ApplyError`]; the payment stays as it is.
    pub async fn run(&self, notice: &NoticeNo) -> Result<Withdrawn, ApplyError> {
        let Some(payment) = self.payments.find_holder(notice).await? else {
            return Ok(Withdrawn::NothingOpen);
        };
        if !payment.state.is_unsettled() {
            return Ok(Withdrawn::Settled);
        }
        let Some(rail) = self.rails.get(payment.rail) else { return Ok(Withdrawn::StillOpen) };
        if close(rail.as_ref(), &payment).await.is_err() {
            // It may be paid by now, or the rail is silent: the healer finds out.
            self.healer.ask(&payment).await?;
        } else {
            self.closed(&payment).await?;
        }
        let now = self.payments.find(&payment.no).await?;
        Ok(match now.map(|payment| payment.state) {
            Some(state) if state.is_unsettled() => Withdrawn::StillOpen,
            Some(super::PaymentState::Closed) => Withdrawn::Closed,
            Some(_) | None => Withdrawn::Settled,
        })
    }

    async fn closed(&self, payment: &Payment) -> Result<(), StoreError> {
        let now = self.clock.now();
        let record = (EventReason::NoticeWithdrawn, Some(Evidence::Answer(now)));
        let Ok(change) = payment.after(PaymentEvent::Close, record, now) else { return Ok(()) };
        match self.payments.save(&change).await {
            // Somebody else learnt more meanwhile.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

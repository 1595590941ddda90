//! The citizen gives up before paying.

use super::{
    ApplyError, EventReason, Evidence, HealPayments, Payment, PaymentEvent, PaymentRail,
    PaymentStore, RailOrderState, Rails,
};
use crate::clock::Clock;
use crate::identity::Caller;
use crate::ids::PaymentNo;
use crate::outside::{OutsideError, StoreError};
use std::sync::Arc;

/// Why a payment was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No payment of this number is the caller's.
    #[error("the caller has no payment of this number")]
    NotFound,
    /// The rail has taken the money, or settled it otherwise.
    #[error("the payment is settled")]
    Settled(Box<Payment>),
    /// The rail did not confirm: it may still be paid.
    #[error("the rail did not confirm")]
    OutcomeUnknown(Box<Payment>),
    /// What the rail said could not be judged.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: close an own payment that nobody has paid.
pub struct CancelPayment {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Rails.
    pub rails: Rails,
    /// Who asks when the rail refuses.
    pub healer: Arc<HealPayments>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl CancelPayment {
    /// Cancelling a closed payment again is `Ok`.
    ///
    /// # Errors
    /// [`CancelError`].
    pub async fn run(&self, caller: &Caller, no: &PaymentNo) -> Result<Payment, CancelError> {
        let payment = self.mine(caller, no).await?;
        if payment.state == super::PaymentState::Closed {
            return Ok(payment);
        }
        if !payment.state.is_unsettled() {
            return Err(CancelError::Settled(Box::new(payment)));
        }
        let Some(rail) = self.rails.get(payment.rail) else {
            return Err(CancelError::OutcomeUnknown(Box::new(payment)));
        };
        match close(rail.as_ref(), &payment).await {
            Ok(()) => self.closed(caller, &payment).await,
            Err(_) => {
                self.healer.ask(&payment).await?;
                let now = self.mine(caller, no).await?;
                match now.state.is_unsettled() {
                    true => Err(CancelError::OutcomeUnknown(Box::new(now))),
                    false => Err(CancelError::Settled(Box::new(now))),
                }
            }
        }
    }

    async fn mine(&self, caller: &Caller, no: &PaymentNo) -> Result<Payment, CancelError> {
        let found = self.payments.find(no).await?;
        found.filter(|p| caller.person.owns(&p.person)).ok_or(CancelError::NotFound)
    }

    async fn closed(&self, caller: &Caller, payment: &Payment) -> Result<Payment, CancelError> {
        let now = self.clock.now();
        let record = (EventReason::Cancelled, Some(Evidence::Answer(now)));
        if let Ok(change) = payment.after(PaymentEvent::Close, record, now) {
            match self.payments.save(&change).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.mine(caller, &payment.no).await
    }
}

/// Closes at the rail. An order that never arrived there is placed first: only a closed order
/// is the rail's word that a request still under way cannot open it later.
pub(super) async fn close(rail: &dyn PaymentRail, payment: &Payment) -> Result<(), OutsideError> {
    match rail.close(&payment.order_key()).await {
        Err(OutsideError::Refused { code, message }) => {
            match rail.query(&payment.order_key()).await? {
                RailOrderState::NotFound => {
                    rail.submit(&payment.order()).await?;
                    rail.close(&payment.order_key()).await
                }
                RailOrderState::Closed => Ok(()),
                RailOrderState::Open | RailOrderState::Paid(_) => {
                    Err(OutsideError::Refused { code, message })
                }
            }
        }
        done => done,
    }
}

#[cfg(test)]
#[path = "cancel_tests.rs"]
mod tests;

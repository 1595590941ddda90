//! Asking the rail again for a payment that is under way.

use super::super::{EventReason, Payment, PaymentEvent, PaymentState};
use super::{SHORTEST, StartPayment, StartPaymentError};
use crate::outside::StoreError;

/// How often a save that met another one is tried on the fresh state.
const ROUNDS: usize = 8;

impl StartPayment {
    /// Stores that the rail is asked again, before it is: the first asking may still be under
    /// way, and its refusal closes only a payment that nobody asked for since. `false`: it
    /// cannot be paid any more.
    pub(super) async fn asked_again(
        &self,
        mut payment: Payment,
    ) -> Result<(Payment, bool), StartPaymentError> {
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let unknown = payment.state == PaymentState::Unknown;
            let same = if unknown { PaymentEvent::Silence } else { PaymentEvent::Wait };
            let in_time = now + SHORTEST < payment.expires_at && payment.state.is_unsettled();
            let change = payment.after(same, (EventReason::RailWaits, None), now);
            let Some(change) = change.ok().filter(|_| in_time) else {
                return Ok((payment, false));
            };
            let saved = self.payments.save(&change).await;
            payment = self.load(&payment.no).await?;
            match saved {
                Ok(()) => return Ok((payment, true)),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

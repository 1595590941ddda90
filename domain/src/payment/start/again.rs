//! The same wish again: asking the rail again for a payment that is under way.

use super::super::Refusal;
use super::super::{EventReason, Payment, PaymentEvent, PaymentState};
use super::{
    Asked, SHORTEST, StartPayment, StartPaymentError, Started, Starter, WantedPayment, refused,
};
use crate::outside::StoreError;

/// How often a save that met another one is tried on the fresh state.
const ROUNDS: usize = 8;

impl StartPayment {
    /// The payment that was made with this key: of the same wish, where several accounts that
    /// are one now have used it.
    pub(super) async fn earlier(
        &self,
        starter: &Starter,
        wanted: &WantedPayment,
    ) -> Result<Option<Payment>, StoreError> {
        let mut first = None;
        for owner in std::iter::once(&starter.person).chain(&starter.former) {
            match self.payments.find_by_key(owner, &wanted.key).await? {
                Some(found) if is_wanted(&found, wanted) => return Ok(Some(found)),
                found => first = first.or(found),
            }
        }
        Ok(first)
    }

    /// The same key again: the same payment, as it is now.
    pub(super) async fn again(
        &self,
        starter: &Starter,
        wanted: &WantedPayment,
        earlier: Payment,
    ) -> Result<Started, StartPaymentError> {
        if !is_wanted(&earlier, wanted) {
            return refused(Refusal::KeyReused);
        }
        self.resume(starter, earlier).await
    }

    /// Opens the cashier again, if the payment can still be paid from here and nobody is opening
    /// it at this moment.
    pub(super) async fn resume(
        &self,
        starter: &Starter,
        payment: Payment,
    ) -> Result<Started, StartPaymentError> {
        let Some(rail) = self.rails.get(payment.rail) else {
            return Ok(Started { payment, cashier: None });
        };
        if starter.cashier_of(rail.as_ref()) != Some(payment.cashier) {
            return Ok(Started { payment, cashier: None });
        }
        let Some(_placing) = self.rails.place(&payment.no) else {
            let own = Started { payment, cashier: None };
            return Err(StartPaymentError::Refused(Refusal::InProgress, Some(Box::new(own))));
        };
        match self.asked_again(payment).await? {
            (payment, true) => self.submit(rail.as_ref(), payment, Asked::Again).await,
            (payment, false) => Ok(Started { payment, cashier: None }),
        }
    }

    /// Stores that the rail is asked again, before it is: the first asking may still be under
    /// way, and its refusal closes only a payment that nobody asked for since. `false`: it
    /// cannot be paid any more.
    async fn asked_again(
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

fn is_wanted(earlier: &Payment, wanted: &WantedPayment) -> bool {
    let nos = earlier.notices.iter().map(|notice| &notice.no);
    nos.eq(&wanted.notice_nos)
        && earlier.rail == wanted.rail
        && earlier.amount.fen() == wanted.expected_total
}

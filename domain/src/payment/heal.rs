//! The healer: payments whose outcome nobody told are asked for at the rail.

use super::{
    ApplyError, ApplyRailReport, EventReason, Evidence, Payment, PaymentEvent, PaymentRail,
    PaymentStore, Rail, RailOrderState, Rails,
};
use crate::clock::Clock;
use crate::identity::Caller;
use crate::ids::PaymentNo;
use crate::outside::{OutsideError, StoreError};
use jiff::SignedDuration;
use std::sync::Arc;

/// For how long a node keeps a payment that it took to heal, before another may.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// After an order's end, how long it could still be opened at a rail that does not know it yet:
/// our deadline of 10 s, the minute that a rail grants at least, and five minutes by which our
/// clock may be ahead of the rail's.
const LAST_ORDERS: SignedDuration = SignedDuration::from_secs(420);

/// What one look did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The payment is settled.
    Settled,
    /// The rail has no outcome yet, or did not answer.
    Open,
}

/// Use case: ask the rails for payments that are due, some at a time.
pub struct HealPayments {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Rails.
    pub rails: Rails,
    /// Where the answers go.
    pub apply: Arc<ApplyRailReport>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl HealPayments {
    /// Looks at up to `limit` payments of one rail, its budget for one turn; answers what became
    /// of each. One that fails is left for its next turn, when its lease has run out, and does
    /// not stop the others.
    ///
    /// # Errors
    /// When the store cannot even say which are due.
    pub async fn run_once(
        &self,
        rail: Rail,
        limit: u16,
    ) -> Result<Vec<(PaymentNo, Result<Asked, ApplyError>)>, StoreError> {
        let now = self.clock.now();
        let mut looked = Vec::new();
        for payment in self.payments.lease_unsettled(rail, now, now + LEASE, limit).await? {
            let asked = self.ask(&payment).await;
            looked.push((payment.no, asked));
        }
        Ok(looked)
    }

    /// Asks the rail about one payment and acts on the answer.
    ///
    /// # Errors
    /// [`ApplyError`]; the payment stays unsettled.
    pub async fn ask(&self, payment: &Payment) -> Result<Asked, ApplyError> {
        let Some(rail) = self.rails.get(payment.rail) else { return Ok(Asked::Open) };
        let now = self.clock.now();
        match rail.query(&payment.order_key()).await {
            Ok(RailOrderState::Paid(report)) => {
                self.apply.run(&report, &Evidence::Answer(now)).await?;
                Ok(Asked::Settled)
            }
            Ok(RailOrderState::Closed) => self.close(payment, EventReason::Expired).await,
            Ok(RailOrderState::NotFound) if now >= payment.expires_at + LAST_ORDERS => {
                self.close(payment, EventReason::Expired).await
            }
            Ok(RailOrderState::Open) if now >= payment.expires_at => {
                self.close_at_rail(payment, rail.as_ref()).await
            }
            Ok(RailOrderState::Open | RailOrderState::NotFound) => {
                self.note(payment, PaymentEvent::Wait, EventReason::RailWaits).await
            }
            Err(_) => self.note(payment, PaymentEvent::Silence, EventReason::RailSilent).await,
        }
    }

    async fn close_at_rail(
        &self,
        payment: &Payment,
        rail: &dyn PaymentRail,
    ) -> Result<Asked, ApplyError> {
        match rail.close(&payment.order_key()).await {
            Ok(()) => self.close(payment, EventReason::Expired).await,
            // Paid at the last moment, perhaps: the next look tells.
            Err(OutsideError::Refused { .. }) => {
                self.note(payment, PaymentEvent::Wait, EventReason::RailWaits).await
            }
            Err(OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_)) => {
                self.note(payment, PaymentEvent::Silence, EventReason::RailSilent).await
            }
        }
    }

    async fn close(&self, payment: &Payment, why: EventReason) -> Result<Asked, ApplyError> {
        self.note(payment, PaymentEvent::Close, why).await?;
        Ok(Asked::Settled)
    }

    /// Stores what we learnt, and when to look again.
    async fn note(
        &self,
        payment: &Payment,
        event: PaymentEvent,
        reason: EventReason,
    ) -> Result<Asked, ApplyError> {
        let now = self.clock.now();
        let evidence = Evidence::Answer(now);
        let Ok(mut change) = payment.after(event, (reason, Some(evidence)), now) else {
            return Ok(Asked::Settled); // Settled meanwhile.
        };
        change.payment.next_check_at = payment.check_after(now);
        match self.payments.save(&change).await {
            // Somebody else learnt more than we did.
            Ok(()) | Err(StoreError::Conflict) => Ok(Asked::Open),
            Err(error) => Err(error.into()),
        }
    }
}

/// Why a payment was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// No payment of this number is the caller's.
    #[error("the caller has no payment of this number")]
    NotFound,
    /// The rail had to be asked and could not be judged.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: a citizen comes back from the cashier and wants to know now.
pub struct RefreshPayment {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Who asks the rail.
    pub healer: Arc<HealPayments>,
}

impl RefreshPayment {
    /// The caller's payment, after one look at the rail if it is unsettled.
    ///
    /// # Errors
    /// [`RefreshError`]; a silent rail is none, the payment is UNKNOWN then.
    pub async fn run(&self, caller: &Caller, no: &PaymentNo) -> Result<Payment, RefreshError> {
        let mine = |found: Option<Payment>| found.filter(|p| caller.person.owns(&p.person));
        let payment = mine(self.payments.find(no).await?).ok_or(RefreshError::NotFound)?;
        if !payment.state.is_unsettled() {
            return Ok(payment);
        }
        self.healer.ask(&payment).await?;
        mine(self.payments.find(no).await?).ok_or(RefreshError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakeClock, FakeGateway, FakeRail, FaultPlan, InMemoryStore, samples};
    use crate::payment::PaymentStatus;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// The fakes wait for nobody.
    fn wait<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("waits"),
        }
    }

    #[test]
    fn an_order_that_never_arrived_is_closed_when_no_clock_can_say_that_it_may_be_opened() {
        let plan = Arc::new(FaultPlan::none());
        let store = Arc::new(InMemoryStore::new());
        let clock = Arc::new(FakeClock::at(samples::at(0)));
        let rails = Rails::new(vec![Arc::new(FakeRail::new(plan.clone()))]);
        let apply = Arc::new(ApplyRailReport {
            payments: store.clone(),
            rails: rails.clone(),
            notices: Arc::new(FakeGateway::new(Vec::new(), plan)),
            clock: clock.clone(),
        });
        let healer = HealPayments { payments: store.clone(), rails, apply, clock: clock.clone() };
        let payment = samples::payment("YW000001", "330000001FS1", 20_000);
        wait(store.insert(&payment, &samples::started())).unwrap();
        let end = payment.expires_at.duration_since(samples::at(0));
        let mut looks = Vec::new();
        for (after_s, expected) in [
            (-300, PaymentStatus::Submitted),
            (360, PaymentStatus::Submitted),
            (420, PaymentStatus::Closed),
        ] {
            let wanted = end + SignedDuration::from_secs(after_s);
            clock.advance(wanted - clock.now().duration_since(samples::at(0)));
            looks.extend(wait(healer.run_once(Rail::WeChatPay, 16)).unwrap());
            let found = wait(PaymentStore::find(store.as_ref(), &payment.no)).unwrap().unwrap();
            assert_eq!(found.state.status(), expected, "{after_s} s after its end");
        }
        assert_eq!(looks.len(), 3, "it was looked at each time");
    }
}

#[cfg(test)]
#[path = "heal_tests.rs"]
mod look_tests;

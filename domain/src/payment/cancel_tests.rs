//! Giving up before paying: of the own payment, and only while nobody has paid.

use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{FakeClock, FakeGateway, FakeRail, Fault, FaultPlan, InMemoryStore};
use crate::payment::{ApplyRailReport, PaymentStatus};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

/// A payment of P1 at a rail whose calls go so, and whether its order is placed there.
fn bench(plan: FaultPlan, placed: bool) -> (CancelPayment, Arc<FakeRail>, Payment) {
    let store = Arc::new(InMemoryStore::new());
    let clock = Arc::new(FakeClock::at(at(20)));
    let rail = Arc::new(FakeRail::new(Arc::new(plan)));
    let rails = Rails::new(vec![rail.clone()]);
    let apply = Arc::new(ApplyRailReport {
        payments: store.clone(),
        rails: rails.clone(),
        notices: Arc::new(FakeGateway::new(Vec::new(), Arc::new(FaultPlan::none()))),
        clock: clock.clone(),
    });
    let healer = Arc::new(HealPayments {
        payments: store.clone(),
        rails: rails.clone(),
        apply,
        clock: clock.clone(),
    });
    let payment = samples::payment("YW000001", "330000001FS1", 20_000);
    wait(store.insert(&payment, &samples::started())).unwrap();
    if placed {
        wait(rail.submit(&payment.order())).unwrap();
    }
    (CancelPayment { payments: store, rails, healer, clock }, rail, payment)
}

fn cancels(cancel: &CancelPayment, who: &str, payment: &Payment) -> Result<Payment, CancelError> {
    wait(cancel.run(&samples::caller(who), &payment.no))
}

#[test]
fn an_open_payment_is_closed_at_the_rail_by_its_own_person_alone() {
    for placed in [true, false] {
        let (cancel, rail, payment) = bench(FaultPlan::none(), placed);
        assert!(matches!(cancels(&cancel, "P2", &payment), Err(CancelError::NotFound)));
        let closed = cancels(&cancel, "P1", &payment).unwrap();
        assert_eq!(closed.state.status(), PaymentStatus::Closed);
        assert!(!rail.citizen_pays(&payment.no, samples::money("T1", 20_000)));
        assert_eq!(cancels(&cancel, "P1", &payment).unwrap(), closed, "again is the same");
    }
}

#[test]
fn what_is_paid_is_found_and_not_cancelled() {
    let (cancel, rail, payment) = bench(FaultPlan::none(), true);
    assert!(rail.citizen_pays(&payment.no, samples::money("T1", 20_000)));
    for _ in 0..2 {
        let Err(CancelError::Settled(paid)) = cancels(&cancel, "P1", &payment) else {
            panic!("it was paid")
        };
        assert_eq!(paid.state.status(), PaymentStatus::Paid);
    }
}

#[test]
fn without_the_rails_word_nothing_is_cancelled() {
    // The first call places the order, the second closes it.
    let (cancel, _, payment) = bench(FaultPlan::at(1, Fault::SilentNotDone), true);
    let Err(CancelError::OutcomeUnknown(open)) = cancels(&cancel, "P1", &payment) else {
        panic!("nobody knows")
    };
    assert!(open.state.is_unsettled());
}

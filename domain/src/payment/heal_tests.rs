//! What one look at the rail does to a payment whose outcome nobody told.

use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{FakeClock, FakeGateway, FakeRail, Fault, FaultPlan, InMemoryStore};
use crate::payment::PaymentStatus;
use jiff::Timestamp;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

struct Bench {
    store: Arc<InMemoryStore>,
    rail: Arc<FakeRail>,
    clock: Arc<FakeClock>,
    healer: Arc<HealPayments>,
    payment: Payment,
}

/// One order from second 0 to second 900, placed at a rail that is connected or not, whose later
/// calls go so.
fn bench(connected: bool, then: FaultPlan) -> Bench {
    let store = Arc::new(InMemoryStore::new());
    let clock = Arc::new(FakeClock::at(at(0)));
    let rail = Arc::new(FakeRail::new(Arc::new(then)));
    let rails = match connected {
        true => Rails::new(vec![rail.clone()]),
        false => Rails::default(),
    };
    let apply = Arc::new(ApplyRailReport {
        payments: store.clone(),
        rails: rails.clone(),
        notices: Arc::new(FakeGateway::new(Vec::new(), Arc::new(FaultPlan::none()))),
        clock: clock.clone(),
    });
    let payment = samples::payment("YW000001", "330000001FS1", 20_000);
    wait(store.insert(&payment, &samples::started())).unwrap();
    wait(rail.submit(&payment.order())).unwrap();
    let healer = HealPayments { payments: store.clone(), rails, apply, clock: clock.clone() };
    Bench { store, rail, clock, healer: Arc::new(healer), payment }
}

impl Bench {
    /// One turn at that second: what it says it did, where the payment stands, and the next look.
    fn looks(&self, second: i64) -> (Vec<Asked>, PaymentStatus, Timestamp) {
        let now = self.clock.now();
        self.clock.advance(at(second).duration_since(now));
        let looked = wait(self.healer.run_once(Rail::WeChatPay, 16)).unwrap();
        let asked = looked.into_iter().map(|(no, asked)| {
            assert_eq!(no, self.payment.no);
            asked.unwrap()
        });
        let asked = asked.collect();
        let found = wait(self.store.find(&self.payment.no)).unwrap().unwrap();
        (asked, found.state.status(), found.next_check_at)
    }
}

#[test]
fn an_open_order_is_asked_for_until_its_end_and_then_closed_at_the_rail() {
    let bench = bench(true, FaultPlan::none());
    let open = vec![Asked::Open];
    assert_eq!(bench.looks(4), (vec![], PaymentStatus::Submitted, at(5)), "not due yet");
    assert_eq!(bench.looks(5), (open.clone(), PaymentStatus::Submitted, at(10)));
    assert_eq!(bench.looks(899), (open, PaymentStatus::Submitted, at(919)));
    assert!(bench.rail.report(&bench.payment.no).is_none());
    let (asked, status, _) = bench.looks(929);
    assert_eq!((asked, status), (vec![Asked::Settled], PaymentStatus::Closed));
    assert!(!bench.rail.citizen_pays(&bench.payment.no, samples::money("T1", 20_000)));
}

#[test]
fn money_that_nobody_told_of_is_found() {
    let bench = bench(true, FaultPlan::none());
    assert!(bench.rail.citizen_pays(&bench.payment.no, samples::money("T1", 20_000)));
    let (asked, status, _) = bench.looks(5);
    assert_eq!((asked, status), (vec![Asked::Settled], PaymentStatus::Paid));
}

#[test]
fn silence_of_the_rail_closes_nothing_even_after_the_end() {
    // The first call places the order, the second asks, the third closes.
    for (call, second) in [(1, 5), (1, 901), (2, 901)] {
        let bench = bench(true, FaultPlan::at(call, Fault::SilentNotDone));
        let (asked, status, _) = bench.looks(second);
        assert_eq!((asked, status), (vec![Asked::Open], PaymentStatus::Unknown), "{second} s");
    }
}

#[test]
fn a_payment_that_was_taken_to_heal_is_left_to_one_node_for_half_a_minute() {
    let bench = bench(false, FaultPlan::none());
    assert_eq!(bench.looks(5), (vec![Asked::Open], PaymentStatus::Submitted, at(35)));
    assert_eq!(bench.looks(34).0, []);
    assert_eq!(bench.looks(35).0, [Asked::Open]);
}

#[test]
fn a_citizen_who_comes_back_sees_the_own_payment_as_the_rail_has_it() {
    let bench = bench(true, FaultPlan::none());
    let refresh =
        RefreshPayment { payments: bench.store.clone(), healer: Arc::clone(&bench.healer) };
    let sees = |who: &str| wait(refresh.run(&samples::caller(who), &bench.payment.no));
    assert!(matches!(sees("P2"), Err(RefreshError::NotFound)));
    let before = sees("P1").unwrap();
    assert_eq!(before.state.status(), PaymentStatus::Submitted);
    assert!(bench.rail.citizen_pays(&bench.payment.no, samples::money("T1", 20_000)));
    let paid = sees("P1").unwrap();
    assert_eq!(paid.state.status(), PaymentStatus::Paid, "it was asked for at once");
    assert_eq!(sees("P1").unwrap(), paid);
}

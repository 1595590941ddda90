//! Two taps that meet at the rail.

use super::*;
use crate::fakes::samples::{caller, link, notice, notice_no, person};
use crate::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, FakeWatch, FaultPlan, InMemoryStore, PlainSeal,
    samples,
};
use crate::identity::Channel;
use crate::payment::{MerchantIdentity, OrderKey, PaymentStatus, RailOrder, RailOrderState};
use async_trait::async_trait;
use std::pin::pin;
use std::sync::{Mutex, Weak};
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

type Second = Result<Started, StartPaymentError>;

/// While the first order is under way, the same request comes a second time and is taken; then
/// the first one is refused ("too many requests", say).
struct TwoTaps {
    inner: FakeRail,
    start: Mutex<Weak<StartPayment>>,
    second: Mutex<Option<Second>>,
}

#[async_trait]
impl PaymentRail for TwoTaps {
    fn rail(&self) -> Rail {
        self.inner.rail()
    }

    fn merchant(&self) -> &MerchantIdentity {
        self.inner.merchant()
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        self.inner.cashier(channel)
    }

    fn limit(&self) -> PayableFen {
        self.inner.limit()
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        let first = std::mem::take(&mut *self.start.lock().unwrap()).upgrade();
        let Some(start) = first else { return self.inner.submit(order).await };
        let second = start.run(&caller("P1"), wanted()).await;
        *self.second.lock().unwrap() = Some(second);
        Err(OutsideError::Refused { code: "FREQUENCY_LIMITED".to_owned(), message: String::new() })
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.inner.query(order).await
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        self.inner.close(order).await
    }
}

fn wanted() -> WantedPayment {
    WantedPayment {
        notice_nos: vec![notice_no("330000001FS1")],
        rail: Rail::WeChatPay,
        expected_total: Fen::new(20_000),
        quote: None,
        key: IdempotencyKey::new("key-of-the-client").unwrap(),
    }
}

/// What two taps on one node or on two got: of the first, and of the second.
fn taps(other_node: bool) -> (Second, Second, Arc<InMemoryStore>) {
    let plan = Arc::new(FaultPlan::none());
    let store = Arc::new(InMemoryStore::new());
    wait(PersonStore::insert(store.as_ref(), &person("P1"), &link("P1"))).unwrap();
    let rail = Arc::new(TwoTaps {
        inner: FakeRail::new(plan.clone()),
        start: Mutex::default(),
        second: Mutex::default(),
    });
    let gateway = Arc::new(FakeGateway::new(vec![notice("330000001FS1", 20_000)], plan));
    let node = || {
        Arc::new(StartPayment {
            payments: store.clone(),
            persons: store.clone(),
            notices: gateway.clone(),
            items: Arc::new(samples::items()),
            quotes: Arc::new(PlainSeal),
            rails: Rails::new(vec![rail.clone()]),
            watch: Arc::new(FakeWatch::default()),
            clock: Arc::new(FakeClock::at(samples::at(0))),
            ids: Arc::new(CountingIds::default()),
        })
    };
    let (start, other) = (node(), node());
    let second = if other_node { &other } else { &start };
    *rail.start.lock().unwrap() = Arc::downgrade(second);
    let first = wait(start.run(&caller("P1"), wanted()));
    let second = rail.second.lock().unwrap().take().unwrap();
    (first, second, store)
}

#[test]
fn a_refusal_of_the_first_tap_does_not_close_what_the_second_tap_ordered() {
    let (first, second, store) = taps(true);
    let second = second.unwrap();
    assert!(second.cashier.is_some(), "the second tap opened the cashier");
    assert!(matches!(first, Err(StartPaymentError::OutcomeUnknown(_))), "not shown as failed");
    let stored = wait(PaymentStore::find(store.as_ref(), &second.payment.no)).unwrap().unwrap();
    assert_eq!(stored.state.status(), PaymentStatus::Submitted, "the rail may still be paid");
}

/// Fault case 18.
#[test]
fn a_tap_during_the_first_one_is_told_where_it_stands() {
    // The rail refuses the only order that it sees: the second tap did not reach it.
    let (first, second, store) = taps(false);
    let Err(StartPaymentError::Refused(Refusal::InProgress, Some(own))) = second else {
        panic!("{second:?}")
    };
    assert!(own.cashier.is_none());
    assert_eq!(own.payment.state.status(), PaymentStatus::Submitted);
    assert!(matches!(first, Err(StartPaymentError::Refused(Refusal::RailRefused, _))));
    let stored = wait(PaymentStore::find(store.as_ref(), &own.payment.no)).unwrap().unwrap();
    assert_eq!(stored.state.status(), PaymentStatus::Closed);
}

//! Keys and payments of an account that was merged: they are the person's, and stay where they
//! are.

use super::*;
use crate::fakes::samples::{caller, link, notice, notice_no, person};
use crate::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, FakeWatch, FaultPlan, InMemoryStore, PlainSeal,
    samples,
};
use crate::payment::ReadPayments;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

fn wanted(notice: &str, key: &str) -> WantedPayment {
    WantedPayment {
        notice_nos: vec![notice_no(notice)],
        rail: Rail::WeChatPay,
        expected_total: Fen::new(20_000),
        quote: None,
        key: IdempotencyKey::new(key).unwrap(),
    }
}

const FINES: [&str; 3] = ["330000001FS1", "330000001FS2", "330000001FS3"];

fn start() -> (StartPayment, Arc<InMemoryStore>) {
    let plan = Arc::new(FaultPlan::none());
    let store = Arc::new(InMemoryStore::new());
    for id in ["P1", "P2"] {
        wait(PersonStore::insert(store.as_ref(), &person(id), &link(id))).unwrap();
    }
    let fines = FINES.map(|no| notice(no, 20_000));
    let start = StartPayment {
        payments: store.clone(),
        persons: store.clone(),
        notices: Arc::new(FakeGateway::new(fines.to_vec(), plan.clone())),
        items: Arc::new(samples::items()),
        quotes: Arc::new(PlainSeal),
        rails: Rails::new(vec![Arc::new(FakeRail::new(plan))]),
        watch: Arc::new(FakeWatch::default()),
        clock: Arc::new(FakeClock::at(samples::at(0))),
        ids: Arc::new(CountingIds::default()),
    };
    (start, store)
}

#[test]
fn a_key_makes_one_payment_whichever_account_used_it_first() {
    let (start, store) = start();
    let younger = caller("P2");
    let first = wait(start.run(&younger, wanted(FINES[0], "key-number-1"))).unwrap().payment;
    let own = wait(start.run(&caller("P1"), wanted(FINES[1], "key-number-1"))).unwrap().payment;

    let mut elder = caller("P1");
    elder.person.former_ids = vec![younger.person.id.clone()];
    for (fine, payment) in [(FINES[0], &first), (FINES[1], &own)] {
        let again = wait(start.run(&elder, wanted(fine, "key-number-1"))).unwrap();
        assert_eq!(again.payment.no, payment.no, "both keep their key");
        assert!(again.cashier.is_some());
    }
    let other = wait(start.run(&elder, wanted(FINES[2], "key-number-1")));
    assert!(matches!(other, Err(StartPaymentError::Refused(Refusal::KeyReused, None))));
    let held = wait(start.run(&elder, wanted(FINES[0], "key-number-2")));
    let Err(StartPaymentError::Refused(Refusal::InProgress, Some(shown))) = held else {
        panic!("{held:?}")
    };
    assert_eq!(shown.payment.no, first.no, "an own one, so it is shown");

    let read = ReadPayments { payments: store.clone() };
    assert_eq!(wait(read.list(&elder, None, 9)).unwrap().payments.len(), 2);
    let seen = wait(read.find(&elder, &first.no)).unwrap().unwrap();
    assert_eq!(seen.person, younger.person.id, "no row of money changes its owner");
    assert_eq!(wait(read.find(&caller("P3"), &first.no)).unwrap(), None);
}

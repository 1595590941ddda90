//! Commits on PostgreSQL that fail, or of which nobody knows.

use crate::bench::{change, confirmed};
use adapters::store::{PersonalDataKeys, Store};
use async_trait::async_trait;
use domain::fakes::samples::{self, caller};
use domain::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, FakeWatch, FaultPlan, PlainSeal,
};
use domain::identity::PersonStore;
use domain::ids::{IdempotencyKey, PaymentNo, PersonId};
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{
    InsertError, LedgerBook as _, Payment, PaymentChange, PaymentPage, PaymentRecord, PaymentState,
    PaymentStatus, PaymentStore, Rail, Rails, StartPayment, StartPaymentError, WantedPayment,
};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::cutting_proxy::{Cut, CuttingProxy};

async fn migrated(url: &str) -> Store {
    let store = Store::connect(url, PersonalDataKeys::ephemeral().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let (person, link) = (samples::person("P1"), samples::link("P1"));
    PersonStore::insert(&store, &person, &link).await.unwrap();
    store
}

/// Starts payments over these stores; the rail and all others are fakes.
fn starts(payments: Arc<dyn PaymentStore>, persons: Store) -> (StartPayment, Arc<FakeRail>) {
    let plan = Arc::new(FaultPlan::none());
    let rail = Arc::new(FakeRail::new(plan.clone()));
    let start = StartPayment {
        payments,
        persons: Arc::new(persons),
        notices: Arc::new(FakeGateway::new(vec![samples::notice("330000001FS1", 20_000)], plan)),
        items: Arc::new(samples::items()),
        quotes: Arc::new(PlainSeal),
        rails: Rails::new(vec![rail.clone()]),
        watch: Arc::new(FakeWatch::default()),
        clock: Arc::new(FakeClock::at(samples::at(0))),
        ids: Arc::new(CountingIds::default()),
    };
    (start, rail)
}

fn wanted() -> WantedPayment {
    WantedPayment {
        notice_nos: vec![samples::notice_no("330000001FS1")],
        rail: Rail::WeChatPay,
        expected_total: Fen::new(20_000),
        quote: None,
        key: IdempotencyKey::new("key-of-the-client").unwrap(),
    }
}

/// Fault case 25.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_was_carried_out_and_is_found() {
    let (proxy, url) = CuttingProxy::before(&tests::postgres::fresh_database().await).await;
    let store = migrated(&url).await;
    let (start, rail) = starts(Arc::new(store.clone()), store.clone());
    proxy.cuts(Cut::AfterCommit);
    let started = start.run(&caller("P1"), wanted()).await.unwrap();
    assert!(proxy.has_cut() && started.cashier.is_some(), "it was stored, so the rail was asked");
    assert_eq!(rail.orders(), 1);

    let payment = PaymentStore::find(&store, &started.payment.no).await.unwrap().unwrap();
    assert_eq!(payment, started.payment);
    proxy.cuts(Cut::AfterCommit);
    let money = change(&payment, confirmed(&payment, "T1"));
    PaymentStore::save(&store, &money).await.unwrap();
    assert!(proxy.has_cut());
    let stored = PaymentStore::find(&store, &payment.no).await.unwrap().unwrap();
    assert_eq!(stored.state.status(), PaymentStatus::Paid);
    // The money, and the agency's claim that it meets.
    assert_eq!(store.totals().await.unwrap(), (Fen::new(40_000), Fen::new(40_000)), "once");
}

/// Fault case 25.
#[tokio::test]
async fn a_commit_that_never_arrived_is_a_failure_that_changed_nothing() {
    let (proxy, url) = CuttingProxy::before(&tests::postgres::fresh_database().await).await;
    let store = migrated(&url).await;
    let (start, rail) = starts(Arc::new(store.clone()), store.clone());
    proxy.cuts(Cut::BeforeCommit);
    let refused = start.run(&caller("P1"), wanted()).await;
    assert!(matches!(refused, Err(StartPaymentError::Store(StoreError::Unavailable(_)))));
    assert!(proxy.has_cut() && rail.orders() == 0, "the rail was not asked");
    let key = wanted().key;
    let none = store.find_by_key(&samples::person("P1").id, &key).await.unwrap();
    assert_eq!(none, None, "and nothing is stored");
    let payment = start.run(&caller("P1"), wanted()).await.unwrap().payment;

    proxy.cuts(Cut::BeforeCommit);
    let money = change(&payment, confirmed(&payment, "T1"));
    let failed = PaymentStore::save(&store, &money).await;
    assert!(proxy.has_cut() && matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    assert_eq!(store.totals().await.unwrap(), (Fen::ZERO, Fen::ZERO));
    let stored = PaymentStore::find(&store, &payment.no).await.unwrap().unwrap();
    assert_eq!(stored.state, PaymentState::Submitted);
    PaymentStore::save(&store, &money).await.unwrap();
    // The money, and the agency's claim that it meets.
    assert_eq!(store.totals().await.unwrap(), (Fen::new(40_000), Fen::new(40_000)), "once");
}

/// An error-injecting store: PostgreSQL, on a disk that can be full.
struct ErrorInjectingStore {
    inner: Store,
    full: AtomicBool,
}

impl ErrorInjectingStore {
    fn has_room(&self) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("injected: No space left on device".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl PaymentStore for ErrorInjectingStore {
    async fn insert(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), InsertError> {
        self.has_room()?;
        PaymentStore::insert(&self.inner, payment, record).await
    }
    async fn save(&self, change: &PaymentChange) -> Result<(), StoreError> {
        self.has_room()?;
        PaymentStore::save(&self.inner, change).await
    }
    async fn find(&self, no: &PaymentNo) -> Result<Option<Payment>, StoreError> {
        PaymentStore::find(&self.inner, no).await
    }
    async fn find_by_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<Payment>, StoreError> {
        self.inner.find_by_key(person, key).await
    }
    async fn find_holder(&self, notice: &NoticeNo) -> Result<Option<Payment>, StoreError> {
        self.inner.find_holder(notice).await
    }
    async fn history(&self, no: &PaymentNo) -> Result<Vec<PaymentRecord>, StoreError> {
        PaymentStore::history(&self.inner, no).await
    }
    async fn list_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError> {
        PaymentStore::list_of_person(&self.inner, owners, before, limit).await
    }
    async fn lease_unsettled(
        &self,
        rail: Rail,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError> {
        self.has_room()?;
        self.inner.lease_unsettled(rail, now, until, limit).await
    }
}

/// Fault case 27.
#[tokio::test]
async fn an_error_injecting_store_on_postgres_takes_no_money_while_its_disk_is_full() {
    let inner = migrated(&tests::postgres::fresh_database().await).await;
    let full = AtomicBool::new(true);
    let store = Arc::new(ErrorInjectingStore { inner: inner.clone(), full });
    let (start, rail) = starts(store.clone(), inner);
    let refused = start.run(&caller("P1"), wanted()).await;
    assert!(matches!(refused, Err(StartPaymentError::Store(StoreError::Unavailable(_)))));
    assert_eq!(rail.orders(), 0, "no money can be taken");
    let owners = samples::person("P1").ids();
    let page = PaymentStore::list_of_person(store.as_ref(), &owners, None, 9).await.unwrap();
    assert_eq!(page.payments, [], "reading goes on");
    store.full.store(false, Ordering::SeqCst);
    let started = start.run(&caller("P1"), wanted()).await.unwrap();
    assert!(started.cashier.is_some());

    // Full again, between the order and its second asking: nobody says that nothing was taken.
    store.full.store(true, Ordering::SeqCst);
    let again = start.run(&caller("P1"), wanted()).await;
    assert!(matches!(again, Err(StartPaymentError::Store(_))), "not asked again");
    assert_eq!(rail.orders(), 1);
}

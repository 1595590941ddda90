//! Rows of the previous release, and of the next one: what it wrote is read, healed and
//! fulfilled, before and after the tables are brought up to date, and beside it.

use crate::bench::TempFolder;
use adapters::store::{PersonalDataKeys, Store};
use domain::fakes::samples::{self, link};
use domain::fakes::{CountingIds, FakeClock, FakeGateway, FakeRail, FaultPlan};
use domain::identity::{ChannelLink, Person, PersonStore};
use domain::ids::{PaymentNo, PersonId};
use domain::money::Fen;
use domain::payment::{
    ApplyRailReport, CallbackInbox, Ceilings, HealPayments, LedgerBook as _, OutboxStore, OweBack,
    PaymentRail as _, PaymentStatus as Is, PaymentStore, Rail, RailNews, Rails,
};
use domain::receipt::{FulfilPayments, ReceiptBook as _};
use jiff::{SignedDuration, Timestamp};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use std::sync::Arc;

const ROWS: &str = include_str!("../data/previous/rows.sql");
const BOOK: &str = include_str!("../data/previous/migrations.sql");
const TABLES: [&str; 4] = [
    include_str!("../../adapters/src/store/migrations/0001_identity.sql"),
    include_str!("../../adapters/src/store/migrations/0002_payment.sql"),
    include_str!("../../adapters/src/store/migrations/0003_fulfilment.sql"),
    include_str!("../../adapters/src/store/migrations/0004_reconciliation.sql"),
];
const PERSON: &str = "D1A4QQYS1SMHZ0AK0NW3";
const RECEIPTED: &str = "YW202603021000004F1GTVEN5PCQ";
const CLOSED: &str = "YW20260302100001FEH1E3Z1ASQT";
const NOT_WRITTEN_OFF: &str = "YW20260302100001KWEDZZ53Y359";
const UNKNOWN: &str = "YW202603021000019AVZMQT4P0MR";
const NEVER_PAID: &str = "YW2026030210000162F2KE1PHWAA";
const PAID_UNSEEN: &str = "YW2026030210000143SVR2FDTHKQ";

fn no(text: &str) -> PaymentNo {
    PaymentNo::new(text).unwrap()
}

async fn run(sql: &DatabaseConnection, text: &str) {
    sql.execute_unprepared(text).await.unwrap();
}

async fn opened(url: &str) -> (Store, DatabaseConnection) {
    let store = Store::connect(url, PersonalDataKeys::ephemeral().unwrap()).await.unwrap();
    (store, Database::connect(url).await.unwrap())
}

/// The person of the rows; what is sealed in theirs, only their own keys can open.
async fn with_person(store: &Store) {
    let id = PersonId::new(PERSON).unwrap();
    let person = Person { id: id.clone(), ..samples::person("P1") };
    PersonStore::insert(store, &person, &ChannelLink { person: id, ..link("P1") }).await.unwrap();
}

async fn status(store: &Store, payment: &str) -> Is {
    PaymentStore::find(store, &no(payment)).await.unwrap().unwrap().state.status()
}

struct Work {
    rail: Arc<FakeRail>,
    gateway: Arc<FakeGateway>,
    clock: Arc<FakeClock>,
    healer: HealPayments,
    fulfil: FulfilPayments,
}

fn work(store: &Store) -> Work {
    let plan = Arc::new(FaultPlan::none());
    let store = Arc::new(store.clone());
    let notices = (8..=13).zip([10_100, 10_500, 10_200, 10_300, 10_600, 10_400]);
    let notices = notices.map(|(n, fen)| samples::notice(&format!("330000001FS{n:010}"), fen));
    let gateway = Arc::new(FakeGateway::new(notices.collect(), plan.clone()));
    let rail = Arc::new(FakeRail::new(plan));
    let now: Timestamp = "2026-03-02T10:01:00+08:00".parse().unwrap();
    let clock = Arc::new(FakeClock::at(now));
    let rails = Rails::new(vec![rail.clone()]);
    let apply = Arc::new(ApplyRailReport {
        payments: store.clone(),
        rails: rails.clone(),
        notices: gateway.clone(),
        clock: clock.clone(),
    });
    let payments = store.clone();
    let healer = HealPayments { payments, rails, apply, clock: clock.clone() };
    let fulfil = FulfilPayments {
        outbox: store.clone(),
        payments: store.clone(),
        persons: store.clone(),
        owe_back: Arc::new(OweBack {
            refunds: store.clone(),
            payments: store,
            ceilings: Ceilings::all(Ceilings::USUAL),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
        }),
        write_offs: gateway.clone(),
        receipts: gateway.clone(),
        clock: clock.clone(),
    };
    Work { rail, gateway, clock, healer, fulfil }
}

async fn is_read_and_healed(store: &Store) {
    with_person(store).await;
    let person = PersonId::new(PERSON).unwrap();
    let page =
        PaymentStore::list_of_person(store, std::slice::from_ref(&person), None, 10).await.unwrap();
    assert_eq!(page.payments.len(), 6, "every row is read");
    let mut lines = 0;
    for payment in &page.payments {
        lines += PaymentStore::history(store, &payment.no).await.unwrap().len();
    }
    assert_eq!(lines, 10, "every line of history is read");

    let Work { rail, gateway, clock, healer, fulfil } = work(store);
    let now = domain::clock::Clock::now(clock.as_ref());
    let heard = CallbackInbox::lease(store, now, now + SignedDuration::from_secs(15), 9).await;
    let heard = heard.unwrap();
    let RailNews::Paid(report) = &heard[0].news else { panic!("{heard:?}") };
    assert_eq!((heard.len(), report.order_no.as_str()), (1, NOT_WRITTEN_OFF));
    assert_eq!(report.money.amount.fen(), Fen::new(10_200));

    // The rail has the three orders; two of them are paid, and nobody was told.
    for (payment, paid) in [(UNKNOWN, true), (PAID_UNSEEN, true), (NEVER_PAID, false)] {
        let payment = PaymentStore::find(store, &no(payment)).await.unwrap().unwrap();
        rail.submit(&payment.order()).await.unwrap();
        let fen = payment.amount.fen().value();
        let money = domain::payment::Money { at: now, ..samples::money(&format!("T{fen}"), fen) };
        assert!(!paid || rail.citizen_pays(&payment.no, money));
    }
    assert_eq!(healer.run_once(Rail::WeChatPay, 9).await.unwrap().len(), 3, "all that is open");
    for (payment, stands) in [
        (RECEIPTED, Is::Paid),
        (CLOSED, Is::Closed),
        (NOT_WRITTEN_OFF, Is::Paid),
        (UNKNOWN, Is::Paid),
        (PAID_UNSEEN, Is::Paid),
    ] {
        assert_eq!(status(store, payment).await, stands, "{payment}");
    }
    for _ in 0..20 {
        clock.advance(SignedDuration::from_secs(120));
        healer.run_once(Rail::WeChatPay, 9).await.unwrap();
        fulfil.run_once(9).await.unwrap();
    }
    assert_eq!(status(store, NEVER_PAID).await, Is::Closed, "no payment is stuck");
    assert_eq!(OutboxStore::backlog(store).await.unwrap(), (0, 0));
    assert_eq!(gateway.counts(), (3, 3), "what that release had not told yet, once each");
    let receipts = store.list_of_payment(&no(RECEIPTED)).await.unwrap();
    assert_eq!(receipts[0].receipt.amount, Fen::new(10_100));
    assert_eq!((receipts[0].person.as_str(), receipts[0].agency.code.as_str()), (PERSON, "011102"));
    // The next node that starts finishes what one of the previous release left.
    store.migrate().await.unwrap();
    let page = store.list_receipts_of_person(&[person], None, 9).await.unwrap();
    assert_eq!(page.receipts.len(), 4);
    // The previous release booked no claims; this one does, with the money that it honours.
    let all = Fen::new(10_100 + 10_200 + 10_300 + 10_400 + 10_300 + 10_400);
    assert_eq!(store.totals().await.unwrap(), (all, all));
}

async fn both() -> [(String, Option<TempFolder>); 2] {
    let folder = TempFolder::new();
    let sqlite = folder.sqlite_url();
    [(sqlite, Some(folder)), (tests::postgres::fresh_database().await, None)]
}

/// Fault case 35.
#[tokio::test]
async fn rows_of_the_previous_release_are_read_and_healed_after_its_tables_were_brought_up_to_date()
{
    for (url, _folder) in both().await {
        let (store, sql) = opened(&url).await;
        for text in TABLES.into_iter().chain([BOOK, ROWS]) {
            run(&sql, text).await;
        }
        store.migrate().await.unwrap();
        is_read_and_healed(&store).await;
    }
}

/// Fault case 35.
#[tokio::test]
async fn rows_that_a_node_of_the_previous_release_still_writes_are_read_and_healed() {
    for (url, _folder) in both().await {
        let (store, sql) = opened(&url).await;
        store.migrate().await.unwrap();
        run(&sql, ROWS).await;
        is_read_and_healed(&store).await;
    }
}

/// Fault case 35.
#[tokio::test]
async fn what_the_next_release_adds_to_rows_is_let_pass() {
    for (url, _folder) in both().await {
        let (store, sql) = opened(&url).await;
        store.migrate().await.unwrap();
        run(&sql, ROWS).await;
        for table in ["payment", "payment_notice", "payment_event", "outbox", "callback_inbox"] {
            run(&sql, &format!("ALTER TABLE {table} ADD COLUMN of_the_next TEXT")).await;
            run(&sql, &format!("UPDATE {table} SET of_the_next = 'unknown'")).await;
        }
        let items = "UPDATE payment_notice SET items = \
                     replace(items, '\"fen\"', '\"ofTheNext\":{\"a\":[1]},\"fen\"')";
        run(&sql, items).await;
        is_read_and_healed(&store).await;
    }
}

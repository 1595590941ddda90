//! Stores to try, and small things to put into them.

use adapters::store::{PersonalDataKeys, Store};
use domain::casework::booking::BookingStore;
use domain::catalogue::{AppMarks, CatalogueVersions, SearchMisses};
use domain::engine::Submissions;
use domain::fakes::{InMemoryStore, samples};
use domain::identity::{
    AuditTrail, DataStore, FactStore, LinkStore, MandateStore, PersonStore, PhoneCodeStore,
    SessionStore, StaffSessions, StaffStore, TicketStore,
};
use domain::payment::{
    CallbackInbox, EventReason, Evidence, LedgerBalances, LedgerBook, OutboxStore, Payment,
    PaymentChange, PaymentEvent, PaymentStore, RefundStore,
};
use domain::receipt::{GatewayInbox, GivenBackBook, PaidBook, ReceiptBook};
use domain::reconciliation::{ClearingBook, DayBook};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A store with every port.
pub trait EveryPort:
    PersonStore
    + SessionStore
    + StaffStore
    + PhoneCodeStore
    + PaymentStore
    + OutboxStore
    + LedgerBook
    + LedgerBalances
    + CallbackInbox
    + ReceiptBook
    + GivenBackBook
    + PaidBook
    + DayBook
    + GatewayInbox
    + ClearingBook
    + Clone
    + 'static
{
}

impl<S> EveryPort for S where
    S: PersonStore
        + SessionStore
        + StaffStore
        + PhoneCodeStore
        + PaymentStore
        + OutboxStore
        + LedgerBook
        + LedgerBalances
        + CallbackInbox
        + ReceiptBook
        + GivenBackBook
        + PaidBook
        + DayBook
        + GatewayInbox
        + ClearingBook
        + Clone
        + 'static
{
}

/// And those of refunds, whose methods are named as others are.
pub trait RefundPorts: EveryPort + RefundStore + StaffSessions + AuditTrail {}

impl<S> RefundPorts for S where S: EveryPort + RefundStore + StaffSessions + AuditTrail {}

/// And those of accounts.
pub trait AccountPorts:
    EveryPort + LinkStore + AppMarks + AuditTrail + Submissions + CatalogueVersions + SearchMisses
{
}

impl<S> AccountPorts for S where
    S: EveryPort
        + LinkStore
        + AppMarks
        + AuditTrail
        + Submissions
        + CatalogueVersions
        + SearchMisses
{
}

/// And that of bookings, whose methods are named as others are.
pub trait BookingPorts: EveryPort + BookingStore {}

impl<S> BookingPorts for S where S: EveryPort + BookingStore {}

/// And those of mandates and of what departments are told.
pub trait MandatePorts: AccountPorts + MandateStore + DataStore + FactStore + TicketStore {}

impl<S> MandatePorts for S where S: AccountPorts + MandateStore + DataStore + FactStore + TicketStore
{}

/// Two handles on one store, as two nodes of the service have them.
pub struct Bench<S> {
    pub store: S,
    pub other: S,
    /// Goes when the case is over.
    pub folder: Option<TempFolder>,
}

/// The contracts as tests of one kind of store. A macro, because a test must be an item.
macro_rules! every_contract {
    ($new_bench:path) => {
        #[tokio::test]
        async fn persons() {
            crate::persons::person_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn accounts() {
            crate::accounts::link_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn mandates() {
            crate::mandates::mandate_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn data_and_tickets() {
            crate::data::data_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn app_marks() {
            crate::app_marks::app_marks_contract($new_bench).await;
        }
        #[tokio::test]
        async fn catalogue() {
            crate::catalogue::catalogue_contract($new_bench).await;
        }
        #[tokio::test]
        async fn submissions() {
            crate::submissions::submissions_contract($new_bench).await;
        }
        #[tokio::test]
        async fn certificates() {
            crate::certificates::certificate_book_contract($new_bench).await;
        }
        #[tokio::test]
        async fn files() {
            crate::files::file_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn bookings() {
            crate::bookings::booking_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn cases() {
            crate::cases::case_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn drafts() {
            crate::cases::draft_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn messages() {
            crate::messages::message_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn reach_of_citizens() {
            crate::messages::reach_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn sessions() {
            crate::sessions::session_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn staff() {
            crate::staff::staff_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn phone_codes() {
            crate::phone_codes::phone_code_contract($new_bench).await;
        }
        #[tokio::test]
        async fn payments() {
            crate::payments::payment_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn refunds() {
            crate::refunds::refund_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn work_on_refunds() {
            crate::refund_work::refund_work_contract($new_bench).await;
        }
        /// Fault case 23.
        #[tokio::test]
        async fn leases_of_payments() {
            crate::leases::payment_lease_contract($new_bench).await;
        }
        #[tokio::test]
        async fn outbox_and_receipts() {
            crate::outbox::outbox_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn receipts() {
            crate::receipts::receipt_book_contract($new_bench).await;
        }
        #[tokio::test]
        async fn ledger() {
            crate::ledger::ledger_book_contract($new_bench).await;
        }
        #[tokio::test]
        async fn callbacks() {
            crate::callbacks::callback_inbox_contract($new_bench).await;
        }
        #[tokio::test]
        async fn days() {
            crate::days::day_book_contract($new_bench).await;
        }
        #[tokio::test]
        async fn sources() {
            crate::sources::source_store_contract($new_bench).await;
        }
        #[tokio::test]
        async fn gateway_inbox() {
            crate::gateway::gateway_inbox_contract($new_bench).await;
        }
        #[tokio::test]
        async fn clearing_of_days() {
            crate::gateway::clearing_book_contract($new_bench).await;
        }
    };
}
pub(crate) use every_contract;

pub async fn in_memory() -> Bench<InMemoryStore> {
    let store = InMemoryStore::new();
    Bench { other: store.clone(), store, folder: None }
}

pub async fn sqlite() -> Bench<Store> {
    let folder = TempFolder::new();
    let bench = opened(&folder.sqlite_url()).await;
    Bench { folder: Some(folder), ..bench }
}

pub async fn postgres() -> Bench<Store> {
    opened(&tests::postgres::fresh_database().await).await
}

async fn opened(url: &str) -> Bench<Store> {
    let keys = PersonalDataKeys::ephemeral().unwrap();
    let store = Store::connect(url, keys.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let other = Store::connect(url, keys).await.unwrap();
    Bench { store, other, folder: None }
}

/// A folder of one test.
pub struct TempFolder(PathBuf);

impl TempFolder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("yiwang-contracts-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn sqlite_url(&self) -> String {
        format!("sqlite://{}", self.0.join("yiwang.db").display())
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // A folder that stays behind is untidy, not a failed test.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `330000001FS` and a number.
pub fn notice(number: u32) -> String {
    format!("330000001FS{number}")
}

/// A submitted payment of one notice for 206.00, by person P1.
pub fn payment(number: u32, of_notice: u32) -> Payment {
    samples::payment(&format!("YW{number:06}"), &notice(of_notice), 20_600)
}

/// One payment of several notices.
pub fn payment_of(number: u32, of_notices: &[u32]) -> Payment {
    let mut whole = payment(number, of_notices[0]);
    let snapshots = of_notices.iter().map(|of| payment(number, *of).notices.remove(0));
    whole.notices = snapshots.collect();
    let fen = 20_600 * i64::try_from(of_notices.len()).unwrap();
    whole.amount = domain::money::PayableFen::new(fen).unwrap();
    whole
}

/// Stores it with its first history line.
pub async fn insert(store: &impl EveryPort, payment: &Payment) {
    PaymentStore::insert(store, payment, &samples::started()).await.unwrap();
}

/// The change that `event` makes, learnt at second 20.
pub fn change(payment: &Payment, event: PaymentEvent) -> PaymentChange {
    let evidence = Evidence::Callback("EV1".to_owned());
    let reason = (EventReason::RailConfirmed, Some(evidence));
    payment.after(event, reason, samples::at(20)).unwrap()
}

/// Lets `event` happen to the payment as it is stored now; answers how it is stored then.
pub async fn happens(store: &impl EveryPort, payment: &Payment, event: PaymentEvent) -> Payment {
    let stored = PaymentStore::find(store, &payment.no).await.unwrap().unwrap();
    PaymentStore::save(store, &change(&stored, event)).await.unwrap();
    PaymentStore::find(store, &payment.no).await.unwrap().unwrap()
}

/// All the money of the payment, told by the rail.
pub fn confirmed(payment: &Payment, txn: &str) -> PaymentEvent {
    PaymentEvent::Confirm(samples::money(txn, payment.amount.fen().value()))
}

/// Inserts and pays.
pub async fn paid(store: &impl EveryPort, payment: &Payment) -> Payment {
    insert(store, payment).await;
    happens(store, payment, confirmed(payment, &format!("T-{}", payment.no))).await
}

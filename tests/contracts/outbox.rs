//! The contract of `OutboxStore`, and how receipts come by it into the `ReceiptBook`.

use crate::bench::{Bench, EveryPort, paid, payment, payment_of};
use domain::fakes::samples::{self, at};
use domain::payment::{
    OutboxItem, OutboxKind, OutboxStore, Payment, PaymentEvent, PaymentStore, WriteOffStatus,
};
use domain::receipt::{FiledReceipt, ReceiptBook};
use jiff::Timestamp;

/// What every `OutboxStore` must do.
pub async fn outbox_store_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_receipt_comes_only_after_its_write_off(&new_bench().await.store).await;
    a_write_off_marks_the_notice_once(&new_bench().await.store).await;
    a_lease_is_for_one_worker_and_ends(&new_bench().await).await;
    workers_that_lease_at_once_share_the_work(&new_bench().await).await;
    a_postponed_item_comes_again_and_a_parked_one_does_not(&new_bench().await.store).await;
    a_receipt_is_stored_once_and_found(&new_bench().await.store).await;
    receipts_of_a_payment_are_in_order(&new_bench().await.store).await;
    an_item_that_is_done_stays_done(&new_bench().await.store).await;
    a_save_takes_no_write_off_away(&new_bench().await.store).await;
    messages_about_one_notice_go_in_order(&new_bench().await.store).await;
    a_receipt_that_never_comes_waits_no_longer(&new_bench().await.store).await;
}

fn item(payment: &Payment, place: usize, kind: OutboxKind) -> OutboxItem {
    let notice_no = payment.notices[place].no.clone();
    OutboxItem { payment_no: payment.no.clone(), notice_no, kind }
}

fn receipt(payment: &Payment, place: usize, number: u32) -> FiledReceipt {
    let receipt = samples::receipt(payment, place, number);
    FiledReceipt::of(receipt, payment, None).unwrap()
}

/// What is leased at `now` until `until`, with the attempts before, sorted.
async fn leased(
    store: &impl EveryPort,
    now: Timestamp,
    until: Timestamp,
) -> Vec<(OutboxItem, u32)> {
    let rows = OutboxStore::lease(store, now, until, 100).await.unwrap();
    let mut rows: Vec<_> = rows.into_iter().map(|row| (row.item, row.attempts)).collect();
    rows.sort();
    rows
}

async fn a_receipt_comes_only_after_its_write_off(store: &impl EveryPort) {
    use OutboxKind::{IssueReceipt, WriteOff};
    let one = paid(store, &payment_of(1, &[1, 2])).await;
    assert_eq!(store.backlog().await.unwrap(), (4, 0));
    let first = leased(store, at(20), at(30)).await;
    assert_eq!(first, [(item(&one, 0, WriteOff), 0), (item(&one, 1, WriteOff), 0)]);
    store.written_off(&item(&one, 1, WriteOff), at(25)).await.unwrap();
    assert_eq!(leased(store, at(29), at(40)).await, [(item(&one, 1, IssueReceipt), 0)]);
    assert_eq!(leased(store, at(30), at(60)).await, [(item(&one, 0, WriteOff), 0)]);
    store.receipted(&item(&one, 1, IssueReceipt), &receipt(&one, 1, 1), &[]).await.unwrap();
    assert_eq!(store.backlog().await.unwrap(), (2, 0));
    store.written_off(&item(&one, 0, WriteOff), at(31)).await.unwrap();
    assert_eq!(leased(store, at(40), at(70)).await, [(item(&one, 0, IssueReceipt), 0)]);
    store.receipted(&item(&one, 0, IssueReceipt), &receipt(&one, 0, 2), &[]).await.unwrap();
    assert_eq!(leased(store, at(9999), at(10_000)).await, []);
    assert_eq!(store.backlog().await.unwrap(), (0, 0));
}

async fn a_write_off_marks_the_notice_once(store: &impl EveryPort) {
    let one = paid(store, &payment_of(1, &[1, 2])).await;
    assert_eq!(one.write_off(), WriteOffStatus::Pending);
    let write_off = item(&one, 1, OutboxKind::WriteOff);
    store.written_off(&write_off, at(30)).await.unwrap();
    store.written_off(&write_off, at(99)).await.unwrap();
    let marked = PaymentStore::find(store, &one.no).await.unwrap().unwrap();
    assert_eq!(marked.notices[1].written_off_at, Some(at(30)), "the first time counts");
    assert_eq!(marked.notices[0].written_off_at, None);
    assert_eq!(marked.write_off(), WriteOffStatus::Partial);
    assert_eq!(marked.version, one.version, "a write-off is no change of the payment");
}

async fn a_lease_is_for_one_worker_and_ends<S: EveryPort>(bench: &Bench<S>) {
    let one = paid(&bench.store, &payment(1, 1)).await;
    let write_off = item(&one, 0, OutboxKind::WriteOff);
    assert_eq!(leased(&bench.store, at(20), at(30)).await, [(write_off.clone(), 0)]);
    assert_eq!(leased(&bench.other, at(29), at(40)).await, []);
    assert_eq!(leased(&bench.other, at(30), at(40)).await, [(write_off, 0)]);
    let none = OutboxStore::lease(&bench.store, at(99), at(100), 0).await.unwrap();
    assert_eq!(none, []);
}

async fn workers_that_lease_at_once_share_the_work<S: EveryPort>(bench: &Bench<S>) {
    for number in 1..=20 {
        paid(&bench.store, &payment(number, number)).await;
    }
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { OutboxStore::lease(&store, at(20), at(60), 4).await.unwrap() })
    });
    let mut items = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        let rows = task.await.unwrap();
        assert!(rows.len() <= 4);
        items.extend(rows.into_iter().map(|row| row.item));
    }
    // Those that were locked by somebody else at that moment are left for the next time.
    let rest = leased(&bench.store, at(20), at(60)).await;
    items.extend(rest.into_iter().map(|(item, _)| item));
    items.sort();
    let count = items.len();
    items.dedup();
    assert_eq!((count, items.len()), (20, 20), "each exactly once");
}

async fn a_postponed_item_comes_again_and_a_parked_one_does_not(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let write_off = item(&one, 0, OutboxKind::WriteOff);
    assert_eq!(leased(store, at(20), at(50)).await, [(write_off.clone(), 0)]);
    store.postpone(&write_off, "not reached", Some(at(24))).await.unwrap();
    assert_eq!(leased(store, at(23), at(50)).await, []);
    assert_eq!(leased(store, at(24), at(50)).await, [(write_off.clone(), 1)]);
    store.postpone(&write_off, "拒绝\0", None).await.unwrap();
    assert_eq!(leased(store, at(9999), at(10_000)).await, []);
    assert_eq!(
        store.backlog().await.unwrap(),
        (1, 1),
        "the receipt waits, the write-off is parked"
    );
    // Staff may have it tried again.
    store.postpone(&write_off, "tried again by hand", Some(at(60))).await.unwrap();
    assert_eq!(leased(store, at(60), at(90)).await, [(write_off, 3)]);
    assert_eq!(store.backlog().await.unwrap(), (2, 0));
}

async fn a_receipt_is_stored_once_and_found(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let issue = item(&one, 0, OutboxKind::IssueReceipt);
    let receipt = receipt(&one, 0, 1);
    assert_eq!(ReceiptBook::find(store, &receipt.receipt.id).await.unwrap(), None);
    store.written_off(&item(&one, 0, OutboxKind::WriteOff), at(30)).await.unwrap();
    store.receipted(&issue, &receipt, &[]).await.unwrap();
    // The worker died after the store had answered, and another does it again.
    store.receipted(&issue, &receipt, &[]).await.unwrap();
    assert_eq!(
        ReceiptBook::find(store, &receipt.receipt.id).await.unwrap().as_ref(),
        Some(&receipt)
    );
    assert_eq!(store.list_of_payment(&one.no).await.unwrap(), [receipt]);
}

async fn receipts_of_a_payment_are_in_order(store: &impl EveryPort) {
    let one = paid(store, &payment_of(1, &[1, 2, 3])).await;
    let other = paid(store, &payment(2, 4)).await;
    for (place, number) in [(2, 7), (0, 8), (1, 9)] {
        let issue = item(&one, place, OutboxKind::IssueReceipt);
        store.receipted(&issue, &receipt(&one, place, number), &[]).await.unwrap();
    }
    let listed = store.list_of_payment(&one.no).await.unwrap();
    let expected = [(0, 8), (1, 9), (2, 7)].map(|(place, number)| receipt(&one, place, number));
    assert_eq!(listed, expected);
    assert_eq!(store.list_of_payment(&other.no).await.unwrap(), []);
    let issue = item(&other, 0, OutboxKind::IssueReceipt);
    store.receipted(&issue, &receipt(&other, 0, 10), &[]).await.unwrap();
    let both = store.list_of_payments(&[other.no.clone(), one.no.clone()]).await.unwrap();
    assert_eq!((&both[&one.no], &both[&other.no][..]), (&listed, &[receipt(&other, 0, 10)][..]));
    let ids: Vec<_> = listed.iter().map(|filed| filed.receipt.id.clone()).collect();
    let by_id = ReceiptBook::find_all(store, &ids).await.unwrap();
    assert_eq!(ids.iter().map(|id| by_id[id].clone()).collect::<Vec<_>>(), listed);
    assert!(ReceiptBook::find_all(store, &[]).await.unwrap().is_empty());
    assert_eq!(store.list_of_payment(&samples::payment_no("YW999999")).await.unwrap(), []);
}

async fn an_item_that_is_done_stays_done(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let write_off = item(&one, 0, OutboxKind::WriteOff);
    store.written_off(&write_off, at(30)).await.unwrap();
    // A worker whose lease had ended reports its failure after another one's success.
    store.postpone(&write_off, "timeout", Some(at(31))).await.unwrap();
    let again = leased(store, at(9999), at(10_000)).await;
    assert_eq!(again, [(item(&one, 0, OutboxKind::IssueReceipt), 0)]);
    assert_eq!(store.backlog().await.unwrap(), (1, 0));
}

/// The healer, or staff who refund, may have read the payment before the write-off was told.
async fn a_save_takes_no_write_off_away(store: &impl EveryPort) {
    let old = paid(store, &payment(1, 1)).await;
    store.written_off(&item(&old, 0, OutboxKind::WriteOff), at(30)).await.unwrap();
    let change = crate::bench::change(&old, PaymentEvent::StartRefund);
    PaymentStore::save(store, &change).await.unwrap();
    let stored = PaymentStore::find(store, &old.no).await.unwrap().unwrap();
    assert_eq!(stored.notices[0].written_off_at, Some(at(30)));
}

/// The first payment was refunded before the gateway had heard of it, and the notice paid again.
async fn messages_about_one_notice_go_in_order(store: &impl EveryPort) {
    let first = paid(store, &payment(1, 1)).await;
    for event in [PaymentEvent::StartRefund, PaymentEvent::RefundRest] {
        crate::bench::happens(store, &first, event).await;
    }
    let second = paid(store, &payment(2, 1)).await;
    let elsewhere = paid(store, &payment(3, 2)).await;
    let write_off = |of: &Payment| item(of, 0, OutboxKind::WriteOff);
    let due = [(write_off(&first), 0), (write_off(&elsewhere), 0)];
    assert_eq!(leased(store, at(20), at(30)).await, due);
    store.postpone(&write_off(&first), "not reached", Some(at(60))).await.unwrap();
    assert_eq!(leased(store, at(59), at(90)).await, [(write_off(&elsewhere), 0)]);
    store.written_off(&write_off(&elsewhere), at(59)).await.unwrap();
    assert_eq!(leased(store, at(60), at(90)).await[0], (write_off(&first), 1));
    // Staff have it: whatever they find, the later money counts.
    store.postpone(&write_off(&first), "REVERSED", None).await.unwrap();
    let next = leased(store, at(60), at(90)).await;
    assert!(next.contains(&(write_off(&second), 0)), "{next:?}");
}

async fn a_receipt_that_never_comes_waits_no_longer(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    store.written_off(&item(&one, 0, OutboxKind::WriteOff), at(30)).await.unwrap();
    let issue = item(&one, 0, OutboxKind::IssueReceipt);
    assert_eq!(leased(store, at(30), at(60)).await, [(issue.clone(), 0)]);
    store.never_receipted(&issue, at(31)).await.unwrap();
    assert_eq!(leased(store, at(9999), at(10_000)).await, []);
    assert_eq!(store.backlog().await.unwrap(), (0, 0));
    assert_eq!(store.list_of_payment(&one.no).await.unwrap(), []);
}

//! The contracts of `ReceiptBook`, `GivenBackBook` and `PaidBook`. How receipts come in by the
//! outbox is told in `outbox.rs`.

use crate::bench::{Bench, EveryPort, insert, notice, paid, payment, payment_of};
use domain::fakes::samples::{self, at};
use domain::identity::PersonName;
use domain::ids::RefundNo;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::{OutboxItem, OutboxKind, Payment};
use domain::receipt::{FiledReceipt, PaidWithin, ReceiptBook, ReceiptId, RedLetter};
use domain::standards::ReceiptNo;

/// What every `ReceiptBook`, `GivenBackBook` and `PaidBook` must do.
pub async fn receipt_book_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    all_that_stands_on_a_receipt_is_kept(&new_bench().await.store).await;
    a_reversal_is_filed_once_and_linked_both_ways(&new_bench().await.store).await;
    a_second_reversal_and_one_of_nothing_are_refused(&new_bench().await.store).await;
    reversals_that_come_at_once_are_one(&new_bench().await).await;
    one_receipt_stands_and_the_rest_takes_its_place(&new_bench().await.store).await;
    receipts_of_a_person_are_paged_newest_first(&new_bench().await.store).await;
    what_was_given_back_is_told_by_payment_and_notice(&new_bench().await.store).await;
    payments_are_listed_by_the_time_of_their_money(&new_bench().await.store).await;
}

fn id(number: u32) -> ReceiptId {
    let of = samples::receipt(&payment(1, 1), 0, 1).id;
    ReceiptId { number: ReceiptNo::new(&format!("{number:010}")).unwrap(), ..of }
}

/// Files the receipt with this number for one notice of the payment.
async fn filed(
    store: &impl EveryPort,
    payment: &Payment,
    place: usize,
    number: u32,
) -> FiledReceipt {
    let name = PersonName::new("王小明").unwrap();
    let receipt = samples::receipt(payment, place, number);
    let filed = FiledReceipt::of(receipt, payment, Some(name)).unwrap();
    let item = OutboxItem {
        payment_no: payment.no.clone(),
        notice_no: filed.receipt.notice_no.clone(),
        kind: OutboxKind::IssueReceipt,
    };
    store.receipted(&item, &filed, &[]).await.unwrap();
    filed
}

fn red(of: &FiledReceipt, number: u32) -> FiledReceipt {
    let mut red = of.clone();
    red.receipt.id = id(number);
    red.receipt.issued_at = at(60);
    red.red_letter = Some(RedLetter {
        original: of.receipt.id.clone(),
        refund_no: RefundNo::new(&format!("YT{number:06}")).unwrap(),
        reason: "重复缴款退付".to_owned(),
    });
    red
}

fn rest(of: &FiledReceipt, number: u32, fen: i64) -> FiledReceipt {
    let mut rest = of.clone();
    rest.receipt.id = id(number);
    rest.receipt.issued_at = at(70);
    rest.receipt.amount = Fen::new(fen);
    rest.items[0].amount = Fen::new(fen);
    rest
}

async fn find(store: &impl EveryPort, number: u32) -> Option<FiledReceipt> {
    ReceiptBook::find(store, &id(number)).await.unwrap()
}

async fn all_that_stands_on_a_receipt_is_kept(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let kept = filed(store, &one, 0, 1).await;
    assert_eq!(find(store, 1).await, Some(kept.clone()));
    assert_eq!(kept.payer.unwrap().as_str(), "王小明");
    assert_eq!(kept.agency, one.notices[0].agency);
    assert_eq!(kept.items, one.notices[0].items);
    assert_eq!(find(store, 2).await, None);
}

async fn a_reversal_is_filed_once_and_linked_both_ways(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let original = filed(store, &one, 0, 1).await;
    let red = red(&original, 9);
    for _ in 0..2 {
        store.file_reversal(&red).await.unwrap();
    }
    assert_eq!(find(store, 9).await, Some(red));
    let taken_back = FiledReceipt { reversed_by: Some(id(9)), ..original };
    assert_eq!(find(store, 1).await, Some(taken_back.clone()));
    assert_eq!(store.list_of_payment(&one.no).await.unwrap(), [taken_back], "no red letters");
    let chain = store.list_chain(&one.no, &one.notices[0].no).await.unwrap();
    let numbers: Vec<_> = chain.iter().map(|filed| filed.receipt.id.clone()).collect();
    assert_eq!(numbers, [id(1), id(9)]);
}

async fn a_second_reversal_and_one_of_nothing_are_refused(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let original = filed(store, &one, 0, 1).await;
    let first = red(&original, 8);
    store.file_reversal(&first).await.unwrap();
    let nowhere = FiledReceipt { receipt: samples::receipt(&one, 0, 77), ..original.clone() };
    for refused in [red(&original, 9), red(&first, 9), red(&nowhere, 9), original.clone()] {
        let told = store.file_reversal(&refused).await;
        assert!(matches!(told, Err(StoreError::Conflict)), "{told:?}");
    }
    assert_eq!(find(store, 9).await, None, "nothing of it was filed");
    assert_eq!(find(store, 1).await.unwrap().reversed_by, Some(id(8)));
    assert_eq!(find(store, 8).await.unwrap().reversed_by, None);
}

async fn reversals_that_come_at_once_are_one<S: EveryPort>(bench: &Bench<S>) {
    let one = paid(&bench.store, &payment(1, 1)).await;
    let original = filed(&bench.store, &one, 0, 1).await;
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let red = red(&original, 10 + number);
        tokio::spawn(async move { store.file_reversal(&red).await })
    });
    let mut done = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(StoreError::Conflict) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    let chain = bench.store.list_chain(&one.no, &one.notices[0].no).await.unwrap();
    assert_eq!((done, chain.len()), (1, 2));
    assert_eq!(chain[0].reversed_by.as_ref(), Some(&chain[1].receipt.id));
}

async fn one_receipt_stands_and_the_rest_takes_its_place(store: &impl EveryPort) {
    let one = paid(store, &payment(1, 1)).await;
    let original = filed(store, &one, 0, 1).await;
    let rest = rest(&original, 5, 15_000);
    let early = store.file_replacement(&rest).await;
    assert!(matches!(early, Err(StoreError::Conflict)), "the original stands: {early:?}");
    store.file_reversal(&red(&original, 9)).await.unwrap();
    for _ in 0..2 {
        store.file_replacement(&rest).await.unwrap();
    }
    let second = FiledReceipt { receipt: samples::receipt(&one, 0, 6), ..original };
    let second = store.file_replacement(&second).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "the rest stands: {second:?}");
    let listed = store.list_of_payment(&one.no).await.unwrap();
    let numbers: Vec<_> = listed.iter().map(|filed| filed.receipt.id.clone()).collect();
    assert_eq!(numbers, [id(1), id(5)], "in order of issue");
}

async fn receipts_of_a_person_are_paged_newest_first(store: &impl EveryPort) {
    for number in 1..=5 {
        let one = paid(store, &payment(number, number)).await;
        filed(store, &one, 0, number).await;
    }
    let mut foreign = payment(6, 6);
    foreign.person = samples::person("P2").id;
    let foreign = paid(store, &foreign).await;
    filed(store, &foreign, 0, 6).await;
    let original = find(store, 1).await.unwrap();
    store.file_reversal(&red(&original, 9)).await.unwrap();
    let p1 = samples::person("P1").ids();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_receipts_of_person(&p1, before.as_ref(), 2).await.unwrap();
        assert!(page.receipts.len() <= 2);
        seen.extend(page.receipts.iter().map(|filed| filed.receipt.id.clone()));
        before = seen.last().cloned();
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, [9, 5, 4, 3, 2, 1].map(id), "the red letter is the newest");
    let both = [samples::person("P1").id, samples::person("P2").id];
    let page = store.list_receipts_of_person(&both, Some(&id(9)), 3).await.unwrap();
    let ids: Vec<_> = page.receipts.into_iter().map(|filed| filed.receipt.id).collect();
    assert_eq!((ids, page.more), ([6, 5, 4].map(id).to_vec(), true), "two ids, one history");
    for unknown in [id(6), id(99)] {
        let page = store.list_receipts_of_person(&p1, Some(&unknown), 2).await.unwrap();
        assert_eq!((page.receipts, page.more), (Vec::new(), false));
    }
}

async fn what_was_given_back_is_told_by_payment_and_notice(store: &impl EveryPort) {
    let two = paid(store, &payment_of(1, &[1, 2])).await;
    let (whole, part) = (filed(store, &two, 0, 1).await, filed(store, &two, 1, 2).await);
    let other = paid(store, &payment(3, 3)).await;
    filed(store, &other, 0, 3).await;
    assert_eq!(store.list_given_back(&[two.no.clone(), other.no.clone()]).await.unwrap(), []);
    store.file_reversal(&red(&whole, 8)).await.unwrap();
    store.file_reversal(&red(&part, 9)).await.unwrap();
    store.file_replacement(&rest(&part, 5, 20_000)).await.unwrap();
    let told = store.list_given_back(&[two.no.clone(), other.no.clone()]).await.unwrap();
    let told: Vec<_> = told.iter().map(|b| (b.notice_no.as_str(), b.amount, b.at)).collect();
    let (first, second) = (notice(1), notice(2));
    let expected = [(first.as_str(), Fen::new(20_600), at(60)), (&second, Fen::new(600), at(60))];
    assert_eq!(told, expected);
    assert_eq!(store.list_given_back(&[other.no]).await.unwrap(), []);
    assert_eq!(store.list_given_back(&[]).await.unwrap(), []);
}

async fn payments_are_listed_by_the_time_of_their_money(store: &impl EveryPort) {
    for number in 1..=5 {
        paid(store, &payment(number, number)).await;
    }
    insert(store, &payment(6, 6)).await;
    let mut foreign = payment(7, 7);
    foreign.person = samples::person("P2").id;
    paid(store, &foreign).await;
    let owners = samples::person("P1").ids();
    // Every sample's money comes at second 10.
    let within = PaidWithin { owners, from: at(10), until: at(11) };
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_paid(&within, after.as_ref(), 2).await.unwrap();
        seen.extend(page.iter().map(|payment| payment.no.to_string()));
        let Some(last) = page.last() else { break };
        assert_eq!(last.notices.len(), 1, "with its notices");
        after = Some((at(10), last.no.clone()));
    }
    assert_eq!(seen, ["YW000001", "YW000002", "YW000003", "YW000004", "YW000005"]);
    for (from, until) in [(at(0), at(10)), (at(11), at(99))] {
        let outside = PaidWithin { from, until, ..within.clone() };
        assert_eq!(store.list_paid(&outside, None, 9).await.unwrap(), []);
    }
}

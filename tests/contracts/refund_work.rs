//! The contract of `RefundStore` with what workers and staff look for.

use crate::bench::{Bench, RefundPorts, confirmed, happens, insert, payment};
use crate::refund_samples::{automatic, moved, new, refund_no, stored};
use domain::clock::beijing_day;
use domain::fakes::samples::{self, at};
use domain::money::Fen;
use domain::payment::{
    BalanceMove, Payment, PaymentEvent, Rail, Refund, RefundEvent, RefundState, RefundStatus,
    RefundStore,
};
use domain::reconciliation::{DayBook, DayResult, DayState};

/// What every `RefundStore` must find.
pub async fn refund_work_contract<S: RefundPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    what_is_due_is_leased_by_one_node_until_its_end(&new_bench().await).await;
    nodes_that_lease_at_once_share_the_work(&new_bench().await).await;
    a_woken_refund_is_due_at_once_unless_it_waits_for_people(&new_bench().await.store).await;
    the_queue_has_no_gaps_and_no_repeats(&new_bench().await.store).await;
    money_that_never_counted_is_owed_until_a_refund_of_it_lives(&new_bench().await.store).await;
    a_day_is_cleared_once_its_statement_settled_it(&new_bench().await.store).await;
}

fn numbers(refunds: &[Refund]) -> Vec<&str> {
    refunds.iter().map(|refund| refund.no.as_str()).collect()
}

/// Payments with a refund each, due one second after the other.
async fn due(store: &impl RefundPorts, count: u32) -> Vec<Refund> {
    let mut all = Vec::new();
    for number in 1..=count {
        let of = payment(number, number);
        insert(store, &of).await;
        let next_try_at = Some(at(i64::from(count - number)));
        let refund = Refund { next_try_at, ..automatic(number, &of, 100) };
        stored(store, &of, 0, &refund).await;
        all.push(refund);
    }
    all
}

async fn what_is_due_is_leased_by_one_node_until_its_end<S: RefundPorts>(bench: &Bench<S>) {
    let all = due(&bench.store, 3).await;
    let leased = RefundStore::lease_due(&bench.store, at(1), at(60), 9).await.unwrap();
    assert_eq!(numbers(&leased), [all[2].no.as_str(), all[1].no.as_str()], "longest due first");
    assert_eq!(leased[0].next_try_at, Some(at(60)));
    let other = RefundStore::lease_due(&bench.other, at(2), at(60), 9).await.unwrap();
    assert_eq!(numbers(&other), [all[0].no.as_str()], "the others are taken");
    let again = RefundStore::lease_due(&bench.other, at(60), at(90), 2).await.unwrap();
    assert_eq!(again.len(), 2, "a lease ends, and no more than asked for are taken");
    let sent = moved(&again[0], RefundEvent::Send, BalanceMove::None);
    RefundStore::save(&bench.other, &sent).await.unwrap();
}

async fn nodes_that_lease_at_once_share_the_work<S: RefundPorts>(bench: &Bench<S>) {
    due(&bench.store, 12).await;
    let tasks = (0..6).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { store.lease_due(at(20), at(60), 3).await.unwrap() })
    });
    let mut leased = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        leased.extend(task.await.unwrap());
    }
    leased.extend(bench.store.lease_due(at(20), at(60), 20).await.unwrap());
    let mut leased: Vec<_> = leased.iter().map(|refund| refund.no.clone()).collect();
    leased.sort();
    assert_eq!(leased, (1..=12).map(refund_no).collect::<Vec<_>>(), "each exactly once");
}

async fn a_woken_refund_is_due_at_once_unless_it_waits_for_people(store: &impl RefundPorts) {
    let of = payment(1, 1);
    insert(store, &of).await;
    let later = Refund { next_try_at: Some(at(600)), ..automatic(1, &of, 100) };
    let waits = Refund { next_try_at: None, ..automatic(2, &of, 100) };
    RefundStore::insert(store, &new(&of, 0, &[&later, &waits])).await.unwrap();
    for refund in [&later, &waits] {
        RefundStore::wake(store, &refund.no, at(5)).await.unwrap();
    }
    let leased = RefundStore::lease_due(store, at(5), at(700), 9).await.unwrap();
    assert_eq!(numbers(&leased), [later.no.as_str()]);
    RefundStore::wake(store, &later.no, at(800)).await.unwrap();
    let none = RefundStore::lease_due(store, at(699), at(900), 9).await.unwrap();
    assert_eq!(numbers(&none), [""; 0]);
    let leased = RefundStore::lease_due(store, at(700), at(900), 9).await.unwrap();
    assert_eq!(numbers(&leased), [later.no.as_str()], "waking never puts off");
}

async fn the_queue_has_no_gaps_and_no_repeats(store: &impl RefundPorts) {
    let all = due(store, 7).await;
    for refund in &all[..2] {
        let sent = moved(refund, RefundEvent::Send, BalanceMove::None);
        RefundStore::save(store, &sent).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut edge = None;
    loop {
        let page = store.queue(&[], edge.as_ref(), 3).await.unwrap();
        edge = page.refunds.last().map(|refund| refund.no.clone());
        seen.extend(page.refunds.iter().map(|refund| refund.no.clone()));
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (1..=7).map(refund_no).collect::<Vec<_>>());
    let statuses = [RefundStatus::Submitted, RefundStatus::Done];
    let page = store.queue(&statuses, None, 10).await.unwrap();
    assert_eq!(numbers(&page.refunds), [all[0].no.as_str(), all[1].no.as_str()]);
    let none = store.queue(&[RefundStatus::Rejected], None, 10).await.unwrap();
    assert_eq!((none.refunds, none.more), (Vec::new(), false));
}

async fn owed(store: &impl RefundPorts, number: u32) -> Payment {
    let late = payment(number, number);
    insert(store, &late).await;
    happens(store, &late, PaymentEvent::Close).await;
    happens(store, &late, confirmed(&late, &format!("T{number}"))).await
}

async fn money_that_never_counted_is_owed_until_a_refund_of_it_lives(store: &impl RefundPorts) {
    insert(store, &payment(3, 3)).await;
    let (first, second) = (owed(store, 1).await, owed(store, 2).await);
    let list = |limit| store.list_owed(limit);
    assert_eq!(list(9).await.unwrap(), [first.no.clone(), second.no.clone()]);
    assert_eq!(list(1).await.unwrap(), std::slice::from_ref(&first.no));
    let refund = automatic(1, &first, 20_600);
    stored(store, &first, 0, &refund).await;
    assert_eq!(list(9).await.unwrap(), std::slice::from_ref(&second.no));
    let sent = moved(&refund, RefundEvent::Send, BalanceMove::None);
    RefundStore::save(store, &sent).await.unwrap();
    let sent = RefundStore::find(store, &refund.no).await.unwrap().unwrap();
    let failed = RefundEvent::Fail { code: "X".to_owned() };
    RefundStore::save(store, &moved(&sent, failed, BalanceMove::Freed)).await.unwrap();
    assert_eq!(list(9).await.unwrap(), [first.no.clone(), second.no.clone()], "owed again");

    // Money of another amount waits for two persons, and is owed a refund all the same.
    let other = payment(4, 4);
    insert(store, &other).await;
    let money = PaymentEvent::ConfirmOther(samples::money("T4", 20_600));
    let held = happens(store, &other, money).await;
    let all = [first.no.clone(), second.no.clone(), held.no.clone()];
    assert_eq!(list(9).await.unwrap(), all);
    let asked = Refund { state: RefundState::Requested, ..automatic(2, &held, 20_600) };
    stored(store, &held, 0, &asked).await;
    assert_eq!(list(9).await.unwrap(), [first.no.clone(), second.no.clone()]);
    let refused = moved(&asked, RefundEvent::Reject, BalanceMove::Freed);
    RefundStore::save(store, &refused).await.unwrap();
    assert_eq!(list(9).await.unwrap(), all, "a refusal leaves it owed");
}

async fn a_day_is_cleared_once_its_statement_settled_it(store: &impl RefundPorts) {
    let day = beijing_day(at(0));
    assert!(!store.is_cleared(Rail::WeChatPay, day).await.unwrap());
    for (state, cleared) in [(DayState::Different, false), (DayState::Matched, true)] {
        let result = DayResult {
            rail: Rail::WeChatPay,
            day,
            state,
            judged_at: at(0),
            file_hash: "0".repeat(64),
            lines: Vec::new(),
            ledger_count: 0,
            ledger_total: Fen::ZERO,
            fee_total: Fen::ZERO,
            discrepancies: Vec::new(),
            next_try_at: None,
        };
        DayBook::save(store, &result, b"").await.unwrap();
        assert_eq!(store.is_cleared(Rail::WeChatPay, day).await.unwrap(), cleared, "{state:?}");
    }
    assert!(!store.is_cleared(Rail::Alipay, day).await.unwrap());
}

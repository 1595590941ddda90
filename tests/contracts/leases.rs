//! The contract of `PaymentStore::lease_unsettled`.

use crate::bench::{Bench, EveryPort, change, confirmed, happens, insert, payment};
use domain::fakes::samples::at;
use domain::payment::{Payment, PaymentEvent, PaymentStore, Rail};

/// What every `PaymentStore` must do with leases.
pub async fn payment_lease_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    only_unsettled_payments_that_are_due_are_leased(&new_bench().await.store).await;
    a_lease_is_for_one_node_and_ends(&new_bench().await).await;
    nodes_that_lease_at_once_share_the_work(&new_bench().await).await;
    a_leased_payment_can_be_saved(&new_bench().await.store).await;
}

fn numbers(leased: &[Payment]) -> Vec<String> {
    leased.iter().map(|payment| payment.no.to_string()).collect()
}

async fn only_unsettled_payments_that_are_due_are_leased(store: &impl EveryPort) {
    for number in 1..=6 {
        let next_check_at = at(i64::from(10 - number));
        insert(store, &Payment { next_check_at, ..payment(number, number) }).await;
    }
    happens(store, &payment(2, 2), PaymentEvent::Silence).await;
    happens(store, &payment(3, 3), PaymentEvent::Close).await;
    happens(store, &payment(4, 4), confirmed(&payment(4, 4), "T1")).await;
    assert_eq!(store.lease_unsettled(Rail::WeChatPay, at(3), at(60), 9).await.unwrap(), []);
    let leased = store.lease_unsettled(Rail::WeChatPay, at(8), at(60), 1).await.unwrap();
    assert_eq!(numbers(&leased), ["YW000006"], "the longest overdue first");
    assert_eq!(leased[0].next_check_at, at(60));
    let leased = store.lease_unsettled(Rail::WeChatPay, at(8), at(60), 9).await.unwrap();
    assert_eq!(numbers(&leased), ["YW000005", "YW000002"]);
}

async fn a_lease_is_for_one_node_and_ends<S: EveryPort>(bench: &Bench<S>) {
    insert(&bench.store, &payment(1, 1)).await;
    let leased = bench.store.lease_unsettled(Rail::WeChatPay, at(5), at(20), 9).await.unwrap();
    assert_eq!(numbers(&leased), ["YW000001"]);
    assert_eq!(bench.other.lease_unsettled(Rail::WeChatPay, at(19), at(60), 9).await.unwrap(), []);
    let leased = bench.other.lease_unsettled(Rail::WeChatPay, at(20), at(60), 9).await.unwrap();
    assert_eq!(numbers(&leased), ["YW000001"]);
}

async fn nodes_that_lease_at_once_share_the_work<S: EveryPort>(bench: &Bench<S>) {
    for number in 1..=20 {
        insert(&bench.store, &payment(number, number)).await;
    }
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move {
            store.lease_unsettled(Rail::WeChatPay, at(5), at(60), 5).await.unwrap()
        })
    });
    let mut leased = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        leased.extend(numbers(&task.await.unwrap()));
    }
    // Those that were locked by somebody else at that moment are left for the next time.
    leased.extend(numbers(
        &bench.store.lease_unsettled(Rail::WeChatPay, at(5), at(60), 20).await.unwrap(),
    ));
    leased.sort();
    let all: Vec<_> = (1..=20).map(|number| format!("YW{number:06}")).collect();
    assert_eq!(leased, all, "each exactly once");
}

async fn a_leased_payment_can_be_saved(store: &impl EveryPort) {
    let one = payment(1, 1);
    insert(store, &one).await;
    let leased = store.lease_unsettled(Rail::WeChatPay, at(5), at(20), 1).await.unwrap().remove(0);
    assert_eq!(leased, Payment { next_check_at: at(20), ..one.clone() });
    PaymentStore::save(store, &change(&one, PaymentEvent::Close)).await.unwrap();
}

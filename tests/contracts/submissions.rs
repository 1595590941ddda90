//! The contract of `Submissions`.

use crate::bench::{AccountPorts, Bench};
use domain::engine::{Claimed, NewSubmission, Submissions};
use domain::fakes::samples::{at, person};
use domain::ids::{IdempotencyKey, PersonId, SubmissionNo};

/// What every `Submissions` must do.
pub async fn submissions_contract<S: AccountPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_key_keeps_its_number_and_its_input(&new_bench().await.store).await;
    accounts_that_became_one_share_their_keys(&new_bench().await.store).await;
    two_who_claim_at_once_get_one_number(&new_bench().await).await;
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).unwrap()
}

fn owners(ids: &[&str]) -> Vec<PersonId> {
    ids.iter().map(|id| person(id).id).collect()
}

/// What becomes of the claim; the number ends in `no`.
async fn claim(
    store: &impl Submissions,
    owners: &[PersonId],
    key_text: &str,
    input: &str,
    no: u32,
) -> Claimed {
    let no = SubmissionNo::new(&format!("YS0000{no}")).unwrap();
    let key = key(key_text);
    store.claim(&NewSubmission { owners, key: &key, input, no: &no, at: at(0) }).await.unwrap()
}

fn same(no: u32) -> Claimed {
    Claimed::Same(SubmissionNo::new(&format!("YS0000{no}")).unwrap())
}

async fn a_key_keeps_its_number_and_its_input(store: &impl AccountPorts) {
    let (one, two) = (owners(&["P1"]), owners(&["P2"]));
    assert_eq!(claim(store, &one, "key-0001", "张三", 1).await, same(1));
    assert_eq!(claim(store, &one, "key-0001", "张三", 2).await, same(1));
    assert_eq!(claim(store, &one, "key-0001", "李四", 3).await, Claimed::Other);
    assert_eq!(claim(store, &one, "key-0001", "张三", 4).await, same(1), "still");
    assert_eq!(claim(store, &one, "key-0002", "张三", 5).await, same(5), "another key");
    assert_eq!(claim(store, &two, "key-0001", "李四", 6).await, same(6), "another person");
}

async fn accounts_that_became_one_share_their_keys(store: &impl AccountPorts) {
    assert_eq!(claim(store, &owners(&["P2"]), "key-0001", "a", 1).await, same(1));
    let merged = owners(&["P1", "P2"]);
    assert_eq!(claim(store, &merged, "key-0001", "a", 2).await, same(1));
    assert_eq!(claim(store, &merged, "key-0001", "b", 3).await, Claimed::Other);
    assert_eq!(claim(store, &merged, "key-0003", "a", 4).await, same(4));
    assert_eq!(claim(store, &owners(&["P1"]), "key-0003", "a", 5).await, same(4));
    // Both had used one key before they became one: each input finds its own.
    assert_eq!(claim(store, &owners(&["P3"]), "key-0004", "c", 6).await, same(6));
    assert_eq!(claim(store, &owners(&["P4"]), "key-0004", "d", 7).await, same(7));
    for merged in [owners(&["P3", "P4"]), owners(&["P4", "P3"])] {
        assert_eq!(claim(store, &merged, "key-0004", "c", 8).await, same(6));
        assert_eq!(claim(store, &merged, "key-0004", "d", 8).await, same(7));
        assert_eq!(claim(store, &merged, "key-0004", "e", 8).await, Claimed::Other);
    }
}

async fn two_who_claim_at_once_get_one_number<S: AccountPorts>(bench: &Bench<S>) {
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let claim = async move { claim(&store, &owners(&["P1"]), "key-0001", "a", number).await };
        tokio::spawn(claim)
    });
    let mut claimed = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        claimed.push(task.await.unwrap());
    }
    claimed.dedup();
    assert_eq!(claimed.len(), 1, "{claimed:?}");
}

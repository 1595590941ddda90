//! The contract of `AppMarks`.

use crate::bench::{AccountPorts, Bench};
use domain::catalogue::{AppSlug, FavouriteAdded, MOST_FAVOURITES, MOST_RECENT};
use domain::fakes::samples::{self, at};
use domain::identity::PersonStore;
use domain::ids::PersonId;

/// What every `AppMarks` must do.
pub async fn app_marks_contract<S: AccountPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    favourites_keep_the_order_of_their_adding(&new_bench().await.store).await;
    fifty_favourites_are_enough_however_many_come_at_once(&new_bench().await).await;
    favourites_of_accounts_that_became_one_are_seen_once(&new_bench().await.store).await;
    the_last_twenty_apps_are_remembered(&new_bench().await.store).await;
    recent_apps_of_accounts_that_became_one_are_seen_once(&new_bench().await.store).await;
}

fn app(number: usize) -> AppSlug {
    AppSlug::new(&format!("app_{number:03}")).unwrap()
}

async fn owners(store: &impl AccountPorts, ids: &[&str]) -> Vec<PersonId> {
    for id in ids {
        let person = samples::person(id);
        PersonStore::insert(store, &person, &samples::link(id)).await.unwrap();
    }
    ids.iter().map(|id| samples::person(id).id).collect()
}

async fn favourites_keep_the_order_of_their_adding(store: &impl AccountPorts) {
    let own = owners(store, &["P1"]).await;
    let other = owners(store, &["P2"]).await;
    assert_eq!(store.list_favourites(&own).await.unwrap(), []);
    for (second, number) in [(1, 7), (2, 3), (3, 5), (4, 7)] {
        let added = store.add_favourite(&own, &app(number), at(second)).await.unwrap();
        assert_eq!(added, FavouriteAdded::Kept);
    }
    store.add_favourite(&other, &app(1), at(5)).await.unwrap();
    let kept = [app(7), app(3), app(5)];
    assert_eq!(store.list_favourites(&own).await.unwrap(), kept, "again changes no place");
    assert!(!store.remove_favourite(&own, &app(1)).await.unwrap(), "somebody else's");
    assert!(store.remove_favourite(&own, &app(3)).await.unwrap());
    assert!(!store.remove_favourite(&own, &app(3)).await.unwrap());
    assert_eq!(store.list_favourites(&own).await.unwrap(), [app(7), app(5)]);
    assert_eq!(store.list_favourites(&other).await.unwrap(), [app(1)]);
}

async fn fifty_favourites_are_enough_however_many_come_at_once<S: AccountPorts>(bench: &Bench<S>) {
    let own = owners(&bench.store, &["P1"]).await;
    for number in 1..MOST_FAVOURITES {
        let added = bench.store.add_favourite(&own, &app(number), at(1)).await.unwrap();
        assert_eq!(added, FavouriteAdded::Kept, "{number}");
    }
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let own = own.clone();
        tokio::spawn(async move { store.add_favourite(&own, &app(100 + number), at(2)).await })
    });
    let mut kept = 0;
    for task in tasks.collect::<Vec<_>>() {
        kept += usize::from(task.await.unwrap().unwrap() == FavouriteAdded::Kept);
    }
    assert_eq!(kept, 1, "the fiftieth");
    assert_eq!(bench.store.list_favourites(&own).await.unwrap().len(), MOST_FAVOURITES);
    let again = bench.store.add_favourite(&own, &app(1), at(3)).await.unwrap();
    assert_eq!(again, FavouriteAdded::Kept, "it is one");
}

async fn favourites_of_accounts_that_became_one_are_seen_once(store: &impl AccountPorts) {
    let both = owners(store, &["P1", "P2"]).await;
    let (first, second) = (&both[..1], &both[1..]);
    store.add_favourite(first, &app(1), at(4)).await.unwrap();
    store.add_favourite(second, &app(2), at(3)).await.unwrap();
    store.add_favourite(second, &app(1), at(2)).await.unwrap();
    assert_eq!(store.list_favourites(&both).await.unwrap(), [app(1), app(2)]);
    assert!(store.remove_favourite(&both, &app(1)).await.unwrap());
    assert_eq!(store.list_favourites(&both).await.unwrap(), [app(2)], "under neither id");
    store.add_favourite(&both, &app(3), at(9)).await.unwrap();
    assert_eq!(store.list_favourites(first).await.unwrap(), [app(3)], "under the present id");
}

async fn the_last_twenty_apps_are_remembered(store: &impl AccountPorts) {
    let own = owners(store, &["P1"]).await;
    let other = owners(store, &["P2"]).await;
    assert_eq!(store.list_recent(&own).await.unwrap(), []);
    for second in 0..=MOST_RECENT {
        let when = at(i64::try_from(second).unwrap());
        store.remember(&own, &app(second), when).await.unwrap();
    }
    store.remember(&other, &app(500), at(99)).await.unwrap();
    let newest: Vec<_> = (1..=MOST_RECENT).rev().map(app).collect();
    assert_eq!(store.list_recent(&own).await.unwrap(), newest, "the oldest is forgotten");
    store.remember(&own, &app(5), at(100)).await.unwrap();
    store.remember(&own, &app(5), at(101)).await.unwrap();
    let recent = store.list_recent(&own).await.unwrap();
    assert_eq!((recent.len(), &recent[0], &recent[1]), (MOST_RECENT, &app(5), &app(MOST_RECENT)));
}

async fn recent_apps_of_accounts_that_became_one_are_seen_once(store: &impl AccountPorts) {
    let both = owners(store, &["P1", "P2"]).await;
    for (owner, number, second) in [(0, 1, 1), (1, 2, 2), (0, 3, 3), (1, 1, 4)] {
        store.remember(&both[owner..=owner], &app(number), at(second)).await.unwrap();
    }
    assert_eq!(store.list_recent(&both).await.unwrap(), [app(1), app(3), app(2)]);
    store.remember(&both, &app(2), at(5)).await.unwrap();
    assert_eq!(store.list_recent(&both).await.unwrap(), [app(2), app(1), app(3)]);
}

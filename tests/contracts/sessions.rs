//! The contract of `SessionStore`.

use crate::bench::{Bench, EveryPort};
use domain::fakes::samples::{self, at};
use domain::identity::{Channel, PersonStore, Renewal, Secret, Session, SessionStore, Tokens};
use domain::ids::SessionId;
use jiff::Timestamp;

/// What every `SessionStore` must do.
pub async fn session_store_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_session_is_found_by_its_access_token_alone(&new_bench().await.store).await;
    a_refresh_replaces_both_tokens(&new_bench().await.store).await;
    a_refresh_token_that_was_used_ends_its_session(&new_bench().await.store).await;
    a_token_used_long_ago_ends_its_session_too(&new_bench().await.store).await;
    an_unknown_or_late_refresh_token_changes_nothing(&new_bench().await.store).await;
    a_refresh_token_is_worth_nothing_on_another_channel(&new_bench().await.store).await;
    of_many_refreshes_with_one_token_at_most_one_wins(&new_bench().await).await;
    a_revoked_session_is_gone_and_the_others_stay(&new_bench().await.store).await;
    all_sessions_of_one_person_can_be_ended(&new_bench().await.store).await;
    a_person_sees_their_living_sessions_the_newest_first(&new_bench().await.store).await;
    a_person_ends_their_own_sessions_alone(&new_bench().await.store).await;
}

fn secret(number: u32) -> Secret {
    Secret::new(&format!("{number:064x}")).unwrap()
}

/// Access token `10 * number`, refresh token one more.
fn tokens(number: u32) -> Tokens {
    Tokens { access: secret(10 * number), refresh: secret(10 * number + 1) }
}

fn session(number: u32, person: &str) -> Session {
    Session {
        id: SessionId::new(&format!("S{number}")).unwrap(),
        person: samples::person(person).id,
        channel: Channel::WeChat,
        device: Some("华为 Mate".to_owned()),
        created_at: at(0),
        last_seen_at: at(0),
        access_until: at(100),
        refresh_until: at(1000),
    }
}

async fn sign_in(store: &impl EveryPort, number: u32, person: &str) -> Session {
    let session = session(number, person);
    if PersonStore::find(store, &session.person).await.unwrap().is_none() {
        let joined = samples::person(person);
        PersonStore::insert(store, &joined, &samples::link(person)).await.unwrap();
    }
    SessionStore::insert(store, &session, &tokens(number)).await.unwrap();
    session
}

async fn by_access(store: &impl EveryPort, number: u32) -> Option<Session> {
    let found = store.find_by_access(&tokens(number).access).await.unwrap();
    found.map(|(session, person)| {
        assert_eq!(session.person, person.id);
        session
    })
}

/// Shows the refresh token of `used` at `now` for the tokens of `new`.
async fn refresh(store: &impl EveryPort, used: u32, new: u32, now: Timestamp) -> Option<Session> {
    store.rotate(&tokens(used).refresh, &renewal(new, now)).await.unwrap()
}

fn renewal(new: u32, now: Timestamp) -> Renewal {
    let (access_until, refresh_until) = (at(200), at(2000));
    Renewal { tokens: tokens(new), channel: None, at: now, access_until, refresh_until }
}

async fn a_refresh_token_is_worth_nothing_on_another_channel(store: &impl EveryPort) {
    let session = sign_in(store, 1, "P1").await;
    let from = |channel| Renewal { channel: Some(channel), ..renewal(2, at(10)) };
    for channel in [Channel::App, Channel::Alipay] {
        let shown = store.rotate(&tokens(1).refresh, &from(channel)).await.unwrap();
        assert_eq!(shown, None, "{channel:?}");
        assert_eq!(by_access(store, 1).await.as_ref(), Some(&session), "it stays as it is");
    }
    let shown = store.rotate(&tokens(1).refresh, &from(Channel::WeChat)).await.unwrap();
    assert!(shown.is_some());
}

async fn a_session_is_found_by_its_access_token_alone(store: &impl EveryPort) {
    let session = sign_in(store, 1, "P1").await;
    let plain = Session { device: None, channel: Channel::App, ..self::session(2, "P1") };
    SessionStore::insert(store, &plain, &tokens(2)).await.unwrap();
    assert_eq!(by_access(store, 1).await, Some(session));
    assert_eq!(by_access(store, 2).await, Some(plain));
    assert_eq!(store.find_by_access(&tokens(1).refresh).await.unwrap(), None);
    assert_eq!(by_access(store, 3).await, None);
}

async fn a_refresh_replaces_both_tokens(store: &impl EveryPort) {
    let session = sign_in(store, 1, "P1").await;
    let renewed = Session {
        last_seen_at: at(999),
        access_until: at(200),
        refresh_until: at(2000),
        ..session
    };
    assert_eq!(refresh(store, 1, 2, at(999)).await.as_ref(), Some(&renewed));
    assert_eq!(by_access(store, 1).await, None);
    assert_eq!(by_access(store, 2).await.as_ref(), Some(&renewed));
    assert!(refresh(store, 2, 3, at(1999)).await.is_some());
}

async fn a_refresh_token_that_was_used_ends_its_session(store: &impl EveryPort) {
    sign_in(store, 1, "P1").await;
    sign_in(store, 5, "P1").await;
    assert!(refresh(store, 1, 2, at(10)).await.is_some());
    assert_eq!(refresh(store, 1, 3, at(11)).await, None);
    assert_eq!(by_access(store, 2).await, None, "whoever holds the newer tokens is out as well");
    assert_eq!(refresh(store, 2, 4, at(12)).await, None);
    assert!(by_access(store, 5).await.is_some(), "another session stays");
}

async fn a_token_used_long_ago_ends_its_session_too(store: &impl EveryPort) {
    sign_in(store, 1, "P1").await;
    for number in 1..5 {
        assert!(refresh(store, number, number + 1, at(10)).await.is_some());
    }
    assert_eq!(refresh(store, 1, 9, at(11)).await, None);
    assert_eq!(by_access(store, 5).await, None);
}

async fn an_unknown_or_late_refresh_token_changes_nothing(store: &impl EveryPort) {
    let session = sign_in(store, 1, "P1").await;
    assert_eq!(refresh(store, 7, 8, at(10)).await, None);
    assert_eq!(refresh(store, 1, 2, at(1000)).await, None, "too late by its own end");
    assert_eq!(by_access(store, 1).await, Some(session));
    assert_eq!(by_access(store, 2).await, None);
    let shown = store.rotate(&tokens(1).access, &renewal(3, at(10))).await;
    assert_eq!(shown.unwrap(), None, "an access token refreshes nothing");
}

async fn of_many_refreshes_with_one_token_at_most_one_wins<S: EveryPort>(bench: &Bench<S>) {
    sign_in(&bench.store, 1, "P1").await;
    let tasks = (2..10).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { refresh(&store, 1, number, at(10)).await })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        won += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(won, 1);
    for number in 1..10 {
        assert_eq!(by_access(&bench.store, number).await, None, "the token was shown twice");
    }
}

async fn a_revoked_session_is_gone_and_the_others_stay(store: &impl EveryPort) {
    let (first, second) = (sign_in(store, 1, "P1").await, sign_in(store, 2, "P1").await);
    store.revoke(&first.id).await.unwrap();
    store.revoke(&first.id).await.unwrap();
    assert_eq!(by_access(store, 1).await, None);
    assert_eq!(refresh(store, 1, 3, at(10)).await, None);
    assert_eq!(by_access(store, 2).await, Some(second));
}

async fn all_sessions_of_one_person_can_be_ended(store: &impl EveryPort) {
    let session = sign_in(store, 1, "P1").await;
    sign_in(store, 2, "P1").await;
    let other = sign_in(store, 3, "P2").await;
    store.revoke_all(&session.person).await.unwrap();
    assert_eq!((by_access(store, 1).await, by_access(store, 2).await), (None, None));
    assert_eq!(by_access(store, 3).await, Some(other));
}

async fn a_person_sees_their_living_sessions_the_newest_first(store: &impl EveryPort) {
    for number in 1..=4 {
        let created_at = at(i64::from(number));
        let session = Session { created_at, ..session(number, "P1") };
        SessionStore::insert(store, &session, &tokens(number)).await.unwrap();
    }
    sign_in(store, 5, "P2").await;
    let person = samples::person("P1").id;
    store.revoke(&session(3, "P1").id).await.unwrap();
    let listed = async |now, limit| {
        let all = store.list_sessions(&person, now, limit).await.unwrap();
        all.into_iter().map(|session| session.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed(at(999), 9).await, ["S4", "S2", "S1"]);
    assert_eq!(listed(at(999), 2).await, ["S4", "S2"]);
    assert_eq!(listed(at(1000), 9).await, [""; 0], "they are over");
    assert!(refresh(store, 1, 9, at(500)).await.is_some());
    let all = store.list_sessions(&person, at(1000), 9).await.unwrap();
    assert_eq!((all.len(), all[0].last_seen_at, all[0].created_at), (1, at(500), at(1)));
}

async fn a_person_ends_their_own_sessions_alone(store: &impl EveryPort) {
    let (first, second) = (sign_in(store, 1, "P1").await, sign_in(store, 2, "P2").await);
    assert!(!store.revoke_of(&first.person, &second.id).await.unwrap(), "somebody else's");
    assert!(!store.revoke_of(&first.person, &session(9, "P1").id).await.unwrap(), "nobody's");
    assert!(by_access(store, 1).await.is_some() && by_access(store, 2).await.is_some());
    for _ in 0..2 {
        assert!(store.revoke_of(&first.person, &first.id).await.unwrap(), "again is the same");
        assert_eq!(by_access(store, 1).await, None);
    }
    assert!(by_access(store, 2).await.is_some());
}

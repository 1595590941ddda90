//! The contracts of `MessageStore` and `ReachStore`.

use crate::bench::{Bench, EveryPort, insert, paid, payment};
use domain::fakes::samples::{at, person};
use domain::identity::{Channel, Secret, Session, SessionStore, Tokens};
use domain::ids::{PersonId, SessionId};
use domain::messaging::{
    AttemptOutcome, EventKey, EventKind, Grant, GrantMove, GrantStep, Message, MessageChange,
    MessageChannel, MessageGroup, MessageState, MessageStore, MessageWords, NewMessage, PushDevice,
    ReachStore,
};
use domain::outside::StoreError;

/// A store with messages.
pub trait MessagePorts: EveryPort + MessageStore + ReachStore {}

impl<S> MessagePorts for S where S: EveryPort + MessageStore + ReachStore {}

/// What every `MessageStore` must do.
pub async fn message_store_contract<S: MessagePorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_payment_leaves_an_event_and_one_event_is_one_message(&new_bench().await.store).await;
    of_two_nodes_one_works_on_a_message(&new_bench().await).await;
    a_change_is_stored_whole_or_not_at_all(&new_bench().await.store).await;
    a_platforms_number_finds_its_message(&new_bench().await.store).await;
    messages_are_listed_and_read_by_their_owner_alone(&new_bench().await.store).await;
}

/// What every `ReachStore` must do.
pub async fn reach_store_contract<S: MessagePorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    the_newest_wish_counts_for_all_ids_of_a_person(&new_bench().await.store).await;
    every_tap_is_one_message(&new_bench().await.store).await;
    a_device_is_one_persons_while_the_session_lives(&new_bench().await.store).await;
}

fn key(number: u32) -> EventKey {
    EventKey::new(&format!("payment:YW{number:06}:paid")).unwrap()
}

fn id(text: &str) -> PersonId {
    person(text).id
}

fn new_message(number: u32) -> NewMessage {
    NewMessage {
        key: key(number),
        template_version: 7,
        words: MessageWords { title: "缴费成功".to_owned(), body: "您已缴费".to_owned() },
        about: Some(format!("pay:YW{number:06}")),
        due_at: at(30),
    }
}

/// A paid payment's message, made.
async fn made(store: &impl MessagePorts, number: u32) -> Message {
    paid(store, &payment(number, number)).await;
    store.accept(&new_message(number)).await.unwrap();
    store.find_message(&key(number)).await.unwrap().unwrap()
}

const KINDS: [EventKind; 1] = [EventKind::PaymentPaid];

async fn a_payment_leaves_an_event_and_one_event_is_one_message(store: &impl MessagePorts) {
    insert(store, &payment(2, 2)).await;
    assert_eq!(store.list_new_events(&KINDS, 10).await.unwrap(), [], "nothing was paid");
    paid(store, &payment(1, 1)).await;
    let events = store.list_new_events(&KINDS, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0].key, &events[0].person), (&key(1), &id("P1")));
    let amount = ("amount".to_owned(), "206.00元".to_owned());
    assert!(events[0].facts.contains(&amount), "facts survive");
    assert_eq!(store.list_new_events(&[EventKind::ReceiptIssued], 10).await.unwrap(), []);
    for _ in 0..2 {
        store.accept(&new_message(1)).await.unwrap();
    }
    assert_eq!(store.list_new_events(&KINDS, 10).await.unwrap(), []);
    let message = store.find_message(&key(1)).await.unwrap().unwrap();
    assert_eq!((message.event, message.template_version), (events[0].clone(), 7));
    assert_eq!(message.words, new_message(1).words);
    assert_eq!(message.about.as_deref(), Some("pay:YW000001"));
    assert_eq!((message.due_at, message.read_at, message.version), (Some(at(30)), None, 0));
    assert_eq!(store.count_waiting().await.unwrap(), 1);
    let unknown = store.accept(&NewMessage { key: key(9), ..new_message(1) }).await;
    assert!(matches!(unknown, Err(StoreError::Conflict)), "no event, no message");
}

async fn of_two_nodes_one_works_on_a_message<S: MessagePorts>(bench: &Bench<S>) {
    for number in 1..=3 {
        made(&bench.store, number).await;
    }
    assert_eq!(bench.store.lease_messages(at(29), at(90), 10).await.unwrap(), [], "not due");
    let lease = |store: S| async move { store.lease_messages(at(30), at(90), 2).await.unwrap() };
    let (one, two) = tokio::join!(lease(bench.store.clone()), lease(bench.other.clone()));
    let mut keys: Vec<_> = one.iter().chain(&two).map(|m| m.event.key.clone()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), one.len() + two.len(), "nobody has what another has");
    bench.store.lease_messages(at(30), at(90), 10).await.unwrap();
    assert_eq!(bench.other.lease_messages(at(89), at(150), 10).await.unwrap(), []);
    assert_eq!(bench.other.lease_messages(at(90), at(150), 10).await.unwrap().len(), 3);
}

fn grant_move(step: GrantStep) -> Option<GrantMove> {
    let (person, channel) = (id("P1"), MessageChannel::WeChat);
    Some(GrantMove { person, channel, template_id: "T1".to_owned(), step })
}

async fn left(store: &impl MessagePorts) -> u32 {
    let grants = store.grants(&[id("P1")]).await.unwrap();
    grants.iter().map(|grant| grant.left).sum()
}

async fn a_change_is_stored_whole_or_not_at_all(store: &impl MessagePorts) {
    let message = made(store, 1).await;
    let begun = message.handing_over(MessageChannel::WeChat, at(31));
    let change = MessageChange { message: begun, grant: grant_move(GrantStep::Use) };
    let refused = store.save_message(&change).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "nothing was allowed");
    let stored = store.find_message(&key(1)).await.unwrap().unwrap();
    assert_eq!((stored.attempts.len(), stored.version), (0, 0));
    store.add_grants(&id("P1"), MessageChannel::WeChat, &["T1".to_owned()]).await.unwrap();
    store.save_message(&change).await.unwrap();
    assert_eq!(left(store).await, 0);
    let again = store.save_message(&change).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "another version");
    let stored = store.find_message(&key(1)).await.unwrap().unwrap();
    assert_eq!(stored.state(), MessageState::Sending(MessageChannel::WeChat));
    let failed =
        stored.settled(MessageChannel::WeChat, AttemptOutcome::NotSent, "x", at(32), Some(at(40)));
    let change = MessageChange { message: failed, grant: grant_move(GrantStep::Return) };
    store.save_message(&change).await.unwrap();
    let stored = store.find_message(&key(1)).await.unwrap().unwrap();
    assert_eq!(stored.attempts, change.message.attempts);
    assert_eq!((stored.due_at, left(store).await), (Some(at(40)), 1));
    let change = MessageChange { message: stored, grant: grant_move(GrantStep::Drop) };
    store.save_message(&change).await.unwrap();
    assert_eq!(left(store).await, 0);
}

async fn a_platforms_number_finds_its_message(store: &impl MessagePorts) {
    let mut message = made(store, 1).await.handing_over(MessageChannel::WeChat, at(31));
    message.attempts[0].platform_no = Some("1864".to_owned());
    store.save_message(&MessageChange::of(message)).await.unwrap();
    let find = |channel, no: &'static str| async move {
        let found = store.find_by_platform_no(channel, no).await.unwrap();
        found.map(|message| message.event.key)
    };
    assert_eq!(find(MessageChannel::WeChat, "1864").await, Some(key(1)));
    assert_eq!(find(MessageChannel::WeChat, "1865").await, None);
    assert_eq!(find(MessageChannel::Sms, "1864").await, None);
}

async fn messages_are_listed_and_read_by_their_owner_alone(store: &impl MessagePorts) {
    for number in 1..=3 {
        made(store, number).await;
    }
    let mine = [id("P9"), id("P1")];
    let page = store.list_messages_of_person(&mine, None, 2).await.unwrap();
    let keys: Vec<_> = page.messages.iter().map(|message| message.event.key.clone()).collect();
    assert_eq!((keys.as_slice(), page.more), ([key(3), key(2)].as_slice(), true));
    let rest = store.list_messages_of_person(&mine, Some(&key(2)), 2).await.unwrap();
    assert_eq!((rest.messages.len(), rest.more), (1, false));
    let others = store.list_messages_of_person(&[id("P2")], None, 2).await.unwrap();
    assert_eq!(others.messages, []);
    let edge = store.list_messages_of_person(&[id("P2")], Some(&key(2)), 2).await.unwrap();
    assert_eq!(edge.messages, []);
    store.mark_read(&[id("P2")], &[key(1)], at(50)).await.unwrap();
    assert_eq!(store.count_unread(&mine).await.unwrap(), 3, "others mark nothing");
    store.mark_read(&mine, &[key(1), key(2)], at(50)).await.unwrap();
    store.mark_read(&mine, &[key(1)], at(60)).await.unwrap();
    assert_eq!(store.count_unread(&mine).await.unwrap(), 1);
    let read = store.find_message(&key(1)).await.unwrap().unwrap();
    assert_eq!((read.read_at, read.version), (Some(at(50)), 0), "read once, and no conflict");
}

async fn the_newest_wish_counts_for_all_ids_of_a_person(store: &impl MessagePorts) {
    use MessageChannel::{Push, Sms};
    let group = MessageGroup::Money;
    let owners = [id("P1"), id("P2")];
    assert_eq!(store.wishes(&owners).await.unwrap().of(group), MessageChannel::BY_COST);
    store.set_wish(&id("P1"), group, &[Push, Sms], at(1)).await.unwrap();
    store.set_wish(&id("P2"), group, &[], at(2)).await.unwrap();
    assert_eq!(store.wishes(&owners).await.unwrap().of(group), []);
    assert_eq!(store.wishes(&owners[..1]).await.unwrap().of(group), [Push, Sms]);
    store.set_wish(&id("P1"), group, &[Sms], at(3)).await.unwrap();
    assert_eq!(store.wishes(&owners).await.unwrap().of(group), [Sms]);
    let other = store.wishes(&owners).await.unwrap();
    assert_eq!(other.of(MessageGroup::Cases), MessageChannel::BY_COST);
}

async fn every_tap_is_one_message(store: &impl MessagePorts) {
    let taps = |templates: &[&str]| {
        templates.iter().map(|template| (*template).to_owned()).collect::<Vec<_>>()
    };
    let (person, channel) = (id("P1"), MessageChannel::WeChat);
    store.add_grants(&person, channel, &taps(&["T1", "T2"])).await.unwrap();
    store.add_grants(&person, channel, &taps(&["T1"])).await.unwrap();
    let mut grants = store.grants(&[id("P9"), person.clone()]).await.unwrap();
    grants.sort_by(|a, b| a.template_id.cmp(&b.template_id));
    let lefts: Vec<_> = grants.iter().map(|g| (g.template_id.as_str(), g.left)).collect();
    assert_eq!(lefts, [("T1", 2), ("T2", 1)]);
    assert_eq!(store.grants(&[id("P2")]).await.unwrap(), []);
    for _ in 0..Grant::MAX {
        store.add_grants(&person, channel, &taps(&["T2"])).await.unwrap();
    }
    let grants = store.grants(&[person]).await.unwrap();
    assert!(grants.iter().all(|grant| grant.left <= Grant::MAX), "{grants:?}");
}

async fn signed_in(store: &impl MessagePorts, session: &str, owner: &str) -> SessionId {
    let session = SessionId::new(session).unwrap();
    let digit = session.as_str().chars().last().unwrap().to_string();
    let secret = |half: &str| Secret::new(&format!("{half}{}", digit.repeat(62))).unwrap();
    let tokens = Tokens { access: secret("aa"), refresh: secret("bb") };
    let row = Session {
        id: session.clone(),
        person: id(owner),
        channel: Channel::App,
        device: None,
        created_at: at(0),
        last_seen_at: at(0),
        access_until: at(10),
        refresh_until: at(100),
    };
    SessionStore::insert(store, &row, &tokens).await.unwrap();
    session
}

async fn a_device_is_one_persons_while_the_session_lives(store: &impl MessagePorts) {
    let one = signed_in(store, "session1", "P1").await;
    let two = signed_in(store, "session2", "P2").await;
    let device = |session: &SessionId, owner: &str, token: &str, second| PushDevice {
        session: session.clone(),
        person: id(owner),
        token: token.to_owned(),
        at: at(second),
    };
    let tokens = |owner: &'static str, now| async move {
        store.push_tokens(&[id("P9"), id(owner)], at(now)).await.unwrap()
    };
    store.set_push_device(&device(&one, "P1", "t1", 1)).await.unwrap();
    store.set_push_device(&device(&one, "P1", "t2", 2)).await.unwrap();
    assert_eq!(tokens("P1", 3).await, ["t2"], "one for each session");
    store.set_push_device(&device(&two, "P2", "t2", 3)).await.unwrap();
    assert_eq!(tokens("P1", 4).await, [""; 0], "the phone was handed on");
    assert_eq!(tokens("P2", 4).await, ["t2"]);
    assert_eq!(tokens("P2", 100).await, [""; 0], "the session is over");
    SessionStore::revoke(store, &two).await.unwrap();
    assert_eq!(tokens("P2", 5).await, [""; 0], "the session was ended");
}

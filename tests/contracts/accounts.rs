//! The contract of `LinkStore`, and that what stands under several ids of one person is read as
//! one history.

use crate::bench::{AccountPorts, Bench, insert, paid, payment};
use crate::persons::{CARDS, proved};
use domain::fakes::samples::{self, at};
use domain::identity::{
    Account, AuditEntry, AuditRecord, AuditTrail, AuditVerdict, Channel, ChannelLink, Linked,
    Merge, OpenId, Person, PersonStore, Secret, Session, SessionStore, Tokens, Unlinked,
};
use domain::ids::SessionId;
use domain::outside::StoreError;
use domain::payment::Payment;
use domain::receipt::PaidWithin;
use domain::standards::CitizenId;

/// What every `LinkStore` must do.
pub async fn link_store_contract<S: AccountPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_link_leads_to_its_person_and_is_on_record(&new_bench().await.store).await;
    a_link_that_somebody_has_is_a_conflict(&new_bench().await.store).await;
    of_many_who_link_one_account_one_wins(&new_bench().await).await;
    one_account_of_a_platform_and_twenty_links_are_enough(&new_bench().await.store).await;
    an_unlinked_channel_leads_nowhere_and_its_sessions_end(&new_bench().await.store).await;
    the_last_way_in_stays(&new_bench().await.store).await;
    a_merge_moves_links_and_proofs_and_ends_sessions(&new_bench().await.store).await;
    whoever_was_merged_before_points_at_the_eldest(&new_bench().await.store).await;
    a_merge_of_accounts_that_changed_stores_nothing(&new_bench().await.store).await;
    of_two_merges_at_once_one_wins(&new_bench().await).await;
    two_ids_of_one_person_have_one_history(&new_bench().await.store).await;
}

async fn join(store: &impl AccountPorts, id: &str, second: i64) -> Person {
    let person = Person { created_at: at(second), ..samples::person(id) };
    PersonStore::insert(store, &person, &samples::link(id)).await.unwrap();
    person
}

async fn found(store: &impl AccountPorts, id: &str) -> Person {
    PersonStore::find(store, &samples::person(id).id).await.unwrap().unwrap()
}

fn alipay(id: &str) -> ChannelLink {
    let open_id = OpenId::new(&format!("alipay-{id}")).unwrap();
    let app_id = "2021000000000001".to_owned();
    ChannelLink { channel: Channel::Alipay, app_id, open_id, ..samples::link(id) }
}

fn phone(id: &str, number: usize) -> ChannelLink {
    let open_id = OpenId::new(&format!("phone-{id}-{number}")).unwrap();
    let app_id = "phone".to_owned();
    ChannelLink { channel: Channel::App, app_id, open_id, ..samples::link(id) }
}

fn line(act: &str) -> AuditRecord {
    AuditRecord::new(at(50), "person:P1", act, "P1", "")
}

async fn acts(store: &impl AccountPorts) -> Vec<String> {
    let whole = AuditTrail::verify(store).await.unwrap();
    assert!(matches!(whole, AuditVerdict::Whole { .. }), "{whole:?}");
    let all: Vec<AuditEntry> = AuditTrail::list(store, None, 100).await.unwrap();
    all.into_iter().rev().map(|entry| entry.record.act).collect()
}

async fn leads_to(store: &impl AccountPorts, link: &ChannelLink) -> Option<String> {
    let found = store.find_link(link.channel, &link.app_id, &link.open_id).await.unwrap();
    found.map(|link| link.person.to_string())
}

/// A session on this channel, by its access token.
async fn signs_in(store: &impl AccountPorts, id: &str, channel: Channel, number: u32) -> Secret {
    let secret = |number: u32| Secret::new(&format!("{number:064x}")).unwrap();
    let tokens = Tokens { access: secret(2 * number), refresh: secret(2 * number + 1) };
    let session = Session {
        id: SessionId::new(&format!("S{number}")).unwrap(),
        person: samples::person(id).id,
        channel,
        device: None,
        created_at: at(0),
        last_seen_at: at(0),
        access_until: at(100),
        refresh_until: at(1000),
    };
    SessionStore::insert(store, &session, &tokens).await.unwrap();
    tokens.access
}

async fn is_living(store: &impl AccountPorts, access: &Secret) -> bool {
    store.find_by_access(access).await.unwrap().is_some()
}

async fn merge(store: &impl AccountPorts, caller: &str, other: &str) -> Merge {
    let (caller, other) = (found(store, caller).await, found(store, other).await);
    let caller_links = store.list_links(&caller.id).await.unwrap();
    let other_links = store.list_links(&other.id).await.unwrap();
    let merge = Merge::of(
        Account { person: &caller, links: &caller_links },
        Account { person: &other, links: &other_links },
        (Channel::Alipay, at(60)),
    );
    merge.unwrap()
}

async fn a_link_leads_to_its_person_and_is_on_record(store: &impl AccountPorts) {
    join(store, "P1", 0).await;
    let link = ChannelLink { linked_at: at(5), ..alipay("P1") };
    assert_eq!(store.link(&link, &line("CHANNEL_LINK")).await.unwrap(), Linked::Done);
    assert_eq!(leads_to(store, &link).await.as_deref(), Some("P1"));
    let links = store.list_links(&link.person).await.unwrap();
    assert_eq!(links, [samples::link("P1"), link]);
    assert_eq!(acts(store).await, ["CHANNEL_LINK"]);
    assert_eq!(found(store, "P1").await.version, 1, "a merge thought out before must not pass");
}

async fn a_link_that_somebody_has_is_a_conflict(store: &impl AccountPorts) {
    join(store, "P1", 0).await;
    join(store, "P2", 0).await;
    let person = samples::person("P2").id;
    let taken = ChannelLink { person: person.clone(), ..samples::link("P1") };
    let refused = store.link(&taken, &line("CHANNEL_LINK")).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    let refused = store.link(&alipay("P9"), &line("CHANNEL_LINK")).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "nobody of this id");
    assert_eq!(store.list_links(&person).await.unwrap().len(), 1);
    assert_eq!(acts(store).await, [""; 0], "nothing was done, nothing is on record");
}

async fn of_many_who_link_one_account_one_wins<S: AccountPorts>(bench: &Bench<S>) {
    for number in 0..8 {
        join(&bench.store, &format!("P{number}"), 0).await;
    }
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let person = samples::person(&format!("P{number}")).id;
        let link = ChannelLink { person, ..alipay("P") };
        tokio::spawn(async move { store.link(&link, &line("CHANNEL_LINK")).await })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(Linked::Done) => won += 1,
            Err(StoreError::Conflict) => {}
            other => panic!("the link is taken, but: {other:?}"),
        }
    }
    assert_eq!((won, acts(&bench.store).await.len()), (1, 1));
}

async fn one_account_of_a_platform_and_twenty_links_are_enough(store: &impl AccountPorts) {
    join(store, "P1", 0).await;
    let second = ChannelLink { open_id: OpenId::new("o-other").unwrap(), ..samples::link("P1") };
    let taken = store.link(&second, &line("CHANNEL_LINK")).await.unwrap();
    assert_eq!(taken, Linked::ChannelTaken);
    assert_eq!(leads_to(store, &second).await, None);
    for number in 1..ChannelLink::MAX {
        let linked = store.link(&phone("P1", number), &line("CHANNEL_LINK")).await.unwrap();
        assert_eq!(linked, Linked::Done, "{number}");
    }
    let linked = store.link(&alipay("P1"), &line("CHANNEL_LINK")).await.unwrap();
    assert_eq!(linked, Linked::TooMany);
    assert_eq!(leads_to(store, &alipay("P1")).await, None);
    assert_eq!(acts(store).await.len(), ChannelLink::MAX - 1);
}

async fn an_unlinked_channel_leads_nowhere_and_its_sessions_end(store: &impl AccountPorts) {
    let person = join(store, "P1", 0).await.id;
    store.link(&alipay("P1"), &line("CHANNEL_LINK")).await.unwrap();
    join(store, "P2", 0).await;
    store
        .link(&ChannelLink { app_id: "2".to_owned(), ..alipay("P2") }, &line("CHANNEL_LINK"))
        .await
        .unwrap();
    let there = signs_in(store, "P1", Channel::Alipay, 1).await;
    let here = signs_in(store, "P1", Channel::WeChat, 2).await;
    let other = signs_in(store, "P2", Channel::Alipay, 3).await;
    let app = store.unlink(&person, Channel::App, &line("CHANNEL_UNLINK")).await.unwrap();
    assert_eq!(app, Unlinked::NotLinked);
    let gone = store.unlink(&person, Channel::Alipay, &line("CHANNEL_UNLINK")).await.unwrap();
    assert_eq!(gone, Unlinked::Done);
    assert_eq!(leads_to(store, &alipay("P1")).await, None);
    assert_eq!(store.list_links(&person).await.unwrap(), [samples::link("P1")]);
    assert!(!is_living(store, &there).await && is_living(store, &here).await);
    assert!(is_living(store, &other).await, "somebody else's stays");
    assert_eq!(acts(store).await, ["CHANNEL_LINK", "CHANNEL_LINK", "CHANNEL_UNLINK"]);
}

async fn the_last_way_in_stays(store: &impl AccountPorts) {
    let person = join(store, "P1", 0).await.id;
    let session = signs_in(store, "P1", Channel::WeChat, 1).await;
    let kept = store.unlink(&person, Channel::WeChat, &line("CHANNEL_UNLINK")).await.unwrap();
    assert_eq!(kept, Unlinked::LastWay);
    assert_eq!(leads_to(store, &samples::link("P1")).await.as_deref(), Some("P1"));
    assert!(is_living(store, &session).await);
    assert_eq!(acts(store).await, [""; 0]);
}

/// Somebody who came by Alipay alone.
async fn join_by_alipay(store: &impl AccountPorts, id: &str, second: i64) -> Person {
    let person = Person { created_at: at(second), ..samples::person(id) };
    PersonStore::insert(store, &person, &alipay(id)).await.unwrap();
    person
}

async fn a_merge_moves_links_and_proofs_and_ends_sessions(store: &impl AccountPorts) {
    join(store, "P1", 1).await;
    let younger = join_by_alipay(store, "P2", 2).await;
    store.update(&proved(&younger, CARDS[0])).await.unwrap();
    let card = CitizenId::new(CARDS[0]).unwrap();
    let old = signs_in(store, "P2", Channel::Alipay, 1).await;
    let kept = signs_in(store, "P1", Channel::WeChat, 2).await;

    // The younger account has proved the name; the elder is what stays.
    let merge = merge(store, "P2", "P1").await;
    store.merge(&merge).await.unwrap();
    let (elder, younger) = (found(store, "P1").await, found(store, "P2").await);
    assert_eq!(elder.former_ids, std::slice::from_ref(&younger.id));
    assert_eq!((elder.version, younger.version), (1, 2));
    assert_eq!(elder.real_name.as_ref().unwrap().id_card, card);
    assert_eq!(younger.merged_into, Some(elder.id.clone()));
    assert_eq!(younger.real_name, None);
    assert_eq!(store.find_by_id_card(&card).await.unwrap(), Some(elder.clone()));
    for link in [samples::link("P1"), alipay("P2")] {
        assert_eq!(leads_to(store, &link).await.as_deref(), Some("P1"));
    }
    assert_eq!(store.list_links(&younger.id).await.unwrap(), []);
    assert_eq!(store.list_links(&elder.id).await.unwrap().len(), 2);
    assert!(!is_living(store, &old).await && is_living(store, &kept).await);
    assert_eq!(acts(store).await, ["PERSON_MERGED", "PERSON_MERGED_INTO"]);
    let linked = store.link(&phone("P2", 1), &line("CHANNEL_LINK")).await;
    assert!(matches!(linked, Err(StoreError::Conflict)), "nobody signs in there any more");
}

async fn whoever_was_merged_before_points_at_the_eldest(store: &impl AccountPorts) {
    join(store, "P1", 1).await;
    join_by_alipay(store, "P2", 2).await;
    let third = Person { created_at: at(3), ..samples::person("P3") };
    PersonStore::insert(store, &third, &phone("P3", 1)).await.unwrap();
    store.merge(&merge(store, "P2", "P3").await).await.unwrap();
    store.merge(&merge(store, "P1", "P2").await).await.unwrap();
    let ids =
        |person: &Person| person.former_ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ids(&found(store, "P1").await), ["P2", "P3"]);
    for id in ["P2", "P3"] {
        let merged = found(store, id).await;
        assert_eq!(merged.merged_into, Some(samples::person("P1").id), "{id}");
    }
    assert_eq!(leads_to(store, &phone("P3", 1)).await.as_deref(), Some("P1"));
}

async fn a_merge_of_accounts_that_changed_stores_nothing(store: &impl AccountPorts) {
    join(store, "P1", 1).await;
    join_by_alipay(store, "P2", 2).await;
    let early = merge(store, "P1", "P2").await;
    store.link(&phone("P2", 1), &line("CHANNEL_LINK")).await.unwrap();
    let elder_changed = merge(store, "P1", "P2").await;
    store.link(&phone("P1", 1), &line("CHANNEL_LINK")).await.unwrap();
    let session = signs_in(store, "P2", Channel::Alipay, 1).await;
    let before = (found(store, "P1").await, found(store, "P2").await);
    for stale in [early, elder_changed] {
        let refused = store.merge(&stale).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));
        assert_eq!((found(store, "P1").await, found(store, "P2").await), before);
        assert_eq!(leads_to(store, &alipay("P2")).await.as_deref(), Some("P2"));
        assert!(is_living(store, &session).await);
    }
    assert_eq!(acts(store).await, ["CHANNEL_LINK", "CHANNEL_LINK"]);
}

async fn of_two_merges_at_once_one_wins<S: AccountPorts>(bench: &Bench<S>) {
    join(&bench.store, "P1", 1).await;
    join_by_alipay(&bench.store, "P2", 2).await;
    let plans = [merge(&bench.store, "P1", "P2").await, merge(&bench.store, "P2", "P1").await];
    let stores = [bench.store.clone(), bench.other.clone()];
    let tasks = stores
        .into_iter()
        .zip(plans)
        .map(|(store, plan)| tokio::spawn(async move { store.merge(&plan).await }));
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(StoreError::Conflict) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(found(&bench.store, "P1").await.former_ids.len(), 1);
}

async fn two_ids_of_one_person_have_one_history(store: &impl AccountPorts) {
    let p2 = samples::person("P2").id;
    let mut expected = Vec::new();
    for number in 1..=9 {
        let person = if number % 3 == 0 { p2.clone() } else { samples::person("P1").id };
        let created_at = at(i64::from(number / 2));
        let one = Payment { created_at, person, ..payment(number, number) };
        paid(store, &one).await;
        expected.push(one.no);
    }
    let stranger = Payment { person: samples::person("P9").id, ..payment(90, 90) };
    insert(store, &stranger).await;
    expected.reverse();
    let owners = Person { former_ids: vec![p2], ..samples::person("P1") }.ids();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_of_person(&owners, before.as_ref(), 2).await.unwrap();
        seen.extend(page.payments.into_iter().map(|one| one.no));
        before = seen.last().cloned();
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, expected);
    let within = PaidWithin { owners: owners.clone(), from: at(10), until: at(11) };
    assert_eq!(store.list_paid(&within, None, 100).await.unwrap().len(), 9);
}

//! The contract of `PersonStore`.

use crate::bench::{Bench, EveryPort};
use domain::fakes::samples::{self, at};
use domain::identity::{Channel, ChannelLink, OpenId, Person, PersonName, PersonStore, RealName};
use domain::outside::StoreError;
use domain::standards::{CitizenId, Mobile};

/// What every `PersonStore` must do.
pub async fn person_store_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_person_comes_back_with_the_link(&new_bench().await.store).await;
    a_link_that_exists_refuses_both(&new_bench().await.store).await;
    links_differ_by_channel_app_and_user(&new_bench().await.store).await;
    of_many_first_sign_ins_one_wins(&new_bench().await).await;
    what_was_proved_comes_back(&new_bench().await.store).await;
    an_update_on_another_version_is_a_conflict(&new_bench().await.store).await;
    an_id_card_is_proved_by_one_person(&new_bench().await.store).await;
    a_family_may_share_a_phone(&new_bench().await.store).await;
}

/// Cards with right check characters and nobody's birth date of today.
pub const CARDS: [&str; 2] = ["33010619000101099X", "330203190106150987"];

async fn join(store: &impl EveryPort, id: &str) -> Person {
    let person = samples::person(id);
    PersonStore::insert(store, &person, &samples::link(id)).await.unwrap();
    person
}

async fn found(store: &impl EveryPort, person: &Person) -> Option<Person> {
    PersonStore::find(store, &person.id).await.unwrap()
}

/// The same person with a phone, a name and a card.
pub fn proved(person: &Person, card: &str) -> Person {
    let real_name = RealName {
        name: PersonName::new("王小明").unwrap(),
        id_card: CitizenId::new(card).unwrap(),
        checked_at: at(30),
    };
    let phone = Some(Mobile::new("13800138000").unwrap());
    Person { phone, real_name: Some(real_name), ..person.clone() }
}

async fn a_person_comes_back_with_the_link(store: &impl EveryPort) {
    let person = samples::person("P1");
    let union_id = Some(OpenId::new("u-1").unwrap());
    let link = ChannelLink { union_id, ..samples::link("P1") };
    assert_eq!(found(store, &person).await, None);
    let by_link = store.find_link(link.channel, &link.app_id, &link.open_id).await.unwrap();
    assert_eq!(by_link, None);
    PersonStore::insert(store, &person, &link).await.unwrap();
    assert_eq!(found(store, &person).await.as_ref(), Some(&person));
    let by_link = store.find_link(link.channel, &link.app_id, &link.open_id).await.unwrap();
    assert_eq!(by_link.as_ref(), Some(&link));
    assert_eq!(store.list_links(&person.id).await.unwrap(), [link]);
    assert_eq!(store.list_links(&samples::person("P2").id).await.unwrap(), []);
}

async fn a_link_that_exists_refuses_both(store: &impl EveryPort) {
    let first = join(store, "P1").await;
    let second = samples::person("P2");
    let taken = ChannelLink { person: second.id.clone(), ..samples::link("P1") };
    let refused = PersonStore::insert(store, &second, &taken).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    assert_eq!(found(store, &second).await, None);
    let link = store.find_link(taken.channel, &taken.app_id, &taken.open_id).await.unwrap();
    assert_eq!(link.unwrap().person, first.id);
}

async fn links_differ_by_channel_app_and_user(store: &impl EveryPort) {
    join(store, "P1").await;
    let link = samples::link("P1");
    let others = [
        ChannelLink { channel: Channel::Alipay, ..link.clone() },
        ChannelLink { app_id: "wx0000000000000002".to_owned(), ..link.clone() },
        ChannelLink { open_id: OpenId::new("o-p1").unwrap(), ..link },
    ];
    for (id, other) in ["P2", "P3", "P4"].into_iter().zip(others) {
        let person = samples::person(id);
        let other = ChannelLink { person: person.id.clone(), ..other };
        PersonStore::insert(store, &person, &other).await.unwrap();
        let by_link = store.find_link(other.channel, &other.app_id, &other.open_id).await.unwrap();
        assert_eq!(by_link, Some(other));
    }
}

async fn of_many_first_sign_ins_one_wins<S: EveryPort>(bench: &Bench<S>) {
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move {
            let person = samples::person(&format!("P{number}"));
            let link = ChannelLink { person: person.id.clone(), ..samples::link("P") };
            PersonStore::insert(&store, &person, &link).await
        })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(StoreError::Conflict) => {}
            Err(other) => panic!("the link is taken, but: {other:?}"),
        }
    }
    assert_eq!(won, 1);
}

async fn what_was_proved_comes_back(store: &impl EveryPort) {
    let person = join(store, "P1").await;
    let card = CitizenId::new(CARDS[0]).unwrap();
    assert_eq!(store.find_by_id_card(&card).await.unwrap(), None);
    let person = proved(&person, CARDS[0]);
    store.update(&person).await.unwrap();
    let stored = Person { version: 1, ..person };
    assert_eq!(found(store, &stored).await.as_ref(), Some(&stored));
    assert_eq!(store.find_by_id_card(&card).await.unwrap().as_ref(), Some(&stored));
    let other_card = CitizenId::new(CARDS[1]).unwrap();
    assert_eq!(store.find_by_id_card(&other_card).await.unwrap(), None);
    let face = Person { face_checked_at: Some(at(40)), ..stored };
    store.update(&face).await.unwrap();
    assert_eq!(found(store, &face).await, Some(Person { version: 2, ..face.clone() }));
    // What is taken back is gone, the index too.
    let nothing = Person { version: 2, ..samples::person("P1") };
    store.update(&nothing).await.unwrap();
    assert_eq!(found(store, &nothing).await, Some(Person { version: 3, ..nothing }));
    assert_eq!(store.find_by_id_card(&card).await.unwrap(), None);
}

async fn an_update_on_another_version_is_a_conflict(store: &impl EveryPort) {
    let person = join(store, "P1").await;
    store.update(&proved(&person, CARDS[0])).await.unwrap();
    let stored = found(store, &person).await;
    for version in [0, 2] {
        let refused = store.update(&Person { version, ..person.clone() }).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));
        assert_eq!(found(store, &person).await, stored);
    }
    let refused = store.update(&samples::person("P9")).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "nobody of this id");
}

async fn an_id_card_is_proved_by_one_person(store: &impl EveryPort) {
    let (first, second) = (join(store, "P1").await, join(store, "P2").await);
    store.update(&proved(&first, CARDS[0])).await.unwrap();
    let refused = store.update(&proved(&second, CARDS[0])).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    assert_eq!(found(store, &second).await.as_ref(), Some(&second));
    store.update(&proved(&second, CARDS[1])).await.unwrap();
}

async fn a_family_may_share_a_phone(store: &impl EveryPort) {
    for id in ["P1", "P2"] {
        let person = join(store, id).await;
        let phone = Some(Mobile::new("13800138000").unwrap());
        store.update(&Person { phone, ..person }).await.unwrap();
    }
}

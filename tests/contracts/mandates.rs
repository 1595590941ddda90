//! The contract of `MandateStore`.

use crate::bench::{Bench, MandatePorts};
use crate::persons::CARDS;
use domain::catalogue::AppSlug;
use domain::fakes::samples::{self, at};
use domain::identity::{
    AuditRecord, AuditTrail, AuditVerdict, Channel, LegalPerson, Mandate, MandateKind,
    MandateState, PersonName, Principal, ProxyAct, Secret, Session, SessionStore, Tokens,
};
use domain::ids::{ActNo, MandateNo, SessionId};
use domain::outside::StoreError;
use domain::standards::{CitizenId, Uscc};

/// What every `MandateStore` must do.
pub async fn mandate_store_contract<S: MandatePorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_mandate_is_read_as_it_was_stored(&new_bench().await.store).await;
    one_at_a_time_for_one_agent_and_principal(&new_bench().await.store).await;
    of_many_who_ask_at_once_one_wins(&new_bench().await).await;
    a_change_needs_the_version_that_is_stored(&new_bench().await.store).await;
    both_sides_find_theirs_the_newest_first(&new_bench().await.store).await;
    a_session_acts_under_one_and_for_itself_again(&new_bench().await.store).await;
    what_was_done_is_listed_in_pages_and_on_record(&new_bench().await.store).await;
}

fn natural(card: &str) -> Principal {
    let (name, id_card) = (PersonName::new("王老五").unwrap(), CitizenId::new(card).unwrap());
    Principal::Person { name, id_card }
}

fn legal() -> Principal {
    let uscc = Uscc::new("91330100MA00000000").unwrap_or_else(|_| uscc());
    Principal::LegalPerson(LegalPerson { uscc, name: "样例有限公司".to_owned() })
}

/// Any code that is well formed.
fn uscc() -> Uscc {
    let alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let good = alphabet.chars().flat_map(|a| alphabet.chars().map(move |b| (a, b)));
    let mut good = good.filter_map(|(a, b)| Uscc::new(&format!("9133010012345678{a}{b}")).ok());
    good.next().unwrap()
}

fn mandate(number: u32, agent: &str, principal: Principal) -> Mandate {
    let kind = match &principal {
        Principal::LegalPerson(_) => MandateKind::Operator,
        Principal::Person { .. } => MandateKind::Adult,
    };
    Mandate {
        no: MandateNo::new(&format!("DB{number:06}")).unwrap(),
        kind,
        agent: samples::person(agent).id,
        principal,
        state: MandateState::Asked,
        asked_at: at(0),
        until: at(1000),
        version: 0,
    }
}

fn line(act: &str) -> AuditRecord {
    AuditRecord::new(at(5), "person:P1", act, "DB000001", "")
}

async fn ask(store: &impl MandatePorts, mandate: &Mandate) -> Result<(), StoreError> {
    store.ask_mandate(mandate, &line("MANDATE_ASKED")).await
}

async fn acts(store: &impl MandatePorts) -> Vec<String> {
    let whole = AuditTrail::verify(store).await.unwrap();
    assert!(matches!(whole, AuditVerdict::Whole { .. }), "{whole:?}");
    let all = AuditTrail::list(store, None, 100).await.unwrap();
    all.into_iter().rev().map(|entry| entry.record.act).collect()
}

async fn a_mandate_is_read_as_it_was_stored(store: &impl MandatePorts) {
    let given = MandateState::Given { at: at(3) };
    let ended = MandateState::Ended { given_at: Some(at(3)), at: at(4) };
    let declined = MandateState::Ended { given_at: None, at: at(4) };
    for (number, state) in [(1, MandateState::Asked), (2, given), (3, ended), (4, declined)] {
        for principal in [natural(CARDS[0]), legal()] {
            let number = number * 2 + u32::from(principal == legal());
            let stored = Mandate { state, ..mandate(number, &format!("P{number}"), principal) };
            ask(store, &stored).await.unwrap();
            assert_eq!(store.find_mandate(&stored.no).await.unwrap(), Some(stored));
        }
    }
    assert_eq!(store.find_mandate(&MandateNo::new("DB999999").unwrap()).await.unwrap(), None);
    assert_eq!(acts(store).await.len(), 8);
}

async fn one_at_a_time_for_one_agent_and_principal(store: &impl MandatePorts) {
    let first = mandate(1, "P1", natural(CARDS[0]));
    ask(store, &first).await.unwrap();
    let again = Mandate { asked_at: at(999), ..mandate(2, "P1", natural(CARDS[0])) };
    assert!(matches!(ask(store, &again).await, Err(StoreError::Conflict)));
    assert_eq!(acts(store).await.len(), 1, "nothing was done, nothing is on record");
    for other in [mandate(3, "P2", natural(CARDS[0])), mandate(4, "P1", natural(CARDS[1]))] {
        ask(store, &other).await.unwrap();
    }
    // Ended, it leaves room; so does one whose time is over, and one that nobody answered.
    let ended = Mandate { state: MandateState::Ended { given_at: None, at: at(7) }, ..first };
    store.change_mandate(&ended, &line("MANDATE_ENDED")).await.unwrap();
    ask(store, &again).await.unwrap();
    let later =
        Mandate { asked_at: at(1000), until: at(9_000_000), ..mandate(5, "P2", natural(CARDS[0])) };
    ask(store, &later).await.unwrap();
    let week = 1000 + 7 * 24 * 3_600;
    let early = Mandate {
        no: MandateNo::new("DB000006").unwrap(),
        asked_at: at(week - 1),
        ..later.clone()
    };
    assert!(matches!(ask(store, &early).await, Err(StoreError::Conflict)), "it can be answered");
    let late = Mandate { asked_at: at(week), ..early };
    ask(store, &late).await.unwrap();
}

async fn of_many_who_ask_at_once_one_wins<S: MandatePorts>(bench: &Bench<S>) {
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { ask(&store, &mandate(number, "P1", natural(CARDS[0]))).await })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(StoreError::Conflict) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won, acts(&bench.store).await.len()), (1, 1));
}

async fn a_change_needs_the_version_that_is_stored(store: &impl MandatePorts) {
    let asked = mandate(1, "P1", natural(CARDS[0]));
    ask(store, &asked).await.unwrap();
    let given = Mandate { state: MandateState::Given { at: at(3) }, ..asked.clone() };
    store.change_mandate(&given, &line("MANDATE_GIVEN")).await.unwrap();
    let stored = store.find_mandate(&asked.no).await.unwrap().unwrap();
    assert_eq!(stored, Mandate { version: 1, ..given.clone() });
    let stale = store.change_mandate(&given, &line("MANDATE_GIVEN")).await;
    assert!(matches!(stale, Err(StoreError::Conflict)));
    assert_eq!(acts(store).await, ["MANDATE_ASKED", "MANDATE_GIVEN"]);
}

async fn both_sides_find_theirs_the_newest_first(store: &impl MandatePorts) {
    let all = [
        mandate(1, "P1", natural(CARDS[0])),
        mandate(2, "P1", legal()),
        mandate(3, "P2", natural(CARDS[0])),
        mandate(4, "P3", natural(CARDS[1])),
    ];
    for one in &all {
        ask(store, one).await.unwrap();
    }
    let numbers = |found: Vec<Mandate>| -> Vec<u32> {
        found.iter().map(|one| one.no.as_str()[2..].parse().unwrap()).collect()
    };
    let agents = [samples::person("P1").id, samples::person("P2").id];
    assert_eq!(numbers(store.mandates_of_agent(&agents).await.unwrap()), [3, 2, 1]);
    assert_eq!(numbers(store.mandates_of_agent(&agents[..1]).await.unwrap()), [2, 1]);
    let of = |principal: Principal| async move { store.mandates_of_principal(&principal).await };
    assert_eq!(numbers(of(natural(CARDS[0])).await.unwrap()), [3, 1]);
    assert_eq!(numbers(of(legal()).await.unwrap()), [2]);
}

async fn a_session_acts_under_one_and_for_itself_again(store: &impl MandatePorts) {
    let secret = |number: u32| Secret::new(&format!("{number:064x}")).unwrap();
    for number in 1..3 {
        let session = Session {
            id: SessionId::new(&format!("S{number}")).unwrap(),
            person: samples::person("P1").id,
            channel: Channel::WeChat,
            device: None,
            created_at: at(0),
            last_seen_at: at(0),
            access_until: at(100),
            refresh_until: at(1000),
        };
        let tokens = Tokens { access: secret(2 * number), refresh: secret(2 * number + 1) };
        SessionStore::insert(store, &session, &tokens).await.unwrap();
    }
    let one = mandate(1, "P1", natural(CARDS[0]));
    ask(store, &one).await.unwrap();
    let sessions = ["S1", "S2"].map(|id| SessionId::new(id).unwrap());
    assert_eq!(store.mandate_of_session(&sessions[0]).await.unwrap(), None);
    store.act_under(&sessions[0], Some(&one.no)).await.unwrap();
    assert_eq!(store.mandate_of_session(&sessions[0]).await.unwrap(), Some(one.no));
    assert_eq!(store.mandate_of_session(&sessions[1]).await.unwrap(), None, "no other session");
    store.act_under(&sessions[0], None).await.unwrap();
    assert_eq!(store.mandate_of_session(&sessions[0]).await.unwrap(), None);
}

async fn what_was_done_is_listed_in_pages_and_on_record(store: &impl MandatePorts) {
    let one = mandate(1, "P1", natural(CARDS[0]));
    let other = mandate(2, "P1", legal());
    for mandate in [&one, &other] {
        ask(store, mandate).await.unwrap();
    }
    let act = |number: u32, mandate: &Mandate| ProxyAct {
        no: ActNo::new(&format!("A{number:06}")).unwrap(),
        mandate: mandate.no.clone(),
        agent: mandate.agent.clone(),
        app: AppSlug::new("sample_app").unwrap(),
        at: at(i64::from(number)),
    };
    for number in 1..=5 {
        let act = act(number, if number == 3 { &other } else { &one });
        store.note_act(&act, &line("ACTED_FOR")).await.unwrap();
    }
    let first = store.list_acts(&one.no, None, 3).await.unwrap();
    assert_eq!(first, [act(5, &one), act(4, &one), act(2, &one)]);
    let rest = store.list_acts(&one.no, Some(&first[2].no), 3).await.unwrap();
    assert_eq!(rest, [act(1, &one)]);
    assert_eq!(acts(store).await.iter().filter(|act| *act == "ACTED_FOR").count(), 5);
}

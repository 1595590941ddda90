//! The contracts of `DataStore`, `FactStore` and `TicketStore`.

use crate::bench::{Bench, MandatePorts};
use crate::persons::CARDS;
use domain::catalogue::AppSlug;
use domain::fakes::samples::{self, at};
use domain::identity::{
    AuditRecord, AuditTrail, Channel, Consent, ConsentGiven, DataReading, Fact, FactOrigin,
    ReadingPurpose, Secret, Ticket,
};
use domain::ids::{PersonId, ReadNo};
use domain::standards::CitizenId;

/// What every `DataStore`, `FactStore` and `TicketStore` must do.
pub async fn data_store_contract<S: MandatePorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    readings_are_listed_in_pages_for_their_person_alone(&new_bench().await.store).await;
    a_consent_is_given_once_and_taken_back_with_what_was_said(&new_bench().await.store).await;
    the_newest_fact_of_each_origin_is_kept(&new_bench().await.store).await;
    a_ticket_works_once_in_time_for_its_app(&new_bench().await.store).await;
    of_many_that_show_a_ticket_at_once_one_wins(&new_bench().await).await;
}

fn card(number: usize) -> CitizenId {
    CitizenId::new(CARDS[number]).unwrap()
}

fn reading(number: u32) -> DataReading {
    let app = number.is_multiple_of(2).then(|| AppSlug::new("sample_app").unwrap());
    DataReading {
        no: ReadNo::new(&format!("R{number:06}")).unwrap(),
        department: "省人社厅".to_owned(),
        operation: "social_insurance.personal".to_owned(),
        app,
        fields: vec!["name".to_owned(), "id_card".to_owned(), "region".to_owned()],
        purpose: ReadingPurpose::Service,
        at: at(i64::from(number)),
    }
}

async fn readings_are_listed_in_pages_for_their_person_alone(store: &impl MandatePorts) {
    for number in 1..=5 {
        let of = card(usize::from(number == 3));
        store.note_reading(&of, &reading(number)).await.unwrap();
    }
    let first = store.list_readings(&card(0), None, 3).await.unwrap();
    assert_eq!(first, [reading(5), reading(4), reading(2)]);
    let rest = store.list_readings(&card(0), Some(&first[2].no), 3).await.unwrap();
    assert_eq!(rest, [reading(1)]);
    assert_eq!(store.list_readings(&card(1), None, 3).await.unwrap(), [reading(3)]);
}

fn person(id: &str) -> PersonId {
    samples::person(id).id
}

fn fact(field: &str, value: &str, department: Option<&str>, second: i64) -> Fact {
    let origin = department.map_or(FactOrigin::Answer, |d| FactOrigin::Department(d.to_owned()));
    let (field, value) = (field.to_owned(), value.to_owned());
    Fact { field, kind: "PLATE_NO", value, origin, as_of: at(second) }
}

async fn a_consent_is_given_once_and_taken_back_with_what_was_said(store: &impl MandatePorts) {
    let consent = |department: &str, second| Consent {
        department: department.to_owned(),
        given_at: at(second),
    };
    let set = async |id: &str, consent: &Consent, given| {
        let audit = AuditRecord::new(at(1), "person:P1", "CONSENT", id, &consent.department);
        store.set_consent(&person(id), consent, given, &audit).await.unwrap();
    };
    let (traffic, tax) = (consent("省公安厅", 1), consent("省税务局", 2));
    for (id, one) in [("P1", &traffic), ("P1", &tax), ("P2", &traffic)] {
        set(id, one, ConsentGiven::Yes).await;
    }
    let renewed = consent("省公安厅", 5);
    set("P1", &renewed, ConsentGiven::Yes).await;
    let own = store.consents_of(&[person("P1")]).await.unwrap();
    assert_eq!(own, [tax.clone(), renewed.clone()]);

    let facts = [
        fact("plate_no", "浙A00X01", None, 1),
        fact("plate_no", "浙A00X02", Some("省公安厅"), 2),
        fact("plate_no", "浙A00X03", Some("省税务局"), 3),
    ];
    for id in ["P1", "P2"] {
        store.keep_facts(&person(id), &facts).await.unwrap();
    }
    set("P1", &renewed, ConsentGiven::No).await;
    assert_eq!(store.consents_of(&[person("P1")]).await.unwrap(), [tax]);
    let kept = store.facts_of(&[person("P1")]).await.unwrap();
    assert_eq!(kept, [facts[2].clone(), facts[0].clone()], "what it said is forgotten");
    assert_eq!(store.facts_of(&[person("P2")]).await.unwrap().len(), 3, "of nobody else");
    assert_eq!(store.consents_of(&[person("P2")]).await.unwrap(), [traffic]);
    assert_eq!(AuditTrail::list(store, None, 100).await.unwrap().len(), 5);
}

async fn the_newest_fact_of_each_origin_is_kept(store: &impl MandatePorts) {
    let (one, two) = (person("P1"), person("P2"));
    let old = [fact("plate_no", "浙A00X01", None, 1), fact("address", "旧址", None, 1)];
    store.keep_facts(&one, &old).await.unwrap();
    let new = fact("plate_no", "浙A00X09\0", None, 3);
    store.keep_facts(&one, std::slice::from_ref(&new)).await.unwrap();
    let told = fact("plate_no", "浙A00X05", Some("省公安厅"), 2);
    store.keep_facts(&two, std::slice::from_ref(&told)).await.unwrap();
    let both = store.facts_of(&[one.clone(), two]).await.unwrap();
    let values: Vec<_> =
        both.iter().map(|fact| fact.value.trim_end_matches(['\0', '\u{fffd}'])).collect();
    assert_eq!(values, ["浙A00X09", "浙A00X05", "旧址"], "the newest first");
    let other_kind = Fact { kind: "TEXT", ..fact("plate_no", "x", None, 4) };
    store.keep_facts(&one, &[other_kind]).await.unwrap();
    assert_eq!(store.facts_of(&[one]).await.unwrap().len(), 3, "another type, another thing");
}

fn secret(number: u32) -> Secret {
    Secret::new(&format!("{number:064x}")).unwrap()
}

fn app(slug: &str) -> AppSlug {
    AppSlug::new(slug).unwrap()
}

fn ticket() -> Ticket {
    let channel = Channel::Alipay;
    let (issued_at, until) = (at(0), at(60));
    Ticket { person: person("P1"), app: app("sample_app"), channel, issued_at, until }
}

async fn a_ticket_works_once_in_time_for_its_app(store: &impl MandatePorts) {
    let (mine, other) = (app("sample_app"), app("other_app"));
    for number in 1..=3 {
        store.keep_ticket(&secret(number), &ticket()).await.unwrap();
    }
    let shows = async |number, app: &AppSlug, second| {
        store.use_ticket(&secret(number), app, at(second)).await.unwrap()
    };
    assert_eq!(shows(1, &other, 1).await, None, "another app's");
    assert_eq!(shows(1, &mine, 59).await, Some(ticket()), "and that used nothing up");
    assert_eq!(shows(1, &mine, 59).await, None, "used");
    assert_eq!(shows(2, &mine, 60).await, None, "too late");
    assert_eq!(shows(9, &mine, 1).await, None, "nobody's");
    let later = Ticket { issued_at: at(90_000), until: at(90_060), ..ticket() };
    store.keep_ticket(&secret(4), &later).await.unwrap();
    assert_eq!(shows(4, &mine, 90_001).await, Some(later));
}

async fn of_many_that_show_a_ticket_at_once_one_wins<S: MandatePorts>(bench: &Bench<S>) {
    bench.store.keep_ticket(&secret(1), &ticket()).await.unwrap();
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { store.use_ticket(&secret(1), &app("sample_app"), at(1)).await })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        won += usize::from(task.await.unwrap().unwrap().is_some());
    }
    assert_eq!(won, 1);
}

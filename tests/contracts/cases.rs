//! The contracts of `CaseStore` and `DraftStore`.

use crate::bench::{AccountPorts, Bench};
use domain::casework::case::{
    Application, Case, CaseChange, CaseRecord, CaseState, CaseStore, Draft, DraftStore, Errand,
    HandedIn, MOST_DRAFTS, Opened,
};
use domain::catalogue::{Action, AppDefinition, AppSlug, Operation};
use domain::engine::{Answer, AnswerValue, ExchangeCall, ExchangeValue, Subject};
use domain::fakes::samples::{self, at, person};
use domain::identity::{PersonName, PersonStore};
use domain::ids::{CaseNo, PersonId, SubmissionNo};
use domain::messaging::{EventKey, EventKind, MessageEvent};
use domain::outside::StoreError;
use domain::standards::CitizenId;
use jiff::civil::date;
use std::sync::{Arc, LazyLock};

/// A store of cases and drafts.
pub trait CasePorts: AccountPorts + CaseStore + DraftStore {}

impl<S> CasePorts for S where S: AccountPorts + CaseStore + DraftStore {}

/// What every `CaseStore` must do.
pub async fn case_store_contract<S: CasePorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_case_comes_back_as_it_was_stored(&new_bench().await.store).await;
    a_submission_opens_one_case_however_many_come_at_once(&new_bench().await).await;
    a_change_is_whole_and_of_the_version_it_was_read_with(&new_bench().await.store).await;
    a_page_is_of_one_person_and_newest_first(&new_bench().await.store).await;
    a_case_that_is_due_goes_to_one(&new_bench().await).await;
    ended_cases_are_found_in_the_order_of_their_end(&new_bench().await.store).await;
    running_cases_come_newest_first_however_many_are_over(&new_bench().await.store).await;
}

/// What every `DraftStore` must do.
pub async fn draft_store_contract<S: CasePorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_draft_replaces_the_older_one_of_its_app(&new_bench().await.store).await;
    twenty_drafts_are_enough_however_many_come_at_once(&new_bench().await).await;
}

/// The apps that this program comes with.
static APPS: LazyLock<Vec<Arc<AppDefinition>>> = LazyLock::new(|| {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    catalogue.apps().cloned().map(Arc::new).collect()
});

/// One that opens cases, with materials.
fn form() -> Arc<AppDefinition> {
    let opens = |app: &&Arc<AppDefinition>| matches!(app.action, Some(Action::Apply(_)));
    let published = APPS.iter().find(opens).unwrap();
    // A case goes on by the form; when the app is open and how it is liked is not kept with it.
    Arc::new(AppDefinition::check(&published.kept()).unwrap())
}

fn answers() -> Vec<Answer> {
    let answer = |name: &str, value| Answer { name: name.to_owned(), value };
    vec![
        answer("name", AnswerValue::Text("张三".to_owned())),
        answer("members", AnswerValue::Number(3)),
        answer("income", AnswerValue::Fen(120_000)),
        answer("since", AnswerValue::Date(date(2026, 3, 2))),
        answer("agreed", AnswerValue::Flag(true)),
        answer("reason", AnswerValue::Choice("遗失".to_owned())),
        answer("photo", AnswerValue::FileId("F0001".to_owned())),
    ]
}

fn application() -> Application {
    let subject = Subject {
        name: PersonName::new("张三").unwrap(),
        id_card: CitizenId::new("33010619000101099X").unwrap(),
    };
    Application {
        call: ExchangeCall {
            operation: Operation::new("police.id_card_reissue").unwrap(),
            subject: Some(subject),
            parameters: vec![("reason".to_owned(), "遗失".to_owned())],
        },
        answers: answers(),
        materials: vec![
            HandedIn { name: "photo".to_owned(), file: Some("F0001".to_owned()) },
            HandedIn { name: "old_card".to_owned(), file: None },
        ],
    }
}

/// Case `YJ0000…` of submission `YS0000…`.
fn case(number: u32, owner: &str) -> Case {
    Case {
        no: CaseNo::new(&format!("YJ{number:06}")).unwrap(),
        submission: SubmissionNo::new(&format!("YS{number:06}")).unwrap(),
        person: person(owner).id,
        form: form(),
        application: application(),
        state: CaseState::Submitted,
        step: 0,
        holder: "一网".to_owned(),
        department_no: None,
        promised_on: date(2026, 3, 9),
        asked_on: None,
        wanted: Vec::new(),
        facts: [("fee".to_owned(), ExchangeValue::Number(20))].into(),
        created_at: at(1),
        heard_at: None,
        decided_at: None,
        ended_at: None,
        errand: Some(Errand::File),
        due_at: Some(at(1)),
        attempts: 0,
        version: 1,
    }
}

fn change(case: &Case, words: &str) -> CaseChange {
    let event = MessageEvent {
        key: EventKey::new(&format!("case:{}:{}", case.no, case.version)).unwrap(),
        person: case.person.clone(),
        kind: EventKind::CaseAccepted,
        facts: vec![("case_no".to_owned(), case.no.to_string())],
        at: at(2),
    };
    let records = vec![case.record(at(2), words.to_owned())];
    CaseChange { case: case.clone(), records, events: vec![event] }
}

async fn open(store: &impl CaseStore, case: &Case) {
    assert_eq!(store.open(&change(case, "提交")).await.unwrap(), Opened::New);
}

async fn found(store: &impl CaseStore, case: &Case) -> Case {
    store.find_case(&case.no).await.unwrap().unwrap()
}

async fn words(store: &impl CaseStore, case: &Case) -> Vec<String> {
    let lines: Vec<CaseRecord> = store.timeline(&case.no).await.unwrap();
    let at_once = store.timelines(std::slice::from_ref(&case.no)).await.unwrap();
    assert_eq!(at_once[&case.no], lines);
    lines.into_iter().map(|line| line.words).collect()
}

async fn a_case_comes_back_as_it_was_stored(store: &impl CasePorts) {
    let one = case(1, "P1");
    open(store, &one).await;
    assert_eq!(found(store, &one).await, one);
    assert_eq!(store.find_by_submission(&one.submission).await.unwrap(), Some(one.clone()));
    assert_eq!(words(store, &one).await, ["提交"]);
    let other = case(2, "P1");
    assert_eq!(store.find_case(&other.no).await.unwrap(), None);
    assert_eq!(store.find_by_submission(&other.submission).await.unwrap(), None);
    assert_eq!(words(store, &other).await, Vec::<String>::new());
}

async fn a_submission_opens_one_case_however_many_come_at_once<S: CasePorts>(bench: &Bench<S>) {
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let mine = Case { submission: case(1, "P1").submission, ..case(number, "P1") };
        tokio::spawn(async move { (mine.no.clone(), store.open(&change(&mine, "提交")).await) })
    });
    let mut opened = std::collections::BTreeSet::new();
    let mut new = 0;
    for task in tasks.collect::<Vec<_>>() {
        let (own, done) = task.await.unwrap();
        match done.unwrap() {
            Opened::New => {
                new += 1;
                opened.insert(own);
            }
            Opened::Known(known) => drop(opened.insert(known.no.clone())),
        }
    }
    assert_eq!((new, opened.len()), (1, 1), "{opened:?}");
    let page = bench.store.list_cases(&[person("P1").id], None, 10).await.unwrap();
    assert_eq!(page.cases.len(), 1);
    assert_eq!(words(&bench.store, &page.cases[0]).await, ["提交"]);
}

async fn a_change_is_whole_and_of_the_version_it_was_read_with(store: &impl CasePorts) {
    let one = case(1, "P1");
    open(store, &one).await;
    let errand = Errand::Supplement {
        number: 1,
        parameters: vec![("card_no".to_owned(), "330106".to_owned())],
    };
    let moved = Case {
        state: CaseState::NeedsMaterials,
        step: 2,
        holder: "户籍窗口".to_owned(),
        department_no: Some("3301".to_owned()),
        asked_on: Some(date(2026, 3, 4)),
        wanted: vec!["photo".to_owned()],
        heard_at: Some(at(3)),
        errand: Some(errand),
        due_at: Some(at(9)),
        attempts: 2,
        ..one.clone()
    };
    store.change_case(&change(&moved, "补正")).await.unwrap();
    assert_eq!(found(store, &one).await, Case { version: 2, ..moved.clone() });
    let late = store.change_case(&change(&one, "迟到")).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(found(store, &one).await.state, CaseState::NeedsMaterials);
    assert_eq!(words(store, &one).await, ["提交", "补正"], "nothing of a late change is kept");
    let silent = CaseChange {
        case: Case { version: 2, errand: None, ..moved },
        records: Vec::new(),
        events: Vec::new(),
    };
    store.change_case(&silent).await.unwrap();
    assert_eq!(found(store, &one).await.version, 3);
    assert_eq!(words(store, &one).await, ["提交", "补正"]);
}

async fn a_page_is_of_one_person_and_newest_first(store: &impl CasePorts) {
    for number in 1..=5 {
        open(store, &case(number, if number == 3 { "P2" } else { "P1" })).await;
    }
    let own = [person("P1").id];
    let numbers = |cases: &[Case]| cases.iter().map(|case| case.no.clone()).collect::<Vec<_>>();
    let no = |number| case(number, "P1").no;
    let page = store.list_cases(&own, None, 3).await.unwrap();
    assert_eq!((numbers(&page.cases), page.more), (vec![no(5), no(4), no(2)], true));
    let rest = store.list_cases(&own, Some(&no(2)), 3).await.unwrap();
    assert_eq!((numbers(&rest.cases), rest.more), (vec![no(1)], false));
    let both = [person("P1").id, person("P2").id];
    assert_eq!(store.list_cases(&both, None, 10).await.unwrap().cases.len(), 5);
    assert_eq!(store.list_cases(&[], None, 10).await.unwrap().cases, []);
}

async fn a_case_that_is_due_goes_to_one<S: CasePorts>(bench: &Bench<S>) {
    for number in 1..=6 {
        open(&bench.store, &case(number, "P1")).await;
    }
    let over = Case { due_at: None, errand: None, ..case(7, "P1") };
    open(&bench.store, &over).await;
    let later = Case { due_at: Some(at(100)), ..case(8, "P1") };
    open(&bench.store, &later).await;
    let tasks = (0..4).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { store.lease_cases(at(5), at(60), 2).await.unwrap() })
    });
    let mut leased = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        leased.extend(task.await.unwrap().into_iter().map(|case| case.no));
    }
    // Who meets a row that another is taking leaves it for the next time.
    leased.extend(leased_now(&bench.store).await);
    leased.sort();
    let all: Vec<CaseNo> = (1..=6).map(|number| case(number, "P1").no).collect();
    assert_eq!(leased, all, "each once");
    assert_eq!(leased_now(&bench.store).await, []);
    let again = bench.store.lease_cases(at(60), at(90), 20).await.unwrap();
    assert_eq!(again.len(), 6, "a node that died gives them back");
}

async fn leased_now(store: &impl CaseStore) -> Vec<CaseNo> {
    let leased = store.lease_cases(at(5), at(60), 20).await.unwrap();
    leased.into_iter().map(|case| case.no).collect()
}

async fn ended_cases_are_found_in_the_order_of_their_end(store: &impl CasePorts) {
    for (number, end) in [(1, None), (2, Some(30)), (3, Some(10)), (4, Some(20))] {
        let state = if end.is_some() { CaseState::Done } else { CaseState::Approved };
        let ended_at = end.map(at);
        open(store, &Case { state, ended_at, decided_at: Some(at(5)), ..case(number, "P1") }).await;
    }
    let ended = async |since, limit| {
        let cases = store.list_ended(at(since), limit).await.unwrap();
        cases.into_iter().map(|case| case.no).collect::<Vec<_>>()
    };
    let no = |number| case(number, "P1").no;
    assert_eq!(ended(0, 10).await, [no(3), no(4), no(2)]);
    assert_eq!(ended(20, 10).await, [no(4), no(2)]);
    assert_eq!(ended(0, 1).await, [no(3)]);
}

async fn running_cases_come_newest_first_however_many_are_over(store: &impl CasePorts) {
    for number in 1..=9 {
        let over = ![1, 4, 6].contains(&number);
        let state = if over { CaseState::Done } else { CaseState::Approved };
        let ended_at = over.then(|| at(30));
        open(store, &Case { state, ended_at, decided_at: Some(at(5)), ..case(number, "P1") }).await;
    }
    open(store, &case(10, "P2")).await;
    let running = async |limit| {
        let cases = store.list_running(&[person("P1").id], limit).await.unwrap();
        cases.into_iter().map(|case| case.no).collect::<Vec<_>>()
    };
    let no = |number| case(number, "P1").no;
    assert_eq!(running(5).await, [no(6), no(4), no(1)]);
    assert_eq!(running(2).await, [no(6), no(4)]);
}

async fn owners(store: &impl CasePorts, ids: &[&str]) -> Vec<PersonId> {
    for id in ids {
        PersonStore::insert(store, &person(id), &samples::link(id)).await.unwrap();
    }
    ids.iter().map(|id| person(id).id).collect()
}

fn draft(owner: &PersonId, app: usize, second: i64) -> Draft {
    Draft {
        person: owner.clone(),
        form: Arc::clone(&APPS[app]),
        answers: answers(),
        field: Some("reason".to_owned()),
        saved_at: at(second),
    }
}

async fn a_draft_replaces_the_older_one_of_its_app(store: &impl CasePorts) {
    let both = owners(store, &["P1", "P2"]).await;
    let (one, two) = (&both[..1], &both[1..]);
    let slug = |app: usize| -> AppSlug { APPS[app].slug.clone() };
    assert!(store.save_draft(&draft(&one[0], 0, 1), one).await.unwrap());
    assert!(store.save_draft(&draft(&one[0], 1, 2), one).await.unwrap());
    let newer = Draft { answers: Vec::new(), field: None, ..draft(&one[0], 0, 3) };
    assert!(store.save_draft(&newer, one).await.unwrap());
    let kept = store.list_drafts(one).await.unwrap();
    let fields: Vec<_> = kept.iter().map(|d| (&d.form.fields, &d.answers, &d.field)).collect();
    assert_eq!(fields[0], (&APPS[0].fields, &Vec::new(), &None), "the last saved first");
    assert_eq!(fields[1], (&APPS[1].fields, &answers(), &Some("reason".to_owned())));
    assert_eq!(kept.len(), 2);
    assert_eq!(store.list_drafts(two).await.unwrap(), []);

    // Accounts that became one: of two drafts of one app the newer.
    assert!(store.save_draft(&draft(&two[0], 0, 9), two).await.unwrap());
    let seen = store.find_draft(&both, &slug(0)).await.unwrap().unwrap();
    assert_eq!((seen.person, seen.saved_at), (two[0].clone(), at(9)));
    assert_eq!(store.list_drafts(&both).await.unwrap().len(), 2);
    assert_eq!(store.find_draft(&both, &slug(2)).await.unwrap(), None);
    assert!(store.discard_draft(&both, &slug(0)).await.unwrap());
    assert!(!store.discard_draft(&both, &slug(0)).await.unwrap());
    assert_eq!(store.list_drafts(&both).await.unwrap().len(), 1);
}

async fn twenty_drafts_are_enough_however_many_come_at_once<S: CasePorts>(bench: &Bench<S>) {
    let own = owners(&bench.store, &["P1"]).await;
    for app in 1..MOST_DRAFTS {
        assert!(bench.store.save_draft(&draft(&own[0], app, 1), &own).await.unwrap(), "{app}");
    }
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let own = own.clone();
        let one = draft(&own[0], MOST_DRAFTS + number, 2);
        tokio::spawn(async move { store.save_draft(&one, &own).await })
    });
    let mut kept = 0;
    for task in tasks.collect::<Vec<_>>() {
        kept += usize::from(task.await.unwrap().unwrap());
    }
    assert_eq!(kept, 1, "the twentieth");
    assert_eq!(bench.store.list_drafts(&own).await.unwrap().len(), MOST_DRAFTS);
    let again = bench.store.save_draft(&draft(&own[0], 1, 3), &own).await.unwrap();
    assert!(again, "it is one");
}

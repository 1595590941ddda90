//! A thousand citizens submit for ten places at once: through the use case, over a real database,
//! on two nodes. Ten get one, and everybody else is told that the time is taken.

use crate::bench::{Bench, postgres, sqlite};
use adapters::store::Store;
use adapters::system::RandomIds;
use async_trait::async_trait;
use domain::casework::booking::{BookingStore, HoldRefusal, HoldSlot, SlotKey};
use domain::casework::case::{Drafts, OpenCase};
use domain::casework::certificate::IssueCertificate;
use domain::catalogue::{AppSlug, FixedCatalogue, Operation};
use domain::clock::Clock;
use domain::engine::{
    Answer, AnswerValue, DepartmentExchange, ExchangeAnswer, ExchangeCall, ExchangeRow,
    ExchangeValue, Outcome, Submission, SubmitApp, SubmitError,
};
use domain::fakes::samples::{self, at};
use domain::fakes::{FakeClock, FakeGateway, FaultPlan, InMemoryLastAnswers, KeptForms};
use domain::identity::{Acting, Caller, Channel, PersonStore};
use domain::ids::{IdempotencyKey, SessionId};
use domain::outside::OutsideError;
use domain::standards::Mobile;
use jiff::civil::date;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

const CITIZENS: usize = 1_000;
const PLACES: usize = 10;
/// So many of the thousand are at the front at the same moment, as the front itself lets in.
const AT_ONCE: usize = 64;
const SLOT: &str = "20260303-0900-ZJ01";
const SLOTS: &str = "relics.museum_booking.slots";

/// A museum that offers one time with ten places.
struct OneSlot;

#[async_trait]
impl DepartmentExchange for OneSlot {
    async fn call(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
        assert_eq!(call.operation.as_str(), SLOTS);
        let text = |text: &str| ExchangeValue::Text(text.to_owned());
        let row: ExchangeRow = BTreeMap::from([
            ("slot".to_owned(), text(SLOT)),
            ("label".to_owned(), text("3月3日 09:00-11:00")),
            ("starts_at".to_owned(), text("2026-03-03T09:00:00+08:00")),
            ("ends_at".to_owned(), text("2026-03-03T11:00:00+08:00")),
            ("places".to_owned(), ExchangeValue::Number(i64::try_from(PLACES).unwrap())),
        ]);
        Ok(ExchangeAnswer { rows: vec![row], as_of: at(0), source: "省文物局".to_owned() })
    }
}

fn submission(number: usize) -> Submission {
    let answer = |name: &str, value| Answer { name: name.to_owned(), value };
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    Submission {
        app: AppSlug::new("museum_booking").unwrap(),
        region: None,
        channel: Channel::WeChat,
        form_version: 1,
        answers: vec![
            answer("name", text("林晓舟")),
            answer("id_card", text("330106198001010013")),
            answer("phone", text("13800138000")),
            answer("visitors", AnswerValue::Number(1)),
            answer("museum", AnswerValue::Choice("ZJ01".to_owned())),
            answer("date", AnswerValue::Date(date(2026, 3, 3))),
            answer("slot", AnswerValue::Choice(SLOT.to_owned())),
        ],
        idempotency_key: Some(IdempotencyKey::new(&format!("rush-{number:05}")).unwrap()),
    }
}

fn caller(number: usize) -> Caller {
    let mut person = samples::person(&format!("P{number}"));
    person.phone = Some(Mobile::new(&format!("138{number:08}")).unwrap());
    let session = SessionId::new("session1").unwrap();
    Caller { person, channel: Channel::WeChat, session }
}

fn front(store: &Store) -> Arc<SubmitApp> {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let catalogue = Arc::new(FixedCatalogue(Arc::new(catalogue)));
    let shared = Arc::new(store.clone());
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(at(0)));
    Arc::new(SubmitApp {
        catalogue: catalogue.clone(),
        exchange: Arc::new(OneSlot),
        past_forms: Arc::new(KeptForms::default()),
        last_answers: Arc::new(InMemoryLastAnswers::default()),
        notices: Arc::new(FakeGateway::new(Vec::new(), Arc::new(FaultPlan::default()))),
        certificates: Arc::new(IssueCertificate {
            book: shared.clone(),
            clock: clock.clone(),
            ids: Arc::new(RandomIds),
        }),
        certificate_post: None,
        acting: Arc::new(Acting {
            store: shared.clone(),
            clock: clock.clone(),
            ids: Arc::new(RandomIds),
        }),
        open_case: Arc::new(OpenCase {
            cases: shared.clone(),
            clock: clock.clone(),
            ids: Arc::new(RandomIds),
        }),
        drafts: Arc::new(Drafts {
            drafts: shared.clone(),
            files: shared.clone(),
            catalogue,
            clock: clock.clone(),
        }),
        submissions: shared.clone(),
        hold_slot: Arc::new(HoldSlot { bookings: shared.clone() }),
        files: shared,
        ids: Arc::new(RandomIds),
        clock,
    })
}

async fn a_thousand_come_for_ten_places(bench: Bench<Store>) {
    for number in 0..CITIZENS {
        let (person, link) = (caller(number).person, samples::link(&format!("P{number}")));
        PersonStore::insert(&bench.store, &person, &link).await.unwrap();
    }
    let fronts = [front(&bench.store), front(&bench.other)];
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let tasks = (0..CITIZENS).map(|number| {
        let (front, turns) = (Arc::clone(&fronts[number % 2]), Arc::clone(&turns));
        tokio::spawn(async move {
            let _turn = turns.acquire_owned().await.unwrap();
            front.run(Some(&caller(number)), &submission(number)).await
        })
    });
    let (mut booked, mut taken) = (0, 0);
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(Outcome::Booking(_)) => booked += 1,
            Err(SubmitError::NoPlace(HoldRefusal::Taken)) => taken += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((booked, taken), (PLACES, CITIZENS - PLACES));
    let key = SlotKey::new(Operation::new(SLOTS).unwrap(), SLOT).unwrap();
    let stored = bench.store.taken(std::slice::from_ref(&key)).await.unwrap();
    assert_eq!(stored.get(&key).copied(), u32::try_from(PLACES).ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_citizens_get_ten_places_on_sqlite() {
    a_thousand_come_for_ten_places(sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_citizens_get_ten_places_on_postgresql() {
    a_thousand_come_for_ten_places(postgres().await).await;
}

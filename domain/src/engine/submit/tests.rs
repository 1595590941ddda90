//! What comes of a submission, with ports in memory.

use super::*;
use crate::casework::certificate::IssueCertificate;
use crate::catalogue::samples::{catalogue, checked, sample};
use crate::catalogue::{FixedCatalogue, RawApp};
use crate::engine::{
    AnswerValue, ExchangeAnswer, ExchangeCall, ExchangeRow, ExchangeValue, NoticeLink, Subject,
};
use crate::fakes::samples::{at, caller, notice};
use crate::fakes::{CountingIds, FakeClock, InMemoryLastAnswers, InMemoryStore, KeptForms};
use crate::identity::{PersonName, RealName};
use crate::notice::{Notice, NoticeNo, PayerKey};
use crate::standards::{CitizenId, Mobile, PayCode};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

/// Polls until done; the fakes here wake nobody, they are simply asked again.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// An exchange with one answer for everybody.
pub(super) struct FakeExchange {
    answer: Mutex<Result<Vec<ExchangeRow>, &'static str>>,
    pub(super) calls: Mutex<Vec<ExchangeCall>>,
}

impl FakeExchange {
    /// From now on.
    pub(super) fn says(&self, answer: Result<Vec<ExchangeRow>, &'static str>) {
        *self.answer.lock().unwrap() = answer;
    }
}

#[async_trait]
impl DepartmentExchange for FakeExchange {
    async fn call(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
        self.calls.lock().unwrap().push(call.clone());
        match &*self.answer.lock().unwrap() {
            Ok(rows) => {
                let source = "省公安厅".to_owned();
                Ok(ExchangeAnswer { rows: rows.clone(), as_of: at(0), source })
            }
            Err("SILENT") => Err(OutsideError::NotSent("planned".into())),
            Err(code) => {
                let message = "vin_tail of P1".to_owned();
                Err(OutsideError::Refused { code: (*code).to_owned(), message })
            }
        }
    }
}

/// A gateway that knows the notice 330000001FS1 and falls silent for numbers with an `X`. Every
/// call takes one more poll than it must.
#[derive(Default)]
pub(super) struct FakeBook {
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl NoticeBook for FakeBook {
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError> {
        self.asked.lock().unwrap().push(no.to_string());
        let mut waited = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        match no.as_str() {
            silent if silent.contains('X') => Err(OutsideError::OutcomeUnknown("planned".into())),
            "330000001FS1" => Ok(Some(notice(no.as_str(), 20_000))),
            _ => Ok(None),
        }
    }

    async fn list_of_payer(&self, _payer: &PayerKey) -> Result<Vec<Notice>, OutsideError> {
        Ok(Vec::new())
    }

    async fn find_by_pay_code(&self, _code: &PayCode) -> Result<Option<Notice>, OutsideError> {
        Ok(None)
    }
}

pub(super) struct Bench {
    pub(super) exchange: Arc<FakeExchange>,
    book: Arc<FakeBook>,
    pub(super) clock: Arc<FakeClock>,
    pub(super) store: Arc<InMemoryStore>,
    pub(super) submit: SubmitApp,
}

pub(super) fn bench_of(app: RawApp, answer: Result<Vec<ExchangeRow>, &'static str>) -> Bench {
    let exchange = FakeExchange { answer: Mutex::new(answer), calls: Mutex::default() };
    let exchange = Arc::new(exchange);
    let book = Arc::new(FakeBook::default());
    let catalogue = Arc::new(FixedCatalogue(Arc::new(catalogue(app))));
    let (store, clock) = (Arc::new(InMemoryStore::new()), Arc::new(FakeClock::at(at(0))));
    let ids = Arc::new(CountingIds::default());
    let open_case = OpenCase { cases: store.clone(), clock: clock.clone(), ids: ids.clone() };
    let drafts = Drafts {
        drafts: store.clone(),
        files: store.clone(),
        catalogue: catalogue.clone(),
        clock: clock.clone(),
    };
    let submit = SubmitApp {
        catalogue,
        past_forms: Arc::new(KeptForms::default()),
        exchange: exchange.clone(),
        last_answers: Arc::new(InMemoryLastAnswers::default()),
        notices: book.clone(),
        files: store.clone(),
        hold_slot: Arc::new(HoldSlot { bookings: store.clone() }),
        acting: Arc::new(Acting { store: store.clone(), clock: clock.clone(), ids: ids.clone() }),
        certificates: Arc::new(IssueCertificate {
            book: store.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        }),
        certificate_post: None,
        submissions: store.clone(),
        open_case: Arc::new(open_case),
        drafts: Arc::new(drafts),
        ids,
        clock: clock.clone(),
    };
    Bench { exchange, book, clock, store, submit }
}

pub(super) fn row(notice_no: &str) -> ExchangeRow {
    let text = |value: &str| ExchangeValue::Text(value.to_owned());
    BTreeMap::from([
        ("time".to_owned(), text("2026-02-01 08:00")),
        ("fine_fen".to_owned(), ExchangeValue::Number(20_000)),
        ("paid".to_owned(), ExchangeValue::Flag(false)),
        ("notice_no".to_owned(), text(notice_no)),
        ("secret".to_owned(), text("not in the definition")),
    ])
}

pub(super) fn submission() -> Submission {
    let answer = |name: &str, value| Answer { name: name.to_owned(), value };
    let text = |value: &str| AnswerValue::Text(value.to_owned());
    Submission {
        app: AppSlug::new("sample_fines").unwrap(),
        region: None,
        channel: Channel::App,
        form_version: 1,
        answers: vec![
            answer("plate_no", text("浙A00X00")),
            answer("plate_kind", AnswerValue::Choice("02".to_owned())),
            answer("vin_tail", text("000001")),
        ],
        idempotency_key: None,
    }
}

fn refused(app: RawApp, who: Option<&Caller>, submission: &Submission) -> SubmitError {
    let bench = bench_of(app, Ok(Vec::new()));
    let error = wait(bench.submit.run(who, submission)).unwrap_err();
    assert!(bench.exchange.calls.lock().unwrap().is_empty(), "asked in spite of {error}");
    error
}

fn links(notice_nos: &[&str]) -> (Vec<NoticeLink>, usize) {
    let bench = bench_of(sample(), Ok(notice_nos.iter().map(|no| row(no)).collect()));
    let outcome = wait(bench.submit.run(None, &submission())).unwrap();
    let Outcome::Lookup { rows, .. } = outcome else { panic!("{outcome:?}") };
    let asked = bench.book.asked.lock().unwrap().len();
    (rows.into_iter().map(|row| row.notice).collect(), asked)
}

#[test]
fn a_look_up_shows_the_rows_of_the_definition_and_what_can_be_paid() {
    let bench = bench_of(sample(), Ok(vec![row("330000001FS1"), row("")]));
    let outcome = wait(bench.submit.run(None, &submission())).unwrap();
    let Outcome::Lookup { rows, as_of, source, stale } = outcome else { panic!("{outcome:?}") };
    assert_eq!((as_of, source.as_str(), stale), (at(0), "省公安厅", None));
    let values: Vec<_> =
        rows[0].fields.iter().map(|f| (f.name.as_str(), f.value.as_str())).collect();
    assert_eq!(values, [("time", "2026-02-01 08:00"), ("fine_fen", "¥200.00"), ("paid", "否")]);
    assert_eq!(rows[0].notice, NoticeLink::Found(Box::new(notice("330000001FS1", 20_000))));
    assert_eq!(rows[1].notice, NoticeLink::None);
}

#[test]
fn a_silent_gateway_costs_links_not_rows() {
    let (found, _) = links(&["330000001FS1", "330000001X1", "330000001FS2"]);
    assert!(matches!(found[0], NoticeLink::Found(_)));
    assert_eq!(found[1..], [NoticeLink::Unavailable, NoticeLink::None]);
    let (found, asked) = links(&["not a number"]);
    assert_eq!((found, asked), (vec![NoticeLink::Unavailable], 0));
}

#[test]
fn one_notice_is_asked_for_once_and_a_silent_gateway_is_left_alone() {
    let (found, asked) = links(&["330000001FS1"; 30]);
    assert_eq!((found.len(), asked), (30, 1));
    let many: Vec<String> = (0..40).map(|n| format!("330000001X{n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (found, asked) = links(&many);
    assert_eq!(found, vec![NoticeLink::Unavailable; 40]);
    assert_eq!(asked, 10);
}

#[test]
fn nothing_is_asked_before_the_submission_is_in_order() {
    type Spoil = fn(&mut RawApp, &mut Submission);
    let table: [(Spoil, &str); 7] = [
        (|_, s| s.app = AppSlug::new("nothing").unwrap(), "UnknownApp"),
        (|_, s| s.region = RegionCode::new("330104").ok(), "UnknownRegion"),
        (|a, _| a.coverage = vec!["330100".to_owned()], "NotOpen(NotInRegion"),
        (|_, s| s.channel = Channel::Alipay, "NotOpen(NotInChannel"),
        (|_, s| s.form_version = 2, "FormVersionRetired { current: 1 }"),
        (|a, _| a.identity_level = "phone".to_owned(), "NotSignedIn"),
        (|_, s| s.answers.clear(), "Answers"),
    ];
    for (spoil, expected) in table {
        let (mut app, mut submission) = (sample(), submission());
        spoil(&mut app, &mut submission);
        let got = format!("{:?}", refused(app, None, &submission));
        assert!(got.starts_with(expected), "{expected}: {got}");
    }
}

#[test]
fn who_began_on_an_old_form_finishes_on_it_and_proves_what_is_asked_now() {
    let mut new = sample();
    new.form_version = 2;
    new.fields[0].name = "new_plate".to_owned();
    new.look_up.as_mut().unwrap().sends[0].field = "new_plate".to_owned();
    new.fields[3].depends_on = Vec::new();
    let mut bench = bench_of(new.clone(), Ok(Vec::new()));
    bench.submit.past_forms = Arc::new(KeptForms(vec![checked(sample())]));
    wait(bench.submit.run(None, &submission())).unwrap();
    let calls = bench.exchange.calls.lock().unwrap().len();
    assert_eq!(calls, 1, "the old form's answers go to the department");
    new.identity_level = "phone".to_owned();
    let catalogue = catalogue(new);
    bench.submit.catalogue = Arc::new(FixedCatalogue(Arc::new(catalogue)));
    let refused = wait(bench.submit.run(None, &submission())).unwrap_err();
    assert!(matches!(refused, SubmitError::NotSignedIn), "{refused:?}");
    let never = Submission { form_version: 7, ..submission() };
    let refused = wait(bench.submit.run(None, &never)).unwrap_err();
    assert!(matches!(refused, SubmitError::FormVersionRetired { current: 2 }), "{refused:?}");
}

#[test]
fn an_app_with_nothing_behind_it_is_not_open() {
    let mut app = sample();
    (app.look_up, app.leads_to_notice) = (None, None);
    let error = refused(app, None, &submission());
    let SubmitError::NotOpen(Availability::Maintenance { reason, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(reason, "服务接入中，暂未开放办理");
}

#[test]
fn levels_are_those_of_the_person_and_the_channel_that_of_the_session() {
    let needs = |level: &str| RawApp { identity_level: level.to_owned(), ..sample() };
    let mut somebody = caller("P1");
    somebody.person.phone = Some(Mobile::new("13000000000").unwrap());
    let error = refused(needs("real_name"), Some(&somebody), &submission());
    assert!(matches!(error, SubmitError::LevelTooLow { needed: IdentityLevel::RealName }));

    let bench = bench_of(needs("phone"), Ok(Vec::new()));
    // The session is WeChat's, which the app serves; the header says Alipay, which it does not.
    let through_alipay = Submission { channel: Channel::Alipay, ..submission() };
    assert!(wait(bench.submit.run(Some(&somebody), &through_alipay)).is_ok());
}

#[test]
fn the_subject_of_a_call_is_the_verified_person() {
    let mut app = RawApp { identity_level: "real_name".to_owned(), ..sample() };
    app.look_up.as_mut().unwrap().subject = true;
    let mut somebody = caller("P1");
    let name = PersonName::new("张三").unwrap();
    let id_card = CitizenId::new("33010619000101099X").unwrap();
    let proved = RealName { name: name.clone(), id_card: id_card.clone(), checked_at: at(0) };
    somebody.person.real_name = Some(proved);
    let bench = bench_of(app, Ok(Vec::new()));
    assert!(wait(bench.submit.run(Some(&somebody), &submission())).is_ok());
    let calls = bench.exchange.calls.lock().unwrap();
    assert_eq!(calls[0].subject, Some(Subject { name, id_card }));
}

#[test]
fn refusals_and_silence_of_a_department_are_told_apart() {
    for (code, refused) in [
        ("INVALID", true),
        ("DENIED", true),
        ("BUSY", false),
        ("NEW_CODE", false),
        ("SILENT", false),
    ] {
        let bench = bench_of(sample(), Err(code));
        let error = wait(bench.submit.run(None, &submission())).unwrap_err();
        if let SubmitError::Refused { message } = &error {
            assert!(refused, "{code}");
            assert!(message.contains("省公安厅") && !message.contains("vin_tail"), "{message}");
        } else {
            assert!(!refused, "{code}");
            assert!(matches!(error, SubmitError::DepartmentUnavailable { .. }), "{error:?}");
        }
    }
}

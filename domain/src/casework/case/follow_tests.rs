//! What becomes of a case, with ports in memory.

use super::*;
use crate::catalogue::samples::{application, catalogue, checked};
use crate::catalogue::{AppDefinition, FixedCatalogue, RawApp};
use crate::engine::{
    Answer, AnswerFaultCode, AnswerValue, Circumstances, DepartmentExchange, Effect,
    ExchangeAnswer, ExchangeCall, ExchangeRow, ExchangeValue, plan,
};
use crate::fakes::samples::{caller, person};
use crate::fakes::{CountingIds, FakeClock, InMemoryStore};
use crate::ids::{CaseNo, SubmissionNo};
use crate::messaging::EventKind;
use crate::outside::OutsideError;
use async_trait::async_trait;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

fn answers(reason: &str) -> Vec<Answer> {
    let answer = |name: &str, value| Answer { name: name.to_owned(), value };
    vec![
        answer("card_no", AnswerValue::Text("330106".to_owned())),
        answer("reason", AnswerValue::Choice(reason.to_owned())),
    ]
}

fn planned(reason: &str) -> Result<Application, Vec<(String, AnswerFaultCode)>> {
    let regions = crate::catalogue::samples::table();
    let who = person("P1");
    let today = date(2026, 3, 2);
    let circumstances =
        Circumstances { who: Some(&who), company: None, regions: &regions, today, files: &[] };
    match plan(&checked(application()), &answers(reason), circumstances) {
        Ok(Some(Effect::Apply(application))) => Ok(application),
        Ok(other) => panic!("{other:?}"),
        Err(faults) => Err(faults.into_iter().map(|f| (f.field, f.code)).collect()),
    }
}

#[test]
fn materials_follow_from_the_answers() {
    let application = planned("expired").unwrap();
    let names: Vec<&str> = application.materials.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["old_card", "portrait"]);
    let sent: Vec<_> = application.call.parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(sent, ["card_no", "reason"]);
    let missing = planned("lost").unwrap_err();
    assert_eq!(missing, [("photo".to_owned(), AnswerFaultCode::Required)]);
}

/// A department that answers as it is told, and remembers what it was asked.
#[derive(Default)]
struct Counter {
    says: Mutex<Option<Result<ExchangeRow, &'static str>>>,
    calls: Mutex<Vec<ExchangeCall>>,
}

impl Counter {
    fn says(&self, state: &str, step: i64, more: &[(&str, &str)]) {
        let text = |value: &str| ExchangeValue::Text(value.to_owned());
        let mut row: ExchangeRow = BTreeMap::from([
            ("case_state".to_owned(), text(state)),
            ("case_no".to_owned(), text("3301")),
            ("case_step".to_owned(), ExchangeValue::Number(step)),
            ("time".to_owned(), text(state)),
        ]);
        row.extend(more.iter().map(|(key, value)| ((*key).to_owned(), text(value))));
        *self.says.lock().unwrap() = Some(Ok(row));
    }

    fn refuses(&self, code: &'static str) {
        *self.says.lock().unwrap() = Some(Err(code));
    }

    fn is_silent(&self) {
        *self.says.lock().unwrap() = None;
    }

    fn asked(&self) -> Vec<(String, String)> {
        let calls = std::mem::take(&mut *self.calls.lock().unwrap());
        let number = |call: &ExchangeCall| {
            let of = |name| call.parameters.iter().find(|(key, _)| key == name);
            let (_, no) = of("request_no").or_else(|| of("application")).unwrap().clone();
            (call.operation.to_string(), no)
        };
        calls.iter().map(number).collect()
    }
}

#[async_trait]
impl DepartmentExchange for Counter {
    async fn call(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
        self.calls.lock().unwrap().push(call.clone());
        match self.says.lock().unwrap().clone() {
            None => Err(OutsideError::OutcomeUnknown("planned".into())),
            Some(Ok(row)) => Ok(ExchangeAnswer {
                rows: vec![row],
                as_of: Timestamp::UNIX_EPOCH,
                source: "省公安厅".to_owned(),
            }),
            Some(Err(code)) => Err(OutsideError::Refused {
                code: code.to_owned(),
                message: "card_no of P1".to_owned(),
            }),
        }
    }
}

struct Bench {
    counter: Arc<Counter>,
    store: Arc<InMemoryStore>,
    clock: Arc<FakeClock>,
    follow: FollowCases,
}

/// Monday, 2026-03-02, 10:00 in Beijing.
fn monday() -> Timestamp {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

impl Bench {
    fn new() -> (Self, CaseNo) {
        let (counter, store) = (Arc::new(Counter::default()), Arc::new(InMemoryStore::new()));
        let clock = Arc::new(FakeClock::at(monday()));
        let follow =
            FollowCases { cases: store.clone(), exchange: counter.clone(), clock: clock.clone() };
        let bench = Self { counter, store, clock, follow };
        let no = bench.opens("YS00001").no;
        (bench, no)
    }

    fn opens(&self, submission: &str) -> Case {
        let form: Arc<AppDefinition> = Arc::new(checked(application()));
        let open = OpenCase {
            cases: self.store.clone(),
            clock: self.clock.clone(),
            ids: Arc::new(CountingIds::default()),
        };
        let new = NewCase {
            submission: SubmissionNo::new(submission).unwrap(),
            person: person("P1").id,
            form,
            application: planned("expired").unwrap(),
        };
        wait(open.run(new)).unwrap()
    }

    /// Lets an hour pass and calls the department once.
    fn goes_on(&self) -> Followed {
        self.clock.advance(SignedDuration::from_hours(1));
        let done = wait(self.follow.run_once(10)).unwrap();
        let [(_, followed)] = done.try_into().unwrap();
        followed.unwrap()
    }

    fn case(&self, no: &CaseNo) -> Case {
        wait(self.store.find_case(no)).unwrap().unwrap()
    }

    fn told(&self, no: &CaseNo) -> Vec<String> {
        let lines = wait(self.store.timeline(no)).unwrap();
        lines.into_iter().map(|line| line.words).collect()
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.store.message_events().iter().map(|event| event.kind).collect()
    }

    fn withdraw(&self, no: &CaseNo) -> Result<Case, WithdrawError> {
        let withdraw = WithdrawCase { cases: self.store.clone(), clock: self.clock.clone() };
        wait(withdraw.run(&caller("P1"), no))
    }

    fn supplement(&self, no: &CaseNo, answers: &[Answer]) -> Result<Case, SupplementError> {
        let source = FixedCatalogue(Arc::new(catalogue(application())));
        let supplement = SupplementCase {
            cases: self.store.clone(),
            files: self.store.clone(),
            catalogue: Arc::new(source),
            clock: self.clock.clone(),
        };
        wait(supplement.run(&caller("P1"), no, answers))
    }
}

#[test]
fn a_case_goes_its_way_and_every_move_is_told_once() {
    let (bench, no) = Bench::new();
    let opened = bench.case(&no);
    assert_eq!((opened.state, opened.holder.as_str()), (CaseState::Submitted, US));
    assert_eq!(opened.promised_on, date(2026, 3, 9));
    assert_eq!(bench.opens("YS00001").no, no, "the same submission");

    bench.counter.says("ACCEPTED", 1, &[]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    assert_eq!(
        bench.counter.asked(),
        [("police.id_card_reissue".to_owned(), "YS00001".to_owned())]
    );
    assert_eq!(bench.goes_on(), Followed::Known);
    assert_eq!(
        bench.counter.asked(),
        [("police.application_progress".to_owned(), "YS00001".to_owned())]
    );
    bench.counter.says("IN_REVIEW", 2, &[]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    assert_eq!(bench.case(&no).holder, "制证中心");
    bench.counter.says("APPROVED", 2, &[("case_words", "请带身份证领取")]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    bench.counter.says("DONE", 2, &[]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    let done = bench.case(&no);
    assert_eq!((done.state, done.due_at), (CaseState::Done, None));
    assert!(done.ended_at > done.decided_at);
    assert_eq!(done.department_no.as_deref(), Some("3301"));
    assert!(wait(bench.follow.run_once(10)).unwrap().is_empty(), "nobody asks any more");

    assert_eq!(
        bench.told(&no),
        [
            "申请已提交，正在递交省公安厅",
            "省公安厅已受理，受理编号3301，承诺2026-03-09前办结",
            "进入“制证”环节，由制证中心办理",
            "省公安厅审批通过。省公安厅：请带身份证领取",
            "已办结",
        ]
    );
    assert_eq!(
        bench.kinds(),
        [EventKind::CaseAccepted, EventKind::CaseApproved, EventKind::CaseDone]
    );
}

#[test]
fn a_silent_department_is_told_of_once_and_called_until_it_answers() {
    let (bench, no) = Bench::new();
    bench.counter.is_silent();
    for _ in 0..3 {
        assert_eq!(bench.goes_on(), Followed::Silent);
    }
    let said = "省公安厅暂时没有应答。您的申请已保存，我们会继续递交，您不必重新提交";
    assert_eq!(bench.told(&no)[1..], [said.to_owned()]);
    assert_eq!(bench.case(&no).state, CaseState::Submitted);
    bench.counter.refuses("BUSY");
    assert_eq!(bench.goes_on(), Followed::Silent, "busy is no refusal");
    let asked = bench.counter.asked();
    assert!(asked.iter().all(|call| call == &asked[0]), "the same number every time: {asked:?}");
    bench.counter.says("ACCEPTED", 1, &[]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    assert_eq!(bench.case(&no).state, CaseState::Accepted);
}

#[test]
fn an_answer_that_says_nothing_of_the_case_changes_nothing() {
    let (bench, no) = Bench::new();
    bench.counter.says("LOST", 1, &[]);
    assert_eq!(bench.goes_on(), Followed::Contradicts);
    assert_eq!(bench.case(&no).errand, Some(Errand::File), "it is filed again");
    bench.counter.says("APPROVED", 2, &[]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    bench.counter.says("REJECTED", 2, &[]);
    assert_eq!(bench.goes_on(), Followed::Contradicts);
    assert_eq!(bench.case(&no).state, CaseState::Approved);
}

#[test]
fn what_the_department_will_not_take_ends_with_its_refusal() {
    let (bench, no) = Bench::new();
    bench.counter.refuses("INVALID");
    assert_eq!(bench.goes_on(), Followed::Moved);
    let case = bench.case(&no);
    assert_eq!((case.state, case.due_at), (CaseState::Rejected, None));
    assert!(!bench.told(&no)[1].contains("card_no"), "the exchange's words are for programs");
    assert_eq!(bench.kinds(), [EventKind::CaseRejected]);
}

#[test]
fn what_is_missing_is_handed_in_and_the_days_of_waiting_do_not_count() {
    let (bench, no) = Bench::new();
    bench.counter.says("NEEDS_MATERIALS", 1, &[("case_wanted", "card_no,old_card")]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    let asked = bench.case(&no);
    assert_eq!(asked.wanted_labels(), ["标签", "材料old_card"]);
    assert_eq!(bench.kinds(), [EventKind::CaseNeedsMaterials]);
    // Two working days pass.
    bench.clock.advance(SignedDuration::from_hours(48));
    let none = bench.supplement(&no, &[]);
    let Err(SupplementError::Answers(faults)) = none else { panic!("{none:?}") };
    assert_eq!(faults[0].field, "card_no");
    let answer = answers("lost").remove(0);
    let unknown = Answer { name: "colour".to_owned(), ..answer.clone() };
    assert!(bench.supplement(&no, &[answer.clone(), unknown]).is_err());
    let given = bench.supplement(&no, std::slice::from_ref(&answer)).unwrap();
    assert_eq!((given.state, given.promised_on), (CaseState::InReview, date(2026, 3, 11)));
    let again = bench.supplement(&no, &[answer]);
    assert!(matches!(again, Err(SupplementError::NotAsked(_))), "{again:?}");

    bench.counter.asked();
    bench.counter.says("IN_REVIEW", 1, &[]);
    bench.goes_on();
    let asked = bench.counter.asked();
    let (operation, number) = &asked[0];
    assert_eq!(operation, "police.application_supplement");
    assert!(number.starts_with("YS00001-"), "{number}");
    assert_eq!(bench.case(&no).errand, None);
}

#[test]
fn a_case_is_taken_back_by_the_department_alone() {
    let (bench, no) = Bench::new();
    let back = bench.withdraw(&no).unwrap();
    assert_eq!(back.state, CaseState::Withdrawing);
    assert_eq!(bench.withdraw(&no).unwrap().version, back.version, "again changes nothing");
    bench.counter.is_silent();
    assert_eq!(bench.goes_on(), Followed::Silent);
    bench.counter.says("WITHDRAWN", 0, &[]);
    assert_eq!(bench.goes_on(), Followed::Moved);
    let asked = bench.counter.asked();
    assert!(asked.iter().all(|(operation, _)| operation == "police.application_withdraw"));
    assert_eq!(bench.case(&no).state, CaseState::Withdrawn);
    assert_eq!(bench.kinds(), [EventKind::CaseWithdrawn]);

    let (bench, no) = Bench::new();
    bench.withdraw(&no).unwrap();
    bench.counter.says("APPROVED", 2, &[]);
    bench.goes_on();
    assert_eq!(bench.case(&no).state, CaseState::Approved, "it was decided before");
    assert!(matches!(bench.withdraw(&no), Err(WithdrawError::TooLate(_))));
    assert!(matches!(
        wait(
            WithdrawCase { cases: bench.store.clone(), clock: bench.clock.clone() }
                .run(&caller("P2"), &no)
        ),
        Err(WithdrawError::NotFound)
    ));
}

#[test]
fn a_draft_stays_on_the_form_it_was_begun_with() {
    let store = Arc::new(InMemoryStore::new());
    let clock = Arc::new(FakeClock::at(monday()));
    let drafts = |version: u32| {
        let app = RawApp { form_version: version, ..application() };
        Drafts {
            drafts: store.clone(),
            files: store.clone(),
            catalogue: Arc::new(FixedCatalogue(Arc::new(catalogue(app)))),
            clock: clock.clone(),
        }
    };
    let save = |version: u32, field: &str| SaveDraft {
        app: checked(application()).slug,
        form_version: version,
        answers: vec![answers("lost").remove(0)],
        field: Some(field.to_owned()),
    };
    let (one, two) = (drafts(1), drafts(2));
    wait(one.save(&caller("P1"), save(1, "reason"))).unwrap();
    let kept = wait(two.save(&caller("P1"), save(1, "card_no"))).unwrap();
    assert_eq!((kept.form.form_version, kept.field.as_deref()), (1, Some("card_no")));
    assert!(matches!(
        wait(two.save(&caller("P2"), save(1, "card_no"))),
        Err(DraftError::FormVersionRetired { current: 2 })
    ));
    assert!(matches!(
        wait(one.save(&caller("P1"), save(1, "colour"))),
        Err(DraftError::UnknownField)
    ));
    let mut wrong = save(1, "reason");
    wrong.answers[0].value = AnswerValue::Number(3);
    assert!(matches!(wait(one.save(&caller("P1"), wrong)), Err(DraftError::Answers(_))));
    assert_eq!(wait(two.list(&caller("P1"))).unwrap().len(), 1);
    assert_eq!(wait(two.list(&caller("P2"))).unwrap(), []);
    let app = checked(application()).slug;
    assert!(wait(two.discard(&person("P1"), &app)).unwrap());
    assert!(!wait(two.discard(&person("P1"), &app)).unwrap());
}

//! Carrying errands to departments, and asking how it goes.

use super::{Case, CaseChange, CaseEvent, CaseStore, Errand, Report};
use crate::catalogue::Operation;
use crate::clock::Clock;
use crate::engine::{
    DepartmentExchange, ExchangeCall, ExchangeRow, REFUSED_DENIED, REFUSED_INVALID,
};
use crate::ids::CaseNo;
use crate::outside::{OutsideError, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// For how long a node keeps a case before another may call the department.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The first wait between two questions, in seconds; each that brings nothing new doubles it.
const ASK_AGAIN_SECONDS: i64 = 60;
const ASK_AGAIN_DOUBLINGS: u32 = 5;
/// The first wait after an errand that the department did not take, in seconds.
const TRY_AGAIN_SECONDS: i64 = 10;
const TRY_AGAIN_DOUBLINGS: u32 = 6;

/// What came of calling a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The case moved on.
    Moved,
    /// It is as it was.
    Known,
    /// The department did not answer; it is called again later.
    Silent,
    /// The answer says nothing of the case, or contradicts where it stands; nothing was changed,
    /// and it is asked again later. Staff should look.
    Contradicts,
}

/// Use case: follow cases at their departments.
pub struct FollowCases {
    /// Where they are kept.
    pub cases: Arc<dyn CaseStore>,
    /// The departments.
    pub exchange: Arc<dyn DepartmentExchange>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl FollowCases {
    /// Calls the departments of up to `limit` cases that are due; answers what came of each.
    ///
    /// # Errors
    /// When the store cannot say which are due.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(CaseNo, Result<Followed, StoreError>)>, StoreError> {
        let now = self.clock.now();
        let mut done = Vec::new();
        for case in self.cases.lease_cases(now, now + LEASE, limit).await? {
            let followed = match self.follow(&case).await {
                // The citizen did something meanwhile: that comes next.
                Err(StoreError::Conflict) => Ok(Followed::Known),
                followed => followed,
            };
            done.push((case.no, followed));
        }
        Ok(done)
    }

    async fn follow(&self, case: &Case) -> Result<Followed, StoreError> {
        let Some(call) = call_of(case) else { return Ok(Followed::Contradicts) };
        let answer = self.exchange.call(&call).await;
        let now = self.clock.now();
        let (change, followed) = match answer {
            Ok(answer) => match Report::read(answer) {
                Ok(report) => heard(case, report, now),
                Err(_unreadable) => (unanswered(case, now), Followed::Contradicts),
            },
            Err(error) if is_refusal(&error) => refused(case, now),
            Err(_silent) => (unanswered(case, now), Followed::Silent),
        };
        self.cases.change_case(&change).await?;
        Ok(followed)
    }
}

fn is_refusal(error: &OutsideError) -> bool {
    match error {
        OutsideError::Refused { code, .. } => code == REFUSED_INVALID || code == REFUSED_DENIED,
        OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_) => false,
    }
}

/// The call that is due: the errand, or the question how it goes. The department that takes the
/// applications also answers for them: `police.id_card_reissue`, `police.application_progress`.
fn call_of(case: &Case) -> Option<ExchangeCall> {
    let filing = &case.application.call;
    let department = filing.operation.as_str().split('.').next()?;
    let number = |name: &str, no: String| (name.to_owned(), no);
    let of_case = |word: &str, parameters| {
        let operation = Operation::new(&format!("{department}.application_{word}")).ok()?;
        Some(ExchangeCall { operation, subject: filing.subject.clone(), parameters })
    };
    let application = number("application", case.submission.to_string());
    match &case.errand {
        Some(Errand::File) => {
            let mut call = filing.clone();
            let materials = case.application.materials.iter().map(|m| m.name.as_str());
            let materials = materials.collect::<Vec<_>>().join(",");
            call.parameters.push(number("request_no", case.submission.to_string()));
            call.parameters.push(number("materials", materials));
            Some(call)
        }
        Some(Errand::Supplement { number: count, parameters }) => {
            let request_no = number("request_no", format!("{}-{count}", case.submission));
            let mut all = vec![request_no, application];
            all.extend(parameters.iter().cloned());
            of_case("supplement", all)
        }
        Some(Errand::TakeBack) => of_case("withdraw", vec![application]),
        None => of_case("progress", vec![application]),
    }
}

fn heard(case: &Case, report: Report, now: Timestamp) -> (CaseChange, Followed) {
    let Ok(mut change) = case.after_report(report, now) else {
        // The department has our errand, whatever it makes of it.
        let mut change = asked_in_vain(case, now);
        change.case.errand = None;
        return (change, Followed::Contradicts);
    };
    let moved = !change.records.is_empty();
    change.case.errand = None;
    change.case.attempts = if moved { 0 } else { case.attempts.saturating_add(1) };
    change.case.due_at = next_question(&change.case, now);
    (change, if moved { Followed::Moved } else { Followed::Known })
}

fn next_question(case: &Case, now: Timestamp) -> Option<Timestamp> {
    (!case.state.is_over()).then(|| now + wait(ASK_AGAIN_SECONDS, case, ASK_AGAIN_DOUBLINGS))
}

fn wait(seconds: i64, case: &Case, doublings: u32) -> SignedDuration {
    SignedDuration::from_secs(seconds << case.attempts.min(doublings))
}

/// A question that brought nothing: it comes again later.
fn asked_in_vain(case: &Case, now: Timestamp) -> CaseChange {
    let mut next = case.clone();
    next.due_at = next_question(case, now);
    next.attempts = case.attempts.saturating_add(1);
    CaseChange { case: next, records: Vec::new(), events: Vec::new() }
}

/// Nobody knows whether the department has it: the errand stays, and the first time the citizen is
/// told.
fn unanswered(case: &Case, now: Timestamp) -> CaseChange {
    let Some(errand) = &case.errand else { return asked_in_vain(case, now) };
    let mut next = case.clone();
    next.due_at = Some(now + wait(TRY_AGAIN_SECONDS, case, TRY_AGAIN_DOUBLINGS));
    next.attempts = case.attempts.saturating_add(1);
    let what = match errand {
        Errand::File => "您的申请",
        Errand::Supplement { .. } => "您补正的内容",
        Errand::TakeBack => "您的撤回请求",
    };
    let department = case.department();
    let words = format!("{department}暂时没有应答。{what}已保存，我们会继续递交，您不必重新提交");
    let first = (case.attempts == 0).then(|| next.record(now, words));
    CaseChange { case: next, records: first.into_iter().collect(), events: Vec::new() }
}

/// The department will not have it as it is. An application ends with that; anything else leaves
/// the case where the department says it is.
fn refused(case: &Case, now: Timestamp) -> (CaseChange, Followed) {
    let department = case.department();
    let words = match &case.errand {
        Some(Errand::File) => {
            let report = Report {
                department_no: None,
                event: CaseEvent::Reject,
                step: 0,
                holder: department.to_owned(),
                wanted: Vec::new(),
                words: "所填信息或身份未通过核对，未予受理，请核对后重新申请".to_owned(),
                facts: ExchangeRow::new(),
            };
            return heard(case, report, now);
        }
        None => return (asked_in_vain(case, now), Followed::Contradicts),
        Some(Errand::Supplement { .. }) => format!("{department}没有接受补正的内容"),
        Some(Errand::TakeBack) => format!("{department}没有接受撤回"),
    };
    let mut change = asked_in_vain(case, now);
    change.case.errand = None;
    change.case.attempts = 0;
    change.records.push(change.case.record(now, words));
    (change, Followed::Moved)
}

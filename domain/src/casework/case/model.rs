//! A case, what belongs to it, and how it changes.

use super::report::Report;
use super::{CaseChange, CaseEvent, CaseState, CaseTransitionRefused};
use crate::catalogue::{Action, AppDefinition, CaseTerms};
use crate::clock::{beijing_day, beijing_time};
use crate::engine::{Answer, ExchangeCall, ExchangeRow};
use crate::ids::{CaseNo, PersonId, SubmissionNo};
use crate::messaging::{EventKey, EventKind, MessageEvent};
use crate::standards::workday::{add_workdays, workdays_until};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;
use std::sync::Arc;

/// Who holds a case until its department has confirmed it.
pub const US: &str = "一网";

/// What was applied for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The call that makes it at the department, without its `request_no`.
    pub call: ExchangeCall,
    /// What the citizen answered.
    pub answers: Vec<Answer>,
    /// The materials that these answers make necessary.
    pub materials: Vec<HandedIn>,
}

/// A material of one case.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// Its name in the form.
    pub name: String,
    /// The uploaded file; `None` for what is shown at the window or known already, and for a file
    /// that is still missing.
    pub file: Option<String>,
}

impl fmt::Debug for HandedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandedIn({}, file: {})", self.name, self.file.is_some())
    }
}

/// What is to be carried to the department. `Debug` tells no values: they are personal.
#[derive(Clone, PartialEq, Eq)]
pub enum Errand {
    /// The application itself.
    File,
    /// What was missing: parameters by their names at the department.
    Supplement {
        /// Tells two supplements of one case apart.
        number: u32,
        /// Names and values.
        parameters: Vec<(String, String)>,
    },
    /// The citizen wants it back.
    TakeBack,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("File"),
            Self::Supplement { number, .. } => write!(f, "Supplement({number})"),
            Self::TakeBack => f.write_str("TakeBack"),
        }
    }
}

/// One case (办件).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Ours.
    pub no: CaseNo,
    /// The submission that opened it; the department's `request_no`.
    pub submission: SubmissionNo,
    /// Whose.
    pub person: PersonId,
    /// The form as it was when the case was opened: it goes on by that, whatever is published
    /// since.
    pub form: Arc<AppDefinition>,
    /// What was applied for.
    pub application: Application,
    /// Where it stands.
    pub state: CaseState,
    /// The station it is at, from 1; 0 before the department has said one.
    pub step: u16,
    /// Who has it now, in Chinese.
    pub holder: String,
    /// The department's own number, once it has one.
    pub department_no: Option<String>,
    /// By when it will be decided. Days that the department waits for the citizen do not count.
    pub promised_on: Date,
    /// Since when the department has been waiting for the citizen.
    pub asked_on: Option<Date>,
    /// Names of the materials and fields that the department waits for.
    pub wanted: Vec<String>,
    /// What the department says of it, by its keys.
    pub facts: ExchangeRow,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When the department last said something.
    pub heard_at: Option<Timestamp>,
    /// When the department said yes or no.
    pub decided_at: Option<Timestamp>,
    /// When nothing was left to happen.
    pub ended_at: Option<Timestamp>,
    /// What is still to be carried to the department; without one it is asked how it goes.
    pub errand: Option<Errand>,
    /// When the department is to be called next; `None` once it is over.
    pub due_at: Option<Timestamp>,
    /// How often it was called since something last changed.
    pub attempts: u32,
    /// Grows with every change.
    pub version: u32,
}

/// One line of a case's timeline. `Debug` does not tell the words.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// When we learnt it.
    pub at: Timestamp,
    /// Where the case stood after it.
    pub state: CaseState,
    /// Who had it then, in Chinese.
    pub holder: String,
    /// What happened, in Chinese.
    pub words: String,
}

impl fmt::Debug for CaseRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseRecord({}, {:?})", self.at, self.state)
    }
}

impl Case {
    /// The terms of its form. Every case that a store gives has some.
    pub fn terms(&self) -> Option<&CaseTerms> {
        match &self.form.action {
            Some(Action::Apply(terms)) => Some(terms),
            Some(_) | None => None,
        }
    }

    /// The department that it is at.
    pub fn department(&self) -> &str {
        &self.form.department
    }

    /// A line of the timeline, about the case as it is now.
    pub fn record(&self, at: Timestamp, words: String) -> CaseRecord {
        CaseRecord { at, state: self.state, holder: self.holder.clone(), words }
    }

    /// The case after what its department says of it at `at`; the same where that is nothing new.
    ///
    /// # Errors
    /// [`CaseTransitionRefused`] when it contradicts where the case stands.
    pub(super) fn after_report(
        &self,
        report: Report,
        at: Timestamp,
    ) -> Result<CaseChange, CaseTransitionRefused> {
        let state = self.state.after(report.event)?;
        let mut next = self.clone();
        next.state = state;
        next.step = if report.step > 0 { report.step } else { self.step };
        next.holder = self.holder_by(&report, next.step);
        next.department_no = report.department_no.clone().or(next.department_no);
        next.wanted = if state == CaseState::NeedsMaterials { report.wanted } else { Vec::new() };
        next.facts = report.facts;
        next.heard_at = Some(at);
        let today = beijing_day(at);
        if self.state == CaseState::Submitted && state != CaseState::Rejected {
            // The promise counts from the acceptance.
            next.promised_on = self.promised_from(today);
        }
        if state == CaseState::NeedsMaterials {
            next.asked_on = next.asked_on.or(Some(today));
        } else {
            next.go_on(today);
        }
        if state.is_decided() {
            next.decided_at = next.decided_at.or(Some(at));
        }
        if state.is_over() {
            next.ended_at = next.ended_at.or(Some(at));
        }
        let seen = |case: &Self| (case.state, case.step, case.holder.clone(), case.wanted.clone());
        let mut change = CaseChange { case: next, records: Vec::new(), events: Vec::new() };
        if seen(self) != seen(&change.case) {
            let words = change.case.words(self, &report.words);
            change.records.push(change.case.record(at, words));
        }
        if self.state != state {
            change.events.extend(change.case.event(at));
        }
        Ok(change)
    }

    /// The day of the promise for a case that is accepted on `day`.
    pub(super) fn promised_from(&self, day: Date) -> Date {
        let days = self.terms().map_or(0, |terms| terms.promised_days);
        add_workdays(day, days)
    }

    fn holder_by(&self, report: &Report, step: u16) -> String {
        let said = Some(report.holder.clone()).filter(|holder| !holder.is_empty());
        let planned = || Some(self.terms()?.step(step)?.holder.clone());
        said.or_else(planned).unwrap_or_else(|| self.department().to_owned())
    }

    /// What happened between `before` and now, with what the department says of it.
    fn words(&self, before: &Self, said: &str) -> String {
        let department = self.department();
        let step = self.terms().and_then(|terms| terms.step(self.step));
        let step = step.map_or("办理", |step| &step.name);
        let what = match self.state {
            CaseState::Submitted => format!("申请已提交，正在递交{department}"),
            CaseState::Accepted => {
                let number = self.department_no.as_deref().unwrap_or_default();
                format!("{department}已受理，受理编号{number}，承诺{}前办结", self.promised_on)
            }
            CaseState::InReview if before.step == self.step => format!("{department}正在办理"),
            CaseState::InReview => format!("进入“{step}”环节，由{}办理", self.holder),
            CaseState::NeedsMaterials => {
                format!("{department}需要您补正：{}", self.wanted_labels().join("、"))
            }
            CaseState::Approved => format!("{department}审批通过"),
            CaseState::Rejected => format!("{department}不予办理"),
            CaseState::Withdrawing => format!("撤回申请已提交，等待{department}确认"),
            CaseState::Withdrawn => "申请已撤回".to_owned(),
            CaseState::Done => "已办结".to_owned(),
        };
        if said.is_empty() { what } else { format!("{what}。{department}：{said}") }
    }

    /// What the department waits for, as the citizen reads it.
    pub fn wanted_labels(&self) -> Vec<String> {
        let label = |name: &String| {
            let material = self.terms().and_then(|terms| terms.material(name));
            let material = material.map(|material| material.label.zh.clone());
            let field = || self.form.field(name).map(|field| field.label.zh.clone());
            material.or_else(field).unwrap_or_else(|| name.clone())
        };
        self.wanted.iter().map(label).collect()
    }

    /// What the citizen should hear of the state that the case has just come to.
    pub(super) fn event(&self, at: Timestamp) -> Option<MessageEvent> {
        let (word, kind) = match self.state {
            CaseState::Accepted => ("accepted", EventKind::CaseAccepted),
            CaseState::NeedsMaterials => ("needs-materials", EventKind::CaseNeedsMaterials),
            CaseState::Approved => ("approved", EventKind::CaseApproved),
            CaseState::Rejected => ("rejected", EventKind::CaseRejected),
            CaseState::Withdrawn => ("withdrawn", EventKind::CaseWithdrawn),
            CaseState::Done => ("done", EventKind::CaseDone),
            CaseState::Submitted | CaseState::InReview | CaseState::Withdrawing => return None,
        };
        // The department may ask several times; all else happens once.
        let key = match self.state {
            CaseState::NeedsMaterials => format!("case:{}:{word}:{}", self.no, self.version),
            CaseState::Submitted
            | CaseState::Accepted
            | CaseState::InReview
            | CaseState::Approved
            | CaseState::Rejected
            | CaseState::Withdrawing
            | CaseState::Withdrawn
            | CaseState::Done => format!("case:{}:{word}", self.no),
        };
        let time = beijing_time(at).strftime("%Y年%m月%d日 %H:%M").to_string();
        let fact = |name: &str, value: String| (name.to_owned(), value);
        let mut facts = vec![
            fact("app", self.form.name.zh.clone()),
            fact("case_no", self.no.as_str().to_owned()),
            fact("department", self.department().to_owned()),
            fact("state", self.state.zh().to_owned()),
            fact("time", time),
            fact("promised_on", self.promised_on.to_string()),
        ];
        if !self.wanted.is_empty() {
            facts.push(fact("wanted", self.wanted_labels().join("、")));
        }
        let key = EventKey::new(&key).ok()?;
        Some(MessageEvent { key, person: self.person.clone(), kind, facts, at })
    }

    /// Nobody waits for the citizen any more: the days that passed so do not count.
    fn go_on(&mut self, today: Date) {
        if let Some(asked) = self.asked_on.take() {
            let waited = u16::try_from(workdays_until(asked, today)).unwrap_or(u16::MAX);
            self.promised_on = add_workdays(self.promised_on, waited);
        }
    }

    /// The case after something that the citizen does.
    ///
    /// # Errors
    /// [`CaseTransitionRefused`] when it cannot be done there.
    pub(super) fn after_citizen(
        &self,
        event: CaseEvent,
        errand: Errand,
        at: Timestamp,
    ) -> Result<Self, CaseTransitionRefused> {
        let mut next = self.clone();
        next.state = self.state.after(event)?;
        next.go_on(beijing_day(at));
        next.wanted = Vec::new();
        next.errand = Some(errand);
        next.due_at = Some(at);
        next.attempts = 0;
        Ok(next)
    }
}

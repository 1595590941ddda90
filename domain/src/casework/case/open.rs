//! Opening a case.

use super::{Application, Case, CaseChange, CaseState, CaseStore, Errand, Opened, US};
use crate::catalogue::AppDefinition;
use crate::clock::{Clock, IdSource, beijing_day};
use crate::engine::ExchangeRow;
use crate::ids::{CaseNo, PersonId, SubmissionNo};
use crate::outside::StoreError;
use std::sync::Arc;

/// A case that is to be opened.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// What it is known by, here and at the department.
    pub submission: SubmissionNo,
    /// Whose.
    pub person: PersonId,
    /// The form that was filled in.
    pub form: Arc<AppDefinition>,
    /// What is applied for.
    pub application: Application,
}

/// Use case: open a case.
pub struct OpenCase {
    /// Where it is kept.
    pub cases: Arc<dyn CaseStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for numbers.
    pub ids: Arc<dyn IdSource>,
}

impl OpenCase {
    /// Stores the case and answers at once: it is carried to the department afterwards, so that a
    /// department that is silent costs the citizen nothing. The same submission gives the same
    /// case.
    ///
    /// # Errors
    /// When it could not be stored; nothing was sent then.
    pub async fn run(&self, new: NewCase) -> Result<Case, StoreError> {
        let now = self.clock.now();
        let mut case = Case {
            no: CaseNo::generate(now, self.ids.as_ref()),
            submission: new.submission,
            person: new.person,
            form: new.form,
            application: new.application,
            state: CaseState::Submitted,
            step: 0,
            holder: US.to_owned(),
            department_no: None,
            promised_on: beijing_day(now),
            asked_on: None,
            wanted: Vec::new(),
            facts: ExchangeRow::new(),
            created_at: now,
            heard_at: None,
            decided_at: None,
            ended_at: None,
            errand: Some(Errand::File),
            due_at: Some(now),
            attempts: 0,
            version: 1,
        };
        case.promised_on = case.promised_from(beijing_day(now));
        let words = format!("申请已提交，正在递交{}", case.department());
        let records = vec![case.record(now, words)];
        let change = CaseChange { case, records, events: Vec::new() };
        match self.cases.open(&change).await? {
            Opened::New => Ok(change.case),
            Opened::Known(case) => Ok(*case),
        }
    }
}

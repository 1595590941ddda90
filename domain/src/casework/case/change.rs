//! What a citizen does to an own case.

use super::{Case, CaseChange, CaseEvent, CaseState, CaseStore, Errand};
use crate::catalogue::{CatalogueSource, MaterialBy};
use crate::clock::{Clock, beijing_day};
use crate::engine::{
    Answer, AnswerFault, AnswerFaultCode, AnswerValue, Circumstances, Given, check_given, file_ids,
    files_named,
};
use crate::files::{FileStore, StoredFile};
use crate::identity::Caller;
use crate::ids::CaseNo;
use crate::outside::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So often a change is tried anew when somebody else changed the case meanwhile.
const TRIES: usize = 5;

/// Why a case is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// The caller has no such case.
    #[error("no such case of the caller")]
    NotFound,
    /// It is decided, or over.
    #[error("the case cannot be taken back any more")]
    TooLate(Box<Case>),
    /// It could not be stored; nothing was done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: take an own case back.
pub struct WithdrawCase {
    /// Where they are kept.
    pub cases: Arc<dyn CaseStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl WithdrawCase {
    /// The case, which is being taken back: the department has the last word, since it may have
    /// decided already. Again it changes nothing.
    ///
    /// # Errors
    /// [`WithdrawError`].
    pub async fn run(&self, caller: &Caller, no: &CaseNo) -> Result<Case, WithdrawError> {
        for _ in 0..TRIES {
            let case = own(self.cases.as_ref(), caller, no).await?;
            let case = case.ok_or(WithdrawError::NotFound)?;
            if matches!(case.state, CaseState::Withdrawing | CaseState::Withdrawn) {
                return Ok(case);
            }
            let now = self.clock.now();
            let Ok(next) = case.after_citizen(CaseEvent::AskBack, Errand::TakeBack, now) else {
                return Err(WithdrawError::TooLate(Box::new(case)));
            };
            let words = format!("您申请撤回，等待{}确认", next.department());
            match store(self.cases.as_ref(), next, words, now).await {
                Err(StoreError::Conflict) => {}
                done => return Ok(done?),
            }
        }
        Err(WithdrawError::Store(StoreError::Conflict))
    }
}

/// Why nothing was handed in.
#[derive(Debug, thiserror::Error)]
pub enum SupplementError {
    /// The caller has no such case.
    #[error("no such case of the caller")]
    NotFound,
    /// The department waits for nothing.
    #[error("nothing is asked for")]
    NotAsked(Box<Case>),
    /// The answers are not what is asked for; all faults at once.
    #[error("{} of the answers are not acceptable", .0.len())]
    Answers(Vec<AnswerFault>),
    /// It could not be stored; nothing was done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: hand in what a department asks for.
pub struct SupplementCase {
    /// Where cases are kept.
    pub cases: Arc<dyn CaseStore>,
    /// What citizens uploaded.
    pub files: Arc<dyn FileStore>,
    /// Where the regions are.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl SupplementCase {
    /// The case, with what was handed in on its way. The answers are checked by the form that the
    /// case was opened with.
    ///
    /// # Errors
    /// [`SupplementError`].
    pub async fn run(
        &self,
        caller: &Caller,
        no: &CaseNo,
        answers: &[Answer],
    ) -> Result<Case, SupplementError> {
        for _ in 0..TRIES {
            let case = own(self.cases.as_ref(), caller, no).await?;
            let case = case.ok_or(SupplementError::NotFound)?;
            if case.state != CaseState::NeedsMaterials {
                return Err(SupplementError::NotAsked(Box::new(case)));
            }
            let (now, person) = (self.clock.now(), &caller.person);
            let files = files_named(self.files.as_ref(), Some(person), answers, now).await?;
            let accepted =
                self.checked(caller, &case, (answers, &files)).map_err(SupplementError::Answers)?;
            // Before the case names them: one that nothing names is only kept a while longer.
            self.files.mark_used(&person.ids(), &file_ids(answers), now).await?;
            let errand = Errand::Supplement {
                number: case.version,
                parameters: parameters(&case, &accepted),
            };
            let Ok(mut next) = case.after_citizen(CaseEvent::Supplement, errand, now) else {
                return Err(SupplementError::NotAsked(Box::new(case)));
            };
            next.take_in(answers);
            let words = format!("您已补正，正在递交{}", next.department());
            match store(self.cases.as_ref(), next, words, now).await {
                Err(StoreError::Conflict) => {}
                done => return Ok(done?),
            }
        }
        Err(SupplementError::Store(StoreError::Conflict))
    }

    fn checked(
        &self,
        caller: &Caller,
        case: &Case,
        (answers, files): (&[Answer], &[StoredFile]),
    ) -> Result<BTreeMap<String, String>, Vec<AnswerFault>> {
        let catalogue = self.catalogue.current();
        let circumstances = Circumstances {
            who: Some(&caller.person),
            company: None,
            regions: catalogue.regions(),
            today: beijing_day(self.clock.now()),
            files,
        };
        let given = check_given(&case.form, answers, circumstances, Given::Own);
        let (accepted, mut faults) = match given {
            Ok(accepted) => (accepted, Vec::new()),
            Err(faults) => (BTreeMap::new(), faults),
        };
        for field in wanted_fields(case) {
            let answered = |answer: &Answer| answer.name == field && !answer.value.is_blank();
            if !answers.iter().any(answered) {
                let label = case.form.field(&field).map_or(&field, |field| &field.label.zh);
                let message = format!("请补充“{label}”");
                faults.push(AnswerFault { field, code: AnswerFaultCode::Required, message });
            }
        }
        if faults.is_empty() { Ok(accepted) } else { Err(faults) }
    }
}

/// The fields of the form that must be answered now. What is shown at the window needs none.
fn wanted_fields(case: &Case) -> Vec<String> {
    let field_of = |name: &String| match case.terms().and_then(|terms| terms.material(name)) {
        Some(material) => match &material.by {
            MaterialBy::File { field } => Some(field.clone()),
            MaterialBy::Window | MaterialBy::Shared => None,
        },
        None => case.form.field(name).map(|field| field.name.clone()),
    };
    case.wanted.iter().filter_map(field_of).collect()
}

/// The answers by the department's names for them, and which materials they bring.
fn parameters(case: &Case, accepted: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let sends = case.terms().map(|terms| terms.call.sends.as_slice()).unwrap_or_default();
    let sent = |(field, text): (&String, &String)| {
        let sent = sends.iter().find(|sent| sent.field == *field)?;
        Some((sent.parameter.clone(), text.clone()))
    };
    let mut parameters: Vec<(String, String)> = accepted.iter().filter_map(sent).collect();
    parameters.push(("materials".to_owned(), case.wanted.join(",")));
    parameters
}

impl Case {
    /// The answers as they are now: the newer one of two.
    fn take_in(&mut self, answers: &[Answer]) {
        for answer in answers.iter().filter(|answer| !answer.value.is_blank()) {
            self.application.answers.retain(|older| older.name != answer.name);
            self.application.answers.push(answer.clone());
            let AnswerValue::FileId(file) = &answer.value else { continue };
            let names: Vec<String> = self.terms().map_or_else(Vec::new, |terms| {
                let of_field = |material: &&crate::catalogue::Material| match &material.by {
                    MaterialBy::File { field } => *field == answer.name,
                    MaterialBy::Window | MaterialBy::Shared => false,
                };
                terms.materials.iter().filter(of_field).map(|m| m.name.clone()).collect()
            });
            for material in &mut self.application.materials {
                if names.contains(&material.name) {
                    material.file = Some(file.clone());
                }
            }
        }
    }
}

async fn own(
    cases: &dyn CaseStore,
    caller: &Caller,
    no: &CaseNo,
) -> Result<Option<Case>, StoreError> {
    Ok(cases.find_case(no).await?.filter(|case| caller.person.owns(&case.person)))
}

async fn store(
    cases: &dyn CaseStore,
    case: Case,
    words: String,
    now: jiff::Timestamp,
) -> Result<Case, StoreError> {
    let records = vec![case.record(now, words)];
    let mut change = CaseChange { case, records, events: Vec::new() };
    cases.change_case(&change).await?;
    change.case.version += 1;
    Ok(change.case)
}

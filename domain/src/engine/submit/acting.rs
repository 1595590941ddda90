//! What changes for a caller who acts for somebody else.

use super::super::{Answer, AnswerFault, AnswerFaultCode, AnswerValue};
use super::{ActingRefusal, SubmitApp, SubmitError};
use crate::catalogue::{AppDefinition, FieldType};
use crate::identity::{ActingFor, Audience, Caller, LegalPerson, Principal};
use crate::outside::StoreError;

impl SubmitApp {
    /// For whom the caller acts.
    pub(super) async fn acting_for(
        &self,
        caller: Option<&Caller>,
    ) -> Result<ActingFor, StoreError> {
        match caller {
            Some(caller) => self.acting.of(caller).await,
            None => Ok(ActingFor::Oneself),
        }
    }

    /// Puts on record that the app is being submitted for somebody else.
    pub(super) async fn note_act(
        &self,
        caller: Option<&Caller>,
        acting: &ActingFor,
        app: &AppDefinition,
    ) -> Result<(), StoreError> {
        match (caller, acting) {
            (Some(caller), ActingFor::Mandate(mandate)) => {
                self.acting.note(caller, mandate, &app.slug).await
            }
            _ => Ok(()),
        }
    }
}

/// May the app be submitted for them, with these answers?
pub(super) fn check(
    app: &AppDefinition,
    answers: &[Answer],
    acting: &ActingFor,
) -> Result<(), SubmitError> {
    let refused = |why| Err(SubmitError::ActingFor(why));
    match acting {
        ActingFor::Over(_) => refused(ActingRefusal::Over),
        ActingFor::Oneself => Ok(()),
        ActingFor::Mandate(mandate) => match &mandate.principal {
            Principal::Person { .. } if !app.audience.contains(&Audience::Person) => {
                refused(ActingRefusal::LegalPersonsOnly)
            }
            Principal::LegalPerson(_) if !app.audience.contains(&Audience::LegalPerson) => {
                refused(ActingRefusal::PersonsOnly)
            }
            Principal::Person { .. } => Ok(()),
            Principal::LegalPerson(legal) => own_code(app, answers, legal),
        },
    }
}

/// Who acts for a legal person tells its code and no other: an operator of one company asks
/// nothing in the name of another.
fn own_code(
    app: &AppDefinition,
    answers: &[Answer],
    legal: &LegalPerson,
) -> Result<(), SubmitError> {
    let is_code = |answer: &&Answer| {
        app.field(&answer.name).is_some_and(|field| field.field_type == FieldType::Uscc)
    };
    let another = |answer: &&Answer| match &answer.value {
        AnswerValue::Text(text) => text.trim().to_ascii_uppercase() != legal.uscc.as_str(),
        AnswerValue::Number(_)
        | AnswerValue::Fen(_)
        | AnswerValue::Date(_)
        | AnswerValue::Flag(_)
        | AnswerValue::Choice(_)
        | AnswerValue::FileId(_) => true,
    };
    let fault = |answer: &Answer| AnswerFault {
        field: answer.name.clone(),
        code: AnswerFaultCode::NotYourOwn,
        message: format!("您正在代{}办理，请填写该单位的统一社会信用代码", legal.name),
    };
    let faults: Vec<_> = answers.iter().filter(is_code).filter(another).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(SubmitError::Answers(faults)) }
}

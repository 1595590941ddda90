//! What changes for a caller who acts for somebody else.

use super::super::{Answer, AnswerFault, AnswerFaultCode, AnswerValue};
use super::{ActingRefusal, SubmitApp, SubmitError};
use crate::catalogue::{AppDefinition, Field, FieldType};
use crate::identity::{ActingFor, Audience, Caller, IdentityLevel, LegalPerson, Principal};
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

/// May the app be submitted for them?
pub(super) fn check(app: &AppDefinition, acting: &ActingFor) -> Result<(), SubmitError> {
    let refused = |why| Err(SubmitError::ActingFor(why));
    match acting {
        ActingFor::Over(_) => refused(ActingRefusal::Over),
        ActingFor::Oneself if is_a_companys_own(app) => refused(ActingRefusal::LegalPersonsOnly),
        ActingFor::Oneself => Ok(()),
        ActingFor::Mandate(mandate) => match &mandate.principal {
            Principal::Person { .. } if !app.audience.contains(&Audience::Person) => {
                refused(ActingRefusal::LegalPersonsOnly)
            }
            Principal::LegalPerson(_) if !app.audience.contains(&Audience::LegalPerson) => {
                refused(ActingRefusal::PersonsOnly)
            }
            Principal::Person { .. } | Principal::LegalPerson(_) => Ok(()),
        },
    }
}

/// An app that serves legal persons alone, asks for a proved name and for the company's code, tells
/// or does what is that company's own: nobody gets it who does not act for the company.
fn is_a_companys_own(app: &AppDefinition) -> bool {
    let code = |field: &Field| field.field_type == FieldType::Uscc && field.required;
    app.audience == [Audience::LegalPerson]
        && app.identity_level >= IdentityLevel::RealName
        && app.fields.iter().any(code)
}

/// The faults of the code among all others of the form, all at once.
pub(super) fn with_own_code<T>(
    app: &AppDefinition,
    answers: &[Answer],
    acting: &ActingFor,
    planned: Result<T, Vec<AnswerFault>>,
) -> Result<T, SubmitError> {
    let foreign = match acting {
        ActingFor::Mandate(mandate) => match &mandate.principal {
            Principal::LegalPerson(legal) => foreign_codes(app, answers, legal),
            Principal::Person { .. } => Vec::new(),
        },
        ActingFor::Oneself | ActingFor::Over(_) => Vec::new(),
    };
    match planned {
        Ok(effect) if foreign.is_empty() => Ok(effect),
        Ok(_) => Err(SubmitError::Answers(foreign)),
        Err(mut faults) => {
            let known: Vec<_> = faults.iter().map(|fault| fault.field.clone()).collect();
            faults.extend(foreign.into_iter().filter(|fault| !known.contains(&fault.field)));
            Err(SubmitError::Answers(faults))
        }
    }
}

/// Who acts for a legal person tells its code and no other: an operator of one company asks
/// nothing in the name of another.
fn foreign_codes(app: &AppDefinition, answers: &[Answer], legal: &LegalPerson) -> Vec<AnswerFault> {
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
    answers.iter().filter(is_code).filter(another).map(fault).collect()
}

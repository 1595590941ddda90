//! What changes for a caller who acts for somebody else.

use super::{ActingRefusal, SubmitApp, SubmitError};
use crate::catalogue::{AppDefinition, OwnData};
use crate::identity::{ActingFor, Audience, Caller, Principal};
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
            Principal::Person { .. }
                if is_a_companys_own(app) || !app.audience.contains(&Audience::Person) =>
            {
                refused(ActingRefusal::LegalPersonsOnly)
            }
            Principal::LegalPerson(_) if !app.audience.contains(&Audience::LegalPerson) => {
                refused(ActingRefusal::PersonsOnly)
            }
            Principal::Person { .. } | Principal::LegalPerson(_) => Ok(()),
        },
    }
}

/// An app that cannot be submitted without the code of one's own company: nobody gets it who does
/// not act for one.
fn is_a_companys_own(app: &AppDefinition) -> bool {
    app.fields.iter().any(|field| field.required && field.own == Some(OwnData::Uscc))
}

/// The form as it is judged: whose data the present form asks for, an older one asks for, too.
/// What is stored and carried stays the form that was filled in.
pub(super) fn judged(form: &AppDefinition, present: &AppDefinition) -> AppDefinition {
    let mut judged = form.clone();
    for field in &mut judged.fields {
        let now = present.field(&field.name).filter(|now| now.field_type == field.field_type);
        if let Some(now) = now.filter(|now| now.own.is_some()) {
            field.own = now.own;
            field.party.clone_from(&now.party);
        }
    }
    judged
}

//! Acting for somebody else: which mandate a session acts under, and what is on record of it.

use super::mandates::line;
use super::{
    AuditRecord, Caller, LegalPerson, Mandate, MandateError, MandateStatus, MandateStore, Person,
    Principal, ProxyAct, RealName,
};
use crate::catalogue::AppSlug;
use crate::clock::{Clock, IdSource};
use crate::ids::{ActNo, MandateNo};
use crate::outside::StoreError;
use std::sync::Arc;

/// For whom the caller acts at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActingFor {
    /// For themselves.
    Oneself,
    /// Under this mandate, which is active.
    Mandate(Box<Mandate>),
    /// Under one that was ended or is over: until the caller says for whom, nothing is done in
    /// anybody's name.
    Over(Box<Mandate>),
}

impl ActingFor {
    /// The legal person for which the caller acts.
    pub fn company(&self) -> Option<&LegalPerson> {
        let Self::Mandate(mandate) = self else { return None };
        match &mandate.principal {
            Principal::LegalPerson(company) => Some(company),
            Principal::Person { .. } => None,
        }
    }

    /// The caller's account as forms and departments see it: with the name and the number of the
    /// represented person. Payments and everything that is stored stay the caller's own.
    pub fn stand_in(&self, person: &Person) -> Person {
        let Self::Mandate(mandate) = self else { return person.clone() };
        let Principal::Person { name, id_card } = &mandate.principal else {
            return person.clone();
        };
        let checked_at = mandate.asked_at;
        let real_name = RealName { name: name.clone(), id_card: id_card.clone(), checked_at };
        Person { real_name: Some(real_name), ..person.clone() }
    }
}

/// Use case: a session acts for somebody else.
pub struct Acting {
    /// Mandates.
    pub store: Arc<dyn MandateStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl Acting {
    /// For whom the caller acts.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn of(&self, caller: &Caller) -> Result<ActingFor, StoreError> {
        let Some(no) = self.store.mandate_of_session(&caller.session).await? else {
            return Ok(ActingFor::Oneself);
        };
        let mandate = self.store.find_mandate(&no).await?;
        let mandate = mandate.filter(|mandate| caller.person.owns(&mandate.agent));
        let mandate = mandate.map(Box::new).ok_or_else(|| StoreError::Corrupt {
            table: "session",
            column: "mandate_no",
            row: caller.session.to_string(),
        })?;
        Ok(match mandate.status(self.clock.now()) {
            MandateStatus::Active => ActingFor::Mandate(mandate),
            MandateStatus::Asked | MandateStatus::Expired | MandateStatus::Ended => {
                ActingFor::Over(mandate)
            }
        })
    }

    /// From now on this session, and no other, acts under the mandate; `None`: for its person.
    ///
    /// # Errors
    /// [`MandateError::NotFound`] for one of which the caller is not the agent, or
    /// [`MandateError::Over`] for one that is not active; the session acts as before then.
    pub async fn act_as(
        &self,
        caller: &Caller,
        no: Option<&MandateNo>,
    ) -> Result<Option<Mandate>, MandateError> {
        let Some(no) = no else {
            self.store.act_under(&caller.session, None).await?;
            return Ok(None);
        };
        let mandate = self.store.find_mandate(no).await?;
        let mandate = mandate.filter(|mandate| caller.person.owns(&mandate.agent));
        let mandate = mandate.ok_or(MandateError::NotFound)?;
        match mandate.status(self.clock.now()) {
            MandateStatus::Active => {}
            over @ (MandateStatus::Asked | MandateStatus::Expired | MandateStatus::Ended) => {
                return Err(super::MandateRefused(over).into());
            }
        }
        self.store.act_under(&caller.session, Some(no)).await?;
        Ok(Some(mandate))
    }

    /// Keeps that something is being submitted under the mandate. Comes before it is done: what
    /// cannot be put on record is not done.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn note(
        &self,
        caller: &Caller,
        mandate: &Mandate,
        app: &AppSlug,
    ) -> Result<(), StoreError> {
        let at = self.clock.now();
        let act = ProxyAct {
            no: ActNo::generate(at, self.ids.as_ref()),
            mandate: mandate.no.clone(),
            agent: caller.person.id.clone(),
            app: app.clone(),
            at,
        };
        let audit = line(caller, "ACTED_FOR", mandate, at);
        let audit = AuditRecord { detail: format!("{}: {app}", audit.detail), ..audit };
        self.store.note_act(&act, &audit).await
    }
}

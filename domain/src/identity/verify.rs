//! Steps up the identity levels: real name, then face.

use super::{Caller, Person, PersonName, PersonStore, RealName};
use crate::clock::Clock;
use crate::outside::{OutsideError, StoreError};
use crate::standards::CitizenId;
use async_trait::async_trait;
use std::sync::Arc;

/// Public security's register of citizens.
#[async_trait]
pub trait RealNameCheck: Send + Sync {
    /// Does this id card belong to somebody of this name?
    async fn matches(&self, name: &PersonName, id_card: &CitizenId) -> Result<bool, OutsideError>;
}

/// Why no name was proved.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The register says that name and number do not belong together.
    #[error("name and id card do not belong together")]
    NoMatch,
    /// This account has proved another id card before.
    #[error("this account has proved another id card")]
    OtherIdCard,
    /// Another account has proved this id card.
    #[error("the id card is another account's")]
    LinkedToAnotherPerson,
    /// The register did not answer.
    #[error("the register did not answer")]
    Register(#[source] OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: prove name and id card; lifts the person to level REAL_NAME.
pub struct VerifyRealName {
    /// The register.
    pub register: Arc<dyn RealNameCheck>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl VerifyRealName {
    /// Proving the same again changes nothing.
    ///
    /// # Errors
    /// [`VerifyError`]; the person stays as it was.
    pub async fn run(
        &self,
        caller: &Caller,
        name: PersonName,
        id_card: CitizenId,
    ) -> Result<Person, VerifyError> {
        match &caller.person.real_name {
            Some(proved) if proved.id_card != id_card => return Err(VerifyError::OtherIdCard),
            Some(proved) if proved.name == name => return Ok(caller.person.clone()),
            Some(_) | None => {}
        }
        if !self.register.matches(&name, &id_card).await.map_err(VerifyError::Register)? {
            return Err(VerifyError::NoMatch);
        }
        // Only after the register agreed: else anybody could ask which id cards we know.
        let holder = self.persons.find_by_id_card(&id_card).await?;
        if holder.is_some_and(|holder| holder.id != caller.person.id) {
            return Err(VerifyError::LinkedToAnotherPerson);
        }
        let checked_at = self.clock.now();
        let real_name = Some(RealName { name, id_card, checked_at });
        let changed = Person { real_name, ..caller.person.clone() };
        self.persons.update(&changed).await?;
        Ok(Person { version: changed.version + 1, ..changed })
    }
}

/// Where the citizen shows the face, and the ticket to ask for the outcome with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceStart {
    /// One check; opaque.
    pub ticket: String,
    /// The page to open.
    pub url: String,
}

/// How a face check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceState {
    /// The citizen has not finished.
    Pending,
    /// It is the face of the id card.
    Passed,
    /// It is not, or the citizen gave up.
    Failed,
}

/// The service that compares a face with the id card's picture.
#[async_trait]
pub trait FaceCheck: Send + Sync {
    /// Opens a check for the holder of a proved name.
    async fn start(&self, of: &RealName) -> Result<FaceStart, OutsideError>;
    /// The outcome of a check that was opened for the same holder.
    async fn state(&self, of: &RealName, ticket: &str) -> Result<FaceState, OutsideError>;
}

/// Why no face was proved.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// The name comes first.
    #[error("the person has not proved a name")]
    NameFirst,
    /// Not this person's ticket, or too old.
    #[error("the ticket is not valid")]
    TicketInvalid,
    /// The service did not answer.
    #[error("the face service did not answer")]
    Service(#[source] OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: prove the face in two steps; lifts the person to level FACE.
pub struct CheckFace {
    /// The service.
    pub faces: Arc<dyn FaceCheck>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl CheckFace {
    /// Opens a check.
    ///
    /// # Errors
    /// [`FaceError`]; the person stays as it was.
    pub async fn start(&self, caller: &Caller) -> Result<FaceStart, FaceError> {
        let of = caller.person.real_name.as_ref().ok_or(FaceError::NameFirst)?;
        self.faces.start(of).await.map_err(FaceError::Service)
    }

    /// Asks for the outcome, and stores a passed one.
    ///
    /// # Errors
    /// [`FaceError`]; the person stays as it was.
    pub async fn finish(
        &self,
        caller: &Caller,
        ticket: &str,
    ) -> Result<(FaceState, Person), FaceError> {
        let person = caller.person.clone();
        let of = person.real_name.as_ref().ok_or(FaceError::NameFirst)?;
        let state = self.faces.state(of, ticket).await.map_err(|error| match error {
            OutsideError::Refused { .. } => FaceError::TicketInvalid,
            OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_) => FaceError::Service(error),
        })?;
        if state != FaceState::Passed {
            return Ok((state, person));
        }
        let changed = Person { face_checked_at: Some(self.clock.now()), ..person };
        self.persons.update(&changed).await?;
        Ok((state, Person { version: changed.version + 1, ..changed }))
    }
}

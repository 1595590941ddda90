//! Which department read what of a person, and from which one a form may be filled in.

use super::{AuditRecord, Caller, FaceCheck, FaceStart, FaceState, Person, RealName};
use crate::catalogue::AppSlug;
use crate::clock::{Clock, IdSource};
use crate::ids::{PersonId, ReadNo};
use crate::outside::{OutsideError, StoreError};
use crate::standards::CitizenId;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// Why a department was told who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadingPurpose {
    /// An app was run for them.
    Service,
    /// Their face was compared.
    Identity,
    /// They went on to the department's own page.
    SignOn,
}

impl ReadingPurpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Service, Self::Identity, Self::SignOn];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Service => "SERVICE",
            Self::Identity => "IDENTITY",
            Self::SignOn => "SIGN_ON",
        }
    }

    /// The purpose of that word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// A department was told something of a person: names of fields, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataReading {
    /// Our number; later ones are greater.
    pub no: ReadNo,
    /// Who was told, in Chinese.
    pub department: String,
    /// In answer to which question.
    pub operation: String,
    /// For which app; `None` where the question belongs to several or to none.
    pub app: Option<AppSlug>,
    /// What was told: `name`, `id_card`, and the names of the question's parameters.
    pub fields: Vec<String>,
    /// Why.
    pub purpose: ReadingPurpose,
    /// When.
    pub at: Timestamp,
}

/// A person lets forms be filled in with what this department says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Which, in Chinese.
    pub department: String,
    /// Since when.
    pub given_at: Timestamp,
}

/// Readings and consents.
#[async_trait]
pub trait DataStore: Send + Sync {
    /// Keeps a reading of the person with this number. MUST NOT keep the number readable.
    async fn note_reading(&self, of: &CitizenId, reading: &DataReading) -> Result<(), StoreError>;
    /// Readings before (older than) this one, the newest first.
    async fn list_readings(
        &self,
        of: &CitizenId,
        before: Option<&ReadNo>,
        limit: u16,
    ) -> Result<Vec<DataReading>, StoreError>;
    /// Stores or takes back a consent, with its line of the audit trail. What forms could be
    /// filled in with from this department MUST be forgotten with it.
    async fn set_consent(
        &self,
        person: &PersonId,
        consent: &Consent,
        given: ConsentGiven,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// Consents of a person's ids, in order of their giving; at most 200.
    async fn consents_of(&self, persons: &[PersonId]) -> Result<Vec<Consent>, StoreError>;
}

/// Is a consent given or taken back?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentGiven {
    /// Given.
    Yes,
    /// Taken back.
    No,
}

/// Use case: what a person sees and decides of their data.
pub struct DataSharing {
    /// Readings and consents.
    pub store: Arc<dyn DataStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl DataSharing {
    /// Who read what, the newest first; nothing for somebody who has proved no name.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn readings(
        &self,
        person: &Person,
        before: Option<&ReadNo>,
        limit: u16,
    ) -> Result<Vec<DataReading>, StoreError> {
        match &person.real_name {
            Some(proved) => self.store.list_readings(&proved.id_card, before, limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// Consents that stand.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn consents(&self, person: &Person) -> Result<Vec<Consent>, StoreError> {
        self.store.consents_of(&person.ids()).await
    }

    /// Gives or takes back. Doing so again changes nothing but its time.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn consent(
        &self,
        caller: &Caller,
        department: &str,
        given: ConsentGiven,
    ) -> Result<(), StoreError> {
        let at = self.clock.now();
        let act = match given {
            ConsentGiven::Yes => "CONSENT_GIVEN",
            ConsentGiven::No => "CONSENT_WITHDRAWN",
        };
        let consent = Consent { department: department.to_owned(), given_at: at };
        for person in caller.person.ids() {
            let actor = format!("person:{}", caller.person.id);
            let audit = AuditRecord::new(at, &actor, act, person.as_str(), department);
            // Given once, for the living account; taken back from all that became one.
            if given == ConsentGiven::No || person == caller.person.id {
                self.store.set_consent(&person, &consent, given, &audit).await?;
            }
        }
        Ok(())
    }
}

/// Who compares faces.
const FACE_DEPARTMENT: &str = "省公安厅";

/// A face check that is on record before it is made.
pub struct RecordedFaces {
    /// The service.
    pub faces: Arc<dyn FaceCheck>,
    /// Readings.
    pub store: Arc<dyn DataStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

#[async_trait]
impl FaceCheck for RecordedFaces {
    async fn start(&self, of: &RealName) -> Result<FaceStart, OutsideError> {
        let at = self.clock.now();
        let reading = DataReading {
            no: ReadNo::generate(at, self.ids.as_ref()),
            department: FACE_DEPARTMENT.to_owned(),
            operation: "police.face_check_start".to_owned(),
            app: None,
            fields: vec!["name".to_owned(), "id_card".to_owned()],
            purpose: ReadingPurpose::Identity,
            at,
        };
        let noted = self.store.note_reading(&of.id_card, &reading).await;
        noted.map_err(|error| OutsideError::NotSent(error.into()))?;
        self.faces.start(of).await
    }

    // Tells the service nothing that the start had not told it.
    async fn state(&self, of: &RealName, ticket: &str) -> Result<FaceState, OutsideError> {
        self.faces.state(of, ticket).await
    }
}

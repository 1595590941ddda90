//! Single sign-on tickets (单点登录票据): a citizen goes on to a department's own page, which asks
//! here who that is. Once, within a minute, for the app that the ticket was made for.

use super::{
    ActingFor, Caller, Channel, DataReading, DataStore, IdentityLevel, Person, PersonStore,
    ReadingPurpose, Secret, living,
};
use crate::catalogue::{AppDefinition, AppSlug, CatalogueSource};
use crate::clock::{Clock, IdSource};
use crate::ids::{PersonId, ReadNo};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// How long a ticket can be shown.
const TICKET_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// A ticket without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Who goes on.
    pub person: PersonId,
    /// To which app's page.
    pub app: AppSlug,
    /// By which way they are here.
    pub channel: Channel,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it is worth nothing any more.
    pub until: Timestamp,
}

/// Tickets, by hashes of their secrets.
#[async_trait]
pub trait TicketStore: Send + Sync {
    /// Stores a new one; those that have been over for a day are forgotten.
    async fn keep_ticket(&self, secret: &Secret, ticket: &Ticket) -> Result<(), StoreError>;
    /// Uses up the ticket of this secret and app that is not over at `now`. MUST answer `None`
    /// for every other, and change nothing; MUST let one of several that come at once win.
    async fn use_ticket(
        &self,
        secret: &Secret,
        app: &AppSlug,
        now: Timestamp,
    ) -> Result<Option<Ticket>, StoreError>;
}

/// Why there is no ticket.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// No such app.
    #[error("there is no such app")]
    UnknownApp,
    /// The caller has proved less than the app needs.
    #[error("the identity level is too low")]
    LevelTooLow {
        /// What to prove.
        needed: IdentityLevel,
    },
    /// The session acts for somebody else, and a department's own page would not know.
    #[error("the session acts for somebody else")]
    ActsForAnother,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A ticket that was just made.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// Known to its holder alone from now on.
    pub secret: Secret,
    /// When it is worth nothing any more.
    pub until: Timestamp,
}

/// Use case: make a ticket.
pub struct IssueTicket {
    /// The apps.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Tickets.
    pub tickets: Arc<dyn TicketStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl IssueTicket {
    /// # Errors
    /// [`TicketError`]; no ticket exists then.
    pub async fn run(
        &self,
        caller: &Caller,
        acting: &ActingFor,
        app: &AppSlug,
    ) -> Result<NewTicket, TicketError> {
        let catalogue = self.catalogue.current();
        let app = catalogue.app(app).ok_or(TicketError::UnknownApp)?;
        let needed = app.identity_level;
        if caller.person.level() < needed {
            return Err(TicketError::LevelTooLow { needed });
        }
        if *acting != ActingFor::Oneself {
            return Err(TicketError::ActsForAnother);
        }
        let issued_at = self.clock.now();
        let until = issued_at + TICKET_LIFE;
        let ticket = Ticket {
            person: caller.person.id.clone(),
            app: app.slug.clone(),
            channel: caller.channel,
            issued_at,
            until,
        };
        let secret = Secret::generate(self.ids.as_ref());
        self.tickets.keep_ticket(&secret, &ticket).await?;
        Ok(NewTicket { secret, until })
    }
}

/// Why a ticket says nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyTicketError {
    /// Unknown, used, over, or another app's: which is not told.
    #[error("the ticket is not valid")]
    NotValid,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Who came with a ticket.
#[derive(Debug, Clone)]
pub struct VerifiedTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// The person, as stored now.
    pub person: Person,
    /// What of them may be told: no more than the app needs.
    pub level: IdentityLevel,
}

/// Use case: a department asks who came.
pub struct VerifyTicket {
    /// The apps.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Tickets.
    pub tickets: Arc<dyn TicketStore>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Readings.
    pub data: Arc<dyn DataStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl VerifyTicket {
    /// Uses the ticket up. What the department learns is on record before it learns it.
    ///
    /// # Errors
    /// [`VerifyTicketError`].
    pub async fn run(
        &self,
        secret: &str,
        app: &AppSlug,
    ) -> Result<VerifiedTicket, VerifyTicketError> {
        let secret = Secret::new(secret).map_err(|_| VerifyTicketError::NotValid)?;
        let catalogue = self.catalogue.current();
        let app = catalogue.app(app).ok_or(VerifyTicketError::NotValid)?;
        let now = self.clock.now();
        let ticket = self.tickets.use_ticket(&secret, &app.slug, now).await?;
        let ticket = ticket.ok_or(VerifyTicketError::NotValid)?;
        let person = living(self.persons.as_ref(), &ticket.person).await?;
        let person = person.ok_or(VerifyTicketError::NotValid)?;
        let level = app.identity_level;
        self.note(app, &person, now).await?;
        Ok(VerifiedTicket { ticket, person, level })
    }

    async fn note(
        &self,
        app: &AppDefinition,
        person: &Person,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let told: &[&str] = match app.identity_level {
            IdentityLevel::Anonymous => &[],
            IdentityLevel::Phone => &["phone"],
            IdentityLevel::RealName | IdentityLevel::Face => &["phone", "name", "id_card"],
        };
        let Some(proved) = person.real_name.as_ref().filter(|_| !told.is_empty()) else {
            return Ok(());
        };
        let reading = DataReading {
            no: ReadNo::generate(at, self.ids.as_ref()),
            department: app.department.clone(),
            operation: "sso.verify".to_owned(),
            app: Some(app.slug.clone()),
            fields: told.iter().map(|field| (*field).to_owned()).collect(),
            purpose: ReadingPurpose::SignOn,
            at,
        };
        self.data.note_reading(&proved.id_card, &reading).await
    }
}

//! Sign-in: from a mini-program by its platform's word, from the app by a code to a phone.

use super::{
    Channel, ChannelDoor, ChannelLink, IdentityLevel, IssuedSession, OpenId, Person, PersonName,
    PersonStore, ProvedAccount, SessionStore, living,
};
use crate::clock::{Clock, IdSource};
use crate::ids::PersonId;
use crate::outside::{OutsideError, StoreError};
use crate::standards::{CitizenId, Mobile};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// A platform's answer to a login code: who it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelAccount {
    /// Our app there.
    pub app_id: String,
    /// The user of that app.
    pub open_id: OpenId,
    /// The user across our apps, where the platform tells.
    pub union_id: Option<OpenId>,
}

/// A channel platform that vouches for its users.
#[async_trait]
pub trait ChannelIdentity: Send + Sync {
    /// Which platform.
    fn channel(&self) -> Channel;
    /// Exchanges a one-time login code. A used, old or foreign code is `Refused`.
    async fn account_of(&self, code: &str) -> Result<ChannelAccount, OutsideError>;
    /// Exchanges a one-time phone code for the number that the platform verified.
    async fn phone_of(&self, phone_code: &str) -> Result<Mobile, OutsideError>;
}

/// What a mini-program sends.
#[derive(Debug, Clone)]
pub struct ChannelCodes {
    /// From `wx.login` or `my.getAuthCode`.
    pub code: String,
    /// From the button that asks for the phone number; lifts the person to level PHONE.
    pub phone_code: Option<String>,
}

/// How somebody signs in.
#[derive(Debug, Clone)]
pub enum SignInBy {
    /// From the mini-program of this channel.
    Platform(Channel, ChannelCodes),
    /// From the native app: a phone, and the code that was sent to it.
    Phone {
        /// The phone.
        phone: Mobile,
        /// What was typed in.
        code: String,
        /// Who the phone's holder claims to be: for an account that has proved a name.
        claims: Option<ClaimedName>,
    },
}

/// A name and an id card that somebody claims to be theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedName {
    /// As on the id card.
    pub name: PersonName,
    /// GB 11643.
    pub id_card: CitizenId,
}

impl ClaimedName {
    /// Is it what this person has proved?
    fn is_of(&self, person: &Person) -> bool {
        person
            .real_name
            .as_ref()
            .is_some_and(|proved| proved.name == self.name && proved.id_card == self.id_card)
    }
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The platform refused the login code: used, too old, or another app's.
    #[error("the login code is not valid")]
    CodeInvalid,
    /// The platform refused the phone code.
    #[error("the phone code is not valid")]
    PhoneCodeInvalid,
    /// The code that was sent to the phone is too old.
    #[error("the phone code is too old")]
    PhoneCodeExpired,
    /// The phone's account has proved a name, and this is not it: a number alone, which is handed
    /// on when it is given up, does not open it.
    #[error("the account needs more than a phone code")]
    StepUpRequired,
    /// This channel is not connected.
    #[error("the channel is not connected")]
    NotConnected,
    /// The platform did not answer; the code may be used up.
    #[error("the channel platform did not answer")]
    Platform(#[source] OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: sign in. The first sign-in makes the person.
pub struct SignIn {
    /// Exchanges codes.
    pub door: Arc<ChannelDoor>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl SignIn {
    /// # Errors
    /// [`SignInError`]; no session exists then.
    pub async fn run(
        &self,
        by: &SignInBy,
        device: Option<String>,
    ) -> Result<(IssuedSession, Person), SignInError> {
        let now = self.clock.now();
        let proved = self.door.account(by, now).await?;
        let person = self.person_of(&proved, now).await?;
        if let SignInBy::Phone { claims, .. } = by {
            let is_theirs = claims.as_ref().is_some_and(|claimed| claimed.is_of(&person));
            if person.level() > IdentityLevel::Phone && !is_theirs {
                return Err(SignInError::StepUpRequired);
            }
        }
        let person = self.with_phone(person, proved.phone, now).await?;
        let stores = (self.sessions.as_ref(), self.ids.as_ref());
        let issued = IssuedSession::open(stores, &person.id, (proved.channel, device), now).await?;
        Ok((issued, person))
    }

    async fn person_of(
        &self,
        proved: &ProvedAccount,
        now: Timestamp,
    ) -> Result<Person, SignInError> {
        let ProvedAccount { channel, account, .. } = proved;
        // Twice at most: when two first sign-ins race, the loser finds the winner's link.
        for _ in 0..2 {
            let known = self.persons.find_link(*channel, &account.app_id, &account.open_id).await?;
            if let Some(link) = known {
                let found = living(self.persons.as_ref(), &link.person).await?;
                return found.ok_or(SignInError::Store(StoreError::Corrupt {
                    table: "channel_link",
                    column: "person_id",
                    row: link.person.to_string(),
                }));
            }
            let person = Person::new(PersonId::generate(self.ids.as_ref()), now);
            match self.persons.insert(&person, &proved.link_to(&person.id, now)).await {
                Ok(()) => return Ok(person),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(SignInError::Store(StoreError::Conflict))
    }

    async fn with_phone(
        &self,
        person: Person,
        phone: Option<Mobile>,
        now: Timestamp,
    ) -> Result<Person, SignInError> {
        if phone.is_none() || phone == person.phone {
            return Ok(person);
        }
        let changed = Person { phone, phone_checked_at: Some(now), ..person };
        self.persons.update(&changed).await?;
        Ok(Person { version: changed.version + 1, ..changed })
    }
}

impl ProvedAccount {
    /// "This account is that person."
    pub(super) fn link_to(&self, person: &PersonId, now: Timestamp) -> ChannelLink {
        ChannelLink {
            channel: self.channel,
            app_id: self.account.app_id.clone(),
            open_id: self.account.open_id.clone(),
            union_id: self.account.union_id.clone(),
            person: person.clone(),
            linked_at: now,
        }
    }
}

//! Sign-in: from a mini-program by its platform's word, from the app by a code to a phone.

use super::session::{ACCESS_LIFE, REFRESH_LIFE};
use super::{
    Channel, ChannelLink, CodeRedeemed, IdentityLevel, IssuedSession, OpenId, Person, PersonStore,
    PhoneCodeStore, Session, SessionStore, Tokens,
};
use crate::clock::{Clock, IdSource};
use crate::ids::{PersonId, SessionId};
use crate::outside::{OutsideError, StoreError};
use crate::standards::Mobile;
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
    },
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
    /// The phone's account has proved a name: a number alone, which is handed on when it is given
    /// up, does not open it.
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

/// The "app id" of links from a phone to a person.
const PHONE_APP: &str = "phone";

/// Use case: sign in. The first sign-in makes the person.
pub struct SignIn {
    /// WeChat, Alipay: those that are connected.
    pub platforms: Vec<Arc<dyn ChannelIdentity>>,
    /// Codes that were sent to phones.
    pub codes: Arc<dyn PhoneCodeStore>,
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
        let (channel, person) = match by {
            SignInBy::Platform(channel, codes) => {
                (*channel, self.by_platform(*channel, codes, now).await?)
            }
            SignInBy::Phone { phone, code } => {
                (Channel::App, self.by_phone(phone, code, now).await?)
            }
        };
        let issued = self.open_session(&person, channel, device, now).await?;
        Ok((issued, person))
    }

    async fn by_platform(
        &self,
        channel: Channel,
        codes: &ChannelCodes,
        now: Timestamp,
    ) -> Result<Person, SignInError> {
        let platform = self.platforms.iter().find(|platform| platform.channel() == channel);
        let platform = platform.ok_or(SignInError::NotConnected)?;
        let account = platform
            .account_of(&codes.code)
            .await
            .map_err(|error| refused_or(error, SignInError::CodeInvalid))?;
        let phone = match &codes.phone_code {
            Some(code) => {
                let phone = platform.phone_of(code).await;
                Some(phone.map_err(|error| refused_or(error, SignInError::PhoneCodeInvalid))?)
            }
            None => None,
        };
        let person = self.person_of(channel, account, now).await?;
        self.with_phone(person, phone).await
    }

    async fn by_phone(
        &self,
        phone: &Mobile,
        code: &str,
        now: Timestamp,
    ) -> Result<Person, SignInError> {
        match self.codes.redeem(phone, code, now).await? {
            CodeRedeemed::Right => {}
            CodeRedeemed::Wrong => return Err(SignInError::PhoneCodeInvalid),
            CodeRedeemed::Expired => return Err(SignInError::PhoneCodeExpired),
        }
        let account = ChannelAccount {
            app_id: PHONE_APP.to_owned(),
            open_id: self.persons.phone_handle(phone),
            union_id: None,
        };
        let person = self.person_of(Channel::App, account, now).await?;
        if person.level() > IdentityLevel::Phone {
            return Err(SignInError::StepUpRequired);
        }
        self.with_phone(person, Some(phone.clone())).await
    }

    async fn person_of(
        &self,
        channel: Channel,
        account: ChannelAccount,
        now: Timestamp,
    ) -> Result<Person, SignInError> {
        // Twice at most: when two first sign-ins race, the loser finds the winner's link.
        for _ in 0..2 {
            let known = self.persons.find_link(channel, &account.app_id, &account.open_id).await?;
            if let Some(link) = known {
                let found = self.persons.find(&link.person).await?;
                return found.ok_or(SignInError::Store(StoreError::Corrupt {
                    table: "channel_link",
                    column: "person_id",
                    row: link.person.to_string(),
                }));
            }
            let person = Person::new(PersonId::generate(self.ids.as_ref()), now);
            let link = ChannelLink {
                channel,
                app_id: account.app_id.clone(),
                open_id: account.open_id.clone(),
                union_id: account.union_id.clone(),
                person: person.id.clone(),
                linked_at: now,
            };
            match self.persons.insert(&person, &link).await {
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
    ) -> Result<Person, SignInError> {
        if phone.is_none() || phone == person.phone {
            return Ok(person);
        }
        let changed = Person { phone, ..person };
        self.persons.update(&changed).await?;
        Ok(Person { version: changed.version + 1, ..changed })
    }

    async fn open_session(
        &self,
        person: &Person,
        channel: Channel,
        device: Option<String>,
        now: Timestamp,
    ) -> Result<IssuedSession, StoreError> {
        let tokens = Tokens::generate(self.ids.as_ref());
        let session = Session {
            id: SessionId::generate(self.ids.as_ref()),
            person: person.id.clone(),
            channel,
            device,
            created_at: now,
            access_until: now + ACCESS_LIFE,
            refresh_until: now + REFRESH_LIFE,
        };
        self.sessions.insert(&session, &tokens).await?;
        Ok(IssuedSession { session, tokens })
    }
}

fn refused_or(error: OutsideError, refused: SignInError) -> SignInError {
    match error {
        OutsideError::Refused { .. } => refused,
        OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_) => SignInError::Platform(error),
    }
}

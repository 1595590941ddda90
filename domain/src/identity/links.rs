//! One person on several channels: links are added and taken away.

use super::step_up::{proof_of, redeem};
use super::{
    AuditRecord, Caller, Channel, ChannelDoor, ChannelLink, Merge, PersonStore, SignInBy,
    SignInError, StepUpError,
};
use crate::clock::Clock;
use crate::ids::PersonId;
use crate::outside::StoreError;
use async_trait::async_trait;
use std::sync::Arc;

/// What became of a new link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// It is there.
    Done,
    /// The person is another user of the same platform already; the rail would not know whom to
    /// ask for money.
    ChannelTaken,
    /// The person has [`ChannelLink::MAX`].
    TooMany,
}

impl Linked {
    /// What becomes of `new` beside these links of the same person.
    pub fn beside(links: &[ChannelLink], new: &ChannelLink) -> Self {
        // Phones are told apart by no platform, and pay nothing: several do no harm.
        let same = |link: &ChannelLink| link.channel == new.channel && link.app_id == new.app_id;
        if new.channel != Channel::App && links.iter().any(same) {
            Self::ChannelTaken
        } else if links.len() >= ChannelLink::MAX {
            Self::TooMany
        } else {
            Self::Done
        }
    }
}

/// What became of the links of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinked {
    /// They are gone.
    Done,
    /// There was none.
    NotLinked,
    /// No other channel leads to the person.
    LastWay,
}

impl Unlinked {
    /// What becomes of this channel's links among all of a person's.
    pub fn among(links: &[ChannelLink], channel: Channel) -> Self {
        match links.iter().filter(|link| link.channel == channel).count() {
            0 => Self::NotLinked,
            all if all == links.len() => Self::LastWay,
            _ => Self::Done,
        }
    }
}

/// Changes of who somebody is on the channels. Each MUST be stored together with its lines of
/// the audit trail, and with a new version of the person, or not at all.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// Adds a link, if [`Linked::beside`] the others it can be. MUST answer
    /// [`StoreError::Conflict`] when somebody has it, or the person was merged.
    async fn link(&self, link: &ChannelLink, audit: &AuditRecord) -> Result<Linked, StoreError>;
    /// Takes the links of this channel away, if [`Unlinked::among`] the others they can be, and
    /// MUST end the person's sessions of the channel with them.
    async fn unlink(
        &self,
        person: &PersonId,
        channel: Channel,
        audit: &AuditRecord,
    ) -> Result<Unlinked, StoreError>;
    /// Stores both persons as they are now, moves the links of the younger one to the elder,
    /// points at the elder who pointed at the younger, and ends the younger one's sessions.
    /// MUST answer [`StoreError::Conflict`] when either has another version by now.
    async fn merge(&self, merge: &Merge) -> Result<(), StoreError>;
}

/// Why an account was not linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The caller must prove more, or again.
    #[error("the caller must prove more")]
    StepUp(#[source] StepUpError),
    /// The codes of the other channel; never [`SignInError::StepUpRequired`].
    #[error("the account was not proved")]
    Account(#[source] SignInError),
    /// The account leads to another person.
    #[error("the account is another person's")]
    LinkedToAnotherPerson,
    /// See [`Linked::ChannelTaken`].
    #[error("the person has another account on this channel")]
    ChannelTaken,
    /// See [`Linked::TooMany`].
    #[error("the person has too many links")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StepUpError> for LinkError {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::Store(error) => Self::Store(error),
            StepUpError::LevelTooLow
            | StepUpError::Required
            | StepUpError::CodeInvalid
            | StepUpError::CodeExpired => Self::StepUp(error),
        }
    }
}

impl From<SignInError> for LinkError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Store(error) => Self::Store(error),
            SignInError::CodeInvalid
            | SignInError::PhoneCodeInvalid
            | SignInError::PhoneCodeExpired
            | SignInError::StepUpRequired
            | SignInError::NotConnected
            | SignInError::Platform(_) => Self::Account(error),
        }
    }
}

/// Use case: an account of another channel is the caller, too.
pub struct LinkChannel {
    /// Exchanges codes.
    pub door: Arc<ChannelDoor>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Their links.
    pub links: Arc<dyn LinkStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl LinkChannel {
    /// Linking what is linked changes nothing. A step-up that cannot succeed uses up no code.
    ///
    /// # Errors
    /// [`LinkError`]; nothing was linked.
    pub async fn run(
        &self,
        caller: &Caller,
        by: &SignInBy,
        phone_code: Option<&str>,
    ) -> Result<(), LinkError> {
        let now = self.clock.now();
        let proof = proof_of(caller, by, phone_code, now)?;
        let proved = self.door.account(by, now).await?;
        redeem(&self.door, caller, &proof, now).await?;
        let link = proved.link_to(&caller.person.id, now);
        // Twice at most: when two link the same account, the loser finds the winner's link.
        for _ in 0..2 {
            let known = self.persons.find_link(link.channel, &link.app_id, &link.open_id).await?;
            match known {
                Some(known) if known.person == link.person => return Ok(()),
                Some(_) => return Err(LinkError::LinkedToAnotherPerson),
                None => {}
            }
            let audit = record(caller, "CHANNEL_LINK", link.channel, now);
            match self.links.link(&link, &audit).await {
                Ok(Linked::Done) => return Ok(()),
                Ok(Linked::ChannelTaken) => return Err(LinkError::ChannelTaken),
                Ok(Linked::TooMany) => return Err(LinkError::TooMany),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

/// Use case: a channel leads to the caller no more.
pub struct UnlinkChannel {
    /// Links.
    pub links: Arc<dyn LinkStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl UnlinkChannel {
    /// Ends the caller's sessions of the channel too, the present one included.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(&self, caller: &Caller, channel: Channel) -> Result<Unlinked, StoreError> {
        let audit = record(caller, "CHANNEL_UNLINK", channel, self.clock.now());
        self.links.unlink(&caller.person.id, channel, &audit).await
    }
}

fn record(caller: &Caller, act: &str, channel: Channel, at: jiff::Timestamp) -> AuditRecord {
    let person = &caller.person.id;
    let detail = format!("{} from {}", channel.code(), caller.channel.code());
    AuditRecord::new(at, &format!("person:{person}"), act, person.as_str(), &detail)
}

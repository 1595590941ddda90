//! Two accounts that prove to be one person's become one.
//!
//! The younger one is merged into the elder. Its payments, refunds and receipts stay as they are,
//! under its id: the elder keeps that id among its former ones, and what stands under any of a
//! person's ids is theirs. So no row of money ever changes its owner.

use super::step_up::{proof_of, redeem};
use super::{
    AuditRecord, Caller, Channel, ChannelDoor, ChannelLink, IssuedSession, LinkError, LinkStore,
    Linked, OwnSessions, Person, PersonStore, SessionStore, SignInBy, living,
};
use crate::clock::{Clock, IdSource};
use crate::outside::StoreError;
use jiff::Timestamp;
use std::sync::Arc;

/// Both persons as they are to be stored, each with the version that is stored now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// With what the younger one had proved, and its ids.
    pub elder: Person,
    /// Pointing at the elder; what it had proved has moved.
    pub younger: Person,
    /// One line for each.
    pub audit: [AuditRecord; 2],
}

/// Why two accounts stay two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MergeRefusal {
    /// The other account has proved another id card: it is somebody else's.
    #[error("the other account is another person's")]
    AnotherPerson,
    /// Both are users of the same platform; see [`Linked::ChannelTaken`].
    #[error("both have an account on the same channel")]
    ChannelTaken,
    /// More links, or more accounts, than one person can have.
    #[error("too many accounts for one person")]
    TooMany,
}

/// An account with its links.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The account.
    pub person: &'a Person,
    /// Its links.
    pub links: &'a [ChannelLink],
}

impl Merge {
    /// The caller and the other account, whose holder the caller is, as one.
    ///
    /// # Errors
    /// [`MergeRefusal`].
    pub fn of(
        caller: Account<'_>,
        other: Account<'_>,
        (proved_by, now): (Channel, Timestamp),
    ) -> Result<Self, MergeRefusal> {
        let card = |person: &Person| person.real_name.as_ref().map(|proved| proved.id_card.clone());
        let cards = (card(caller.person), card(other.person));
        if cards.1.is_some() && cards.0 != cards.1 {
            return Err(MergeRefusal::AnotherPerson);
        }
        let mut links = caller.links.to_vec();
        for link in other.links {
            match Linked::beside(&links, link) {
                Linked::Done => links.push(link.clone()),
                Linked::ChannelTaken => return Err(MergeRefusal::ChannelTaken),
                Linked::TooMany => return Err(MergeRefusal::TooMany),
            }
        }
        let age = |person: &Person| (person.created_at, person.id.clone());
        let caller_is_elder = age(caller.person) < age(other.person);
        let (elder, younger) = match caller_is_elder {
            true => (caller.person, other.person),
            false => (other.person, caller.person),
        };
        let mut former_ids = elder.former_ids.clone();
        former_ids.extend(younger.ids());
        if former_ids.len() > Person::MAX_FORMER {
            return Err(MergeRefusal::TooMany);
        }
        let actor = format!("person:{}", caller.person.id);
        let line = |act: &str, subject: &Person, detail: String| {
            AuditRecord::new(now, &actor, act, subject.id.as_str(), &detail)
        };
        let how = format!("proved by {}", proved_by.code());
        let audit = [
            line("PERSON_MERGED", elder, format!("absorbed {}, {how}", younger.id)),
            line("PERSON_MERGED_INTO", younger, format!("merged into {}, {how}", elder.id)),
        ];
        let with_phone = if elder.phone.is_some() { elder } else { younger };
        let elder_after = Person {
            phone: with_phone.phone.clone(),
            phone_checked_at: with_phone.phone_checked_at,
            real_name: elder.real_name.clone().or_else(|| younger.real_name.clone()),
            face_checked_at: elder.face_checked_at.max(younger.face_checked_at),
            former_ids,
            ..elder.clone()
        };
        let younger_after = Person {
            real_name: None,
            face_checked_at: None,
            merged_into: Some(elder.id.clone()),
            former_ids: Vec::new(),
            ..younger.clone()
        };
        Ok(Self { elder: elder_after, younger: younger_after, audit })
    }
}

/// Why nothing was merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The caller must prove more or again, or the other account was not proved; never
    /// [`LinkError::LinkedToAnotherPerson`].
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The other account leads to nobody: it can be linked instead.
    #[error("nobody has the other account")]
    Nobody,
    /// They stay two.
    #[error(transparent)]
    Refused(#[from] MergeRefusal),
}

impl From<StoreError> for MergeError {
    fn from(error: StoreError) -> Self {
        Self::Link(error.into())
    }
}

/// What a merge leaves.
#[derive(Debug)]
pub struct Merged {
    /// The person, with both histories.
    pub person: Person,
    /// In place of the caller's session, where that ended because the caller's was the younger
    /// account.
    pub session: Option<IssuedSession>,
}

/// Use case: another account is the caller's, too.
pub struct MergePersons {
    /// Exchanges codes.
    pub door: Arc<ChannelDoor>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Their links.
    pub links: Arc<dyn LinkStore>,
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

/// How often a merge that met another change is tried on the fresh accounts.
const ROUNDS: usize = 4;

impl MergePersons {
    /// Merging again changes nothing.
    ///
    /// # Errors
    /// [`MergeError`]; both accounts are as they were.
    pub async fn run(
        &self,
        caller: &Caller,
        by: &SignInBy,
        phone_code: Option<&str>,
    ) -> Result<Merged, MergeError> {
        let now = self.clock.now();
        let proof = proof_of(caller, by, phone_code, now).map_err(LinkError::from)?;
        let proved = self.door.account(by, now).await.map_err(LinkError::from)?;
        redeem(&self.door, caller, &proof, now).await.map_err(LinkError::from)?;
        let device = self.device(caller, now).await?;
        for _ in 0..ROUNDS {
            let (open_id, app_id) = (&proved.account.open_id, &proved.account.app_id);
            let link = self.persons.find_link(proved.channel, app_id, open_id).await?;
            let Some(link) = link else { return Err(MergeError::Nobody) };
            let own = self.persons.find(&caller.person.id).await?;
            let other = living(self.persons.as_ref(), &link.person).await?;
            let (Some(own), Some(other)) = (own, other) else { return Err(MergeError::Nobody) };
            if own.id == other.id {
                return Ok(Merged { person: own, session: None });
            }
            if own.merged_into.is_some() {
                return Err(StoreError::Conflict.into()); // From another device, at this moment.
            }
            let own_links = self.persons.list_links(&own.id).await?;
            let other_links = self.persons.list_links(&other.id).await?;
            let merge = Merge::of(
                Account { person: &own, links: &own_links },
                Account { person: &other, links: &other_links },
                (proved.channel, now),
            )?;
            match self.links.merge(&merge).await {
                Ok(()) => return self.merged(caller, merge, (device, now)).await,
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn merged(
        &self,
        caller: &Caller,
        merge: Merge,
        (device, now): (Option<String>, Timestamp),
    ) -> Result<Merged, MergeError> {
        let person = Person { version: merge.elder.version + 1, ..merge.elder };
        if caller.person.id == person.id {
            return Ok(Merged { person, session: None });
        }
        let stores = (self.sessions.as_ref(), self.ids.as_ref());
        let opened = IssuedSession::open(stores, &person.id, (caller.channel, device), now);
        let session = Some(opened.await?);
        Ok(Merged { person, session })
    }

    /// What the caller's device is called.
    async fn device(&self, caller: &Caller, now: Timestamp) -> Result<Option<String>, StoreError> {
        let id = &caller.person.id;
        let all = self.sessions.list_sessions(id, now, OwnSessions::MOST).await?;
        let here = all.into_iter().find(|session| session.id == caller.session);
        Ok(here.and_then(|session| session.device))
    }
}

//! Sessions: a short access token, a rotating refresh token with reuse detection.

use super::{Channel, Person};
use crate::clock::{Clock, IdSource};
use crate::ids::{PersonId, SessionId};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;

/// How long an access token works.
const ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(2);
/// How long a session can be refreshed without being used.
const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A token that only its holder knows. Stores keep its hash alone; `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Not 64 lower-case hex digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a token of this service")]
pub struct SecretInvalid;

impl Secret {
    /// 256 random bits.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(ids.random_bytes().iter().map(|b| format!("{b:02x}")).collect())
    }

    /// # Errors
    /// [`SecretInvalid`] unless it has the shape of a token.
    pub fn new(text: &str) -> Result<Self, SecretInvalid> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SecretInvalid)
        }
    }

    /// The token itself: for the answer to its holder and for hashing, nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The two tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Sent with every request.
    pub access: Secret,
    /// Sent once, for new tokens.
    pub refresh: Secret,
}

/// A session, without its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Ours.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Where it was opened; it never changes.
    pub channel: Channel,
    /// What the client calls its device.
    pub device: Option<String>,
    /// Sign-in.
    pub created_at: Timestamp,
    /// When its tokens were issued last: a session in use gets new ones every two hours.
    pub last_seen_at: Timestamp,
    /// End of the access token.
    pub access_until: Timestamp,
    /// End of the refresh token.
    pub refresh_until: Timestamp,
}

/// What a client gets when it signs in or refreshes.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Its tokens; known to nobody else from now on.
    pub tokens: Tokens,
}

/// Who asks: a person, in a session of a channel.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person, as stored now.
    pub person: Person,
    /// The session's own channel.
    pub channel: Channel,
    /// The session.
    pub session: SessionId,
}

/// What a session gets in place of its tokens.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The new ones.
    pub tokens: Tokens,
    /// Where the session must have been opened; `None`: the request does not say where it is from.
    pub channel: Option<Channel>,
    /// Now.
    pub at: Timestamp,
    /// End of the new access token.
    pub access_until: Timestamp,
    /// End of the new refresh token.
    pub refresh_until: Timestamp,
}

/// Sessions, by hashes of their tokens.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new session.
    async fn insert(&self, session: &Session, tokens: &Tokens) -> Result<(), StoreError>;
    /// The session whose access token this is, ended or not, and whose it is; never a revoked one.
    /// Every request of a citizen begins with this, so it is one question.
    async fn find_by_access(
        &self,
        access: &Secret,
    ) -> Result<Option<(Session, Person)>, StoreError>;
    /// Replaces the tokens of the session whose refresh token is `used`, atomically.
    /// MUST answer `None` when no session has it, and change nothing when the session is of
    /// another channel than [`Renewal::channel`]. A token that was replaced before MUST revoke
    /// its session and answer `None`: somebody else holds it.
    async fn rotate(&self, used: &Secret, renewal: &Renewal)
    -> Result<Option<Session>, StoreError>;
    /// Ends one session.
    async fn revoke(&self, session: &SessionId) -> Result<(), StoreError>;
    /// Ends all sessions of a person.
    async fn revoke_all(&self, person: &PersonId) -> Result<(), StoreError>;
    /// The person's sessions that can still be refreshed at `now`, the newest first.
    async fn list_sessions(
        &self,
        person: &PersonId,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<Session>, StoreError>;
    /// Ends one session of this person; again is the same. `false`: the person never had it, and
    /// nothing was ended.
    async fn revoke_of(&self, person: &PersonId, session: &SessionId) -> Result<bool, StoreError>;
}

/// Use case: who holds this access token?
pub struct Authenticate {
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Authenticate {
    /// `None`: the token is unknown, revoked or too old.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(&self, access: &str) -> Result<Option<Caller>, StoreError> {
        let Ok(access) = Secret::new(access) else { return Ok(None) };
        let now = self.clock.now();
        let found = self.sessions.find_by_access(&access).await?;
        let found = found.filter(|(session, person)| {
            // A session that was opened while its account was being merged is nobody's.
            session.access_until > now && person.merged_into.is_none()
        });
        Ok(found.map(|(session, person)| Caller {
            person,
            channel: session.channel,
            session: session.id,
        }))
    }
}

/// Use case: new tokens for an old refresh token.
pub struct RefreshSession {
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Unknown, used before, revoked or too old: sign in again.
    #[error("the refresh token is not valid any more")]
    NotValid,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RefreshSession {
    /// # Errors
    /// [`RefreshError::NotValid`] for every token that is not the newest of a living session, and
    /// for one that is shown from another `channel` than its own.
    pub async fn run(
        &self,
        refresh: &str,
        channel: Option<Channel>,
    ) -> Result<IssuedSession, RefreshError> {
        let used = Secret::new(refresh).map_err(|SecretInvalid| RefreshError::NotValid)?;
        let at = self.clock.now();
        let tokens = Tokens::generate(self.ids.as_ref());
        let (access_until, refresh_until) = (at + ACCESS_LIFE, at + REFRESH_LIFE);
        let renewal = Renewal { tokens, channel, at, access_until, refresh_until };
        let session = self.sessions.rotate(&used, &renewal).await?;
        let session = session.ok_or(RefreshError::NotValid)?;
        Ok(IssuedSession { session, tokens: renewal.tokens })
    }
}

impl IssuedSession {
    /// Opens a session of this person.
    pub(super) async fn open(
        (sessions, ids): (&dyn SessionStore, &dyn IdSource),
        person: &PersonId,
        (channel, device): (Channel, Option<String>),
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let tokens = Tokens::generate(ids);
        let session = Session {
            id: SessionId::generate(ids),
            person: person.clone(),
            channel,
            device,
            created_at: now,
            last_seen_at: now,
            access_until: now + ACCESS_LIFE,
            refresh_until: now + REFRESH_LIFE,
        };
        sessions.insert(&session, &tokens).await?;
        Ok(Self { session, tokens })
    }
}

impl Tokens {
    /// Two fresh tokens.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self { access: Secret::generate(ids), refresh: Secret::generate(ids) }
    }
}

/// Use case: the citizen leaves.
pub struct SignOut {
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
}

impl SignOut {
    /// Ends this session, or with `everywhere` all sessions of the person.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(&self, caller: &Caller, everywhere: Everywhere) -> Result<(), StoreError> {
        match everywhere {
            Everywhere::Yes => self.sessions.revoke_all(&caller.person.id).await,
            Everywhere::No => self.sessions.revoke(&caller.session).await,
        }
    }
}

/// How far a sign-out reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Everywhere {
    /// All devices.
    Yes,
    /// This device.
    No,
}

//! Devices: where a person is signed in, and ending that from elsewhere.

use super::{Caller, Person, Session, SessionStore};
use crate::clock::Clock;
use crate::ids::SessionId;
use crate::outside::StoreError;
use std::sync::Arc;

/// Use case: a person's own sessions.
pub struct OwnSessions {
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl OwnSessions {
    /// The most that are shown: the newest.
    pub const MOST: u16 = 50;

    /// Those that are not over, the newest first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn list(&self, person: &Person) -> Result<Vec<Session>, StoreError> {
        self.sessions.list_sessions(&person.id, self.clock.now(), Self::MOST).await
    }

    /// Ends one; ending it again is the same. `false`: the caller has no such session, whoever
    /// else may have it.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn revoke(&self, caller: &Caller, session: &SessionId) -> Result<bool, StoreError> {
        self.sessions.revoke_of(&caller.person.id, session).await
    }
}

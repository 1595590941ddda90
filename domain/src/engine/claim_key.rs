//! A client's key for something that leaves nothing behind to find it by: a link, a ticket, a
//! wish. Doing it again with the same words is harmless; with other words the key is refused.

use super::submissions::part;
use super::{Claimed, NewSubmission, Submissions};
use crate::clock::{Clock, IdSource};
use crate::identity::Caller;
use crate::ids::{IdempotencyKey, SubmissionNo};
use crate::outside::StoreError;
use std::sync::Arc;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaimKeyError {
    /// It came before, with other words or for something else.
    #[error("the key was used for something else")]
    Reused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: binds a key to what was asked with it, for ever.
pub struct ClaimKey {
    /// What was submitted under which key.
    pub submissions: Arc<dyn Submissions>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl ClaimKey {
    /// `act` is what is done, `words` are everything that was said with it.
    ///
    /// # Errors
    /// [`ClaimKeyError`]; nothing was done.
    pub async fn run(
        &self,
        caller: &Caller,
        key: &IdempotencyKey,
        act: &str,
        words: &[&str],
    ) -> Result<(), ClaimKeyError> {
        let at = self.clock.now();
        let mut input = String::new();
        std::iter::once(&act).chain(words).for_each(|word| part(&mut input, word));
        let claim = NewSubmission {
            owners: &caller.person.ids(),
            key,
            input: &input,
            no: &SubmissionNo::generate(at, self.ids.as_ref()),
            at,
        };
        match self.submissions.claim(&claim).await? {
            Claimed::Same(_) => Ok(()),
            Claimed::Other => Err(ClaimKeyError::Reused),
        }
    }
}

//! Whoever says who they are is answered from the database, and the database's connections are
//! waited for by the threads of the program's own runtime. A server's thread that executed such an
//! operation itself would be woken by another one for every answer of the database; so the whole
//! operation runs there, and the server's thread is woken once.

use super::answer::Answer;
use super::run::{NotRun, Sound, once};
use crate::graphql::error::FailureCode;
use crate::http::requester::Credentials;
use crate::observe;
use crate::parts::Parts;
use actix_web::web;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

/// Executes a query or a mutation where the database is waited for. Given up with the request.
///
/// # Errors
/// As [`once`].
pub async fn once_beside_data(
    sound: Sound,
    credentials: Credentials,
    parts: &web::Data<Parts>,
) -> Result<Answer, NotRun> {
    let there = parts.clone();
    let work = async move { once(sound, &credentials, &there).await };
    let mut given = Given(parts.runtime.spawn(observe::carried(work).in_current_span()));
    match (&mut given.0).await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(%error, "an operation was not executed to its end");
            Ok(FailureCode::Internal.into())
        }
    }
}

/// Ends the task with whoever waits for it.
struct Given<T>(JoinHandle<T>);

impl<T> Drop for Given<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

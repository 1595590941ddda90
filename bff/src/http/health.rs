//! For whoever restarts or routes: is the process alive, can it work?

use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::{HttpResponse, web};
use adapters::store::{Readiness, Store};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A verdict holds so long: however many ask, the database is tried once.
const HOLDS: Duration = Duration::from_secs(1);

/// What can be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Whole,
    ReadOnly,
    Gone,
}

/// Whether the database can be worked with.
pub struct Health {
    store: Store,
    last: Mutex<Option<(Instant, Verdict)>>,
}

impl Health {
    /// Of this database.
    pub fn new(store: Store) -> Self {
        Self { store, last: Mutex::new(None) }
    }

    async fn verdict(&self) -> Verdict {
        let mut last = self.last.lock().await;
        if let Some((at, verdict)) = *last
            && at.elapsed() < HOLDS
        {
            return verdict;
        }
        let verdict = self.look().await;
        *last = Some((Instant::now(), verdict));
        verdict
    }

    async fn look(&self) -> Verdict {
        match self.store.readiness().await {
            Ok(Readiness::Whole) => Verdict::Whole,
            Ok(Readiness::ReadOnly(error)) => {
                tracing::error!(error = %chain(&error), "nothing can be written, no money is taken");
                Verdict::ReadOnly
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "the database is gone");
                Verdict::Gone
            }
        }
    }
}

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().body("ok\n")
}

/// The database answers; without it nothing may be promised. Where it can be read and not
/// written, requests may come all the same: what is there is shown, and no money is taken.
pub async fn ready(parts: web::Data<Parts>) -> HttpResponse {
    match parts.health.verdict().await {
        Verdict::Whole => HttpResponse::Ok().body("ready\n"),
        Verdict::ReadOnly => HttpResponse::Ok().body("read-only: no money is taken\n"),
        Verdict::Gone => HttpResponse::ServiceUnavailable().body("database not reachable\n"),
    }
}

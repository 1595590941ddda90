//! What did not answer, told beside what did.

use async_graphql::SimpleObject;

/// A source outside that did not answer, in words for a citizen.
#[derive(Debug, Clone, SimpleObject)]
pub struct Unavailable {
    /// Who.
    pub source: String,
    /// What happened, and what to do.
    pub reason: String,
    /// When to ask again, in milliseconds.
    pub retry_after_ms: Option<i32>,
}

impl Unavailable {
    /// One that may answer again in a while.
    pub fn for_now(source: &str, reason: &str) -> Self {
        let retry_after_ms = Some(RETRY_AFTER_MS);
        Self { source: source.to_owned(), reason: reason.to_owned(), retry_after_ms }
    }
}

const RETRY_AFTER_MS: i32 = 5_000;

//! What departments said last, for apps that allow it to stand in while a department is silent.

use super::{ExchangeAnswer, ExchangeCall};
use crate::ids::PersonId;
use async_trait::async_trait;
use jiff::Timestamp;

/// A question and who asked it: an answer is given to nobody else. Anonymous callers are one, so
/// what they may ask is public.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `None`: somebody anonymous.
    pub person: Option<&'a PersonId>,
    /// The question, with all its parameters.
    pub call: &'a ExchangeCall,
}

/// Remembers the last good answers. It may forget at any time.
#[async_trait]
pub trait LastAnswers: Send + Sync {
    /// Keeps an answer that came now, in the place of an earlier one.
    async fn keep(&self, asked: Asked<'_>, answer: &ExchangeAnswer, at: Timestamp);

    /// The answer to this very question of this very person, if it came at `since` or later. MUST
    /// NOT answer anybody else, or another question.
    async fn find(&self, asked: Asked<'_>, since: Timestamp) -> Option<ExchangeAnswer>;

    /// Keeps nothing of this question any more.
    async fn forget(&self, asked: Asked<'_>);
}

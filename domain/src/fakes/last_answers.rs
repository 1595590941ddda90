//! Last answers, in memory and in clear.

use super::store::locked;
use crate::engine::{Asked, ExchangeAnswer, ExchangeCall, LastAnswers};
use crate::ids::PersonId;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Mutex;

/// Keeps every answer until it is forgotten.
#[derive(Default)]
pub struct InMemoryLastAnswers(Mutex<Vec<Kept>>);

struct Kept {
    person: Option<PersonId>,
    call: ExchangeCall,
    answer: ExchangeAnswer,
    at: Timestamp,
}

impl Kept {
    fn is_of(&self, asked: Asked<'_>) -> bool {
        self.person.as_ref() == asked.person && self.call == *asked.call
    }
}

#[async_trait]
impl LastAnswers for InMemoryLastAnswers {
    async fn keep(&self, asked: Asked<'_>, answer: &ExchangeAnswer, at: Timestamp) {
        self.forget(asked).await;
        let (person, call) = (asked.person.cloned(), asked.call.clone());
        locked(&self.0).push(Kept { person, call, answer: answer.clone(), at });
    }

    async fn find(&self, asked: Asked<'_>, since: Timestamp) -> Option<ExchangeAnswer> {
        let all = locked(&self.0);
        let found = all.iter().find(|kept| kept.is_of(asked) && kept.at >= since);
        found.map(|kept| kept.answer.clone())
    }

    async fn forget(&self, asked: Asked<'_>) {
        locked(&self.0).retain(|kept| !kept.is_of(asked));
    }
}

//! What was submitted, in memory.

use super::InMemoryStore;
use crate::engine::{Claimed, NewSubmission, Submissions};
use crate::outside::StoreError;
use async_trait::async_trait;

#[async_trait]
impl Submissions for InMemoryStore {
    async fn claim(&self, new: &NewSubmission<'_>) -> Result<Claimed, StoreError> {
        self.call(|t| {
            let owner = new.owners.first().ok_or(StoreError::Conflict)?;
            let known = t
                .submissions
                .iter()
                .find(|(person, key, ..)| new.owners.contains(person) && key == new.key);
            if let Some((_, _, input, no)) = known {
                let same = input == new.input;
                return Ok(if same { Claimed::Same(no.clone()) } else { Claimed::Other });
            }
            let row = (owner.clone(), new.key.clone(), new.input.to_owned(), new.no.clone());
            t.submissions.push(row);
            Ok(Claimed::Same(new.no.clone()))
        })
    }
}

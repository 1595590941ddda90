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
            let mine = t.submissions.iter();
            let mine = mine.filter(|(who, key, ..)| new.owners.contains(who) && key == new.key);
            if let Some((.., no)) = mine.clone().find(|(_, _, input, _)| input == new.input) {
                return Ok(Claimed::Same(no.clone()));
            }
            if mine.count() > 0 {
                return Ok(Claimed::Other);
            }
            let row = (owner.clone(), new.key.clone(), new.input.to_owned(), new.no.clone());
            t.submissions.push(row);
            Ok(Claimed::Same(new.no.clone()))
        })
    }
}

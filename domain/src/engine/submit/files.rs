//! Finds the files that answers name, if they are the caller's.

use super::super::{Answer, AnswerValue};
use super::SubmitApp;
use crate::files::{StoredFile, owned_files};
use crate::identity::Person;
use crate::ids::FileId;
use crate::outside::StoreError;
use std::collections::BTreeSet;

/// A form has no more files than answers, and `plan` refuses more of those.
const MOST: usize = 50;

impl SubmitApp {
    /// The caller's own among the files of these answers; another person's is not there.
    pub(super) async fn files_of(
        &self,
        who: Option<&Person>,
        answers: &[Answer],
    ) -> Result<Vec<StoredFile>, StoreError> {
        let ids: BTreeSet<FileId> = answers
            .iter()
            .filter_map(|answer| match &answer.value {
                AnswerValue::FileId(id) => FileId::new(id).ok(),
                AnswerValue::Text(_)
                | AnswerValue::Number(_)
                | AnswerValue::Fen(_)
                | AnswerValue::Date(_)
                | AnswerValue::Flag(_)
                | AnswerValue::Choice(_) => None,
            })
            .take(MOST)
            .collect();
        let ids: Vec<FileId> = ids.into_iter().collect();
        let owners = who.map(Person::ids).unwrap_or_default();
        owned_files(self.files.as_ref(), &owners, &ids, self.clock.now()).await
    }
}

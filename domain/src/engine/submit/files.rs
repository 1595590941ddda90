//! Files that answers name.

use super::SubmitApp;
use crate::engine::{Answer, AnswerValue};
use crate::files::{FileStore, StoredFile, owned_files};
use crate::identity::Person;
use crate::ids::FileId;
use crate::outside::StoreError;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// No form is answered with more files.
const MOST: usize = 50;

impl SubmitApp {
    /// The person's own files, as far as the answers name them.
    pub(super) async fn files_of(
        &self,
        who: Option<&Person>,
        answers: &[Answer],
    ) -> Result<Vec<StoredFile>, StoreError> {
        files_named(self.files.as_ref(), who, answers, self.clock.now()).await
    }
}

/// The person's own files, as far as the answers name them.
///
/// # Errors
/// [`StoreError`].
pub async fn files_named(
    files: &dyn FileStore,
    who: Option<&Person>,
    answers: &[Answer],
    now: Timestamp,
) -> Result<Vec<StoredFile>, StoreError> {
    let owners = who.map(Person::ids).unwrap_or_default();
    owned_files(files, &owners, &file_ids(answers), now).await
}

/// The files that the answers name, each once.
pub fn file_ids(answers: &[Answer]) -> Vec<FileId> {
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
    ids.into_iter().collect()
}

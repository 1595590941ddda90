//! Claims a key before anything is done for it.

use super::super::{Claimed, NewSubmission};
use super::{Submission, SubmitApp, SubmitError};
use crate::identity::{ActingFor, Person};
use crate::ids::SubmissionNo;

/// A submission, and for whom it is made: the same words for somebody else are another submission.
pub(super) struct Filed<'a> {
    /// What was said.
    pub(super) submission: &'a Submission,
    /// For whom.
    pub(super) acting: &'a ActingFor,
}

impl SubmitApp {
    /// The number under which everything for this submission is done, here and at departments:
    /// made once, kept for ever. Comes after the answers were checked and before anything is done.
    pub(super) async fn claim(
        &self,
        person: &Person,
        filed: &Filed<'_>,
    ) -> Result<SubmissionNo, SubmitError> {
        let key = filed.submission.idempotency_key.as_ref().ok_or(SubmitError::KeyMissing)?;
        let at = self.clock.now();
        let new = NewSubmission {
            owners: &person.ids(),
            key,
            input: &filed.submission.input(filed.acting),
            no: &SubmissionNo::generate(at, self.ids.as_ref()),
            at,
        };
        match self.submissions.claim(&new).await? {
            Claimed::Same(no) => Ok(no),
            Claimed::Other => Err(SubmitError::KeyReused),
        }
    }
}

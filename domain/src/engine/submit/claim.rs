//! Claims a key before anything is done for it.

use super::super::{Claimed, NewSubmission};
use super::{Submission, SubmitApp, SubmitError};
use crate::identity::Person;
use crate::ids::SubmissionNo;

impl SubmitApp {
    /// The number under which everything for this submission is done, here and at departments:
    /// made once, kept for ever. Comes after the answers were checked and before anything is done.
    pub(super) async fn claim(
        &self,
        person: &Person,
        submission: &Submission,
    ) -> Result<SubmissionNo, SubmitError> {
        let key = submission.idempotency_key.as_ref().ok_or(SubmitError::KeyMissing)?;
        let at = self.clock.now();
        let new = NewSubmission {
            owners: &person.ids(),
            key,
            input: &submission.input(),
            no: &SubmissionNo::generate(at, self.ids.as_ref()),
            at,
        };
        match self.submissions.claim(&new).await? {
            Claimed::Same(no) => Ok(no),
            Claimed::Other => Err(SubmitError::KeyReused),
        }
    }
}

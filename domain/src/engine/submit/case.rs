//! Opens a case.

use super::super::Outcome;
use super::{Submission, SubmitApp, SubmitError, file_ids};
use crate::casework::case::{Application, NewCase};
use crate::catalogue::AppDefinition;
use crate::identity::Caller;
use std::sync::Arc;

impl SubmitApp {
    /// The form that was filled in: the present one, or an older one on which the caller has a
    /// draft, which is finished as it was begun.
    pub(super) async fn form_of(
        &self,
        app: &AppDefinition,
        caller: Option<&Caller>,
        submission: &Submission,
    ) -> Result<Arc<AppDefinition>, SubmitError> {
        if submission.form_version == app.form_version {
            return Ok(Arc::new(app.clone()));
        }
        let begun = match caller {
            Some(caller) => {
                self.drafts.form_begun(&caller.person, &app.slug, submission.form_version).await?
            }
            None => None,
        };
        let begun = begun.filter(|form| form.action.is_some());
        begun.ok_or(SubmitError::FormVersionRetired { current: app.form_version })
    }

    /// The case of this submission: new, or the one that it opened before.
    pub(super) async fn open_case(
        &self,
        form: &Arc<AppDefinition>,
        caller: Option<&Caller>,
        submission: &Submission,
        application: Application,
    ) -> Result<Outcome, SubmitError> {
        let person = &caller.ok_or(SubmitError::NotSignedIn)?.person;
        let new = NewCase {
            submission: self.claim(person, submission).await?,
            person: person.id.clone(),
            form: Arc::clone(form),
            application,
        };
        // Before the case names them: one that nothing names is only kept a while longer.
        let files = file_ids(&new.application.answers);
        self.files.mark_used(&person.ids(), &files, self.clock.now()).await?;
        let case = self.open_case.run(new).await?;
        // What is submitted is submitted: a draft that stays behind costs a tap.
        let _ = self.drafts.discard(person, &submission.app).await;
        Ok(Outcome::Case(Box::new(case)))
    }
}

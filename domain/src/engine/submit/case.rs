//! Opens a case.

use super::super::Outcome;
use super::{Filed, Submission, SubmitApp, SubmitError, check_level, file_ids};
use crate::casework::case::{Application, NewCase};
use crate::catalogue::AppDefinition;
use crate::identity::Caller;
use std::sync::Arc;

impl SubmitApp {
    /// The form that was filled in: the present one, or an older one, which is finished as it was
    /// begun: with a draft, or on a version that was published once.
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
        let begun = match begun.filter(|form| form.action.is_some()) {
            Some(form) => Some(form),
            // No draft, and yet begun: on a form that was published once.
            None => {
                let past = self.past_forms.past_form(&app.slug, submission.form_version).await?;
                past.map(Arc::new)
            }
        };
        let retired = SubmitError::FormVersionRetired { current: app.form_version };
        let begun = begun.ok_or(retired)?;
        // What must be proved now must be proved, whatever the form asked for then.
        check_level(app, caller)?;
        Ok(begun)
    }

    /// The case of this submission: new, or the one that it opened before.
    pub(super) async fn open_case(
        &self,
        form: &Arc<AppDefinition>,
        caller: Option<&Caller>,
        filed: &Filed<'_>,
        application: Application,
    ) -> Result<Outcome, SubmitError> {
        let person = &caller.ok_or(SubmitError::NotSignedIn)?.person;
        let new = NewCase {
            submission: self.claim(person, filed).await?,
            person: person.id.clone(),
            form: Arc::clone(form),
            application,
        };
        // Before the case names them: one that nothing names is only kept a while longer.
        let files = file_ids(&new.application.answers);
        self.files.mark_used(&person.ids(), &files, self.clock.now()).await?;
        let case = self.open_case.run(new).await?;
        // What is submitted is submitted: a draft that stays behind costs a tap.
        let _ = self.drafts.discard(person, &filed.submission.app).await;
        Ok(Outcome::Case(Box::new(case)))
    }
}

//! Drafts: forms that are not submitted yet.

use crate::catalogue::{AppDefinition, AppSlug, CatalogueSource};
use crate::clock::{Clock, beijing_day};
use crate::engine::{Answer, AnswerFault, Circumstances, Given, check_given, files_named};
use crate::files::FileStore;
use crate::identity::{Caller, Person};
use crate::ids::PersonId;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// A person has at most so many drafts.
pub const MOST_DRAFTS: usize = 20;
/// The name of a field is no longer.
pub const FIELD_MAX: usize = 64;

/// A form that somebody has begun to fill in; one per person and app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whose.
    pub person: PersonId,
    /// The form as it was when it was begun: it goes on by that, whatever is published since.
    pub form: Arc<AppDefinition>,
    /// As far as they go; each of the right shape.
    pub answers: Vec<Answer>,
    /// The field at which the citizen stopped.
    pub field: Option<String>,
    /// When it was last saved.
    pub saved_at: Timestamp,
}

/// Where drafts are kept.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Keeps the draft instead of an older one of the same app. `owners` are the ids of the one
    /// person, that of the draft among them. MUST answer `false`, and keep nothing, where it would
    /// be one more than [`MOST_DRAFTS`], also to two who come at once.
    async fn save_draft(&self, draft: &Draft, owners: &[PersonId]) -> Result<bool, StoreError>;

    /// The drafts of these ids of one person, the last saved first; of two of one app the newer.
    async fn list_drafts(&self, owners: &[PersonId]) -> Result<Vec<Draft>, StoreError>;

    /// The draft of that app.
    async fn find_draft(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
    ) -> Result<Option<Draft>, StoreError>;

    /// Forgets the drafts of that app; whether there was one.
    async fn discard_draft(&self, owners: &[PersonId], app: &AppSlug) -> Result<bool, StoreError>;
}

/// What is to be kept.
#[derive(Debug, Clone)]
pub struct SaveDraft {
    /// The app.
    pub app: AppSlug,
    /// The version of the form that is filled in.
    pub form_version: u32,
    /// As far as they go.
    pub answers: Vec<Answer>,
    /// The field at which the citizen stopped.
    pub field: Option<String>,
}

/// Why a draft is not kept.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// No such app.
    #[error("there is no such app")]
    UnknownApp,
    /// The form is of another version, and no draft of that version is there.
    #[error("the form is of an old version; the current one is {current}")]
    FormVersionRetired {
        /// The version to fill in.
        current: u32,
    },
    /// The form has no such field.
    #[error("the form has no such field")]
    UnknownField,
    /// Answers have the wrong shape; all faults at once.
    #[error("{} of the answers are not acceptable", .0.len())]
    Answers(Vec<AnswerFault>),
    /// There are [`MOST_DRAFTS`] of other apps.
    #[error("there are too many drafts")]
    Full,
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use cases about drafts.
pub struct Drafts {
    /// Where they are kept.
    pub drafts: Arc<dyn DraftStore>,
    /// What citizens uploaded.
    pub files: Arc<dyn FileStore>,
    /// The forms.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Drafts {
    /// Keeps a draft. One that was begun on an older version of the form stays on that version.
    ///
    /// # Errors
    /// [`DraftError`].
    pub async fn save(&self, caller: &Caller, save: SaveDraft) -> Result<Draft, DraftError> {
        let catalogue = self.catalogue.current();
        let person = &caller.person;
        let app = catalogue.app(&save.app).ok_or(DraftError::UnknownApp)?;
        let form = if save.form_version == app.form_version {
            Arc::new(app.clone())
        } else {
            let begun = self.form_begun(person, &save.app, save.form_version).await?;
            begun.ok_or(DraftError::FormVersionRetired { current: app.form_version })?
        };
        if let Some(field) = &save.field
            && form.field(field).is_none()
        {
            return Err(DraftError::UnknownField);
        }
        let now = self.clock.now();
        let files = files_named(self.files.as_ref(), Some(person), &save.answers, now).await?;
        let circumstances = Circumstances {
            who: Some(person),
            company: None,
            regions: catalogue.regions(),
            today: beijing_day(now),
            files: &files,
        };
        check_given(&form, &save.answers, circumstances, Given::Shaped)
            .map_err(DraftError::Answers)?;
        let answers = save.answers.into_iter().filter(|answer| !answer.value.is_blank());
        let draft = Draft {
            person: person.id.clone(),
            form,
            answers: answers.collect(),
            field: save.field,
            saved_at: now,
        };
        let kept = self.drafts.save_draft(&draft, &person.ids()).await?;
        if kept { Ok(draft) } else { Err(DraftError::Full) }
    }

    /// The form of that version, where the person has begun it: it may be finished though it is no
    /// longer published.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn form_begun(
        &self,
        person: &Person,
        app: &AppSlug,
        version: u32,
    ) -> Result<Option<Arc<AppDefinition>>, StoreError> {
        let draft = self.drafts.find_draft(&person.ids(), app).await?;
        Ok(draft.map(|draft| draft.form).filter(|form| form.form_version == version))
    }

    /// The caller's drafts, the last saved first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Draft>, StoreError> {
        self.drafts.list_drafts(&caller.person.ids()).await
    }

    /// Forgets the draft of that app; whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn discard(&self, person: &Person, app: &AppSlug) -> Result<bool, StoreError> {
        self.drafts.discard_draft(&person.ids(), app).await
    }
}

//! Runs an app.

mod acting;
mod book;
mod case;
mod certify;
mod claim;
mod files;
mod look_up;
mod notices;
mod pay;

use claim::Filed;
pub use files::{file_ids, files_named};

use super::exchange::{REFUSED_DENIED, REFUSED_INVALID};
use super::{
    Answer, AnswerFault, Circumstances, DepartmentExchange, Effect, LastAnswers, Outcome,
    Submissions, plan,
};
use crate::casework::booking::{HoldRefusal, HoldSlot};
use crate::casework::case::{Drafts, OpenCase};
use crate::casework::certificate::{CertificatePost, IssueCertificate};
use crate::catalogue::{
    Action, AppDefinition, AppSlug, Availability, Catalogue, CatalogueSource, PastForms,
    UnknownRegion,
};
use crate::clock::{Clock, IdSource, beijing_day};
use crate::files::FileStore;
use crate::identity::{Acting, Caller, Channel, IdentityLevel};
use crate::ids::IdempotencyKey;
use crate::notice::NoticeBook;
use crate::outside::{OutsideError, StoreError};
use crate::standards::RegionCode;
use jiff::Timestamp;
use std::sync::Arc;

/// What somebody submits.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Which app.
    pub app: AppSlug,
    /// Where; `None`: the whole province.
    pub region: Option<RegionCode>,
    /// By which way, for a caller without a session; a session's own channel wins.
    pub channel: Channel,
    /// The form that was filled in.
    pub form_version: u32,
    /// The answers.
    pub answers: Vec<Answer>,
    /// Made by the client; `None` is enough for a look-up, which is not stored.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Why somebody who acts for another gets no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActingRefusal {
    /// The mandate was ended or its time is over.
    Over,
    /// The app serves natural persons alone, and the caller acts for a legal person.
    PersonsOnly,
    /// The app serves legal persons alone, and the caller acts for none.
    LegalPersonsOnly,
}

/// Why nothing came of a submission.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No such app.
    #[error("there is no app {0}")]
    UnknownApp(AppSlug),
    /// The region means nothing today.
    #[error(transparent)]
    UnknownRegion(#[from] UnknownRegion),
    /// The app is not open here, by this way, now. Never [`Availability::Open`].
    #[error("the app is not open")]
    NotOpen(Availability),
    /// There was never a form of that number.
    #[error("the form is of an old version; the current one is {current}")]
    FormVersionRetired {
        /// The version to fill in.
        current: u32,
    },
    /// Somebody anonymous asks what needs a session.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// The caller has proved less than the app needs.
    #[error("the identity level is too low")]
    LevelTooLow {
        /// What to prove.
        needed: IdentityLevel,
    },
    /// The caller acts for somebody whom this app, or this answer, does not serve.
    #[error("the app is not for whom the caller acts for")]
    ActingFor(ActingRefusal),
    /// The answers are not complete or not right.
    #[error("{} of the answers are not acceptable", .0.len())]
    Answers(Vec<AnswerFault>),
    /// What is stored needs a key, so that a repeat is known as one.
    #[error("there is no idempotency key")]
    KeyMissing,
    /// The key stands for another submission of the same person.
    #[error("the idempotency key was used for another submission")]
    KeyReused,
    /// The database failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// There is no place for the caller; never [`HoldRefusal::Store`].
    #[error("the caller gets no place")]
    NoPlace(#[source] HoldRefusal),
    /// The department did not answer.
    #[error("{department} did not answer")]
    DepartmentUnavailable {
        /// Which.
        department: String,
        /// How it failed.
        source: OutsideError,
    },
    /// The gateway did not answer, so nobody knows what a notice says.
    #[error("the gateway did not answer")]
    GatewayUnavailable,
    /// The department understood, and said no.
    #[error("the department refused")]
    Refused {
        /// What the citizen can do about it, in Chinese.
        message: String,
    },
}

/// Use case: run an app.
pub struct SubmitApp {
    /// The catalogue.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Forms that are no longer published.
    pub past_forms: Arc<dyn PastForms>,
    /// The departments.
    pub exchange: Arc<dyn DepartmentExchange>,
    /// What they said last.
    pub last_answers: Arc<dyn LastAnswers>,
    /// The gateway's notices.
    pub notices: Arc<dyn NoticeBook>,
    /// What citizens uploaded.
    pub files: Arc<dyn FileStore>,
    /// Certificates.
    pub certificates: Arc<IssueCertificate>,
    /// Sends them; `None`: nobody does yet.
    pub certificate_post: Option<Arc<dyn CertificatePost>>,
    /// What was submitted under which key.
    pub submissions: Arc<dyn Submissions>,
    /// Gives places at a time.
    pub hold_slot: Arc<HoldSlot>,
    /// Opens cases.
    pub open_case: Arc<OpenCase>,
    /// Forms that were begun.
    pub drafts: Arc<Drafts>,
    /// For whom a session acts.
    pub acting: Arc<Acting>,
    /// Randomness for numbers.
    pub ids: Arc<dyn IdSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl SubmitApp {
    /// # Errors
    /// [`SubmitError`]; the first rule that is broken, but all faults of the answers at once.
    pub async fn run(
        &self,
        caller: Option<&Caller>,
        submission: &Submission,
    ) -> Result<Outcome, SubmitError> {
        let catalogue = self.catalogue.current();
        let now = self.clock.now();
        let today = beijing_day(now);
        let app = catalogue
            .app(&submission.app)
            .ok_or_else(|| SubmitError::UnknownApp(submission.app.clone()))?;
        check_open(&catalogue, app, caller, submission, now)?;
        let form = self.form_of(app, caller, submission).await?;
        let acting = self.acting_for(caller).await?;
        // An older form opens nothing that the present one keeps shut, nor the other way round.
        for judged in [app, form.as_ref()] {
            check_level(judged, caller)?;
            acting::check(judged, &acting)?;
        }
        let judged = acting::judged(&form, app);
        let app = form.as_ref();
        let files = self.files_of(caller.map(|c| &c.person), &submission.answers).await?;
        let who = caller.map(|caller| acting.stand_in(&caller.person));
        let (who, regions) = (who.as_ref(), catalogue.regions());
        let company = acting.company();
        let circumstances = Circumstances { who, company, regions, today, files: &files };
        let effect = plan(&judged, &submission.answers, circumstances);
        let effect = effect.map_err(SubmitError::Answers)?;
        self.note_act(caller, &acting, app).await?;
        let filed = Filed { submission, acting: &acting };
        match effect {
            Some(Effect::LookUp(call)) => self.look_up(app, who, &call).await,
            Some(Effect::Pay(asks)) => self.pay(app, who, &filed, asks).await,
            Some(Effect::Book(wish)) => match &app.action {
                Some(Action::Book(terms)) => self.book(app, terms, caller, &filed, *wish).await,
                Some(_) | None => Err(SubmitError::NotOpen(Availability::not_running())),
            },
            Some(Effect::Apply(application)) => {
                self.open_case(&form, caller, &filed, application).await
            }
            Some(Effect::Certify(asked)) => self.certify(app, who, &filed, *asked).await,
            // `check_open` refuses these already; nothing is claimed here that was not done.
            None => Err(SubmitError::NotOpen(Availability::not_running())),
        }
    }
}

fn check_open(
    catalogue: &Catalogue,
    app: &AppDefinition,
    caller: Option<&Caller>,
    submission: &Submission,
    now: Timestamp,
) -> Result<(), SubmitError> {
    let region = submission.region.clone().unwrap_or_else(|| catalogue.regions().root().clone());
    let channel = caller.map_or(submission.channel, |caller| caller.channel);
    let availability = catalogue.availability(app, &region, channel, now)?;
    if availability.is_open() { Ok(()) } else { Err(SubmitError::NotOpen(availability)) }
}

fn check_level(app: &AppDefinition, caller: Option<&Caller>) -> Result<(), SubmitError> {
    let needed = app.identity_level;
    match caller {
        _ if needed == IdentityLevel::Anonymous => Ok(()),
        None => Err(SubmitError::NotSignedIn),
        Some(caller) if caller.person.level() < needed => Err(SubmitError::LevelTooLow { needed }),
        Some(_) => Ok(()),
    }
}

/// The exchange's own words are for programs; citizens get ours.
pub(super) fn refused_or_silent(app: &AppDefinition, error: OutsideError) -> SubmitError {
    let department = &app.department;
    match &error {
        OutsideError::Refused { code, .. } if code == REFUSED_INVALID => SubmitError::Refused {
            message: format!("{department}未能识别所填信息，请核对后重试"),
        },
        OutsideError::Refused { code, .. } if code == REFUSED_DENIED => SubmitError::Refused {
            message: format!("{department}未允许本次查询，请确认您的身份信息后重试"),
        },
        OutsideError::Refused { .. }
        | OutsideError::NotSent(_)
        | OutsideError::OutcomeUnknown(_) => {
            SubmitError::DepartmentUnavailable { department: department.clone(), source: error }
        }
    }
}

#[cfg(test)]
mod acting_tests;
#[cfg(test)]
mod certify_tests;
#[cfg(test)]
mod tests;

//! Issues certificates, and takes them back.

use super::{
    AuthorisationCode, Certificate, CertificateBook, CertificateEntry, Holder, PostAddress,
};
use crate::catalogue::{AppSlug, Validity};
use crate::clock::{Clock, IdSource, beijing_day};
use crate::identity::Person;
use crate::ids::{PersonId, SerialNo, SubmissionNo};
use crate::messaging::{EventKey, EventKind, MessageEvent};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// What a department said, and for what.
#[derive(Debug, Clone)]
pub struct CertificateDraft {
    /// For which submission.
    pub submission: SubmissionNo,
    /// Whose it will be.
    pub person: PersonId,
    /// By which app.
    pub app: AppSlug,
    /// What stands above it.
    pub title: String,
    /// Which department says so.
    pub issuer: String,
    /// What stands in its seal.
    pub seal: String,
    /// How long it can be verified.
    pub validity: Validity,
    /// Of whom it speaks.
    pub holder: Holder,
    /// What the department says.
    pub rows: Vec<Vec<CertificateEntry>>,
    /// Where it goes by post.
    pub post: Option<PostAddress>,
    /// When that was so.
    pub as_of: Timestamp,
}

/// Sends certificates by post.
#[async_trait]
pub trait CertificatePost: Send + Sync {
    /// Has the paper sent to where it wants to go. MUST be safe to repeat: one certificate is
    /// sent once.
    async fn send(&self, person: &Person, certificate: &Certificate) -> Result<(), StoreError>;
}

/// Use case: keep what a department certified.
pub struct IssueCertificate {
    /// Certificates.
    pub book: Arc<dyn CertificateBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for numbers and codes.
    pub ids: Arc<dyn IdSource>,
}

impl IssueCertificate {
    /// What was issued for that submission before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn issued(&self, no: &SubmissionNo) -> Result<Option<Certificate>, StoreError> {
        self.book.certificate_of(no).await
    }

    /// The certificate of the draft's submission: this one, or the one of whoever was faster.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was issued then.
    pub async fn run(&self, draft: CertificateDraft) -> Result<Certificate, StoreError> {
        let now = self.clock.now();
        let certificate = Certificate {
            serial: SerialNo::generate(now, self.ids.as_ref()),
            code: AuthorisationCode::generate(self.ids.as_ref()),
            submission: draft.submission,
            person: draft.person,
            app: draft.app,
            title: draft.title,
            issuer: draft.issuer,
            seal: draft.seal,
            holder: draft.holder,
            rows: draft.rows,
            post: draft.post,
            as_of: draft.as_of,
            issued_at: now,
            expires_at: draft.validity.end(beijing_day(now)),
            revoked_at: None,
        };
        let told = issued_event(&certificate);
        match self.book.keep_certificate(&certificate, told.as_slice()).await {
            Ok(()) => Ok(certificate),
            Err(StoreError::Conflict) => {
                let kept = self.book.certificate_of(&certificate.submission).await?;
                kept.ok_or(StoreError::Conflict)
            }
            Err(error) => Err(error),
        }
    }
}

/// A serial number always makes a key.
fn issued_event(certificate: &Certificate) -> Option<MessageEvent> {
    let key = EventKey::new(&format!("certificate:{}:issued", certificate.serial)).ok()?;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    Some(MessageEvent {
        key,
        person: certificate.person.clone(),
        kind: EventKind::CertificateIssued,
        facts: vec![
            fact("title", certificate.title.clone()),
            fact("serial", certificate.serial.to_string()),
            fact("valid_to", certificate.last_day().to_string()),
        ],
        at: certificate.issued_at,
    })
}

/// Use case: a holder does not stand by a certificate any more.
pub struct RevokeCertificate {
    /// Certificates.
    pub book: Arc<dyn CertificateBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl RevokeCertificate {
    /// The certificate as it stands then; `None`: the person has none of that number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(
        &self,
        person: &Person,
        serial: &SerialNo,
    ) -> Result<Option<Certificate>, StoreError> {
        self.book.revoke_certificate(&person.ids(), serial, self.clock.now()).await
    }
}

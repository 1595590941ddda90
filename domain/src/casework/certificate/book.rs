//! Where certificates are kept.

use super::{AuthorisationCode, Certificate};
use crate::ids::{PersonId, SerialNo, SubmissionNo};
use crate::messaging::MessageEvent;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// Certificates of somebody, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePage {
    /// As many as were asked for, or all that are left.
    pub certificates: Vec<Certificate>,
    /// Whether there are more.
    pub more: bool,
}

/// Wrong codes of one certificate from one place: so many within an hour, and none from there is
/// looked at any more until the hour is over, the right one included. Who asks elsewhere is
/// answered all the same: nobody shuts a certificate for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guesses {
    /// How many were wrong.
    pub wrong: u32,
    /// When the first of them came.
    pub since: Timestamp,
}

impl Guesses {
    /// So many within [`Guesses::WITHIN`].
    pub const MOST: u32 = 10;
    /// Beginning with the first of them.
    pub const WITHIN: SignedDuration = SignedDuration::from_hours(1);

    /// Do they count no more?
    fn is_over(self, now: Timestamp) -> bool {
        self.since.checked_add(Self::WITHIN).is_ok_and(|until| now >= until)
    }

    /// Is no code looked at now?
    pub fn are_too_many(self, now: Timestamp) -> bool {
        self.wrong >= Self::MOST && !self.is_over(now)
    }

    /// After one more wrong code.
    pub fn and_one_more(self, now: Timestamp) -> Self {
        if self.wrong == 0 || self.is_over(now) {
            Self { wrong: 1, since: now }
        } else {
            Self { wrong: self.wrong.saturating_add(1), since: self.since }
        }
    }
}

/// The book of certificates. Codes, holders, contents and addresses MUST be sealed at rest.
#[async_trait]
pub trait CertificateBook: Send + Sync {
    /// Keeps a new one, with the events. MUST answer [`StoreError::Conflict`] where its submission
    /// has one, or its serial number is taken; also for two that come at once.
    async fn keep_certificate(
        &self,
        certificate: &Certificate,
        events: &[MessageEvent],
    ) -> Result<(), StoreError>;

    /// The one of that number, whosever it is.
    async fn find_certificate(&self, serial: &SerialNo) -> Result<Option<Certificate>, StoreError>;

    /// The one that was issued for that submission.
    async fn certificate_of(&self, no: &SubmissionNo) -> Result<Option<Certificate>, StoreError>;

    /// Those of these owners, newest first, that are older than `before`, which must be one of
    /// theirs; else the page is empty.
    async fn list_certificates(
        &self,
        owners: &[PersonId],
        before: Option<&SerialNo>,
        limit: u16,
    ) -> Result<CertificatePage, StoreError>;

    /// The one of that number, if that is its code. MUST compare in constant time, count every
    /// wrong code by where it `came_from`, also of several that come at once, and answer `None`
    /// from there to every code while there are too many: see [`Guesses`]. MUST NOT keep readable
    /// where they came from, nor for longer than they count.
    async fn certificate_by_code(
        &self,
        serial: &SerialNo,
        code: &AuthorisationCode,
        came_from: &str,
        now: Timestamp,
    ) -> Result<Option<Certificate>, StoreError>;

    /// One of these owners takes it back. One that was taken back keeps its time. `None`: there
    /// is no such certificate of theirs.
    async fn revoke_certificate(
        &self,
        owners: &[PersonId],
        serial: &SerialNo,
        at: Timestamp,
    ) -> Result<Option<Certificate>, StoreError>;
}

//! What ratings and deliveries need to know of a case or certificate, and nothing more of it.

use crate::catalogue::AppSlug;
use crate::ids::{CaseNo, PersonId};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// A case, as its owner may rate it and have its result sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskCase {
    /// Its number.
    pub no: CaseNo,
    /// Of which app.
    pub app: AppSlug,
    /// Has it ended?
    pub over: bool,
    /// Which department had it.
    pub department: String,
    /// What was applied for, in Chinese.
    pub title: String,
    /// Did it end with something that can be sent?
    pub has_result: bool,
}

/// A certificate, as its owner may have it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskCertificate {
    /// Its serial number.
    pub serial: String,
    /// Which department says so.
    pub issuer: String,
    /// What stands above it.
    pub title: String,
    /// Can it be sent: its app sends on paper, and it is neither expired nor revoked?
    pub sendable: bool,
}

/// Own cases and certificates.
#[async_trait]
pub trait DeskCases: Send + Sync {
    /// The case, if it belongs to one of `owners`. MUST answer `None` for anybody else's.
    async fn find_own_case(
        &self,
        owners: &[PersonId],
        no: &CaseNo,
    ) -> Result<Option<DeskCase>, StoreError>;
    /// The certificate, if it belongs to one of `owners`. MUST answer `None` for anybody else's.
    async fn find_own_certificate(
        &self,
        owners: &[PersonId],
        serial: &str,
        now: Timestamp,
    ) -> Result<Option<DeskCertificate>, StoreError>;
}

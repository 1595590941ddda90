//! What staff did, in a chain of hashes: whoever changes or removes an old line breaks all that
//! follow it.

use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// One act of one member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// The account.
    pub actor: String,
    /// What: `SIGN_IN`, `REFUND_CHECK`, `REFUND_APPROVE`…
    pub act: String,
    /// On what: the number of a refund, the name of an account.
    pub subject: String,
    /// In which words; at most 500 characters, no personal data.
    pub detail: String,
}

impl AuditRecord {
    /// The longest detail that is kept.
    pub const MAX_DETAIL: usize = 500;

    /// A record; what is too long is cut.
    pub fn new(at: Timestamp, actor: &str, act: &str, subject: &str, detail: &str) -> Self {
        Self {
            at,
            actor: actor.to_owned(),
            act: act.to_owned(),
            subject: subject.to_owned(),
            detail: detail.chars().take(Self::MAX_DETAIL).collect(),
        }
    }

    /// What is hashed, together with the number and the hash before: every part with its length,
    /// so that no two different records read the same.
    pub fn sealed_text(&self, number: u64, previous: &str) -> String {
        let at = self.at.as_microsecond().to_string();
        let number = number.to_string();
        let parts = [previous, &number, &at, &self.actor, &self.act, &self.subject, &self.detail];
        parts.iter().map(|part| format!("{}:{part},", part.len())).collect()
    }
}

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub number: u64,
    /// What was done.
    pub record: AuditRecord,
    /// SHA-256 over [`AuditRecord::sealed_text`], lower-case hex.
    pub hash: String,
}

/// How the chain is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every hash follows from the one before.
    Whole {
        /// How many entries.
        entries: u64,
        /// The last hash; empty without entries. Kept elsewhere, it also proves that nothing was
        /// cut off at the end.
        head: String,
    },
    /// The entry with this number is missing, or is not what it was.
    Broken {
        /// The first that does not fit.
        number: u64,
    },
}

/// The chain.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Adds a record at the end. MUST give numbers without gaps, also when two nodes add at once.
    async fn append(&self, record: &AuditRecord) -> Result<(), StoreError>;
    /// Entries before (older than) the one with this number, newest first; keyset paging.
    async fn list(&self, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>, StoreError>;
    /// Recomputes every hash from the first entry on.
    async fn verify(&self) -> Result<AuditVerdict, StoreError>;
}

//! The port of reports.

use super::{Edge, RefundLine, Span, Unsettled};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{Account, JournalKind, Rail, Side};
use async_trait::async_trait;

/// All entries of one kind, account and side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedSum {
    /// Of which rail's payments.
    pub rail: Rail,
    /// Why it was booked.
    pub kind: JournalKind,
    /// Where.
    pub account: Account,
    /// Left or right.
    pub side: Side,
    /// How many entries.
    pub count: u64,
    /// Their sum.
    pub sum: Fen,
}

/// What one agency of one region was paid, by one rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencySum {
    /// By which rail.
    pub rail: Rail,
    /// Six digits; empty of payments that were made before regions were kept.
    pub region: String,
    /// 执收单位编码.
    pub agency: String,
    /// Its name, as the notices gave it.
    pub name: String,
    /// Notices that were paid.
    pub paid_count: u64,
    /// What they came to.
    pub paid: Fen,
    /// Refunds that are back with the citizens.
    pub returned_count: u64,
    /// What they came to.
    pub returned: Fen,
}

/// Reads the books.
#[async_trait]
pub trait ReportBook: Send + Sync {
    /// The sums of the span's accounting days, as of one moment.
    async fn sums(&self, span: Span) -> Result<(Vec<BookedSum>, Vec<AgencySum>), StoreError>;
    /// Refunds that were made within the span (Beijing days), in order of making, after this one; at most `limit`.
    async fn refunds(
        &self,
        span: Span,
        after: Option<&Edge>,
        limit: u32,
    ) -> Result<Vec<RefundLine>, StoreError>;
    /// Payments of the span whose end is open as things stand, in order of making, after this one; at most `limit`.
    async fn unsettled(
        &self,
        span: Span,
        after: Option<&Edge>,
        limit: u32,
    ) -> Result<Vec<Unsettled>, StoreError>;
}

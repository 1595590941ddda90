//! The result of one day of one rail.

use super::{Discrepancy, DiscrepancyCode, LineKind, QuarantinedLine, Statement, StatementLine};
use crate::money::{Fen, FenOverflow};
use crate::outside::StoreError;
use crate::payment::Rail;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

/// Where a line of a statement ends up; always in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Equal to a line of our ledger, which no other line claims.
    Matched,
    /// Different; see the discrepancy of that line.
    Discrepancy(DiscrepancyCode),
    /// Not readable.
    Quarantined,
}

/// A line with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedLine {
    /// Place in the file.
    pub line_no: u32,
    /// Verdict.
    pub bucket: Bucket,
    /// The order's number; empty if not readable.
    pub order_no: String,
    /// The rail's number; empty if not readable.
    pub txn: String,
    /// What was taken; below zero what was given back; zero if not readable.
    pub amount: Fen,
    /// The line as it stands in the file.
    pub raw: String,
}

/// How far a day has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayState {
    /// No usable file yet; see the discrepancy that says why.
    WaitingForFile,
    /// Every line is matched.
    Matched,
    /// Some lines are different, and somebody must act.
    Different,
}

impl DayState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::WaitingForFile, Self::Matched, Self::Different];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WaitingForFile => "WAITING_FOR_FILE",
            Self::Matched => "MATCHED",
            Self::Different => "DIFFERENT",
        }
    }

    /// The state whose [`DayState::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// One day of one rail, judged. A later run of the same day replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayResult {
    /// Which rail.
    pub rail: Rail,
    /// Which accounting day.
    pub day: Date,
    /// How far.
    pub state: DayState,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The file's hash; empty without a file.
    pub file_hash: String,
    /// The lines of the file with their verdicts, in order of the file.
    pub lines: Vec<JudgedLine>,
    /// Payments in our ledger on that day, and refunds that the statement should have or that
    /// agree with it.
    pub ledger_count: u32,
    /// Payments less refunds.
    pub ledger_total: Fen,
    /// Sum of the rail's fees.
    pub fee_total: Fen,
    /// What differs.
    pub discrepancies: Vec<Discrepancy>,
    /// When a day without a usable file is tried again.
    pub next_try_at: Option<Timestamp>,
}

/// Identity I1 is broken: a bug, and the day must not be shown as reconciled.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{judged} of {lines} lines are in a bucket")]
pub struct PartitionBroken {
    judged: usize,
    lines: usize,
}

impl DayResult {
    /// Count and sum of the lines in buckets that `which` accepts.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn tally(&self, which: impl Fn(Bucket) -> bool) -> Result<(usize, Fen), FenOverflow> {
        let chosen: Vec<_> = self.lines.iter().filter(|line| which(line.bucket)).collect();
        let sum = Fen::sum(chosen.iter().map(|line| line.amount))?;
        Ok((chosen.len(), sum))
    }
}

/// Joins lines and verdicts; every line must have one.
///
/// # Errors
/// [`PartitionBroken`].
pub(super) fn judged_lines(
    statement: &Statement,
    buckets: &[Bucket],
) -> Result<Vec<JudgedLine>, PartitionBroken> {
    let lines = statement.lines.len();
    if buckets.len() != lines {
        return Err(PartitionBroken { judged: buckets.len(), lines });
    }
    let read = statement.lines.iter().zip(buckets).map(|(line, bucket)| judged(line, *bucket));
    let unread = statement.quarantined.iter().map(quarantined);
    let mut all: Vec<_> = read.chain(unread).collect();
    all.sort_by_key(|line| line.line_no);
    Ok(all)
}

fn judged(line: &StatementLine, bucket: Bucket) -> JudgedLine {
    JudgedLine {
        line_no: line.line_no,
        bucket,
        order_no: line.order_no.clone(),
        txn: line.txn.clone(),
        amount: match line.kind() {
            LineKind::Pay => line.amount,
            LineKind::Refund => Fen::new(line.amount.value().saturating_neg()),
        },
        raw: line.raw.clone(),
    }
}

fn quarantined(line: &QuarantinedLine) -> JudgedLine {
    JudgedLine {
        line_no: line.line_no,
        bucket: Bucket::Quarantined,
        order_no: String::new(),
        txn: String::new(),
        amount: line.amount.unwrap_or(Fen::ZERO),
        raw: line.raw.clone(),
    }
}

/// Results of days, and the files they were judged from.
#[async_trait]
pub trait DayBook: Send + Sync {
    /// Stores the result in place of an earlier one of the same rail and day. `original` is
    /// kept for ever under its hash.
    async fn save(&self, result: &DayResult, original: &[u8]) -> Result<(), StoreError>;
    /// The result of one day.
    async fn find(&self, rail: Rail, day: Date) -> Result<Option<DayResult>, StoreError>;
    /// The newest days of all rails, newest first, without lines; at most `limit`.
    async fn list(&self, limit: u16) -> Result<Vec<DayResult>, StoreError>;
    /// The day whose file had this hash, if another day had it.
    async fn day_of_file(
        &self,
        rail: Rail,
        hash: &str,
        other_than: Date,
    ) -> Result<Option<Date>, StoreError>;
    /// The Beijing day of the first payment by this rail.
    async fn first_day(&self, rail: Rail) -> Result<Option<Date>, StoreError>;
}

#[cfg(test)]
#[path = "day_tests.rs"]
mod tests;

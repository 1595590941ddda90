//! The port of the desk.

use super::{
    AuditPoint, DayStanding, Decision, Delegation, DeskDay, Exception, ExceptionChange,
    ExceptionEvent, ExceptionState, Execution, JudgedFile, Leg, NewProposal, NewRun, Proposal,
    Seal, Standing, Trace,
};
use crate::identity::AuditRecord;
use crate::outside::StoreError;
use crate::reconciliation::source::ClosedDays;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// No limit: all exceptions of a day or a proposal, which fit in memory by far.
pub(super) const ALL: u32 = u32::MAX;

/// Which exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// Of this day.
    pub day: Option<Date>,
    /// In one of these states; empty: any.
    pub states: Vec<ExceptionState>,
    /// With this code's text.
    pub code: Option<String>,
    /// Of this rail.
    pub rail: Option<String>,
    /// Of one incident.
    pub cause: Option<String>,
    /// Somebody's; empty text: nobody's.
    pub assignee: Option<String>,
    /// Part of a proposal.
    pub proposal: Option<String>,
    /// What a citizen reads out: the end (six characters or more) of an order, transaction, notice or refund number, or an
    /// exception's number.
    pub words: Option<String>,
}

/// A run as it was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// From 1 within its day.
    pub number: u32,
    /// The day.
    pub day: Date,
    /// SHA-256 over rules and files.
    pub inputs: String,
    /// SHA-256 over what was found.
    pub digest: String,
    /// Whether every identity holds.
    pub holds: bool,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Counts and sums as JSON.
    pub summary: String,
    /// How many findings.
    pub findings: u64,
}

/// Everything the desk keeps. Whatever is added is never changed again; what changes (a day, an exception) changes by
/// its revision, and every method that writes MUST answer [`StoreError::Conflict`] when a revision is not the one that was
/// read, or when the database's own rules refuse.
#[async_trait]
pub trait DeskBook: Send + Sync {
    /// The day, if a run was ever filed for it.
    async fn find_day(&self, day: Date) -> Result<Option<DeskDay>, StoreError>;
    /// Days from `first` to `last` with what is open there, newest first.
    async fn list_days(
        &self,
        first: Date,
        last: Date,
    ) -> Result<Vec<(DeskDay, Standing)>, StoreError>;
    /// What is open of one day.
    async fn standing(&self, day: Date) -> Result<Standing, StoreError>;
    /// Files a run under the next number of its day, and the changes, all or nothing. `before`: the day as it was read.
    async fn file_run(
        &self,
        run: &NewRun,
        before: Option<&DeskDay>,
        changes: &[ExceptionChange],
    ) -> Result<RunFacts, StoreError>;
    /// Which files a run judged, without the verdicts; not those that could not be used.
    async fn judged_files(&self, day: Date, run: u32) -> Result<Vec<JudgedFile>, StoreError>;
    /// What a run said of the lines of a file from `first`, the next part of them; empty after the last. A byte each, as in
    /// [`super::FileVerdicts::lines`].
    async fn line_verdicts(
        &self,
        day: Date,
        run: u32,
        position: u32,
        first: u32,
    ) -> Result<Vec<u8>, StoreError>;
    /// The lines that an exception is about, as the latest run that changed it found them.
    async fn legs(&self, exception_no: &str) -> Result<Vec<Leg>, StoreError>;
    /// What our own records say of an order, in time order; at most 200.
    async fn traces(&self, order_no: &str) -> Result<Vec<Trace>, StoreError>;
    /// The runs of a day, newest first.
    async fn runs(&self, day: Date) -> Result<Vec<RunFacts>, StoreError>;
    /// Exceptions in order of their number, after this one; at most `limit`.
    async fn exceptions(
        &self,
        filter: &ExceptionFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Exception>, StoreError>;
    /// One exception.
    async fn find_exception(&self, no: &str) -> Result<Option<Exception>, StoreError>;
    /// Its steps, in order.
    async fn history(&self, no: &str) -> Result<Vec<ExceptionEvent>, StoreError>;
    /// The last step that each exception of the day had taken at `at`: what was known then.
    async fn known_at(
        &self,
        day: Date,
        at: Timestamp,
    ) -> Result<Vec<(String, ExceptionEvent)>, StoreError>;
    /// Number, state, revision and fen of every exception of the day, a line each, and the SHA-256 of that text.
    async fn as_they_stand(&self, day: Date) -> Result<(String, String), StoreError>;
    /// Changes exceptions by somebody's hand, with its line in the audit trail.
    async fn save(
        &self,
        changes: &[ExceptionChange],
        by: &str,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// Keeps a proposal, and moves what it is about.
    async fn propose(
        &self,
        proposal: &NewProposal,
        changes: &[ExceptionChange],
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// One proposal.
    async fn find_proposal(&self, no: &str) -> Result<Option<Proposal>, StoreError>;
    /// Proposals that wait for decisions or for being done, oldest first; at most `limit`.
    async fn open_proposals(&self, limit: u32) -> Result<Vec<Proposal>, StoreError>;
    /// Keeps a decision, and moves what it is about.
    async fn decide(
        &self,
        decision: &Decision,
        changes: &[ExceptionChange],
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// Keeps that it was done, and moves what it is about.
    async fn execute(
        &self,
        execution: &Execution,
        changes: &[ExceptionChange],
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// The newest seal.
    async fn last_seal(&self) -> Result<Option<Seal>, StoreError>;
    /// Seals of a day, newest first.
    async fn seals(&self, day: Date) -> Result<Vec<Seal>, StoreError>;
    /// Where the audit trail stands.
    async fn audit_point(&self) -> Result<AuditPoint, StoreError>;
    /// Seals the day by an approved proposal: the execution, the seal, the day's standing.
    async fn seal(
        &self,
        execution: &Execution,
        seal: &Seal,
        before: &DeskDay,
    ) -> Result<(), StoreError>;
    /// Opens a sealed day by an approved proposal, as its next version.
    async fn reopen(
        &self,
        execution: &Execution,
        before: &DeskDay,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// The person behind an account: its own name unless something else was noted.
    async fn person_of(&self, account: &str) -> Result<String, StoreError>;
    /// Notes that the account belongs to this person.
    async fn note_person(
        &self,
        account: &str,
        person: &str,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// Keeps a delegation.
    async fn delegate(&self, given: &Delegation, audit: &AuditRecord) -> Result<(), StoreError>;
    /// Whether `taker` may act for `giver` at `at`.
    async fn may_act(&self, taker: &str, giver: &str, at: Timestamp) -> Result<bool, StoreError>;
}

/// A day is closed for its files once it is sealed.
pub struct SealedDays {
    /// Knows which are.
    pub book: Arc<dyn DeskBook>,
}

#[async_trait]
impl ClosedDays for SealedDays {
    async fn is_closed(&self, day: Date) -> Result<bool, StoreError> {
        let found = self.book.find_day(day).await?;
        Ok(found.is_some_and(|day| day.standing == DayStanding::Closed))
    }
}

//! Statements of the rails against our ledger, day by day: every fen matched or explained.
//!
//! Invariants, checked on every run: each line of a statement is in exactly one bucket, and
//! counts and sums of the buckets re-add to the file's own totals.

mod clear;
mod clear_items;
mod clear_refunds;
mod cleared;
mod clearing;
mod clearing_fault;
mod code;
mod day;
pub mod desk;
pub mod engine;
mod matching;
mod matching_refunds;
pub mod report;
mod run;
mod run_refunds;
pub mod source;
mod statement;

pub use clear::{ClearDue, ClearError, ClearOneDay};
pub use cleared::{
    ClearedDay, ClearingBook, ClearingDifference, ClearingDifferenceKind, ClearingState,
};
pub use clearing::{
    ClearingDay, ClearingExchange, ClearingFault, ClearingItem, ClearingOrder, ClearingPayment,
    ClearingRefund, FinanceResult, JudgedOrder, OrderedRefund, Payee, RejectedLine, Sent, Verdict,
};
pub use clearing_fault::{ClearingError, FileFault, LineFault};
pub use code::DiscrepancyCode;
pub use day::{Bucket, DayBook, DayResult, DayState, JudgedLine, PartitionBroken};
pub use matching::{Discrepancy, KnownPayment, LedgerLine, MatchInput, Resolution, match_rail};
pub use matching_refunds::{KnownRefund, RefundStage};
pub use run::{ReconcileDay, ReconcileDue, ReconcileError};
pub use statement::{
    LineKind, QuarantinedLine, RefundStanding, StatedRefund, Statement, StatementError,
    StatementFault, StatementLine, StatementSource, Trailer,
};

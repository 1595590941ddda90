//! An exception: one discrepancy of one day, from the run that found it until a file proves that it is settled.

use super::{Action, Proof};
use crate::money::Fen;
use crate::reconciliation::DiscrepancyCode;
use jiff::Timestamp;
use jiff::civil::Date;

/// Where an exception stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExceptionState {
    /// Found, and nobody has proposed anything.
    Open,
    /// Part of a proposal that waits for decisions.
    Proposed,
    /// Everybody who must has agreed.
    Approved,
    /// It was done; a file has to prove it.
    Executed,
    /// A later file or run proved it.
    Verified,
    /// Over, with its proof.
    Closed,
    /// A later run of the same day no longer has it, before anybody did anything.
    Resolved,
}

impl ExceptionState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Proposed,
        Self::Approved,
        Self::Executed,
        Self::Verified,
        Self::Closed,
        Self::Resolved,
    ];

    /// The word of columns, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("OPEN", "待处理"),
            Self::Proposed => ("PROPOSED", "待复核"),
            Self::Approved => ("APPROVED", "待执行"),
            Self::Executed => ("EXECUTED", "待印证"),
            Self::Verified => ("VERIFIED", "已印证"),
            Self::Closed => ("CLOSED", "已办结"),
            Self::Resolved => ("RESOLVED", "已消除"),
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.words().0 == word)
    }

    /// The table of states. The database has the same one.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Proposed | Self::Resolved)
                | (Self::Proposed, Self::Approved | Self::Open)
                | (Self::Approved, Self::Executed | Self::Open)
                | (Self::Executed, Self::Verified)
                | (Self::Verified, Self::Closed)
                | (Self::Verified | Self::Closed | Self::Resolved, Self::Open)
        )
    }

    /// Whether its fen are still open at the end of a day.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Verified | Self::Closed | Self::Resolved)
    }
}

/// What a run says of a discrepancy; see `docs/recon-benchmark.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    /// Which kind.
    pub code: DiscrepancyCode,
    /// Signed: above zero somebody else has, or is owed, more than the books say.
    pub at_risk: Fen,
    /// Its share in the day's equation.
    pub equation: Fen,
    /// A rail's word, `BANK`, `AGENCY`, or empty.
    pub rail: String,
    /// Our number there; of a missing agency's file the agency's code.
    pub merchant_no: String,
    /// Our order.
    pub order_no: String,
    /// Our refund.
    pub refund_no: String,
    /// The notice.
    pub notice_no: String,
    /// The rail's number.
    pub txn_no: String,
    /// The bank's number, or `<merchant>/<day>` of a payout.
    pub credit_no: String,
    /// The file's name.
    pub file: String,
    /// The line there; 0 for a whole file.
    pub line_no: u32,
    /// Two candidates were equal.
    pub ambiguous: bool,
    /// The incident it belongs to.
    pub cause: String,
    /// By when the first action must be done.
    pub due_at: Timestamp,
    /// Why this code: a sentence for the clerk.
    pub note: String,
}

impl Particulars {
    /// What makes it the same exception in another run of the same day. Parts with their lengths, so that no
    /// two different ones read the same.
    pub fn key(&self) -> String {
        let line = if self.code == DiscrepancyCode::F05 {
            self.line_no.to_string()
        } else {
            String::new()
        };
        // Where a line stands in its file says nothing about what it is, but of a line that cannot be read.
        let file = match self.order_no.is_empty() && self.txn_no.is_empty() || !line.is_empty() {
            true => self.file.as_str(),
            false => "",
        };
        let parts = [
            self.code.words().0,
            &self.rail,
            &self.merchant_no,
            &self.order_no,
            &self.refund_no,
            &self.notice_no,
            &self.txn_no,
            &self.credit_no,
            file,
            &line,
        ];
        parts.iter().map(|part| format!("{}:{part},", part.len())).collect()
    }
}

/// A line of a run that may prove that something was settled: a refund, a payment, a credit, a write-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What the line shows.
    pub proof: Proof,
    /// Our order, the notice, or `<merchant>/<day>` of a payout.
    pub subject: String,
    /// The rail's number, if it has one.
    pub txn_no: String,
    /// How much, above zero.
    pub amount: Fen,
    /// The bank's or rail's number, for the record.
    pub reference: String,
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// `DZ`, the day, a number within it: what staff say on the phone.
    pub no: String,
    /// The day it was found on.
    pub day: Date,
    /// As the latest run says.
    pub is: Particulars,
    /// Where it stands.
    pub state: ExceptionState,
    /// From 1; with every change one more.
    pub revision: u32,
    /// Who takes care of it; empty: nobody.
    pub assignee: String,
    /// The proposal that it is part of, and what is to be done.
    pub proposal: Option<(String, Action)>,
    /// When a run first had it.
    pub opened_at: Timestamp,
}

impl Exception {
    /// As it becomes; `None` unless the table of states has the step.
    pub fn moved(&self, next: ExceptionState) -> Option<Self> {
        let moved = Self { state: next, revision: self.revision + 1, ..self.clone() };
        self.state.may_become(next).then_some(moved)
    }

    /// Whether this line proves what was agreed about it.
    pub fn is_proved_by(&self, seen: &Seen) -> bool {
        let Some((_, action)) = &self.proposal else { return false };
        let is = &self.is;
        let subject = match action.proof() {
            Proof::Refund | Proof::Payment => {
                (!is.order_no.is_empty() && seen.subject == is.order_no)
                    || (!is.txn_no.is_empty() && seen.txn_no == is.txn_no)
            }
            Proof::WriteOff => seen.subject == is.notice_no && !is.notice_no.is_empty(),
            Proof::Credit => seen.subject == is.credit_no && !is.credit_no.is_empty(),
            Proof::Gone | Proof::Booked => false,
        };
        subject
            && seen.proof == action.proof()
            && seen.amount.value() == is.at_risk.value().saturating_abs()
    }
}

/// A step of an exception, never changed: what was known then is what these say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionEvent {
    /// The revision that it made.
    pub revision: u32,
    /// When.
    pub at: Timestamp,
    /// The account, or `RUN <number>`.
    pub by: String,
    /// `FOUND`, `CHANGED`, `GONE`, `TAKEN`, `PROPOSED`, `APPROVED`, `RETURNED`, `EXECUTED`, `PROVED`, `CLOSED`, `REOPENED`.
    pub what: String,
    /// Where it stood then.
    pub state: ExceptionState,
    /// How much then.
    pub at_risk: Fen,
    /// Reason, proof or reference.
    pub note: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_and_nothing_leaves_the_table() {
        for state in ExceptionState::ALL {
            assert_eq!(ExceptionState::from_word(state.words().0), Some(state));
            assert!(!state.may_become(state));
        }
        assert_eq!(ExceptionState::from_word("DONE"), None);
        let steps = ExceptionState::ALL.iter().flat_map(|from| {
            ExceptionState::ALL
                .iter()
                .filter(|to| from.may_become(**to))
                .map(move |to| (*from, *to))
        });
        assert_eq!(steps.count(), 11);
        // Nothing is closed by a click: only what a file proved.
        for from in ExceptionState::ALL {
            let closes = from.may_become(ExceptionState::Closed);
            assert_eq!(closes, from == ExceptionState::Verified);
        }
    }
}

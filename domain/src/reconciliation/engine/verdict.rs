//! What the engine says.

use super::{Identity, Origin};
use crate::money::Fen;
use crate::reconciliation::DiscrepancyCode;
use jiff::Timestamp;

/// Where a line ends up; always in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placed {
    /// Equal to its counterpart, which no other line claims.
    Matched,
    /// Belongs to another day's statement, or waits for a file.
    Carried,
    /// Different, or alone.
    Exception,
    /// Of the ledger: not booked on the day, there to explain.
    Explains,
}

impl Placed {
    /// The word of `lines.csv`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matched => "MATCHED",
            Self::Carried => "CARRIED",
            Self::Exception => "EXCEPTION",
            Self::Explains => "EXPLAINS",
        }
    }
}

/// A line's place, with the code that says why, if one does.
pub type Place = (Placed, Option<DiscrepancyCode>);

/// One discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which kind.
    pub code: DiscrepancyCode,
    /// Above zero somebody else has, or is owed, more than the books say; below zero less.
    pub at_risk: Fen,
    /// Its share in the day's equation (I3).
    pub equation: Fen,
    /// A rail's word, `BANK`, `AGENCY`, or empty.
    pub rail: &'static str,
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
    /// Of a fault of a whole file its name; else empty, and `origin` tells.
    pub file: String,
    /// The line, where there is one.
    pub origin: Option<Origin>,
    /// Two candidates were equal; which is which was settled by number alone.
    pub ambiguous: bool,
    /// When it happened, if that is known: what happened together has one cause.
    pub at: Option<Timestamp>,
    /// The incident it belongs to.
    pub cause: String,
    /// By when the first action must be done.
    pub due_at: Timestamp,
    /// Why this code: a sentence for the clerk.
    pub note: String,
}

/// A pair that a person might look at; never confirmed by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suggestion {
    /// `SAME_AMOUNT`, `SWAPPED_DIGITS`, `HUNDREDFOLD`.
    pub kind: &'static str,
    /// The order that the rail lacks.
    pub order_no: String,
    /// The transaction that the ledger lacks.
    pub txn_no: String,
    /// The order that the rail names.
    pub other_order_no: String,
    /// Rail less ledger.
    pub at_risk: Fen,
    /// In Chinese.
    pub reason: String,
}

/// What happened together: one outage with all its lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incident {
    /// As in [`Finding::cause`].
    pub cause: String,
    /// How many discrepancies.
    pub count: u64,
    /// Sum of their fen at risk.
    pub at_risk: Fen,
}

/// A day, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayVerdicts {
    /// Sorted by code, then by content.
    pub findings: Vec<Finding>,
    /// One per line of the ledger, in the order of the input.
    pub ledger: Vec<Place>,
    /// One per line of the statements.
    pub lines: Vec<Place>,
    /// One per credit.
    pub credits: Vec<Place>,
    /// One per confirmation.
    pub confirmations: Vec<Place>,
    /// Sorted.
    pub suggestions: Vec<Suggestion>,
    /// Sorted by cause.
    pub incidents: Vec<Incident>,
    /// What must be true of every day.
    pub identities: Vec<Identity>,
}

impl DayVerdicts {
    /// Whether every identity holds; otherwise nothing here may be used.
    pub fn hold(&self) -> bool {
        self.identities.iter().all(|identity| identity.holds)
    }
}

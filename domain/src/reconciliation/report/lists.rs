//! Lists that may be of any length: read page by page.

use crate::money::Fen;
use crate::payment::{PaymentStatus, Rail, RefundCause, RefundStatus};
use jiff::Timestamp;

/// Where a page ended: the last row's time and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// When it was made.
    pub at: Timestamp,
    /// Its number.
    pub no: String,
}

/// A refund, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundLine {
    /// Its number.
    pub no: String,
    /// The payment.
    pub payment_no: String,
    /// By which rail.
    pub rail: Rail,
    /// By rule, or because somebody asked.
    pub cause: RefundCause,
    /// How much.
    pub amount: Fen,
    /// The notice; empty of money that never counted.
    pub notice_no: String,
    /// 执收单位编码; empty of money that never counted.
    pub agency: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the rail gave it back.
    pub done_at: Option<Timestamp>,
}

impl RefundLine {
    /// Where a page that ends with it ends.
    pub fn edge(&self) -> Edge {
        Edge { at: self.created_at, no: self.no.clone() }
    }
}

/// A payment whose end is open: nobody knows what became of it, or its money has not gone where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// Its number.
    pub no: String,
    /// By which rail.
    pub rail: Rail,
    /// What was asked.
    pub amount: Fen,
    /// What came, if anything did.
    pub paid: Option<Fen>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Notices that were paid and are not written off yet.
    pub not_written_off: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the money came.
    pub paid_at: Option<Timestamp>,
}

impl Unsettled {
    /// Where a page that ends with it ends.
    pub fn edge(&self) -> Edge {
        Edge { at: self.created_at, no: self.no.clone() }
    }
}

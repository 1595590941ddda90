//! A rail's statement (对账单) of one day, as its file says.

use super::DiscrepancyCode;
use crate::clock::from_beijing;
use crate::money::{Fen, FenOverflow};
use crate::outside::OutsideError;
use crate::payment::{MerchantIdentity, Rail};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

/// What a line tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Money taken.
    Pay,
    /// Money given back.
    Refund,
}

/// What had become of a refund when the file was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStanding {
    /// The money is back.
    Done,
    /// The rail has taken it on.
    UnderWay,
    /// It came to nothing.
    Failed,
}

/// What only the line of a refund says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedRefund {
    /// The number under which it was asked for: ours, if the refund is. `None` where the file has
    /// none.
    pub no: Option<String>,
    /// What became of it.
    pub standing: RefundStanding,
}

/// One line of a statement, read and normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Place in the file; the header is line 1.
    pub line_no: u32,
    /// Of a line that tells of a refund; every other tells of money taken.
    pub refund: Option<StatedRefund>,
    /// The order's number: ours, if the order is.
    pub order_no: String,
    /// The rail's number.
    pub txn: String,
    /// Our app there.
    pub app_id: String,
    /// Our merchant number there.
    pub merchant_no: String,
    /// What was taken or given back, positive.
    pub amount: Fen,
    /// The rail's fee; negative when it was given back.
    pub fee: Fen,
    /// By the rail's clock; of a refund, for some rails, when it was taken on.
    pub at: Timestamp,
    /// The line as it stands in the file.
    pub raw: String,
}

impl StatementLine {
    /// Taken or given back.
    pub const fn kind(&self) -> LineKind {
        match self.refund {
            None => LineKind::Pay,
            Some(_) => LineKind::Refund,
        }
    }
}

/// A line that cannot be read; the rest goes on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedLine {
    /// Place in the file.
    pub line_no: u32,
    /// The line as it stands in the file.
    pub raw: String,
    /// Which column, and why; in Chinese, for staff.
    pub reason: String,
    /// Its amount, where that at least can be read.
    pub amount: Option<Fen>,
}

/// The file's own totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    /// Lines.
    pub count: u32,
    /// Sum of money taken.
    pub paid: Fen,
    /// Sum of money given back.
    pub refunded: Fen,
}

impl Trailer {
    /// May lines that add up to `paid` and `refunded` be this file's, with these others unread? Each total
    /// may be short by unread lines alone, and never be less than its lines.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn allows(
        self,
        (paid, refunded): (Fen, Fen),
        unread: impl Iterator<Item = Option<Fen>>,
    ) -> Result<bool, FenOverflow> {
        let (mut known, mut all_known) = (Fen::ZERO, true);
        for amount in unread {
            match amount {
                Some(amount) => known = known.plus(amount)?,
                None => all_known = false,
            }
        }
        let gaps = [
            self.paid.value().saturating_sub(paid.value()),
            self.refunded.value().saturating_sub(refunded.value()),
        ];
        let gap = gaps[0].saturating_add(gaps[1]);
        let explained = if all_known { gap == known.value() } else { gap >= known.value() };
        Ok(explained && gaps.iter().all(|gap| *gap >= 0))
    }
}

/// A file that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Hash that the rail names and that was verified, lower-case hex; empty for a day without
    /// transactions, which has no file.
    pub hash: String,
    /// The bytes as they came, uncompressed.
    pub original: Vec<u8>,
    /// The lines that could be read.
    pub lines: Vec<StatementLine>,
    /// The lines that could not.
    pub quarantined: Vec<QuarantinedLine>,
    /// The file's own totals.
    pub trailer: Trailer,
}

/// The file cannot be trusted; nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementFault {
    /// One of the `F` codes.
    pub code: DiscrepancyCode,
    /// What is wrong, in Chinese, for staff.
    pub reason: String,
    /// What came, as evidence.
    pub original: Vec<u8>,
}

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The rail has not made it yet.
    #[error("not made yet")]
    NotReady,
    /// It came, and is damaged.
    #[error("damaged: {}", .0.reason)]
    Damaged(Box<StatementFault>),
    /// The rail did not answer, or refused.
    #[error(transparent)]
    Outside(#[from] OutsideError),
}

/// Fetches statements of one rail.
#[async_trait]
pub trait StatementSource: Send + Sync {
    /// Which rail.
    fn rail(&self) -> Rail;
    /// When the statement of a day is promised: 10:00 Beijing of the next, where the rail says
    /// nothing else. `None` beyond the calendar's range.
    fn ready_at(&self, day: Date) -> Option<Timestamp> {
        from_beijing(day.tomorrow().ok()?.at(10, 0, 0, 0))
    }
    /// The statement of a past Beijing day, its hash verified. A day without transactions is
    /// an empty statement, not an error.
    async fn fetch(&self, day: Date) -> Result<Statement, StatementError>;
}

impl Statement {
    /// A day on which nothing happened.
    pub fn empty() -> Self {
        let trailer = Trailer { count: 0, paid: Fen::ZERO, refunded: Fen::ZERO };
        let (hash, original) = (String::new(), Vec::new());
        Self { hash, original, lines: Vec::new(), quarantined: Vec::new(), trailer }
    }

    /// Sum of the lines of a kind that could be read.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn sum(&self, kind: LineKind) -> Result<Fen, FenOverflow> {
        Fen::sum(self.lines.iter().filter(|line| line.kind() == kind).map(|line| line.amount))
    }

    /// Is this the file of that day and merchant, and do its totals re-add? A gap that the
    /// quarantined lines explain is no fault of the file.
    ///
    /// # Errors
    /// [`StatementFault`] with code F02 or F03.
    pub fn check(&self, day: Date, ours: &MerchantIdentity) -> Result<(), StatementFault> {
        let fault = |code, reason: String| {
            Err(StatementFault { code, reason, original: self.original.clone() })
        };
        let foreign_day = |line: &&StatementLine| crate::clock::beijing_day(line.at) != day;
        if let Some(line) = self.lines.iter().find(foreign_day) {
            let reason = format!("第{}行的交易时间不在{day}，文件不是这一天的账单", line.line_no);
            return fault(DiscrepancyCode::F02, reason);
        }
        let foreign = self.lines.iter().all(|line| line.merchant_no != ours.merchant_no);
        if foreign && !self.lines.is_empty() {
            return fault(DiscrepancyCode::F02, "文件是其他商户的账单".to_owned());
        }
        let lines = self.lines.len() + self.quarantined.len();
        if usize::try_from(self.trailer.count).ok() != Some(lines) {
            let reason = format!("文件合计{}笔，实有{lines}行", self.trailer.count);
            return fault(DiscrepancyCode::F03, reason);
        }
        let quarantined = Fen::sum(self.quarantined.iter().filter_map(|line| line.amount));
        let sums = (self.sum(LineKind::Pay), self.sum(LineKind::Refund), quarantined);
        let (Ok(paid), Ok(refunded), Ok(_)) = sums else {
            return fault(DiscrepancyCode::F03, "金额合计超出范围".to_owned());
        };
        let unread = self.quarantined.iter().map(|line| line.amount);
        if self.trailer.allows((paid, refunded), unread) == Ok(true) {
            return Ok(());
        }
        let printed = (self.trailer.paid, self.trailer.refunded);
        let reason = format!(
            "文件合计收{}元、退{}元，逐行相加收{paid}元、退{refunded}元",
            printed.0, printed.1
        );
        fault(DiscrepancyCode::F03, reason)
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;

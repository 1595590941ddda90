//! What became of the clearing of a day with the finance department (财政对账). Pure: no port, no
//! await.

use super::{ClearingDay, FinanceResult, OrderedRefund, RejectedLine, Verdict};
use crate::money::{Fen, FenOverflow};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

use crate::outside::StoreError;

/// How far a day has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClearingState {
    /// The files are not with the gateway yet; see the differences, or it did not answer.
    Unsent,
    /// They are; finance has not judged.
    Sent,
    /// Finance agrees in every line.
    Agreed,
    /// Finance, or we, see something different: somebody must act.
    Different,
}

impl ClearingState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Unsent, Self::Sent, Self::Agreed, Self::Different];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsent => "UNSENT",
            Self::Sent => "SENT",
            Self::Agreed => "AGREED",
            Self::Different => "DIFFERENT",
        }
    }

    /// The state whose [`ClearingState::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClearingDifferenceKind {
    /// An order of ours that cannot be put into the file.
    Unsendable,
    /// A line of a file of ours that the gateway does not take.
    Rejected,
    /// Finance says that a line is wrong.
    Failed,
    /// Finance has not made up its mind about a line.
    ToBeConfirmed,
    /// Finance judged something that was not in our file.
    NotOurs,
    /// A line of ours that finance did not judge.
    Unjudged,
    /// The sums of finance are not those of our lines.
    Sums,
    /// A file of the gateway that cannot be used.
    FaultyFile,
    /// Finance wants this money back.
    RefundOrdered,
}

impl ClearingDifferenceKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Unsendable,
        Self::Rejected,
        Self::Failed,
        Self::ToBeConfirmed,
        Self::NotOurs,
        Self::Unjudged,
        Self::Sums,
        Self::FaultyFile,
        Self::RefundOrdered,
    ];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsendable => "UNSENDABLE",
            Self::Rejected => "REJECTED",
            Self::Failed => "FAILED",
            Self::ToBeConfirmed => "TO_BE_CONFIRMED",
            Self::NotOurs => "NOT_OURS",
            Self::Unjudged => "UNJUDGED",
            Self::Sums => "SUMS",
            Self::FaultyFile => "FAULTY_FILE",
            Self::RefundOrdered => "REFUND_ORDERED",
        }
    }

    /// The kind whose [`ClearingDifferenceKind::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One thing that somebody must look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingDifference {
    /// What it is.
    pub kind: ClearingDifferenceKind,
    /// Our payment or refund, as the file names it; may be empty.
    pub order_no: String,
    /// The notice, as the file names it; may be empty.
    pub notice_no: String,
    /// How much is at stake, as far as it is known.
    pub amount: Fen,
    /// The other side's code; may be empty.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// The clearing of one day. A later run of the same day replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearedDay {
    /// Which day, Beijing.
    pub day: Date,
    /// How far.
    pub state: ClearingState,
    /// When it was looked at last.
    pub judged_at: Timestamp,
    /// Lines of our file: payments and refunds.
    pub orders: u32,
    /// The sum of the payments.
    pub paid: Fen,
    /// The sum of the refunds.
    pub refunded: Fen,
    /// Batches of finance's result that there are.
    pub batches: u8,
    /// Lines in which finance agrees.
    pub agreed: u32,
    /// What differs.
    pub differences: Vec<ClearingDifference>,
    /// When it is looked at again; `None`: only by hand.
    pub next_try_at: Option<Timestamp>,
}

/// The clearing of days.
#[async_trait]
pub trait ClearingBook: Send + Sync {
    /// Stores it in place of an earlier one of the same day.
    async fn save(&self, cleared: &ClearedDay) -> Result<(), StoreError>;
    /// One day, with its differences in their order.
    async fn find(&self, day: Date) -> Result<Option<ClearedDay>, StoreError>;
    /// The newest days, newest first; at most `limit`.
    async fn list(&self, limit: u16) -> Result<Vec<ClearedDay>, StoreError>;
}

/// What finance says of our lines: how many it agrees in, and everything else.
///
/// # Errors
/// [`FenOverflow`] of a sum.
pub(super) fn judge(
    day: &ClearingDay,
    batches: &[FinanceResult],
) -> Result<(u32, Vec<ClearingDifference>), FenOverflow> {
    let ours = lines_of(day)?;
    let mut said: BTreeMap<(String, String), &Verdict> = BTreeMap::new();
    let mut differences = Vec::new();
    for batch in batches {
        differences.extend(other_sums(&ours, batch)?);
        for line in &batch.lines {
            said.insert((line.order_no.clone(), line.notice_no.clone()), &line.verdict);
        }
    }
    let mut agreed = 0;
    for (line, amount) in &ours {
        match said.remove(line) {
            Some(Verdict::Matched) => agreed += 1,
            Some(verdict) => differences.push(differs(line, *amount, verdict)),
            None => {
                let reason = "财政对账结果中没有这一笔".to_owned();
                let kind = ClearingDifferenceKind::Unjudged;
                differences.push(difference(kind, line, *amount, "", reason));
            }
        }
    }
    // What is left was not in our file.
    differences.extend(said.into_iter().map(|(line, verdict)| {
        let (code, reason) = words_of(verdict);
        difference(ClearingDifferenceKind::NotOurs, &line, Fen::ZERO, code, reason.to_owned())
    }));
    Ok((agreed, differences))
}

type Lines = BTreeMap<(String, String), Fen>;

fn lines_of(day: &ClearingDay) -> Result<Lines, FenOverflow> {
    let mut lines = Lines::new();
    for payment in day.payments() {
        let key = (payment.payment_no.to_string(), payment.order.notice_no.to_string());
        lines.insert(key, payment.order.total()?);
    }
    for refund in day.refunds() {
        let key = (refund.refund_no.to_string(), refund.order.notice_no.to_string());
        lines.insert(key, refund.order.total()?);
    }
    Ok(lines)
}

/// The lines have no amounts: ours, added up by verdict, must be the sums of the header. Where
/// the batch judges what we did not send, its amount is not known, and nothing can be said.
fn other_sums(
    ours: &Lines,
    batch: &FinanceResult,
) -> Result<Option<ClearingDifference>, FenOverflow> {
    let mut sums = [Fen::ZERO; 3];
    for line in &batch.lines {
        let key = (line.order_no.clone(), line.notice_no.clone());
        let Some(amount) = ours.get(&key) else { return Ok(None) };
        let kind = match line.verdict {
            Verdict::Matched => 0,
            Verdict::Failed { .. } => 1,
            Verdict::ToBeConfirmed { .. } => 2,
        };
        sums[kind] = sums[kind].plus(*amount)?;
    }
    if sums == batch.sums {
        return Ok(None);
    }
    let [ok, failed, open] = batch.sums;
    let number = batch.batch;
    let reason = format!("第{number}批结果合计为{ok}、{failed}、{open}，与我方各笔合计不符");
    let nothing = (String::new(), String::new());
    Ok(Some(difference(ClearingDifferenceKind::Sums, &nothing, Fen::ZERO, "", reason)))
}

fn words_of(verdict: &Verdict) -> (&str, &str) {
    match verdict {
        Verdict::Matched => ("", "财政认可了我方没有报送的一笔"),
        Verdict::Failed { code, reason } | Verdict::ToBeConfirmed { code, reason } => {
            (code, reason)
        }
    }
}

fn differs(line: &(String, String), amount: Fen, verdict: &Verdict) -> ClearingDifference {
    let kind = match verdict {
        Verdict::Matched | Verdict::Failed { .. } => ClearingDifferenceKind::Failed,
        Verdict::ToBeConfirmed { .. } => ClearingDifferenceKind::ToBeConfirmed,
    };
    let (code, reason) = words_of(verdict);
    difference(kind, line, amount, code, reason.to_owned())
}

fn difference(
    kind: ClearingDifferenceKind,
    (order_no, notice_no): &(String, String),
    amount: Fen,
    code: &str,
    reason: String,
) -> ClearingDifference {
    let (order_no, notice_no) = (order_no.clone(), notice_no.clone());
    ClearingDifference { kind, order_no, notice_no, amount, code: code.to_owned(), reason }
}

/// The gateway's reasons against a file of ours.
pub(super) fn rejections(file: &str, lines: &[RejectedLine]) -> Vec<ClearingDifference> {
    let nothing = (String::new(), String::new());
    let rejected = |line: &RejectedLine| {
        let reason = format!("{file}第{}行：{}", line.line, line.reason);
        let kind = ClearingDifferenceKind::Rejected;
        difference(kind, &nothing, Fen::ZERO, &line.code, reason)
    };
    lines.iter().map(rejected).collect()
}

/// Something that keeps a file, or an order, from being used.
pub(super) fn unusable(
    kind: ClearingDifferenceKind,
    line: &(String, String),
    reason: String,
) -> ClearingDifference {
    difference(kind, line, Fen::ZERO, "", reason)
}

/// A refund that finance decided, for staff to carry out.
pub(super) fn ordered(refund: &OrderedRefund) -> ClearingDifference {
    let line = (refund.payment_no.to_string(), refund.notice_no.to_string());
    let reason = refund.reason.clone();
    difference(ClearingDifferenceKind::RefundOrdered, &line, refund.amount, "", reason)
}

#[cfg(test)]
#[path = "cleared_tests.rs"]
mod tests;

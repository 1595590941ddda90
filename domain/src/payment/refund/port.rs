//! What a refund asks of the world outside, beside its rail: the gateway's procedure (退付),
//! the red receipt (冲红), and the way to another account.

use crate::ids::{PaymentNo, RefundNo};
use crate::money::{FinanceLevel, PayableFen};
use crate::notice::NoticeNo;
use crate::outside::OutsideError;
use crate::payment::{Rail, RailRefundState, RailTxn, RefundOrder};
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// Why money goes back, as the gateway sorts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundReasonCode {
    /// Paid twice.
    Duplicate,
    /// Collected above standard or scope.
    Overcharged,
    /// A technical error.
    Error,
    /// Another case.
    Other,
}

impl RefundReasonCode {
    /// Every code.
    pub const ALL: [Self; 4] = [Self::Duplicate, Self::Overcharged, Self::Error, Self::Other];

    /// The word of columns, and of the gateway.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Duplicate => "DUPLICATE",
            Self::Overcharged => "OVERCHARGED",
            Self::Error => "ERROR",
            Self::Other => "OTHER",
        }
    }

    /// The code whose [`RefundReasonCode::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// A request for a refund of one written-off notice: a refund concerns at most one. All of it is fixed once the refund is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRequest {
    /// Ours (REFUNDNO); the same on every try.
    pub refund_no: RefundNo,
    /// The notice.
    pub notice_no: NoticeNo,
    /// The payment that it was written off by.
    pub payment_no: PaymentNo,
    /// What goes back of this notice.
    pub amount: PayableFen,
    /// Why, sorted.
    pub reason_code: RefundReasonCode,
    /// Why, in words: 1 to 200 characters.
    pub reason: String,
    /// Who asks for it, by name: the citizen, or the office.
    pub applicant: String,
    /// 执收单位编码 of the notice.
    pub agency_code: String,
}

/// What becomes of the notice when all of its money is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeAfter {
    /// It can be paid again.
    Open,
    /// Nothing is owed any more.
    Cancelled,
}

impl NoticeAfter {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Open, Self::Cancelled];

    /// The word of columns, and of the gateway.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The word whose [`NoticeAfter::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|after| after.code() == code)
    }
}

/// Where a request stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskStanding {
    /// The agency must check it (`0`).
    WithAgency,
    /// The agency agreed; a finance level must decide (`1`).
    WithFinance,
    /// All agreed (`2`): the money may leave.
    Approved(NoticeAfter),
    /// Somebody refused (`3`), for good.
    Rejected,
    /// The gateway has our word that the money is back (`4`).
    PaidBack,
}

/// Who decides: the agency, or a finance level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeskStage {
    /// 执收单位.
    Agency,
    /// 财政.
    Finance(FinanceLevel),
}

/// One decision that was made at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskDecision {
    /// By whom, as an office.
    pub stage: DeskStage,
    /// Did it agree?
    pub approved: bool,
    /// By whom, as a person; the gateway's words, at most 64 characters.
    pub decided_by: String,
    /// Why; may be empty.
    pub reason: String,
    /// By the gateway's clock.
    pub at: Timestamp,
}

/// A request as the gateway has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskCase {
    /// Where it stands.
    pub standing: DeskStanding,
    /// The finance levels that must agree, in order.
    pub levels: Vec<FinanceLevel>,
    /// The decisions so far, in order; at most four.
    pub decisions: Vec<DeskDecision>,
}

/// "We paid it back."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskNotice {
    /// Ours, as asked under.
    pub refund_no: RefundNo,
    /// The notice.
    pub notice_no: NoticeNo,
    /// The payment.
    pub payment_no: PaymentNo,
    /// As asked for.
    pub amount: PayableFen,
    /// The rail's number of the refund; ours where the rail has none.
    pub txn: RailTxn,
    /// When the rail paid, by its clock.
    pub at: Timestamp,
}

/// The gateway's procedure for refunds of written-off notices.
#[async_trait]
pub trait RefundDesk: Send + Sync {
    /// `Refund_Request`. MUST be safe to repeat with the same request, and answer how it stands.
    async fn ask(&self, request: &DeskRequest) -> Result<DeskCase, OutsideError>;
    /// `Query_Refund`: `None` when no request of this number ever arrived.
    async fn query(&self, refund_no: &RefundNo) -> Result<Option<DeskCase>, OutsideError>;
    /// `Refund_Notice`. MUST be safe to repeat with the same notice.
    async fn tell_paid_back(&self, notice: &DeskNotice) -> Result<DeskCase, OutsideError>;
}

/// Which receipt a refund takes back: that of a notice and a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalRequest {
    /// Ours, and the red receipt's REVERSENO; the same on every try.
    pub refund_no: RefundNo,
    /// The notice.
    pub notice_no: NoticeNo,
    /// The payment.
    pub payment_no: PaymentNo,
    /// Why: 1 to 200 characters.
    pub reason: String,
}

/// What became of a reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversal {
    /// The receipt is reversed (now, or before), and both are linked.
    Reversed,
    /// This notice never gets a receipt (collected for others).
    NoReceipt,
    /// A receipt is still to be issued: come again, no money may leave yet.
    NotIssuedYet,
}

/// Red receipts (冲红): no money leaves while the receipt for it still is valid.
#[async_trait]
pub trait ReceiptReversal: Send + Sync {
    /// Reverses the valid receipt of this notice and payment. MUST be safe to repeat with the
    /// same request, and MUST NOT answer [`Reversal::NoReceipt`] while one is owed.
    async fn reverse(&self, request: &ReversalRequest) -> Result<Reversal, OutsideError>;
    /// After a part went back and the gateway knows (`Refund_Notice`): has a receipt of the rest
    /// issued in place of the reversed one. MUST be safe to repeat with the same request.
    async fn replace(
        &self,
        request: &ReversalRequest,
        rest: PayableFen,
    ) -> Result<Reversal, OutsideError>;
}

/// A bank account that a stuck refund goes to instead. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct PayeeAccount {
    /// The holder's name: 1 to 60 characters; must be the payer's.
    pub holder: String,
    /// 8 to 32 digits.
    pub number: String,
    /// The bank's name: 1 to 60 characters.
    pub bank: String,
}

/// Masked: holder and number are personal data.
impl fmt::Debug for PayeeAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayeeAccount(…{})", self.masked())
    }
}

impl PayeeAccount {
    /// Do holder, number and bank have the shape that is said on them?
    pub fn is_one(&self) -> bool {
        let words = |text: &str, most: usize| {
            let length = text.chars().count();
            (1..=most).contains(&length) && !text.chars().any(char::is_control)
        };
        let digits = self.number.bytes().all(|byte| byte.is_ascii_digit());
        let number = (8..=32).contains(&self.number.len()) && digits;
        number && words(&self.holder, 60) && words(&self.bank, 60)
    }

    /// The last four digits.
    pub fn masked(&self) -> &str {
        let from = self.number.len().saturating_sub(4);
        self.number.get(from..).unwrap_or_default()
    }
}

/// A rail that can send a stuck refund to another account (异常退款).
#[async_trait]
pub trait RefundRedirects: Send + Sync {
    /// Which rail.
    fn rail(&self) -> Rail;
    /// Sends the refund that [`RailRefundState::NeedsAccount`] stopped to this account. MUST be
    /// safe to repeat with the same refund and account, and MUST answer as
    /// [`crate::payment::RailRefunds::refund`] does.
    async fn redirect(
        &self,
        refund: &RefundOrder,
        account: &PayeeAccount,
    ) -> Result<RailRefundState, OutsideError>;
}

/// Who gives back by which rail.
#[derive(Clone, Default)]
pub struct Refunders {
    refunds: Vec<Arc<dyn crate::payment::RailRefunds>>,
    redirects: Vec<Arc<dyn RefundRedirects>>,
}

impl Refunders {
    /// At most one of each per [`Rail`]; the first counts.
    pub fn new(
        refunds: Vec<Arc<dyn crate::payment::RailRefunds>>,
        redirects: Vec<Arc<dyn RefundRedirects>>,
    ) -> Self {
        Self { refunds, redirects }
    }

    /// The port of a rail, if it gives back.
    pub fn get(&self, rail: Rail) -> Option<&Arc<dyn crate::payment::RailRefunds>> {
        self.refunds.iter().find(|port| port.rail() == rail)
    }

    /// The port of a rail, if it can send to another account.
    pub fn redirects(&self, rail: Rail) -> Option<&Arc<dyn RefundRedirects>> {
        self.redirects.iter().find(|port| port.rail() == rail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_masked_in_logs() {
        let account = PayeeAccount {
            holder: "王小明".to_owned(),
            number: "6222020200112230".to_owned(),
            bank: "工商银行".to_owned(),
        };
        assert_eq!(format!("{account:?}"), "PayeeAccount(…2230)");
    }
}

//! The four files that are exchanged with the gateway about each day: our payments and refunds,
//! how they are split over items, the finance department's result, and the refunds it wants.

use super::ClearingError;
use crate::clock::beijing_day;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, FenOverflow};
use crate::notice::{NoticeNo, PayerName};
use crate::outside::OutsideError;
use crate::payment::Rail;
use crate::receipt::ReceiptId;
use crate::standards::RegionCode;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// One line of a notice, in the order of the notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingItem {
    /// CHITCODE.
    pub code: String,
    /// CHITNAME.
    pub name: String,
    /// METRICUNIT.
    pub unit: String,
    /// CHARGESTANDARD.
    pub price: Fen,
    /// CHCOUNT as printed.
    pub quantity: String,
    /// Without late fee.
    pub amount: Fen,
    /// Of this line, whichever item it is booked on.
    pub late_fee: Fen,
}

/// What payments and refunds have in common: one notice of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingOrder {
    /// Who took or gave the money.
    pub rail: Rail,
    /// The rail's number of it.
    pub txn: String,
    /// When, by the rail's clock: on the day of the file.
    pub at: Timestamp,
    /// REGICODE.
    pub region: RegionCode,
    /// ENTERCODE.
    pub agency_code: String,
    /// The notice.
    pub notice_no: NoticeNo,
    /// Who owed.
    pub payer: PayerName,
    /// Without late fee.
    pub principal: Fen,
    /// The late fee.
    pub late_fee: Fen,
    /// The fiscal receipt, if there is one.
    pub receipt: Option<ReceiptId>,
    /// When the order was made.
    pub ordered_at: Timestamp,
    /// YWCODE; may be empty.
    pub business_code: String,
}

impl ClearingOrder {
    /// With the late fee.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn total(&self) -> Result<Fen, FenOverflow> {
        self.principal.plus(self.late_fee)
    }
}

/// A notice that was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingPayment {
    /// Our payment.
    pub payment_no: PaymentNo,
    /// The money and the notice.
    pub order: ClearingOrder,
    /// All lines of the notice; 1 to 20.
    pub items: Vec<ClearingItem>,
    /// When the gateway took the write-off.
    pub written_off_at: Option<Timestamp>,
}

/// Money of a notice that went back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingRefund {
    /// Our refund.
    pub refund_no: RefundNo,
    /// The money and the notice.
    pub order: ClearingOrder,
    /// Did the rail carry it out?
    pub done: bool,
    /// How many lines the notice has; 1 to 20.
    pub items: u8,
    /// The payment that it takes back.
    pub payment_no: PaymentNo,
    /// That payment's number at the rail.
    pub payment_txn: String,
    /// When that was paid.
    pub paid_at: Timestamp,
}

/// Everything of one day, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingDay {
    day: Date,
    payments: Vec<ClearingPayment>,
    refunds: Vec<ClearingRefund>,
}

/// Why a day cannot be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClearingFault {
    /// Not of this day by the rail's clock.
    #[error("{0} of {1} is not of the day")]
    Date(String, NoticeNo),
    /// The same order and notice twice.
    #[error("{0} of {1} comes twice")]
    Duplicate(String, NoticeNo),
    /// Not 1 to 20 lines.
    #[error("{0} of {1} has not 1 to 20 items")]
    Items(String, NoticeNo),
    /// The lines are not the notice's principal and late fee, or a sum is not positive.
    #[error("the sums of {0} of {1} do not add up")]
    Sum(String, NoticeNo),
}

impl ClearingDay {
    /// A notice has at most so many lines.
    pub const ITEMS_MAX: usize = 20;

    /// # Errors
    /// Every [`ClearingFault`] at once: a file with any is rejected whole by the other side.
    pub fn new(
        day: Date,
        payments: Vec<ClearingPayment>,
        refunds: Vec<ClearingRefund>,
    ) -> Result<Self, Vec<ClearingFault>> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for payment in &payments {
            let no = payment.payment_no.to_string();
            common(day, &no, &payment.order, &mut seen, &mut faults);
            let notice = payment.order.notice_no.clone();
            if payment.items.is_empty() || payment.items.len() > Self::ITEMS_MAX {
                faults.push(ClearingFault::Items(no, notice));
            } else if !lines_add_up(payment) {
                faults.push(ClearingFault::Sum(no, notice));
            }
        }
        seen.clear();
        for refund in &refunds {
            let no = refund.refund_no.to_string();
            common(day, &no, &refund.order, &mut seen, &mut faults);
            if refund.items == 0 || usize::from(refund.items) > Self::ITEMS_MAX {
                faults.push(ClearingFault::Items(no, refund.order.notice_no.clone()));
            }
        }
        if faults.is_empty() { Ok(Self { day, payments, refunds }) } else { Err(faults) }
    }

    /// Which day, Beijing.
    pub fn day(&self) -> Date {
        self.day
    }

    /// The payments, as given.
    pub fn payments(&self) -> &[ClearingPayment] {
        &self.payments
    }

    /// The refunds, as given.
    pub fn refunds(&self) -> &[ClearingRefund] {
        &self.refunds
    }
}

fn common(
    day: Date,
    no: &str,
    order: &ClearingOrder,
    seen: &mut BTreeSet<(String, NoticeNo)>,
    faults: &mut Vec<ClearingFault>,
) {
    let named = || (no.to_owned(), order.notice_no.clone());
    if beijing_day(order.at) != day {
        let (no, notice) = named();
        faults.push(ClearingFault::Date(no, notice));
    }
    if !seen.insert(named()) {
        let (no, notice) = named();
        faults.push(ClearingFault::Duplicate(no, notice));
    }
    let positive = order.principal >= Fen::ZERO
        && order.late_fee >= Fen::ZERO
        && order.total().is_ok_and(|total| total > Fen::ZERO);
    if !positive {
        let (no, notice) = named();
        faults.push(ClearingFault::Sum(no, notice));
    }
}

fn lines_add_up(payment: &ClearingPayment) -> bool {
    let amounts = Fen::sum(payment.items.iter().map(|item| item.amount));
    let late_fees = Fen::sum(payment.items.iter().map(|item| item.late_fee));
    amounts == Ok(payment.order.principal) && late_fees == Ok(payment.order.late_fee)
}

/// A line that the other side did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedLine {
    /// From 1, which is the header.
    pub line: u32,
    /// The other side's code: `SUM`, `DUPLICATE` …
    pub code: String,
    /// Its words.
    pub reason: String,
}

/// What became of a file that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is there, as we sent it.
    Taken,
    /// Nothing of it is kept; the first hundred reasons.
    Rejected(Vec<RejectedLine>),
    /// The day was judged already; what was there before stays.
    Judged,
}

/// What finance says of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Matched,
    /// It is not; code and words.
    Failed {
        /// `NOT_FOUND`, `AMOUNT`, `MISSING` …
        code: String,
        /// In words.
        reason: String,
    },
    /// Somebody must decide; a later batch tells.
    ToBeConfirmed {
        /// The same codes.
        code: String,
        /// In words.
        reason: String,
    },
}

/// One line of finance's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedOrder {
    /// REGICODE.
    pub region: String,
    /// ENTERCODE.
    pub agency_code: String,
    /// The notice, as text: it may be one that we do not know.
    pub notice_no: String,
    /// PAYNO, or REFUNDNO of a refund, as text.
    pub order_no: String,
    /// What finance says.
    pub verdict: Verdict,
}

/// One batch of finance's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinanceResult {
    /// From 1; later batches hold decisions about lines that were to be confirmed.
    pub batch: u8,
    /// Sums of the lines that are right, that failed, and that are to be confirmed, as the
    /// header has them; the lines have no amounts.
    pub sums: [Fen; 3],
    /// The lines, in the order of the file.
    pub lines: Vec<JudgedOrder>,
}

/// A refund that finance decided: it is approved.
#[derive(Clone, PartialEq, Eq)]
pub struct OrderedRefund {
    /// ENTERCODE.
    pub agency_code: String,
    /// The notice.
    pub notice_no: NoticeNo,
    /// The payment.
    pub payment_no: PaymentNo,
    /// Who owed.
    pub payer: PayerName,
    /// With the late fee.
    pub amount: Fen,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// Its receipt, if it has one.
    pub receipt: Option<ReceiptId>,
    /// Why.
    pub reason: String,
    /// Whom to pay: name, phone, account, bank. Personal data.
    pub payee: Payee,
    /// TRADECODE of the payment.
    pub trade_code: String,
    /// Anything else.
    pub remark: String,
}

/// Masked: the payee is personal data.
impl std::fmt::Debug for OrderedRefund {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { notice_no, payment_no, amount, .. } = self;
        write!(f, "OrderedRefund({payment_no} {notice_no} {amount})")
    }
}

/// Whom finance names. Every text may be empty.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Payee {
    /// Name.
    pub name: String,
    /// Phone.
    pub phone: String,
    /// Account number.
    pub account: String,
    /// The bank's name.
    pub bank: String,
}

/// The exchange of the four files.
#[async_trait]
pub trait ClearingExchange: Send + Sync {
    /// File 1. MUST be safe to repeat; a changed file replaces the one before, and drops file 2.
    async fn send_orders(&self, day: &ClearingDay) -> Result<Sent, OutsideError>;
    /// File 2, after file 1 of the same content was taken.
    async fn send_split(&self, day: &ClearingDay) -> Result<Sent, OutsideError>;
    /// File 3: the batches there are, in order; none yet: empty.
    async fn results(&self, day: Date) -> Result<Vec<FinanceResult>, ClearingError>;
    /// File 4: what finance wants back; `None` before it is there.
    async fn ordered_refunds(&self, day: Date)
    -> Result<Option<Vec<OrderedRefund>>, ClearingError>;
}

#[cfg(test)]
#[path = "clearing_tests.rs"]
pub(super) mod tests;

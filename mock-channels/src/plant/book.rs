//! What the files of a folder are made of: rows of the ledger, lines of the rails, credits,
//! confirmations, and what is true of them.

use crate::clock::Day;

/// Who takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rail {
    WechatPay,
    Alipay,
    Unionpay,
}

impl Rail {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WechatPay => "WECHAT_PAY",
            Self::Alipay => "ALIPAY",
            Self::Unionpay => "UNIONPAY",
        }
    }
}

/// What becomes of a merchant's own statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is good, and the merchant is judged.
    Judged,
    /// F01: it is not given.
    Missing,
    /// F02: it is not to be trusted.
    Refused(Refusal),
    /// F03: its totals are not those of its lines.
    Totals,
    /// F04: it was used on another day.
    Seen,
}

/// Why a statement is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    CutOff,
    Hash,
    OtherDay,
    OtherMerchant,
    Junk,
    NoZip,
    HalfZip,
}

/// A merchant number of ours.
#[derive(Debug, Clone)]
pub(super) struct Merchant {
    pub(super) rail: Rail,
    pub(super) no: String,
    /// Empty where the rail's files name none.
    pub(super) app_ids: Vec<String>,
    pub(super) fee_ppm: i64,
    pub(super) account: String,
    /// Any where empty.
    pub(super) item_codes: Vec<String>,
    pub(super) role: Role,
}

impl Merchant {
    /// Half a fen upwards; of a refund the same, negative.
    pub(super) fn fee_fen(&self, paid_fen: i64) -> i64 {
        paid_fen.signum() * ((paid_fen.abs() * self.fee_ppm + 500_000) / 1_000_000)
    }

    pub(super) fn is_judged(&self) -> bool {
        self.role == Role::Judged
    }
}

/// What is wrong with an agency's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgencyRole {
    Judged,
    Missing,
    CutOff,
    Totals,
}

/// Somebody who is owed.
#[derive(Debug, Clone)]
pub(super) struct Agency {
    pub(super) code: String,
    pub(super) item_code: String,
    pub(super) role: AgencyRole,
}

/// What somebody owes to an agency, by its place among them.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) no: String,
    pub(super) agency: usize,
}

/// One line of `ledger.csv`.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) merchant: usize,
    pub(super) order_no: String,
    /// Of refunds only.
    pub(super) refund_no: Option<String>,
    /// With the fen of each.
    pub(super) notices: Vec<(Notice, i64)>,
    pub(super) app_id: String,
    /// The rail's number, whether the ledger knows it or not.
    pub(super) txn_no: String,
    pub(super) knows_txn: bool,
    pub(super) amount_fen: i64,
    pub(super) state: &'static str,
    pub(super) at_ms: i64,
    pub(super) day: Day,
    pub(super) settled_on: Option<Day>,
}

/// What is wrong with the text of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Garble {
    /// No clock shows this time; everything else can be read.
    Time,
    /// The first column is missing, so no other is where it should be.
    Column,
    /// The amounts are no numbers.
    Amount,
}

/// What only a line of a refund has.
#[derive(Debug, Clone)]
pub(super) struct Back {
    pub(super) refund_no: String,
    /// The rail's own number of it.
    pub(super) txn_no: String,
    /// WeChat Pay's word.
    pub(super) status: &'static str,
    /// When the payment was made.
    pub(super) paid_ms: i64,
}

/// One line of a statement.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// In whose file it is.
    pub(super) merchant: usize,
    /// What is printed, which may be another one.
    pub(super) merchant_no: String,
    pub(super) app_id: String,
    /// Of the payment.
    pub(super) txn_no: String,
    pub(super) order_no: String,
    pub(super) back: Option<Back>,
    /// Above zero, of refunds too.
    pub(super) amount_fen: i64,
    /// What the rail kept; below zero where it gave back.
    pub(super) fee_fen: i64,
    pub(super) at_ms: i64,
    pub(super) garble: Option<Garble>,
    /// Counted by the totals of its file and not there.
    pub(super) torn_out: bool,
}

impl Line {
    /// Paid above zero, given back below.
    pub(super) fn signed_fen(&self) -> i64 {
        if self.back.is_some() { -self.amount_fen } else { self.amount_fen }
    }

    /// By which a verdict names it. Alipay has no number of a refund but the one it was asked by.
    pub(super) fn named_txn(&self, rail: Rail) -> String {
        match (&self.back, rail) {
            (Some(back), Rail::Alipay) => back.refund_no.clone(),
            (Some(back), _) => back.txn_no.clone(),
            (None, _) => self.txn_no.clone(),
        }
    }
}

/// One line of `agency.csv`.
#[derive(Debug, Clone)]
pub(super) struct Confirmation {
    pub(super) kind: &'static str,
    pub(super) notice: Notice,
    pub(super) amount_fen: i64,
    pub(super) at_ms: i64,
    pub(super) no: String,
    pub(super) readable: bool,
}

/// One line of `bank.csv`. What the bank does not know is empty.
#[derive(Debug, Clone)]
pub(super) struct Credit {
    pub(super) no: String,
    pub(super) account: String,
    pub(super) value_day: Day,
    pub(super) amount_fen: i64,
    pub(super) rail: String,
    pub(super) merchant_no: String,
    pub(super) payout_day: String,
    pub(super) agency_code: String,
    pub(super) item_code: String,
    pub(super) readable: bool,
}

/// What a rail owes a merchant for a day.
#[derive(Debug, Clone)]
pub(super) struct Payout {
    pub(super) merchant: usize,
    pub(super) day: Day,
    pub(super) net_fen: i64,
}

/// One line of `truth.csv`.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    pub(super) code: &'static str,
    pub(super) at_risk_fen: i64,
    pub(super) rail: String,
    pub(super) merchant_no: String,
    pub(super) order_no: String,
    pub(super) refund_no: String,
    pub(super) notice_no: String,
    pub(super) txn_no: String,
    pub(super) credit_no: String,
    pub(super) file: String,
    pub(super) line_no: String,
    /// The line of a statement whose place is known once the file is written.
    pub(super) line: Option<usize>,
}

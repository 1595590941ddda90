//! Matching of the rail leg: pure, and the same for any order of its inputs.

use super::matching_refunds::match_refunds;
use super::{Bucket, DiscrepancyCode, KnownRefund, LineKind, Statement, StatementLine};
use crate::ids::PaymentNo;
use crate::money::Fen;
use crate::payment::{MerchantIdentity, PaymentStatus, RailTxn};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Whether somebody must still act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// Yes.
    Open,
    /// No: the payment was put right by the statement itself.
    PutRight,
}

/// One difference, with what is at risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Which kind.
    pub code: DiscrepancyCode,
    /// The order's number, where there is one.
    pub order_no: String,
    /// The rail's number, where there is one.
    pub txn: String,
    /// The statement's line, where there is one.
    pub line_no: Option<u32>,
    /// Signed: positive when the rail has more than we booked.
    pub at_risk: Fen,
    /// A sentence for the clerk.
    pub note: String,
    /// Must somebody act?
    pub resolution: Resolution,
}

/// Money in our ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// The payment.
    pub payment_no: PaymentNo,
    /// The rail's number of it.
    pub txn: RailTxn,
    /// As booked.
    pub amount: Fen,
    /// By the rail's clock.
    pub at: Timestamp,
}

/// What we know of an order that is not in the day's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPayment {
    /// Where it stands.
    pub status: PaymentStatus,
    /// Its money, if it has any, and on which day it is booked.
    pub booked: Option<(RailTxn, Date)>,
}

/// All that a verdict depends on.
#[derive(Debug, Clone)]
pub struct MatchInput<'a> {
    /// The file, already checked.
    pub statement: &'a Statement,
    /// Who we are at the rail.
    pub merchant: &'a MerchantIdentity,
    /// The day's ledger.
    pub ledger: &'a [LedgerLine],
    /// Payments whose orders the statement names and the day's ledger lacks.
    pub known: &'a BTreeMap<String, KnownPayment>,
    /// Our refunds that the statement names or that the day's ledger has, by their numbers.
    pub refunds: &'a BTreeMap<String, KnownRefund>,
}

/// Puts every line of the statement into exactly one bucket, and finds the ledger lines that no
/// line of the statement explains. Each ledger line is claimed at most once.
pub fn match_rail(input: &MatchInput<'_>) -> (Vec<Bucket>, Vec<Discrepancy>) {
    let ledger: BTreeMap<&str, &LedgerLine> =
        input.ledger.iter().map(|line| (line.payment_no.as_str(), line)).collect();
    let mut claimed: BTreeSet<&str> = BTreeSet::new();
    let mut buckets = vec![None; input.statement.lines.len()];
    let mut lines: Vec<(usize, &StatementLine)> =
        input.statement.lines.iter().enumerate().collect();
    // By content, so that verdicts do not depend on the order in which lines arrived.
    lines.sort_by(|(_, a), (_, b)| key(a).cmp(&key(b)));
    let (refunds, lines): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|(_, line)| line.kind() == LineKind::Refund);
    for (index, line) in &lines {
        let exact = ledger.get(line.order_no.as_str()).filter(|booked| is_exact(line, booked));
        if exact.is_some() && is_ours(line, input.merchant) && claimed.insert(&line.order_no) {
            buckets[*index] = Some(Bucket::Matched);
        }
    }
    let mut found = Vec::new();
    for (index, line) in &lines {
        if buckets[*index].is_none() {
            let booked = ledger.get(line.order_no.as_str()).copied();
            let taken = claimed.contains(line.order_no.as_str());
            let discrepancy = judge(line, booked, taken, input);
            if matches!(discrepancy.code, Code::L04 | Code::L05 | Code::L06) {
                claimed.insert(&line.order_no); // Explained, though not equal.
            }
            buckets[*index] = Some(Bucket::Discrepancy(discrepancy.code));
            found.push(discrepancy);
        }
    }
    let missing = input.ledger.iter().filter(|line| !claimed.contains(line.payment_no.as_str()));
    found.extend(missing.map(missing_at_rail));
    let (verdicts, missing) = match_refunds(&refunds, input);
    for ((index, _), verdict) in refunds.iter().zip(verdicts) {
        let differs = verdict.as_ref().map(|discrepancy| Bucket::Discrepancy(discrepancy.code));
        buckets[*index] = Some(differs.unwrap_or(Bucket::Matched));
        found.extend(verdict);
    }
    found.extend(missing);
    found.extend(input.statement.quarantined.iter().map(|line| Discrepancy {
        code: Code::F05,
        order_no: String::new(),
        txn: String::new(),
        line_no: Some(line.line_no),
        at_risk: line.amount.unwrap_or(Fen::ZERO),
        note: format!("第{}行无法解析：{}", line.line_no, line.reason),
        resolution: Resolution::Open,
    }));
    found.sort_by(|a, b| {
        (a.code, &a.order_no, &a.txn, a.line_no).cmp(&(b.code, &b.order_no, &b.txn, b.line_no))
    });
    (buckets.into_iter().flatten().collect(), found)
}

use DiscrepancyCode as Code;

fn key(line: &StatementLine) -> (&str, &str, Timestamp, Fen, u32) {
    (&line.order_no, &line.txn, line.at, line.amount, line.line_no)
}

pub(super) fn is_ours(line: &StatementLine, merchant: &MerchantIdentity) -> bool {
    line.merchant_no == merchant.merchant_no && merchant.app_ids.contains(&line.app_id)
}

fn is_exact(line: &StatementLine, booked: &LedgerLine) -> bool {
    line.txn == booked.txn.as_str() && line.amount == booked.amount
}

fn judge(
    line: &StatementLine,
    booked: Option<&LedgerLine>,
    taken: bool,
    input: &MatchInput<'_>,
) -> Discrepancy {
    let amount = line.amount;
    if !is_ours(line, input.merchant) {
        return of(line, Code::L09, amount, NOT_OURS.to_owned());
    }
    match booked {
        Some(booked) if booked.txn.as_str() != line.txn => {
            let note = format!("同一订单在渠道有另一笔交易，平台已记{}，应退这一笔", booked.txn);
            of(line, Code::L07, amount, note)
        }
        Some(_) if taken => of(line, Code::F04, Fen::ZERO, "明细与前面的一行完全重复".to_owned()),
        Some(booked) => other_amount(line, booked),
        None => not_booked(line, input.known.get(&line.order_no)),
    }
}

fn other_amount(line: &StatementLine, booked: &LedgerLine) -> Discrepancy {
    let (rail, ours) = (line.amount.value(), booked.amount.value());
    let code = if is_hundredfold(rail, ours) {
        Code::L06
    } else if ours > rail {
        Code::L04
    } else {
        Code::L05
    };
    let note = format!("渠道{}元，平台{}元", line.amount, booked.amount);
    of(line, code, Fen::new(rail.saturating_sub(ours)), note)
}

/// Were yuan taken for fen, or fen for yuan?
pub(super) const fn is_hundredfold(rail: i64, ours: i64) -> bool {
    rail == ours.saturating_mul(100) || ours == rail.saturating_mul(100)
}

fn not_booked(line: &StatementLine, known: Option<&KnownPayment>) -> Discrepancy {
    let amount = line.amount;
    let Some(known) = known else {
        let note = "平台没有这个订单，请按订单号查找并退款或补单".to_owned();
        return of(line, Code::L01, amount, note);
    };
    match (&known.booked, known.status) {
        (Some((txn, day)), _) if txn.as_str() == line.txn => {
            let note = format!("平台记在{day}，与对账单不在同一天");
            of(line, Code::L11, Fen::ZERO, note)
        }
        (Some((txn, _)), _) => {
            let note = format!("同一订单在渠道有另一笔交易，平台已记{txn}，应退这一笔");
            of(line, Code::L07, amount, note)
        }
        (None, PaymentStatus::Closed) => {
            of(line, Code::L10, amount, "订单已关闭，之后渠道收到款项".to_owned())
        }
        (None, _) => of(line, Code::L02, amount, "渠道已收款，平台尚未成功".to_owned()),
    }
}

/// Why a line of another merchant or app differs.
pub(super) const NOT_OURS: &str = "商户号或应用号不是本平台的，请人工核对";

pub(super) fn of(line: &StatementLine, code: Code, at_risk: Fen, note: String) -> Discrepancy {
    Discrepancy {
        code,
        order_no: line.order_no.clone(),
        txn: line.txn.clone(),
        line_no: Some(line.line_no),
        at_risk,
        note,
        resolution: Resolution::Open,
    }
}

fn missing_at_rail(line: &LedgerLine) -> Discrepancy {
    Discrepancy {
        code: Code::L03,
        order_no: line.payment_no.to_string(),
        txn: line.txn.to_string(),
        line_no: None,
        at_risk: Fen::new(-line.amount.value()),
        note: "平台已记收款，对账单没有这一笔，请向渠道查询".to_owned(),
        resolution: Resolution::Open,
    }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;

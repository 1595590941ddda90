//! Matching of refunds: each line of one with the refund of ours that it names. Pure, and the
//! same for any order of its inputs.

use super::matching::{NOT_OURS, is_hundredfold, is_ours, of};
use super::{
    Discrepancy, DiscrepancyCode as Code, MatchInput, RefundStanding, Resolution, StatementLine,
};
use crate::clock::beijing_day;
use crate::ids::PaymentNo;
use crate::money::Fen;
use crate::payment::RailTxn;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// How a refund stands with us, as far as a statement can contradict it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStage {
    /// The rail was not asked, and may never be.
    Unsent,
    /// It was, and has not said what became of it.
    AtRail,
    /// The money is back.
    Done {
        /// The rail's number, where it has one.
        txn: Option<RailTxn>,
        /// On which day it is booked.
        day: Date,
    },
    /// The rail gave it up.
    Failed,
}

/// A refund of ours by the statement's rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRefund {
    /// Whose money.
    pub payment_no: PaymentNo,
    /// How much.
    pub amount: Fen,
    /// How it stands.
    pub stage: RefundStage,
    /// Is it in the ledger of the statement's day?
    pub booked: bool,
    /// An earlier day whose statement has it already: some rails print refunds when they take
    /// them on, and not again when they are done.
    pub shown_on: Option<Date>,
}

type Lines<'a> = [(usize, &'a StatementLine)];

/// A verdict for each of `lines`, `None` for one that agrees; and the refunds that the statement
/// must have and has not. Each refund is claimed at most once. `lines` are in order of content.
pub(super) fn match_refunds(
    lines: &Lines<'_>,
    input: &MatchInput<'_>,
) -> (Vec<Option<Discrepancy>>, Vec<Discrepancy>) {
    let mut claimed: BTreeMap<&str, &StatementLine> = BTreeMap::new();
    let mut verdicts: Vec<Option<Discrepancy>> = vec![None; lines.len()];
    let mut open = Vec::new();
    for (place, (_, line)) in lines.iter().enumerate() {
        let named = named(line, input.refunds).filter(|_| is_ours(line, input.merchant));
        let agreed = named.filter(|(_, refund)| differs(line, refund).is_none());
        match agreed {
            Some((no, _)) if !claimed.contains_key(no) => {
                claimed.insert(no, line);
            }
            Some(_) | None => open.push((place, *line, named)),
        }
    }
    for (place, line, named) in open {
        verdicts[place] = match named {
            _ if !is_ours(line, input.merchant) => {
                Some(of(line, Code::L09, lost(line), NOT_OURS.to_owned()))
            }
            None => {
                let note = "渠道有一笔退款，平台没有发起，请核对是否在商户后台人工退款";
                Some(of(line, Code::R02, lost(line), note.to_owned()))
            }
            Some((no, refund)) => match claimed.get(no) {
                Some(first) => Some(again(line, first, no)),
                None => differs(line, refund).map(|difference| {
                    if difference.explains {
                        claimed.insert(no, line);
                    }
                    of(line, difference.code, difference.at_risk, difference.note)
                }),
            },
        };
    }
    let due = input.refunds.iter().filter(|(no, refund)| {
        refund.booked && refund.shown_on.is_none() && !claimed.contains_key(no.as_str())
    });
    (verdicts, due.map(missing_at_rail).collect())
}

/// The refund that a line is about: by our number, or by the rail's where the file has only that.
pub(super) fn named<'a>(
    line: &StatementLine,
    refunds: &'a BTreeMap<String, KnownRefund>,
) -> Option<(&'a str, &'a KnownRefund)> {
    let stated = line.refund.as_ref()?;
    let found = match &stated.no {
        Some(no) => refunds.get_key_value(no),
        None => refunds.iter().find(|(_, refund)| {
            refund.payment_no.as_str() == line.order_no && refund.is_called(&line.txn)
        }),
    };
    found.map(|(no, refund)| (no.as_str(), refund))
}

impl KnownRefund {
    fn is_called(&self, txn: &str) -> bool {
        match &self.stage {
            RefundStage::Done { txn: Some(own), .. } => own.as_str() == txn,
            RefundStage::Done { txn: None, .. }
            | RefundStage::Unsent
            | RefundStage::AtRail
            | RefundStage::Failed => false,
        }
    }
}

/// In what a line differs from the refund that it names.
struct Difference {
    code: Code,
    at_risk: Fen,
    note: String,
    /// Is it about this refund after all, so that none is missing?
    explains: bool,
}

fn differs(line: &StatementLine, refund: &KnownRefund) -> Option<Difference> {
    let stated = line.refund.as_ref()?;
    let (rail, ours) = (line.amount.value(), refund.amount.value());
    let found =
        |code, at_risk: Fen, note: String| Some(Difference { code, at_risk, note, explains: true });
    let foreign = |code, note: &str| {
        let (at_risk, note) = (lost(line), note.to_owned());
        Some(Difference { code, at_risk, note, explains: false })
    };
    // Some files name the payment, others the refund alone.
    let names_order = stated.no.as_ref() != Some(&line.order_no);
    if names_order && line.order_no != refund.payment_no.as_str() {
        return foreign(Code::R02, "退款单号是平台的，订单号却不是这笔退款的，请人工核对");
    }
    if let Some(day) = refund.shown_on {
        let note = format!("{day}的对账单已有这笔退款，渠道又退了一次，请追回");
        return foreign(Code::R05, &note);
    }
    if rail != ours {
        let code = if is_hundredfold(rail, ours) { Code::L06 } else { Code::R03 };
        let note = format!("渠道退款{}元，平台{}元", line.amount, refund.amount);
        return found(code, Fen::new(ours.saturating_sub(rail)), note);
    }
    match (&refund.stage, stated.standing) {
        (RefundStage::Unsent, _) => {
            foreign(Code::R02, "渠道有这笔退款，平台尚未发起，请核对是否在商户后台人工退款")
        }
        (RefundStage::Failed, RefundStanding::Done) => {
            foreign(Code::R02, "渠道已退款，平台记为退款失败，请勿再次退款")
        }
        (RefundStage::Done { .. }, RefundStanding::Failed) => {
            found(Code::R01, refund.amount, "平台已记退款，渠道记为退款失败".to_owned())
        }
        (RefundStage::Done { txn: Some(own), .. }, _) if own.as_str() != line.txn => {
            foreign(Code::R05, &format!("同一退款单号在渠道有另一笔退款，平台已记{own}，请追回"))
        }
        (RefundStage::Done { day, .. }, _) if *day < beijing_day(line.at) => {
            let note = format!("平台记在{day}，与对账单不在同一天");
            found(Code::L11, Fen::ZERO, note)
        }
        (RefundStage::Done { .. } | RefundStage::AtRail, _)
        | (RefundStage::Failed, RefundStanding::UnderWay | RefundStanding::Failed) => None,
    }
}

/// A line of a refund that another line has already: the same line twice, or money twice.
fn again(line: &StatementLine, first: &StatementLine, no: &str) -> Discrepancy {
    if (&line.txn, line.amount, line.at) == (&first.txn, first.amount, first.at) {
        return of(line, Code::F04, Fen::ZERO, "明细与前面的一行完全重复".to_owned());
    }
    let note = format!("退款{no}在渠道退了两次，请追回这一笔");
    of(line, Code::R05, lost(line), note)
}

/// What the rail has less by a refund that is not in our books.
fn lost(line: &StatementLine) -> Fen {
    match line.refund.as_ref().map(|stated| stated.standing) {
        Some(RefundStanding::Failed) => Fen::ZERO,
        Some(RefundStanding::Done | RefundStanding::UnderWay) | None => {
            Fen::new(line.amount.value().saturating_neg())
        }
    }
}

fn missing_at_rail((no, refund): (&String, &KnownRefund)) -> Discrepancy {
    let txn = match &refund.stage {
        RefundStage::Done { txn: Some(txn), .. } => txn.to_string(),
        RefundStage::Done { txn: None, .. }
        | RefundStage::Unsent
        | RefundStage::AtRail
        | RefundStage::Failed => no.clone(),
    };
    Discrepancy {
        code: Code::R01,
        order_no: refund.payment_no.to_string(),
        txn,
        line_no: None,
        at_risk: refund.amount,
        note: format!("平台已记退款{no}，对账单没有这一笔，请向渠道查询"),
        resolution: Resolution::Open,
    }
}

#[cfg(test)]
#[path = "matching_refunds_tests.rs"]
mod tests;

//! Notices: paid twice, paid and not written off, written off and not paid.

use super::board::Board;
use super::verdict::{Finding, Placed};
use super::{AgencyKind, AgencyLine, LedgerKind, LedgerState};
use crate::money::Fen;
use crate::reconciliation::DiscrepancyCode as Code;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A payment's part of one notice.
struct Share {
    record: usize,
    fen: i64,
}

/// What is known of one notice.
#[derive(Default)]
struct Notice {
    /// Payments in `PAID` that were not given back in full, the earliest first.
    live: Vec<Share>,
    /// All that was ever paid for it, by the ledger or by a rail.
    paid: i64,
    /// An attempt may have been paid: its rail's statement is waited for.
    open: bool,
}

/// The notices of a payment with their fen: one number, or `no=fen;no=fen`.
pub fn shares(notice_no: &str, amount: Fen) -> Vec<(&str, Fen)> {
    if !notice_no.contains('=') {
        return match notice_no {
            "" => Vec::new(),
            one => vec![(one, amount)],
        };
    }
    let part = |part: &'_ str| -> Option<(usize, i64)> {
        let at = part.find('=')?;
        Some((at, part[at + 1..].parse().ok()?))
    };
    let parts = notice_no.split(';');
    parts.filter_map(|text| part(text).map(|(at, fen)| (&text[..at], Fen::new(fen)))).collect()
}

/// Judges notices: payments of one notice beside each other, and both ways against the agencies.
pub(super) fn judge(board: &mut Board<'_>) {
    let notices = notices(board);
    paid_twice(board, &notices);
    if let Some(confirmations) = board.input.confirmations {
        let singles = without_copies(board, confirmations);
        agencies(board, &notices, confirmations, &singles);
    }
}

fn notices<'a>(board: &Board<'a>) -> BTreeMap<&'a str, Notice> {
    let input = board.input;
    let mut given_back: HashMap<&str, i64> = HashMap::new();
    for record in input.ledger {
        if record.kind == LedgerKind::Refund && record.state != LedgerState::Failed {
            let of = given_back.entry(record.order_no).or_default();
            *of = of.saturating_add(record.amount.value());
        }
    }
    let mut notices: BTreeMap<&str, Notice> = BTreeMap::new();
    for (place, record) in input.ledger.iter().enumerate() {
        if record.kind != LedgerKind::Pay || record.notice_no.is_empty() {
            continue;
        }
        let paid = record.state == LedgerState::Paid;
        let at_rail = board.claimed_by[place].is_some();
        let back = given_back.get(record.order_no).copied().unwrap_or_default();
        let lives = paid && back < record.amount.value();
        let waits = !paid && !board.trusts(record.rail, record.merchant_no);
        for (notice_no, fen) in shares(record.notice_no, record.amount) {
            let notice = notices.entry(notice_no).or_default();
            if paid || at_rail {
                notice.paid = notice.paid.saturating_add(fen.value());
            }
            notice.open |= waits;
            if lives {
                notice.live.push(Share { record: place, fen: fen.value() });
            }
        }
    }
    for notice in notices.values_mut() {
        let key = |share: &Share| {
            let record = &input.ledger[share.record];
            (record.at, record.order_no)
        };
        notice.live.sort_by_key(key);
    }
    notices
}

/// Every payment of a notice but the earliest must go back.
fn paid_twice(board: &mut Board<'_>, notices: &BTreeMap<&str, Notice>) {
    let input = board.input;
    let mut twice: BTreeMap<usize, (i64, Vec<&str>, bool)> = BTreeMap::new();
    for (notice_no, notice) in notices {
        for pair in notice.live.windows(2) {
            let (before, later) = (&input.ledger[pair[0].record], &input.ledger[pair[1].record]);
            let of = twice.entry(pair[1].record).or_default();
            of.0 = of.0.saturating_add(pair[1].fen);
            of.1.push(notice_no);
            of.2 |= before.at == later.at;
        }
    }
    for (place, (fen, of, ambiguous)) in twice {
        if input.ledger[place].accounting_day != input.rules.day {
            continue; // Told on its own day.
        }
        let note = "同一缴款单之前已由另一订单缴清，应退这一单".to_owned();
        let finding = board.of_record(place, Code::L08, Fen::new(fen), note);
        board.findings.push(Finding { notice_no: of.join(";"), ambiguous, ..finding });
    }
}

/// Of confirmations that say the same under the same number, one counts.
fn without_copies(board: &mut Board<'_>, confirmations: &[AgencyLine<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..confirmations.len()).collect();
    let said = |place: &usize| {
        let line = &confirmations[*place];
        let who = (line.agency_code, line.confirmation_no, line.notice_no, line.item_code);
        (who, line.kind, line.amount, line.at)
    };
    order.sort_by(|a, b| said(a).cmp(&said(b)));
    let mut seen = HashSet::new();
    let mut singles = Vec::new();
    for place in order {
        let line = &confirmations[place];
        if seen.insert(said(&place)) {
            singles.push(place);
            continue;
        }
        board.confirmations[place] = (Placed::Exception, Some(Code::F04));
        board.findings.push(Finding {
            rail: "AGENCY",
            merchant_no: line.agency_code.to_owned(),
            notice_no: line.notice_no.to_owned(),
            txn_no: line.confirmation_no.to_owned(),
            origin: Some(line.origin),
            at: Some(line.at),
            ..board.blank(Code::F04, Fen::ZERO, "回执与另一行完全相同，只计一次".to_owned())
        });
    }
    singles
}

/// What the agencies say of one notice.
#[derive(Default)]
struct Said {
    written_off: i64,
    receipts: i64,
    lines: Vec<usize>,
}

fn agencies(
    board: &mut Board<'_>,
    notices: &BTreeMap<&str, Notice>,
    confirmations: &[AgencyLine<'_>],
    singles: &[usize],
) {
    let mut said: BTreeMap<&str, Said> = BTreeMap::new();
    for place in singles {
        let line = &confirmations[*place];
        let of = said.entry(line.notice_no).or_default();
        let sum = match line.kind {
            AgencyKind::WriteOff => &mut of.written_off,
            AgencyKind::Receipt => &mut of.receipts,
        };
        *sum = sum.saturating_add(line.amount.value());
        of.lines.push(*place);
    }
    for (notice_no, notice) in notices {
        let written_off = said.get(notice_no).map_or(0, |of| of.written_off);
        if let Some(first) = notice.live.first() {
            let missing = first.fen.saturating_sub(written_off);
            if missing > 0 && must_be_written_off(board, first.record) {
                not_written_off(board, first.record, notice_no, missing);
            }
        }
    }
    for (notice_no, of) in said {
        let (paid, open) =
            notices.get(notice_no).map_or((0, false), |notice| (notice.paid, notice.open));
        let beyond = of.written_off.max(of.receipts).saturating_sub(paid);
        if beyond > 0 && !open {
            no_money(board, confirmations, notice_no, &of, (beyond, paid));
        } else if open && paid == 0 {
            for place in of.lines {
                board.confirmations[place] = (Placed::Carried, None);
            }
        }
    }
}

fn must_be_written_off(board: &Board<'_>, place: usize) -> bool {
    let (record, rules) = (&board.input.ledger[place], board.input.rules);
    let due = SignedDuration::from_mins(i64::from(rules.write_off_due_minutes));
    let is_due = record.at.checked_add(due).is_ok_and(|due: Timestamp| due < rules.judged_at);
    let seen = board.claimed_by[place].is_some();
    let silent = board.input.silent_agencies.iter().any(|code| code == record.agency_code);
    is_due && seen && !silent
}

fn not_written_off(board: &mut Board<'_>, place: usize, notice_no: &str, missing: i64) {
    let record = &board.input.ledger[place];
    let note = format!("已收款，{}尚未销账{}元", record.agency_code, Fen::new(missing));
    let finding = board.of_record(place, Code::A01, Fen::new(missing), note);
    board.findings.push(Finding { notice_no: notice_no.to_owned(), ..finding });
}

fn no_money(
    board: &mut Board<'_>,
    confirmations: &[AgencyLine<'_>],
    notice_no: &str,
    of: &Said,
    (beyond, paid): (i64, i64),
) {
    let first = of.lines.iter().map(|place| &confirmations[*place]);
    let Some(line) = first.min_by_key(|line| (line.at, line.confirmation_no)) else { return };
    let note = if paid == 0 {
        "执收单位已销账或已开票，没有对应的缴款".to_owned()
    } else {
        format!("销账或开票比实缴{}元多{}元", Fen::new(paid), Fen::new(beyond))
    };
    board.findings.push(Finding {
        rail: "AGENCY",
        merchant_no: line.agency_code.to_owned(),
        notice_no: notice_no.to_owned(),
        txn_no: line.confirmation_no.to_owned(),
        origin: Some(line.origin),
        at: Some(line.at),
        ..board.blank(Code::A02, Fen::new(-beyond), note)
    });
    for place in &of.lines {
        board.confirmations[*place] = (Placed::Exception, Some(Code::A02));
    }
}

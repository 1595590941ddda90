//! The board on which a day is worked out: which line claims which, and what was found.

use super::verdict::{Finding, Place, Placed};
use super::{DayInput, LedgerKind, LedgerRecord, LedgerState, Origin, RailLine, RailLineKind};
use crate::money::Fen;
use crate::payment::Rail;
use crate::reconciliation::DiscrepancyCode as Code;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// How far a line has come.
pub(super) struct Board<'a> {
    pub input: &'a DayInput<'a>,
    pub findings: Vec<Finding>,
    pub ledger: Vec<Place>,
    pub lines: Vec<Place>,
    pub credits: Vec<Place>,
    pub confirmations: Vec<Place>,
    /// Of each ledger line the statement's line that claims it.
    pub claimed_by: Vec<Option<u32>>,
    /// Of each statement's line the ledger line that it claims.
    pub claims: Vec<Option<u32>>,
    trusted: HashSet<(Rail, &'a str)>,
    ours: HashSet<(Rail, &'a str, &'a str)>,
    /// Those of whom lines without an app are accepted.
    without_apps: HashSet<(Rail, &'a str)>,
}

impl<'a> Board<'a> {
    pub fn new(input: &'a DayInput<'a>) -> Self {
        let rules = input.rules;
        let ours = rules.merchants.iter().flat_map(|merchant| {
            let apps = merchant.app_ids.iter();
            apps.map(|app| (merchant.rail, merchant.merchant_no.as_str(), app.as_str()))
        });
        let merchants = rules.merchants.iter().map(|m| (m.rail, m.merchant_no.as_str()));
        let trusted = input.statements.iter().map(|s| (s.rail, s.merchant_no.as_str()));
        let credits = input.credits.map_or(0, <[_]>::len);
        let confirmations = input.confirmations.map_or(0, <[_]>::len);
        Self {
            input,
            findings: Vec::new(),
            ledger: vec![(Placed::Explains, None); input.ledger.len()],
            lines: vec![(Placed::Exception, None); input.lines.len()],
            credits: vec![(Placed::Matched, None); credits],
            confirmations: vec![(Placed::Matched, None); confirmations],
            claimed_by: vec![None; input.ledger.len()],
            claims: vec![None; input.lines.len()],
            trusted: trusted.collect(),
            ours: ours.collect(),
            without_apps: merchants.collect(),
        }
    }

    /// Whether this merchant's statement of the day can be trusted.
    pub fn trusts(&self, rail: Rail, merchant_no: &str) -> bool {
        self.trusted.contains(&(rail, merchant_no))
    }

    /// Whether the line is of one of our merchants and apps.
    pub fn is_ours(&self, line: &RailLine<'_>) -> bool {
        match line.app_id {
            "" => self.without_apps.contains(&(line.rail, line.merchant_no)),
            app => self.ours.contains(&(line.rail, line.merchant_no, app)),
        }
    }

    /// Whether the ledger counts this line on the day.
    pub fn is_booked(&self, record: &LedgerRecord<'_>) -> bool {
        record.accounting_day == self.input.rules.day && counts(record)
    }

    /// Whether an earlier day's statement proved this line.
    pub fn is_settled(&self, record: &LedgerRecord<'_>) -> bool {
        record.settled_on.is_some_and(|settled| settled < self.input.rules.day)
    }

    /// So close to the day's end that it may stand in the next statement.
    pub fn is_at_the_cut(&self, at: Timestamp) -> bool {
        let rules = self.input.rules;
        let Some(end) = rules
            .day
            .tomorrow()
            .ok()
            .and_then(|next| crate::clock::from_beijing(next.at(0, 0, 0, 0)))
        else {
            return false;
        };
        let cut = SignedDuration::from_mins(i64::from(rules.cut_minutes));
        at >= end - cut && at < end
    }

    /// Notes that the statement's line claims the ledger's.
    pub fn claim(&mut self, line: usize, record: usize) {
        self.claims[line] = index(record);
        self.claimed_by[record] = index(line);
    }

    /// Puts both sides of a claim, or a line alone, where they belong.
    pub fn place(&mut self, line: usize, place: Place) {
        self.lines[line] = place;
        if let Some(record) = self.claims[line] {
            let record = record as usize;
            // What is not booked on the day only explains.
            let booked = self.is_booked(&self.input.ledger[record]);
            self.ledger[record] = if booked { place } else { (Placed::Explains, place.1) };
        }
    }

    /// A finding about a statement's line. Its amount is signed: a refund goes the other way.
    pub fn of_line(&self, line: usize, code: Code, at_risk: Fen, note: String) -> Finding {
        let line = &self.input.lines[line];
        Finding {
            rail: line.rail.code(),
            merchant_no: line.merchant_no.to_owned(),
            order_no: line.order_no.to_owned(),
            refund_no: line.refund_no.to_owned(),
            txn_no: line.txn.to_owned(),
            origin: Some(line.origin),
            at: Some(line.at),
            ..self.blank(code, at_risk, note)
        }
    }

    /// A finding about a line of the ledger.
    pub fn of_record(&self, record: usize, code: Code, at_risk: Fen, note: String) -> Finding {
        let record = &self.input.ledger[record];
        Finding {
            rail: record.rail.code(),
            merchant_no: record.merchant_no.to_owned(),
            order_no: record.order_no.to_owned(),
            refund_no: record.refund_no.to_owned(),
            txn_no: record.txn.to_owned(),
            origin: Some(record.origin),
            at: Some(record.at),
            ..self.blank(code, at_risk, note)
        }
    }

    /// A finding about nothing yet.
    pub fn blank(&self, code: Code, at_risk: Fen, note: String) -> Finding {
        let due = SignedDuration::from_mins(code.due_minutes());
        let judged_at = self.input.rules.judged_at;
        Finding {
            code,
            at_risk,
            equation: Fen::ZERO,
            rail: "",
            merchant_no: String::new(),
            order_no: String::new(),
            refund_no: String::new(),
            notice_no: String::new(),
            txn_no: String::new(),
            credit_no: String::new(),
            file: String::new(),
            origin: None::<Origin>,
            ambiguous: false,
            at: None,
            cause: String::new(),
            due_at: judged_at.checked_add(due).unwrap_or(judged_at),
            note,
        }
    }
}

/// Places fit: the reader refuses files of more lines.
#[expect(clippy::cast_possible_truncation, reason = "a day has fewer than 2^32 lines")]
pub(super) const fn index(place: usize) -> Option<u32> {
    Some(place as u32)
}

/// Whether the ledger counts this line on its accounting day.
pub(super) const fn counts(record: &LedgerRecord<'_>) -> bool {
    match record.kind {
        LedgerKind::Pay => matches!(record.state, LedgerState::Paid),
        LedgerKind::Refund => {
            matches!(record.state, LedgerState::Submitted | LedgerState::Succeeded)
        }
    }
}

/// Below zero what was given back.
pub(super) const fn signed(record: &LedgerRecord<'_>) -> i64 {
    match record.kind {
        LedgerKind::Pay => record.amount.value(),
        LedgerKind::Refund => -record.amount.value(),
    }
}

/// Below zero what was given back.
pub(super) const fn signed_line(line: &RailLine<'_>) -> i64 {
    match line.kind {
        RailLineKind::Pay => line.amount.value(),
        RailLineKind::Refund | RailLineKind::ReturnedRefund => -line.amount.value(),
    }
}

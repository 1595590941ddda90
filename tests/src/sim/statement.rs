//! The rails' files of a day, with everything that can be wrong with them.

use super::chance::{key, mix};
use super::fault::Kind;
use super::rail::refund_txn;
use super::world::{Core, DAY, HOUR, START, timestamp};
use domain::clock::beijing_day;
use domain::money::Fen;
use domain::reconciliation::{
    DiscrepancyCode, LineKind, RefundStanding, StatedRefund, Statement, StatementError,
    StatementFault, StatementLine, Trailer,
};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What is wrong with a file whenever it is fetched; the file's own totals agree with it.
#[derive(Debug, Clone, Default)]
pub struct Misprints {
    /// Orders whose line is printed twice.
    pub doubled: BTreeSet<String>,
    /// Orders whose line is missing.
    pub dropped: BTreeSet<String>,
    /// A line of an order that nobody knows.
    pub extra: bool,
}

/// Milliseconds at which `day` begins.
fn begins(day: Date) -> i64 {
    let first = beijing_day(timestamp(START));
    let days = day.since(first).map(|span| i64::from(span.get_days()));
    START + days.unwrap() * DAY
}

/// What the rail answers when it is asked for the file now.
pub fn fetch(core: &mut Core, rail: usize, day: Date) -> Result<Statement, StatementError> {
    let ready = begins(day) + DAY + 10 * HOUR;
    let chance = mix(key(&day.to_string()), rail as u64);
    let late = core.fault(Kind::LateFile, chance);
    if core.now < ready || (late && core.now < ready + 4 * HOUR) {
        return Err(StatementError::NotReady);
    }
    let this_hour = mix(chance, (core.now / HOUR).cast_unsigned());
    if core.fault(Kind::OldFile, this_hour) {
        let old = day.yesterday().unwrap();
        return Ok(file(core, rail, old));
    }
    let mut statement = file(core, rail, day);
    if core.fault(Kind::DamagedFile, this_hour) {
        if this_hour.is_multiple_of(2) {
            let (code, reason) = (DiscrepancyCode::F02, "哈希不符".to_owned());
            let fault = StatementFault { code, reason, original: Vec::new() };
            return Err(StatementError::Damaged(Box::new(fault)));
        }
        statement.trailer.count += 1;
    }
    Ok(statement)
}

fn file(core: &mut Core, rail: usize, day: Date) -> Statement {
    let misprints = misprints(core, rail, day);
    let mut lines = Vec::new();
    for no in core.rails[rail].taken.get(&day).into_iter().flatten() {
        let Some(report) = core.rails[rail].report(no) else { continue };
        let times = if misprints.doubled.contains(no) { 2 } else { 1 };
        let times = if misprints.dropped.contains(no) { 0 } else { times };
        for _ in 0..times {
            lines.push(StatementLine {
                line_no: 0,
                refund: None,
                order_no: no.clone(),
                txn: report.money.txn.to_string(),
                app_id: report.app_id.clone(),
                merchant_no: report.merchant_no.clone(),
                amount: report.money.amount.fen(),
                fee: Fen::new(report.money.amount.fen().value() * 6 / 1000),
                at: report.money.at,
                raw: String::new(),
            });
        }
    }
    if let Some(line) = lines.first().filter(|_| misprints.extra).cloned() {
        let (order_no, txn) = (format!("NOBODY{rail}{day}"), format!("TX{rail}{day}"));
        lines.push(StatementLine { order_no, txn, ..line });
    }
    refunds(core, rail, day, &mut lines);
    printed(lines)
}

fn refunds(core: &Core, rail: usize, day: Date, lines: &mut Vec<StatementLine>) {
    let truth = &core.rails[rail];
    for (_, refund, no, fen) in truth.given_back.iter().filter(|given| given.0 == day) {
        let Some(report) = truth.report(no) else { continue };
        let done_at = truth.orders.get(no).and_then(|order| order.refunds.get(refund));
        let at = done_at.map_or(report.money.at, |(_, at)| timestamp(*at));
        lines.push(StatementLine {
            line_no: 0,
            refund: Some(StatedRefund { no: Some(refund.clone()), standing: RefundStanding::Done }),
            order_no: no.clone(),
            txn: refund_txn(refund),
            app_id: report.app_id,
            merchant_no: report.merchant_no,
            amount: Fen::new(*fen),
            fee: Fen::ZERO,
            at,
            raw: String::new(),
        });
    }
}

fn printed(mut lines: Vec<StatementLine>) -> Statement {
    if lines.is_empty() {
        return Statement::empty();
    }
    let mut hash = 0;
    for (line_no, line) in (2..).zip(&mut lines) {
        line.line_no = line_no;
        line.raw = format!("{},{},{},{}", line.at, line.order_no, line.txn, line.amount);
        hash = mix(hash, key(&line.raw));
    }
    let sum = |kind| {
        let of_kind = lines.iter().filter(|line| line.kind() == kind);
        Fen::sum(of_kind.map(|line| line.amount)).unwrap()
    };
    let trailer = Trailer {
        count: u32::try_from(lines.len()).unwrap(),
        paid: sum(LineKind::Pay),
        refunded: sum(LineKind::Refund),
    };
    let (original, quarantined) = (Vec::new(), Vec::new());
    Statement { hash: format!("{hash:016x}"), original, lines, quarantined, trailer }
}

fn misprints(core: &mut Core, rail: usize, day: Date) -> Misprints {
    if let Some(known) = core.rails[rail].misprints.get(&day) {
        return known.clone();
    }
    let chance = mix(key(&day.to_string()), 40 + rail as u64);
    let extra = core.fault(Kind::ExtraLine, chance);
    let mut new = Misprints { extra, ..Misprints::default() };
    for no in core.rails[rail].taken.get(&day).cloned().unwrap_or_default() {
        if core.fault(Kind::DropLine, key(&no)) {
            new.dropped.insert(no);
        } else if core.fault(Kind::DoubleLine, key(&no)) {
            new.doubled.insert(no);
        }
    }
    core.rails[rail].misprints.insert(day, new.clone());
    new
}

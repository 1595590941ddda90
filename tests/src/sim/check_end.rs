//! What must hold when the faults have stopped: everything is settled (M15). And what must hold
//! at midnight: the books can be rebuilt from their events (M16).

use super::check::{is_honoured, takings};
use super::rail::{Standing, place_of};
use super::town::at_once;
use super::world::{Core, timestamp};
use domain::clock::beijing_day;
use domain::fakes::Stored;
use domain::identity::{AuditTrail, AuditVerdict};
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::payment::{
    Account, JournalKind, OutboxKind, PaymentStatus, Rail, RefundStatus, RefundStore, Side,
};
use domain::reconciliation::{DayBook, DayResult, DayState, Discrepancy, DiscrepancyCode as Code};
use std::collections::{BTreeMap, BTreeSet};

type Found = Result<(), String>;
type Check = fn(&Core) -> Found;

/// Checks of all that is stored, at every midnight and at the end, each under its invariant.
pub const NIGHTLY: [(&str, Check); 2] = [("M16", rebuilds), ("M12", audit_is_whole)];

fn audit_is_whole(core: &Core) -> Found {
    match at_once(core.truth.verify()) {
        Ok(AuditVerdict::Whole { .. }) => Ok(()),
        Ok(AuditVerdict::Broken { number }) => {
            Err(format!("line {number} of the audit is not what it was"))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn all(core: &Core) -> impl Iterator<Item = Stored> {
    core.truth.payment_nos().into_iter().filter_map(|no| core.truth.stored(&no))
}

fn none_or(found: Vec<String>) -> Found {
    match found.first() {
        None => Ok(()),
        Some(first) => Err(format!("{first}; {} in all", found.len())),
    }
}

/// From the history, the journals and the outbox alone: status, money, balances, write-offs.
fn rebuilds(core: &Core) -> Found {
    let mut wrong = Vec::new();
    let mut balances: BTreeMap<Account, [i64; 2]> = BTreeMap::new();
    for stored in all(core) {
        let (payment, no) = (&stored.payment, &stored.payment.no);
        let last = stored.history.last().map(|record| record.status);
        if last != Some(payment.state.status()) {
            let last = last.map_or("nothing", PaymentStatus::code);
            wrong.push(format!("{no} is {}, its history {last}", payment.state.status().code()));
        }
        let kind = takings(&stored).last().map(|journal| journal.kind);
        if kind != booked_as(&stored) {
            wrong.push(format!("{no} is booked as {kind:?}"));
        }
        for journal in &stored.journals {
            for entry in journal.entries() {
                let side = usize::from(entry.side == Side::Credit);
                balances.entry(entry.account.clone()).or_default()[side] += entry.amount.value();
            }
        }
        for notice in &payment.notices {
            let done = stored.outbox.iter().any(|row| {
                row.done && row.item.kind == OutboxKind::WriteOff && row.item.notice_no == notice.no
            });
            if done != notice.written_off_at.is_some() {
                wrong.push(format!("{no}: the write-off of {} is done: {done}", notice.no));
            }
        }
    }
    if balances != core.checks.ledger.balances {
        wrong.push("the balances of the ledger are not those of its journals".to_owned());
    }
    none_or(wrong)
}

fn booked_as(stored: &Stored) -> Option<JournalKind> {
    let state = &stored.payment.state;
    state.money()?;
    Some(if is_honoured(state) {
        JournalKind::Paid
    } else if stored.history.iter().any(|record| record.status == PaymentStatus::UnderReview) {
        JournalKind::HeldForReview
    } else {
        JournalKind::OwedBack
    })
}

/// When the faults have stopped: nothing that is older than `age` (milliseconds) waits.
pub fn settled(core: &Core, age: i64) -> Found {
    let mut wrong = Vec::new();
    let before = timestamp(core.now - age);
    for stored in all(core) {
        let (payment, no) = (&stored.payment, &stored.payment.no);
        if stored.history.last().is_some_and(|record| record.at > before) {
            continue;
        }
        if payment.state.is_unsettled() {
            wrong.push(format!("{no} is still {}", payment.state.status().code()));
        }
        let parked =
            |notice| stored.outbox.iter().any(|row| row.parked && &row.item.notice_no == notice);
        for row in stored.outbox.iter().filter(|row| !row.done) {
            // A receipt waits visibly behind a write-off that is with staff.
            if !parked(&row.item.notice_no) {
                wrong.push(format!("{} waits", row.item.key()));
            }
        }
    }
    let callbacks = core.truth.open_callbacks();
    if callbacks > 0 && age == 0 {
        wrong.push(format!("{callbacks} callbacks wait"));
    }
    none_or(wrong)
}

/// After the last statement: every fen that a rail took is ours to explain, and every effect is
/// where it belongs.
pub fn accounted(core: &Core) -> Found {
    let mut wrong = Vec::new();
    let days = judged_days(core, &mut wrong);
    for (rail, truth) in core.rails.iter().enumerate() {
        for (no, order) in &truth.orders {
            let Standing::Paid(money) = &order.standing else { continue };
            let stored = core.truth.stored(&order.order.no);
            let known = stored.as_ref().and_then(|stored| stored.payment.state.money());
            let day = beijing_day(money.at);
            let unprinted = truth.misprints.get(&day).is_some_and(|file| file.dropped.contains(no));
            if known.is_none() && unprinted {
                continue; // No callback, no answer, no line: only the bank's file can tell.
            }
            if known != Some(money) {
                wrong.push(format!("{no}: the rail took {}, we know {known:?}", money.amount));
            }
            if !days.get(&(rail, day.to_string())).is_none_or(|lines| lines.contains(no)) {
                wrong.push(format!("{no} is neither in the judged file of {day} nor missed there"));
            }
        }
    }
    for stored in all(core) {
        effects_arrived(core, &stored, &mut wrong);
    }
    none_or(wrong)
}

/// The orders that each judged day explains, as a line or as a discrepancy.
fn judged_days(
    core: &Core,
    wrong: &mut Vec<String>,
) -> BTreeMap<(usize, String), BTreeSet<String>> {
    let mut judged = BTreeMap::new();
    for rail in Rail::ALL {
        let mut day = beijing_day(timestamp(super::world::START));
        let first = at_once(core.truth.first_day(rail)).unwrap();
        let today = beijing_day(timestamp(core.now));
        while day < today {
            let result = at_once(DayBook::find(&core.truth, rail, day)).unwrap();
            match result {
                Some(result) if result.state != DayState::WaitingForFile => {
                    wrong.extend(refunds_that_differ(&result));
                    judged.insert((place_of(rail), day.to_string()), explained(&result));
                }
                Some(_) => wrong.push(format!("{} {day} waits for its file", rail.code())),
                None if first.is_some_and(|first| first <= day) => {
                    wrong.push(format!("{} {day} is not reconciled", rail.code()));
                }
                None => {}
            }
            day = day.tomorrow().unwrap();
        }
    }
    judged
}

/// Files are misprinted in payments alone: in refunds every one of them agrees with us.
fn refunds_that_differ(result: &DayResult) -> Vec<String> {
    let of_refund = |code| matches!(code, Code::R01 | Code::R02 | Code::R03 | Code::R05);
    let found = result.discrepancies.iter().filter(|found| of_refund(found.code));
    let named = |found: &Discrepancy| {
        format!("{:?} {} of {}: {}", found.code, found.txn, result.day, found.note)
    };
    found.map(named).collect()
}

fn explained(result: &DayResult) -> BTreeSet<String> {
    let lines = result.lines.iter().map(|line| line.order_no.clone());
    lines.chain(result.discrepancies.iter().map(|found| found.order_no.clone())).collect()
}

fn effects_arrived(core: &Core, stored: &Stored, wrong: &mut Vec<String>) {
    let payment = &stored.payment;
    for row in &stored.outbox {
        let no = &row.item.notice_no;
        let arrived = match row.item.kind {
            OutboxKind::WriteOff => core.gateway.written_off.get(no).map(|told| &told.payment_no),
            OutboxKind::IssueReceipt => core.gateway.receipts.get(no).map(|r| &r.payment_no),
        };
        if row.done != (arrived == Some(&payment.no)) && !row.parked {
            wrong.push(format!("{}: done here {}, there {arrived:?}", row.item.key(), row.done));
        }
    }
    let due_back = match payment.state.status() {
        PaymentStatus::Refunded => true,
        // By rule at once, or by two persons who have it before them.
        PaymentStatus::RefundDue => !with_staff(core, &payment.no),
        PaymentStatus::UnderReview if !with_staff(core, &payment.no) => {
            wrong.push(format!("{} is under review, and nobody has it", payment.no));
            false
        }
        PaymentStatus::Refunding => {
            wrong.push(format!("{} is still on its way back", payment.no));
            false
        }
        PaymentStatus::Submitted
        | PaymentStatus::Unknown
        | PaymentStatus::UnderReview
        | PaymentStatus::Paid
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Closed => false,
    };
    if due_back {
        let truth = &core.rails[place_of(payment.rail)];
        let back = truth.orders.get(payment.no.as_str()).map_or(0, |order| order.asked_back());
        let due = payment.state.money().map_or(Fen::ZERO, |money| money.amount.fen());
        if back != due.value() {
            wrong.push(format!("{}: {back} fen of {due} yuan went back", payment.no));
        }
    }
}

fn with_staff(core: &Core, no: &PaymentNo) -> bool {
    let refunds = at_once(core.truth.list_of_payment(no)).unwrap();
    refunds.iter().any(|refund| refund.state.status() == RefundStatus::Requested)
}

//! What a payment costs, how long its quote holds, and who gets the money: computed a second
//! time, from what the gateway and the catalogue say.

use super::check::{is_honoured, takings};
use super::town::shares_of;
use super::world::{Core, MINUTE, timestamp};
use domain::fakes::Stored;
use domain::money::Fen;
use domain::payment::{Account, FinanceLevel, Journal, Payment, Side};
use std::collections::BTreeMap;

/// Nodes' clocks are five minutes off at most, so two nodes' ten.
const CLOCKS: i64 = 10 * MINUTE;
/// For how long a quote holds.
const HOLD: i64 = 15 * MINUTE;

/// The amount is what the notices cost when the quote was made, and the order ends with it.
pub fn is_as_quoted(core: &mut Core, payment: &Payment) {
    let no = &payment.no;
    let dues = payment.notices.iter().map(|snapshot| {
        let notice = core.gateway.find(&snapshot.no);
        let due = notice.map(|notice| notice.due(payment.quoted_at).unwrap().total);
        due.unwrap_or(Fen::ZERO)
    });
    let dues = Fen::sum(dues).unwrap();
    // What a node read a moment ago may have been corrected since.
    let lately = |at: &i64| *at > core.now - 2 * MINUTE;
    let corrected = payment.notices.iter().filter_map(|n| core.gateway.corrected_at.get(&n.no));
    let certain = !payment.notices.is_empty() && !corrected.into_iter().any(lately);
    if dues != payment.amount.fen() && certain {
        let text = format!("{no} is {}, and cost {dues} when it was quoted", payment.amount);
        core.checks.broke("M10", text);
    }
    let [quoted, made, ends] =
        [payment.quoted_at, payment.created_at, payment.expires_at].map(|at| at.as_millisecond());
    let in_time = (made - HOLD - CLOCKS..=made + CLOCKS).contains(&quoted);
    if !in_time || ends > (quoted + HOLD).max(made + MINUTE) {
        let at = payment.quoted_at;
        core.checks.broke("M10", format!("{no} outlives the quote of {at}"));
    }
    let late = payment.notices.iter().filter_map(|notice| notice.expires_at).min();
    if late.is_some_and(|end| payment.expires_at > end.max(timestamp(made + MINUTE))) {
        core.checks.broke("M10", format!("{no} outlives a notice"));
    }
}

/// Every level has its share of every item, and together they are the amount.
pub fn is_shared_out(core: &mut Core, stored: &Stored) {
    if !is_honoured(&stored.payment.state) {
        return;
    }
    let (owed, booked) = (owed(&stored.payment), booked(takings(stored)));
    if owed != booked {
        let text = format!("{} is owed as {owed:?}, booked as {booked:?}", stored.payment.no);
        core.checks.broke("M1", text);
    }
}

type Parts = BTreeMap<(FinanceLevel, String, String), i64>;

fn owed(payment: &Payment) -> Parts {
    let mut parts = Parts::new();
    for notice in &payment.notices {
        for item in &notice.items {
            let fen = item.amount.value();
            let percent = shares_of(&item.code);
            let [central, mut province, mut local] = percent.map(|share| fen * share / 100);
            let rest = fen - central - province - local;
            match percent {
                [_, 0, 0] => {}
                [_, _, 0] => province += rest,
                [_, _, _] => local += rest,
            }
            let levels = [FinanceLevel::Central, FinanceLevel::Province, FinanceLevel::Local];
            for (level, part) in levels.into_iter().zip([central, province, local]) {
                if part > 0 {
                    let to = (level, notice.agency.code.clone(), item.code.clone());
                    *parts.entry(to).or_default() += part;
                }
            }
        }
    }
    parts
}

fn booked<'a>(journals: impl Iterator<Item = &'a Journal>) -> Parts {
    let mut parts = Parts::new();
    let entries = journals.flat_map(Journal::entries);
    for entry in entries.filter(|entry| entry.side == Side::Credit) {
        match &entry.account {
            Account::Share { level, agency, item, .. } => {
                let to = (*level, agency.clone(), item.clone());
                *parts.entry(to).or_default() += entry.amount.value();
            }
            Account::RailClearing(_)
            | Account::Fiscal { .. }
            | Account::Suspense(_)
            | Account::RefundDue(_)
            | Account::Refunding(_) => {}
        }
    }
    parts
}

//! What a run has come through: a suite that never goes somewhere proves nothing about it.

use super::world::Core;
use domain::clock::beijing_day;
use domain::fakes::Stored;
use domain::money::Fen;
use std::collections::{BTreeMap, BTreeSet};

/// Names of situations, and how many payments were in each.
pub type Reached = BTreeMap<String, usize>;

/// All that is worth counting, of every stored payment.
pub fn reached(core: &Core) -> Reached {
    let mut reached = Reached::new();
    for no in core.truth.payment_nos() {
        let Some(stored) = core.truth.stored(&no) else { continue };
        for name in of(&stored) {
            *reached.entry(name).or_default() += 1;
        }
    }
    reached
}

fn of(stored: &Stored) -> BTreeSet<String> {
    let payment = &stored.payment;
    let mut names: BTreeSet<String> =
        stored.history.iter().map(|record| record.reason.code().to_owned()).collect();
    let evidence = stored.history.iter().filter_map(|record| record.evidence.as_deref());
    names.extend(evidence.map(|text| text.split(':').next().unwrap_or_default().to_owned()));
    names.insert(payment.cashier.code().to_owned());
    let paid_at = payment.state.money().map(|money| beijing_day(money.at));
    let quoted_at = beijing_day(payment.quoted_at);
    let late = payment.notices.iter().any(|notice| notice.late_fee > Fen::ZERO);
    if late && paid_at.is_some_and(|paid| paid > quoted_at) {
        names.insert("late fee of yesterday's quote".to_owned());
    }
    let agencies: BTreeSet<_> = payment.notices.iter().map(|notice| &notice.agency.code).collect();
    if agencies.len() > 1 && paid_at.is_some() {
        names.insert("several agencies".to_owned());
    }
    names
}

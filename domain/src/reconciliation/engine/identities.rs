//! What must be true of every day, worked out from the files anew: not from what made the verdicts.

use super::board::{Board, counts, signed, signed_line};
use super::payouts::{Payout, is_due};
use super::verdict::Placed;
use super::{DayInput, LedgerKind};
use crate::payment::Rail;
use crate::reconciliation::DiscrepancyCode as Code;
use std::collections::BTreeMap;

/// One identity, with both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `I1` to `I5`.
    pub name: &'static str,
    /// Of what: a rail, a leg.
    pub of: &'static str,
    /// One side, in fen or lines.
    pub left: i128,
    /// The other.
    pub right: i128,
    /// Whether both are the same.
    pub holds: bool,
}

fn identity(name: &'static str, of: &'static str, left: i128, right: i128) -> Identity {
    Identity { name, of, left, right, holds: left == right }
}

/// Works out all of them.
pub(super) fn work_out(board: &Board<'_>, payouts: Option<&[Payout]>) -> Vec<Identity> {
    let mut all = partition(board);
    all.push(claimed_once(board));
    for rail in Rail::ALL {
        all.push(day_equation(board, rail));
    }
    if let Some(payouts) = payouts {
        all.push(cash(board, payouts));
        all.extend(roll_forward(board, payouts));
    }
    all
}

/// I1: each line in exactly one bucket, by count and fen; an exception has its finding.
fn partition(board: &Board<'_>) -> Vec<Identity> {
    let input = board.input;
    let told = |places: &[super::Place]| {
        places
            .iter()
            .filter(|(placed, code)| *placed == Placed::Exception && code.is_none())
            .count()
    };
    let lengths = [
        ("LEDGER", input.ledger.len(), &board.ledger),
        ("STATEMENT", input.lines.len(), &board.lines),
        ("BANK", input.credits.map_or(0, <[_]>::len), &board.credits),
        ("AGENCY", input.confirmations.map_or(0, <[_]>::len), &board.confirmations),
    ];
    lengths
        .into_iter()
        .map(|(of, lines, places)| {
            let judged = places.len() - told(places);
            identity("I1", of, lines as i128, judged as i128)
        })
        .collect()
}

/// I2: no line in two groups.
fn claimed_once(board: &Board<'_>) -> Identity {
    let claims =
        board.claims.iter().enumerate().filter_map(|(line, record)| Some((line, (*record)?)));
    let mutual = claims.clone().filter(|(line, record)| {
        board.claimed_by[*record as usize].is_some_and(|by| by as usize == *line)
    });
    let claimed = board.claimed_by.iter().flatten().count();
    let held = if mutual.count() == claimed { claimed } else { usize::MAX };
    identity("I2", "", claims.count() as i128, held as i128)
}

/// I3: ledger net + carried in − carried out + Σ shares = rail net.
fn day_equation(board: &Board<'_>, rail: Rail) -> Identity {
    let input = board.input;
    let (mut ledger, mut carried) = (0_i128, 0_i128);
    for (place, record) in input.ledger.iter().enumerate().filter(|(_, r)| r.rail == rail) {
        let claimed =
            board.claimed_by[place].is_some_and(|by| input.lines[by as usize].rail == rail);
        let fen = i128::from(signed(record));
        if board.is_booked(record) {
            ledger += fen;
            if board.ledger[place].0 == Placed::Carried && !claimed {
                carried -= fen;
            }
        } else if claimed && counts(record) {
            carried += fen;
        }
    }
    let shares = board.findings.iter().filter(|finding| finding.rail == rail.code());
    let shares: i128 = shares.map(|finding| i128::from(finding.equation.value())).sum();
    let lines = input.lines.iter().filter(|line| line.rail == rail);
    let mut net: i128 = lines.map(|line| i128::from(signed_line(line))).sum();
    for line in input.quarantined {
        if line.owner.is_some_and(|(of, _)| of == rail) {
            net += i128::from(line.amount.map_or(0, crate::money::Fen::value));
        }
    }
    let sifted = sifted(input, rail);
    identity("I3", rail.code(), ledger + carried + shares + sifted, net + sifted)
}

fn sifted(input: &DayInput<'_>, rail: Rail) -> i128 {
    let of = input.sifted.iter().filter(|(of, ..)| *of == rail);
    of.map(|(.., sifted)| i128::from(sifted.paid.value())).sum()
}

/// I4: payouts − credits = in transit − what was found.
fn cash(board: &Board<'_>, payouts: &[Payout]) -> Identity {
    let expected: i128 = payouts.iter().map(|payout| i128::from(payout.net)).sum();
    let transit = payouts.iter().filter(|payout| payout.credit.is_none() && !is_due(board, payout));
    let transit: i128 = transit.map(|payout| i128::from(payout.net)).sum();
    let credits = board.input.credits.unwrap_or_default().iter().zip(&board.credits);
    let credited: i128 = credits
        .filter(|(_, place)| place.0 != Placed::Carried && place.1 != Some(Code::F04))
        .map(|(credit, _)| i128::from(credit.amount.value()))
        .sum();
    let found =
        board.findings.iter().filter(|f| matches!(f.code, Code::B01 | Code::B02 | Code::B03));
    let found: i128 = found.map(|finding| i128::from(finding.at_risk.value())).sum();
    identity("I4", "BANK", expected - credited + found, transit)
}

/// I5: opening + opened − closed = closing, by count and by fen.
fn roll_forward(board: &Board<'_>, payouts: &[Payout]) -> [Identity; 2] {
    let day = board.input.rules.day;
    let sum = |which: &dyn Fn(&&Payout) -> bool| {
        let chosen = payouts.iter().filter(which);
        chosen.fold((0_i128, 0_i128), |(count, fen), payout| {
            (count + 1, fen + i128::from(payout.net))
        })
    };
    let opening = board.input.rules.open_payouts.iter().filter(|open| open.net.value() > 0);
    let opening = opening.fold((0_i128, 0_i128), |(count, fen), open| {
        (count + 1, fen + i128::from(open.net.value()))
    });
    let opened = sum(&|payout| payout.day == day);
    let closed = sum(&|payout| payout.credit.is_some());
    let closing = sum(&|payout| payout.credit.is_none());
    [
        identity("I5", "COUNT", opening.0 + opened.0 - closed.0, closing.0),
        identity("I5", "FEN", opening.1 + opened.1 - closed.1, closing.1),
    ]
}

/// Of the ledger: how many lines are booked on the day, and their fen (for the summary).
pub fn booked(input: &DayInput<'_>) -> BTreeMap<(Rail, LedgerKind), (u64, i128)> {
    let mut sums: BTreeMap<_, (u64, i128)> = BTreeMap::new();
    for record in input.ledger {
        if record.accounting_day == input.rules.day && counts(record) {
            let of = sums.entry((record.rail, record.kind)).or_default();
            of.0 += 1;
            of.1 += i128::from(record.amount.value());
        }
    }
    for (rail, _, sifted) in input.sifted {
        let of = sums.entry((*rail, LedgerKind::Pay)).or_default();
        of.0 += sifted.orders;
        of.1 += i128::from(sifted.paid.value());
    }
    sums
}

//! The matching engine: ledger, rails, bank and agencies of one day, every line in exactly one bucket. Pure: files are read
//! elsewhere, verdicts are kept elsewhere. What each code means stands in `docs/recon-benchmark.md`, and nowhere twice.

mod board;
mod canonical;
mod identities;
mod input;
mod notices;
mod payouts;
mod rails;
mod suggest;
mod verdict;

pub use identities::{Identity, booked};
pub use input::{
    AgencyKind, AgencyLine, CreditLine, DayInput, FileFact, FileFault, FileKey, FileRole,
    LedgerKind, LedgerRecord, LedgerState, MerchantRule, OpenPayout, Origin, QuarantinedRecord,
    RailLine, RailLineKind, Rules, Sifted, TrustedStatement,
};
pub use notices::shares;
pub use rails::agreed_fee;
pub use verdict::{DayVerdicts, Finding, Incident, Place, Placed, Suggestion};

use crate::money::Fen;
use board::Board;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What happens within a quarter of an hour of its like has the same cause.
const SAME_CAUSE: SignedDuration = SignedDuration::from_mins(15);

/// Judges a day. The same for any order of the lines, and of the files.
pub fn judge(input: &DayInput<'_>) -> DayVerdicts {
    let mut board = Board::new(input);
    for fault in input.faults {
        let finding = of_file(&board, fault);
        board.findings.push(finding);
    }
    rails::judge(&mut board);
    notices::judge(&mut board);
    let payouts = payouts::judge(&mut board);
    let incidents = causes(&mut board.findings);
    board.findings.sort_by(|a, b| content(a).cmp(&content(b)));
    let identities = identities::work_out(&board, payouts.as_deref());
    let suggestions = suggest::pairs(&board.findings);
    let Board { findings, ledger, lines, credits, confirmations, .. } = board;
    DayVerdicts {
        findings,
        ledger,
        lines,
        credits,
        confirmations,
        suggestions,
        incidents,
        identities,
    }
}

/// A fault of a whole file. Of one that is not there, the name says what was expected.
fn of_file(board: &Board<'_>, fault: &FileFault) -> Finding {
    let blank = board.blank(fault.code, fault.at_risk, fault.note.clone());
    if fault.code != super::DiscrepancyCode::F01 {
        return Finding { file: fault.file.clone(), ..blank };
    }
    let (whose, no) = fault.file.split_once(':').unwrap_or((&fault.file, ""));
    let rail = match whose {
        "BANK" => "BANK",
        "AGENCY" => "AGENCY",
        word => crate::payment::Rail::from_code(word).map_or("", crate::payment::Rail::code),
    };
    Finding { rail, merchant_no: no.to_owned(), ..blank }
}

type Content<'a> =
    (super::DiscrepancyCode, [&'a str; 10], Fen, Fen, Option<Timestamp>, Option<Origin>);

fn content(finding: &Finding) -> Content<'_> {
    let texts = [
        finding.rail,
        &finding.merchant_no,
        &finding.order_no,
        &finding.refund_no,
        &finding.notice_no,
        &finding.txn_no,
        &finding.credit_no,
        &finding.file,
        &finding.cause,
        &finding.note,
    ];
    (finding.code, texts, finding.at_risk, finding.equation, finding.at, finding.origin)
}

/// Names the cause of each finding: the same code at the same rail and merchant, one after the other.
fn causes(findings: &mut [Finding]) -> Vec<Incident> {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    let key =
        |finding: &Finding| (finding.code, finding.rail, finding.merchant_no.clone(), finding.at);
    order.sort_by_cached_key(|place| key(&findings[*place]));
    let mut incidents: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    let mut before: Option<usize> = None;
    for place in order {
        let goes_on = before.is_some_and(|before| {
            let (a, b) = (&findings[before], &findings[place]);
            let near = match (a.at, b.at) {
                (Some(a), Some(b)) => b.duration_since(a) <= SAME_CAUSE,
                (a, b) => a == b,
            };
            (a.code, a.rail, &a.merchant_no) == (b.code, b.rail, &b.merchant_no) && near
        });
        let cause = match before {
            Some(before) if goes_on => findings[before].cause.clone(),
            _ => cause_of(&findings[place]),
        };
        let of = incidents.entry(cause.clone()).or_default();
        of.0 += 1;
        of.1 = of.1.saturating_add(findings[place].at_risk.value());
        findings[place].cause = cause;
        before = Some(place);
    }
    let incident = |(cause, (count, fen))| Incident { cause, count, at_risk: Fen::new(fen) };
    incidents.into_iter().map(incident).collect()
}

fn cause_of(first: &Finding) -> String {
    let time = first.at.map_or_else(String::new, |at| {
        crate::clock::beijing_time(at).strftime("-%m%dT%H%M%S").to_string()
    });
    let whose = [first.rail, &first.merchant_no].join("/");
    format!("{}-{whose}{time}", first.code.words().0)
}

impl<'a> DayInput<'a> {
    /// Whose statement the line stands in.
    fn owner_of(&self, place: usize) -> (crate::payment::Rail, &'a str) {
        let line = &self.lines[place];
        (
            line.rail,
            self.owners.get(usize::from(line.origin.file)).copied().unwrap_or(line.merchant_no),
        )
    }
}

#[cfg(test)]
mod tests;

//! A judged day as the desk files it.

use super::load::Judged;
use super::write::summed_up;
use domain::reconciliation::desk::{NewRun, Particulars, Proof, Seen};
use domain::reconciliation::engine::{AgencyKind, DayInput, Finding, RailLineKind};
use jiff::Timestamp;

/// The day, to be filed by `by`. It must have been judged with [`super::Detail::Filed`], or nothing is known of its lines.
pub fn as_run(judged: &Judged, at: Timestamp, by: &str) -> NewRun {
    let found = judged.verdicts.findings.iter();
    let findings: Vec<_> = found.map(|found| particulars(found, judged)).collect();
    NewRun {
        day: judged.rules.day,
        inputs: judged.inputs.clone(),
        digest: judged.digest.clone(),
        holds: judged.verdicts.hold(),
        at,
        by: by.to_owned(),
        summary: summed_up(judged).to_string(),
        seen: judged.seen.clone(),
        verdicts: judged.places.clone(),
        legs: findings.iter().map(Particulars::key).zip(judged.legs.iter().cloned()).collect(),
        findings,
    }
}

fn particulars(found: &Finding, judged: &Judged) -> Particulars {
    let file = found.origin.and_then(|origin| judged.files.get(usize::from(origin.file)));
    Particulars {
        code: found.code,
        at_risk: found.at_risk,
        equation: found.equation,
        rail: found.rail.to_owned(),
        merchant_no: found.merchant_no.clone(),
        order_no: found.order_no.clone(),
        refund_no: found.refund_no.clone(),
        notice_no: found.notice_no.clone(),
        txn_no: found.txn_no.clone(),
        credit_no: found.credit_no.clone(),
        file: file.map_or_else(|| found.file.clone(), |file| file.name.clone()),
        line_no: found.origin.map_or(0, |origin| origin.line_no),
        ambiguous: found.ambiguous,
        cause: found.cause.clone(),
        due_at: found.due_at,
        note: found.note.clone(),
    }
}

/// Lines that show money or a write-off. Payments that agree in everything are not among them: nothing waits for those.
pub(super) fn seen_in(input: &DayInput<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for line in input.lines {
        let proof = match line.kind {
            RailLineKind::Pay => Proof::Payment,
            RailLineKind::Refund => Proof::Refund,
            RailLineKind::ReturnedRefund => continue,
        };
        seen.push(Seen {
            proof,
            subject: line.order_no.to_owned(),
            txn_no: line.txn.to_owned(),
            amount: line.amount,
            reference: line.txn.to_owned(),
        });
    }
    for credit in input.credits.unwrap_or_default() {
        let Some(day) = credit.payout_day else { continue };
        seen.push(Seen {
            proof: Proof::Credit,
            subject: format!("{}/{day}", credit.merchant_no),
            txn_no: String::new(),
            amount: credit.amount,
            reference: credit.credit_no.to_owned(),
        });
    }
    for line in input.confirmations.unwrap_or_default() {
        if line.kind != AgencyKind::WriteOff {
            continue;
        }
        seen.push(Seen {
            proof: Proof::WriteOff,
            subject: line.notice_no.to_owned(),
            txn_no: String::new(),
            amount: line.amount,
            reference: line.confirmation_no.to_owned(),
        });
    }
    seen
}

//! Checks what runs behind an app: the call, the rows, what they lead to.

use super::super::words::Word;
use super::super::{
    Action, AppKind, Call, FieldType, LeadsTo, Operation, Place, Problem, RawApp, RawCall, RawRow,
    RawSent, RowField, Sent, ShownAs,
};
use super::booking::check_booking;
use super::case::check_case;
use super::is_verified;
use super::payment::check_payment;
use super::texts::Findings;
use crate::identity::IdentityLevel;
use std::collections::BTreeSet;

const ROWS_MAX: usize = 50;
const LABEL_MAX: usize = 60;
/// What a department said a day ago is no answer of today.
const STALE_MINUTES_MAX: u16 = 1440;

/// The rows, with every fault in `findings`.
pub(super) fn check_rows(findings: &mut Findings, rows: &[RawRow]) -> Vec<RowField> {
    if rows.len() > ROWS_MAX {
        findings.add(Place::App { key: "row" }, Problem::TooMany { max: ROWS_MAX });
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let at = |key| Place::Row { index, from: row.from.clone(), key };
        findings.name(at("from"), &row.from);
        if !row.from.is_empty() && !seen.insert(row.from.as_str()) {
            findings.add(at("from"), Problem::Duplicate(row.from.clone()));
        }
        let label = findings.wording(at("label"), &row.label, LABEL_MAX);
        let word = row.shown_as.as_deref().unwrap_or("text");
        let shown_as = findings.word(at("shown_as"), word).unwrap_or(ShownAs::Text);
        checked.push(RowField { from: row.from.clone(), label, shown_as });
    }
    checked
}

/// What runs behind the app, with every fault in `findings`.
pub(super) fn check_action(
    findings: &mut Findings,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<Action> {
    let look_up = raw.look_up.as_ref();
    let look_up = look_up.and_then(|look_up| check_look_up(findings, look_up, raw, level));
    let booking = check_booking(findings, raw, level).map(Box::new).map(Action::Book);
    let case = raw.case.as_ref().and_then(|case| check_case(findings, case, raw, level));
    let certificate = raw.certificate.as_ref();
    let certificate =
        certificate.and_then(|terms| super::certificate::check(findings, terms, raw, level));
    let payment = raw.payment.as_ref();
    let payment = payment.and_then(|payment| check_payment(findings, payment, raw, level));
    look_up.or(booking).or(case).or(certificate).or(payment)
}

fn check_look_up(
    findings: &mut Findings,
    look_up: &RawCall,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<Action> {
    if raw.rows.is_empty() {
        let problem = Problem::Contradiction("a look-up without a row would show nothing");
        findings.add(Place::App { key: "row" }, problem);
    }
    check_call(findings, "look_up", look_up, raw, level).map(Action::LookUp)
}

/// The call of that section, with every fault in `findings`.
pub(super) fn check_call(
    findings: &mut Findings,
    section: &'static str,
    call: &RawCall,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<Call> {
    if call.subject && !is_verified(level) {
        let problem = Problem::Contradiction("a subject needs the level real_name or face");
        findings.add(Place::Section { section, key: "subject" }, problem);
    }
    let sends = check_sends(findings, Place::Section { section, key: "sends" }, &call.sends, raw);
    let operation = Operation::new(&call.operation).ok();
    if operation.is_none() {
        let problem = Problem::NotAnOperation(call.operation.clone());
        findings.add(Place::Section { section, key: "operation" }, problem);
    }
    let stale_minutes = check_stale(findings, section, call.stale_minutes);
    Some(Call { operation: operation?, sends, subject: call.subject, stale_minutes })
}

/// What does something is never answered from memory.
fn check_stale(
    findings: &mut Findings,
    section: &'static str,
    minutes: Option<u16>,
) -> Option<u16> {
    let place = Place::Section { section, key: "stale_minutes" };
    let minutes = minutes?;
    if section != "look_up" {
        let problem = Problem::Contradiction("only a look-up may be answered from memory");
        findings.add(place.clone(), problem);
    }
    if !(1..=STALE_MINUTES_MAX).contains(&minutes) {
        findings.add(place, Problem::OutOfRange("1 to 1440"));
    }
    Some(minutes)
}

/// Answers that go along with a call, with every fault at `place`.
pub(super) fn check_sends(
    findings: &mut Findings,
    place: Place,
    sends: &[RawSent],
    raw: &RawApp,
) -> Vec<Sent> {
    let parameters: Vec<String> = sends.iter().map(|s| s.parameter.clone()).collect();
    findings.distinct(&place, &parameters);
    let mut checked = Vec::new();
    for sent in sends {
        findings.name(place.clone(), &sent.parameter);
        match raw.fields.iter().find(|field| field.name == sent.field) {
            Some(field) if FieldType::read(&field.field_type) == Some(FieldType::File) => {
                let problem = Problem::Contradiction("the exchange takes no files");
                findings.add(place.clone(), problem);
            }
            Some(_) => {}
            None => {
                let problem = Problem::Dangling { kind: "field", name: sent.field.clone() };
                findings.add(place.clone(), problem);
            }
        }
        checked.push(Sent { field: sent.field.clone(), parameter: sent.parameter.clone() });
    }
    checked
}

/// What it leads to, with every fault in `findings`.
pub(super) fn check_leads_to(
    findings: &mut Findings,
    raw: &RawApp,
    kind: Option<AppKind>,
) -> Option<LeadsTo> {
    let place = Place::LeadsTo { key: "notice" };
    let Some(notice) = raw.leads_to_notice.clone() else {
        if kind == Some(AppKind::Pay) && raw.look_up.is_some() {
            let problem = Problem::Contradiction("an app that pays must lead to a notice");
            findings.add(place, problem);
        }
        return None;
    };
    findings.name(place.clone(), &notice);
    if raw.look_up.is_none() {
        let problem = Problem::Contradiction("only rows of a look-up lead to a notice");
        findings.add(place, problem);
    }
    Some(LeadsTo { notice })
}

//! Checks how an app books, and where choices come from.

use super::super::booking::{BookingTerms, NoShowRule, OptionsFrom};
use super::super::words::Word;
use super::super::{
    AppKind, FieldType, Operation, Place, Problem, RawApp, RawBooking, RawField, RawNoShowRule,
};
use super::run::{check_call, check_sends};
use super::texts::Findings;
use crate::identity::IdentityLevel;
use std::collections::BTreeSet;

const SECTION: &str = "booking";
const MINUTES_MAX: u16 = 24 * 60;
const HOURS_MAX: u16 = 30 * 24;
const OPEN_MAX: u16 = 50;
const TIMES_MAX: u16 = 50;
const DAYS_MAX: u16 = 3_650;

fn at(key: &'static str) -> Place {
    Place::Section { section: SECTION, key }
}

/// Where the choices of a field come from, with every fault in `findings`.
pub(super) fn check_options_from(
    findings: &mut Findings,
    raw: &RawField,
    place: &dyn Fn(&'static str) -> Place,
    field_type: Option<FieldType>,
    app: &RawApp,
) -> Option<OptionsFrom> {
    let from = raw.options_from.as_ref()?;
    if field_type.is_some_and(|kind| !matches!(kind, FieldType::Enum | FieldType::Date)) {
        let problem = Problem::Contradiction("only an enum or a date has options of a department");
        findings.add(place("options_from"), problem);
    }
    if !raw.options.is_empty() {
        let problem = Problem::Contradiction("options are either written here or a department's");
        findings.add(place("options_from"), problem);
    }
    let sends = check_sends(findings, place("options_from.sends"), &from.sends, app);
    for sent in &sends {
        if !raw.depends_on.contains(&sent.field) {
            let problem = Problem::Contradiction("depends_on must name every field that is sent");
            findings.add(place("depends_on"), problem);
        }
    }
    findings.name(place("options_from.value"), &from.value);
    findings.name(place("options_from.label"), &from.label);
    for (key, name) in
        [("options_from.remaining", &from.remaining), ("options_from.price", &from.price)]
    {
        if let Some(name) = name {
            findings.name(place(key), name);
        }
    }
    let operation = operation(findings, place("options_from.operation"), &from.operation)?;
    Some(OptionsFrom {
        operation,
        sends,
        value: from.value.clone(),
        label: from.label.clone(),
        remaining: from.remaining.clone(),
        price: from.price.clone(),
    })
}

fn operation(findings: &mut Findings, place: Place, text: &str) -> Option<Operation> {
    let read = Operation::new(text).ok();
    if read.is_none() {
        findings.add(place, Problem::NotAnOperation(text.to_owned()));
    }
    read
}

/// The terms, with every fault in `findings`.
pub(super) fn check_booking(
    findings: &mut Findings,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<BookingTerms> {
    let booking = raw.booking.as_ref()?;
    if AppKind::read(&raw.kind).is_some_and(|kind| kind != AppKind::Book) {
        let problem = Problem::Contradiction("only an app of kind book books");
        findings.add(Place::App { key: "kind" }, problem);
    }
    if level == Some(IdentityLevel::Anonymous) {
        let problem = Problem::Contradiction("nobody books without signing in");
        findings.add(Place::App { key: "identity_level" }, problem);
    }
    let call = check_call(findings, SECTION, &booking.call, raw, level);
    let cancel = operation(findings, at("cancel"), &booking.cancel);
    let visit = booking.visit.as_ref().and_then(|text| operation(findings, at("visit"), text));
    check_slot(findings, booking, raw);
    check_places(findings, booking, raw);
    findings.name(at("starts"), &booking.starts);
    findings.name(at("ends"), &booking.ends);
    within(findings, "hold_minutes", booking.hold_minutes, 1..=MINUTES_MAX, "1 to 1440");
    within(findings, "cancel_hours", booking.cancel_hours, 0..=HOURS_MAX, "0 to 720");
    within(findings, "most_open", booking.most_open, 1..=OPEN_MAX, "1 to 50");
    let no_show = booking.no_show.as_ref().map(|rule| check_rule(findings, rule));
    if no_show.is_some() && booking.visit.is_none() {
        let problem = Problem::Contradiction("nobody would tell who stayed away: visit is missing");
        findings.add(at("no_show"), problem);
    }
    Some(BookingTerms {
        call: call?,
        cancel: cancel?,
        visit,
        slot: booking.slot.clone(),
        places: booking.places.clone(),
        starts: booking.starts.clone(),
        ends: booking.ends.clone(),
        hold_minutes: booking.hold_minutes,
        cancel_hours: booking.cancel_hours,
        most_open: booking.most_open,
        no_show,
    })
}

/// A number of the section that is outside its range.
fn within(
    findings: &mut Findings,
    key: &'static str,
    number: u16,
    range: std::ops::RangeInclusive<u16>,
    words: &'static str,
) {
    if !range.contains(&number) {
        findings.add(at(key), Problem::OutOfRange(words));
    }
}

fn check_rule(findings: &mut Findings, rule: &RawNoShowRule) -> NoShowRule {
    let RawNoShowRule { times, within_days, ban_days } = *rule;
    within(findings, "no_show", times, 1..=TIMES_MAX, "1 to 50 times");
    within(findings, "no_show", within_days, 1..=DAYS_MAX, "1 to 3650 days");
    within(findings, "no_show", ban_days, 1..=DAYS_MAX, "1 to 3650 days");
    NoShowRule { times, within_days, ban_days }
}

/// The slot is a department's choice that says how many there are, is sent along, and every other
/// choice of a department leads to it: the department judges them all when it offers the slot.
fn check_slot(findings: &mut Findings, booking: &RawBooking, raw: &RawApp) {
    let Some(slot) = raw.fields.iter().find(|field| field.name == booking.slot) else {
        let problem = Problem::Dangling { kind: "field", name: booking.slot.clone() };
        findings.add(at("slot"), problem);
        return;
    };
    let counted = slot.options_from.as_ref().is_some_and(|from| from.remaining.is_some());
    if !counted || !slot.required || FieldType::read(&slot.field_type) != Some(FieldType::Enum) {
        let words = "the slot is a required enum with options_from that tells what remains";
        findings.add(at("slot"), Problem::Contradiction(words));
    }
    if !booking.call.sends.iter().any(|sent| sent.field == booking.slot) {
        findings.add(at("sends"), Problem::Contradiction("the slot must be sent along"));
    }
    let mut leading = BTreeSet::from([slot.name.as_str()]);
    let mut ahead = vec![slot];
    while let Some(field) = ahead.pop() {
        for sent in field.options_from.iter().flat_map(|from| &from.sends) {
            let next = raw.fields.iter().find(|other| other.name == sent.field);
            ahead.extend(next.filter(|next| leading.insert(&next.name)));
        }
    }
    for (index, field) in raw.fields.iter().enumerate() {
        if field.options_from.is_some() && !leading.contains(field.name.as_str()) {
            let key = "options_from";
            let place = Place::Field { index, name: field.name.clone(), key };
            let words = "a department's choice that does not lead to the slot is judged by nobody";
            findings.add(place, Problem::Contradiction(words));
        }
    }
}

fn check_places(findings: &mut Findings, booking: &RawBooking, raw: &RawApp) {
    let Some(places) = &booking.places else { return };
    match raw.fields.iter().find(|field| field.name == *places) {
        None => {
            let problem = Problem::Dangling { kind: "field", name: places.clone() };
            findings.add(at("places"), problem);
        }
        Some(field) => {
            let counts = FieldType::read(&field.field_type) == Some(FieldType::Int);
            if !counts || !field.required {
                let problem = Problem::Contradiction("places are a required int");
                findings.add(at("places"), problem);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{field, sample, sent, words};
    use super::super::super::{AppDefinition, RawCall, RawOptionsFrom};
    use super::*;

    fn from(operation: &str, sends: &[&str], remaining: Option<&str>) -> Option<RawOptionsFrom> {
        Some(RawOptionsFrom {
            operation: operation.to_owned(),
            sends: sends.iter().map(|name| sent(name)).collect(),
            value: "value".to_owned(),
            label: "label".to_owned(),
            remaining: remaining.map(str::to_owned),
            price: None,
        })
    }

    /// A hall, then a slot.
    fn booking() -> RawApp {
        let hall = RawField { options_from: from("a.halls", &[], None), ..field("hall", "enum") };
        let slot = RawField {
            options_from: from("a.slots", &["hall"], Some("places")),
            depends_on: words("hall"),
            ..field("slot", "enum")
        };
        let booking = RawBooking {
            call: RawCall {
                operation: "a.confirm".to_owned(),
                sends: vec![sent("slot"), sent("people")],
                subject: false,
                stale_minutes: None,
            },
            cancel: "a.cancel".to_owned(),
            visit: Some("a.visit".to_owned()),
            slot: "slot".to_owned(),
            places: Some("people".to_owned()),
            starts: "starts_at".to_owned(),
            ends: "ends_at".to_owned(),
            hold_minutes: 15,
            cancel_hours: 0,
            most_open: 3,
            no_show: Some(RawNoShowRule { times: 3, within_days: 90, ban_days: 60 }),
        };
        RawApp {
            kind: "book".to_owned(),
            identity_level: "phone".to_owned(),
            fields: vec![hall, slot, field("people", "int")],
            look_up: None,
            leads_to_notice: None,
            booking: Some(booking),
            ..sample()
        }
    }

    #[test]
    fn every_fault_of_a_booking_is_told_with_its_place() {
        assert!(AppDefinition::check(&booking()).is_ok());
        type Spoil = fn(&mut RawApp, &mut RawBooking);
        let table: [(Spoil, &str); 16] = [
            (|_, b| b.call.operation = "confirm".to_owned(), "booking.operation"),
            (|_, b| b.call.subject = true, "booking.subject"),
            (|_, b| b.call.sends.remove(0).field.clear(), "booking.sends"),
            (|_, b| b.cancel.clear(), "booking.cancel"),
            (|_, b| b.visit = Some("Visit".to_owned()), "booking.visit"),
            (|_, b| b.visit = None, "booking.no_show"),
            (|_, b| b.slot = "time".to_owned(), "booking.slot"),
            (|_, b| b.slot = "hall".to_owned(), "booking.slot"),
            (|_, b| b.places = Some("hall".to_owned()), "booking.places"),
            (|_, b| b.starts.clear(), "booking.starts"),
            (|_, b| b.hold_minutes = 0, "booking.hold_minutes"),
            (|_, b| b.cancel_hours = 721, "booking.cancel_hours"),
            (|_, b| b.most_open = 0, "booking.most_open"),
            (|a, _| a.kind = "query".to_owned(), "kind"),
            (|a, _| a.identity_level = "anonymous".to_owned(), "identity_level"),
            (|a, _| a.fields[1].required = false, "booking.slot"),
        ];
        for (number, (spoil, expected)) in table.into_iter().enumerate() {
            let mut app = booking();
            let mut terms = app.booking.take().unwrap();
            spoil(&mut app, &mut terms);
            app.booking = Some(terms);
            let faults = AppDefinition::check(&app).unwrap_err();
            let paths: Vec<String> = faults.iter().map(|fault| fault.place.to_string()).collect();
            assert!(paths.iter().any(|path| path == expected), "{number} {expected}: {paths:?}");
        }
    }

    #[test]
    fn every_fault_of_a_departments_choices_is_told_with_its_place() {
        type Spoil = fn(&mut RawField);
        let table: [(Spoil, &str); 7] = [
            (|f| f.field_type = "text".to_owned(), "field.slot.options_from"),
            (|f| f.depends_on.clear(), "field.slot.depends_on"),
            (
                |f| f.options_from.as_mut().unwrap().operation.clear(),
                "field.slot.options_from.operation",
            ),
            (|f| f.options_from.as_mut().unwrap().value.clear(), "field.slot.options_from.value"),
            (
                |f| f.options_from.as_mut().unwrap().sends.push(sent("room")),
                "field.slot.options_from.sends",
            ),
            (|f| f.options_from.as_mut().unwrap().sends.clear(), "field.hall.options_from"),
            (|f| f.options_from.as_mut().unwrap().remaining = None, "booking.slot"),
        ];
        for (spoil, expected) in table {
            let mut app = booking();
            spoil(&mut app.fields[1]);
            let faults = AppDefinition::check(&app).unwrap_err();
            let paths: Vec<String> = faults.iter().map(|fault| fault.place.to_string()).collect();
            assert!(paths.iter().any(|path| path == expected), "{expected}: {paths:?}");
        }
    }
}

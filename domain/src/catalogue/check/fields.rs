//! Checks a form.

use super::super::words::Word;
use super::super::{
    Field, FieldCheck, FieldOption, FieldType, OwnData, Place, Problem, RawApp, RawField,
};
use super::booking::check_options_from;
use super::is_verified;
use super::texts::Findings;
use crate::files::{FileKind, FileRule};
use crate::identity::{Audience, IdentityLevel};
use std::collections::{BTreeMap, BTreeSet};

/// A form has at most so many fields: the engine takes as many answers.
const FIELDS_MAX: usize = 50;
const OPTIONS_MAX: usize = 100;
const LABEL_MAX: usize = 60;
const HELP_MAX: usize = 200;

/// The form, with every fault in `findings`.
pub(super) fn check(
    findings: &mut Findings,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Vec<Field> {
    if raw.fields.len() > FIELDS_MAX {
        findings.add(Place::App { key: "field" }, Problem::TooMany { max: FIELDS_MAX });
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::new();
    for (index, field) in raw.fields.iter().enumerate() {
        let at = |key| Place::Field { index, name: field.name.clone(), key };
        if !field.name.is_empty() && !seen.insert(field.name.as_str()) {
            findings.add(at("name"), Problem::Duplicate(field.name.clone()));
        }
        checked.extend(check_field(findings, field, &at, level, raw));
        check_depends_on(findings, field, &at, &raw.fields);
    }
    checked
}

fn check_field(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    level: Option<IdentityLevel>,
    app: &RawApp,
) -> Option<Field> {
    findings.name(at("name"), &raw.name);
    let label = findings.wording(at("label"), &raw.label, LABEL_MAX);
    let field_type = findings.word(at("type"), &raw.field_type);
    let help = raw.help.as_ref().map(|help| findings.text(at("help"), help, HELP_MAX));
    let options = check_options(findings, raw, at, field_type);
    let options_from = check_options_from(findings, raw, at, field_type, app);
    let own = check_own(findings, raw, at, field_type, level);
    check_whose(findings, raw, at, own, app);
    let between = check_between(findings, raw, at, field_type);
    let check = check_letters_and_digits(findings, raw, at, field_type).or(between);
    let file = check_file(findings, raw, at, field_type);
    Some(Field {
        name: raw.name.clone(),
        label,
        field_type: field_type?,
        required: raw.required,
        help,
        options,
        options_from,
        depends_on: raw.depends_on.clone(),
        own,
        party: raw.party.clone(),
        check,
        file,
    })
}

fn check_options(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    field_type: Option<FieldType>,
) -> Vec<FieldOption> {
    let place = at("options");
    let values: Vec<String> = raw.options.iter().map(|option| option.value.clone()).collect();
    match field_type {
        Some(FieldType::Enum) if raw.options_from.is_some() => {}
        Some(FieldType::Enum) => findings.list(&place, &values, OPTIONS_MAX),
        Some(_) if !values.is_empty() && raw.options_from.is_none() => {
            let problem = Problem::Contradiction("only an enum has options");
            findings.add(place.clone(), problem);
        }
        Some(_) | None => {}
    }
    let mut options = Vec::new();
    for option in &raw.options {
        let value = findings.text(place.clone(), &option.value, LABEL_MAX);
        let label = findings.text(place.clone(), &option.label, LABEL_MAX);
        let price = option.price_fen.and_then(|fen| findings.payable(place.clone(), fen));
        options.push(FieldOption { value, label, price });
    }
    options
}

fn check_own(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    field_type: Option<FieldType>,
    level: Option<IdentityLevel>,
) -> Option<OwnData> {
    let own = findings.word(at("own"), raw.own.as_ref()?)?;
    let expected = match own {
        OwnData::Name => FieldType::Text,
        OwnData::IdCard => FieldType::IdCard,
        OwnData::Uscc => FieldType::Uscc,
    };
    if field_type.is_some_and(|field_type| field_type != expected) {
        let problem = Problem::Contradiction(
            "an own name is a text, an own id_card an id_card, an own uscc a uscc",
        );
        findings.add(at("own"), problem);
    }
    if !is_verified(level) {
        let problem = Problem::Contradiction("own data needs the level real_name or face");
        findings.add(at("own"), problem);
    }
    Some(own)
}

/// A party has own data of a person; an own code is told by who acts for a legal person.
fn check_whose(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    own: Option<OwnData>,
    app: &RawApp,
) {
    if let Some(party) = &raw.party {
        findings.name(at("party"), party);
        if !matches!(own, Some(OwnData::Name | OwnData::IdCard)) {
            let problem = Problem::Contradiction("a party has an own name or an own id_card");
            findings.add(at("party"), problem);
        }
    }
    let companies = app.audience.iter().any(|word| word == Audience::LegalPerson.word());
    if own == Some(OwnData::Uscc) && !companies {
        let problem = Problem::Contradiction("an own uscc needs the audience legal_person");
        findings.add(at("own"), problem);
    }
}

fn check_letters_and_digits(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    field_type: Option<FieldType>,
) -> Option<FieldCheck> {
    let length = raw.letters_and_digits?;
    if field_type.is_some_and(|field_type| field_type != FieldType::Text) {
        let problem = Problem::Contradiction("only a text can be checked so");
        findings.add(at("letters_and_digits"), problem);
    }
    if !(1..=64).contains(&length) {
        findings.add(at("letters_and_digits"), Problem::OutOfRange("1 to 64"));
    }
    Some(FieldCheck::LettersAndDigits { length })
}

fn check_between(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    field_type: Option<FieldType>,
) -> Option<FieldCheck> {
    let [least, most] = raw.between?;
    if field_type.is_some_and(|field_type| field_type != FieldType::Int) {
        let problem = Problem::Contradiction("only an int is between two numbers");
        findings.add(at("between"), problem);
    }
    if least > most {
        findings.add(at("between"), Problem::Contradiction("the least is more than the most"));
    }
    Some(FieldCheck::Between { least, most })
}

fn check_file(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    field_type: Option<FieldType>,
) -> Option<FileRule> {
    if field_type != Some(FieldType::File) {
        for (key, there) in
            [("accepts", !raw.accepts.is_empty()), ("most_kilobytes", raw.most_kilobytes.is_some())]
        {
            if there && field_type.is_some() {
                findings.add(at(key), Problem::Contradiction("only of a file this can be said"));
            }
        }
        return None;
    }
    let any = FileRule::any();
    let kinds = if raw.accepts.is_empty() {
        any.kinds
    } else {
        findings.words::<FileKind>(&at("accepts"), &raw.accepts)
    };
    let most_bytes = raw.most_kilobytes.map_or(any.most_bytes, |most| u64::from(most) * 1024);
    if !(1..=FileRule::MOST_BYTES).contains(&most_bytes) {
        findings.add(at("most_kilobytes"), Problem::OutOfRange("1 to 10240"));
    }
    Some(FileRule { kinds, most_bytes })
}

/// Every name exists, and no way of dependencies leads back.
fn check_depends_on(
    findings: &mut Findings,
    raw: &RawField,
    at: &dyn Fn(&'static str) -> Place,
    all: &[RawField],
) {
    let place = at("depends_on");
    findings.distinct(&place, &raw.depends_on);
    let by_name: BTreeMap<&str, &RawField> =
        all.iter().map(|field| (field.name.as_str(), field)).collect();
    for name in &raw.depends_on {
        if !by_name.contains_key(name.as_str()) {
            let problem = Problem::Dangling { kind: "field", name: name.clone() };
            findings.add(place.clone(), problem);
        }
    }
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<&str> = raw.depends_on.iter().map(String::as_str).collect();
    while let Some(name) = ahead.pop() {
        let Some(next) = by_name.get(name).filter(|_| seen.insert(name)) else {
            continue;
        };
        if next.depends_on.contains(&raw.name) || next.name == raw.name {
            findings.add(place, Problem::Cycle(name.to_owned()));
            return;
        }
        ahead.extend(next.depends_on.iter().map(String::as_str));
    }
}

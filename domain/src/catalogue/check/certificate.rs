//! Checks how an app certifies.

use super::super::words::Word;
use super::super::{
    Action, AppKind, CertificateTerms, FieldType, Place, PostTerms, Problem, RawApp,
    RawCertificate, RawPost, RawSpan, SpanLimit, Validity,
};
use super::run::check_call;
use super::texts::Findings;
use crate::identity::IdentityLevel;

const SECTION: &str = "certificate";
/// Longer ones do not fit on one line of the paper.
const TITLE_MAX: usize = 30;
const SEAL_MAX: usize = 40;
const MONTHS_MAX: u16 = 120;

fn at(key: &'static str) -> Place {
    Place::Section { section: SECTION, key }
}

/// The terms, with every fault in `findings`.
pub(super) fn check(
    findings: &mut Findings,
    certificate: &RawCertificate,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<Action> {
    let mut contradiction = |key, wrong: bool, why| {
        if wrong {
            findings.add(at(key), Problem::Contradiction(why));
        }
    };
    let kind = AppKind::read(&raw.kind);
    let other_kind = kind.is_some_and(|kind| kind != AppKind::Certificate);
    contradiction("operation", other_kind, "only an app of kind certificate certifies");
    let other_section = raw.look_up.is_some();
    contradiction("operation", other_section, "an app does one thing: it has one section");
    contradiction("subject", !certificate.call.subject, "a certificate is about the caller");
    if raw.rows.is_empty() {
        let problem = Problem::Contradiction("a certificate without a row would say nothing");
        findings.add(Place::App { key: "row" }, problem);
    }
    let call = check_call(findings, SECTION, &certificate.call, raw, level);
    let title = findings.text(at("title"), &certificate.title, TITLE_MAX);
    let seal = findings.text(at("seal"), &certificate.seal, SEAL_MAX);
    let validity = validity(findings, certificate);
    if let Some(key) = &certificate.holder
        && !raw.rows.iter().any(|row| row.from == *key)
    {
        findings.add(at("holder"), Problem::Dangling { kind: "row", name: key.clone() });
    }
    let span = certificate.span.as_ref().map(|span| check_span(findings, span, raw));
    let post = certificate.post.as_ref().map(|post| check_post(findings, post, raw));
    let holder = certificate.holder.clone();
    let (call, validity) = (call?, validity?);
    Some(Action::Certify(Box::new(CertificateTerms {
        call,
        title,
        seal,
        validity,
        holder,
        span,
        post,
    })))
}

fn validity(findings: &mut Findings, certificate: &RawCertificate) -> Option<Validity> {
    let validity = match (certificate.valid_months, certificate.valid_days) {
        (Some(months @ 1..=60), None) => return Some(Validity::Months(months)),
        (None, Some(days @ 1..=1830)) => return Some(Validity::Days(days)),
        (Some(_), None) => (at("valid_months"), Problem::OutOfRange("1 to 60")),
        (None, Some(_)) => (at("valid_days"), Problem::OutOfRange("1 to 1830")),
        (_, _) => {
            let problem = Problem::Contradiction("either valid_months or valid_days");
            (at("valid_months"), problem)
        }
    };
    findings.add(validity.0, validity.1);
    None
}

/// The field of that name has one of these types.
fn check_field(
    findings: &mut Findings,
    place: Place,
    name: &str,
    types: &[FieldType],
    raw: &RawApp,
) {
    match raw.fields.iter().find(|field| field.name == name) {
        Some(field) => {
            let read = FieldType::read(&field.field_type);
            if read.is_some_and(|read| !types.contains(&read)) {
                findings.add(place, Problem::Contradiction("a field of another type is meant"));
            }
        }
        None => findings.add(place, Problem::Dangling { kind: "field", name: name.to_owned() }),
    }
}

fn check_span(findings: &mut Findings, span: &RawSpan, raw: &RawApp) -> SpanLimit {
    for name in [&span.from, &span.to] {
        check_field(findings, at("span"), name, &[FieldType::Month, FieldType::Date], raw);
    }
    if !(1..=MONTHS_MAX).contains(&span.most_months) {
        findings.add(at("span"), Problem::OutOfRange("1 to 120"));
    }
    SpanLimit { from: span.from.clone(), to: span.to.clone(), most_months: span.most_months }
}

fn check_post(findings: &mut Findings, post: &RawPost, raw: &RawApp) -> PostTerms {
    check_field(findings, at("post"), &post.field, &[FieldType::Enum], raw);
    check_field(findings, at("post"), &post.region, &[FieldType::Region], raw);
    check_field(findings, at("post"), &post.address, &[FieldType::Address], raw);
    check_field(findings, at("post"), &post.phone, &[FieldType::Phone], raw);
    let choices = raw.fields.iter().filter(|field| field.name == post.field);
    let mut choices = choices.flat_map(|field| &field.options);
    if !choices.any(|option| option.value == post.choice) {
        let name = post.choice.clone();
        findings.add(at("post"), Problem::Dangling { kind: "option", name });
    }
    PostTerms {
        field: post.field.clone(),
        choice: post.choice.clone(),
        region: post.region.clone(),
        address: post.address.clone(),
        phone: post.phone.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{certifying, field, sample};
    use super::super::super::{AppDefinition, RawCertificate, RawSpan};
    use super::*;

    type Spoil = fn(&mut RawCertificate);

    fn faults(spoil: Spoil) -> String {
        let mut raw = certifying();
        spoil(raw.certificate.as_mut().unwrap());
        let faults = AppDefinition::check(&raw).err().unwrap_or_default();
        faults.iter().map(|fault| format!("{fault}\n")).collect()
    }

    #[test]
    fn every_fault_of_the_section_is_told_with_its_place() {
        assert_eq!(faults(|_| ()), "");
        let table: [(Spoil, &str); 14] = [
            (|c| c.call.subject = false, "certificate.subject: a certificate is about the caller"),
            (|c| c.call.operation.clear(), "certificate.operation: `` is not an operation"),
            (
                |c| c.call.sends[0].field = "x".to_owned(),
                "certificate.sends: there is no field `x`",
            ),
            (|c| c.title.clear(), "certificate.title: is empty"),
            (|c| c.seal = "章".repeat(41), "certificate.seal: has more than 40"),
            (|c| c.valid_days = Some(3), "certificate.valid_months: either"),
            (|c| c.valid_months = None, "certificate.valid_months: either"),
            (|c| c.valid_months = Some(61), "certificate.valid_months: is outside 1 to 60"),
            (|c| c.holder = Some("unit".to_owned()), "certificate.holder: there is no row `unit`"),
            (
                |c| c.span.as_mut().unwrap().to = "until".to_owned(),
                "span: there is no field `until`",
            ),
            (|c| c.span.as_mut().unwrap().most_months = 0, "certificate.span: is outside 1 to 120"),
            (
                |c| c.span.as_mut().unwrap().from = "address".to_owned(),
                "certificate.span: a field of another type",
            ),
            (
                |c| c.post.as_mut().unwrap().choice = "飞鸽".to_owned(),
                "certificate.post: there is no option `飞鸽`",
            ),
            (
                |c| c.post.as_mut().unwrap().phone = "county".to_owned(),
                "certificate.post: a field of another type",
            ),
        ];
        for (spoil, expected) in table {
            let told = faults(spoil);
            assert!(told.contains(expected), "{expected}: {told}");
        }
        let both: Spoil = |c| {
            (c.valid_months, c.valid_days) = (None, Some(1831));
            c.span = Some(RawSpan::default());
        };
        let told = faults(both);
        assert!(told.contains("valid_days: is outside") && told.contains("span"), "all: {told}");
    }

    #[test]
    fn an_app_does_one_thing_of_its_kind() {
        let told = |raw: &RawApp| {
            let faults = AppDefinition::check(raw).err().unwrap_or_default();
            faults.iter().map(|fault| format!("{fault}\n")).collect::<String>()
        };
        let both = RawApp { look_up: sample().look_up, ..certifying() };
        assert!(told(&both).contains("it has one section"));
        let other = RawApp { kind: "query".to_owned(), ..certifying() };
        assert!(told(&other).contains("only an app of kind certificate certifies"));
        let silent = RawApp { rows: Vec::new(), ..certifying() };
        assert!(told(&silent).contains("would say nothing"));
        let anonymous = RawApp { identity_level: "phone".to_owned(), ..certifying() };
        assert!(told(&anonymous).contains("certificate.subject: a subject needs"));
        let narrow =
            RawApp { fields: vec![field("from", "month"), field("to", "month")], ..certifying() };
        assert!(told(&narrow).contains("there is no field `delivery`"));
    }
}

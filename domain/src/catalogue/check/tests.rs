//! One sound app, then every way to spoil it.

use super::*;
use crate::catalogue::samples::{checked, field, sample, sent, words};
use crate::catalogue::{Fault, RawField};

fn faults(spoil: impl FnOnce(&mut RawApp)) -> Vec<String> {
    let mut raw = sample();
    spoil(&mut raw);
    match AppDefinition::check(&raw) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(Fault::to_string).collect(),
    }
}

#[test]
fn a_sound_app_keeps_all_its_parts() {
    let app = checked(sample());
    assert!(app.runs());
    assert_eq!(app.fields.len(), 4);
    assert_eq!(app.field("plate_kind").unwrap().options[1].value, "02");
    assert_eq!(app.rows.len(), 3);
    assert_eq!(app.leads_to.unwrap().notice, "notice_no");
}

type Spoil = fn(&mut RawApp);

#[test]
fn each_fault_names_its_place() {
    let table: [(Spoil, &str); 31] = [
        (|a| a.slug = "Bad-slug".to_owned(), "slug: `Bad-slug` is not a name"),
        (|a| a.name.en = None, "name: there is no language `en`"),
        (|a| a.name.zh = " ".to_owned(), "name: is empty"),
        (|a| a.summary = "长".repeat(201), "summary: has more than 200 characters"),
        (|a| a.summary = "a\nb".to_owned(), "summary: has control characters"),
        (|a| a.kind = "buy".to_owned(), "kind: `buy` is unknown; known are query, book"),
        (|a| a.channels = words("app fax"), "channels: `fax` is unknown"),
        (|a| a.channels = words("app app"), "channels: `app` is there twice"),
        (|a| a.audience.clear(), "audience: is empty"),
        (|a| a.coverage = words("杭州"), "coverage: `杭州` is not a region code"),
        (|a| a.form_version = 0, "form_version: is outside"),
        (|a| a.source = None, "source: is empty"),
        (|a| a.provenance = "composed".to_owned(), "source: a composed app has no source"),
        (|a| a.fields[0].field_type = "plate".to_owned(), "field.plate_no.type: `plate`"),
        (|a| a.fields[0].label.zh.clear(), "field.plate_no.label: is empty"),
        (|a| a.fields[1].options.clear(), "field.plate_kind.options: is empty"),
        (|a| a.fields[0].own = Some("id_card".to_owned()), "field.plate_no.own: an own name"),
        (|a| a.fields[2].letters_and_digits = Some(0), "field.vin_tail.letters_and_digits: is"),
        (|a| a.fields[0].party = Some("one".to_owned()), "field.plate_no.party: a party has an"),
        (|a| a.fields[0].party = Some("A b".to_owned()), "field.plate_no.party: `A b` is not"),
        (|a| a.fields[0].own = Some("uscc".to_owned()), "field.plate_no.own: an own uscc needs"),
        (|a| a.fields[2].between = Some([1, 5]), "field.vin_tail.between: only an int"),
        (|a| a.fields[3].between = Some([5, 1]), "field.since.between: the least is more"),
        (|a| a.rows[0].shown_as = Some("bold".to_owned()), "row.time.shown_as: `bold`"),
        (|a| a.rows[0].from = "paid".to_owned(), "row.paid.from: `paid` is there twice"),
        (|a| a.rows.clear(), "row: a look-up without a row"),
        (|a| a.look_up = None, "leads_to.notice: only rows of a look-up"),
        (|a| a.keywords = words("罚单 违停 罚单"), "keywords: `罚单` is there twice"),
        (|a| a.keywords.push(" ".to_owned()), "keywords: is empty"),
        (|a| a.keywords.push("长".repeat(21)), "keywords: has more than 20 characters"),
        (
            |a| a.keywords = (0..41).map(|number| number.to_string()).collect(),
            "keywords: has more than 40 entries",
        ),
    ];
    for (spoil, expected) in table {
        let got = faults(spoil);
        assert!(got.iter().any(|fault| fault.starts_with(expected)), "{expected}: {got:?}");
    }
}

#[test]
fn names_that_nothing_has_are_found() {
    let got = faults(|app| {
        let look_up = app.look_up.as_mut().unwrap();
        look_up.sends.push(sent("colour"));
        look_up.sends.push(sent("vin_tail"));
        look_up.operation = "violations".to_owned();
        look_up.subject = true;
    });
    assert_eq!(got.len(), 4, "{got:?}");
    assert!(got[0].starts_with("look_up.subject: a subject needs the level"), "{got:?}");
    assert_eq!(got[1], "look_up.sends: `vin_tail` is there twice");
    assert_eq!(got[2], "look_up.sends: there is no field `colour`");
    assert!(got[3].starts_with("look_up.operation: `violations` is not an operation"));
}

#[test]
fn dependencies_neither_dangle_nor_turn_in_circles() {
    let got = faults(|app| app.fields[3].depends_on = words("colour"));
    assert_eq!(got, ["field.since.depends_on: there is no field `colour`"]);
    let got = faults(|app| app.fields[0].depends_on = words("since"));
    assert_eq!(got.len(), 2, "{got:?}");
    assert_eq!(got[0], "field.plate_no.depends_on: depends on itself by way of `since`");
    let got = faults(|app| app.fields[3].depends_on = words("since"));
    assert_eq!(got, ["field.since.depends_on: depends on itself by way of `since`"]);
}

#[test]
fn two_fields_of_one_name_are_one_fault() {
    let got = faults(|app| app.fields.push(field("plate_no", "text")));
    assert_eq!(got, ["field.plate_no.name: `plate_no` is there twice"]);
}

#[test]
fn an_app_that_pays_leads_to_a_notice_once_it_runs() {
    let got = faults(|app| {
        app.kind = "pay".to_owned();
        app.leads_to_notice = None;
    });
    assert_eq!(got, ["leads_to.notice: an app that pays must lead to a notice"]);
    let got = faults(|app| {
        app.kind = "pay".to_owned();
        app.leads_to_notice = None;
        app.look_up = None;
    });
    assert!(got.is_empty(), "{got:?}");
}

#[test]
fn an_empty_definition_tells_everything_at_once_and_never_panics() {
    let raw = RawApp { fields: vec![RawField::default()], ..RawApp::default() };
    let faults = AppDefinition::check(&raw).unwrap_err();
    let paths: Vec<String> = faults.iter().map(Fault::path).collect();
    for path in ["slug", "name", "kind", "coverage", "provenance", "field[1].type"] {
        assert!(paths.iter().any(|got| got == path), "{path}: {paths:?}");
    }
}

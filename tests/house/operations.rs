//! What the apps ask is what the document of the departments' exchange says, to the letter: the
//! definitions and the mock are both written from it.

use domain::catalogue::{Action, AppSlug, Operation, Sent};
use std::collections::{BTreeMap, BTreeSet};

const DOCUMENT: &str = include_str!("../../docs/protocols/departments-exchange.md");

/// One line of a table of operations.
struct Documented {
    subject: bool,
    parameters: BTreeSet<String>,
    row: BTreeSet<String>,
}

/// What stands between backticks, without the mark of what may be empty.
fn names(cell: &str) -> BTreeSet<String> {
    let marked = cell.split('`').skip(1).step_by(2);
    marked.map(|name| name.trim_end_matches('?').to_owned()).collect()
}

fn documented() -> BTreeMap<String, Documented> {
    let mut all = BTreeMap::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [operation, .., about, parameters, row] = cells[..] else { continue };
        let documented = Documented {
            subject: matches!(about, "yes" | "subject"),
            parameters: names(parameters),
            row: names(row),
        };
        let name = operation.trim_matches('`').to_owned();
        assert!(all.insert(name, documented).is_none(), "{operation} is there twice");
    }
    all
}

fn parameters(sends: &[Sent]) -> BTreeSet<String> {
    sends.iter().map(|sent| sent.parameter.clone()).collect()
}

fn known<'a>(
    documented: &'a BTreeMap<String, Documented>,
    slug: &AppSlug,
    operation: &Operation,
) -> &'a Documented {
    let known = documented.get(operation.as_str());
    known.unwrap_or_else(|| panic!("{slug}: {operation} is not documented"))
}

#[test]
fn every_app_asks_what_the_exchange_documents() {
    let documented = documented();
    let catalogue = adapters::definitions::load_embedded().unwrap();
    for app in catalogue.apps() {
        let (slug, Some(Action::LookUp(look_up))) = (&app.slug, &app.action) else { continue };
        let operation = &look_up.operation;
        let known = known(&documented, slug, operation);
        assert_eq!(parameters(&look_up.sends), known.parameters, "{slug}: {operation}");
        assert_eq!(look_up.subject, known.subject, "{slug}: {operation}: subject");
        let leads_to = app.leads_to.iter().map(|leads_to| &leads_to.notice);
        for key in app.rows.iter().map(|row| &row.from).chain(leads_to) {
            assert!(known.row.contains(key), "{slug}: {operation} has no {key}");
        }
    }
}

#[test]
fn every_choice_of_a_department_is_documented() {
    let documented = documented();
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let fields = catalogue.apps().flat_map(|app| app.fields.iter().map(move |f| (&app.slug, f)));
    for (slug, field) in fields {
        let Some(from) = &field.options_from else { continue };
        let known = known(&documented, slug, &from.operation);
        assert_eq!(parameters(&from.sends), known.parameters, "{slug}: {}", field.name);
        let keys = [Some(&from.value), Some(&from.label), from.remaining.as_ref()];
        for key in keys.into_iter().chain([from.price.as_ref()]).flatten() {
            assert!(known.row.contains(key), "{slug}: {} has no {key}", from.operation);
        }
    }
}

#[test]
fn every_app_that_books_tells_what_the_exchange_documents() {
    let documented = documented();
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let mut booking = 0;
    for app in catalogue.apps() {
        let (slug, Some(Action::Book(terms))) = (&app.slug, &app.action) else { continue };
        booking += 1;
        let confirm = known(&documented, slug, &terms.call.operation);
        let mut sent = parameters(&terms.call.sends);
        sent.insert("request_no".to_owned());
        assert_eq!((&sent, terms.call.subject), (&confirm.parameters, confirm.subject), "{slug}");
        for operation in [Some(&terms.cancel), terms.visit.as_ref()].into_iter().flatten() {
            let alone = BTreeSet::from(["request_no".to_owned()]);
            assert_eq!(known(&documented, slug, operation).parameters, alone, "{slug}");
        }
        let from = app.field(&terms.slot).unwrap().options_from.as_ref().unwrap();
        let slot = known(&documented, slug, &from.operation);
        for key in [&terms.starts, &terms.ends] {
            assert!(slot.row.contains(key), "{slug}: {} has no {key}", from.operation);
        }
        for key in app.rows.iter().map(|row| &row.from) {
            assert!(slot.row.contains(key) || confirm.row.contains(key), "{slug}: {key}");
        }
    }
    assert_eq!(booking, 15);
}

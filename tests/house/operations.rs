//! What the apps ask is what the document of the departments' exchange says, to the letter: the
//! definitions and the mock are both written from it.

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

#[test]
fn every_app_asks_what_the_exchange_documents() {
    let documented = documented();
    let catalogue = adapters::definitions::load_embedded().unwrap();
    for app in catalogue.apps() {
        let (slug, Some(look_up)) = (&app.slug, app.call()) else { continue };
        let operation = look_up.operation.as_str();
        let known = documented.get(operation);
        let known = known.unwrap_or_else(|| panic!("{slug}: {operation} is not documented"));
        let sent: BTreeSet<String> =
            look_up.sends.iter().map(|sent| sent.parameter.clone()).collect();
        assert_eq!(sent, known.parameters, "{slug}: {operation}");
        assert_eq!(look_up.subject, known.subject, "{slug}: {operation}: subject");
        let leads_to = app.leads_to.iter().map(|leads_to| &leads_to.notice);
        for key in app.rows.iter().map(|row| &row.from).chain(leads_to) {
            assert!(known.row.contains(key), "{slug}: {operation} has no {key}");
        }
    }
}

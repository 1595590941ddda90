//! Every write that money hangs on has its crash points: read from the sources, so that a new
//! one cannot be forgotten.

use adapters::crash::Step;
use std::path::{Path, PathBuf};

/// Files of the store whose writes are out of scope: who somebody is, and the tables themselves.
const OUT_OF_SCOPE: [&str; 4] = ["migrations.rs", "persons.rs", "sessions.rs", "staff.rs"];

/// Ports that change something outside, and the steps that their adapters go through.
const PORTS: [(&str, &[Step]); 3] = [
    ("PaymentRail", &[Step::RailSubmit, Step::RailQuery, Step::RailClose]),
    ("NoticeWriteOff", &[Step::GatewayWriteOff]),
    ("ReceiptIssuer", &[Step::GatewayReceipt]),
];

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

fn adapters() -> Vec<(PathBuf, String)> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters/src"))
}

fn usage(step: Step) -> String {
    format!("Step::{step:?},")
}

/// A statement that commits, or writes without a transaction.
fn writes(statement: &str) -> bool {
    let commits = statement.contains(".commit()");
    let reads = [".one(", ".all(", ".count(", ".ping("].iter().any(|read| statement.contains(read));
    commits || (statement.contains("(&self.write") && !reads)
}

/// Writes of a source that no crash point surrounds.
fn bare_writes(text: &str) -> Vec<String> {
    let statements: Vec<_> = text.split([';', '{', '}']).map(str::trim).collect();
    let later = |index: usize, name: &str| {
        statements[index..].iter().any(|later| later.contains(&format!(", {name})")))
    };
    let bare = |(index, statement): (usize, &&str)| {
        // `let write = insert.exec(…);` and `around(Step::X, write)` right after it.
        let name = statement.strip_prefix("let ").and_then(|rest| rest.split(' ').next());
        let named_later = name.is_some_and(|name| later(index, name));
        let surrounded = statement.contains("around(") || named_later;
        (writes(statement) && !surrounded).then(|| (*statement).to_owned())
    };
    statements.iter().enumerate().filter_map(bare).collect()
}

#[test]
fn every_write_of_the_store_stands_between_crash_points() {
    let mut seen = 0;
    for (path, text) in adapters() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let store = path.components().any(|part| part.as_os_str() == "store");
        if !store || OUT_OF_SCOPE.contains(&name) {
            continue;
        }
        seen += text.matches("around(Step::").count();
        assert_eq!(bare_writes(&text), Vec::<String>::new(), "{}", path.display());
    }
    assert!(seen > 0, "the store was looked at");
}

#[test]
fn a_bare_write_is_seen() {
    for bare in [
        "{ transaction.commit().await }",
        "{ let done = transaction.commit().await; done }",
        "{ insert.exec(&self.write).await?; }",
        "{ let x = insert\n    .exec_without_returning(&self.write); x.await }",
        "{ revoke_where(&self.write, which).await }",
    ] {
        assert_eq!(bare_writes(bare).len(), 1, "{bare}");
    }
    for good in [
        "{ around(Step::X, transaction.commit()).await }",
        "{ let x = insert.exec(&self.write); around(Step::X, x).await }",
        "{ find.one(&self.write).await }",
        "{ find.all(&self.read).await }",
        "{ self.begin().await }",
    ] {
        assert_eq!(bare_writes(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn every_step_is_used_and_those_of_the_store_once() {
    let mut sources = adapters();
    sources.retain(|(path, _)| !path.ends_with("adapters/src/crash.rs"));
    for step in Step::ALL {
        let uses = sources.iter().map(|(_, text)| text.matches(&usage(*step)).count());
        let uses: usize = uses.sum();
        let outside = PORTS.iter().any(|(_, steps)| steps.contains(step));
        let expected = if outside { 1..=usize::MAX } else { 1..=1 };
        assert!(expected.contains(&uses), "{step:?} is used {uses} times");
    }
}

#[test]
fn every_adapter_that_changes_something_outside_stands_between_crash_points() {
    for (port, steps) in PORTS {
        let implements = format!("impl {port} for ");
        let mut adapters_of = 0;
        for (path, text) in adapters() {
            let Some(at) = text.find(&implements) else { continue };
            adapters_of += 1;
            for step in steps {
                assert!(text[at..].contains(&usage(*step)), "{step:?} in {}", path.display());
            }
        }
        assert!(adapters_of > 0, "{port}");
    }
}

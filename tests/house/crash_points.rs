//! Every write that money hangs on has its crash points: read from the sources, so that a new
//! one cannot be forgotten.

use adapters::crash::Step;
use std::path::{Path, PathBuf};

/// Files of the store whose writes are out of scope, because no money hangs on them: who somebody
/// is (a merge of accounts touches no row of money), for whom they act, who was told what of them,
/// what they are told and where (an attempt is
/// stored before the platform is called; a crash leaves it unknown), the staff's comings and
/// goings, applications, appointments, ratings, parcels and draws, what is uploaded and certified, numbers that are claimed before anything is done, which
/// apps there are, and the tables themselves. (What staff do to money is written in the
/// transaction of the refund.) Files of reconciliation and the desk write in one transaction each, and nothing happens outside
/// between two of them: whoever got no answer does it again, and a file is known by its hash, a decision by its place.
const OUT_OF_SCOPE: [&str; 32] = [
    "app_marks.rs",
    "audit.rs",
    "bookings.rs",
    "cases.rs",
    "catalogue.rs",
    "certificate_guesses.rs",
    "certificates.rs",
    "data_readings.rs",
    "deliveries.rs",
    "desk_book.rs",
    "desk_rules.rs",
    "drafts.rs",
    "facts.rs",
    "files.rs",
    "links.rs",
    "lotteries.rs",
    "mandates.rs",
    "messages.rs",
    "migrations.rs",
    "persons.rs",
    "phone_codes.rs",
    "ratings.rs",
    "reach.rs",
    "readiness.rs",
    "search_misses.rs",
    "sessions.rs",
    "sources.rs",
    "sso_tickets.rs",
    "staff.rs",
    "staff_factor.rs",
    "submissions.rs",
    "supervision.rs",
];

/// Ports to the world outside, the steps that their adapters go through, and who goes through
/// them where that is not each adapter: no rail is used but behind its guard.
const PORTS: [(&str, Option<&str>, &[Step]); 9] = [
    ("PaymentRail", GUARD, &[Step::RailSubmit, Step::RailQuery, Step::RailClose]),
    ("RailRefunds", GUARD, &[Step::RailRefund, Step::RailQueryRefund]),
    ("StatementSource", None, &[Step::RailStatement]),
    ("NoticeBook", None, &[Step::GatewayFindNotice]),
    ("NoticeWriteOff", None, &[Step::GatewayWriteOff]),
    ("ReceiptIssuer", None, &[Step::GatewayReceipt]),
    ("RedReceiptIssuer", None, &[Step::GatewayReverseReceipt, Step::GatewayReplaceReceipt]),
    (
        "RefundDesk",
        None,
        &[Step::GatewayAskRefund, Step::GatewayQueryRefund, Step::GatewayTellPaidBack],
    ),
    (
        "ClearingExchange",
        None,
        &[
            Step::GatewaySendOrders,
            Step::GatewaySendSplit,
            Step::GatewayListFiles,
            Step::GatewayFetchFile,
        ],
    ),
];

const GUARD: Option<&str> = Some("GuardedRail");

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
    format!("around(Step::{step:?},")
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
        let outside = PORTS.iter().any(|(_, _, steps)| steps.contains(step));
        let expected = if outside { 1..=usize::MAX } else { 1..=1 };
        assert!(expected.contains(&uses), "{step:?} is used {uses} times");
    }
}

#[test]
fn every_adapter_that_asks_something_outside_does_it_between_crash_points() {
    for (port, only, steps) in PORTS {
        let implements = format!("impl {port} for {}", only.unwrap_or_default());
        let mut adapters_of = 0;
        for (path, text) in adapters() {
            if !text.contains(&implements) || path.file_name().unwrap() == "tests.rs" {
                continue;
            }
            adapters_of += 1;
            for step in steps {
                assert!(text.contains(&usage(*step)), "{step:?} in {}", path.display());
            }
        }
        assert!(adapters_of > 0, "{port}");
    }
}

#[test]
fn every_step_belongs_to_the_store_or_to_a_port() {
    for step in Step::ALL {
        let outside = PORTS.iter().any(|(_, _, steps)| steps.contains(step));
        let named_so = step.name().starts_with("rail.") || step.name().starts_with("gateway.");
        assert_eq!(outside, named_so, "{step:?}");
    }
}

/// Of two adapters one might forget a rail's guard: the settings' rails are built in one place.
#[test]
fn no_rail_is_used_but_behind_its_guard() {
    let rails = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bff/src/application/rails.rs");
    let text = std::fs::read_to_string(rails).unwrap();
    assert!(text.contains("pub guarded: Arc<GuardedRail>"), "what `ConnectedRail` holds");
    for (path, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../bff/src")) {
        for rail in ["AlipayRail::new", "UnionPayRail::new", "WeChatPayRail::new"] {
            let here = path.ends_with("application/rails.rs");
            assert!(here || !text.contains(rail), "{rail} in {}", path.display());
        }
    }
}

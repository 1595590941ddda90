//! Pages made from the code, kept fresh: a page that differs fails, and says how to write it.

use bff::graphql::error::FailureCode;
use domain::catalogue::{AppDefinition, AppKind, Catalogue};
use std::fmt::Write as _;
use std::path::PathBuf;

fn fresh(page: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    if writing() {
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "YIWANG_WRITE=1 cargo test -p tests --test house";
    assert!(kept == made, "docs/{page} is stale; write it anew: {hint}");
}

#[expect(clippy::disallowed_methods, reason = "a developer's switch, not a setting")]
pub fn writing() -> bool {
    std::env::var("YIWANG_WRITE").is_ok_and(|value| value == "1")
}

#[test]
fn the_schema_is_committed_as_it_is_served() {
    fresh("schema.graphql", &bff::graphql::sdl());
    fresh("staff-schema.graphql", &bff::staff_graphql::sdl());
}

#[test]
fn the_state_table_is_the_one_that_is_tested() {
    let table = include_str!("../../domain/src/payment/state_table.txt");
    let refunds = include_str!("../../domain/src/payment/refund/state_table.txt");
    let page = format!(
        "# What a payment may become\n\nRows are states, columns events, cells what follows; `-` is \
         refused and changes nothing. Made from the table\nthat the state machine's test reads. \
         `/Paid` refunds honoured money, `/Due` money that never was; `ConfirmAgain2` tells of a \
         second\ntransaction for the same order.\n\n```text\n{table}```\n\n# What a refund may become\n\n\
         The same, of refunds (退付); docs/refunds.md says what they are.\n\n```text\n{refunds}```\n"
    );
    fresh("payments.md", &page);
}

#[test]
fn every_failure_code_is_listed() {
    let mut page = String::from(
        "# Failure codes\n\n`errors[].extensions.code`, with `traceId` beside it. Refusals that a \
         citizen can act on are `userErrors` in the\npayload instead.\n\n| code | message |\n|---|---|\n",
    );
    for code in FailureCode::ALL {
        let (code, message) = code.words();
        writeln!(page, "| `{code}` | {message} |").unwrap();
    }
    fresh("errors.md", &page);
}

#[test]
fn every_field_that_is_the_same_for_everybody_is_listed() {
    let mut page = String::from(
        "# Public fields\n\nWhat these fields give is the same for everybody (by channel, region and \
         language), and answers that have no others are\nkept for all who ask, see \
         [decision 33](decisions/0033-documents-are-taken-in-once-and-public-answers-kept.md). \
         A field that is somebody's own\nmust not stand here.\n\n",
    );
    for field in bff::trusted::public_fields() {
        writeln!(page, "- `{field}`").unwrap();
    }
    fresh("public-fields.md", &page);
}

#[test]
fn the_manifest_is_made_of_the_clients_documents_and_every_one_fits_the_schema() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/clients/documents");
    match bff::trusted::build(&folder) {
        Ok(manifest) => fresh("clients/documents/manifest.json", &manifest.to_json()),
        Err(faults) => {
            let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
            panic!("{}", told.join("\n"));
        }
    }
}

#[test]
fn every_app_is_listed() {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    fresh("apps.md", &apps_page(&catalogue));
}

fn apps_page(catalogue: &Catalogue) -> String {
    let running = catalogue.apps().filter(|app| app.runs()).count();
    let mut page = format!(
        "# Apps\n\n{} apps in {} categories, {running} of them running; the others answer \
         MAINTENANCE with a reason. An app is a file\n`domain/apps/CATEGORY/SLUG.toml` and a \
         scenario `tests/scenarios/CATEGORY/SLUG.toml`; `bff apps check [FOLDER]` tells every \
         fault with file\nand line, `YIWANG_APPS_DIR` names a folder to serve in place of the \
         one in the binary. Operations: docs/protocols/departments-exchange.md.\n",
        catalogue.apps().count(),
        catalogue.categories().len()
    );
    for category in catalogue.categories() {
        writeln!(page, "\n## {} `{}`\n", category.name.zh, category.slug.as_str()).unwrap();
        page.push_str(
            "| app | slug | kind | level | channels | department | operation |\n\
             |---|---|---|---|---|---|---|\n",
        );
        catalogue.apps_of(&category.slug).for_each(|app| page.push_str(&app_line(app)));
    }
    page
}

/// Without an operation nothing runs behind it.
fn app_line(app: &AppDefinition) -> String {
    let kind = match app.kind {
        AppKind::Query => "QUERY",
        AppKind::Book => "BOOK",
        AppKind::Apply => "APPLY",
        AppKind::Pay => "PAY",
        AppKind::Certificate => "CERTIFICATE",
    };
    let channels: Vec<String> = app.channels.iter().map(|channel| format!("{channel:?}")).collect();
    let operation = app.call().map(|look_up| format!("`{}`", look_up.operation));
    format!(
        "| {} | `{}` | {kind} | {:?} | {} | {} | {} |\n",
        app.name.zh,
        app.slug,
        app.identity_level,
        channels.join(" "),
        app.department,
        operation.unwrap_or_default()
    )
}

//! What would break a client: the schema against the one that was released, and the clients'
//! documents against the schema, by npm `@graphql-inspector/core`.

use std::path::{Path, PathBuf};
use std::process::Command;
use tests::app::Folder;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/schema");

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file)
}

/// Installs exactly what the lock names, once for all tests of this file.
fn install() {
    static DONE: std::sync::Once = std::sync::Once::new();
    DONE.call_once(|| {
        if !Path::new(FOLDER).join("node_modules/@graphql-inspector/core").exists() {
            let done = Command::new("npm").arg("ci").current_dir(FOLDER).output().unwrap();
            assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
        }
    });
}

/// Whether the gate is open, and what it said.
fn gate(files: &[&Path]) -> (bool, String) {
    install();
    let mut command = Command::new("node");
    let done = command.arg("gate.mjs").args(files).current_dir(FOLDER).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A released schema, a next one, the rows of the changes and one document of a client, as files.
struct Planted(Folder);

impl Planted {
    fn new(next: &str, rows: &str, document: &str) -> Self {
        let planted = Self(Folder::fresh());
        let released = "# Released 2026-11-26.\ntype Query { fine: Fine }\n\
                        type Fine { \"How much.\" fen: Int! points: Int! }\n";
        std::fs::create_dir(planted.file("documents")).unwrap();
        for (name, text) in [
            ("released.graphql", released),
            ("next.graphql", next),
            ("changes.md", rows),
            ("documents/Fine.graphql", document),
        ] {
            std::fs::write(planted.file(name), text).unwrap();
        }
        planted
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.0.join(name)
    }

    fn gate(&self) -> (bool, String) {
        let names = ["released.graphql", "next.graphql", "changes.md", "documents"];
        let files = names.map(|name| self.file(name));
        gate(&files.each_ref().map(PathBuf::as_path))
    }
}

const WITHOUT_POINTS: &str = "type Query { fine: Fine } type Fine { fen: Int! }";
const ASKS_FEN: &str = "query Fine { fine { fen } }";

#[test]
fn neither_schema_breaks_a_client_and_every_document_of_theirs_is_valid() {
    let documents = docs("clients/documents");
    let changes = docs("schema-changes.md");
    for (released, now, folder) in [
        ("schema.released.graphql", "schema.graphql", Some(documents.as_path())),
        ("staff-schema.released.graphql", "staff-schema.graphql", None),
    ] {
        let (released, now) = (docs(released), docs(now));
        let files = [released.as_path(), now.as_path(), changes.as_path()];
        let files: Vec<_> = files.into_iter().chain(folder).collect();
        let (open, said) = gate(&files);
        assert!(open, "{said}");
    }
}

#[test]
fn a_field_that_is_gone_is_found() {
    let (open, said) = Planted::new(WITHOUT_POINTS, "", ASKS_FEN).gate();
    assert!(!open && said.contains("breaking FIELD_REMOVED Fine.points"), "{said}");
}

#[test]
fn an_argument_that_became_required_is_found() {
    let next = "type Query { fine(of: ID!): Fine } type Fine { fen: Int! points: Int! }";
    let (open, said) = Planted::new(next, "", "query Fine { fine(of: 1) { fen } }").gate();
    assert!(!open && said.contains("breaking FIELD_ARGUMENT_ADDED Query.fine.of"), "{said}");
}

#[test]
fn what_is_added_breaks_nobody() {
    let next = "type Query { fine: Fine } type Fine { fen: Int! points: Int! at: String }";
    let (open, said) = Planted::new(next, "", ASKS_FEN).gate();
    assert!(open, "{said}");
    assert!(said.contains("checked 2 changes, 1 documents"), "{said}");
}

#[test]
fn a_row_with_date_and_reason_lets_a_change_through_and_an_older_one_does_not() {
    let row = |date: &str, reason: &str| {
        format!("| {date} | `FIELD_REMOVED` | `Fine.points` | {reason} |\n")
    };
    for (row, lets) in [
        (row("2026-11-27", "the exchange tells points no more"), true),
        (row("2026-11-25", "of the release before"), false),
        (row("2026-11-27", ""), false),
        (row("2026-11-27", "another").replace("points", "fen"), false),
    ] {
        let (open, said) = Planted::new(WITHOUT_POINTS, &row, ASKS_FEN).gate();
        assert_eq!(open, lets, "{row}{said}");
    }
}

#[test]
fn a_document_that_asks_for_what_is_gone_is_found_though_the_change_is_allowed() {
    let row = "| 2026-11-27 | `FIELD_REMOVED` | `Fine.points` | nobody needs them |\n";
    let (open, said) = Planted::new(WITHOUT_POINTS, row, "{ fine { points } }").gate();
    assert!(!open && said.contains("document Fine.graphql: "), "{said}");
}

#[test]
fn a_document_that_asks_for_what_is_to_go_is_found() {
    let next = "type Query { fine: Fine } type Fine { fen: Int! \
                points: Int! @deprecated(reason: \"Goes on 2027-06-30.\") }";
    let (open, said) = Planted::new(next, "", "{ fine { points } }").gate();
    assert!(!open && said.contains("document Fine.graphql: "), "{said}");
}

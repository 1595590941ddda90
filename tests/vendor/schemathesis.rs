//! PyPI `schemathesis`: inputs made from the schema, as nobody and as a citizen.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::app::TestApp;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/schemathesis");
const ERRORS: &str = include_str!("../../docs/errors.md");
/// Inputs for each field at the root: the gate's share.
const EXAMPLES: &str = "--max-examples=10";

fn venv() -> PathBuf {
    Path::new(FOLDER).join(".venv")
}

async fn run(mut command: Command) -> Output {
    command.current_dir(FOLDER);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// Installs exactly what the list names, once.
async fn install() {
    if venv().join("bin/schemathesis").exists() {
        return;
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv", ".venv"]);
    let mut fetch = Command::new(venv().join("bin/pip"));
    fetch.args(["install", "--quiet", "-r", "requirements.txt"]);
    for command in [create, fetch] {
        let done = run(command).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// The first column of the table of codes.
fn documented_codes() -> String {
    let codes = ERRORS.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    codes.collect::<Vec<_>>().join(",")
}

/// Runs it; `token` signs every request in.
async fn fuzz(url: &str, token: Option<&str>) {
    let mut command = Command::new(venv().join("bin/schemathesis"));
    command
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", FOLDER)
        .env("YIWANG_CODES", documented_codes())
        .args(["run", url, "--checks", "answers_as_documented", "--phases", "fuzzing"])
        .args([EXAMPLES, "--seed", "1", "--suppress-health-check", "all", "--no-color"])
        // Who signs out is somebody else for the rest of the run.
        .args(["--exclude-name-regex", r"signOut|revokeSession"]);
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = run(command).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let tested = said.lines().find_map(|line| line.trim().strip_prefix("Tested: "));
    let tested: usize = tested.and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(tested > 40, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_made_from_the_schema_get_documented_answers() {
    install().await;
    let app = TestApp::start().await;
    let url = format!("{}/graphql", app.node.base_url);
    fuzz(&url, None).await;
    let citizen = app.citizen().await;
    fuzz(&url, Some(&citizen.token)).await;
    app.finish().await;
}

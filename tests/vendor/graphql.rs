//! Public clients and audits of GraphQL against the endpoint: npm `graphql-http`, `graphql-ws`,
//! `graphql-sse`, `graphql-request`, `@apollo/client`, `@urql/core`.

use std::path::Path;
use std::process::{Command, Output};
use tests::app::TestApp;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/graphql");
/// The audits of the draft among them.
const CHECKS: usize = 95;

/// Runs a program beside the server of this test.
async fn run(program: &'static str, args: Vec<String>) -> Output {
    let run = move || Command::new(program).args(args).current_dir(FOLDER).output();
    tokio::task::spawn_blocking(run).await.unwrap().unwrap()
}

/// Installs exactly what the lock names, once.
async fn install() {
    if !Path::new(FOLDER).join("node_modules/graphql-ws").exists() {
        let done = run("npm", vec!["ci".to_owned()]).await;
        assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn public_clients_and_audits_find_nothing_to_complain_of() {
    install().await;
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let no = citizen.starts_paying(&fine, fen).await;
    let url = format!("{}/graphql", app.node.base_url);
    let args = vec!["checks.mjs".to_owned(), url, citizen.token.clone(), no.clone()];
    let output = run("node", args).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), CHECKS, "{said}");
    assert_eq!(said.lines().last(), Some(format!("checks: {CHECKS}").as_str()), "{said}");
    citizen.cancels(&no).await;
    app.finish().await;
}

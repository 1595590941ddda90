//! `docs/clients`: weighed, compiled with the types of both hosts, and run under their rules
//! against the product, npm `miniprogram-simulate` among them.

use std::path::Path;
use std::process::{Command, Output};
use tests::app::TestApp;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/clients");
const CHECKS: usize = 62;

/// Runs a program beside the server of this test.
async fn run(program: &'static str, args: Vec<String>) -> Output {
    let run = move || Command::new(program).args(args).current_dir(FOLDER).output();
    tokio::task::spawn_blocking(run).await.unwrap().unwrap()
}

/// Installs exactly what the lock names, once.
async fn install() {
    if !Path::new(FOLDER).join("node_modules/miniprogram-simulate").exists() {
        let done = run("npm", vec!["ci".to_owned()]).await;
        assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_and_both_mini_programs_run_under_their_hosts_rules() {
    install().await;
    let app = TestApp::start().await;
    let url = format!("{}/graphql", app.node.base_url);
    let levers = format!("{}/control", app.mocks.base_url());
    let output = run("node", vec!["checks.mjs".to_owned(), url, levers]).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), CHECKS, "{said}");
    assert_eq!(said.lines().last(), Some(format!("checks: {CHECKS}").as_str()), "{said}");
    app.finish().await;
}

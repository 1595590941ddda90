//! The portal for client developers in headless Chromium: pictures of every page, the keyboard,
//! axe; and the mini-program blocks of its first page of steps, run as they stand there.

use std::path::Path;
use std::process::{Command, Output};
use tests::app::{Folder, TestApp};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/portal");
/// Thirteen pages in two sizes, and six walks.
const CHECKS: usize = 32;
const PICTURES: usize = 27;

pub async fn run(program: &'static str, args: Vec<String>) -> Output {
    let run = move || Command::new(program).args(args).current_dir(FOLDER).output();
    tokio::task::spawn_blocking(run).await.unwrap().unwrap()
}

/// Installs exactly what the lock names, once.
pub async fn install() {
    // Tests run beside each other: whoever comes second waits, and does not use half of it.
    static INSTALLED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    let install = || async {
        if !Path::new(FOLDER).join("node_modules/puppeteer-core").exists() {
            let done = run("npm", vec!["ci".to_owned()]).await;
            assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
        }
    };
    INSTALLED.get_or_init(install).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_seen_in_a_browser_and_operations_are_tried_by_keyboard() {
    install().await;
    let (app, pictures) = (TestApp::start().await, Folder::fresh());
    let to = pictures.0.to_str().unwrap().to_owned();
    let output = run("node", vec!["walk.mjs".to_owned(), app.node.base_url.clone(), to]).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().last(), Some(format!("checks: {CHECKS}").as_str()), "{said}");
    let taken = std::fs::read_dir(&pictures.0).unwrap();
    let sizes: Vec<_> = taken.map(|file| file.unwrap().metadata().unwrap().len()).collect();
    assert_eq!(sizes.len(), PICTURES);
    assert!(sizes.iter().all(|bytes| *bytes > 5_000), "a page is empty: {sizes:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mini_program_of_the_first_fine_pays_it() {
    let app = TestApp::start().await;
    let control = format!("{}/control", app.mocks.base_url());
    let args = vec!["mini.mjs".to_owned(), app.node.base_url.clone(), control];
    let output = run("node", args).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "PAID");
    app.finish().await;
}

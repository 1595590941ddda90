//! npm `wechatpay-axios-plugin` against the mock's WeChat Pay.

use std::path::Path;
use std::process::{Command, Output};

use mock_channels::{MockChannels, MockSettings};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/wechatpay");
const CHECKS: usize = 59;
/// Noon of Beijing: the run must not cross midnight, and its client follows the mock's clock.
const NOON_MS: i64 = 1_772_424_000_000;

/// Runs a program beside the server of this test.
async fn run(program: &'static str, args: Vec<String>) -> Output {
    let run = move || Command::new(program).args(args).current_dir(FOLDER).output();
    tokio::task::spawn_blocking(run).await.unwrap().unwrap()
}

/// Installs exactly what the lock names, once.
async fn install() {
    if !Path::new(FOLDER).join("node_modules/wechatpay-axios-plugin").exists() {
        let done = run("npm", vec!["ci".to_owned()]).await;
        assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test]
async fn a_public_client_for_node_takes_every_answer_of_wechat_pay() {
    install().await;
    let settings = MockSettings {
        addr: "127.0.0.1:0".to_owned(),
        start_at_ms: Some(NOON_MS),
        ..MockSettings::default()
    };
    let mocks = MockChannels::start(settings).await.unwrap();
    let output = run("node", vec!["client.mjs".to_owned(), mocks.base_url()]).await;
    mocks.stop().await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), CHECKS, "{said}");
    assert_eq!(said.lines().last(), Some(format!("checks: {CHECKS}").as_str()), "{said}");
}

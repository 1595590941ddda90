//! The README's lines, pasted in order, as a newcomer would.

use std::io::Write as _;
use std::process::{Command, Stdio};
use tests::app::TestApp;

/// The bash blocks of a page, with the addresses and the password of this run.
fn script(page: &str, app: &TestApp) -> String {
    let blocks = page.split("```bash\n").skip(1);
    let blocks: Vec<_> = blocks.map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 10, "the page has its steps");
    let account = app.node.staff.clone().unwrap();
    blocks
        .join("\n")
        .replace("http://127.0.0.1:8080", &app.node.base_url)
        .replace("http://127.0.0.1:8090", &app.mocks.base_url())
        .replace("PASSWORD='…'", &format!("PASSWORD='{}'", account.password))
        .replace("SECRET='…'", &format!("SECRET='{}'", account.totp_secret))
}

async fn pasted(script: String) -> String {
    let run = move || {
        let mut bash = Command::new("bash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let done = bash.wait_with_output().unwrap();
        format!(
            "{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        )
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_both_readmes_end_with_a_reconciled_day() {
    for page in [include_str!("../../README.md"), include_str!("../../README.zh.md")] {
        let app = TestApp::start().await;
        let shown = pasted(script(page, &app)).await;
        for word in [
            "transport_travel",
            "\"identityLevel\": \"PHONE\"",
            "\"package\": \"prepay_id=wx",
            "\"state\": \"SUCCESS\"",
            "\"status\": \"PAID\"",
            "\"writeOff\": \"DONE\"",
            "\"valid\":true",
            ",2,已对平,,YW",
        ] {
            assert!(shown.contains(word), "{word} is not in:\n{shown}");
        }
        app.finish().await;
    }
}

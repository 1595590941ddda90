//! The portal for client developers: what it shows is true of the server that shows it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use tests::app::TestApp;
use tests::levers::Http;

fn plain(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// What stands between every `from` and the next `to`.
fn between(page: &str, from: &str, to: &str) -> Vec<String> {
    page.split(from).skip(1).map(|rest| plain(rest.split(to).next().unwrap())).collect()
}

/// The code of every block of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let opening = format!("<pre data-language=\"{language}\"");
    let blocks = page.split(&opening).skip(1).map(|rest| &rest[..rest.find("</code>").unwrap()]);
    blocks.map(|block| plain(block.split_once("<code>").unwrap().1)).collect()
}

async fn shown(app: &TestApp, path: &str) -> String {
    let (status, page) = Http::default().get(&format!("{}{path}", app.node.base_url), &[]).await;
    assert_eq!(status, 200, "{path}");
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_every_page_leads_somewhere_and_nothing_comes_from_elsewhere() {
    let app = TestApp::start().await;
    let (mut seen, mut next) = (BTreeSet::new(), vec!["/docs/".to_owned()]);
    while let Some(path) = next.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let page = shown(&app, &path).await;
        if !path.starts_with("/docs") || path.ends_with(".css") || path.ends_with(".js") {
            continue;
        }
        for attribute in [" src=\"", " href=\""] {
            for link in between(&page, attribute, "\"") {
                match link.as_str() {
                    "data:," => {}
                    anchor if anchor.starts_with('#') => {
                        let id = format!("id=\"{}\"", &anchor[1..]);
                        assert!(page.contains(&id), "{path}: {anchor}");
                    }
                    own => {
                        assert!(own.starts_with("/docs") || own == "/schema.graphql", "{own}");
                        next.push(own.to_owned());
                    }
                }
            }
        }
    }
    assert!(seen.len() > 250, "{} pages", seen.len());
    for path in ["/docs/operations/nothing", "/docs/types/Nothing", "/docs/nothing"] {
        let address = format!("{}{path}", app.node.base_url);
        assert_eq!(Http::default().get(&address, &[]).await.0, 404, "{path}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_let_no_script_style_or_frame_in_from_elsewhere() {
    let app = TestApp::start().await;
    let address = format!("{}/docs/operations/startPayment", app.node.base_url);
    let (status, headers, _) = Http::default().get_with(&address, &[]).await;
    assert_eq!(status, 200);
    let policy = headers["content-security-policy"].to_str().unwrap();
    for rule in [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{rule} in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_every_operation_is_taken_by_the_server_that_shows_it() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let list = shown(&app, "/docs/operations").await;
    let names = between(&list, "href=\"/docs/operations/", "\"");
    assert!(names.len() > 50, "{names:?}");
    let mut refused = Vec::new();
    for name in names {
        // It would end the session that the others are asked in.
        let token = (name != "signOut").then_some(citizen.token.as_str());
        let page = shown(&app, &format!("/docs/operations/{name}")).await;
        let document = blocks(&page, "graphql").remove(0);
        let variables: Value = serde_json::from_str(&blocks(&page, "json")[0]).unwrap();
        if document.starts_with("subscription") {
            continue; // Over POST refused; the examples are validated, and one is tried in a browser.
        }
        let body = serde_json::json!({ "query": document, "variables": variables });
        let url = format!("{}/graphql", app.node.base_url);
        let (status, answer) = Http::default().post(&url, token, &body).await;
        assert_eq!(status, 200, "{name}: {answer}");
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let codes: Vec<_> = errors.iter().map(|error| &error["extensions"]["code"]).collect();
        let bad = |code: &&Value| **code == "BAD_INPUT" || **code == "INTERNAL";
        if codes.iter().any(bad) {
            refused.push(format!("{name}: {answer}\n{document}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_the_first_fine_are_pasted_and_end_with_a_receipt() {
    let app = TestApp::start().await;
    let page = shown(&app, "/docs/first-fine").await;
    let steps = blocks(&page, "bash");
    let wanted = between(&page, "<code data-see=\"\">", "</code>");
    assert!(steps.len() >= 6 && wanted.len() >= 6, "{} steps, {wanted:?}", steps.len());
    let pasted = steps.join("\n");
    let run = move || {
        let piped = Stdio::piped;
        let mut bash = Command::new("bash");
        let mut bash = bash.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(pasted.as_bytes()).unwrap();
        let done = bash.wait_with_output().unwrap();
        String::from_utf8([done.stdout, done.stderr].concat()).unwrap()
    };
    let said = tokio::task::spawn_blocking(run).await.unwrap();
    for words in wanted {
        assert!(said.contains(&words), "{words} is not in:\n{said}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_is_off_is_not_there_and_one_to_read_has_nothing_to_try() {
    let paths = [
        "/docs",
        "/docs/",
        "/docs/first-fine",
        "/docs/operations",
        "/docs/operations/viewer",
        "/docs/types",
        "/docs/types/Payment",
        "/docs/errors",
        "/docs/limits",
        "/docs/changes",
        "/docs/portal.css",
        "/docs/portal.js",
        "/docs/types/Nothing",
    ];
    let off = TestApp::with_settings(&[("YIWANG_PORTAL", "off")]).await;
    for path in paths {
        let address = format!("{}{path}", off.node.base_url);
        let (status, page) = Http::default().get(&address, &[]).await;
        assert_eq!((status, page.as_str()), (404, "没有这个页面\n"), "{path}");
    }
    off.finish().await;
    let read = TestApp::with_settings(&[("YIWANG_PORTAL", "read")]).await;
    let page = shown(&read, "/docs/operations/viewer").await;
    assert!(page.contains("query Viewer") && !page.contains("id=\"try\""), "{page}");
    let address = format!("{}/docs/demo-citizen", read.node.base_url);
    let (status, _) = Http::default().post(&address, None, &Value::Null).await;
    assert_eq!(status, 404);
    read.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_those_that_the_server_is_set_to() {
    let app = TestApp::with_settings(&[("YIWANG_FILE_MAX_MB", "3")]).await;
    let page = shown(&app, "/docs/limits").await;
    for row in ["64 KB", "3 MB", "4000 个", "8 秒"] {
        assert!(page.contains(row), "{row} in {page}");
    }
    app.finish().await;
}

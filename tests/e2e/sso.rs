//! Single sign-on: a ticket for a department's own page, and what its server is told.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::Http;

/// As docs/sso.md says it.
struct Department {
    url: String,
    key: Vec<u8>,
}

impl Department {
    fn of(app: &TestApp) -> Self {
        use base64::Engine as _;
        let text = std::fs::read_to_string(app.key_file("sso-demo.key")).unwrap();
        let key = base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap();
        Self { url: format!("{}/sso/verify", app.node.base_url), key }
    }

    fn signature(&self, timestamp: i64, body: &str) -> String {
        let hash = adapters::crypto::sha256_hex(body.as_bytes());
        let signed = format!("POST\n/sso/verify\n{timestamp}\n{hash}\n");
        adapters::crypto::MacKey::new(&self.key).code(signed.as_bytes())
    }

    async fn asks_at(&self, timestamp: i64, body: &str) -> (u16, Value) {
        let (signature, timestamp) = (self.signature(timestamp, body), timestamp.to_string());
        self.sends(
            &[
                ("X-Sso-Client", "demo"),
                ("X-Sso-Timestamp", &timestamp),
                ("X-Sso-Signature", &signature),
            ],
            body,
        )
        .await
    }

    async fn sends(&self, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let (status, _, text) = Http::default().send_with(&self.url, headers, body).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn asks(&self, app: &TestApp, ticket: &Value, slug: &str) -> (u16, Value) {
        let body = json!({ "ticket": ticket, "app": slug }).to_string();
        self.asks_at(now(app).await, &body).await
    }
}

async fn now(app: &TestApp) -> i64 {
    let clock = app.levers.look("clock").await;
    clock["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
}

async fn issues(citizen: &Citizen, slug: &str) -> Value {
    let input = json!({ "app": slug });
    citizen.mutation("issueTicket", "IssueTicketInput", "ticket expiresAt", &input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_its_own_app_once_within_a_minute() {
    let app = TestApp::start().await;
    let department = Department::of(&app);
    let citizen = app.citizen().await;
    assert_eq!(
        codes(&issues(&citizen, "personal_social_insurance").await),
        ["IDENTITY_LEVEL_TOO_LOW"]
    );
    assert_eq!(codes(&issues(&citizen, "no_such_app").await), ["NOT_FOUND"]);
    citizen.proves_name().await;
    citizen.proves_face(&app.levers).await;
    let slug = "personal_social_insurance";
    let issued = issues(&citizen, slug).await;
    assert!(issued["expiresAt"].is_string(), "{issued}");
    let ticket = &issued["ticket"];
    let (status, refused) = department.asks(&app, ticket, "housing_fund_query").await;
    assert_eq!((status, &refused["code"]), (403, &json!("TICKET_INVALID")), "another app's");
    let (status, told) = department.asks(&app, ticket, slug).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (&told["name"], &told["idCard"]),
        (&citizen.facts["name"], &citizen.facts["idCard"])
    );
    assert_eq!((&told["phone"], &told["channel"]), (&citizen.facts["phone"], &json!("wechat")));
    assert!(told["faceCheckedAt"].is_string() && told["handle"].as_str().unwrap().len() == 32);
    let (status, refused) = department.asks(&app, ticket, slug).await;
    assert_eq!((status, &refused["code"]), (403, &json!("TICKET_INVALID")), "used");

    let issued = issues(&citizen, slug).await;
    app.levers.advance(60).await;
    assert_eq!(department.asks(&app, &issued["ticket"], slug).await.0, 403, "too late");
    assert_eq!(department.asks(&app, &json!("x"), slug).await.0, 403, "no ticket");

    // No more than the app needs.
    let issued = issues(&citizen, "traffic_violation_query").await;
    let (_, told) = department.asks(&app, &issued["ticket"], "traffic_violation_query").await;
    assert_eq!(told["phone"], citizen.facts["phone"], "{told}");
    assert!(told.get("name").is_none() && told.get("idCard").is_none(), "{told}");
    let issued = issues(&citizen, "air_quality").await;
    let (_, told) = department.asks(&app, &issued["ticket"], "air_quality").await;
    assert!(told.get("phone").is_none() && told["handle"].is_string(), "{told}");

    let access = citizen.reads("{viewer{dataAccess{nodes{purpose app fields}}}}").await;
    let access = access["viewer"]["dataAccess"]["nodes"].as_array().unwrap().clone();
    let signed_on = access.iter().filter(|one| one["purpose"] == "SIGN_ON").collect::<Vec<_>>();
    assert_eq!(signed_on.len(), 2, "phone and name: {access:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_sign_learns_nothing_and_uses_nothing_up() {
    let app = TestApp::start().await;
    let department = Department::of(&app);
    let citizen = app.citizen().await;
    let issued = issues(&citizen, "air_quality").await;
    let body = json!({ "ticket": issued["ticket"], "app": "air_quality" }).to_string();
    let at = now(&app).await;
    let (good, stamp) = (department.signature(at, &body), at.to_string());
    let asked = |client: &'static str, signature: String| {
        let (department, body, stamp) = (&department, &body, &stamp);
        async move {
            let headers = [
                ("X-Sso-Client", client),
                ("X-Sso-Timestamp", stamp.as_str()),
                ("X-Sso-Signature", signature.as_str()),
            ];
            department.sends(&headers, body).await.0
        }
    };
    assert_eq!(asked("nobody", good.clone()).await, 401);
    assert_eq!(asked("demo", "AAAA".to_owned()).await, 401);
    assert_eq!(department.sends(&[], &body).await.0, 401);
    assert_eq!(department.asks_at(at - 400, &body).await.0, 401, "signed long ago");
    assert_eq!(department.asks_at(at, "{}").await.0, 400);
    assert_eq!(asked("demo", good).await, 200, "the ticket is as good as new");
    app.finish().await;
}

/// The sample of the page for departments runs as it stands there.
#[tokio::test(flavor = "multi_thread")]
async fn the_sample_in_the_documents_works() {
    let page = include_str!("../../docs/sso.md");
    let sample = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let issued = issues(&citizen, "traffic_violation_query").await;
    let run = |ticket: String, at: i64| {
        let key: PathBuf = app.key_file("sso-demo.key");
        let (base, sample) = (app.node.base_url.clone(), sample.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut python = Command::new("python3");
            python.args(["-c", &sample, &ticket, "traffic_violation_query"]);
            python.env("YIWANG", base).env("SSO_CLIENT", "demo").env("SSO_KEY_FILE", key);
            let output = python.env("SSO_NOW", at.to_string()).output().unwrap();
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
        })
    };
    let ticket = issued["ticket"].as_str().unwrap().to_owned();
    let said = run(ticket.clone(), now(&app).await).await.unwrap();
    assert!(said.contains(citizen.facts["phone"].as_str().unwrap()), "{said}");
    let said = run(ticket, now(&app).await).await.unwrap();
    assert!(said.contains("TICKET_INVALID"), "{said}");
    app.finish().await;
}

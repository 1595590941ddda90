//! Who asks too much waits, and nobody else does.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;

/// The least that a purse may hold: one operation may cost so much.
const SMALL: &str = "50000";
/// About 900 points.
const DEAR: &str = "{viewer{payments(first:100){nodes{notices{noticeNo title} receipts{number}}}}}";
const CHEAP: &str = "{viewer{person{id}}}";

async fn started() -> TestApp {
    TestApp::with_settings(&[
        ("YIWANG_RATE_LIMITS", "enforce"),
        ("YIWANG_RATE_PERSON", SMALL),
        ("YIWANG_RATE_SESSION", SMALL),
        ("YIWANG_RATE_MONEY", SMALL),
    ])
    .await
}

struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }
}

async fn asks(app: &TestApp, who: Option<&Citizen>, query: &str, language: &str) -> Got {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client
        .post(format!("{}/graphql", app.node.base_url))
        .header("Content-Type", "application/json")
        .header("Accept-Language", language);
    if let Some(citizen) = who {
        request = request.header("Authorization", format!("Bearer {}", citizen.token));
    }
    let answer = request.body(json!({ "query": query }).to_string()).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    Got { status, headers, body: serde_json::from_str(&text).unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_much_is_told_when_to_come_again_and_can_pay_all_the_while() {
    let app = started().await;
    let (greedy, other) = (app.citizen().await, app.citizen().await);
    let (fine, fen) = greedy.finds_fine().await;
    let mut left = u64::MAX;
    let refused = loop {
        let got = asks(&app, Some(&greedy), DEAR, "zh").await;
        if got.status == 429 {
            break got;
        }
        assert_eq!(got.body["errors"], Value::Null, "{}", got.body);
        let cost = &got.body["extensions"]["cost"];
        assert!(cost["requested"].as_u64().unwrap() > 500, "{cost}");
        let now = cost["remaining"].as_u64().unwrap();
        assert!(now < left, "it goes down: {now}");
        left = now;
        assert!(got.header("ratelimit").contains(&format!("r={now};")), "{:?}", got.headers);
    };
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(refused.body.get("data").is_none(), "nothing was executed: {}", refused.body);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let words = refused.body["errors"][0]["message"].as_str().unwrap();
    assert_eq!(words, format!("操作太频繁，请在{wait}秒后再试"));
    let english = asks(&app, Some(&greedy), DEAR, "en-GB").await;
    let words = english.body["errors"][0]["message"].as_str().unwrap();
    assert!(words.starts_with("Too many requests; try again in"), "{words}");

    // Nobody else waits, and money does not.
    assert_eq!(asks(&app, Some(&other), DEAR, "zh").await.status, 200);
    let no = greedy.starts_paying(&fine, fen).await;
    greedy.cancels(&no).await;

    app.levers.advance(i64::try_from(wait).unwrap()).await;
    assert_eq!(asks(&app, Some(&greedy), DEAR, "zh").await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_everybody_says_nothing_of_cost_and_one_operation_costs_so_much_at_most() {
    let app = started().await;
    let citizen = app.citizen().await;
    let public = asks(&app, None, "{categories{slug}}", "zh").await;
    assert_eq!((public.status, public.body.get("extensions")), (200, None));
    assert_eq!(public.header("ratelimit"), "");
    let own = asks(&app, Some(&citizen), CHEAP, "zh").await;
    assert_eq!(own.body["extensions"]["cost"]["requested"], 3, "{}", own.body);

    let rows = "nodes{notices{payment{notices{payment{notices{title}}}}}}";
    let wide: String = (0..25).map(|at| format!("a{at}:payments(first:100){{{rows}}} ")).collect();
    let refused = asks(&app, Some(&citizen), &format!("{{viewer{{{wide}}}}}"), "zh").await;
    assert_eq!(refused.code(), "BAD_INPUT", "{}", refused.body);
    let words = refused.body["errors"][0]["message"].as_str().unwrap();
    assert!(words.starts_with("请求有误："), "{words}");
    app.finish().await;
}

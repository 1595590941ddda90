//! What is seen of the front: counters that strangers cannot grow, traces without personal data,
//! and what is slow.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::collector::{Collector, Span};
use tests::levers::Http;
use tests::manifest::{ManifestFile, id};

const ME: &str = "query Me{viewer{person{id}}}";
const REGIONS: &str = "query Regions{regions{code}}";

async fn with_manifest() -> (ManifestFile, TestApp) {
    let manifest = ManifestFile::of(&[("Me", "query", ME), ("Regions", "query", REGIONS)]);
    let path = manifest.path().display().to_string();
    let pairs =
        [("YIWANG_TRUSTED_DOCUMENTS", path.as_str()), ("YIWANG_TRUSTED_DOCUMENTS_MODE", "off")];
    let app = TestApp::with_settings(&pairs).await;
    (manifest, app)
}

async fn series(app: &TestApp) -> BTreeMap<String, f64> {
    let (status, text) = Http::default().get(&app.node.metrics_url, &[]).await;
    assert_eq!(status, 200);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    series.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_names_of_strangers_make_no_series() {
    const EACH: usize = 1_250;
    let (_manifest, app) = with_manifest().await;
    let url = format!("{}/graphql", app.node.base_url);
    let name = |number: usize| format!("query Stranger{number}{{__typename}}");
    Http::default().post(&url, None, &json!({ "query": name(0) })).await;
    let before = series(&app).await;
    let strangers: Vec<_> = (0..8)
        .map(|eighth| {
            let url = url.clone();
            tokio::spawn(async move {
                let http = Http::default();
                for number in eighth * EACH..(eighth + 1) * EACH {
                    let channel = ["app", "wechat", "alipay"][number % 3];
                    let headers = [("X-Channel", channel), ("User-Agent", &name(number))];
                    let body = json!({ "query": name(number) }).to_string();
                    let headers = [&[("Content-Type", "application/json")], &headers[..]].concat();
                    let (status, _, _) = http.send_with(&url, &headers, &body).await;
                    assert_eq!(status, 200);
                }
            })
        })
        .collect();
    for stranger in strangers {
        stranger.await.unwrap();
    }
    let after = series(&app).await;
    let new: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    assert!(new.len() <= 3, "one for each channel: {new:?}");
    assert!(after.keys().all(|name| !name.contains("Stranger")));
    let operations = after.iter().filter(|(name, _)| name.starts_with("yiwang_front_operations"));
    assert!(operations.map(|(_, count)| count).sum::<f64>() >= 10_000.0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_counted_by_document_channel_and_result() {
    let (_manifest, app) = with_manifest().await;
    let citizen = app.citizen().await;
    let url = format!("{}/graphql", app.node.base_url);
    let http = Http::default();
    for _ in 0..3 {
        http.post(&url, Some(&citizen.token), &json!({ "documentId": id(ME) })).await;
    }
    http.post(&url, Some("nonsense"), &json!({ "documentId": id(ME) })).await;
    for body in [json!({ "query": "{" }), json!({ "query": format!("{{{}}}", "[".repeat(99)) })] {
        http.post(&url, None, &body).await;
    }
    for _ in 0..4 {
        http.get(&format!("{url}?documentId={}", id(REGIONS)), &[]).await;
    }
    let all = series(&app).await;
    let of = |name: &str| all.get(name).copied().unwrap_or_else(|| panic!("{name} in {all:?}"));
    let operations = |document: &str, channel: &str, result: &str| {
        of(&format!(
            "yiwang_front_operations_total{{document=\"{document}\",channel=\"{channel}\",\
             result=\"{result}\"}}"
        ))
    };
    assert!(operations("Me", "wechat", "OK") == 3.0);
    assert!(operations("Me", "none", "ERRORS") == 1.0);
    assert!(operations("other", "none", "REFUSED") == 2.0);
    assert!(operations("Regions", "none", "OK") == 4.0);
    assert!(of("yiwang_front_refused_total{code=\"SYNTAX\"}") == 1.0);
    assert!(of("yiwang_front_refused_total{code=\"NESTING\"}") == 1.0);
    assert!(of("yiwang_front_errors_total{code=\"NOT_SIGNED_IN\"}") == 1.0);
    assert!(of("yiwang_front_errors_total{code=\"BAD_INPUT\"}") == 2.0);
    assert!(of("yiwang_front_responses_total{status=\"200\"}") >= 10.0);
    assert!(of("yiwang_front_cache_total{code=\"MISS\"}") == 1.0);
    assert!(of("yiwang_front_cache_total{code=\"HIT\"}") == 3.0);
    assert!(of("yiwang_front_operation_seconds_count{document=\"Me\"}") == 4.0);
    assert!(of("yiwang_front_statements_total{document=\"Me\"}") >= 3.0, "whoever asks is read");
    assert!(of("yiwang_front_statements_total{document=\"Regions\"}") == 0.0);
    assert!(of("yiwang_front_answer_bytes_total{document=\"Regions\"}") > 100.0);
    assert!(of("yiwang_front_in_flight") == 0.0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_longer_than_the_setting_is_counted_as_slow() {
    let app = TestApp::with_settings(&[("YIWANG_SLOW_MS", "150")]).await;
    let citizen = app.citizen().await;
    citizen.proves_name().await;
    app.levers.fault("gateway", "Get_AppPay_Infos", "silent", 100).await;
    let slow = "yiwang_front_slow_total{document=\"other\"}";
    assert!(!series(&app).await.contains_key(slow));
    // The home page gives the gateway a quarter of a second.
    citizen.reads("{home{notices{unavailable{source}}}}").await;
    assert!(series(&app).await[slow] == 1.0);
    app.finish().await;
}

/// Signs in, proves a name, looks something up, pays; the answers have everything personal.
async fn lives(app: &TestApp) -> Citizen {
    let citizen = app.citizen().await;
    citizen.proves_name().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment).await;
    citizen.waits_for_receipt(&payment).await;
    citizen
}

fn of_trace<'a>(spans: &'a [Span], trace: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.text("traceId") == trace).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_each_request_with_what_it_asked_and_nothing_of_the_citizen() {
    let collector = Collector::start();
    let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str())];
    let app = TestApp::with_settings(&endpoint).await;
    let citizen = lives(&app).await;
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let ours = format!("00-{trace}-{parent}-01");
    let failing = json!({ "query": "query Stranger($t:String!){searchApps(text:$t){matched}}" });
    let headers = [("Content-Type", "application/json"), ("traceparent", ours.as_str())];
    let url = format!("{}/graphql", app.node.base_url);
    let (_, _, refused) = Http::default().send_with(&url, &headers, &failing.to_string()).await;
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["traceId"], trace, "{refused}");
    app.node.stop().await;
    app.mocks.stop().await;

    let spans = collector.spans();
    let named = |wanted: &str| -> Vec<&Span> {
        spans.iter().filter(|span| span.text("name").starts_with(wanted)).collect()
    };
    let [caller] = of_trace(&spans, trace)[..] else { panic!("one span of the caller's trace") };
    assert_eq!((caller.text("parentSpanId"), caller.0["kind"].as_u64()), (parent, Some(2)));
    assert_eq!(caller.attribute("error.type"), Some("BAD_INPUT"));
    assert_eq!(caller.attribute("http.request.method"), Some("POST"));

    let ids: BTreeSet<_> =
        spans.iter().map(|span| (span.text("traceId"), span.text("spanId"))).collect();
    assert_eq!(ids.len(), spans.len(), "no two spans share an id");
    for span in spans.iter().filter(|span| span.text("parentSpanId") != parent) {
        let (trace, parent) = (span.text("traceId"), span.text("parentSpanId"));
        let is_root = span.0["kind"] == 2;
        assert_eq!(is_root, parent.is_empty(), "{span:?}");
        assert!(is_root || ids.contains(&(trace, parent)), "an orphan: {span:?}");
        assert_eq!((trace.len(), span.text("spanId").len()), (32, 16));
        let (began, ended) = span.lasted();
        assert!(began <= ended && began > 1_600_000_000_000_000_000, "{span:?}");
    }
    // A rail is asked by HTTP within its step, a department within its own, both by a request.
    for step in ["rail.submit", "department "] {
        let found = named(step);
        let span = found.first().unwrap_or_else(|| panic!("{step}"));
        let within = of_trace(&spans, span.text("traceId"));
        let call = within.iter().find(|one| one.text("parentSpanId") == span.text("spanId"));
        let call = call.unwrap_or_else(|| panic!("a call within {step}"));
        assert_eq!(call.text("name"), "POST 127.0.0.1");
        assert_eq!(call.attribute("http.response.status_code"), Some("200"));
        assert!(within.iter().any(|one| one.0["kind"] == 2), "{step} is of a request");
    }
    assert!(!named("SELECT person").is_empty() && !named("INSERT payment").is_empty());
    assert_eq!(spans.iter().filter(|one| one.text("name") == "payment.insert").count(), 1);

    let text = collector.text();
    let facts = citizen.facts.as_object().unwrap();
    let personal = facts.values().filter_map(Value::as_str).chain([
        citizen.token.as_str(),
        citizen.refresh_token.as_str(),
        "Stranger",
        "matched",
    ]);
    for secret in personal.filter(|secret| secret.chars().count() > 1) {
        assert!(!text.contains(secret), "{secret}");
    }
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_silent_costs_no_request_anything_and_what_is_lost_is_counted() {
    // It takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let app = TestApp::with_settings(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]).await;
    let url = format!("{}/graphql", app.node.base_url);
    let http = Http::default();
    // The queue has 1024 places, and a message takes 64 with it.
    for _ in 0..1_600 {
        let (status, _) = http.post(&url, None, &json!({ "query": "{viewer{person{id}}}" })).await;
        assert_eq!(status, 200);
    }
    let dropped = app.node.counted("yiwang_front_spans_total{code=\"DROPPED\"}").await;
    assert!((1..=1_600 - 1_024).contains(&dropped), "{dropped}");
    assert_eq!(app.node.counted("yiwang_front_spans_total{code=\"SENT\"}").await, 0);
    app.node.stop().await;
    app.mocks.stop().await;
}

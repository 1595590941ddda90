//! What a scanned code means, as clients ask for it.

mod printed;

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::Http;

const SCAN: &str = "query($t:String!){resolveScan(text:$t){__typename \
     ... on Notice{noticeNo total{fen}} ... on VerifiedReceipt{number agency reversed} \
     ... on App{slug link} ... on PayRequest{url total{fen} items{name}}}}";

async fn scans(citizen: &Citizen, text: &str) -> Value {
    citizen.ask(SCAN, json!({ "t": text })).await
}

async fn meaning(citizen: &Citizen, text: &str) -> Value {
    let answer = scans(citizen, text).await;
    assert!(answer["errors"].is_null(), "{text}: {answer}");
    answer["data"]["resolveScan"].clone()
}

/// The code and the words of a refusal; the field itself is null.
async fn refusal(citizen: &Citizen, text: &str) -> (String, String) {
    let answer = scans(citizen, text).await;
    assert!(answer["data"]["resolveScan"].is_null(), "{text}: {answer}");
    let error = &answer["errors"][0];
    let said = |value: &Value| value.as_str().unwrap().to_owned();
    (said(&error["extensions"]["code"]), said(&error["message"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_that_is_printed_leads_to_what_it_stands_for() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let held = app.levers.gateway_notice(&fine).await;
    let pay_code = held["payCode"].as_str().unwrap();
    let notice = json!({ "__typename": "Notice", "noticeNo": fine, "total": { "fen": fen } });
    assert_eq!(meaning(&citizen, &fine).await, notice);
    assert_eq!(meaning(&citizen, pay_code).await, notice);
    let nobody = citizen.anonymous();
    assert_eq!(refusal(&nobody, &fine).await.0, "NOT_SIGNED_IN");

    let input = json!({ "noticeNos": [fine], "idempotencyKey": "link-0001" });
    let fields = "link{url}";
    let made = citizen.mutation("createPayLink", "CreatePayLinkInput", fields, &input).await;
    let url = made["link"]["url"].as_str().unwrap();
    let asked = meaning(&nobody, url).await;
    assert_eq!((&asked["__typename"], &asked["url"]), (&json!("PayRequest"), &json!(url)));
    assert_eq!(asked["total"]["fen"], fen);

    let no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&no).await;
    let paid = citizen.waits_for_receipt(&no).await;
    assert!(refusal(&nobody, url).await.1.contains("已经付款"));
    let receipt = &paid["receipts"][0];
    let part = |key: &str| receipt[key].as_str().unwrap();
    let base = &app.node.base_url;
    let (code, number) = (part("code"), part("number"));
    let verify =
        |check: &str| format!("{base}/receipts/verify?code={code}&number={number}&check={check}");
    let genuine = meaning(&nobody, &verify(part("checkCode"))).await;
    assert_eq!(genuine["__typename"], "VerifiedReceipt");
    assert_eq!((&genuine["number"], &genuine["reversed"]), (&json!(number), &json!(false)));
    let (code_of_refusal, words) = refusal(&nobody, &verify("zzzzzz")).await;
    assert_eq!(code_of_refusal, "NOT_FOUND");
    assert!(words.contains("假"), "{words}");

    let link = citizen.reads("{app(slug:\"weather_forecast\"){link}}").await;
    let link = link["app"]["link"].as_str().unwrap();
    assert_eq!(
        meaning(&nobody, link).await,
        json!({ "__typename": "App", "slug": "weather_forecast", "link": link })
    );
    let (status, page) = Http::default().get(link, &[]).await;
    assert_eq!(status, 200);
    assert!(page.contains("天气预报"), "{page}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_broken_codes_are_refused_with_a_reason() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let base = &app.node.base_url;
    let host = base.strip_prefix("http://").unwrap();
    for foreign in [
        "https://evil.example.com/apps/weather_forecast".to_owned(),
        format!("https://{host}/apps/weather_forecast"),
        format!("http://{host}@evil.example.com/apps/weather_forecast"),
        format!("http://evil.example.com#{base}/apps/weather_forecast"),
        format!("{base}.evil.example.com/apps/weather_forecast"),
        format!("{base}0/apps/weather_forecast"),
        "weixin://wxpay/bizpayurl?pr=abc".to_owned(),
        "javascript:alert(1)".to_owned(),
    ] {
        let (code, words) = refusal(&citizen, &foreign).await;
        assert_eq!(code, "BAD_INPUT", "{foreign}");
        assert!(words.contains("其他网站"), "{foreign}: {words}");
    }
    let edited = "330100|000001|3301600000001|200|06405|16337||";
    assert!(refusal(&citizen, edited).await.1.contains("改动"));
    assert_eq!(refusal(&citizen, "330000101ZZZZZZZZZ").await.0, "NOT_FOUND");
    for (text, words) in [
        (format!("{base}/staff/"), "不完整"),
        ("x".repeat(5_000), "过长"),
        ("社保".to_owned(), "不认识"),
    ] {
        let (code, said) = refusal(&citizen, &text).await;
        assert!(code == "BAD_INPUT" && said.contains(words), "{said}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_scanned_is_neither_asked_by_get_nor_cached() {
    let app = TestApp::start().await;
    let url = format!(
        "{}/graphql?query=%7BresolveScan(text%3A%22330000101A2B3C4D5E%22)%7B__typename%7D%7D",
        app.node.base_url
    );
    let (status, headers, _) = Http::default().fetch(&url, &["allow"]).await;
    assert_eq!((status, headers), (405, vec!["POST".to_owned()]));
    app.finish().await;
}

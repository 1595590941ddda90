//! Search, as clients ask for it.

use domain::identity::StaffRole;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::desk::{Desk, failure};

const SEARCH: &str = "query($t:String!,$r:RegionCode,$f:Int!){searchApps(text:$t,region:$r,first:$f){\
     matched app{slug availability{status}}}}";

async fn search(citizen: &Citizen, text: &str, region: Option<&str>, first: i32) -> Value {
    citizen.ask(SEARCH, json!({ "t": text, "r": region, "f": first })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_finds_an_app_by_initials_pinyin_typo_or_number() {
    let app = TestApp::start().await;
    let anybody = app.citizen().await.anonymous();
    for (text, slug, matched) in [
        ("jtwzcx", "traffic_violation_query", "交通违章查询 jiao tong wei zhang cha xun"),
        ("交通违章查询", "traffic_violation_query", "交通违章查询"),
        ("ＧＯＮＧ ji jin", "housing_fund_query", "公积金 gong ji jin"),
        ("公鸡金", "housing_fund_query", "公积金"),
        ("浙A·12345", "traffic_violation_query", "号牌号码"),
        ("330000101A2B3C4D5E", "payment_by_notice", "缴款单号(缴款识别码)"),
    ] {
        let answer = search(&anybody, text, None, 10).await;
        let first = &answer["data"]["searchApps"][0];
        assert_eq!(first["app"]["slug"], slug, "{text}: {answer}");
        assert_eq!(first["matched"], matched, "{text}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_serve_the_region_comes_last_and_says_so() {
    let app = TestApp::start().await;
    let anybody = app.citizen().await.anonymous();
    for (region, status) in [("330100", "OPEN"), ("330200", "NOT_IN_REGION")] {
        let answer = search(&anybody, "小客车摇号", Some(region), 20).await;
        let hits = answer["data"]["searchApps"].as_array().unwrap();
        let lottery =
            hits.iter().find(|hit| hit["app"]["slug"] == "passenger_car_lottery").unwrap();
        assert_eq!(lottery["app"]["availability"]["status"], status, "{answer}");
        let elsewhere = |hit: &&Value| hit["app"]["availability"]["status"] == "NOT_IN_REGION";
        let here = hits.iter().position(|hit| elsewhere(&hit)).unwrap_or(hits.len());
        assert!(hits[here..].iter().all(|hit| elsewhere(&hit)), "{answer}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_search_is_refused_or_finds_nothing() {
    let app = TestApp::start().await;
    let anybody = app.citizen().await.anonymous();
    for text in ["", "  ", "🚗🚗", "'; DROP TABLE person; --", "<script>", "%%%", "\u{202E}\u{0}"]
    {
        let answer = search(&anybody, text, None, 10).await;
        assert_eq!(answer["data"]["searchApps"], json!([]), "{text}: {answer}");
    }
    let long = "社".repeat(65);
    let huge = "社保 ".repeat(2_000);
    for (text, region, first) in [
        (long.as_str(), None, 10),
        (&huge, None, 10),
        ("社保", None, 0),
        ("社保", None, 21),
        ("社保", None, -1),
        ("社保", Some("999999"), 10),
        ("社保", Some("杭州"), 10),
    ] {
        let answer = search(&anybody, text, region, first).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{text:.20}: {answer}");
    }
    let answer = search(&anybody, "社保", Some("330100"), 3).await;
    assert_eq!(answer["data"]["searchApps"].as_array().unwrap().len(), 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editors_see_what_was_searched_in_vain_and_nobody_elses_number() {
    let app = TestApp::start().await;
    let anybody = app.citizen().await.anonymous();
    for text in ["火星飞碟", "火星 飞碟", "13800138000火星"] {
        let answer = search(&anybody, text, None, 10).await;
        assert_eq!(answer["data"]["searchApps"], json!([]), "{text}: {answer}");
    }
    let query = "{zeroResults(first:5){text times last}}";
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    let seen = editor.reads(query).await["zeroResults"].clone();
    assert_eq!((&seen[0]["text"], &seen[0]["times"]), (&json!("火星飞碟"), &json!(2)));
    assert!(!seen.to_string().contains("13800138000"), "{seen}");
    let operator = Desk::of(&app, "运", &[StaffRole::Operator]).await;
    assert_eq!(operator.reads(query).await["zeroResults"], seen);
    let clerk = Desk::of(&app, "甲", &[StaffRole::Clerk]).await;
    assert_eq!(failure(&clerk.asks(query, json!({})).await), "NOT_ALLOWED");
    assert_eq!(failure(&Desk::nobody(&app).asks(query, json!({})).await), "NOT_SIGNED_IN");
    app.finish().await;
}

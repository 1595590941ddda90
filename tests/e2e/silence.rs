//! Platforms that do not answer: the answer says so, and nothing is half done.

use serde_json::json;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_exchange_is_told_and_nothing_is_done() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    app.levers.fault("exchange", "traffic.violations", "silent", 5).await;
    let answers = citizen.vehicle_answers();
    let silent = citizen.submits("traffic_violation_query", &answers).await;
    assert_eq!(codes(&silent), ["DEPARTMENT_UNAVAILABLE"], "{silent}");
    assert!(silent["outcome"].is_null());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_gateway_leaves_the_rows_and_blocks_the_payment() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    app.levers.fault("gateway", "Get_AppPay_Info", "error500", 50).await;
    let answers = citizen.vehicle_answers();
    let rows = citizen.tries_to_submit("traffic_violation_query", &answers).await;
    let codes_of = |answer: &serde_json::Value| {
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(codes_of(&rows), "GATEWAY_UNAVAILABLE", "{rows}");
    assert_eq!(rows["data"]["submitApp"]["outcome"]["rows"].as_array().unwrap().len(), 2);
    let blocked = citizen.tries_to_start(&Citizen::wish(&fine, fen, "gateway-down")).await;
    assert_eq!(codes_of(&blocked), "GATEWAY_UNAVAILABLE", "{blocked}");
    assert!(blocked["errors"][0]["extensions"]["traceId"].is_string());
    let data = citizen.reads("{viewer{payments{nodes{paymentNo}}}}").await;
    assert_eq!(data["viewer"]["payments"]["nodes"], json!([]), "nothing was stored");
    app.finish().await;
}

/// Fault case 33.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_down_for_hours_gets_its_write_off_later() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.fault("gateway", "GetPay_Info", "error500", 3).await;
    app.levers.fault("gateway", "GetPay_Info", "lost-answer", 1).await;
    app.levers.pays(&payment_no).await;
    let paid = citizen.waits_for(&payment_no, "PAID").await;
    assert_ne!(paid["writeOff"], "DONE", "paid, and not yet told to the agency");
    for _ in 0..6 {
        app.levers.advance(600).await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    }
    let payment = citizen.waits_for_receipt(&payment_no).await;
    assert_eq!(payment["status"], "PAID");
    app.finish().await;
}

/// Fault case 11.
#[tokio::test(flavor = "multi_thread")]
async fn a_rail_that_swallows_the_answer_is_asked_again_with_the_same_number() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    app.levers.fault("wechat-pay", "prepay", "lost-answer", 2).await;
    let wish = Citizen::wish(&fine, fen, "answer-lost");
    let unknown = citizen.starts(&wish).await;
    assert_eq!(codes(&unknown), ["OUTCOME_UNKNOWN"], "{unknown}");
    assert_eq!(unknown["payment"]["status"], "UNKNOWN");
    assert!(unknown["payment"]["retryAfterMs"].is_i64());
    let again = citizen.starts(&wish).await;
    assert_eq!(again["payment"]["paymentNo"], unknown["payment"]["paymentNo"]);
    assert!(again["cashier"]["paySign"].is_string(), "{again}");
    let payment_no = again["payment"]["paymentNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    citizen.waits_for_receipt(payment_no).await;
    app.finish().await;
}

/// Fault case 20.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_rail_leaves_the_payment_unknown_and_healed() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.callbacks("lose").await;
    app.levers.pays(&payment_no).await;
    app.levers.fault("wechat-pay", "query", "error500", 2).await;
    let looked = citizen.refreshes(&payment_no).await;
    assert_eq!(looked["payment"]["status"], "UNKNOWN", "silence is not failure: {looked}");
    app.levers.advance(60).await;
    citizen.waits_for_receipt(&payment_no).await;
    app.finish().await;
}

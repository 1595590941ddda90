//! Something behind us hangs: it costs what needs it, and nothing else.

use serde_json::json;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;

/// Fault case 29.
#[tokio::test(flavor = "multi_thread")]
async fn while_one_rail_hangs_another_is_paid() {
    const HANGING: usize = 5;
    let app = TestApp::start().await;
    let facts = app.levers.citizen().await;
    let id = facts["citizenId"].as_str().unwrap().to_owned();
    let at_alipay = Citizen::signs_in_at_alipay(&app.node.base_url, &app.levers, facts).await;
    app.levers.fault("alipay", "trade.create", "silent", 100).await;
    let mut hanging = Vec::new();
    for number in 0..HANGING {
        let notice = app.levers.notice(&id, json!({ "amountFen": 20_000 })).await;
        let mut wish = Citizen::wish(&notice, 20_000, &format!("hangs-at-alipay-{number}"));
        wish["rail"] = "ALIPAY".into();
        let citizen = at_alipay.clone();
        hanging.push(tokio::spawn(async move { citizen.starts(&wish).await }));
    }
    eventually("all of them under way", || async {
        (app.counts("payment WHERE rail = 'ALIPAY'").await == 5).then_some(())
    })
    .await;
    let other = app.citizen().await;
    let (fine, fen) = other.finds_fine().await;
    let paid = other.starts_paying(&fine, fen).await;
    app.levers.pays(&paid).await;
    other.waits_for_receipt(&paid).await;
    for answer in hanging {
        let answer = answer.await.unwrap();
        assert_eq!(codes(&answer), ["OUTCOME_UNKNOWN"], "{answer}");
    }
    app.node.stop().await;
}

/// Fault case 30.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_hangs_leaves_its_own_field_empty_and_no_other() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.fault("gateway", "Get_AppPay_Info", "silent", 100).await;
    let query = format!(
        "{{categories{{slug}} rails{{rail}} viewer{{person{{id}} payments{{nodes{{paymentNo}}}} \
         notices(of:{{noticeNo:\"{fine}\"}}){{nodes{{noticeNo}}}}}}}}"
    );
    let answer = citizen.ask(&query, json!({})).await;
    let (data, errors) = (&answer["data"], answer["errors"].as_array().unwrap());
    assert!(data["viewer"]["notices"].is_null(), "{answer}");
    assert_eq!(errors.len(), 1, "{answer}");
    assert_eq!(errors[0]["path"], json!(["viewer", "notices"]), "{answer}");
    assert_eq!(errors[0]["extensions"]["code"], "GATEWAY_UNAVAILABLE", "not TIMEOUT: {answer}");
    assert_eq!(data["categories"].as_array().unwrap().len(), 16);
    assert_eq!(data["viewer"]["payments"]["nodes"][0]["paymentNo"], payment_no.as_str());
    assert!(data["viewer"]["person"]["id"].is_string() && data["rails"].is_array(), "{answer}");
    app.finish().await;
}

//! Every rail in its own channel: from signing in to the day that is reconciled.

use domain::payment::Rail;
use domain::reconciliation::{DayBook, DayState};
use jiff::civil::date;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;

/// Somebody with a notice of 200 yuan.
async fn with_notice(app: &TestApp) -> (Value, String) {
    let facts = app.levers.citizen().await;
    let id = facts["citizenId"].as_str().unwrap();
    let notice = app.levers.notice(id, json!({ "amountFen": 20_000 })).await;
    (facts, notice)
}

async fn starts(citizen: &Citizen, notice: &str, rail: &str) -> (String, Value) {
    let mut wish = Citizen::wish(notice, 20_000, &format!("key-{notice}"));
    wish["rail"] = rail.into();
    let started = citizen.starts(&wish).await;
    assert_eq!(started["userErrors"], json!([]), "{started}");
    let payment_no = started["payment"]["paymentNo"].as_str().unwrap().to_owned();
    (payment_no, started["cashier"].clone())
}

/// The day of `rail`'s money is judged without a difference, with one line.
async fn is_reconciled(app: &TestApp, rail: Rail) {
    let day = eventually("the day's result", || async {
        DayBook::find(&app.node.store, rail, date(2026, 3, 2)).await.unwrap()
    })
    .await;
    assert_eq!(day.state, DayState::Matched, "{day:?}");
    assert_eq!((day.lines.len(), day.ledger_total.value()), (1, 20_000), "{day:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn alipay_is_paid_in_its_own_mini_program() {
    let app = TestApp::start().await;
    let (facts, notice) = with_notice(&app).await;
    let citizen = Citizen::signs_in_at_alipay(&app.node.base_url, &app.levers, facts).await;
    let (payment_no, cashier) = starts(&citizen, &notice, "ALIPAY").await;
    assert!(cashier["tradeNo"].is_string(), "{cashier}");
    app.levers.pull(&format!("alipay/trades/{payment_no}/approve"), json!({})).await;
    citizen.waits_for_receipt(&payment_no).await;
    app.levers.tomorrow_at("10:00").await;
    is_reconciled(&app, Rail::Alipay).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_pays_by_alipays_order_string() {
    let app = TestApp::start().await;
    let (facts, notice) = with_notice(&app).await;
    let id = facts["citizenId"].clone();
    let citizen = Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, facts).await;
    let (payment_no, cashier) = starts(&citizen, &notice, "ALIPAY").await;
    let opened = json!({ "orderString": cashier["orderString"], "citizenId": id });
    app.levers.pull("alipay/app-cashier", opened).await;
    app.levers.pull(&format!("alipay/trades/{payment_no}/approve"), json!({})).await;
    citizen.waits_for_receipt(&payment_no).await;
    app.levers.tomorrow_at("10:00").await;
    is_reconciled(&app, Rail::Alipay).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_pays_by_unionpays_tn() {
    let app = TestApp::start().await;
    let (facts, notice) = with_notice(&app).await;
    let citizen = Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, facts).await;
    let (payment_no, cashier) = starts(&citizen, &notice, "UNIONPAY").await;
    let tn = cashier["tn"].as_str().unwrap();
    app.levers.pull(&format!("unionpay/orders/{tn}/approve"), json!({})).await;
    citizen.waits_for_receipt(&payment_no).await;
    // Its settlement days end at 23:00, so a calendar day needs the files of two of them; at
    // noon a file that is not there is one that will not come.
    app.levers.tomorrow_at("12:00").await;
    app.levers.tomorrow_at("12:00").await;
    is_reconciled(&app, Rail::UnionPay).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_callbacks_of_every_rail_are_made_up_for_by_asking() {
    let app = TestApp::start().await;
    app.levers.callbacks("lose").await;
    for rail in ["ALIPAY", "UNIONPAY"] {
        let (facts, notice) = with_notice(&app).await;
        let citizen = Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, facts).await;
        let (payment_no, cashier) = starts(&citizen, &notice, rail).await;
        if rail == "ALIPAY" {
            let opened = json!({
                "orderString": cashier["orderString"], "citizenId": citizen.facts["citizenId"]
            });
            app.levers.pull("alipay/app-cashier", opened).await;
            app.levers.pull(&format!("alipay/trades/{payment_no}/approve"), json!({})).await;
        } else {
            app.levers.pull(&format!("unionpay/orders/{payment_no}/approve"), json!({})).await;
        }
        let back = citizen.refreshes(&payment_no).await;
        assert_eq!(back["payment"]["status"], "PAID", "{rail}: {back}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rail_is_offered_where_it_can_be_opened_and_greyed_out_while_it_is_silent() {
    let app = TestApp::start().await;
    let (facts, notice) = with_notice(&app).await;
    let citizen = Citizen::signs_in_at_alipay(&app.node.base_url, &app.levers, facts).await;
    let offered = async || {
        let data = citizen.reads("{rails{rail name available reason retryAt}}").await;
        data["rails"].as_array().unwrap().clone()
    };
    let rails = offered().await;
    let available = |rails: &[Value]| {
        let open = rails.iter().filter(|rail| rail["available"] == true);
        open.map(|rail| rail["rail"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(available(&rails), ["ALIPAY"], "{rails:?}");
    assert_eq!(rails[0]["reason"], "微信支付不能在这里使用");

    app.levers.fault("alipay", "trade.create", "error500", 1_000).await;
    app.levers.fault("alipay", "trade.query", "error500", 1_000).await;
    let mut wish = Citizen::wish(&notice, 20_000, "while-it-is-silent");
    wish["rail"] = "ALIPAY".into();
    let mut tries = 0;
    while available(&offered().await) == ["ALIPAY"] {
        let (_, other) = with_notice(&app).await;
        let mut other = Citizen::wish(&other, 20_000, &format!("while-silent-{tries}"));
        other["rail"] = "ALIPAY".into();
        citizen.starts(&other).await;
        tries += 1;
        assert!(tries < 100, "never greyed out");
    }
    let sick = offered().await;
    let alipay = sick.iter().find(|rail| rail["rail"] == "ALIPAY").unwrap();
    assert!(alipay["reason"].as_str().unwrap().contains("暂时没有响应"), "{alipay}");
    assert!(alipay["retryAt"].is_string(), "{alipay}");
    let refused = citizen.starts(&wish).await;
    assert_eq!(codes(&refused), ["RAIL_UNAVAILABLE"], "{refused}");
    app.node.stop().await;
}

//! A quote fixes the late fee for a quarter of an hour, also past midnight.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

/// A citizen before midnight, with a fine that grows by six yuan every night.
async fn late_evening(app: &TestApp, time: &str) -> (Citizen, String) {
    app.levers.pull("clock", json!({ "set": format!("2026-03-02T{time}+08:00") })).await;
    let citizen = app.citizen().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let fine = json!({ "amountFen": 20_000, "title": "罚款", "decidedDaysAgo": 20 });
    let no = app.levers.notice(id, fine).await;
    (citizen, no)
}

async fn quote(citizen: &Citizen, notice: &str) -> Value {
    let query = format!(
        "{{quote(noticeNos:[\"{notice}\"]){{token total{{fen}} items{{amount{{fen}}}} expiresAt}}}}"
    );
    citizen.reads(&query).await["quote"].clone()
}

fn wish(notice: &str, fen: &Value, token: &Value, key: &str) -> Value {
    json!({
        "noticeNos": [notice], "rail": "WECHAT_PAY", "expectedTotal": fen, "quote": token,
        "idempotencyKey": key
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_holds_past_midnight() {
    let app = TestApp::start().await;
    let (citizen, fine) = late_evening(&app, "23:55:00").await;
    let quoted = quote(&citizen, &fine).await;
    let (total, token) = (&quoted["total"]["fen"], &quoted["token"]);
    assert!(total.as_i64().unwrap() > 20_000, "a late fee has grown: {quoted}");
    assert_eq!(quoted["expiresAt"], "2026-03-03T00:10:00+08:00");
    app.levers.advance(600).await; // Five minutes past midnight.

    let without = Citizen::wish(&fine, total.as_i64().unwrap(), "without-a-quote");
    assert_eq!(codes(&citizen.starts(&without).await), ["AMOUNT_CHANGED"]);
    let started = citizen.starts(&wish(&fine, total, token, "with-the-quote")).await;
    assert_eq!(started["userErrors"], json!([]), "{started}");
    assert_eq!(started["payment"]["amount"]["fen"], *total);
    let payment_no = started["payment"]["paymentNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    let paid = citizen.waits_for_receipt(payment_no).await;
    assert_eq!(paid["receipts"][0]["amount"]["fen"], *total);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_ends_after_a_quarter_of_an_hour_and_cannot_be_bent() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, _) = citizen.finds_fine().await;
    let quoted = quote(&citizen, &fine).await;
    let (total, token) = (&quoted["total"]["fen"], &quoted["token"]);

    let bent = json!(format!("{}A", token.as_str().unwrap()));
    assert_eq!(
        codes(&citizen.starts(&wish(&fine, total, &bent, "a-bent-quote")).await),
        ["INVALID"]
    );
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let other = app.levers.notice(id, json!({ "amountFen": 20_000, "title": "罚款" })).await;
    let foreign = citizen.starts(&wish(&other, total, token, "another-notice")).await;
    assert_eq!(codes(&foreign), ["INVALID"]);
    assert_eq!(foreign["userErrors"][0]["field"], json!(["quote"]));
    let more = json!(total.as_i64().unwrap() + 1);
    assert_eq!(
        codes(&citizen.starts(&wish(&fine, &more, token, "another-total")).await),
        ["AMOUNT_CHANGED"]
    );

    app.levers.advance(899).await;
    let on_time = citizen.starts(&wish(&fine, total, token, "in-the-last-second")).await;
    assert_eq!(codes(&on_time), [""; 0], "{on_time}");
    let no = on_time["payment"]["paymentNo"].as_str().unwrap();
    assert_eq!(citizen.cancels(no).await["payment"]["status"], "CLOSED");
    app.levers.advance(1).await;
    let late = citizen.starts(&wish(&fine, total, token, "a-second-too-late")).await;
    assert_eq!(codes(&late), ["QUOTE_EXPIRED"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_cannot_be_made_says_which_notice_and_why() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    for (number, reason) in [("330000001FS9999999999", "NOT_FOUND"), ("12", "INVALID")] {
        let query = format!("{{quote(noticeNos:[\"{number}\"]){{token}}}}");
        let answer = citizen.ask(&query, json!({})).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["reason"]),
            (&json!("BAD_INPUT"), &json!(reason))
        );
    }
    app.finish().await;
}

/// Fault case 6.
#[tokio::test(flavor = "multi_thread")]
async fn late_money_that_was_paid_in_time_is_honoured_past_midnight() {
    let app = TestApp::start().await;
    let (citizen, fine) = late_evening(&app, "23:58:00").await;
    let total = quote(&citizen, &fine).await["total"]["fen"].as_i64().unwrap();
    let payment_no = citizen.starts_paying(&fine, total).await;
    app.levers.advance(20 * 60).await; // The order has run out; the healer closes it.
    citizen.waits_for(&payment_no, "CLOSED").await;
    let in_time = tests::app::START_MS + (14 * 60 + 5) * 60_000; // 00:05 of the next day.
    let paid = json!({ "force": true, "atMs": in_time });
    app.levers.pull(&format!("orders/{payment_no}/approve"), paid).await;
    let honoured = citizen.waits_for_receipt(&payment_no).await;
    assert_eq!(honoured["status"], "PAID");
    app.finish().await;
}

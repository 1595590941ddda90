//! Refunds in the files of a day that go to the finance department.

use super::{FEN, Payer, RAILS};
use domain::reconciliation::{ClearingBook as _, ClearingState};
use jiff::civil::date;
use serde_json::json;
use tests::app::TestApp;
use tests::citizen::codes;
use tests::levers::eventually;

/// A part or all of it goes back, and the gateway was told.
async fn goes_back(payer: &Payer<'_>, (notice, no): (&str, &str), fen: Option<i64>) -> String {
    let made = payer.asks_back(no, notice, fen, &format!("{no}-back")).await;
    assert_eq!(codes(&made), [""; 0], "{made}");
    let number = made["refund"]["refundNo"].as_str().unwrap().to_owned();
    eventually("the gateway knows that it is back", || async {
        payer.app.levers.advance(5).await;
        let all = payer.app.levers.look("refunds").await["refunds"].clone();
        let told = |one: &&serde_json::Value| {
            one["refundNo"] == number.as_str() && one["state"] == "PAID_BACK"
        };
        all.as_array().unwrap().iter().find(told).map(|_| ())
    })
    .await;
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_refunds_is_cleared_with_agreed_totals() {
    let app = TestApp::start().await;
    let mut wanted = (0, 0);
    for (rail, fen) in RAILS.into_iter().zip([None, Some(101), Some(FEN)]) {
        let (payer, notice, no) = Payer::approved_at_once(&app, rail).await;
        goes_back(&payer, (&notice, &no), fen).await;
        wanted = (wanted.0 + FEN, wanted.1 + fen.unwrap_or(FEN));
    }
    // With a late fee, of which its part goes back.
    let facts = app.levers.pull("citizens", json!({ "name": "退付通过" })).await;
    let payer = Payer::of(&app, "WECHAT_PAY", facts).await;
    let late = json!({ "amountFen": FEN, "decidedDaysAgo": 25, "itemCode": "106010100" });
    let late = payer.gets_notice(late).await;
    let no = payer.starts(&[&late], 26_000).await;
    payer.pays(&no).await;
    payer.waits_for_receipt(&no).await;
    goes_back(&payer, (&late, &no), Some(13_000)).await;
    wanted = (wanted.0 + 26_000, wanted.1 + 13_000);

    app.levers.tomorrow_at("14:00").await;
    let day = eventually("the day's clearing", || async {
        let found = app.node.store.find(date(2026, 3, 2)).await.unwrap();
        found.filter(|day| day.batches > 0)
    })
    .await;
    assert_eq!(day.differences, [], "{day:?}");
    assert_eq!((day.state, day.orders, day.agreed), (ClearingState::Agreed, 8, 8), "{day:?}");
    assert_eq!((day.paid.value(), day.refunded.value()), wanted);
    app.finish().await;
}

//! Midnight, the end of the year, and the day that most years lack.

use domain::payment::Rail;
use domain::reconciliation::{DayBook, DayState};
use jiff::civil::{Date, date};
use jiff::tz::offset;
use serde_json::json;
use tests::app::TestApp;
use tests::levers::eventually;

async fn day_has(app: &TestApp, day: Date, lines: u32) {
    let result = eventually("the day's result", || async {
        DayBook::find(&app.node.store, Rail::WeChatPay, day).await.unwrap()
    })
    .await;
    assert_eq!(
        (result.state, u32::try_from(result.lines.len()).unwrap()),
        (DayState::Matched, lines),
        "{day}"
    );
    assert_eq!(result.ledger_count, lines, "{day}: booked on the same day");
}

/// Fault case 28.
#[tokio::test(flavor = "multi_thread")]
async fn money_of_the_last_second_belongs_to_the_day_of_the_rails_clock() {
    for day in [date(2026, 12, 31), date(2028, 2, 29)] {
        let app = TestApp::start().await;
        let next = day.tomorrow().unwrap();
        let set = |day: Date, time: &str| json!({ "set": format!("{day}T{time}+08:00") });
        app.levers.pull("clock", set(day, "23:50:00")).await;
        let citizen = app.citizen().await;
        let (fine, fen) = citizen.finds_fine().await;
        let payment_no = citizen.starts_paying(&fine, fen).await;
        app.levers.callbacks("hold").await;
        app.levers.pull("clock", set(next, "00:00:20")).await;
        let last_second = offset(8).to_timestamp(day.at(23, 59, 59, 0)).unwrap();
        let paid = json!({ "force": true, "atMs": last_second.as_millisecond() });
        app.levers.pull(&format!("orders/{payment_no}/approve"), paid).await;
        let callback = app.levers.newest_callback().await;
        assert_eq!(app.levers.releases(&callback, json!({})).await, [200]);
        let receipted = citizen.waits_for_receipt(&payment_no).await;
        let paid_at = receipted["paidAt"].as_str().unwrap();
        assert!(paid_at.starts_with(&format!("{day}T23:59:59")), "{receipted}");
        app.levers.pull("clock", set(next, "10:01:00")).await;
        day_has(&app, day, 1).await;
        app.levers.tomorrow_at("10:01").await;
        day_has(&app, next, 0).await;
        app.finish().await;
    }
}

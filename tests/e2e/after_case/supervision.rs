//! 督办: a department is warned, then pressed.

use super::{APP, back, sign_in_again, start};
use domain::casework::case::CaseState;
use domain::identity::StaffRole;
use jiff::civil::date;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::desk::{Desk, failure};
use tests::kept_case::KeptCase;
use tests::levers::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_department_is_warned_before_the_promised_day_and_pressed_after_it() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let promised = KeptCase {
        state: CaseState::InReview,
        promised_on: date(2026, 3, 5),
        ..KeptCase::done(APP, start())
    };
    let case = promised.of(&app.node.store, &citizen).await;
    let done = KeptCase { promised_on: date(2026, 3, 1), ..KeptCase::done(APP, start()) };
    done.of(&app.node.store, &citizen).await;
    let clerk = Desk::of(&app, "甲", &[StaffRole::Clerk]).await;
    let list = "{supervision{nodes{department caseNo promisedOn light overdueWorkdays}}}";
    assert_eq!(clerk.reads(list).await["supervision"]["nodes"], json!([]), "three days are time");
    let stands = async |clerk: &Desk, light: &str| {
        eventually(light, || async {
            let nodes = clerk.reads(list).await["supervision"]["nodes"].clone();
            let one = nodes.as_array().unwrap().first().cloned()?;
            (one["light"] == light && nodes.as_array().unwrap().len() == 1).then_some(one)
        })
        .await
    };
    app.levers.tomorrow_at("09:00").await;
    let clerk = Desk { token: sign_in_again(&clerk, "甲").await, ..clerk };
    let citizen = back(&app, &citizen).await;
    let yellow = stands(&clerk, "YELLOW").await;
    assert_eq!((&yellow["caseNo"], &yellow["overdueWorkdays"]), (&json!(case.as_str()), &json!(0)));
    let timeline = "{viewer{cases{nodes{caseNo timeline{text}}}}}";
    let lines = async || {
        let cases = citizen.reads(timeline).await["viewer"]["cases"]["nodes"].clone();
        let of = |one: &Value| one["caseNo"] == case.as_str();
        let one = cases.as_array().unwrap().iter().find(|one| of(one)).cloned().unwrap();
        one["timeline"].as_array().unwrap().clone()
    };
    assert_eq!(lines().await.len(), 1, "a warning is between the department and us");

    app.levers.pull("clock", json!({"set": "2026-03-09T09:00:00+08:00"})).await;
    let clerk = Desk { token: sign_in_again(&clerk, "甲").await, ..clerk };
    let citizen = back(&app, &citizen).await;
    let red = stands(&clerk, "RED").await;
    assert_eq!(red["overdueWorkdays"], 2);
    let own = citizen.reads(timeline).await["viewer"]["cases"]["nodes"].clone();
    assert!(own.to_string().contains("已督办省国土资源厅"), "{own}");
    let told = format!("message_event WHERE event_key = 'case:{case}:overdue:2026-03-05'");
    assert_eq!(app.counts(&told).await, 1);
    app.levers.tomorrow_at("09:00").await;
    app.levers.advance(3600).await;
    let marks = format!("supervision_mark WHERE case_no = '{case}'");
    assert_eq!(app.counts(&marks).await, 2, "each once");
    let agency = Desk::of(&app, "丙", &[StaffRole::Editor]).await;
    assert_eq!(failure(&agency.asks(list, json!({})).await), "NOT_ALLOWED");
    app.finish().await;
}

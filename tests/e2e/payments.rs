//! One live attempt, the same key, late money, cancelling, expiry.

use serde_json::json;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

/// Fault case 17.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_payment_for_ever() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let wish = Citizen::wish(&fine, fen, "one-key-for-ever");
    let first = citizen.starts(&wish).await;
    let again = citizen.starts(&wish).await;
    assert_eq!(first["payment"]["paymentNo"], again["payment"]["paymentNo"]);
    assert!(again["cashier"]["paySign"].is_string(), "the cashier opens again");

    let other = Citizen::wish(&fine, fen + 1, "one-key-for-ever");
    assert_eq!(codes(&citizen.starts(&other).await), ["IDEMPOTENCY_KEY_REUSED"]);

    let payment_no = first["payment"]["paymentNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    citizen.waits_for_receipt(payment_no).await;
    let later = citizen.starts(&wish).await;
    assert_eq!(later["payment"]["status"], "PAID");
    assert!(later["cashier"].is_null());
    app.finish().await;
}

/// Fault case 15.
#[tokio::test(flavor = "multi_thread")]
async fn one_notice_has_one_live_attempt_whoever_tries() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let tries = (0..8).map(|i| {
        let (citizen, wish) = (citizen.clone(), Citizen::wish(&fine, fen, &format!("tap-no-{i}")));
        tokio::spawn(async move { citizen.starts(&wish).await })
    });
    let mut numbers = std::collections::BTreeSet::new();
    let mut accepted = 0;
    for attempt in tries.collect::<Vec<_>>() {
        let payload = attempt.await.unwrap();
        if codes(&payload).is_empty() {
            accepted += 1;
        } else {
            assert_eq!(codes(&payload), ["PAYMENT_IN_PROGRESS"]);
        }
        numbers.insert(payload["payment"]["paymentNo"].as_str().unwrap().to_owned());
    }
    assert_eq!((accepted, numbers.len()), (1, 1), "eight taps, one payment");

    let stranger = app.citizen().await;
    let refused = stranger.starts(&Citizen::wish(&fine, fen, "somebody-else")).await;
    assert_eq!(codes(&refused), ["PAYMENT_IN_PROGRESS"]);
    assert!(refused["payment"].is_null() && refused["cashier"].is_null(), "not theirs to see");
    let payment_no = numbers.first().unwrap();
    let looked = stranger.refreshes(payment_no).await;
    assert_eq!(codes(&looked), ["NOT_FOUND"]);
    assert_eq!(codes(&stranger.cancels(payment_no).await), ["NOT_FOUND"]);

    app.levers.pays(payment_no).await;
    citizen.waits_for_receipt(payment_no).await;
    let late = stranger.starts(&Citizen::wish(&fine, fen, "too-late-now")).await;
    assert_eq!(codes(&late), ["ALREADY_PAID"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_payment_frees_its_notice() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    let cancelled = citizen.cancels(&payment_no).await;
    assert_eq!(cancelled["payment"]["status"], "CLOSED", "{cancelled}");
    assert_eq!(codes(&citizen.cancels(&payment_no).await), Vec::<String>::new(), "twice is once");

    let next = citizen.starts(&Citizen::wish(&fine, fen, "after-cancel")).await;
    assert_eq!(codes(&next), Vec::<String>::new());
    let next_no = next["payment"]["paymentNo"].as_str().unwrap();
    assert_ne!(next_no, payment_no);
    app.levers.pays(next_no).await;
    citizen.waits_for_receipt(next_no).await;
    assert_eq!(codes(&citizen.cancels(next_no).await), ["CONFLICT"], "paid is not cancelled");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_order_is_closed_by_the_rails_word() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.advance(16 * 60).await;
    let closed = citizen.waits_for(&payment_no, "CLOSED").await;
    assert_eq!(closed["history"].as_array().unwrap().last().unwrap()["reason"], "EXPIRED");
    assert_eq!(closed["notices"][0]["status"], "PAYABLE");
    app.finish().await;
}

/// Fault case 6.
#[tokio::test(flavor = "multi_thread")]
async fn late_money_is_honoured_while_the_notice_is_payable() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    citizen.cancels(&payment_no).await;
    app.levers.pull(&format!("orders/{payment_no}/approve"), json!({ "force": true })).await;
    let payment = citizen.waits_for_receipt(&payment_no).await;
    assert_eq!(payment["status"], "PAID");
    assert_eq!(payment["history"].as_array().unwrap().last().unwrap()["reason"], "LATE_HONOURED");
    app.finish().await;
}

/// Fault case 6.
#[tokio::test(flavor = "multi_thread")]
async fn late_money_beside_another_attempt_must_go_back() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let first = citizen.starts_paying(&fine, fen).await;
    citizen.cancels(&first).await;
    let second = citizen.starts(&Citizen::wish(&fine, fen, "the-second")).await;
    let second = second["payment"]["paymentNo"].as_str().unwrap().to_owned();
    app.levers.pull(&format!("orders/{first}/approve"), json!({ "force": true })).await;
    citizen.waits_for(&first, "REFUNDED").await;
    assert_eq!(citizen.payment_status(&second).await, "SUBMITTED", "the live one lives on");
    app.levers.pays(&second).await;
    citizen.waits_for_receipt(&second).await;
    assert_eq!(citizen.payment_status(&first).await, "REFUNDED");
    app.finish().await;
}

/// Fault case 6.
#[tokio::test(flavor = "multi_thread")]
async fn late_money_for_a_withdrawn_notice_must_go_back() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    citizen.cancels(&payment_no).await;
    app.levers.pull(&format!("notices/{fine}/withdraw"), json!({})).await;
    app.levers.pull(&format!("orders/{payment_no}/approve"), json!({ "force": true })).await;
    let payment = citizen.waits_for(&payment_no, "REFUNDED").await;
    let history = payment["history"].as_array().unwrap();
    assert!(history.iter().any(|event| event["status"] == "REFUND_DUE"), "{payment}");
    let refused = citizen.starts(&Citizen::wish(&fine, fen, "withdrawn-one")).await;
    assert_eq!(codes(&refused), ["NOTICE_NOT_PAYABLE"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_late_fee_of_the_day_is_asked_for_booked_and_written_off() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let late = json!({ "amountFen": 20_000, "decidedDaysAgo": 25, "title": "逾期罚款" });
    let fine = app.levers.notice(id, late).await;
    let refused = citizen.starts(&Citizen::wish(&fine, 20_000, "too-little-asked")).await;
    assert_eq!(codes(&refused), ["AMOUNT_CHANGED"], "200 yuan and 10 days at 6 yuan");
    let payment_no = citizen.starts_paying(&fine, 26_000).await;
    app.levers.pays(&payment_no).await;
    let payment = citizen.waits_for_receipt(&payment_no).await;
    assert_eq!(payment["receipts"][0]["amount"]["fen"], 26_000);
    app.finish().await;
}

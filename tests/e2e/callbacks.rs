//! Callbacks twice, lost, early, foreign and forged.

use serde_json::json;
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::eventually;

/// A citizen who has paid, whose callback is held back: payment number and callback id.
async fn held_back(app: &TestApp) -> (Citizen, String, String, String) {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.callbacks("hold").await;
    app.levers.pays(&payment_no).await;
    let callback = app.levers.newest_callback().await;
    (citizen, payment_no, callback, fine)
}

/// What the agency saw, and how often money was booked.
async fn once_everywhere(app: &TestApp, citizen: &Citizen, payment_no: &str, fine: &str) {
    let payment = citizen.waits_for_receipt(payment_no).await;
    let paid = payment["history"].as_array().unwrap().iter().filter(|e| e["status"] == "PAID");
    assert_eq!(paid.count(), 1, "{payment}");
    let gateway = app.levers.gateway_notice(fine).await;
    assert_eq!(gateway["receipts"].as_array().unwrap().len(), 1, "{gateway}");
    let (debits, _) = domain::payment::LedgerBook::totals(&app.node.store).await.unwrap();
    assert_eq!(debits.value(), payment["amount"]["fen"].as_i64().unwrap());
}

/// Fault case 2.
#[tokio::test(flavor = "multi_thread")]
async fn twice_within_a_second_and_on_two_nodes_counts_once() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let second = app.second_node().await;
        let (citizen, payment_no, callback, fine) = held_back(&app).await;
        let to = |base: &str| format!("{base}/callbacks/wechat-pay");
        let both = json!({ "times": 3, "to": [to(&app.node.base_url), to(&second.base_url)] });
        let statuses = app.levers.releases(&callback, both).await;
        assert_eq!(statuses, vec![200; 6], "the rail is told at every node");
        once_everywhere(&app, &citizen, &payment_no, &fine).await;
        let at_second = citizen.at(&second.base_url).payment(&payment_no).await;
        assert_eq!(at_second["status"], "PAID");
        second.stop().await;
        app.finish().await;
    }
}

/// Fault case 1.
#[tokio::test(flavor = "multi_thread")]
async fn lost_for_ever_is_healed_by_asking() {
    let app = TestApp::start().await;
    app.levers.callbacks("lose").await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    app.levers.advance(60).await;
    once_everywhere(&app, &citizen, &payment_no, &fine).await;
    app.finish().await;
}

/// Fault case 3.
#[tokio::test(flavor = "multi_thread")]
async fn a_callback_may_overtake_the_answer_of_prepay() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    app.levers.fault("wechat-pay", "prepay", "slow", 1).await;
    let starting = {
        let (citizen, wish) = (citizen.clone(), Citizen::wish(&fine, fen, "early-callback"));
        tokio::spawn(async move { citizen.starts(&wish).await })
    };
    let order = eventually("an order at the rail", || async {
        let orders = app.levers.look("orders").await;
        let newest = orders["orders"].as_array().unwrap().last().cloned()?;
        newest["outTradeNo"].as_str().map(str::to_owned)
    })
    .await;
    app.levers.pays(&order).await;
    citizen.waits_for(&order, "PAID").await;
    let payload = starting.await.unwrap();
    assert_eq!(payload["payment"]["status"], "PAID", "the answer tells what is true now");
    assert!(payload["cashier"].is_null(), "nobody is sent to a cashier to pay again");
    once_everywhere(&app, &citizen, &order, &fine).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_but_not_ours_changes_nothing() {
    let app = TestApp::start().await;
    let (citizen, payment_no, callback, fine) = held_back(&app).await;
    for forged in [
        json!({ "outTradeNo": "YW20990101000000ABCDEFGHJKMN" }),
        json!({ "outTradeNo": "not ours" }),
        json!({ "appId": "wx0000000000000000" }),
        json!({ "mchId": "1999999999" }),
        json!({ "amountFen": 1 }),
    ] {
        let how = json!({ "forge": forged });
        assert_eq!(app.levers.releases(&callback, how).await, [200], "{forged}: acknowledged");
    }
    for (forged, why) in [
        (json!({ "badSignature": true }), "bad signature"),
        (json!({ "staleSeconds": 301 }), "too old"),
        (json!({ "probe": true }), "signature probe"),
    ] {
        let statuses = app.levers.releases(&callback, json!({ "forge": forged })).await;
        assert_eq!(statuses, [401], "{why}");
    }
    eventually("five verdicts", || async {
        (app.counts("callback_inbox WHERE outcome IS NOT NULL").await == 5).then_some(())
    })
    .await;
    // The healer may have asked the rail meanwhile; no callback may have moved anything.
    let number = domain::ids::PaymentNo::new(&payment_no).unwrap();
    let history = domain::payment::PaymentStore::history(&app.node.store, &number).await.unwrap();
    let by_callback = |evidence: &String| evidence.starts_with("callback:");
    assert!(!history.iter().any(|e| e.evidence.as_ref().is_some_and(by_callback)), "{history:?}");

    // The genuine one, of the same event, still counts.
    assert_eq!(app.levers.releases(&callback, json!({})).await, [200]);
    once_everywhere(&app, &citizen, &payment_no, &fine).await;
    app.finish().await;
}

/// Fault case 21.
#[tokio::test(flavor = "multi_thread")]
async fn another_amount_that_the_rail_confirms_is_held_for_review() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    let approve = format!("orders/{payment_no}/approve");
    app.levers.pull(&approve, json!({ "amountFen": fen - 1 })).await;
    let payment = citizen.waits_for(&payment_no, "UNDER_REVIEW").await;
    assert_eq!(payment["writeOff"], "NOT_DUE");
    assert_eq!(payment["receipts"], json!([]));
    let gateway = app.levers.gateway_notice(&fine).await;
    assert_eq!(gateway["state"], "PAYABLE", "no write-off for another amount");
    let again = citizen.starts(&Citizen::wish(&fine, fen, "second-try")).await;
    assert_eq!(tests::citizen::codes(&again), ["PAYMENT_IN_PROGRESS"]);
    app.finish().await;
}

//! The same key again: while the first request is under way, and after one that failed.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;
use tokio::task::JoinHandle;

/// Starts the payment, and comes back when the rail has the order and has not answered yet.
async fn is_on_its_way(app: &TestApp, citizen: &Citizen, wish: &Value) -> JoinHandle<Value> {
    let (citizen, wish) = (citizen.clone(), wish.clone());
    let first = tokio::spawn(async move { citizen.starts(&wish).await });
    eventually("an order at the rail", || async {
        let orders = app.levers.look("orders").await;
        orders["orders"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    })
    .await;
    first
}

/// Fault case 18.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_while_the_first_runs_is_told_where_it_stands() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let wish = Citizen::wish(&fine, fen, "twice-at-once");
    // The first call is answered late; a second one would fail at once, and use the fault up.
    app.levers.fault("wechat-pay", "prepay", "slow", 1).await;
    app.levers.fault("wechat-pay", "prepay", "error500", 1).await;
    let first = is_on_its_way(&app, &citizen, &wish).await;
    let again = citizen.starts(&wish).await;
    assert_eq!(codes(&again), ["PAYMENT_IN_PROGRESS"], "{again}");
    assert_eq!(again["payment"]["status"], "SUBMITTED", "and where it stands: {again}");
    assert!(again["cashier"].is_null(), "{again}");
    let first = first.await.unwrap();
    assert_eq!(first["payment"]["paymentNo"], again["payment"]["paymentNo"]);
    assert!(first["cashier"]["paySign"].is_string(), "{first}");
    let left = app.levers.look("faults").await;
    assert_eq!(left["faults"].as_array().unwrap().len(), 1, "the rail was called once: {left}");

    app.levers.clear_faults().await;
    let payment_no = first["payment"]["paymentNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    citizen.waits_for_receipt(payment_no).await;
    app.finish().await;
}

/// Fault case 18.
#[tokio::test(flavor = "multi_thread")]
async fn at_another_node_the_same_key_is_the_same_payment_and_the_rail_has_one_order() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let second = app.twin_node().await;
        let citizen = app.citizen().await;
        let (fine, fen) = citizen.finds_fine().await;
        let wish = Citizen::wish(&fine, fen, "twice-at-two-nodes");
        app.levers.fault("wechat-pay", "prepay", "slow", 1).await;
        let first = is_on_its_way(&app, &citizen, &wish).await;
        let again = citizen.at(&second.base_url).starts(&wish).await;
        assert!(!first.is_finished(), "the first request is still under way");
        assert!(again["cashier"]["paySign"].is_string(), "{again}");
        let first = first.await.unwrap();
        let payment_no = again["payment"]["paymentNo"].as_str().unwrap();
        assert_eq!(first["payment"]["paymentNo"], payment_no);
        let orders = app.levers.look("orders").await;
        let orders = orders["orders"].as_array().unwrap();
        assert_eq!(orders.len(), 1, "one number, one order: {orders:?}");
        assert_eq!(orders[0]["outTradeNo"], payment_no);

        app.levers.pays(payment_no).await;
        citizen.waits_for_receipt(payment_no).await;
        assert_eq!(app.counts("payment").await, 1);
        assert_eq!(app.counts("journal WHERE kind = 'PAID'").await, 1);
        second.stop().await;
        app.finish().await;
    }
}

/// Fault case 19.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_passes_is_not_kept_by_the_key() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let wish = Citizen::wish(&fine, fen, "one-key-for-all");

    // The gateway is gone: nothing is stored, so nothing is remembered.
    app.levers.fault("gateway", "Get_AppPay_Info", "error500", 50).await;
    let refused = citizen.tries_to_start(&wish).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "GATEWAY_UNAVAILABLE", "{refused}");
    app.levers.clear_faults().await;

    // The store takes nothing.
    app.tampers(
        "CREATE TRIGGER full BEFORE INSERT ON payment \
                 BEGIN SELECT RAISE(ABORT, 'planned'); END",
    )
    .await;
    let refused = citizen.tries_to_start(&wish).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{refused}");
    app.tampers("DROP TRIGGER full").await;
    assert_eq!(app.levers.look("orders").await["orders"], json!([]), "no order was placed");

    // The rail does not answer: the attempt is stored, and the key leads back to it.
    app.levers.fault("wechat-pay", "prepay", "error500", 2).await;
    let unknown = citizen.starts(&wish).await;
    assert_eq!(codes(&unknown), ["OUTCOME_UNKNOWN"], "{unknown}");
    app.levers.clear_faults().await;
    let started = citizen.starts(&wish).await;
    assert_eq!(started["payment"]["paymentNo"], unknown["payment"]["paymentNo"]);
    assert!(started["cashier"]["paySign"].is_string(), "{started}");
    let payment_no = started["payment"]["paymentNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    citizen.waits_for_receipt(payment_no).await;
    app.finish().await;
}

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
    let sums = domain::payment::LedgerBalances::sums(&app.node.store).await.unwrap();
    let clearing = domain::payment::Account::RailClearing(domain::payment::Rail::WeChatPay);
    let taken = sums.iter().find(|of| of.account == clearing).unwrap().kept.debits;
    assert_eq!(taken.value(), payment["amount"]["fen"].as_i64().unwrap());
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

/// No callback has moved this payment; the healer may have asked the rail meanwhile.
async fn no_callback_moved(app: &TestApp, payment_no: &str) {
    let number = domain::ids::PaymentNo::new(payment_no).unwrap();
    let history = domain::payment::PaymentStore::history(&app.node.store, &number).await.unwrap();
    let by_callback = |evidence: &String| evidence.starts_with("callback:");
    assert!(!history.iter().any(|e| e.evidence.as_ref().is_some_and(by_callback)), "{history:?}");
}

/// So many callbacks were taken in and judged; those with this outcome if one is named.
async fn judged(app: &TestApp, count: i64, outcome: &str) {
    eventually("verdicts", || async {
        let judged = format!("callback_inbox WHERE outcome LIKE '%{outcome}%'");
        (app.counts(&judged).await == count).then_some(())
    })
    .await;
}

/// Fault case 8.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_but_not_ours_changes_nothing() {
    let app = TestApp::start().await;
    let (citizen, payment_no, callback, fine) = held_back(&app).await;
    for forged in [
        json!({ "outTradeNo": "YW20990101000000ABCDEFGHJKMN" }),
        json!({ "outTradeNo": "not ours" }),
        json!({ "appId": "wx0000000000000000" }),
        json!({ "mchId": "1999999999" }),
    ] {
        let how = json!({ "forge": forged });
        assert_eq!(app.levers.releases(&callback, how).await, [200], "{forged}: acknowledged");
    }
    judged(&app, 4, "Foreign").await;
    no_callback_moved(&app, &payment_no).await;
    // The genuine one, of the same event, still counts.
    assert_eq!(app.levers.releases(&callback, json!({})).await, [200]);
    once_everywhere(&app, &citizen, &payment_no, &fine).await;
    app.finish().await;
}

/// Fault case 9.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_too_old_is_refused_and_not_even_kept() {
    let app = TestApp::start().await;
    let (citizen, payment_no, callback, fine) = held_back(&app).await;
    for (forged, why) in [
        (json!({ "badSignature": true }), "bad signature"),
        (json!({ "staleSeconds": 301 }), "too old"),
        (json!({ "probe": true }), "signature probe"),
    ] {
        let statuses = app.levers.releases(&callback, json!({ "forge": forged })).await;
        assert_eq!(statuses, [401], "{why}");
    }
    assert_eq!(app.counts("callback_inbox").await, 0, "nothing of it is kept");
    no_callback_moved(&app, &payment_no).await;
    // The genuine one counts, and played again it counts no second time.
    for _ in 0..2 {
        assert_eq!(app.levers.releases(&callback, json!({})).await, [200]);
        once_everywhere(&app, &citizen, &payment_no, &fine).await;
    }
    assert_eq!(app.counts("callback_inbox").await, 1);
    app.finish().await;
}

/// Fault case 4.
#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_could_not_be_acted_on_comes_again() {
    const NO_MONEY: [&str; 2] = [
        "CREATE TRIGGER no_money BEFORE UPDATE OF txn ON payment WHEN NEW.txn IS NOT NULL \
         BEGIN SELECT RAISE(ABORT, 'planned'); END",
        "ALTER TABLE payment ADD CONSTRAINT no_money CHECK (txn IS NULL) NOT VALID",
    ];
    const MONEY: [&str; 2] =
        ["DROP TRIGGER no_money", "ALTER TABLE payment DROP CONSTRAINT no_money"];
    for (kind, app) in [TestApp::start().await, TestApp::on_postgres().await].iter().enumerate() {
        let (citizen, payment_no, callback, fine) = held_back(app).await;
        // Only the callback can tell, and the store cannot take what it tells.
        app.levers.fault("wechat-pay", "query", "error500", 100_000).await;
        app.tampers(NO_MONEY[kind]).await;
        for _ in 0..3 {
            assert_eq!(app.levers.releases(&callback, json!({})).await, [200]);
            app.levers.advance(16).await;
        }
        assert_eq!(app.counts("callback_inbox WHERE outcome IS NULL").await, 1, "one, and open");
        assert_ne!(citizen.payment_status(&payment_no).await, "PAID");
        app.tampers(MONEY[kind]).await;
        app.levers.advance(16).await;
        once_everywhere(app, &citizen, &payment_no, &fine).await;
        let number = domain::ids::PaymentNo::new(&payment_no).unwrap();
        let history = domain::payment::PaymentStore::history(&app.node.store, &number).await;
        let evidence = history.unwrap().pop().unwrap().evidence.unwrap();
        assert!(evidence.starts_with("callback:"), "{evidence}");
    }
}

/// Fault case 10.
#[tokio::test(flavor = "multi_thread")]
async fn a_rail_that_changes_its_key_in_between_is_believed_with_both() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let id = citizen.facts["citizenId"].as_str().unwrap().to_owned();
    let old = app.levers.look("wechat-pay/keys").await["keys"][0]["id"].clone();
    let new = json!({ "add": "certificate", "signs": "new" });
    for change in [json!({ "signs": old }), new, json!({ "signs": old })] {
        app.levers.pull("wechat-pay/keys", change.clone()).await;
        let notice = app.levers.notice(&id, json!({ "amountFen": 15_000 })).await;
        let payment_no = citizen.starts_paying(&notice, 15_000).await;
        app.levers.pays(&payment_no).await;
        citizen.waits_for_receipt(&payment_no).await;
        let number = domain::ids::PaymentNo::new(&payment_no).unwrap();
        let history = domain::payment::PaymentStore::history(&app.node.store, &number).await;
        let evidence = history.unwrap().pop().unwrap().evidence.unwrap();
        assert!(evidence.starts_with("callback:"), "{change}: {evidence}");
    }
    app.finish().await;
}

/// Fault case 21.
#[tokio::test(flavor = "multi_thread")]
async fn another_amount_that_the_rail_does_not_confirm_changes_nothing() {
    let app = TestApp::start().await;
    let (citizen, payment_no, callback, fine) = held_back(&app).await;
    let how = json!({ "forge": { "amountFen": 1 } });
    assert_eq!(app.levers.releases(&callback, how).await, [200], "acknowledged");
    judged(&app, 1, "AmountNotProved").await;
    no_callback_moved(&app, &payment_no).await;
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

//! The rail's news of refunds, out of order.

use super::{FEN, Payer, at_rail, nothing_is_owed};
use adapters::http::{Deadlines, HttpClient};
use adapters::system::RandomIds;
use adapters::wechat::{WeChatPayAccount, WeChatPayConfig, WeChatPayRefunds};
use bff::demo::{BesideClock, channels_of};
use domain::ids::{PaymentNo, RefundNo};
use domain::money::PayableFen;
use domain::payment::{OrderKey, RailRefunds as _, RailTxn, RefundOrder};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::app::TestApp;
use tests::levers::eventually;

/// The merchant's console at the rail, where somebody gives back what we have not heard of.
fn console(app: &TestApp) -> WeChatPayRefunds {
    let channels = channels_of(&app.mocks.onboarding());
    let pay = &channels.we_chat_pay;
    let config = WeChatPayConfig {
        base_url: pay.base_url.clone(),
        app_id: channels.we_chat.app_id.clone(),
        app_app_id: None,
        merchant_no: pay.merchant_no.clone(),
        merchant_serial: pay.merchant_serial.clone(),
        merchant_private_key_pem: pay.merchant_private_key.expose().to_owned(),
        api_v3_key: pay.api_v3_key.expose().to_owned(),
        platform_keys: pay.platform_keys.clone(),
        notify_url: format!("{}/callbacks/wechat-pay", app.node.base_url),
        order_limit: pay.order_limit,
    };
    let http = HttpClient::new(Deadlines::USUAL).unwrap();
    let (clock, ids) = (BesideClock::of(&app.mocks), Arc::new(RandomIds));
    WeChatPayRefunds::new(Arc::new(WeChatPayAccount::new(&config, http, clock, ids).unwrap()))
}

/// The id of the callback of this event about this order.
async fn callback_of(app: &TestApp, no: &str, event: &str) -> String {
    eventually("a callback", || async {
        let all = app.levers.look("callbacks").await["callbacks"].as_array().unwrap().clone();
        let mine = |one: &&Value| {
            let told = one["event"].as_str().unwrap_or_default();
            one["outTradeNo"] == no && told.starts_with(event)
        };
        let found = all.iter().find(mine).map(|one| one["id"].as_str().unwrap().to_owned());
        if found.is_none() {
            app.levers.advance(2).await;
        }
        found
    })
    .await
}

/// Fault case 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_refunds_callback_that_overtakes_the_payments_waits_for_it() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    app.levers.callbacks("hold").await;
    app.levers.fault("wechat-pay", "query", "error500", 1_000).await;
    payer.pays(&no).await;
    let order = app.levers.look(&format!("orders/{no}")).await;
    let now = BesideClock::of(&app.mocks).now();
    let refund = RefundOrder {
        no: RefundNo::generate(now, &RandomIds),
        payment: OrderKey { no: PaymentNo::new(&no).unwrap(), made_at: now },
        txn: RailTxn::new(order["transactionId"].as_str().unwrap()).unwrap(),
        paid: PayableFen::new(FEN).unwrap(),
        amount: PayableFen::new(101).unwrap(),
        reason: "商户平台".to_owned(),
        made_at: now,
    };
    console(&app).refund(&refund).await.unwrap();
    let told = callback_of(&app, &no, "REFUND.").await;
    let answered = app.levers.releases(&told, json!({ "times": 3 })).await;
    assert!(answered.iter().all(|status| matches!(status, 200 | 204)), "{answered:?}");
    let waiting = "callback_inbox WHERE outcome IS NULL";
    for _ in 0..3 {
        app.levers.advance(16).await; // Its lease is over: it is judged again, and waits again.
        assert_eq!(app.counts(waiting).await, 1, "parked");
    }
    assert_ne!(payer.citizen.payment_status(&no).await, "PAID");

    let told = callback_of(&app, &no, "TRANSACTION.").await;
    let answered = app.levers.releases(&told, json!({})).await;
    assert!(answered.iter().all(|status| matches!(status, 200 | 204)), "{answered:?}");
    payer.waits_for(&no, "PAID").await;
    eventually("the parked one is judged", || async {
        app.levers.advance(5).await;
        (app.counts(waiting).await == 0).then_some(())
    })
    .await;
    // Nobody here asked for it, so it moves nothing: the statement will show it.
    let judged = "callback_inbox WHERE refund_no IS NOT NULL AND outcome LIKE '%Foreign%'";
    assert_eq!(app.counts(judged).await, 1);
    app.levers.clear_faults().await;
    app.levers.callbacks("deliver").await;
    payer.waits_for_receipt(&no).await;
    app.finish().await;
}

/// Fault case 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_payments_own_callback_may_come_after_its_money_went_back() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.gives_up(&no).await;
    app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
    app.levers.callbacks("hold").await;
    payer.pays(&no).await;
    payer.citizen.refreshes(&no).await;
    let told = callback_of(&app, &no, "TRANSACTION.").await;
    if payer.reads_refunds(&no).await.is_empty() {
        // A closed order is not asked about any more: the first delivery tells, the second is late.
        app.levers.releases(&told, json!({})).await;
    }
    payer.waits_for(&no, "REFUNDED").await;
    let refunded = callback_of(&app, &no, "REFUND.").await;
    for id in [&refunded, &told, &refunded] {
        let answered = app.levers.releases(id, json!({ "times": 2 })).await;
        assert!(answered.iter().all(|status| matches!(status, 200 | 204)), "{answered:?}");
    }
    eventually("all are judged", || async {
        app.levers.advance(5).await;
        (app.counts("callback_inbox WHERE outcome IS NULL").await == 0).then_some(())
    })
    .await;
    assert_eq!(payer.citizen.payment_status(&no).await, "REFUNDED");
    assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await.len(), 1);
    nothing_is_owed(&app).await;
    app.levers.callbacks("deliver").await;
    app.finish().await;
}

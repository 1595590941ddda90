//! Money that never counted goes back by itself.

use super::{FEN, Payer, RAILS, at_rail, nothing_is_owed};
use domain::money::Fen;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::levers::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn dishonoured_late_money_goes_back_by_itself_on_every_rail() {
    for rail in RAILS {
        for lever in ["withdraw", "pay-elsewhere"] {
            let app = TestApp::start().await;
            let payer = Payer::arrives(&app, rail).await;
            let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
            let no = payer.starts(&[&notice], FEN).await;
            payer.gives_up(&no).await;
            app.levers.pull(&format!("notices/{notice}/{lever}"), json!({})).await;
            payer.pays(&no).await;
            let payment = payer.waits_for(&no, "REFUNDED").await;
            let history = payment["history"].as_array().unwrap().iter();
            let history: Vec<_> = history.map(|line| line["status"].as_str().unwrap()).collect();
            assert!(
                history.ends_with(&["CLOSED", "REFUND_DUE", "REFUNDING", "REFUNDED"]),
                "{rail} {lever}: {history:?}"
            );
            let refunds = payer.reads_refunds(&no).await;
            assert_eq!(refunds.len(), 1, "{rail}: {refunds:?}");
            assert_eq!(
                (&refunds[0]["status"], &refunds[0]["amount"]["fen"]),
                (&json!("DONE"), &json!(FEN))
            );
            let number = refunds[0]["refundNo"].as_str().unwrap().to_owned();
            assert_eq!(at_rail(&app, rail, &no).await, [(number, FEN)], "{rail} {lever}");
            nothing_is_owed(&app).await;
            assert_eq!(app.on_account(&format!("rail_clearing:{rail}")).await, 0, "{rail}");
            app.finish().await;
        }
    }
}

/// Fault case 16.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_success_on_another_rail_goes_back_by_itself() {
    let app = TestApp::start().await;
    let facts = app.levers.citizen().await;
    let at_wechat = Payer::of(&app, "WECHAT_PAY", facts.clone()).await;
    let at_alipay = Payer::of(&app, "ALIPAY", facts).await;
    let notice = at_wechat.gets_notice(json!({ "amountFen": FEN })).await;
    let first = at_wechat.starts(&[&notice], FEN).await;
    at_wechat.gives_up(&first).await;
    let second = at_alipay.starts(&[&notice], FEN).await;
    at_alipay.pays(&second).await;
    at_wechat.pays(&first).await;

    at_wechat.waits_for(&first, "REFUNDED").await;
    let kept = at_alipay.waits_for_receipt(&second).await;
    assert_eq!(kept["status"], "PAID", "{kept}");
    let refunds = at_wechat.reads_refunds(&first).await;
    assert_eq!(refunds[0]["status"], "DONE");
    assert!(refunds[0]["reason"].as_str().unwrap().contains("重复缴款"), "{refunds:?}");
    assert_eq!(at_alipay.reads_refunds(&second).await, Vec::<Value>::new());
    assert_eq!(at_rail(&app, "WECHAT_PAY", &first).await.len(), 1);
    assert_eq!(at_rail(&app, "ALIPAY", &second).await, []);
    let held = app.levers.gateway_notice(&notice).await;
    assert_eq!(held["receipts"].as_array().unwrap().len(), 1, "one receipt: {held}");
    nothing_is_owed(&app).await;
    app.finish().await;
}

/// A payment of so much that came too late for its notice.
async fn late(app: &TestApp, rail: &'static str, fen: i64) -> String {
    let payer = Payer::arrives(app, rail).await;
    let notice = payer.gets_notice(json!({ "amountFen": fen })).await;
    let no = payer.starts(&[&notice], fen).await;
    payer.gives_up(&no).await;
    app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
    payer.pays(&no).await;
    no
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rail_gives_back_by_rule_up_to_its_own_ceiling_and_not_a_fen_more() {
    let app = TestApp::with_channels(|channels| {
        channels.we_chat_pay.refund_ceiling = Fen::new(FEN + 1);
        channels.alipay.as_mut().unwrap().refund_ceiling = Fen::ZERO;
    })
    .await;
    let stands = async |no: &str, status: &str| {
        eventually(&format!("the refund of {no} {status}"), || async {
            app.levers.advance(1).await;
            let rows = format!("refund WHERE payment_no = '{no}' AND status = '{status}'");
            (app.counts(&rows).await == 1).then_some(())
        })
        .await;
    };
    for (rail, fen, status) in [
        ("WECHAT_PAY", FEN, "DONE"),
        ("WECHAT_PAY", 2, "REQUESTED"), // One fen too much.
        ("WECHAT_PAY", 1, "DONE"),      // Exactly the ceiling.
        ("WECHAT_PAY", 1, "REQUESTED"),
        ("ALIPAY", 1, "REQUESTED"),
        ("UNIONPAY", FEN + 2, "DONE"), // Nobody said otherwise.
    ] {
        let no = late(&app, rail, fen).await;
        stands(&no, status).await;
    }
    app.levers.tomorrow_at("00:01").await;
    let no = late(&app, "WECHAT_PAY", 2).await;
    stands(&no, "DONE").await;
    app.finish().await;
}

/// Fault case 12.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_error_on_a_refund_is_answered_with_the_same_number() {
    for (rail, lever) in [("WECHAT_PAY", "wechat-pay"), ("ALIPAY", "alipay")] {
        for outcome in ["system-error-before", "system-error-after"] {
            let app = TestApp::start().await;
            let outcomes = json!({ "outcomes": [outcome, outcome] });
            app.levers.pull(&format!("{lever}/refund-outcomes"), outcomes).await;
            let payer = Payer::arrives(&app, rail).await;
            let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
            let no = payer.starts(&[&notice], FEN).await;
            payer.gives_up(&no).await;
            app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
            payer.pays(&no).await;
            payer.waits_for(&no, "REFUNDED").await;
            let refunds = payer.reads_refunds(&no).await;
            assert_eq!(refunds.len(), 1, "never a second number: {refunds:?}");
            let number = refunds[0]["refundNo"].as_str().unwrap().to_owned();
            let exactly_one = [(number.clone(), FEN)];
            assert_eq!(at_rail(&app, rail, &no).await, exactly_one, "{rail} {outcome}");
            assert_eq!(payment_refunds_unknown(&app, &number).await, 1, "{rail} {outcome}");
            nothing_is_owed(&app).await;
            app.finish().await;
        }
    }
}

/// How often the refund became UNKNOWN.
async fn payment_refunds_unknown(app: &TestApp, number: &str) -> i64 {
    let rows = format!("refund_event WHERE refund_no = '{number}' AND status = 'UNKNOWN'");
    app.counts(&rows).await.min(1)
}

//! Money that never counted goes back by itself.

use super::{FEN, Payer, RAILS, at_rail, nothing_is_owed};
use serde_json::{Value, json};
use tests::app::TestApp;

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

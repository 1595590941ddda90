//! Money of another amount than was asked for.

use super::{FEN, Payer, at_rail, nothing_is_owed};
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::desk::Desk;
use tests::levers::eventually;

/// A payment for which the rail took a fen too little, and the refund that waits for staff.
async fn held(app: &TestApp) -> (Payer<'_>, String, String, Value) {
    let payer = Payer::arrives(app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    app.levers.pull(&format!("orders/{no}/approve"), json!({ "amountFen": FEN - 1 })).await;
    payer.waits_for(&no, "UNDER_REVIEW").await;
    let refund = eventually("a refund for staff", || async {
        payer.reads_refunds(&no).await.into_iter().next()
    })
    .await;
    (payer, notice, no, refund)
}

/// Fault case 21.
#[tokio::test(flavor = "multi_thread")]
async fn money_of_another_amount_goes_back_whole_once_two_persons_agree() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let (payer, notice, no, refund) = held(&app).await;
        assert_eq!(
            (&refund["status"], &refund["amount"]["fen"]),
            (&json!("REQUESTED"), &json!(FEN - 1))
        );
        assert_eq!(refund["reason"], "到账金额与应缴金额不符，原路全额退回");
        let number = refund["refundNo"].as_str().unwrap();
        let local = StaffRole::Finance(FinanceLevel::Local);
        let both = Desk::of(&app, "甲", &[StaffRole::Checker, local.clone()]).await;
        assert_eq!(codes(&both.acts("checkRefund", number).await.unwrap()), [""; 0]);
        assert_eq!(codes(&both.acts("approveRefund", number).await.unwrap()), ["CONFLICT"]);
        app.levers.advance(60).await;
        assert_eq!(payer.citizen.payment_status(&no).await, "UNDER_REVIEW", "one is not two");
        assert_eq!(app.on_account("suspense:WECHAT_PAY").await, FEN - 1);
        assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, []);

        let finance = Desk::of(&app, "乙", &[local]).await;
        assert_eq!(codes(&finance.acts("approveRefund", number).await.unwrap()), [""; 0]);
        let payment = payer.waits_for(&no, "REFUNDED").await;
        let history = payment["history"].as_array().unwrap().iter();
        let history: Vec<_> = history.map(|line| line["status"].as_str().unwrap()).collect();
        let expected = ["UNDER_REVIEW", "REFUND_DUE", "REFUNDING", "REFUNDED"];
        assert!(history.ends_with(&expected), "{history:?}");
        assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, [(number.to_owned(), FEN - 1)]);
        nothing_is_owed(&app).await;
        assert_eq!(app.on_account("rail_clearing:WECHAT_PAY").await, 0);
        assert_eq!(app.counts("journal WHERE kind = 'REVIEW_OVER'").await, 1);
        assert_eq!(app.counts("audit_entry WHERE act LIKE 'REFUND_%'").await, 2);

        // The notice can be paid now, as it always was.
        let again = payer.citizen.starts(&Citizen::wish(&notice, FEN, "in-full-this-time")).await;
        let again = again["payment"]["paymentNo"].as_str().expect("a payment").to_owned();
        payer.pays(&again).await;
        payer.waits_for_receipt(&again).await;
        app.finish().await;
    }
}

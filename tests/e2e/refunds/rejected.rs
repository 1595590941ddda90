//! Money that the agency does not take.

use super::{FEN, Payer, at_rail, nothing_is_owed};
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use serde_json::json;
use tests::app::TestApp;
use tests::citizen::codes;
use tests::desk::Desk;
use tests::levers::eventually;

/// The write-off of `payer`'s notice is left behind in the outbox, for staff to see.
async fn stops_with_a_parked_write_off(app: TestApp) {
    let parked = "outbox WHERE due_at IS NULL";
    assert!(app.counts(parked).await >= 1);
    app.node.stop().await;
    app.mocks.stop().await;
}

/// The agency checks the refund, and finance approves it at each of its levels.
async fn agree(app: &TestApp, number: &str) {
    let clerk = Desk::of(app, "丁", &[StaffRole::Clerk]).await;
    let seen =
        clerk.reads(&format!("{{refund(refundNo:\"{number}\"){{agencyCode levels}}}}")).await;
    let unit = seen["refund"]["agencyCode"].as_str().unwrap().to_owned();
    let agency = Desk::of(app, "甲", &[StaffRole::Agency(unit)]).await;
    assert_eq!(codes(&agency.acts("checkRefund", number).await.unwrap()), [""; 0]);
    for level in seen["refund"]["levels"].as_array().unwrap() {
        let level = FinanceLevel::from_code(level.as_str().unwrap()).unwrap();
        let name = format!("财政{}", level.code());
        let finance = Desk::of(app, &name, &[StaffRole::Finance(level)]).await;
        assert_eq!(codes(&finance.acts("approveRefund", number).await.unwrap()), [""; 0]);
    }
}

/// Somebody has paid; the gateway has the write-off and says nothing of it for a day. Answers who,
/// the notice's number and the payment's.
async fn paid_and_undecided(app: &TestApp) -> (Payer<'_>, String, String) {
    let url = format!("{}/callbacks/non-tax", app.node.base_url);
    let later = json!({ "notifyUrl": url, "confirm": "later", "confirmAfterSeconds": 90_000 });
    app.levers.pull("gateway/settings", later).await;
    let payer = Payer::arrives(app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.pays(&no).await;
    eventually("pending at the gateway", || async {
        let there = app.levers.gateway_notice(&notice).await;
        there["writeOffs"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    })
    .await;
    (payer, notice, no)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agency_does_not_take_goes_back_without_it() {
    for reason in ["already-paid", "withdrawn"] {
        let app = TestApp::start().await;
        let (payer, notice, no) = paid_and_undecided(&app).await;
        let no_to_it = json!({ "rejected": reason, "reason": "柜台已收" });
        app.levers.pull(&format!("notices/{notice}/confirm"), no_to_it).await;
        payer.waits_for(&no, "REFUNDED").await;
        let refunds = payer.reads_refunds(&no).await;
        assert!(refunds[0]["reason"].as_str().unwrap().contains("柜台已收"), "{refunds:?}");
        assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await.len(), 1);
        assert_eq!(app.levers.look("refunds").await["refunds"], json!([]), "not its affair");
        nothing_is_owed(&app).await;
        assert_eq!(app.on_account("rail_clearing:WECHAT_PAY").await, 0);
        stops_with_a_parked_write_off(app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_channel_collected_meanwhile_goes_back() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "ALIPAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    app.levers.pull(&format!("notices/{notice}/pay-elsewhere"), json!({})).await;
    payer.pays(&no).await;
    payer.waits_for(&no, "REFUNDED").await;
    assert_eq!(at_rail(&app, "ALIPAY", &no).await.len(), 1);
    nothing_is_owed(&app).await;
    stops_with_a_parked_write_off(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_that_proves_nothing_waits_for_two_persons() {
    let app = TestApp::start().await;
    let (payer, notice, no) = paid_and_undecided(&app).await;
    let other = json!({ "rejected": "other", "reason": "账户有误" });
    app.levers.pull(&format!("notices/{notice}/confirm"), other).await;
    let refund = eventually("a refund for staff", || async {
        payer.reads_refunds(&no).await.into_iter().next()
    })
    .await;
    assert_eq!(refund["status"], "REQUESTED", "{refund}");
    let number = refund["refundNo"].as_str().unwrap();
    agree(&app, number).await;
    payer.waits_for(&no, "REFUNDED").await;
    nothing_is_owed(&app).await;
    stops_with_a_parked_write_off(app).await;
}

/// What the gateway refuses for good proves nothing of the money: two persons judge.
#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_a_write_off_that_is_refused_for_good_goes_back_by_two_persons() {
    for code in ["NOT_FOUND", "CHECKCODE"] {
        let app = TestApp::start().await;
        let fault = json!({
            "channel": "gateway", "operation": "GetPay_Info", "fault": "refused", "code": code,
            "times": 100
        });
        app.levers.pull("faults", fault).await;
        let payer = Payer::arrives(&app, "WECHAT_PAY").await;
        let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
        let no = payer.starts(&[&notice], FEN).await;
        payer.pays(&no).await;
        let refund = eventually("a refund for staff", || async {
            app.levers.advance(20).await;
            payer.reads_refunds(&no).await.into_iter().next()
        })
        .await;
        assert_eq!(refund["status"], "REQUESTED", "{refund}");
        assert_eq!(refund["amount"]["fen"], FEN, "{refund}");
        let number = refund["refundNo"].as_str().unwrap();
        assert_eq!(payer.citizen.payment_status(&no).await, "PAID", "nothing moves by itself");
        agree(&app, number).await;
        payer.waits_for(&no, "REFUNDED").await;
        assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, [(number.to_owned(), FEN)]);
        assert_eq!(app.levers.look("refunds").await["refunds"], json!([]), "not its affair");
        assert_eq!(payer.citizen.payment(&no).await["receipts"], json!([]));
        nothing_is_owed(&app).await;
        assert_eq!(app.on_account("rail_clearing:WECHAT_PAY").await, 0);
        stops_with_a_parked_write_off(app).await;
    }
}

//! Money whose way back is closed.

use super::{FEN, Payer, at_rail, done_to, nothing_is_owed};
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use serde_json::json;
use tests::app::TestApp;
use tests::citizen::codes;
use tests::desk::Desk;
use tests::levers::eventually;

/// The next document of staff on a stuck refund.
async fn names_account(desk: &Desk, number: &str, bank: &str) {
    let query = "mutation($i:NameRefundAccountInput!){nameRefundAccount(input:$i){\
                 refund{status account} userErrors{code message}}}";
    let input = json!({
        "refundNo": number, "holder": "林晓舟", "number": "6222020200112230", "bank": bank
    });
    let named = desk.asks(query, json!({ "i": input })).await;
    let named = &named["data"]["nameRefundAccount"];
    assert_eq!(codes(named), [""; 0], "{named}");
    assert_eq!(named["refund"]["account"], "2230", "{named}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_refund_goes_to_another_account_that_two_persons_agree_on() {
    let app = TestApp::start().await;
    app.levers.pull("wechat-pay/refund-outcomes", json!({ "outcomes": ["abnormal"] })).await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.gives_up(&no).await;
    app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
    payer.pays(&no).await;
    let stuck = async || {
        let refunds = payer.reads_refunds(&no).await;
        let first = refunds.first().filter(|refund| refund["status"] == "NEEDS_ACCOUNT");
        first.map(|refund| refund["refundNo"].as_str().unwrap().to_owned())
    };
    let number = eventually("stuck", &stuck).await;
    let local = [StaffRole::Finance(FinanceLevel::Local)];
    let clerk = Desk::of(&app, "丁", &[StaffRole::Clerk, StaffRole::Checker]).await;
    let (first, second) =
        (Desk::of(&app, "财政甲", &local).await, Desk::of(&app, "财政乙", &local).await);
    // A bank that the rail has no name for: nothing is sent, and another account can be named.
    for bank in ["没有的银行", "中国工商银行杭州分行"] {
        names_account(&clerk, &number, bank).await;
        let own = clerk.acts("agreeToRefundAccount", &number).await;
        assert!(own.as_ref().map_or(true, |own| !codes(own).is_empty()), "{own:?}");
        let finance = if bank == "没有的银行" { &first } else { &second };
        let agreed = finance.acts("agreeToRefundAccount", &number).await.unwrap();
        assert_eq!(codes(&agreed), [""; 0], "{agreed}");
        if bank == "没有的银行" {
            assert_eq!(eventually("stuck again", &stuck).await, number);
        }
    }
    payer.waits_for(&no, "REFUNDED").await;
    assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, [(number.clone(), FEN)], "one refund");
    let done = done_to(&clerk, &number).await;
    assert_eq!(done.iter().filter(|what| *what == "REDIRECT").count(), 1, "{done:?}");
    nothing_is_owed(&app).await;
    app.finish().await;
}

//! The staff's door: passwords, sessions, roles, refunds that two persons agree to, the trail.

use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::desk::{Desk, PASSWORD, SIGN_IN, failure};

#[tokio::test(flavor = "multi_thread")]
async fn staff_sign_in_with_a_password_and_sign_out() {
    let app = TestApp::start().await;
    let nobody = Desk::nobody(&app);
    assert_eq!(failure(&nobody.asks("{me{name}}", json!({})).await), "NOT_SIGNED_IN");
    let clerk = Desk::of(&app, "甲", &[StaffRole::Clerk]).await;
    assert_eq!(clerk.reads("{me{name roles}}").await["me"]["name"], "甲");
    for (name, password) in [("甲", "wrong"), ("乙", PASSWORD), ("", ""), ("a\u{0}", "x")] {
        let input = json!({ "i": { "name": name, "password": password } });
        let answer = nobody.asks(SIGN_IN, input).await;
        assert_eq!(codes(&answer["data"]["signIn"]), ["INVALID"], "{name}: {answer}");
        assert!(answer["data"]["signIn"]["token"].is_null());
    }
    let forged = Desk { token: Some("0".repeat(64)), ..Desk::nobody(&app) };
    assert!(forged.is_nobody().await);
    let citizen = app.citizen().await;
    let stranger = Desk { token: Some(citizen.token.clone()), ..Desk::nobody(&app) };
    assert!(stranger.is_nobody().await, "citizens are not staff");
    assert_eq!(clerk.http.get(&clerk.url, &[]).await.0, 405);

    app.levers.advance(30 * 60).await;
    assert!(clerk.is_nobody().await, "over after half an hour");
    let input = json!({ "i": { "name": "甲", "password": PASSWORD } });
    let answer = nobody.asks(SIGN_IN, input).await;
    let token = answer["data"]["signIn"]["token"].as_str().unwrap().to_owned();
    let clerk = Desk { token: Some(token), ..nobody };
    assert_eq!(clerk.reads("mutation{signOut}").await["signOut"], true);
    assert!(clerk.is_nobody().await);
    app.finish().await;
}

/// A settled payment of a citizen, and its refund as asked for by them.
async fn asked_back(app: &TestApp) -> (Citizen, String, Value) {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    citizen.waits_for_receipt(&payment_no).await;
    let input = json!({
        "paymentNo": payment_no, "noticeNo": fine, "amount": 101, "reason": "多缴",
        "idempotencyKey": "key-of-the-refund"
    });
    let fields = "refund{id refundNo amount{fen} status reason} refunds{refundNo}";
    let made = citizen.mutation("requestRefund", "RequestRefundInput", fields, &input).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let again = citizen.mutation("requestRefund", "RequestRefundInput", fields, &input).await;
    assert_eq!(again, made, "the same call asks once");
    (citizen, payment_no, made["refund"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_by_request_needs_agency_and_every_level_of_finance() {
    let app = TestApp::start().await;
    let (citizen, payment_no, made) = asked_back(&app).await;
    assert_eq!(made["amount"]["fen"], 101);
    let no = made["refundNo"].as_str().unwrap();
    let clerk = Desk::of(&app, "丁", &[StaffRole::Clerk]).await;
    let one = format!("{{refund(refundNo:\"{no}\"){{agencyCode levels paymentNo cause}}}}");
    let seen = clerk.reads(&one).await["refund"].clone();
    assert_eq!((&seen["paymentNo"], &seen["cause"]), (&json!(payment_no), &json!("REQUESTED")));
    let agency = StaffRole::Agency(seen["agencyCode"].as_str().unwrap().to_owned());
    let local = StaffRole::Finance(FinanceLevel::Local);

    let other = Desk::of(&app, "戊", &[StaffRole::Agency("999999".to_owned())]).await;
    assert!(other.reads(&one).await["refund"].is_null(), "another agency does not see it");
    assert_eq!(other.acts("checkRefund", no).await, Err("NOT_ALLOWED".to_owned()));
    assert_eq!(clerk.acts("checkRefund", no).await, Err("NOT_ALLOWED".to_owned()));
    let early =
        Desk::of(&app, "己", std::slice::from_ref(&local)).await.acts("approveRefund", no).await;
    assert_eq!(codes(&early.unwrap()), ["CONFLICT"], "the agency comes first");

    let both = Desk::of(&app, "甲", &[agency, local]).await;
    let checked = both.acts("checkRefund", no).await.unwrap();
    assert_eq!(checked["refund"]["status"], "AGENCY_CHECKED", "{checked}");
    let alone = both.acts("approveRefund", no).await.unwrap();
    assert_eq!(codes(&alone), ["CONFLICT"], "one person is not two: {alone}");
    let levels = checked["refund"]["levels"].as_array().unwrap().clone();
    let mut last = checked;
    for level in levels.iter().map(|level| level.as_str().unwrap()) {
        assert_eq!(last["refund"]["status"], "AGENCY_CHECKED");
        let role = StaffRole::Finance(FinanceLevel::from_code(level).unwrap());
        let finance = Desk::of(&app, &format!("财政{level}"), &[role]).await;
        last = finance.acts("approveRefund", no).await.unwrap();
    }
    assert_eq!(last["refund"]["status"], "APPROVED", "{last}");

    let query = "{viewer{payments(first:1){nodes{refundable{fen} amount{fen} refunds{refundNo}}}}}";
    let payment = citizen.reads(query).await["viewer"]["payments"]["nodes"][0].clone();
    let left = payment["amount"]["fen"].as_i64().unwrap() - 101;
    assert_eq!(payment["refundable"]["fen"], left, "what is promised is not promised again");
    assert_eq!(payment["refunds"][0]["refundNo"], no);
    let node = format!("{{node(id:{}){{... on Refund{{refundNo}}}}}}", made["id"]);
    assert_eq!(citizen.reads(&node).await["node"]["refundNo"], no);
    let stranger = app.citizen().await;
    assert!(stranger.reads(&node).await["node"].is_null(), "nobody else's");

    let auditor = Desk::of(&app, "庚", &[StaffRole::Auditor]).await;
    assert_eq!(failure(&clerk.asks("{audit{act}}", json!({})).await), "NOT_ALLOWED");
    let data = auditor.reads("{audit(first:100){act actor subject} auditVerdict{whole}}").await;
    assert_eq!(data["auditVerdict"]["whole"], true);
    let acts = data["audit"].as_array().unwrap().iter().filter(|entry| entry["subject"] == no);
    let acts: Vec<_> = acts.map(|entry| entry["act"].as_str().unwrap()).collect();
    let approvals = acts.iter().filter(|act| **act == "REFUND_APPROVE").count();
    assert_eq!((approvals, acts.len()), (levels.len(), levels.len() + 1), "and one check");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_refund_have_their_codes() {
    let app = TestApp::start().await;
    let (citizen, payment_no, made) = asked_back(&app).await;
    let fields = "refund{refundNo}";
    let good = json!({
        "paymentNo": payment_no, "reason": "多缴", "idempotencyKey": "another-key-1"
    });
    let with = |name: &str, value: Value| {
        let mut input = good.clone();
        input[name] = value;
        input
    };
    let cases = [
        (with("paymentNo", json!("YW000001")), "NOT_FOUND"),
        (with("noticeNo", json!("330000001FS999")), "NOT_FOUND"),
        (with("amount", json!(0)), "INVALID"),
        (with("amount", json!(1_000_000_000)), "REFUND_EXCEEDS_PAYMENT"),
        (with("reason", json!("")), "INVALID"),
        (with("idempotencyKey", json!("short")), "INVALID"),
        (with("idempotencyKey", json!("key-of-the-refund")), "IDEMPOTENCY_KEY_REUSED"),
    ];
    for (input, code) in cases {
        let refused = citizen.mutation("requestRefund", "RequestRefundInput", fields, &input).await;
        assert_eq!(codes(&refused), [code], "{input}");
        assert!(refused["refund"].is_null());
    }
    let stranger = app.citizen().await;
    let foreign = stranger.mutation("requestRefund", "RequestRefundInput", fields, &good).await;
    assert_eq!(codes(&foreign), ["NOT_FOUND"]);
    let anonymous = citizen.anonymous();
    let refused = anonymous.try_mutation("requestRefund", "RequestRefundInput", fields, &good);
    assert_eq!(failure(&refused.await), "NOT_SIGNED_IN");

    let no = made["refundNo"].as_str().unwrap();
    let checker = Desk::of(&app, "甲", &[StaffRole::Finance(FinanceLevel::Local)]).await;
    let query = format!(
        "mutation{{rejectRefund(refundNo:\"{no}\",reason:\"查无多缴\"){{refund{{status}} \
         userErrors{{code}}}}}}"
    );
    let rejected = checker.reads(&query).await;
    assert_eq!(rejected["rejectRefund"]["refund"]["status"], "REJECTED");
    let all = citizen.mutation("requestRefund", "RequestRefundInput", fields, &good).await;
    assert_eq!(codes(&all), [""; 0], "what was refused can be asked for again");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_money_of_a_withdrawn_notice_has_a_refund_of_all_of_it() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    assert_eq!(citizen.cancels(&payment_no).await["payment"]["status"], "CLOSED");
    app.levers.pull(&format!("notices/{fine}/withdraw"), json!({})).await;
    app.levers.pull(&format!("orders/{payment_no}/approve"), json!({ "force": true })).await;
    let query = "{viewer{payments(first:1){nodes{refundable{fen} \
                 refunds{amount{fen} status reason}}}}}";
    let payment = tests::levers::eventually("a refund by rule", || async {
        let found = citizen.reads(query).await["viewer"]["payments"]["nodes"][0].clone();
        found["refunds"].as_array().is_some_and(|all| !all.is_empty()).then_some(found)
    })
    .await;
    assert_eq!(payment["refunds"].as_array().unwrap().len(), 1, "{payment}");
    assert_eq!(payment["refunds"][0]["amount"]["fen"], fen);
    assert_eq!(payment["refundable"]["fen"], 0, "nobody need ask for it");
    let clerk = Desk::of(&app, "丁", &[StaffRole::Clerk]).await;
    let queue = clerk.reads("{refunds(first:5){nodes{cause noticeNo decisions{by}} hasNextPage}}");
    let queue = queue.await["refunds"].clone();
    assert_eq!(queue["nodes"][0]["cause"], "AUTOMATIC", "{queue}");
    assert_eq!(queue["nodes"][0]["decisions"][0]["by"], "RULE");
    app.finish().await;
}

//! Refunds of WeChat Pay.

use serde_json::{Value, json};

use super::callbacks::receiver;
use super::{Bench, Signed, eventually};
use crate::clock::DAY_MS;

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

impl Bench {
    pub(super) fn refund(number: &str, order: &str, refund_fen: i64, total_fen: i64) -> Value {
        json!({
            "out_trade_no": order,
            "out_refund_no": number,
            "reason": "多缴退付",
            "notify_url": "http://127.0.0.1:9/callbacks/wechat-refund",
            "amount": {"refund": refund_fen, "total": total_fen, "currency": "CNY"},
        })
    }

    pub(super) async fn refunds(&self, wanted: &Value) -> Signed {
        self.pay_call("POST", "/v3/refund/domestic/refunds", &wanted.to_string()).await
    }

    pub(super) async fn refund_query(&self, number: &str) -> Signed {
        self.pay_call("GET", &format!("/v3/refund/domestic/refunds/{number}"), "").await
    }

    pub(super) async fn advance(&self, seconds: i64) {
        self.lever("/clock", json!({"advanceSeconds": seconds})).await;
    }
}

#[actix_web::test]
async fn a_refund_is_accepted_first_and_there_seconds_later() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[]);
    bench.paid("GOV0000301", 8_000).await;
    let mut wanted = Bench::refund("RF001", "GOV0000301", 3_000, 8_000);
    wanted["notify_url"] = json!(url);
    let accepted = bench.refunds(&wanted).await;
    assert_eq!((accepted.status, accepted.signed), (200, Some(true)));
    let accepted = accepted.json();
    assert_eq!(accepted["status"], "PROCESSING");
    assert!(accepted.get("success_time").is_none());
    assert_eq!(accepted["refund_id"].as_str().unwrap().len(), 29);
    assert_eq!(bench.query("GOV0000301").await.json()["trade_state"], "SUCCESS");

    bench.advance(3).await;
    let done = bench.refund_query("RF001").await;
    assert_eq!((done.status, done.signed), (200, Some(true)));
    let done = done.json();
    assert_eq!(done["status"], "SUCCESS");
    assert!(done["success_time"].as_str().unwrap().starts_with("2026-03-02T09:00:0"));
    assert_eq!(
        done["amount"],
        json!({
            "total": 8_000, "refund": 3_000, "from": [], "payer_total": 8_000,
            "payer_refund": 3_000, "settlement_refund": 3_000, "settlement_total": 8_000,
            "discount_refund": 0, "currency": "CNY", "refund_fee": 18,
        })
    );
    assert_eq!(bench.query("GOV0000301").await.json()["trade_state"], "REFUND");
    assert_eq!(bench.closes("GOV0000301").await.refusal(), refused(400, "ORDERPAID"));
    let order = bench.order("GOV0000301", 8_000).await;
    assert_eq!(bench.places(&order).await.refusal(), refused(400, "INVALID_REQUEST"));

    let told = eventually("the notification", async || inbox.received().into_iter().next()).await;
    assert!(told.is_signed(&bench));
    let body = told.json();
    assert_eq!(
        (&body["event_type"], &body["summary"]),
        (&json!("REFUND.SUCCESS"), &json!("退款成功"))
    );
    assert_eq!(body["resource"]["original_type"], "refund");
    assert_eq!(body["resource"]["associated_data"], "refund");
    let resource = told.resource(&bench);
    assert_eq!(resource["refund_status"], "SUCCESS");
    assert_eq!(resource["out_refund_no"], "RF001");
    assert_eq!(
        (&resource["amount"]["refund"], &resource["amount"]["total"]),
        (&json!(3_000), &json!(8_000))
    );
    assert!(resource.get("appid").is_none() && resource.get("status").is_none());
    assert_eq!(resource["success_time"], done["success_time"]);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_same_refund_asked_for_again_is_the_same_refund() {
    let bench = Bench::start().await;
    bench.paid("GOV0000302", 8_000).await;
    let wanted = Bench::refund("RF002", "GOV0000302", 3_000, 8_000);
    let first = bench.refunds(&wanted).await.json();
    bench.advance(3).await;
    let again = bench.refunds(&wanted).await.json();
    assert_eq!((&again["refund_id"], &again["status"]), (&first["refund_id"], &json!("SUCCESS")));
    let other = Bench::refund("RF002", "GOV0000302", 3_001, 8_000);
    assert_eq!(bench.refunds(&other).await.refusal(), refused(400, "INVALID_REQUEST"));
    let by_id = bench.query("GOV0000302").await.json()["transaction_id"].clone();
    let mut wanted = wanted;
    wanted["transaction_id"] = by_id;
    wanted["out_trade_no"] = json!("another number that is much too long");
    assert_eq!(bench.refunds(&wanted).await.refusal(), refused(400, "PARAM_ERROR"), "too long");
    wanted["out_trade_no"] = json!("GOV9999999");
    assert_eq!(bench.refunds(&wanted).await.json()["refund_id"], first["refund_id"]);
    let truth = bench.look("/truth?date=2026-03-02").await;
    let wechat = &truth["platforms"]["wechat-pay"];
    assert_eq!(wechat["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(wechat["totals"], json!({"paidFen": 8_000, "refundedFen": 3_000, "feeFen": 30}));
    assert_eq!((&truth["version"], &truth["payments"][0]["amountFen"]), (&json!(1), &json!(8_000)));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn partial_refunds_never_exceed_the_payment_and_keep_a_minute_apart() {
    let bench = Bench::start().await;
    bench.paid("GOV0000303", 1_000).await;
    let part = |number: &str, fen| Bench::refund(number, "GOV0000303", fen, 1_000);
    assert_eq!(bench.refunds(&part("P1", 400)).await.status, 200);
    let hasty = bench.refunds(&part("P2", 100)).await;
    assert_eq!(hasty.refusal(), refused(429, "FREQUENCY_LIMITED"));
    assert_eq!(bench.refund_query("P2").await.refusal(), refused(404, "RESOURCE_NOT_EXISTS"));
    bench.advance(60).await;
    assert_eq!(bench.refunds(&part("P2", 601)).await.refusal(), refused(400, "INVALID_REQUEST"));
    assert_eq!(bench.refunds(&part("P2", 599)).await.status, 200);
    let (status, _) = bench.try_lever("/wechat-pay/habits", json!({"refundInterval": false})).await;
    assert_eq!(status, 200);
    assert_eq!(bench.refunds(&part("P3", 1)).await.status, 200, "the rule can be lifted");
    assert_eq!(bench.refunds(&part("P4", 1)).await.refusal(), refused(400, "INVALID_REQUEST"));
    bench.advance(3).await;
    let mut fee_fen = 0;
    for number in ["P1", "P2", "P3"] {
        fee_fen +=
            bench.refund_query(number).await.json()["amount"]["refund_fee"].as_i64().unwrap();
    }
    assert_eq!(fee_fen, 6, "all parts of the fee are the whole fee");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn fifty_refunds_of_one_order_are_the_most_and_a_year_is_the_longest() {
    let bench = Bench::start().await;
    bench.lever("/wechat-pay/habits", json!({"refundInterval": false})).await;
    bench.paid("GOV0000304", 1_000).await;
    for number in 0..50 {
        let wanted = Bench::refund(&format!("M{number}"), "GOV0000304", 1, 1_000);
        assert_eq!(bench.refunds(&wanted).await.status, 200, "{number}");
    }
    let wanted = Bench::refund("M50", "GOV0000304", 1, 1_000);
    assert_eq!(bench.refunds(&wanted).await.refusal(), refused(400, "INVALID_REQUEST"));
    bench.paid("GOV0000305", 1_000).await;
    bench.advance(365 * DAY_MS / 1_000 - 60).await;
    let wanted = Bench::refund("Y1", "GOV0000305", 1, 1_000);
    assert_eq!(bench.refunds(&wanted).await.status, 200);
    bench.advance(60).await;
    let wanted = Bench::refund("Y2", "GOV0000305", 1, 1_000);
    assert_eq!(bench.refunds(&wanted).await.refusal(), refused(400, "INVALID_REQUEST"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn refunds_are_refused_as_documented() {
    let bench = Bench::start().await;
    bench.paid("GOV0000306", 1_000).await;
    bench.places(&bench.order("GOV0000307", 1_000).await).await;
    let good = Bench::refund("BAD1", "GOV0000306", 100, 1_000);
    for (pointer, value) in [
        ("/amount/refund", json!(0)),
        ("/amount/refund", json!(100.0)),
        ("/amount/refund", json!("100")),
        ("/amount/total", json!(null)),
        ("/amount/currency", json!("USD")),
        ("/amount/currency", json!(null)),
        ("/out_refund_no", json!("")),
        ("/out_refund_no", json!("R 1")),
        ("/out_refund_no", json!("R".repeat(65))),
        ("/out_trade_no", json!(null)),
        ("/reason", json!("长".repeat(81))),
        ("/notify_url", json!("http://127.0.0.1/x?y=1")),
    ] {
        let mut wanted = good.clone();
        *wanted.pointer_mut(pointer).unwrap() = value.clone();
        let refusal = bench.refunds(&wanted).await.refusal();
        assert_eq!(refusal, refused(400, "PARAM_ERROR"), "{pointer} = {value}");
    }
    let mut wanted = good.clone();
    wanted["amount"]["from"] = json!([{"account": "AVAILABLE", "amount": 99}]);
    assert_eq!(bench.refunds(&wanted).await.refusal(), refused(400, "PARAM_ERROR"));
    wanted = good.clone();
    wanted["funds_account"] = json!("POCKET");
    assert_eq!(bench.refunds(&wanted).await.refusal(), refused(400, "PARAM_ERROR"));
    let unknown = Bench::refund("BAD2", "GOV9999999", 100, 1_000);
    assert_eq!(bench.refunds(&unknown).await.refusal(), refused(404, "RESOURCE_NOT_EXISTS"));
    let unpaid = Bench::refund("BAD3", "GOV0000307", 100, 1_000);
    assert_eq!(bench.refunds(&unpaid).await.refusal(), refused(400, "INVALID_REQUEST"));
    let other_total = Bench::refund("BAD4", "GOV0000306", 100, 1_001);
    assert_eq!(bench.refunds(&other_total).await.refusal(), refused(400, "INVALID_REQUEST"));
    assert_eq!(bench.look("/wechat-pay/refunds").await["refunds"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn testers_decide_what_becomes_of_refunds() {
    let bench = Bench::start().await;
    let outcomes = [
        ("at-once", 200, "SUCCESS", "SUCCESS"),
        ("abnormal", 200, "PROCESSING", "ABNORMAL"),
        ("closed", 200, "PROCESSING", "CLOSED"),
        ("no-callback", 200, "PROCESSING", "SUCCESS"),
        ("pending", 200, "PROCESSING", "PROCESSING"),
        ("not-enough", 403, "NOT_ENOUGH", ""),
        ("account-abnormal", 403, "USER_ACCOUNT_ABNORMAL", ""),
        ("frequency-limited", 429, "FREQUENCY_LIMITED", ""),
        ("system-error-before", 500, "SYSTEM_ERROR", ""),
        ("system-error-after", 500, "SYSTEM_ERROR", "SUCCESS"),
    ];
    let names = outcomes.map(|(name, ..)| name);
    bench.lever("/wechat-pay/refund-outcomes", json!({"outcomes": names})).await;
    for (index, (name, status, first, _)) in outcomes.iter().enumerate() {
        let order = format!("GOV000040{index}");
        bench.paid(&order, 1_000).await;
        let wanted = Bench::refund(&format!("O{index}"), &order, 1_000, 1_000);
        let answer = bench.refunds(&wanted).await;
        let said = if *status == 200 { &answer.json()["status"] } else { &answer.json()["code"] };
        assert_eq!((answer.status, said), (*status, &json!(first)), "{name}");
    }
    bench.advance(3).await;
    for (index, (name, _, _, then)) in outcomes.iter().enumerate() {
        let known = bench.refund_query(&format!("O{index}")).await;
        if then.is_empty() {
            assert_eq!(known.refusal(), refused(404, "RESOURCE_NOT_EXISTS"), "{name}");
        } else {
            assert_eq!(known.json()["status"], *then, "{name}");
        }
    }
    let events: Vec<Value> =
        bench.look("/callbacks").await["callbacks"].as_array().unwrap().clone();
    let told = |name: &str| events.iter().filter(|one| one["event"] == name).count();
    assert_eq!(
        (told("REFUND.SUCCESS"), told("REFUND.ABNORMAL"), told("REFUND.CLOSED")),
        (2, 1, 1),
        "at once and after the lost answer; never for the silent one"
    );
    let wait = "/wechat-pay/refunds/O4/finish";
    let released = bench.lever(wait, json!({"status": "CLOSED"})).await;
    assert_eq!(released["status"], "CLOSED");
    assert_eq!(bench.try_lever(wait, json!({})).await.0, 409);
    assert_eq!(bench.query("GOV0000404").await.json()["trade_state"], "SUCCESS");
    let again = Bench::refund("O4AGAIN", "GOV0000404", 1_000, 1_000);
    bench.advance(60).await;
    assert_eq!(bench.refunds(&again).await.status, 200, "a closed refund frees its money");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_decision_by_hand_replaces_the_one_that_was_coming() {
    let bench = Bench::start().await;
    bench.paid("GOV0000308", 1_000).await;
    bench.refunds(&Bench::refund("H1", "GOV0000308", 1_000, 1_000)).await;
    bench.lever("/wechat-pay/refunds/H1/finish", json!({"status": "ABNORMAL"})).await;
    bench.advance(10).await;
    assert_eq!(bench.refund_query("H1").await.json()["status"], "ABNORMAL");
    let callbacks = bench.look("/callbacks").await;
    let events: Vec<&Value> =
        callbacks["callbacks"].as_array().unwrap().iter().map(|one| &one["event"]).collect();
    assert_eq!(events, [&json!("REFUND.ABNORMAL"), &json!("TRANSACTION.SUCCESS")]);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_mode_of_callbacks_holds_for_those_that_are_still_to_come() {
    let bench = Bench::start().await;
    bench.paid("GOV0000311", 1_000).await;
    bench.refunds(&Bench::refund("C1", "GOV0000311", 1_000, 1_000)).await;
    bench.lever("/callbacks/mode", json!({"mode": "lose"})).await;
    let callbacks = bench.look("/callbacks").await;
    let states = ["LOST", "WAITING"];
    for (callback, state) in callbacks["callbacks"].as_array().unwrap().iter().zip(states) {
        assert_eq!(callback["state"], state, "the refund's is lost, the payment's was made before");
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_bills_have_refunds_on_the_day_they_were_asked_for() {
    let bench = Bench::start().await;
    bench.paid("GOV0000309", 8_000).await;
    bench.lever("/clock", json!({"nextDayAt": "16:20"})).await;
    bench.paid("GOV0000310", 1_250).await;
    bench.lever("/wechat-pay/refund-outcomes", json!({"outcomes": ["success", "pending"]})).await;
    bench.refunds(&Bench::refund("B1", "GOV0000309", 3_000, 8_000)).await;
    bench.refunds(&Bench::refund("B2", "GOV0000310", 250, 1_250)).await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    bench.lever("/wechat-pay/refunds/B2/finish", json!({})).await;
    let bill = async |target: &str| {
        let answer = bench.pay_call("GET", target, "").await;
        assert_eq!((answer.status, answer.signed), (200, Some(true)), "{target}");
        let url = answer.json()["download_url"].as_str().unwrap().to_owned();
        let file = bench.pay_call("GET", &url[bench.mocks.base_url().len()..], "").await;
        assert_eq!(file.signed, None);
        assert_eq!(answer.json()["hash_value"], crate::crypto::sha1_hex(&file.bytes));
        String::from_utf8(file.bytes).unwrap()
    };
    let all = bill("/v3/bill/tradebill?bill_date=2026-03-03").await;
    assert_eq!(all.lines().count(), 6);
    assert!(all.ends_with("`3,`12.50,`32.50,`0.00,`-0.12000,`12.50,`32.50\r\n"), "{all}");
    let refunds = bill("/v3/bill/tradebill?bill_date=2026-03-03&bill_type=REFUND").await;
    let lines: Vec<&str> = refunds.lines().collect();
    assert_eq!(lines[1].split(',').count(), 29);
    assert!(lines[1].contains("`B1,`30.00,`0.00,`ORIGINAL,`SUCCESS,"), "{refunds}");
    assert!(lines[2].contains("`B2,`2.50,`0.00,`ORIGINAL,`PROCESSING,"), "frozen at nine");
    let success = bill("/v3/bill/tradebill?bill_date=2026-03-03&bill_type=SUCCESS").await;
    assert_eq!(success.lines().count(), 4);
    let none =
        bench.pay_call("GET", "/v3/bill/tradebill?bill_date=2026-03-02&bill_type=REFUND", "");
    assert_eq!(none.await.refusal(), refused(400, "NO_STATEMENT_EXIST"));

    let flow = bill("/v3/bill/fundflowbill?bill_date=2026-03-03&tar_type=").await;
    let lines: Vec<&str> = flow.lines().collect();
    assert_eq!(lines.len(), 7);
    assert!(lines[1].contains("`收入,`12.50,`1000092.02,"), "{flow}");
    assert!(lines[2].contains("`扣除交易手续费,`交易,`支出,`0.08,`1000091.94,"), "{flow}");
    assert!(lines[3].contains("`支出,`29.82,`1000062.12,"), "{flow}");
    assert!(lines[3].ends_with(",`退款总金额30.00元;含手续费0.18元,`B1"), "{flow}");
    assert_eq!(lines[6], "`4,`1,`12.50,`3,`32.38");
    let other = "/v3/bill/fundflowbill?bill_date=2026-03-03&account_type=FEES";
    assert_eq!(
        bench.pay_call("GET", other, "").await.refusal(),
        refused(400, "NO_STATEMENT_EXIST")
    );
    let odd = "/v3/bill/fundflowbill?bill_date=2026-03-03&account_type=POCKET";
    assert_eq!(bench.pay_call("GET", odd, "").await.refusal(), refused(400, "PARAM_ERROR"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn amounts_and_people_bring_outcomes_of_their_own() {
    let bench = Bench::start().await;
    let places = async |number: &str, fen| bench.places(&bench.order(number, fen).await).await;
    let state = async |number: &str| bench.query(number).await.json()["trade_state"].clone();
    let approve = async |number: &str| {
        bench.try_lever(&format!("/orders/{number}/approve"), json!({})).await.0
    };
    places("MAGIC000001", 9_901).await;
    assert_eq!(approve("MAGIC000001").await, 409, "declined");
    places("MAGIC000002", 9_902).await;
    assert_eq!(approve("MAGIC000002").await, 200);
    assert_eq!(state("MAGIC000002").await, "NOTPAY", "on its way");
    assert_eq!(places("MAGIC000003", 9_903).await.refusal(), refused(500, "SYSTEM_ERROR"));
    assert_eq!(state("MAGIC000003").await, "NOTPAY", "placed all the same");
    assert_eq!(places("MAGIC000003", 9_903).await.status, 200);
    places("MAGIC000004", 9_904).await;
    assert_eq!(approve("MAGIC000004").await, 200);
    places("MAGIC000005", 19_905).await;
    bench.closes("MAGIC000005").await;
    places("MAGIC000006", 9_906).await;
    let told = bench.look("/callbacks").await;
    let about = |told: &Value, number: &str| {
        told["callbacks"].as_array().unwrap().iter().any(|one| one["outTradeNo"] == number)
    };
    assert!(!about(&told, "MAGIC000004") && about(&told, "MAGIC000006"));
    bench.advance(3).await;
    assert_eq!(state("MAGIC000006").await, "SUCCESS", "the payer is eager");
    assert_eq!(state("MAGIC000005").await, "CLOSED");
    bench.advance(57).await;
    assert_eq!(state("MAGIC000002").await, "SUCCESS");
    assert_eq!(state("MAGIC000005").await, "SUCCESS", "money after the close");

    let wish = json!({"phone": "13800009910"});
    let citizen = bench.lever("/citizens", wish).await;
    let mut order = bench.order("MAGIC000010", 1_000).await;
    order["payer"]["openid"] = citizen["openId"].clone();
    bench.places(&order).await;
    approve("MAGIC000010").await;
    for (number, fen) in [("MAGIC000007", 9_907), ("MAGIC000008", 9_908), ("MAGIC000009", 9_909)] {
        bench.paid(number, fen).await;
    }
    let refund = async |number: &str, fen| {
        bench.refunds(&Bench::refund(&format!("R{number}"), number, fen, fen)).await
    };
    let refunded = async |number: &str| {
        bench.refund_query(&format!("R{number}")).await.json()["status"].clone()
    };
    refund("MAGIC000010", 1_000).await;
    refund("MAGIC000007", 9_907).await;
    assert_eq!(refund("MAGIC000008", 9_908).await.refusal(), refused(403, "NOT_ENOUGH"));
    assert_eq!(refund("MAGIC000009", 9_909).await.refusal(), refused(500, "SYSTEM_ERROR"));
    bench.advance(300).await;
    assert_eq!(refunded("MAGIC000010").await, "ABNORMAL", "by the payer's phone number");
    assert_eq!(refunded("MAGIC000007").await, "PROCESSING", "slow");
    assert_eq!(refunded("MAGIC000009").await, "SUCCESS", "done, though the answer hid it");
    bench.advance(300).await;
    assert_eq!(refunded("MAGIC000007").await, "SUCCESS");
    bench.mocks.stop().await;
}

//! Fault scripts, amounts that bring an outcome, and the truth of a day: UnionPay.

use serde_json::{Value, json};

use super::alipay::Merchant;
use super::unionpay::{APP, BACK, read_raw, verify};
use super::unionpay_files::{asks, lines_of, order_id};
use super::{Bench, eventually};
use crate::unionpay::wire;

impl Bench {
    /// The states of all notifications, the newest first.
    pub(super) async fn callback_states(&self) -> Vec<String> {
        let callbacks = self.look("/callbacks").await;
        let state = |one: &Value| one["state"].as_str().unwrap().to_owned();
        callbacks["callbacks"].as_array().unwrap().iter().map(state).collect()
    }

    async fn union_state(&self, order_id: &str) -> String {
        let seen = self.look(&format!("/unionpay/orders/{order_id}")).await;
        seen["state"].as_str().unwrap().to_owned()
    }
}

#[actix_web::test]
async fn the_callback_of_a_payment_or_a_refund_goes_astray() {
    let bench = Bench::start().await;
    let script = "after unionpay payment 2: drop callback; after refund 1: hold callback";
    assert_eq!(bench.loads(script).await.0, 200);
    let first = bench.union_pays("GOV0000801", 1_000).await;
    bench.union_pays("GOV0000802", 1_000).await;
    assert_eq!(bench.callback_states().await, ["LOST", "WAITING"]);
    bench.union_refunds("RF00000801", &first, 300).await;
    bench.advance(3).await;
    assert_eq!(bench.union_state("RF00000801").await, "SUCCESS");
    assert_eq!(bench.callback_states().await, ["HELD", "LOST", "WAITING"]);
    assert_eq!(bench.all_fired().await, ["已作用于该事件的回调", "已作用于该事件的回调"]);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn answers_are_refusals_in_unionpays_own_words() {
    let bench = Bench::start().await;
    let script = "after unionpay order 1: error 01; after unionpay order 2: system-error-after\n\
                  at +1m: unionpay back error 33 2 times; at +1m: unionpay query system-error";
    assert_eq!(bench.loads(script).await.0, 200);
    for (number, code) in [("GOV0000811", "01"), ("GOV0000812", "03"), ("GOV0000813", "00")] {
        assert_eq!(bench.union_code(APP, bench.union_order(number, 1_000)).await, code);
        assert_eq!(bench.union_state(number).await, "UNTRIED", "it was taken");
    }
    let order = bench.union_places("GOV0000814", 1_000).await;
    bench.lever("/unionpay/orders/GOV0000814/approve", json!({})).await;
    let seen = bench.look("/unionpay/orders/GOV0000814").await;
    let query_id = seen["queryId"].as_str().unwrap();
    bench.advance(60).await;
    bench.all_fired().await;
    assert_eq!(bench.union_query(&order).await["respCode"], "03");
    assert_eq!(bench.union_query(&order).await["origRespCode"], "00");
    for code in ["33", "33", "00"] {
        let refund = bench.union_back("04", "RF00000814", query_id, 1);
        assert_eq!(bench.union_code(BACK, refund).await, code);
    }
    let wish = json!({"channel": "unionpay", "fault": "refused", "code": "NOT_ENOUGH"});
    assert_eq!(bench.try_lever("/faults", wish).await.0, 400);
    bench.lever("/faults", json!({"channel": "unionpay", "fault": "wrong-signature"})).await;
    let body = wire::form(&bench.union_signed(bench.union_order("GOV0000815", 1)));
    let answer = read_raw(&bench.union_post(APP, body).await.unwrap());
    assert_eq!(verify(&bench, &answer), Err("signature"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn at_a_moment_everybody_pays_on_every_rail() {
    let alipay = Merchant::start().await;
    let bench = &alipay.bench;
    bench.places(&bench.order("GOV0000821", 1_000).await).await;
    alipay.creates("GOV0000822", "10.00", None).await;
    bench.union_places("GOV0000823", 1_000).await;
    bench.union_places("GOV0000824", 1_000).await;
    bench.lever("/unionpay/orders/GOV0000824/refuse", json!({"respCode": "64"})).await;
    bench.loads("at 23:59:58 approve").await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    bench.all_fired().await;
    let truth = bench.look("/truth?date=2026-03-02").await;
    for (platform, number) in
        [("wechat-pay", "GOV0000821"), ("alipay", "GOV0000822"), ("unionpay", "GOV0000823")]
    {
        let moved = &truth["platforms"][platform];
        assert_eq!(moved["totals"], json!({"paidFen": 1_000, "refundedFen": 0, "feeFen": 6}));
        assert_eq!(moved["payments"][0]["orderNo"], number);
        assert_eq!(moved["payments"][0]["at"], "2026-03-02T23:59:58+08:00");
    }
    let late = &truth["platforms"]["unionpay"]["payments"][0]["settleDate"];
    assert_eq!(late, "2026-03-03", "the file to which it belongs");
    assert_eq!(bench.union_state("GOV0000824").await, "FAILED");
    alipay.bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_line_of_a_settlement_file_that_was_written_is_wrong() {
    let bench = Bench::start().await;
    bench.loads("statement: duplicate line 2; statement unionpay 2026-03-03: drop line 9").await;
    for number in ["GOV0000831", "GOV0000832", "GOV0000833"] {
        bench.union_pays(number, 1_000).await;
    }
    bench.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    let lines = lines_of(&asks(&bench, "0302").await).unwrap();
    let orders: Vec<&str> = lines.iter().map(|line| order_id(line)).collect();
    assert_eq!(orders, ["GOV0000831", "GOV0000832", "GOV0000832", "GOV0000833"]);
    bench.union_pays("GOV0000834", 1_000).await;
    bench.union_pays("GOV0000835", 1_000).await;
    bench.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    let lines = lines_of(&asks(&bench, "0303").await).unwrap();
    assert_eq!(lines.iter().map(|line| order_id(line)).collect::<Vec<_>>(), ["GOV0000834"]);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn payments_of_an_amount_bring_its_outcome() {
    let bench = Bench::start().await;
    bench.union_places("GOV0000841", 9_901).await;
    let approve = |number: &str| format!("/unionpay/orders/{number}/approve");
    assert_eq!(bench.try_lever(&approve("GOV0000841"), json!({})).await.0, 409);
    bench.union_places("GOV0000842", 19_902).await;
    bench.lever(&approve("GOV0000842"), json!({})).await;
    assert_eq!(bench.union_state("GOV0000842").await, "PENDING");
    assert_eq!(bench.union_code(APP, bench.union_order("GOV0000843", 9_903)).await, "03");
    assert_eq!(bench.union_state("GOV0000843").await, "UNTRIED");
    bench.union_pays("GOV0000844", 9_904).await;
    let mut late = bench.union_order("GOV0000845", 9_905);
    late.insert("payTimeout".to_owned(), "20260302090200".to_owned());
    assert_eq!(bench.union_code(APP, late).await, "00");
    bench.union_places("GOV0000846", 9_906).await;
    bench.advance(61).await;
    assert_eq!(bench.union_state("GOV0000842").await, "SUCCESS");
    assert_eq!(bench.union_state("GOV0000846").await, "SUCCESS");
    assert_eq!(bench.union_state("GOV0000845").await, "UNTRIED");
    bench.advance(120).await;
    assert_eq!(bench.union_state("GOV0000845").await, "SUCCESS");
    assert_eq!(bench.callback_states().await.len(), 3, "nobody hears of one of four payments");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn refunds_of_an_amount_bring_its_outcome() {
    let bench = Bench::start().await;
    let back = async |number: &str, fen: i64| {
        let query_id = bench.union_pays(&format!("GOV{number}"), fen).await;
        bench.union_code(BACK, bench.union_back("04", &format!("RF{number}"), &query_id, 1)).await
    };
    assert_eq!(back("0000857", 9_907).await, "00");
    assert_eq!(back("0000858", 9_908).await, "33");
    assert_eq!(back("0000859", 9_909).await, "03");
    assert_eq!(back("0000851", 9_911).await, "00");
    bench.advance(10).await;
    assert_eq!(bench.union_state("RF0000857").await, "PENDING");
    assert_eq!(bench.union_state("RF0000859").await, "SUCCESS");
    assert_eq!(bench.union_state("RF0000851").await, "FAILED");
    bench.advance(600).await;
    assert_eq!(bench.union_state("RF0000857").await, "SUCCESS");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_was_done_in_the_panel_of_unionpay_is_replayed_to_the_same_truth() {
    let first = Bench::start().await;
    first.lever("/unionpay/refunds", json!({"afterSeconds": null})).await;
    let tn = first.union_call(APP, first.union_order("GOV0000861", 5_000)).await["tn"].clone();
    first.union_places("GOV0000862", 700).await;
    first.advance(60).await;
    first.lever(&format!("/unionpay/orders/{tn}/approve"), json!({"amountFen": 4_999})).await;
    first.lever("/unionpay/orders/GOV0000862/refuse", json!({"respCode": "64"})).await;
    let seen = first.look("/unionpay/orders/GOV0000861").await;
    first.union_refunds("RF00000861", seen["queryId"].as_str().unwrap(), 1_200).await;
    first.advance(30).await;
    let word = json!({"respCode": "A6"});
    first.lever("/unionpay/orders/RF00000861/approve", word).await;
    let script = first.recorded().await;
    let expected = first.look("/truth?date=2026-03-02").await["platforms"]["unionpay"].clone();
    assert_eq!(expected["totals"]["refundedFen"], 1_200);
    first.mocks.stop().await;
    assert_eq!(script.lines().count(), 7, "{script}");
    assert!(script.contains(": approve GOV0000861 4999 fen paid 2026-03-02 09:01:0"), "{script}");

    let again = Bench::start().await;
    assert_eq!(again.loads(&script).await.0, 200);
    again.union_places("GOV0000861", 5_000).await;
    again.union_places("GOV0000862", 700).await;
    eventually("the payment", async || {
        (again.union_state("GOV0000861").await == "SUCCESS").then_some(())
    })
    .await;
    let seen = again.look("/unionpay/orders/GOV0000861").await;
    again.union_refunds("RF00000861", seen["queryId"].as_str().unwrap(), 1_200).await;
    let said = again.all_fired().await;
    assert!(said.iter().all(|said| said.ends_with("完成")), "{said:?}");
    let mut truth = again.look("/truth?date=2026-03-02").await["platforms"]["unionpay"].clone();
    // The number of a refund says when it was accepted, which the backend decides.
    truth["refunds"][0]["platformNo"] = expected["refunds"][0]["platformNo"].clone();
    assert_eq!(truth, expected);
    assert_eq!(again.union_state("GOV0000862").await, "FAILED");
    again.mocks.stop().await;
}

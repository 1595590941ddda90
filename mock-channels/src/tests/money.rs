//! Orders and bills of WeChat Pay.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::json;

use super::Bench;
use crate::clock::{DAY_MS, MINUTE_MS, rfc3339};
use crate::crypto;

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[actix_web::test]
async fn an_order_is_placed_queried_paid_and_then_cannot_be_closed() {
    let bench = Bench::start().await;
    let order = bench.order("GOV0000001", 20_000).await;
    let placed = bench.places(&order).await;
    assert_eq!((placed.status, placed.signed), (200, Some(true)));
    let prepay_id = placed.json()["prepay_id"].as_str().unwrap().to_owned();
    assert_eq!((prepay_id.len(), &prepay_id[..10]), (36, "wx20260302"));

    let unpaid = bench.query("GOV0000001").await;
    assert_eq!((unpaid.status, unpaid.signed), (200, Some(true)));
    assert_eq!(unpaid.json()["trade_state"], "NOTPAY");
    assert!(unpaid.json().get("transaction_id").is_none());

    let again = bench.places(&order).await;
    assert_eq!(again.status, 200);
    assert_ne!(again.json()["prepay_id"], prepay_id.as_str());

    bench.lever("/orders/GOV0000001/approve", json!({})).await;
    let paid = bench.query("GOV0000001").await.json();
    assert_eq!(
        (&paid["trade_state"], &paid["amount"]["total"]),
        (&json!("SUCCESS"), &json!(20_000))
    );
    let id = paid["transaction_id"].as_str().unwrap();
    assert_eq!(id.len(), 28);
    let mch_id = &bench.onboarding.wechat_pay.mch_id;
    let target = format!("/v3/pay/transactions/id/{id}?mchid={mch_id}");
    assert_eq!(bench.pay_call("GET", &target, "").await.json(), paid);

    assert_eq!(bench.closes("GOV0000001").await.refusal(), refused(400, "ORDERPAID"));
    assert_eq!(bench.places(&order).await.refusal(), refused(400, "INVALID_REQUEST"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_closed_order_stays_closed_until_money_comes_all_the_same() {
    let bench = Bench::start().await;
    let order = bench.order("GOV0000002", 100).await;
    bench.places(&order).await;
    for _ in 0..2 {
        let closed = bench.closes("GOV0000002").await;
        assert_eq!((closed.status, closed.signed, closed.bytes.len()), (204, Some(true), 0));
    }
    assert_eq!(bench.query("GOV0000002").await.json()["trade_state"], "CLOSED");
    assert_eq!(bench.places(&order).await.refusal(), refused(400, "ORDER_CLOSED"));
    let (status, answer) = bench.try_lever("/orders/GOV0000002/approve", json!({})).await;
    assert_eq!(status, 409);
    assert!(answer["error"].as_str().unwrap().contains("已关闭"));
    bench.lever("/orders/GOV0000002/approve", json!({"force": true, "amountFen": 99})).await;
    let paid = bench.query("GOV0000002").await.json();
    assert_eq!((&paid["trade_state"], &paid["amount"]["total"]), (&json!("SUCCESS"), &json!(99)));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn an_expired_order_is_not_paid_and_not_closed() {
    let bench = Bench::start().await;
    let mut order = bench.order("GOV0000003", 100).await;
    // Already over: silently raised to one minute from now.
    order["time_expire"] = json!("2026-03-02T08:00:00+08:00");
    assert_eq!(bench.places(&order).await.status, 200);
    bench.lever("/clock", json!({"advanceSeconds": 50})).await;
    assert_eq!(bench.places(&order).await.status, 200);
    bench.lever("/clock", json!({"advanceSeconds": 11})).await;
    assert_eq!(bench.query("GOV0000003").await.json()["trade_state"], "NOTPAY");
    assert_eq!(bench.try_lever("/orders/GOV0000003/approve", json!({})).await.0, 409);
    assert_eq!(bench.places(&order).await.refusal(), refused(400, "INVALID_REQUEST"));
    assert_eq!(bench.closes("GOV0000003").await.status, 204);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn orders_are_refused_as_documented() {
    let bench = Bench::start().await;
    let good = bench.order("GOV0000004", 100).await;
    for (pointer, value) in [
        ("/amount/total", json!(0)),
        ("/amount/total", json!(100.0)),
        ("/amount/total", json!("100")),
        ("/amount/currency", json!("USD")),
        ("/out_trade_no", json!("short")),
        ("/out_trade_no", json!("GOV 00000")),
        ("/out_trade_no", json!("0".repeat(33))),
        ("/description", json!("")),
        ("/description", json!("长".repeat(128))),
        ("/notify_url", json!("http://127.0.0.1/x?y=1")),
        ("/mchid", json!("1900000000")),
        ("/payer/openid", json!("oNobody")),
        ("/payer", json!(null)),
    ] {
        let mut order = good.clone();
        *order.pointer_mut(pointer).unwrap() = value.clone();
        let refusal = bench.places(&order).await.refusal();
        assert_eq!(refusal, refused(400, "PARAM_ERROR"), "{pointer} = {value}");
    }
    let mut order = good.clone();
    order["appid"] = json!("wx0000000000000000");
    let refusal = bench.places(&order).await.refusal();
    assert_eq!(refusal, refused(400, "APPID_MCHID_NOT_MATCH"));

    assert_eq!(bench.places(&good).await.status, 200);
    order = good.clone();
    order["description"] = json!("别的说明");
    assert_eq!(bench.places(&order).await.refusal(), refused(403, "OUT_TRADE_NO_USED"));
    let body = good.to_string();
    let native = bench.pay_call("POST", "/v3/pay/transactions/native", &body).await;
    assert_eq!(native.refusal(), refused(403, "OUT_TRADE_NO_USED"));
    assert_eq!(bench.query("GOV9999999").await.refusal(), refused(404, "ORDER_NOT_EXIST"));
    let unknown = bench.pay_call("POST", "/v3/pay/transactions/h5", &body).await;
    assert_eq!((unknown.status, unknown.bytes.len()), (404, 0));
    let method = bench.pay_call("GET", "/v3/pay/transactions/jsapi", "").await;
    assert_eq!((method.status, method.bytes.len()), (405, 0));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn signatures_are_checked_in_the_documented_order() {
    let bench = Bench::start().await;
    let target = bench.query_target("GOV0000005");
    let now = bench.mocks.clock().now_ms() / 1000;
    let sent = async |header: &str| {
        let answer = bench.send_pay("GET", &target, "", header).await.unwrap();
        assert_eq!(answer.refusal(), refused(401, "SIGN_ERROR"), "{header}");
        answer.json()["message"].as_str().unwrap().to_owned()
    };
    let good = bench.authorization("GET", &target, "", &now.to_string());
    assert!(sent("x").await.contains("验签失败"));
    assert!(sent(&good.replace("SHA256", "SM3")).await.contains("认证类型"));
    let old = bench.authorization("GET", &target, "", &(now - 400).to_string());
    assert!(sent(&old).await.contains("5分钟"));
    let serial = &bench.onboarding.wechat_pay.merchant_serial;
    assert!(sent(&good.replace(serial, "0123")).await.contains("证书序列号"));
    let other = bench.authorization("GET", "/other", "", &now.to_string());
    assert!(sent(&other).await.contains("签名错误"));
    let answer = bench.send_pay("GET", &target, "", &good).await.unwrap();
    assert_eq!(answer.refusal(), refused(404, "ORDER_NOT_EXIST"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_bill_is_there_from_ten_and_its_hash_is_that_of_the_file() {
    let bench = Bench::start().await;
    bench.places(&bench.order("GOV0000006", 20_000).await).await;
    bench.lever("/orders/GOV0000006/approve", json!({})).await;
    let bill = async |date: &str, more: &str| {
        let target = format!("/v3/bill/tradebill?bill_date={date}&bill_type=ALL{more}");
        bench.pay_call("GET", &target, "").await
    };
    for date in ["2026-03-02", "2026-03-03", "2026-2-1", "2025-11-01"] {
        assert_eq!(bill(date, "").await.refusal(), refused(400, "INVALID_REQUEST"), "{date}");
    }
    bench.lever("/clock", json!({"nextDayAt": "09:59"})).await;
    let early = bill("2026-03-02", "").await;
    assert_eq!(early.refusal(), refused(400, "STATEMENT_CREATING"));
    bench.lever("/clock", json!({"set": "2026-03-03T10:00:00+08:00"})).await;
    let empty = bill("2026-03-01", "").await;
    assert_eq!(empty.refusal(), refused(400, "NO_STATEMENT_EXIST"));

    let ready = bill("2026-03-02", "").await;
    assert_eq!((ready.status, ready.signed), (200, Some(true)));
    let url = ready.json()["download_url"].as_str().unwrap().to_owned();
    let target = url.strip_prefix(&bench.mocks.base_url()).unwrap();
    let file = bench.pay_call("GET", target, "").await;
    assert_eq!((file.status, file.signed), (200, None));
    assert_eq!(ready.json()["hash_value"], crypto::sha1_hex(&file.bytes));
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(
        text.contains(",`GOV0000006,")
            && text.ends_with("`1,`200.00,`0.00,`0.00,`1.20000,`200.00,`0.00\r\n")
    );

    let zipped = bill("2026-03-02", "&tar_type=GZIP").await;
    let url = zipped.json()["download_url"].as_str().unwrap().to_owned();
    assert!(url.ends_with("&tartype=gzip"));
    assert_eq!(zipped.json()["hash_value"], ready.json()["hash_value"]);
    let packed =
        bench.pay_call("GET", url.strip_prefix(&bench.mocks.base_url()).unwrap(), "").await;
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, file.bytes);

    bench.lever("/clock", json!({"advanceSeconds": 301})).await;
    assert_eq!(bench.pay_call("GET", target, "").await.refusal(), refused(400, "INVALID_REQUEST"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_spoilt_bill_is_spoilt_as_often_as_asked() {
    let bench = Bench::start().await;
    bench.places(&bench.order("GOV0000007", 100).await).await;
    bench.lever("/orders/GOV0000007/approve", json!({})).await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    bench.lever("/bills", json!({"date": "2026-03-02", "fault": "truncated", "times": 1})).await;
    for intact in [false, true] {
        let target = "/v3/bill/tradebill?bill_date=2026-03-02";
        let ready = bench.pay_call("GET", target, "").await.json();
        let url = ready["download_url"].as_str().unwrap();
        let target = url.strip_prefix(&bench.mocks.base_url()).unwrap();
        let file = bench.pay_call("GET", target, "").await;
        assert_eq!(ready["hash_value"] == crypto::sha1_hex(&file.bytes), intact);
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_truth_knows_payments_by_their_own_day() {
    let bench = Bench::start().await;
    let yesterday_ms = bench.mocks.clock().now_ms() - DAY_MS;
    bench.places(&bench.order("GOV0000008", 100).await).await;
    bench.lever("/orders/GOV0000008/approve", json!({"atMs": yesterday_ms})).await;
    let truth = bench.look("/truth?date=2026-03-01").await;
    assert_eq!(truth["payments"][0]["outTradeNo"], "GOV0000008");
    assert_eq!(truth["payments"][0]["paidAt"], rfc3339(yesterday_ms));
    assert_eq!(bench.look("/truth?date=2026-03-02").await["payments"], json!([]));
    let future = json!({"atMs": yesterday_ms + 2 * DAY_MS + MINUTE_MS});
    assert_eq!(bench.try_lever("/orders/GOV0000008/approve", future).await.0, 400);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn app_and_native_orders_need_no_payer() {
    let bench = Bench::start().await;
    for (product, field, trade_type) in
        [("app", "prepay_id", "APP"), ("native", "code_url", "NATIVE")]
    {
        let number = format!("GOV-{product}");
        let mut order = bench.order(&number, 100).await;
        order.as_object_mut().unwrap().remove("payer");
        let target = format!("/v3/pay/transactions/{product}");
        let placed = bench.pay_call("POST", &target, &order.to_string()).await;
        assert_eq!((placed.status, placed.signed), (200, Some(true)));
        assert!(placed.json()[field].is_string());
        bench.lever(&format!("/orders/{number}/approve"), json!({})).await;
        assert_eq!(bench.query(&number).await.json()["trade_type"], trade_type);
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn bills_want_to_know_the_user_agent() {
    let bench = Bench::start().await;
    let target = "/v3/bill/tradebill?bill_date=2026-03-01";
    let bare = bench.http.get(bench.url(target)).header("Accept", "*/*").send().await.unwrap();
    assert_eq!(bare.status(), 400);
    let body = String::from_utf8(bare.bytes().await.unwrap().to_vec()).unwrap();
    assert!(body.contains("Http头缺少Accept或User-Agent"), "{body}");
    bench.mocks.stop().await;
}

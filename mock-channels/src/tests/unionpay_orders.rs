//! Orders, refunds and queries of UnionPay.

use serde_json::{Value, json};

use super::Bench;
use super::unionpay::{APP, BACK, QUERY, fields, read_raw, verify};
use crate::clock::{Day, compact_time};
use crate::crypto::SigningKey;
use crate::unionpay::wire;

#[actix_web::test]
async fn an_order_is_not_found_until_somebody_tries_to_pay_it() {
    let bench = Bench::start().await;
    let order = bench.union_order("GOV0000001", 20_000);
    let placed = bench.union_call(APP, order.clone()).await;
    let names: Vec<&str> = placed.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "accessType",
            "bizType",
            "encoding",
            "merId",
            "orderId",
            "reqReserved",
            "respCode",
            "respMsg",
            "signMethod",
            "signPubKeyCert",
            "signature",
            "tn",
            "txnSubType",
            "txnTime",
            "txnType",
            "version",
        ]
    );
    assert_eq!((placed["respMsg"].as_str(), placed["tn"].len()), ("成功[0000000]", 21));

    assert_eq!(bench.union_query(&order).await["respCode"], "34");
    let tn = &placed["tn"];
    bench.lever(&format!("/unionpay/orders/{tn}/refuse"), json!({})).await;
    assert_eq!(bench.union_query(&order).await["respCode"], "34");
    bench.lever(&format!("/unionpay/orders/{tn}/approve"), json!({})).await;
    let paid = bench.union_query(&order).await;
    let field = |name: &str| paid[name].as_str();
    assert_eq!((field("respCode"), field("origRespCode")), ("00", "00"));
    assert_eq!((field("txnType"), field("txnSubType"), field("bizType")), ("01", "01", "000000"));
    assert_eq!((field("txnAmt"), field("settleAmt")), ("20000", "20000"));
    assert_eq!((field("settleDate"), field("reqReserved")), ("0302", "YWJj"));
    assert_eq!((field("queryId").len(), &field("queryId")[..8]), (21, "44260302"));
    assert_eq!((field("traceNo").len(), field("traceTime").len()), (6, 10));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn requests_that_the_merchant_did_not_sign_are_refused() {
    let bench = Bench::start().await;
    let good = bench.union_order("GOV0000002", 100);
    let refused = async |body: String| {
        let answer = read_raw(&bench.union_post(APP, body).await.unwrap());
        assert_eq!(verify(&bench, &answer), Ok(()));
        answer["respCode"].clone()
    };
    let mut altered = bench.union_signed(good.clone());
    altered.insert("txnAmt".to_owned(), "1".to_owned());
    assert_eq!(refused(wire::form(&altered)).await, "11");
    let mut stranger = good.clone();
    stranger.insert("certId".to_owned(), "12345".to_owned());
    assert_eq!(refused(wire::form(&bench.union_signed(stranger))).await, "11");
    // Hashed once only, as other platforms would have it.
    let key = SigningKey::from_pem(&bench.onboarding.unionpay.merchant_private_key_pem).unwrap();
    let mut once = good.clone();
    let signature = key.sign(wire::text_to_sign(&once).as_bytes()).unwrap();
    once.insert("signature".to_owned(), signature);
    assert_eq!(refused(wire::form(&once)).await, "11");
    assert_eq!(refused(wire::form(&good)).await, "13");
    let twice = wire::form(&bench.union_signed(good.clone())) + "&txnAmt=1";
    assert_eq!(refused(twice).await, "10");
    assert_eq!(refused(String::new()).await, "10");
    assert_eq!(bench.look("/unionpay/orders").await["orders"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn orders_are_refused_with_the_documented_codes() {
    let bench = Bench::start().await;
    let good = bench.union_order("GOV0000003", 100);
    let early = (bench.mocks.clock().now_ms() - 3_600_000, bench.now_text());
    let earlier = Day::of(early.0).compact() + &compact_time(early.0);
    for (name, value, code) in [
        ("version", "5.0.0", "10"),
        ("signMethod", "12", "10"),
        ("encoding", "GBK", "10"),
        ("accessType", "1", "10"),
        ("merId", "777290058000000", "31"),
        ("txnType", "02", "10"),
        ("bizType", "000202", "10"),
        ("channelType", "05", "10"),
        ("currencyCode", "840", "10"),
        ("orderId", "short", "10"),
        ("orderId", "GOV-000003", "10"),
        ("orderId", "", "13"),
        ("txnAmt", "0", "10"),
        ("txnAmt", "1.00", "10"),
        ("txnAmt", "+1", "10"),
        ("txnAmt", "1000000000000", "10"),
        ("txnTime", &earlier, "10"),
        ("txnTime", "20260230000000", "10"),
        ("payTimeout", &earlier, "10"),
        ("backUrl", "ftp://127.0.0.1/", "10"),
    ] {
        let mut order = good.clone();
        order.insert(name.to_owned(), value.to_owned());
        assert_eq!(bench.union_code(APP, order).await, code, "{name} = {value}");
    }
    assert_eq!(bench.union_code(APP, good.clone()).await, "00");
    assert_eq!(bench.union_code(APP, good.clone()).await, "12");
    bench.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    let mut next_day = good.clone();
    next_day.insert("txnTime".to_owned(), bench.now_text());
    assert_eq!(bench.union_code(APP, next_day).await, "00", "another day, another order");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_refund_is_accepted_at_once_and_decided_later() {
    let bench = Bench::start().await;
    let query_id = bench.union_pays("GOV0000004", 10_000).await;
    bench.lever("/unionpay/refunds", json!({"afterSeconds": 3_600, "respCode": "00"})).await;
    let refund = bench.union_refunds("RF00000001", &query_id, 4_000).await;
    let open = bench.union_query(&refund).await;
    assert_eq!((open["respCode"].as_str(), open["origRespCode"].as_str()), ("00", "05"));
    let over = bench.union_back("04", "RF00000002", &query_id, 6_001);
    assert_eq!(bench.union_code(BACK, over).await, "36");
    bench.lever("/clock", json!({"advanceSeconds": 3_601})).await;
    let done = bench.union_query(&refund).await;
    assert_eq!((done["origRespCode"].as_str(), done["txnType"].as_str()), ("00", "04"));
    assert_eq!((&done["origQryId"], done["txnAmt"].as_str()), (&query_id, "4000"));

    // What failed can be refunded again, under another number.
    bench.lever("/unionpay/refunds", json!({"afterSeconds": null})).await;
    let failing = bench.union_refunds("RF00000003", &query_id, 6_000).await;
    bench.lever("/unionpay/orders/RF00000003/refuse", json!({"respCode": "60"})).await;
    assert_eq!(bench.union_query(&failing).await["origRespCode"], "60");
    let again = bench.union_refunds("RF00000004", &query_id, 6_000).await;
    bench.lever("/unionpay/orders/RF00000004/approve", json!({})).await;
    assert_eq!(bench.union_query(&again).await["origRespCode"], "00");
    let nothing_left = bench.union_back("04", "RF00000005", &query_id, 1);
    assert_eq!(bench.union_code(BACK, nothing_left).await, "36");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn only_payments_go_back_and_undos_only_whole_and_the_same_day() {
    let bench = Bench::start().await;
    let query_id = bench.union_pays("GOV0000005", 10_000).await;
    let other = bench.union_pays("GOV0000006", 10_000).await;
    let code = async |txn_type: &str, order_id: &str, query_id: &str, fen: i64| {
        bench.union_code(BACK, bench.union_back(txn_type, order_id, query_id, fen)).await
    };
    assert_eq!(code("04", "RF00000011", "440000000000000000000", 1).await, "35");
    assert_eq!(code("02", "RF00000012", &query_id, 1).await, "32");
    assert_eq!(code("31", "RF00000013", &query_id, 9_999).await, "36");
    assert_eq!(code("31", "RF00000014", &query_id, 10_000).await, "00");
    assert_eq!(code("31", "RF00000014", &query_id, 10_000).await, "12");
    assert_eq!(code("04", "RF00000015", &query_id, 1).await, "36", "it has gone back already");
    bench.lever("/clock", json!({"set": "2026-03-02T23:00:01+08:00"})).await;
    let undone = bench.look("/unionpay/orders/RF00000014").await;
    assert_eq!(undone["state"], "SUCCESS");
    let of_refund = undone["queryId"].as_str().unwrap();
    assert_eq!(code("04", "RF00000016", of_refund, 1).await, "35");
    assert_eq!(code("31", "RF00000017", &other, 10_000).await, "35", "the next day has begun");
    assert_eq!(code("04", "RF00000018", &other, 10_000).await, "00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn magic_amounts_decide() {
    let bench = Bench::start().await;
    let refused = bench.union_order("GOV0000021", 95_516_130);
    assert_eq!(bench.union_code(APP, refused.clone()).await, "30");
    assert_eq!(bench.try_lever("/unionpay/orders/GOV0000021/approve", json!({})).await.0, 404);
    let unknown = bench.union_order("GOV0000022", 95_516_103);
    let answer = bench.union_call(APP, unknown.clone()).await;
    assert_eq!((answer["respCode"].as_str(), answer.get("tn")), ("03", None));
    bench.lever("/unionpay/orders/GOV0000022/approve", json!({})).await;
    assert_eq!(bench.union_query(&unknown).await["origRespCode"], "00");

    for (order_id, fen, code) in
        [("GOV0000023", 95_516_264, "64"), ("GOV0000024", 95_516_205, "05")]
    {
        let order = bench.union_places(order_id, fen).await;
        bench.lever(&format!("/unionpay/orders/{order_id}/approve"), json!({})).await;
        assert_eq!(bench.union_query(&order).await["origRespCode"], code);
    }
    // What was open ends well with the second approval.
    bench.lever("/unionpay/orders/GOV0000024/approve", json!({})).await;
    assert_eq!(bench.look("/unionpay/orders/GOV0000024").await["state"], "SUCCESS");

    let query_id = bench.union_pays("GOV0000025", 300_000_000).await;
    let refuses = bench.union_back("04", "RF00000021", &query_id, 95_516_338);
    assert_eq!(bench.union_code(BACK, refuses).await, "38");
    let unsure = bench.union_back("04", "RF00000022", &query_id, 95_516_304);
    assert_eq!(bench.union_code(BACK, unsure.clone()).await, "04");
    let fails = bench.union_refunds("RF00000023", &query_id, 95_516_460).await;
    bench.lever("/clock", json!({"advanceSeconds": 3})).await;
    assert_eq!(bench.union_query(&unsure).await["origRespCode"], "00", "it was taken");
    assert_eq!(bench.union_query(&fails).await["origRespCode"], "60");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_is_decided_or_late_changes_by_force_alone() {
    let bench = Bench::start().await;
    let mut order = bench.union_order("GOV0000031", 500);
    order.insert("payTimeout".to_owned(), "20260302091500".to_owned());
    assert_eq!(bench.union_code(APP, order.clone()).await, "00");
    bench.lever("/clock", json!({"advanceSeconds": 900})).await;
    let approve = "/unionpay/orders/GOV0000031/approve";
    let (status, refusal) = bench.try_lever(approve, json!({})).await;
    assert_eq!(status, 409);
    assert!(refusal["error"].as_str().unwrap().contains("截止时间"));
    let wish = json!({"force": true, "amountFen": 499, "respCode": "A6"});
    let paid = bench.lever(approve, wish).await;
    assert_eq!((&paid["state"], &paid["amountFen"]), (&json!("SUCCESS"), &json!(499)));
    let told = bench.union_query(&order).await;
    assert_eq!((told["origRespCode"].as_str(), told["txnAmt"].as_str()), ("A6", "499"));
    assert_eq!(bench.try_lever(approve, json!({})).await.0, 409);
    let refuse = "/unionpay/orders/GOV0000031/refuse";
    assert_eq!(bench.try_lever(refuse, json!({"respCode": "64"})).await.0, 409);
    for bad in [json!({"respCode": "00"}), json!({"respCode": "zz"}), json!({"unknown": 1})] {
        assert_eq!(bench.try_lever(refuse, bad).await.0, 400);
    }

    let failed = bench.union_places("GOV0000032", 500).await;
    bench.lever("/unionpay/orders/GOV0000032/refuse", json!({"respCode": "64"})).await;
    assert_eq!(bench.union_query(&failed).await["origRespCode"], "64");
    assert_eq!(bench.try_lever("/unionpay/orders/GOV0000032/approve", json!({})).await.0, 409);
    let again = json!({"force": true});
    let events = bench.lever("/unionpay/orders/GOV0000032/approve", again).await;
    assert_ne!(events["callbackId"], Value::Null);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn answers_are_spoilt_as_asked() {
    let bench = Bench::start().await;
    let order = bench.union_places("GOV0000041", 100).await;
    let spoilt = async |fault: &str| {
        let wish = json!({"channel": "unionpay", "operation": "query", "fault": fault});
        bench.lever("/faults", wish).await;
        let mut query = order.clone();
        query.extend(fields(&[("txnType", "00"), ("txnSubType", "00")]));
        bench.union_post(QUERY, wire::form(&bench.union_signed(query))).await
    };
    let unsigned = read_raw(&spoilt("unsigned").await.unwrap());
    assert_eq!(verify(&bench, &unsigned), Err("no signature"));
    let wrong = read_raw(&spoilt("wrong-signature").await.unwrap());
    assert_eq!(verify(&bench, &wrong), Err("signature"));
    assert!(spoilt("error500").await.unwrap_err().is_status());
    assert!(spoilt("lost-answer").await.unwrap_err().is_request());
    assert_eq!(bench.union_query(&order).await["respCode"], "34");
    bench.mocks.stop().await;
}

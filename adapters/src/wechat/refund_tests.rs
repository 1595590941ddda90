use super::super::callback::WeChatPayCallbacks;
use super::super::sign::platform_message;
use super::super::testing::{NOW, PUBLIC_KEY_ID, account, config, signed};
use super::*;
use crate::crypto::SigningKey;
use crate::test_support::{Peer, json_answer, wechat_vectors};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::PayableFen;
use domain::payment::{CallbackRefused, OrderKey, RailCallback, RailCallbacks, RailNews};
use std::sync::Mutex;

const REFUND: &str = "YT20260302101531ABCDEFGHJKMN";
const PAYMENT: &str = "YW20260302101531ABCDEFGHJKMN";

fn refunds(base: &str) -> WeChatPayRefunds {
    WeChatPayRefunds::new(account(&config(base)))
}

fn order() -> RefundOrder {
    let made_at = Timestamp::from_second(NOW).unwrap();
    RefundOrder {
        no: RefundNo::new(REFUND).unwrap(),
        payment: OrderKey { no: PaymentNo::new(PAYMENT).unwrap(), made_at },
        txn: RailTxn::new("4200002222202603021234567890").unwrap(),
        paid: PayableFen::new(20_600).unwrap(),
        amount: PayableFen::new(600).unwrap(),
        reason: "重".repeat(100),
        made_at,
    }
}

fn in_turn(answers: Vec<String>) -> String {
    let left = Mutex::new(answers);
    Peer::replies(move |_| {
        let mut left = left.lock().unwrap();
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    })
}

fn no_says(status: u16, code: &str) -> String {
    json_answer(status, &format!(r#"{{"code":"{code}","message":"m"}}"#))
}

fn stands(status: &str) -> String {
    let time = if status == "SUCCESS" { "2026-03-02T10:20:00+08:00" } else { "" };
    let body = serde_json::json!({
        "refund_id": "50000000382026030212345678900", "out_refund_no": REFUND,
        "out_trade_no": PAYMENT, "status": status, "success_time": time,
        "amount": {"total": 20600, "refund": 600, "currency": "CNY"},
    });
    signed(200, &body.to_string())
}

fn name(result: &Result<RailRefundState, OutsideError>) -> &'static str {
    match result {
        Ok(RailRefundState::Processing) => "processing",
        Ok(RailRefundState::Done { .. }) => "done",
        Ok(RailRefundState::Failed { .. }) => "failed",
        Ok(RailRefundState::NeedsAccount) => "needs account",
        Ok(RailRefundState::NotFound) => "absent",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

#[tokio::test]
async fn a_refund_says_all_the_platform_needs() {
    let base = Peer::replies(|request| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /v3/refund/domestic/refunds HTTP/1.1"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected = serde_json::json!({
            "transaction_id": "4200002222202603021234567890", "out_refund_no": REFUND,
            "reason": "重".repeat(80), "notify_url": "https://example.org/callbacks/wechat-pay",
            "amount": {"refund": 600, "total": 20600, "currency": "CNY"},
        });
        assert_eq!(body, expected);
        stands("PROCESSING")
    });
    assert_eq!(refunds(&base).refund(&order()).await.unwrap(), RailRefundState::Processing);
}

#[tokio::test]
async fn a_refused_refund_hides_none_that_is_there() {
    let absent = || no_says(404, "RESOURCE_NOT_EXISTS");
    let table = [
        (vec![stands("SUCCESS")], "done"),
        (vec![stands("ABNORMAL")], "needs account"),
        (vec![stands("CLOSED")], "failed"),
        (vec![no_says(403, "NOT_ENOUGH"), absent()], "refused"),
        (vec![no_says(403, "NOTENOUGH"), absent()], "refused"),
        (vec![no_says(400, "PARAM_ERROR"), absent()], "refused"),
        (vec![no_says(404, "RESOURCE_NOT_EXISTS"), absent()], "refused"),
        (vec![no_says(403, "NOT_ENOUGH"), stands("PROCESSING")], "processing"),
        (vec![no_says(400, "INVALID_REQUEST"), stands("SUCCESS")], "done"),
        (vec![no_says(400, "INVALID_REQUEST"), no_says(500, "SYSTEM_ERROR")], "unknown"),
        (vec![no_says(400, "INVALID_REQUEST"), no_says(403, "NO_AUTH")], "unknown"),
        (vec![no_says(500, "SYSTEM_ERROR")], "unknown"),
        (vec![no_says(429, "FREQUENCY_LIMITED")], "unknown"),
        (vec![no_says(429, "RATELIMIT_EXCEEDED")], "unknown"),
        (vec![no_says(403, "A_NEW_CODE")], "unknown"),
        (vec![no_says(400, "")], "unknown"),
        (vec![stands("SUCCESS").replace("20260302101531A", "20260302101531B")], "unknown"),
        (vec![signed(200, "{}")], "unknown"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let refunded = refunds(&in_turn(answers)).refund(&order()).await;
        assert_eq!(name(&refunded), expected, "row {index}: {refunded:?}");
    }
    assert_eq!(name(&refunds(&Peer::nobody()).refund(&order()).await), "not sent");
    assert_eq!(name(&refunds(&Peer::hangs_up()).refund(&order()).await), "unknown");
}

#[tokio::test]
async fn a_query_tells_how_the_refund_stands() {
    let dearer = signed(
        200,
        &format!(r#"{{"out_refund_no":"{REFUND}","status":"SUCCESS","amount":{{"refund":601}}}}"#),
    );
    let timeless = signed(
        200,
        &format!(r#"{{"out_refund_no":"{REFUND}","status":"SUCCESS","amount":{{"refund":600}}}}"#),
    );
    let table = [
        (stands("SUCCESS"), "done"),
        (stands("PROCESSING"), "processing"),
        (stands("CLOSED"), "failed"),
        (stands("ABNORMAL"), "needs account"),
        (stands("A_NEW_STATUS"), "unknown"),
        (dearer, "unknown"),
        (timeless, "unknown"),
        (no_says(404, "RESOURCE_NOT_EXISTS"), "absent"),
        (no_says(400, "RESOURCE_NOT_EXISTS"), "refused"),
        (no_says(404, ""), "unknown"),
        (no_says(401, "SIGN_ERROR"), "refused"),
        (no_says(500, "SYSTEM_ERROR"), "unknown"),
    ];
    for (index, (reply, expected)) in table.into_iter().enumerate() {
        let state = refunds(&Peer::answers(&reply)).query_refund(&order()).await;
        assert_eq!(name(&state), expected, "row {index}: {state:?}");
    }
    let done = refunds(&Peer::answers(&stands("SUCCESS"))).query_refund(&order()).await.unwrap();
    let txn = Some(RailTxn::new("50000000382026030212345678900").unwrap());
    let at = "2026-03-02T10:20:00+08:00".parse().unwrap();
    assert_eq!(done, RailRefundState::Done { txn, at });
}

/// A genuine callback of this event about the refund.
async fn told(
    event: &str,
    resource: &serde_json::Value,
) -> Result<Option<RailNews>, CallbackRefused> {
    let config = config("https://h");
    let nonce = "61f9c719728a";
    let cipher =
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, config.api_v3_key.as_bytes()).unwrap());
    let mut sealed = resource.to_string().into_bytes();
    let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes()).unwrap();
    cipher.seal_in_place_append_tag(unique, Aad::from(b"refund"), &mut sealed).unwrap();
    let body = serde_json::json!({
        "id": "EV-2018022511223320873", "event_type": event,
        "resource": {"algorithm": "AEAD_AES_256_GCM", "original_type": "refund", "nonce": nonce,
            "associated_data": "refund", "ciphertext": STANDARD.encode(sealed)},
    })
    .to_string();
    let vectors = wechat_vectors();
    let pem = vectors["keys"]["go_sdk_test"]["private_key_pem"].as_str().unwrap().to_owned();
    let key = SigningKey::from_pem(&pem).unwrap();
    let signature = key.sign(&platform_message(&NOW.to_string(), "n", body.as_bytes())).unwrap();
    let headers = [
        ("wechatpay-timestamp", NOW.to_string()),
        ("wechatpay-nonce", "n".to_owned()),
        ("wechatpay-signature", signature),
        ("wechatpay-serial", PUBLIC_KEY_ID.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    let callback = RailCallback { headers, body: body.into_bytes() };
    let now = Timestamp::from_second(NOW).unwrap();
    let read = WeChatPayCallbacks::new(account(&config)).read(&callback, now).await?;
    Ok(read.map(|stored| {
        assert_eq!((stored.event_id.as_str(), stored.received_at), ("EV-2018022511223320873", now));
        stored.news
    }))
}

fn resource(status: &str) -> serde_json::Value {
    serde_json::json!({
        "mchid": "1900007291", "out_trade_no": PAYMENT, "out_refund_no": REFUND,
        "transaction_id": "4200002222202603021234567890", "refund_status": status,
        "refund_id": "50000000382026030212345678900", "user_received_account": "招商银行信用卡0403",
        "success_time": "2026-03-02T10:20:00+08:00",
        "amount": {"total": 20600, "refund": 600, "payer_total": 20600, "payer_refund": 600},
    })
}

#[tokio::test]
async fn a_refunds_end_is_told_as_news_of_its_payment() {
    for (event, status, state) in [
        ("REFUND.SUCCESS", "SUCCESS", "done"),
        ("REFUND.ABNORMAL", "ABNORMAL", "needs account"),
        ("REFUND.CLOSED", "CLOSED", "failed"),
    ] {
        let news = told(event, &resource(status)).await.unwrap();
        let Some(RailNews::Refunded(report)) = news else { panic!("{news:?}") };
        assert_eq!((report.refund_no.as_str(), report.order_no.as_str()), (REFUND, PAYMENT));
        assert_eq!((report.merchant_no.as_str(), report.amount), ("1900007291", Fen::new(600)));
        assert_eq!(name(&Ok(report.state)), state);
    }
    assert_eq!(told("REFUND.SUCCESS", &resource("A_NEW_STATUS")).await, Ok(None));
    assert_eq!(told("REFUND.NEW", &resource("SUCCESS")).await, Ok(None));
    for field in ["mchid", "out_trade_no", "out_refund_no"] {
        let mut lacking = resource("SUCCESS");
        lacking.as_object_mut().unwrap().remove(field);
        assert_eq!(told("REFUND.SUCCESS", &lacking).await, Err(CallbackRefused::Malformed(field)));
    }
}

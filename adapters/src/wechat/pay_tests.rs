use super::super::callback::WeChatPayCallbacks;
use super::super::testing::{NOW, account, config, signed, signed_at, with_signature};
use super::*;
use crate::test_support::{Peer, json_answer};
use domain::identity::OpenId;
use domain::money::PayableFen;
use domain::payment::{CallbackRefused, RailCallback, RailCallbacks};
use jiff::Timestamp;
use std::sync::Mutex;

fn rail(base: &str) -> WeChatPayRail {
    WeChatPayRail::new(account(&config(base)))
}

fn no() -> PaymentNo {
    PaymentNo::new("YW20260302101531ABCDEFGHJKMN").unwrap()
}

fn order() -> RailOrder {
    RailOrder {
        no: no(),
        amount: PayableFen::new(20_600).unwrap(),
        description: "罚".repeat(200),
        cashier: CashierKind::WeChatMini,
        payer: Some(OpenId::new("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").unwrap()),
        made_at: Timestamp::from_second(NOW).unwrap(),
        expires_at: Timestamp::from_second(NOW + 900).unwrap(),
    }
}

/// Answers the requests in turn; the last answer serves all that follow.
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

fn prepaid() -> String {
    signed(200, r#"{"prepay_id":"wx201410272009395522657a690389285100"}"#)
}

fn transaction(state: &str) -> String {
    let paid = r#","transaction_id":"4200002222202603021234567890",
        "success_time":"2026-03-02T10:15:31+08:00","appid":"wx1","mchid":"19""#;
    let paid = if matches!(state, "SUCCESS" | "REFUND") { paid } else { "" };
    let body = format!(
        r#"{{"out_trade_no":"{}","trade_state":"{state}",
        "amount":{{"total":20600,"currency":"CNY"}}{paid}}}"#,
        no()
    );
    signed(200, &body)
}

fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

#[tokio::test]
async fn a_prepay_says_all_the_platform_needs_and_signs_the_cashier() {
    let seen = std::sync::Arc::new(Mutex::new(String::new()));
    let copy = seen.clone();
    let base = Peer::replies(move |request| {
        request.clone_into(&mut copy.lock().unwrap());
        prepaid()
    });
    let rail = rail(&base);
    let cashier = rail.submit(&order()).await.unwrap();
    let Cashier::WeChatMini { time_stamp, nonce_str, package, sign_type, pay_sign } = cashier
    else {
        panic!("{cashier:?}")
    };
    assert_eq!((time_stamp, sign_type), (NOW.to_string(), "RSA".to_owned()));
    assert_eq!(
        (package.as_str(), nonce_str.len()),
        ("prepay_id=wx201410272009395522657a690389285100", 32)
    );
    let signer = &rail.account.signer;
    let expected = signer.pay_sign("wx0123456789abcdef", &NOW.to_string(), &nonce_str, &package);
    assert_eq!(Ok(pay_sign), expected);
    let request = seen.lock().unwrap().clone();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v3/pay/transactions/jsapi HTTP/1.1"), "{head}");
    assert!(head.contains("user-agent: yiwang/"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let description = "罚".repeat(127);
    let expected = serde_json::json!({
        "appid": "wx0123456789abcdef", "mchid": "1900007291", "description": description,
        "out_trade_no": no().as_str(), "time_expire": "2026-03-02T10:30:40+08:00",
        "notify_url": "https://example.org/callbacks/wechat-pay",
        "amount": {"total": 20600, "currency": "CNY"},
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    });
    assert_eq!(body, expected);
    assert_eq!(PaymentRail::cashier(&rail, Channel::WeChat), Some(CashierKind::WeChatMini));
}

#[tokio::test]
async fn a_refused_prepay_hides_no_order() {
    let there = || transaction("SUCCESS");
    let absent = || no_says(404, "ORDER_NOT_EXIST");
    let table = [
        (vec![no_says(400, "PARAM_ERROR")], "refused"),
        (vec![no_says(403, "NOAUTH")], "refused"),
        (vec![no_says(401, "SIGN_ERROR")], "refused"),
        (vec![no_says(400, "ORDER_CLOSED")], "refused"),
        (vec![no_says(403, "OUT_TRADE_NO_USED")], "unknown"),
        (vec![no_says(429, "FREQUENCY_LIMITED")], "unknown"),
        (vec![no_says(400, "A_NEW_CODE")], "unknown"),
        (vec![no_says(400, "INVALID_REQUEST"), absent()], "refused"),
        (vec![no_says(400, "INVALID_REQUEST"), there()], "unknown"),
        (vec![no_says(500, "SYSTEM_ERROR"), no_says(400, "PARAM_ERROR"), absent()], "refused"),
        (vec![no_says(500, "SYSTEM_ERROR"), no_says(400, "PARAM_ERROR"), there()], "unknown"),
        (vec![no_says(502, ""), prepaid()], "ok"),
        (vec![no_says(502, "")], "unknown"),
        (vec![signed(200, "{}")], "unknown"),
        (vec!["HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()], "unknown"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let submitted = rail(&in_turn(answers)).submit(&order()).await;
        assert_eq!(name(&submitted), expected, "row {index}: {submitted:?}");
    }
}

#[tokio::test]
async fn an_answer_without_a_good_signature_says_nothing_and_is_asked_again_once() {
    let probe = || {
        with_signature(200, r#"{"prepay_id":"p"}"#, &NOW.to_string(), "n", "WECHATPAY/SIGNTEST/x")
    };
    let stale = signed_at(200, r#"{"prepay_id":"p"}"#, NOW - 300);
    let unsigned = json_answer(200, r#"{"prepay_id":"p"}"#);
    for bad in [probe(), stale, unsigned] {
        assert_eq!(name(&rail(&Peer::answers(&bad)).submit(&order()).await), "unknown");
    }
    assert_eq!(name(&rail(&in_turn(vec![probe(), prepaid()])).submit(&order()).await), "ok");
}

#[tokio::test]
async fn a_query_tells_how_the_order_stands() {
    for (state, expected) in [
        ("SUCCESS", Some("paid")),
        ("REFUND", Some("paid")),
        ("NOTPAY", Some("open")),
        ("USERPAYING", Some("open")),
        ("CLOSED", Some("closed")),
        ("REVOKED", Some("closed")),
        ("ACCEPT", None),
        ("", None),
    ] {
        let stands = rail(&Peer::answers(&transaction(state))).query(&order().key()).await;
        let named = stands.as_ref().ok().map(|stands| match stands {
            RailOrderState::Paid(report) => {
                assert_eq!(report.order_no, no().as_str());
                assert_eq!(report.money.amount.fen().value(), 20_600);
                assert_eq!(report.money.at, "2026-03-02T10:15:31+08:00".parse().unwrap());
                "paid"
            }
            RailOrderState::Open => "open",
            RailOrderState::Closed => "closed",
            RailOrderState::NotFound => "not found",
        });
        assert_eq!(named, expected, "{state}");
        assert!(expected.is_some() || name(&stands) == "unknown", "{state}");
    }
}

#[tokio::test]
async fn a_query_believes_nothing_about_other_orders_or_unknown_codes() {
    for code in ["ORDER_NOT_EXIST", "ORDERNOTEXIST"] {
        let stands = rail(&Peer::answers(&no_says(404, code))).query(&order().key()).await;
        assert_eq!(stands.unwrap(), RailOrderState::NotFound);
    }
    let other = signed(200, r#"{"out_trade_no":"OTHER01","trade_state":"CLOSED"}"#);
    let half = signed(200, &format!(r#"{{"out_trade_no":"{}","trade_state":"SUCCESS"}}"#, no()));
    let lost = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned();
    for bad in [other, half, lost, no_says(429, "FREQUENCY_LIMITED"), no_says(500, "")] {
        assert_eq!(
            name(&rail(&Peer::answers(&bad)).query(&order().key()).await),
            "unknown",
            "{bad}"
        );
    }
    let refused = rail(&Peer::answers(&no_says(401, "SIGN_ERROR"))).query(&order().key()).await;
    assert_eq!(name(&refused), "refused");
}

#[tokio::test]
async fn closing_is_ok_only_when_the_platform_says_so() {
    for (answer, expected) in [
        (signed(204, ""), "ok"),
        (no_says(400, "ORDERPAID"), "refused"),
        (no_says(403, "TRADE_ERROR"), "refused"),
        (no_says(500, "SYSTEM_ERROR"), "unknown"),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "unknown"),
    ] {
        let closed = rail(&Peer::answers(&answer)).close(&order().key()).await;
        assert_eq!(name(&closed), expected, "{answer}");
    }
}

#[tokio::test]
async fn silence_and_absence_are_told_apart() {
    let asked = order();
    assert_eq!(name(&rail(&Peer::nobody()).submit(&asked).await), "not sent");
    assert_eq!(name(&rail(&Peer::hangs_up()).submit(&asked).await), "unknown");
    assert_eq!(name(&rail(&Peer::silent()).submit(&asked).await), "unknown");
    assert_eq!(name(&rail(&Peer::nobody()).close(&asked.key()).await), "not sent");
}

#[test]
fn a_faulty_configuration_names_its_field() {
    use super::super::account::{WeChatPayAccount, WeChatPayConfig};
    use crate::system::RandomIds;
    use crate::test_support::{StillClock, quick_client};
    type Change = fn(&mut WeChatPayConfig);
    let table: [(&str, Change); 8] = [
        ("base_url", |c| c.base_url = "api".to_owned()),
        ("app_id", |c| c.app_id.clear()),
        ("app_app_id", |c| c.app_app_id = Some(" ".to_owned())),
        ("merchant_serial", |c| c.merchant_serial.clear()),
        ("merchant_private_key_pem", |c| c.merchant_private_key_pem.clear()),
        ("api_v3_key", |c| c.api_v3_key.push('x')),
        ("platform_keys", |c| c.platform_keys.clear()),
        ("notify_url", |c| c.notify_url.push_str("?a=b")),
    ];
    for (field, change) in table {
        let mut config = config("https://api.mch.weixin.qq.com");
        change(&mut config);
        let (clock, ids) = (Arc::new(StillClock(NOW)), Arc::new(RandomIds));
        let fault = WeChatPayAccount::new(&config, quick_client(), clock, ids).unwrap_err();
        assert_eq!(fault.field, field);
        assert!(!format!("{config:?}").contains("a7cde1"));
    }
}

#[tokio::test]
async fn callbacks_without_their_headers_are_malformed_and_foreign_keys_unknown() {
    let reader = WeChatPayCallbacks::new(account(&config("https://h")));
    let now = Timestamp::from_second(NOW).unwrap();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("wechatpay-timestamp", &NOW.to_string()),
        header("wechatpay-nonce", "n"),
        header("wechatpay-signature", "AAAA"),
        header("wechatpay-serial", "OTHER"),
    ];
    let read =
        async |headers| reader.read(&RailCallback { headers, body: b"{}".to_vec() }, now).await;
    assert_eq!(read(headers.clone()).await, Err(CallbackRefused::UnknownKey));
    for missing in 0..headers.len() {
        let mut fewer = headers.clone();
        fewer.remove(missing);
        assert!(matches!(read(fewer).await, Err(CallbackRefused::Malformed(_))));
    }
}

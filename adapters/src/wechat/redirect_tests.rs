use super::super::testing::{NOW, PUBLIC_KEY_ID, account, config, signed};
use super::*;
use crate::test_support::{Peer, json_answer, wechat_vectors};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::PayableFen;
use domain::payment::{OrderKey, RailTxn};
use jiff::Timestamp;
use std::sync::{Arc, Mutex};

const REFUND: &str = "YT20260302101531ABCDEFGHJKMN";
const REFUND_ID: &str = "50000000382026030212345678900";

fn order() -> RefundOrder {
    let made_at = Timestamp::from_second(NOW).unwrap();
    let no = PaymentNo::new("YW20260302101531ABCDEFGHJKMN").unwrap();
    RefundOrder {
        no: RefundNo::new(REFUND).unwrap(),
        payment: OrderKey { no, made_at },
        txn: RailTxn::new("4200002222202603021234567890").unwrap(),
        paid: PayableFen::new(20_600).unwrap(),
        amount: PayableFen::new(600).unwrap(),
        reason: "重复缴款".to_owned(),
        made_at,
    }
}

fn payee(bank: &str) -> PayeeAccount {
    let number = "6222020200112230".to_owned();
    PayeeAccount { holder: "林晓舟".to_owned(), number, bank: bank.to_owned() }
}

fn stands(status: &str) -> String {
    let body = serde_json::json!({
        "refund_id": REFUND_ID, "out_refund_no": REFUND, "status": status,
        "success_time": "2026-03-02T10:20:00+08:00", "amount": {"total": 20600, "refund": 600},
    });
    signed(200, &body.to_string())
}

fn no_says(status: u16, code: &str) -> String {
    json_answer(status, &format!(r#"{{"code":"{code}","message":"m"}}"#))
}

/// A platform that gives these answers in turn, and what it was asked.
fn in_turn(answers: Vec<String>) -> (WeChatPayRedirects, Arc<Mutex<Vec<String>>>) {
    let (left, asked) = (Mutex::new(answers), Arc::new(Mutex::new(Vec::new())));
    let heard = asked.clone();
    let base = Peer::replies(move |request| {
        heard.lock().unwrap().push(request.to_owned());
        let mut left = left.lock().unwrap();
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    });
    (WeChatPayRedirects::new(account(&config(&base))), asked)
}

/// What only the platform can read.
fn opened(sealed: &serde_json::Value) -> String {
    let vectors = wechat_vectors();
    let pem = vectors["keys"]["go_sdk_test"]["private_key_pem"].as_str().unwrap().to_owned();
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let key = OaepPrivateDecryptingKey::new(key).unwrap();
    let sealed = STANDARD.decode(sealed.as_str().unwrap()).unwrap();
    let mut plain = vec![0; key.min_output_size()];
    let plain = key.decrypt(&OAEP_SHA1_MGF1SHA1, &sealed, &mut plain, None).unwrap();
    String::from_utf8(plain.to_vec()).unwrap()
}

#[tokio::test]
async fn the_account_is_sealed_for_the_key_that_the_platform_signs_with() {
    let (redirects, asked) = in_turn(vec![stands("ABNORMAL"), stands("PROCESSING")]);
    let said = redirects.redirect(&order(), &payee("中国工商银行杭州分行")).await.unwrap();
    assert_eq!(said, RailRefundState::Processing);
    let asked = asked.lock().unwrap();
    assert!(asked[0].starts_with(&format!("GET /v3/refund/domestic/refunds/{REFUND} ")));
    let (head, body) = asked[1].split_once("\r\n\r\n").unwrap();
    let path = format!("POST /v3/refund/domestic/refunds/{REFUND_ID}/apply-abnormal-refund ");
    assert!(head.starts_with(&path), "{head}");
    let named = format!("wechatpay-serial: {PUBLIC_KEY_ID}");
    assert!(head.lines().any(|line| line.eq_ignore_ascii_case(&named)), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let told = |key: &str| body[key].as_str().unwrap();
    assert_eq!((told("out_refund_no"), told("type")), (REFUND, "USER_BANK_CARD"));
    assert_eq!(told("bank_type"), "ICBC_DEBIT");
    assert_eq!(opened(&body["bank_account"]), "6222020200112230");
    assert_eq!(opened(&body["real_name"]), "林晓舟");
}

#[tokio::test]
async fn a_refund_that_is_not_stuck_is_left_alone() {
    let table = [
        (stands("PROCESSING"), "Ok(Processing)"),
        (stands("CLOSED"), "Ok(Failed"),
        (no_says(404, "RESOURCE_NOT_EXISTS"), "Ok(NotFound)"),
        (no_says(401, "SIGN_ERROR"), "Err(OutcomeUnknown"),
        (no_says(500, "SYSTEM_ERROR"), "Err(OutcomeUnknown"),
        (stands("ABNORMAL").replace(REFUND_ID, "../../x"), "Err(OutcomeUnknown"),
    ];
    for (reply, expected) in table {
        let (redirects, asked) = in_turn(vec![reply]);
        let said = format!("{:?}", redirects.redirect(&order(), &payee("招商银行")).await);
        assert!(said.starts_with(expected), "{expected}: {said}");
        let asked = asked.lock().unwrap();
        assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_believed_while_the_refund_is_still_stuck() {
    let stuck = || stands("ABNORMAL");
    let table = [
        (vec![stuck(), no_says(400, "PARAM_ERROR"), stuck()], "Err(Refused"),
        (vec![stuck(), no_says(400, "INVALID_REQUEST"), stands("PROCESSING")], "Ok(Processing)"),
        (vec![stuck(), no_says(400, "PARAM_ERROR"), no_says(500, "X")], "Err(OutcomeUnknown"),
        (vec![stuck(), no_says(429, "FREQUENCY_LIMITED")], "Err(OutcomeUnknown"),
        (vec![stuck(), no_says(500, "SYSTEM_ERROR")], "Err(OutcomeUnknown"),
        (vec![stuck(), stuck()], "Ok(NeedsAccount)"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let (redirects, _) = in_turn(answers);
        let said = format!("{:?}", redirects.redirect(&order(), &payee("中国银行")).await);
        assert!(said.starts_with(expected), "row {index}: {said}");
    }
    let (redirects, asked) = in_turn(vec![stuck()]);
    let said = redirects.redirect(&order(), &payee("没有的银行")).await;
    assert!(matches!(said, Err(OutsideError::Refused { ref code, .. }) if code == "BANK_UNKNOWN"));
    assert_eq!(asked.lock().unwrap().len(), 1, "nothing is sent");
}

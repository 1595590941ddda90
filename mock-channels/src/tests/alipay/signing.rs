//! Who may call, what is signed, certificates, rotation, encryption.

use serde_json::json;

use super::Merchant;
use crate::alipay::params::encoded;
use crate::alipay::{cert, seal};
use crate::crypto::{SigningKey, VerifyingKey};

fn without(params: &[(String, String)], name: &str) -> Vec<(String, String)> {
    params.iter().filter(|(key, _)| key != name).cloned().collect()
}

fn with(params: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut params = without(params, name);
    params.push((name.to_owned(), value.to_owned()));
    params
}

#[actix_web::test]
async fn a_call_is_checked_before_it_is_answered() {
    let merchant = Merchant::start().await;
    let good = merchant.params("alipay.trade.query", &json!({"out_trade_no": "NONE"}));
    assert_eq!(merchant.send(&good).await.refused(), "ACQ.TRADE_NOT_EXIST");

    for (params, code, sub_code) in [
        (without(&good, "app_id"), "40001", "isv.missing-app-id"),
        (with(&good, "app_id", "2021000000000000"), "40002", "isv.invalid-app-id"),
        (without(&good, "method"), "40001", "isv.missing-method"),
        (without(&good, "sign_type"), "40001", "isv.missing-signature-type"),
        (with(&good, "sign_type", "RSA"), "40002", "isv.invalid-signature-type"),
        (without(&good, "timestamp"), "40001", "isv.missing-timestamp"),
        (with(&good, "timestamp", "2026-03-02T09:00:00"), "40002", "isv.invalid-timestamp"),
        (without(&good, "version"), "40001", "isv.missing-version"),
        (with(&good, "charset", "latin1"), "40002", "isv.invalid-charset"),
        (with(&good, "format", "XML"), "40002", "isv.invalid-format"),
        (with(&good, "method", "alipay.trade.dance"), "40002", "isv.invalid-method"),
        (with(&good, "biz_content", "{"), "40002", "isv.invalid-parameter"),
        (with(&good, "app_cert_sn", "0"), "40002", "isv.app-cert-not-exist"),
        (with(&good, "alipay_root_cert_sn", "0"), "40001", "isv.missing-app-cert-sn"),
    ] {
        let answer = merchant.send(&params).await;
        assert_eq!(answer.code(), (code, sub_code), "{}", answer.text);
    }
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_wrong_signature_is_shown_the_text_that_was_expected() {
    let merchant = Merchant::start().await;
    let params = merchant.params("alipay.trade.query", &json!({"out_trade_no": "N"}));
    let form = merchant.form(&params).replace("out_trade_no", "trade_no");
    let answer = merchant.post(&form).await;
    assert_eq!(answer.code(), ("40002", "isv.invalid-signature"));
    let shown = answer.node["sub_msg"].as_str().unwrap();
    assert!(shown.contains("&amp;biz_content={\"trade_no\":\"N\"}&amp;charset=utf-8"), "{shown}");
    // The same parameter in query and body: nobody could say which was signed.
    let twice = merchant.post(&format!("{}&app_id=1", merchant.form(&params))).await;
    assert_eq!(twice.code(), ("40002", "isv.invalid-parameter"));
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn parameters_may_come_in_the_query_and_in_gbk() {
    let merchant = Merchant::start().await;
    let params = merchant.params("alipay.trade.query", &json!({"out_trade_no": "NONE"}));
    let url = format!("{}?{}", merchant.onboarding.alipay.gateway_url, merchant.form(&params));
    let answer = merchant.http.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html;charset=utf-8");
    assert_eq!(merchant.read(&answer.bytes().await.unwrap()).refused(), "ACQ.TRADE_NOT_EXIST");

    // The text that is signed is the one in the charset of the call.
    let mut order = merchant.order("GBK1", "1.00").await;
    order["subject"] = json!("登记费");
    let order = encoding_rs::GBK.encode(&order.to_string()).0.into_owned();
    let head = "app_id={}&charset=GBK&method=alipay.trade.create&sign_type=RSA2\
                &timestamp=2026-03-02 09:00:00&version=1.0";
    let head = head.replace("{}", &merchant.onboarding.alipay.mini_app_id);
    let mut text = head.replace("&charset", "&biz_content=<>&charset").into_bytes();
    let at = text.windows(2).position(|two| two == b"<>").unwrap();
    text.splice(at..at + 2, order.iter().copied());
    let sign = merchant.key.sign(&text).unwrap();
    let form = format!(
        "{}&biz_content={}&sign={}",
        head.replace(' ', "+"),
        encoded(&order),
        encoded(sign.as_bytes())
    );
    merchant.post(&form).await.good();
    let trade = merchant.look("/alipay/trades/GBK1").await;
    assert_eq!(trade["subject"], "登记费");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn certificate_mode_names_the_certificate_that_signed() {
    let merchant = Merchant::start().await;
    let alipay = &merchant.onboarding.alipay;
    let mut params = merchant.params("alipay.trade.query", &json!({"out_trade_no": "NONE"}));
    params.extend(merchant.serials());
    let answer = merchant.send(&params).await;
    let named = answer.text.split("\"alipay_cert_sn\":\"").nth(1).map(|rest| rest[..32].to_owned());
    assert_eq!(answer.refused(), "ACQ.TRADE_NOT_EXIST");
    assert_eq!(named, cert::serial(&alipay.alipay_cert_pem));
    assert_eq!(alipay.alipay_cert_pem.matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(alipay.alipay_root_cert_pem.matches("BEGIN CERTIFICATE").count(), 2);
    let root = cert::root_serial(&alipay.alipay_root_cert_pem).unwrap();
    assert!(!root.contains('_'), "the root of another kind takes no part: {root}");

    let wrong_root = with(&params, "alipay_root_cert_sn", "00");
    let answer = merchant.send(&wrong_root).await;
    assert_eq!(answer.code(), ("40002", "isv.invalid-alipay-root-cert-sn"));
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn after_a_rotation_the_second_key_signs_and_its_certificate_can_be_fetched() {
    let merchant = Merchant::start().await;
    let keys = merchant.lever("/alipay/keys", json!({"signs": "second"})).await;
    let second = &keys["keys"][1];
    assert_eq!((&second["signs"], &keys["keys"][0]["signs"]), (&json!(true), &json!(false)));
    let sn = second["certSn"].as_str().unwrap();
    let mut params = merchant.params("alipay.trade.query", &json!({"out_trade_no": "NONE"}));
    params.extend(merchant.serials());
    let answer = merchant.send(&params).await;
    assert_eq!(answer.signed, Some(false), "not by the first key");
    assert!(answer.text.contains(&format!("\"alipay_cert_sn\":\"{sn}\"")));

    let biz = json!({"alipay_cert_sn": sn});
    let fetched = merchant.call("alipay.open.app.alipaycert.download", biz).await;
    assert_eq!((fetched.code(), fetched.signed), (("10000", ""), None));
    let pem = fetched.node["alipay_cert_content"].as_str().unwrap();
    let pem = String::from_utf8(crate::crypto::from_base64(pem).unwrap()).unwrap();
    assert_eq!(cert::serial(&pem).as_deref(), Some(sn));
    let unknown = json!({"alipay_cert_sn": "00"});
    let unknown = merchant.call("alipay.open.app.alipaycert.download", unknown).await;
    assert_eq!(unknown.code().0, "40004");

    let second = VerifyingKey::from_pem(second["publicKeyPem"].as_str().unwrap()).unwrap();
    let merchant = Merchant { alipay: second, ..merchant };
    merchant.send(&params).await.refused();
    merchant.lever("/alipay/keys", json!({"signs": "first"})).await;
    assert_eq!(merchant.send(&params).await.signed, Some(false), "the first key signs again");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn encrypted_calls_get_encrypted_answers() {
    let merchant = Merchant::start().await;
    merchant.creates("AES1", "1.00", None).await;
    let key = merchant.content_key();
    let sealed = seal::seal(&key, br#"{"out_trade_no":"AES1"}"#).unwrap();
    let params = merchant.params("alipay.trade.query", &json!({}));
    let params = with(&with(&params, "biz_content", &sealed), "encrypt_type", "AES");
    let answer = merchant.send(&params).await;
    assert_eq!(answer.signed, Some(true), "signed with its quotes");
    let plain = seal::open(&key, answer.node.as_str().unwrap()).unwrap();
    let node: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!((&node["code"], &node["out_trade_no"]), (&json!("10000"), &json!("AES1")));
    let garbled = with(&params, "biz_content", "AAAA");
    let answer = merchant.send(&garbled).await;
    assert_eq!(answer.code(), ("40002", "isv.invalid-encrypt"), "in plain words");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn both_forms_of_the_private_key_are_the_same_key() {
    let merchant = Merchant::start().await;
    let alipay = &merchant.onboarding.alipay;
    assert!(alipay.app_private_key_pkcs1_pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let other = SigningKey::from_pem(&alipay.app_private_key_pkcs1_pem).unwrap();
    assert_eq!(other.sign(b"text").unwrap(), merchant.key.sign(b"text").unwrap());
    merchant.bench.mocks.stop().await;
}

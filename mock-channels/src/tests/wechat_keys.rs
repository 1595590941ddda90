//! Keys and certificates of WeChat Pay, and the wallet that checks the merchant's own signature.

use aws_lc_rs::aead::AES_256_GCM;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use serde_json::{Value, json};

use super::callbacks::receiver;
use super::{Bench, Signed, eventually};
use crate::crypto::{self, VerifyingKey, open_gcm, pem_to_der};

impl Bench {
    /// A signed call that names a key; answers the status, the key of the answer, and whether the
    /// signature holds with `pem`.
    async fn with_serial(&self, serial: Option<&str>, pem: &str) -> (u16, String, bool) {
        let target = self.query_target("GOV0000501");
        let now = (self.mocks.clock().now_ms() / 1000).to_string();
        let mut request = self
            .http
            .get(self.url(&target))
            .header("Authorization", self.authorization("GET", &target, "", &now))
            .header("Accept", "application/json")
            .header("User-Agent", "test");
        if let Some(serial) = serial {
            request = request.header("Wechatpay-Serial", serial);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (timestamp, nonce) = (header("Wechatpay-Timestamp"), header("Wechatpay-Nonce"));
        let (serial, signature) = (header("Wechatpay-Serial"), header("Wechatpay-Signature"));
        let status = answer.status().as_u16();
        let body = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        let message = format!("{timestamp}\n{nonce}\n{body}\n");
        let key = VerifyingKey::from_pem(pem).unwrap();
        (status, serial, key.verify(message.as_bytes(), &signature).is_ok())
    }

    /// The certificates as a merchant gets them: number and PEM, opened.
    async fn certificates(&self) -> Vec<(String, String)> {
        let answer = self.pay_call("GET", "/v3/certificates?algorithm_type=RSA", "").await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let open = |one: &Value| {
            let sealed = |name: &str| one["encrypt_certificate"][name].as_str().unwrap().to_owned();
            let (nonce, data) = (sealed("nonce"), sealed("associated_data"));
            let key = &self.onboarding.wechat_pay.api_v3_key;
            let pem = open_gcm(&AES_256_GCM, key, &nonce, &data, &sealed("ciphertext")).unwrap();
            (one["serial_no"].as_str().unwrap().to_owned(), String::from_utf8(pem).unwrap())
        };
        answer.json()["data"].as_array().unwrap().iter().map(open).collect()
    }
}

fn code(answer: &Signed) -> (u16, String) {
    answer.refusal()
}

#[actix_web::test]
async fn a_new_merchant_has_no_certificates_until_one_is_made() {
    let bench = Bench::start().await;
    let none = bench.pay_call("GET", "/v3/certificates", "").await;
    assert_eq!(code(&none), (404, "RESOURCE_NOT_EXISTS".to_owned()));
    let keys = bench.lever("/wechat-pay/keys", json!({"add": "certificate"})).await;
    let made = keys["keys"][1].clone();
    let certificates = bench.certificates().await;
    assert_eq!(certificates.len(), 1);
    let (serial, pem) = &certificates[0];
    assert_eq!((serial.len(), json!(serial)), (40, made["id"].clone()));
    let der = pem_to_der(pem).unwrap();
    let number = crypto::hex(&der).to_uppercase();
    assert!(number.contains(&format!("0214{serial}")), "the certificate carries its number");
    let public = pem_to_der(made["publicKeyPem"].as_str().unwrap()).unwrap();
    assert!(number.contains(&crypto::hex(&public).to_uppercase()), "and the key");
    let sm = bench.pay_call("GET", "/v3/certificates?algorithm_type=SM2", "").await;
    assert_eq!(code(&sm), (404, "RESOURCE_NOT_EXISTS".to_owned()));
    let odd = bench.pay_call("GET", "/v3/certificates?algorithm_type=DES", "").await;
    assert_eq!(code(&odd), (400, "PARAM_ERROR".to_owned()));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn keys_rotate_and_the_serial_selects() {
    let file =
        std::env::temp_dir().join(format!("mock-keys-{}.json", crypto::random_text(b"ab", 24)));
    let bench = Bench::with(Some(file.clone())).await;
    bench.places(&bench.order("GOV0000501", 100).await).await;
    let first = bench.onboarding.wechat_pay.clone();
    let keys = bench.lever("/wechat-pay/keys", json!({"add": "public-key"})).await;
    let second = keys["keys"][1].clone();
    let (id, pem) = (second["id"].as_str().unwrap(), second["publicKeyPem"].as_str().unwrap());
    assert!(id.starts_with("PUB_KEY_ID_"));
    let own = (first.platform_key_id.as_str(), first.platform_public_key_pem.as_str());

    let answer = bench.with_serial(None, own.1).await;
    assert_eq!(answer, (200, own.0.to_owned(), true), "the old one still signs");
    let asked = bench.with_serial(Some(id), pem).await;
    assert_eq!(asked, (200, id.to_owned(), true), "whoever names the new one gets it");

    bench.lever("/wechat-pay/keys", json!({"signs": id})).await;
    assert_eq!(bench.with_serial(None, pem).await, (200, id.to_owned(), true));
    assert_eq!(bench.with_serial(Some(own.0), own.1).await, (200, own.0.to_owned(), true));
    let (inbox, url) = receiver(&[]);
    let mut order = bench.order("GOV0000502", 100).await;
    order["notify_url"] = json!(url);
    bench.places(&order).await;
    bench.lever("/orders/GOV0000502/approve", json!({})).await;
    let told = eventually("the notification", async || inbox.received().into_iter().next()).await;
    assert!(told.is_signed_by(pem), "notifications are signed by the new key");

    let (status, _) = bench.try_lever("/wechat-pay/keys", json!({"retire": id})).await;
    assert_eq!(status, 409, "the key that signs cannot go");
    bench.lever("/wechat-pay/keys", json!({"retire": own.0})).await;
    assert_eq!(bench.with_serial(Some(own.0), own.1).await.0, 400);
    let (status, _) = bench.try_lever("/wechat-pay/keys", json!({"signs": own.0})).await;
    assert_eq!(status, 400);
    bench.mocks.stop().await;

    let again = Bench::with(Some(file.clone())).await;
    assert_eq!(again.with_serial(None, pem).await, (200, id.to_owned(), true), "keys are kept");
    again.mocks.stop().await;
    std::fs::remove_file(file).unwrap();
}

#[actix_web::test]
async fn answers_too_are_probed_now_and_then() {
    let bench = Bench::start().await;
    bench.places(&bench.order("GOV0000508", 100).await).await;
    let pem = bench.onboarding.wechat_pay.platform_public_key_pem.clone();
    bench.lever("/faults", json!({"channel": "wechat-pay", "fault": "signature-probe"})).await;
    let target = bench.query_target("GOV0000508");
    let now = (bench.mocks.clock().now_ms() / 1000).to_string();
    let request = bench
        .http
        .get(bench.url(&target))
        .header("Authorization", bench.authorization("GET", &target, "", &now))
        .header("Accept", "application/json");
    let probed = request.send().await.unwrap();
    let signature = probed.headers()["Wechatpay-Signature"].to_str().unwrap();
    assert!(signature.starts_with("WECHATPAY/SIGNTEST/"), "{signature}");
    assert!(VerifyingKey::from_pem(&pem).unwrap().verify(b"", signature).is_err());
    assert_eq!(bench.query("GOV0000508").await.signed, Some(true), "once");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn an_abnormal_refund_goes_another_way() {
    let bench = Bench::start().await;
    bench.paid("GOV0000503", 1_000).await;
    bench.lever("/wechat-pay/refund-outcomes", json!({"outcomes": ["abnormal"]})).await;
    let wanted = Bench::refund("AB1", "GOV0000503", 1_000, 1_000);
    let refund_id = bench.refunds(&wanted).await.json()["refund_id"].as_str().unwrap().to_owned();
    let target = format!("/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund");
    let by_merchant = json!({"out_refund_no": "AB1", "type": "MERCHANT_BANK_CARD"}).to_string();
    let early = bench.pay_call("POST", &target, &by_merchant).await;
    assert_eq!(code(&early), (400, "INVALID_REQUEST".to_owned()));
    bench.advance(3).await;

    let pay = &bench.onboarding.wechat_pay;
    let sealed = |text: &str| {
        let der = pem_to_der(&pay.platform_public_key_pem).unwrap();
        let key =
            OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&der).unwrap()).unwrap();
        let mut out = vec![0; key.ciphertext_size()];
        let done = key.encrypt(&OAEP_SHA1_MGF1SHA1, text.as_bytes(), &mut out, None).unwrap();
        crypto::base64(done)
    };
    let card = |account: &str| {
        json!({
            "out_refund_no": "AB1",
            "type": "USER_BANK_CARD",
            "bank_type": "ICBC_DEBIT",
            "bank_account": account,
            "real_name": sealed("林晓舟"),
        })
        .to_string()
    };
    let send = async |serial: Option<&str>, body: &str| {
        let now = (bench.mocks.clock().now_ms() / 1000).to_string();
        let mut request = bench
            .http
            .post(bench.url(&target))
            .header("Authorization", bench.authorization("POST", &target, body, &now))
            .header("Accept", "application/json")
            .header("User-Agent", "test")
            .body(body.to_owned());
        if let Some(serial) = serial {
            request = request.header("Wechatpay-Serial", serial);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let good = card(&sealed("6222020000000000001"));
    assert_eq!(send(None, &good).await, 400, "without the serial nobody knows the key");
    assert_eq!(send(Some(&pay.platform_key_id), &card("bm90IHNlYWxlZA==")).await, 400);
    assert_eq!(send(Some(&pay.platform_key_id), &good).await, 200);
    assert_eq!(bench.refund_query("AB1").await.json()["status"], "PROCESSING");
    bench.advance(3).await;
    assert_eq!(bench.refund_query("AB1").await.json()["status"], "SUCCESS");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_wallet_takes_only_what_the_merchant_signed() {
    let bench = Bench::start().await;
    let (app_id, mch_id) =
        (bench.onboarding.wechat.app_id.clone(), bench.onboarding.wechat_pay.mch_id.clone());
    let placed = bench.places(&bench.order("GOV0000504", 100).await).await.json();
    let prepay = placed["prepay_id"].as_str().unwrap();
    let sign = |message: String| bench.merchant.sign(message.as_bytes()).unwrap();
    let package = json!({
        "timeStamp": "1772413200",
        "nonceStr": "abc",
        "package": format!("prepay_id={prepay}"),
        "signType": "RSA",
        "paySign": sign(format!("{app_id}\n1772413200\nabc\nprepay_id={prepay}\n")),
    });
    let opened = bench.lever("/cashier", json!({"package": package})).await;
    assert_eq!((&opened["outTradeNo"], &opened["state"]), (&json!("GOV0000504"), &json!("NOTPAY")));
    let other = json!({"package": package, "citizenId": "C00002"});
    assert_eq!(bench.try_lever("/cashier", other).await.0, 400, "another payer");
    let mut forged = package.clone();
    forged["nonceStr"] = json!("abd");
    assert_eq!(bench.try_lever("/cashier", json!({"package": forged})).await.0, 400);
    let paid = bench.lever("/cashier", json!({"package": package, "approve": true})).await;
    assert_eq!(paid["state"], "SUCCESS");
    assert_eq!(bench.try_lever("/cashier", json!({"package": package})).await.0, 409, "paid");

    let mut order = bench.order("GOV0000505", 100).await;
    order.as_object_mut().unwrap().remove("payer");
    let body = order.to_string();
    let placed = bench.pay_call("POST", "/v3/pay/transactions/app", &body).await.json();
    let prepay = placed["prepay_id"].as_str().unwrap();
    let package = json!({
        "appid": app_id,
        "partnerid": mch_id,
        "prepayid": prepay,
        "package": "Sign=WXPay",
        "noncestr": "abc",
        "timestamp": "1772413200",
        "sign": sign(format!("{app_id}\n1772413200\nabc\n{prepay}\n")),
    });
    let mut wrong = package.clone();
    wrong["sign"] = json!(sign(format!("{app_id}\n1772413200\nabc\nprepay_id={prepay}\n")));
    assert_eq!(bench.try_lever("/cashier", json!({"package": wrong})).await.0, 400);
    let asked = json!({"package": package, "citizenId": "C00002", "approve": true});
    let paid = bench.lever("/cashier", asked).await;
    let second = bench.look("/citizens/C00002").await;
    assert_eq!((&paid["state"], &paid["openId"]), (&json!("SUCCESS"), &second["openId"]));

    order["out_trade_no"] = json!("GOV0000506");
    let body = order.to_string();
    let placed = bench.pay_call("POST", "/v3/pay/transactions/native", &body).await.json();
    let scan = json!({"package": {"codeUrl": placed["code_url"]}, "citizenId": "C00003"});
    assert_eq!(bench.lever("/cashier", scan.clone()).await["outTradeNo"], "GOV0000506");
    bench.advance(7_200).await;
    let (status, answer) = bench.try_lever("/cashier", scan).await;
    assert!(status == 400 && answer["error"].as_str().unwrap().contains("过期"), "{answer}");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_state_from_before_refunds_and_scripts_opens() {
    let name = format!("mock-old-{}.json", crypto::random_text(b"ab", 24));
    let file = std::env::temp_dir().join(name);
    let bench = Bench::with(Some(file.clone())).await;
    bench.paid("GOV0000507", 1_000).await;
    bench.mocks.stop().await;
    let mut state: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for later in ["wechat_pay", "scripting"] {
        assert!(state.as_object_mut().unwrap().remove(later).is_some(), "{later}");
    }
    assert!(state["callbacks"][0].as_object_mut().unwrap().remove("event").is_some());
    std::fs::write(&file, state.to_string()).unwrap();

    let (inbox, url) = receiver(&[]);
    let bench = Bench::with(Some(file.clone())).await;
    let wanted = Bench::refund("OLD1", "GOV0000507", 1_000, 1_000);
    assert_eq!(bench.refunds(&wanted).await.status, 200);
    let callbacks = bench.look("/callbacks").await;
    let id = callbacks["callbacks"][1]["id"].as_str().unwrap();
    bench.lever(&format!("/callbacks/{id}/release"), json!({"to": [url]})).await;
    assert_eq!(inbox.received()[0].json()["event_type"], "TRANSACTION.SUCCESS");
    bench.mocks.stop().await;
    std::fs::remove_file(file).unwrap();
}

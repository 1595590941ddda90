//! Alipay as a merchant's backend sees it.

use serde_json::{Value, json};

use super::Bench;
use crate::alipay::cert;
use crate::alipay::params::{Params, encoded};
use crate::crypto::{self, SigningKey, VerifyingKey};

mod bills;
mod callbacks;
mod levers;
mod money;
mod rest;
mod signing;

/// A backend with the merchant's keys; every answer is verified over the bytes that came.
pub(super) struct Merchant {
    pub(super) bench: Bench,
    key: SigningKey,
    /// The public key that it expects.
    alipay: VerifyingKey,
}

impl std::ops::Deref for Merchant {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

/// An answer of version 2.
pub(super) struct Answered {
    node: Value,
    /// `None`: it had no signature.
    signed: Option<bool>,
    text: String,
}

impl Answered {
    pub(super) fn code(&self) -> (&str, &str) {
        let text = |name: &str| self.node[name].as_str().unwrap_or_default();
        (text("code"), text("sub_code"))
    }

    /// A verified success.
    #[track_caller]
    fn good(self) -> Value {
        assert_eq!(self.code(), ("10000", ""), "{}", self.text);
        assert_eq!(self.signed, Some(true), "{}", self.text);
        self.node
    }

    /// The sub code of a verified refusal of the method itself.
    #[track_caller]
    fn refused(self) -> String {
        assert_eq!(self.code().0, "40004", "{}", self.text);
        assert_eq!(self.signed, Some(true), "{}", self.text);
        self.code().1.to_owned()
    }
}

impl Merchant {
    pub(super) async fn start() -> Self {
        Self::of(Bench::start().await)
    }

    fn of(bench: Bench) -> Self {
        let alipay = &bench.onboarding.alipay;
        let key = SigningKey::from_pem(&alipay.app_private_key_pem).unwrap();
        let alipay = VerifyingKey::from_pem(&alipay.alipay_public_key_pem).unwrap();
        Self { bench, key, alipay }
    }

    /// The parameters of a call, without the signature.
    fn params(&self, method: &str, biz: &Value) -> Vec<(String, String)> {
        let app_id = &self.onboarding.alipay.mini_app_id;
        [
            ("app_id", app_id.as_str()),
            ("method", method),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("timestamp", "2026-03-02 09:00:00"),
            ("version", "1.0"),
            ("biz_content", &biz.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Signs, and writes as a form.
    fn form(&self, params: &[(String, String)]) -> String {
        let pairs: Vec<String> = params
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value.as_bytes())))
            .collect();
        let form = pairs.join("&");
        let text = Params::read(b"", form.as_bytes()).unwrap().signed(&[], false);
        format!("{form}&sign={}", encoded(self.key.sign(&text).unwrap().as_bytes()))
    }

    async fn send(&self, params: &[(String, String)]) -> Answered {
        self.post(&self.form(params)).await
    }

    async fn post(&self, form: &str) -> Answered {
        let url = &self.onboarding.alipay.gateway_url;
        let answer = self
            .http
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
            .body(form.to_owned())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        self.read(&answer.bytes().await.unwrap())
    }

    fn read(&self, bytes: &[u8]) -> Answered {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let root = whole.as_object().unwrap().keys().find(|name| name.ends_with("_response"));
        let root = root.unwrap();
        let start = format!("{{\"{root}\":");
        let end = text.find(",\"alipay_cert_sn\":").or_else(|| text.rfind(",\"sign\":\""));
        let raw = &text[start.len()..end.unwrap_or(text.len() - 1)];
        let sign = whole["sign"].as_str();
        let signed = sign.map(|sign| self.alipay.verify(raw.as_bytes(), sign).is_ok());
        Answered { node: whole[root].clone(), signed, text }
    }

    async fn call(&self, method: &str, biz: Value) -> Answered {
        self.send(&self.params(method, &biz)).await
    }

    /// The words of an order that the first citizen is to pay.
    async fn order(&self, number: &str, yuan: &str) -> Value {
        let code = self.lever("/citizens/C00001/alipay-code", json!({})).await;
        json!({
            "out_trade_no": number,
            "total_amount": yuan,
            "subject": "交通违法罚款",
            "product_code": "JSAPI_PAY",
            "op_app_id": self.onboarding.alipay.mini_app_id,
            "buyer_open_id": code["openId"],
        })
    }

    /// A trade that waits for its buyer. Answers Alipay's number.
    pub(super) async fn creates(
        &self,
        number: &str,
        yuan: &str,
        notify_url: Option<&str>,
    ) -> String {
        let order = self.order(number, yuan).await;
        let mut params = self.params("alipay.trade.create", &order);
        params.extend(notify_url.map(|url| ("notify_url".to_owned(), url.to_owned())));
        let node = self.send(&params).await.good();
        node["trade_no"].as_str().unwrap().to_owned()
    }

    pub(super) async fn pays(&self, number: &str) {
        self.lever(&format!("/alipay/trades/{number}/approve"), json!({})).await;
    }

    async fn paid(&self, number: &str, yuan: &str) {
        self.creates(number, yuan, None).await;
        self.pays(number).await;
    }

    async fn status(&self, number: &str) -> String {
        let answer = self.call("alipay.trade.query", json!({"out_trade_no": number})).await.good();
        answer["trade_status"].as_str().unwrap().to_owned()
    }

    pub(super) async fn refunds(&self, number: &str, request: &str, yuan: &str) -> Answered {
        let biz = json!({"out_trade_no": number, "out_request_no": request, "refund_amount": yuan});
        self.call("alipay.trade.refund", biz).await
    }

    async fn advances(&self, seconds: i64) {
        self.lever("/clock", json!({"advanceSeconds": seconds})).await;
    }

    /// The parameters with which an app in certificate mode names its certificates.
    fn serials(&self) -> [(String, String); 2] {
        let alipay = &self.onboarding.alipay;
        let own = cert::serial(&alipay.mini_app_cert_pem).unwrap();
        let root = cert::root_serial(&alipay.alipay_root_cert_pem).unwrap();
        [("app_cert_sn".to_owned(), own), ("alipay_root_cert_sn".to_owned(), root)]
    }

    fn content_key(&self) -> Vec<u8> {
        crypto::from_base64(&self.onboarding.alipay.content_key_base64).unwrap()
    }
}

//! The mock as its callers see it: over HTTP, with the keys that onboarding hands out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::{Day, compact_time};
use crate::crypto::{self, LETTERS_AND_DIGITS, SigningKey, VerifyingKey};
use crate::{MockChannels, MockSettings, Onboarding};

mod alipay;
mod alipay_vectors;
mod applications;
mod bookings;
mod callbacks;
mod certificates;
mod departments;
mod dues;
mod express;
mod gateway;
mod kinship;
mod levers;
mod messages;
mod mini_program;
mod money;
mod notices;
mod one_person;
mod openapi;
mod operations;
mod refunds;
mod scripts;
mod scripts_unionpay;
mod unionpay;
mod unionpay_callbacks;
mod unionpay_files;
mod unionpay_orders;
mod unionpay_vectors;
mod wechat_keys;

const START: &str = "2026-03-02T09:00:00+08:00";

/// The mock, and a client that owns the merchant's keys.
struct Bench {
    mocks: MockChannels,
    onboarding: Onboarding,
    merchant: SigningKey,
    http: reqwest::Client,
}

impl Bench {
    async fn start() -> Self {
        Self::with(None).await
    }

    async fn with(state_file: Option<std::path::PathBuf>) -> Self {
        let start_at_ms = crate::clock::parse_rfc3339(START);
        let addr = "127.0.0.1:0".to_owned();
        let mocks =
            MockChannels::start(MockSettings { addr, state_file, start_at_ms }).await.unwrap();
        let onboarding = mocks.onboarding();
        let merchant =
            SigningKey::from_pem(&onboarding.wechat_pay.merchant_private_key_pem).unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Self { mocks, onboarding, merchant, http }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.mocks.base_url())
    }

    /// Pulls a lever that must work.
    async fn lever(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_lever(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    async fn try_lever(&self, path: &str, body: Value) -> (u16, Value) {
        let url = self.url(&format!("/control{path}"));
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    async fn look(&self, path: &str) -> Value {
        let answer = self.http.get(self.url(&format!("/control{path}"))).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn first_citizen(&self) -> Value {
        self.look("/citizens").await["citizens"][0].clone()
    }

    /// A signed call of WeChat Pay.
    async fn pay_call(&self, method: &str, target: &str, body: &str) -> Signed {
        self.try_pay_call(method, target, body).await.unwrap()
    }

    async fn try_pay_call(
        &self,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<Signed, reqwest::Error> {
        let timestamp = (self.mocks.clock().now_ms() / 1000).to_string();
        let header = self.authorization(method, target, body, &timestamp);
        self.send_pay(method, target, body, &header).await
    }

    fn authorization(&self, method: &str, target: &str, body: &str, timestamp: &str) -> String {
        let nonce = crypto::random_text(LETTERS_AND_DIGITS, 32);
        let message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n");
        let signature = self.merchant.sign(message.as_bytes()).unwrap();
        let pay = &self.onboarding.wechat_pay;
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",\
             timestamp=\"{timestamp}\",serial_no=\"{}\",signature=\"{signature}\"",
            pay.mch_id, pay.merchant_serial
        )
    }

    async fn send_pay(
        &self,
        method: &str,
        target: &str,
        body: &str,
        authorization: &str,
    ) -> Result<Signed, reqwest::Error> {
        let answer = self
            .http
            .request(method.parse().unwrap(), self.url(target))
            .header("Authorization", authorization)
            .header("Accept", "application/json")
            .header("User-Agent", "test")
            .body(body.to_owned())
            .send()
            .await?;
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let signature = header("Wechatpay-Signature");
        let timestamp = header("Wechatpay-Timestamp").unwrap_or_default();
        let nonce = header("Wechatpay-Nonce").unwrap_or_default();
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?.to_vec();
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(&bytes);
        message.push(b'\n');
        let key =
            VerifyingKey::from_pem(&self.onboarding.wechat_pay.platform_public_key_pem).unwrap();
        let signed = signature.map(|signature| key.verify(&message, &signature).is_ok());
        Ok(Signed { status, signed, bytes })
    }

    /// The body of an order by the first citizen.
    async fn order(&self, number: &str, fen: i64) -> Value {
        let citizen = self.first_citizen().await;
        json!({
            "appid": self.onboarding.wechat.app_id,
            "mchid": self.onboarding.wechat_pay.mch_id,
            "description": "交通违法罚款",
            "out_trade_no": number,
            "notify_url": "http://127.0.0.1:9/callbacks/wechat-pay",
            "amount": {"total": fen, "currency": "CNY"},
            "payer": {"openid": citizen["openId"]},
        })
    }

    async fn places(&self, order: &Value) -> Signed {
        self.pay_call("POST", "/v3/pay/transactions/jsapi", &order.to_string()).await
    }

    async fn query(&self, number: &str) -> Signed {
        self.pay_call("GET", &self.query_target(number), "").await
    }

    fn query_target(&self, number: &str) -> String {
        let mch_id = &self.onboarding.wechat_pay.mch_id;
        format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mch_id}")
    }

    async fn closes(&self, number: &str) -> Signed {
        let body = json!({"mchid": self.onboarding.wechat_pay.mch_id}).to_string();
        let target = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        self.pay_call("POST", &target, &body).await
    }

    /// Places an order and has it paid.
    async fn paid(&self, number: &str, fen: i64) {
        let placed = self.places(&self.order(number, fen).await).await;
        assert_eq!(placed.status, 200, "{}", placed.json());
        self.lever(&format!("/orders/{number}/approve"), json!({})).await;
    }

    fn today(&self) -> Day {
        Day::of(self.mocks.clock().now_ms())
    }

    fn gateway_timestamp(&self) -> String {
        self.today().compact() + &compact_time(self.mocks.clock().now_ms())
    }
}

/// An answer, and whether its signature held (`None`: it had none).
struct Signed {
    status: u16,
    signed: Option<bool>,
    bytes: Vec<u8>,
}

impl Signed {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// Status and error code, which is how the documents name refusals.
    fn refusal(&self) -> (u16, String) {
        assert_eq!(self.signed, None, "refusals are not signed");
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// Looks again until something holds: callbacks arrive on their own time.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never happened: {what}");
}

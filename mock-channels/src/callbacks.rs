//! Delivers notifications, on their platform's schedule and when a tester says so.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::alipay;
use crate::clock::rfc3339;
use crate::crypto::{self, CryptoError, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::world::callback::{Attempt, Callback, CallbackMode, Platform};

const TICK: Duration = Duration::from_millis(50);
/// WeChat Pay now and then sends signatures that must be refused; they begin like this.
pub(crate) const PROBE: &str = "WECHATPAY/SIGNTEST/";

/// What is untrue about a delivery. Everything else stays as it was, and signature and seal
/// are right unless the forgery is about them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Forgery {
    pub(crate) out_trade_no: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) mch_id: Option<String>,
    pub(crate) seller_id: Option<String>,
    pub(crate) amount_fen: Option<i64>,
    pub(crate) bad_signature: bool,
    pub(crate) stale_seconds: i64,
    pub(crate) probe: bool,
}

/// Delivers what is due, for ever.
pub(crate) async fn run(outside: Arc<Outside>) {
    let mut deliveries = JoinSet::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        while deliveries.try_join_next().is_some() {}
        for callback in take_due(&outside) {
            deliveries.spawn(deliver(Arc::clone(&outside), callback));
        }
    }
}

fn take_due(outside: &Outside) -> Vec<Callback> {
    let now_ms = outside.now_ms();
    let due = |callback: &&mut Callback| callback.is_due(now_ms);
    if !outside.read(|world| world.callbacks.iter().any(|callback| callback.is_due(now_ms))) {
        return Vec::new();
    }
    outside.change(|world| {
        let mut taken = Vec::new();
        for callback in world.callbacks.iter_mut().filter(due) {
            callback.in_flight = true;
            taken.push(callback.clone());
        }
        taken
    })
}

async fn deliver(outside: Arc<Outside>, callback: Callback) {
    let url = callback.notify_url.as_str();
    let attempts = if callback.mode == CallbackMode::Double {
        let both = tokio::join!(
            attempt(&outside, &callback, url, None),
            attempt(&outside, &callback, url, None),
        );
        vec![both.0, both.1]
    } else {
        vec![attempt(&outside, &callback, url, None).await]
    };
    let taken = attempts.iter().any(|attempt| attempt.taken);
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let found = world.callbacks.iter_mut().find(|found| found.id == callback.id);
        if let Some(found) = found {
            found.attempts.extend(attempts);
            found.settle(taken, now_ms);
        }
    });
}

/// One delivery: signed and sealed afresh, because no two deliveries are the same bytes.
pub(crate) async fn attempt(
    outside: &Outside,
    callback: &Callback,
    url: &str,
    forgery: Option<&Forgery>,
) -> Attempt {
    let at_ms = outside.now_ms();
    let honest = Forgery::default();
    let said = forgery.unwrap_or(&honest);
    let letter = match callback.platform {
        Platform::WechatPay => letter(outside, callback, said),
        Platform::Alipay => alipay::notify::letter(outside, callback, said),
    };
    let answer = match letter {
        Ok(letter) => send(outside, url, letter).await,
        Err(CryptoError) => None,
    };
    Attempt {
        at_ms,
        url: url.to_owned(),
        status: answer.as_ref().map(|(status, _)| *status),
        forged: forgery.is_some(),
        taken: answer.is_some_and(|(status, body)| callback.platform.is_taken(status, &body)),
    }
}

/// A notification as it goes over the wire.
pub(crate) struct Letter {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// WeChat Pay's notification of a payment or a refund.
fn letter(
    outside: &Outside,
    callback: &Callback,
    forgery: &Forgery,
) -> Result<Letter, CryptoError> {
    let resource = forgery.applied_to(callback.resource.clone());
    let key = &outside.onboarding.wechat_pay.api_v3_key;
    let resource_nonce = crypto::random_text(LETTERS_AND_DIGITS, 12);
    let refund = callback.event.starts_with("REFUND.");
    let kind = if refund { "refund" } else { "transaction" };
    let (event, summary) = match callback.event.as_str() {
        "REFUND.SUCCESS" => ("REFUND.SUCCESS", "退款成功"),
        "REFUND.ABNORMAL" => ("REFUND.ABNORMAL", "退款异常"),
        "REFUND.CLOSED" => ("REFUND.CLOSED", "退款关闭"),
        // States from before there were refunds do not say.
        _ => ("TRANSACTION.SUCCESS", "支付成功"),
    };
    let ciphertext = crypto::seal_gcm(key, &resource_nonce, kind, resource.to_string().as_bytes())?;
    let body = json!({
        "id": callback.id,
        "create_time": rfc3339(callback.created_ms),
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": summary,
        "resource": {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext,
            "associated_data": kind,
            "nonce": resource_nonce,
        },
    })
    .to_string();
    let timestamp = (outside.now_ms() / 1000 - forgery.stale_seconds).to_string();
    let nonce = crypto::random_text(LETTERS_AND_DIGITS, 32);
    let signed_body = if forgery.bad_signature { "something else" } else { body.as_str() };
    let message = format!("{timestamp}\n{nonce}\n{signed_body}\n");
    let key_id = outside.read(|world| world.wechat_signing_id().to_owned());
    let mut signature = outside.wechat_pay.sign(&key_id, message.as_bytes())?;
    if forgery.probe {
        signature.replace_range(..PROBE.len(), PROBE);
    }
    let headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Serial", key_id),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ];
    Ok(Letter { headers, body })
}

impl Forgery {
    fn applied_to(&self, mut resource: Value) -> Value {
        if let Some(number) = &self.out_trade_no {
            resource["out_trade_no"] = json!(number);
        }
        if let Some(app_id) = &self.app_id {
            resource["appid"] = json!(app_id);
        }
        if let Some(mch_id) = &self.mch_id {
            resource["mchid"] = json!(mch_id);
        }
        if let Some(fen) = self.amount_fen {
            resource["amount"]["total"] = json!(fen);
            resource["amount"]["payer_total"] = json!(fen);
        }
        resource
    }
}

/// Status and body, or nothing when the receiver did not answer within the deadline.
async fn send(outside: &Outside, url: &str, letter: Letter) -> Option<(u16, Bytes)> {
    let mut request = outside.http.post(url);
    for (name, value) in letter.headers {
        request = request.header(name, value);
    }
    match answered(request.body(letter.body)).await {
        Ok(answer) => Some(answer),
        Err(error) => {
            tracing::info!(%error, url, "a notification found no answer");
            None
        }
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Result<(u16, Bytes), reqwest::Error> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    // Where the status alone decides, a body that breaks off changes nothing.
    let body = answer.bytes().await.unwrap_or_default();
    Ok((status, body))
}

//! Delivers notifications, on each platform's schedule and when a tester says so.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::clock::rfc3339;
use crate::crypto::{self, CryptoError, LETTERS_AND_DIGITS};
use crate::gateway::calls;
use crate::outside::Outside;
use crate::world::callback::{Attempt, Callback, CallbackMode, Platform, is_taken};

const TICK: Duration = Duration::from_millis(50);
/// WeChat Pay now and then sends signatures that must be refused; they begin like this.
const PROBE: &str = "WECHATPAY/SIGNTEST/";

/// What is untrue about a delivery. Everything else stays as it was, and signature and seal
/// are right unless the forgery is about them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Forgery {
    pub(crate) out_trade_no: Option<String>,
    app_id: Option<String>,
    mch_id: Option<String>,
    pub(crate) amount_fen: Option<i64>,
    pub(crate) bad_signature: bool,
    pub(crate) stale_seconds: i64,
    probe: bool,
}

/// Delivers what is due, for ever.
pub(crate) async fn run(outside: Arc<Outside>) {
    let mut deliveries = JoinSet::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        while deliveries.try_join_next().is_some() {}
        calls::ripen(&outside);
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
    let letter = match callback.platform {
        Platform::WechatPay => wechat_pay_letter(outside, callback, forgery),
        Platform::Gateway => calls::letter(outside, callback, forgery),
    };
    let reply = match letter {
        Ok(letter) => send(outside, url, letter).await,
        Err(CryptoError) => None,
    };
    let status = reply.as_ref().map(|reply| reply.status);
    let taken = match callback.platform {
        Platform::WechatPay => is_taken(status),
        Platform::Gateway => reply.is_some_and(|reply| calls::is_taken(outside, callback, &reply)),
    };
    Attempt { at_ms, url: url.to_owned(), status, forged: forgery.is_some(), taken }
}

/// A notification as it goes over the wire.
pub(crate) struct Letter {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// What the receiver answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

fn wechat_pay_letter(
    outside: &Outside,
    callback: &Callback,
    forgery: Option<&Forgery>,
) -> Result<Letter, CryptoError> {
    let honest = Forgery::default();
    let forgery = forgery.unwrap_or(&honest);
    let resource = forgery.applied_to(callback.resource.clone());
    let key = &outside.onboarding.wechat_pay.api_v3_key;
    let resource_nonce = crypto::random_text(LETTERS_AND_DIGITS, 12);
    let ciphertext =
        crypto::seal_gcm(key, &resource_nonce, "transaction", resource.to_string().as_bytes())?;
    let body = json!({
        "id": callback.id,
        "create_time": rfc3339(callback.created_ms),
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "支付成功",
        "resource": {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext,
            "associated_data": "transaction",
            "nonce": resource_nonce,
        },
    })
    .to_string();
    let timestamp = (outside.now_ms() / 1000 - forgery.stale_seconds).to_string();
    let nonce = crypto::random_text(LETTERS_AND_DIGITS, 32);
    let signed_body = if forgery.bad_signature { "something else" } else { body.as_str() };
    let message = format!("{timestamp}\n{nonce}\n{signed_body}\n");
    let mut signature = outside.keys.platform.sign(message.as_bytes())?;
    if forgery.probe {
        signature.replace_range(..PROBE.len(), PROBE);
    }
    let headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Serial", outside.onboarding.wechat_pay.platform_key_id.clone()),
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

/// The answer, or nothing when the receiver gave none within the deadline.
async fn send(outside: &Outside, url: &str, letter: Letter) -> Option<Reply> {
    let mut request = outside.http.post(url).header("Accept", "*/*").body(letter.body);
    for (name, value) in letter.headers {
        request = request.header(name, value);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::info!(%error, url, "a notification found no answer");
            return None;
        }
    };
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default();
    Some(Reply { status, body })
}

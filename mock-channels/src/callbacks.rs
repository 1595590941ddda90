//! Delivers notifications, on each platform's schedule and when a tester says so.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::alipay;
use crate::crypto::CryptoError;
use crate::gateway::calls;
use crate::outside::Outside;
use crate::world::callback::{Attempt, Callback, CallbackMode, Platform};

mod unionpay;
pub(crate) mod wechat_message;
mod wechat_pay;

pub(crate) use wechat_pay::PROBE;

const TICK: Duration = Duration::from_millis(50);

/// What is untrue about a delivery. Everything else stays as it was, and signature and seal
/// are right unless the forgery is about them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Forgery {
    #[serde(alias = "orderId")]
    pub(crate) out_trade_no: Option<String>,
    pub(crate) app_id: Option<String>,
    #[serde(alias = "merId")]
    pub(crate) mch_id: Option<String>,
    /// Alipay only.
    pub(crate) seller_id: Option<String>,
    pub(crate) amount_fen: Option<i64>,
    pub(crate) bad_signature: bool,
    pub(crate) stale_seconds: i64,
    /// WeChat Pay only: a signature that it sends on purpose to be refused.
    probe: bool,
    /// UnionPay only: the certificate has the right names and comes from another root.
    foreign_chain: bool,
    /// UnionPay only: the certificate is good, and somebody else's.
    other_subject: bool,
    /// UnionPay only: the certificate was good until a year ago.
    expired_certificate: bool,
}

/// Delivers what is due, for ever.
pub(crate) async fn run(outside: Arc<Outside>) {
    let mut deliveries = JoinSet::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        while deliveries.try_join_next().is_some() {}
        crate::unionpay::settle_due(&outside);
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
    let honest = Forgery::default();
    let said = forgery.unwrap_or(&honest);
    let letter = match callback.platform {
        Platform::WechatPay => wechat_pay::letter(outside, callback, said),
        Platform::Alipay => alipay::notify::letter(outside, callback, said),
        Platform::Unionpay => unionpay::letter(outside, callback, said),
        Platform::Gateway => calls::letter(outside, callback, said),
        Platform::WechatMessage => wechat_message::letter(outside, callback, said),
    };
    let answer = match letter {
        Ok(letter) => send(outside, callback.platform.deadline(), url, letter).await,
        Err(CryptoError) => None,
    };
    Attempt {
        at_ms,
        url: url.to_owned(),
        status: answer.as_ref().map(|(status, _)| *status),
        forged: forgery.is_some(),
        taken: answer.is_some_and(|(status, body)| is_taken(outside, callback, status, &body)),
    }
}

fn is_taken(outside: &Outside, callback: &Callback, status: u16, body: &[u8]) -> bool {
    callback.platform.is_taken(status, body)
        && match callback.platform {
            Platform::Gateway => calls::is_agreed(outside, callback, body),
            Platform::WechatPay
            | Platform::Alipay
            | Platform::Unionpay
            | Platform::WechatMessage => true,
        }
}

/// A notification as it goes over the wire.
pub(crate) struct Letter {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// What stands behind the address.
    pub(crate) query: Option<String>,
}

/// Status and body, or nothing when the receiver did not answer within the deadline.
async fn send(
    outside: &Outside,
    deadline: Duration,
    url: &str,
    letter: Letter,
) -> Option<(u16, Bytes)> {
    let url = match &letter.query {
        Some(query) => format!("{url}?{query}"),
        None => url.to_owned(),
    };
    let mut request = outside.http.post(&url).timeout(deadline);
    for (name, value) in letter.headers {
        request = request.header(name, value);
    }
    match answered(request.body(letter.body)).await {
        Ok(answer) => Some(answer),
        Err(error) => {
            tracing::info!(error = %error.without_url(), "a notification found no answer");
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

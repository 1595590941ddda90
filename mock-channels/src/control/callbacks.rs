//! Levers about notifications.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Answer, Refusal, read_body};
use crate::callbacks::{Forgery, attempt};
use crate::clock::rfc3339;
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::callback::{Attempt, Callback, CallbackMode, CallbackState};

const MOST_TIMES: u32 = 50;
const MOST_RECEIVERS: usize = 20;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/callbacks", web::get().to(list))
        .route("/callbacks/mode", web::post().to(set_mode))
        .route("/callbacks/{id}/release", web::post().to(release));
}

async fn list(outside: Shared) -> Answer {
    let (mode, callbacks) = outside.read(|world| {
        let callbacks: Vec<Value> = world.callbacks.iter().rev().map(described).collect();
        (world.callback_mode, callbacks)
    });
    Ok(HttpResponse::Ok().json(json!({"mode": mode, "callbacks": callbacks})))
}

fn described(callback: &Callback) -> Value {
    let waiting = callback.state == CallbackState::Waiting;
    let attempts: Vec<Value> = callback.attempts.iter().map(delivery).collect();
    json!({
        "id": callback.id,
        "platform": callback.platform,
        "event": callback.event,
        "outTradeNo": callback.out_trade_no,
        "notifyUrl": callback.notify_url,
        "mode": callback.mode,
        "state": callback.state,
        "createdAt": rfc3339(callback.created_ms),
        "nextDueAt": waiting.then(|| rfc3339(callback.next_due_ms)),
        "attempts": attempts,
    })
}

fn delivery(attempt: &Attempt) -> Value {
    json!({
        "at": rfc3339(attempt.at_ms),
        "url": attempt.url,
        "status": attempt.status,
        "forged": attempt.forged,
        "taken": attempt.taken,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    mode: CallbackMode,
}

async fn set_mode(outside: Shared, body: Bytes) -> Answer {
    let Mode { mode } = read_body(&body)?;
    outside.change(|world| world.set_callback_mode(mode));
    Ok(HttpResponse::Ok().json(json!({"mode": mode})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    times: Option<u32>,
    to: Option<Vec<String>>,
    forge: Option<Forgery>,
}

/// Delivers now: round after round, to all receivers of a round at the same time.
async fn release(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    let wanted: Release = read_body(&body)?;
    let times = wanted.times.unwrap_or(1);
    let callback = outside
        .read(|world| world.callbacks.iter().find(|callback| callback.id == *id).cloned())
        .ok_or_else(|| Refusal::not_found("没有这个回调"))?;
    let receivers = wanted.to.unwrap_or_else(|| vec![callback.notify_url.clone()]);
    if !(1..=MOST_TIMES).contains(&times) || !(1..=MOST_RECEIVERS).contains(&receivers.len()) {
        return Err(Refusal::bad("times 应为1至50，to 应有1至20个地址"));
    }
    let mut attempts = Vec::new();
    for _ in 0..times {
        attempts.extend(round(&outside, &callback, &receivers, wanted.forge.as_ref()).await);
    }
    let statuses: Vec<Option<u16>> = attempts.iter().map(|attempt| attempt.status).collect();
    let deliveries: Vec<Value> = attempts.iter().map(delivery).collect();
    book(&outside, &id, attempts);
    Ok(HttpResponse::Ok().json(json!({"statuses": statuses, "deliveries": deliveries})))
}

async fn round(
    outside: &Shared,
    callback: &Callback,
    receivers: &[String],
    forgery: Option<&Forgery>,
) -> Vec<Attempt> {
    let mut deliveries = JoinSet::new();
    for (index, url) in receivers.iter().enumerate() {
        let outside: Arc<Outside> = Arc::clone(outside);
        let (callback, url, forgery) = (callback.clone(), url.clone(), forgery.cloned());
        deliveries.spawn(async move {
            (index, attempt(&outside, &callback, &url, forgery.as_ref()).await)
        });
    }
    let mut attempts = deliveries.join_all().await;
    attempts.sort_by_key(|(index, _)| *index);
    attempts.into_iter().map(|(_, attempt)| attempt).collect()
}

/// A forged delivery proves nothing about the true one, whatever it was answered.
fn book(outside: &Outside, id: &str, attempts: Vec<Attempt>) {
    outside.change(|world| {
        let Some(callback) = world.callbacks.iter_mut().find(|callback| callback.id == id) else {
            return;
        };
        if attempts.iter().any(|attempt| !attempt.forged && attempt.taken) {
            callback.state = CallbackState::Delivered;
        }
        callback.attempts.extend(attempts);
    });
}

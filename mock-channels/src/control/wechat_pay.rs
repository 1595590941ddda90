//! Levers about what WeChat Pay does: refunds, its keys, its rules.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::clock::rfc3339;
use crate::outside::Outside;
use crate::server::Shared;
use crate::wechat_pay::certificate;
use crate::wechat_pay::refund;
use crate::world::wechat_pay::keys::KeyKind;
use crate::world::wechat_pay::{Habits, Refund, RefundOutcome, RefundStatus};

const MOST_OUTCOMES: usize = 100;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/wechat-pay/refunds", web::get().to(list))
        .route("/wechat-pay/refunds/{no}", web::get().to(one))
        .route("/wechat-pay/refunds/{no}/finish", web::post().to(finish))
        .route("/wechat-pay/refund-outcomes", web::get().to(outcomes))
        .route("/wechat-pay/refund-outcomes", web::post().to(add_outcomes))
        .route("/wechat-pay/refund-outcomes", web::delete().to(clear_outcomes))
        .route("/wechat-pay/keys", web::get().to(keys))
        .route("/wechat-pay/keys", web::post().to(change_keys))
        .route("/wechat-pay/habits", web::get().to(habits))
        .route("/wechat-pay/habits", web::post().to(set_habits));
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    let refunds: Vec<Value> = outside.read(|world| {
        let mut refunds: Vec<&Refund> = world.wechat_pay.refunds.values().collect();
        refunds.sort_by_key(|refund| std::cmp::Reverse((refund.asked_ms, &refund.refund_id)));
        refunds.into_iter().map(|refund| described(refund, now_ms)).collect()
    });
    Ok(HttpResponse::Ok().json(json!({"refunds": refunds})))
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let refund = world.wechat_pay.refunds.get(number.as_str()).ok_or_else(no_such_refund)?;
        Ok(HttpResponse::Ok().json(described(refund, now_ms)))
    })
}

fn no_such_refund() -> Refusal {
    Refusal::not_found("没有这笔退款")
}

fn described(refund: &Refund, now_ms: i64) -> Value {
    json!({
        "refundNo": refund.out_refund_no,
        "refundId": refund.refund_id,
        "outTradeNo": refund.out_trade_no,
        "amountFen": refund.amount_fen,
        "totalFen": refund.total_fen,
        "reason": refund.reason,
        "notifyUrl": refund.notify_url,
        "status": refund.status(now_ms),
        "askedAt": rfc3339(refund.asked_ms),
        "succeededAt": refund.succeeded_ms(now_ms).map(rfc3339),
        "decided": refund.is_decided(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ending {
    /// `SUCCESS` when empty.
    status: Option<RefundStatus>,
    /// When it happened; now when empty.
    at_ms: Option<i64>,
}

/// A refund that waits is decided.
async fn finish(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    let Ending { status, at_ms } = read_body(&body)?;
    let status = status.unwrap_or(RefundStatus::Success);
    let now_ms = outside.now_ms();
    let at_ms = at_ms.unwrap_or(now_ms);
    if status == RefundStatus::Processing {
        return Err(Refusal::bad("status 应为 SUCCESS、ABNORMAL 或 CLOSED"));
    }
    outside.change(|world| {
        let waiting = world.wechat_pay.refunds.get_mut(number.as_str());
        let waiting = waiting.ok_or_else(no_such_refund)?;
        if waiting.status(now_ms) != RefundStatus::Processing {
            return Err(Refusal::conflict("这笔退款不在处理中"));
        }
        if at_ms > now_ms {
            return Err(Refusal::bad("atMs 不能晚于现在"));
        }
        // Whatever would have come by itself comes no more, and nobody is told of it.
        let planned: Vec<i64> =
            waiting.steps.iter().map(|step| step.at_ms).filter(|at| *at > now_ms).collect();
        waiting.steps.retain(|step| step.at_ms <= now_ms);
        let refund_id = waiting.refund_id.clone();
        world.callbacks.retain(|callback| {
            callback.resource["refund_id"] != refund_id.as_str()
                || !planned.contains(&callback.created_ms)
        });
        refund::end(world, &number, status, at_ms, true);
        let refund = world.wechat_pay.refunds.get(number.as_str()).ok_or_else(no_such_refund)?;
        Ok(HttpResponse::Ok().json(described(refund, now_ms)))
    })
}

async fn outcomes(outside: Shared) -> Answer {
    let waiting = outside.read(|world| world.wechat_pay.refund_outcomes.clone());
    Ok(HttpResponse::Ok().json(json!({"outcomes": waiting})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOutcomes {
    outcomes: Vec<RefundOutcome>,
}

/// What becomes of the next refunds that are in order, one each.
async fn add_outcomes(outside: Shared, body: Bytes) -> Answer {
    let NewOutcomes { outcomes: new } = read_body(&body)?;
    if new.is_empty() || new.len() > MOST_OUTCOMES {
        return Err(Refusal::bad("outcomes 应有1至100个"));
    }
    outside.change(|world| world.wechat_pay.refund_outcomes.extend(new));
    outcomes(outside).await
}

async fn clear_outcomes(outside: Shared) -> Answer {
    outside.change(|world| world.wechat_pay.refund_outcomes.clear());
    outcomes(outside).await
}

/// Every key, with what a merchant may know of it.
async fn keys(outside: Shared) -> Answer {
    outside.read(|world| {
        let signing = world.wechat_signing_id();
        let first = json!({
            "id": world.secrets.platform_key_id,
            "kind": KeyKind::PublicKey,
            "publicKeyPem": world.secrets.platform_public_pem,
            "certPem": null,
            "signs": signing == world.secrets.platform_key_id,
            "retired": world.wechat_pay.first_retired,
        });
        let others = world.wechat_pay.keys.iter().map(|key| {
            json!({
                "id": key.id,
                "kind": key.kind,
                "publicKeyPem": key.public_pem,
                "certPem": key.cert_pem,
                "signs": signing == key.id,
                "retired": key.retired,
            })
        });
        let keys: Vec<Value> = std::iter::once(first).chain(others).collect();
        Ok(HttpResponse::Ok().json(json!({"keys": keys})))
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyChange {
    /// Makes one more key, valid beside the others.
    add: Option<KeyKind>,
    /// The id of the key that signs from now on; `new` is the one that was just added.
    signs: Option<String>,
    /// The id of a key that is valid no more.
    retire: Option<String>,
}

async fn change_keys(outside: Shared, body: Bytes) -> Answer {
    const MOST_KEYS: usize = 20;
    let KeyChange { add, signs, retire } = read_body(&body)?;
    let mut added = None;
    if let Some(kind) = add {
        if outside.read(|world| world.wechat_pay.keys.len() >= MOST_KEYS) {
            return Err(Refusal::conflict("密钥太多了"));
        }
        added = Some(add_key(&outside, kind)?);
    }
    outside.change(|world| {
        if let Some(wanted) = signs {
            let id = if wanted == "new" { added.clone().unwrap_or(wanted) } else { wanted };
            if !world.wechat_key_is_valid(&id) {
                return Err(Refusal::bad("signs 不是有效的密钥"));
            }
            world.wechat_pay.signs = Some(id);
        }
        let Some(id) = retire else {
            return Ok(());
        };
        if id == world.wechat_signing_id() {
            return Err(Refusal::conflict("正在签名的密钥不能停用，请先换一把签名"));
        }
        if id == world.secrets.platform_key_id {
            world.wechat_pay.first_retired = true;
            return Ok(());
        }
        let found = world.wechat_pay.keys.iter_mut().find(|key| key.id == id);
        found.ok_or_else(|| Refusal::not_found("没有这把密钥"))?.retired = true;
        Ok(())
    })?;
    keys(outside).await
}

fn add_key(outside: &Outside, kind: KeyKind) -> Result<String, Refusal> {
    let (made, key) = certificate::new_key(kind, outside.now_ms())
        .map_err(|error| Refusal::conflict(format!("密钥生成失败：{error}")))?;
    let id = made.id.clone();
    // In the ring first: whoever reads of it in the world can sign with it.
    outside.wechat_pay.add(id.clone(), key);
    outside.change(|world| world.wechat_pay.keys.push(made));
    Ok(id)
}

async fn habits(outside: Shared) -> Answer {
    let habits = outside.read(|world| world.wechat_pay.habits);
    Ok(HttpResponse::Ok().json(habits))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewHabits {
    refund_interval: Option<bool>,
}

async fn set_habits(outside: Shared, body: Bytes) -> Answer {
    let new: NewHabits = read_body(&body)?;
    outside.change(|world| {
        let old = world.wechat_pay.habits;
        let refund_interval = new.refund_interval.unwrap_or(old.refund_interval);
        world.wechat_pay.habits = Habits { refund_interval };
    });
    habits(outside).await
}

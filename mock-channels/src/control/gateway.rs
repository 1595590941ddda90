//! Levers of the payment gateway itself: settings, keys, clearing files, the truth of a day.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::described;
use super::{Answer, Refusal, read_body};
use crate::clock::{Day, rfc3339};
use crate::gateway::clearing;
use crate::server::Shared;
use crate::world::World;
use crate::world::gateway::{Algorithm, GatewaySettings, VerdictKind, WantedVerdict};
use crate::world::gateway_keys::GatewayKeySecret;
use crate::world::notice::{Notice, WriteOff};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/gateway/settings", web::get().to(settings))
        .route("/gateway/settings", web::post().to(set))
        .route("/gateway/keys", web::get().to(keys))
        .route("/gateway/keys", web::post().to(new_key))
        .route("/gateway/keys/{id}/use", web::post().to(use_key))
        .route("/gateway/keys/{id}/retire", web::post().to(retire_key))
        .route("/gateway/files", web::get().to(files))
        .route("/gateway/verdicts", web::post().to(want_verdict))
        .route("/gateway/verdicts/decide", web::post().to(decide))
        .route("/gateway/truth", web::get().to(truth));
}

async fn settings(outside: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(outside.read(|world| world.gateway.settings.clone())))
}

/// All settings at once: what is not named goes back to its beginning.
async fn set(outside: Shared, body: Bytes) -> Answer {
    let wanted: GatewaySettings = read_body(&body)?;
    let plain_http = |url: &String| url.starts_with("http://") && !url.contains(['?', ' ']);
    if wanted.notify_url.as_ref().is_some_and(|url| !plain_http(url)) {
        return Err(Refusal::bad("notifyUrl 应为没有查询串的 http 地址"));
    }
    if wanted.confirm_after_seconds.is_some_and(|seconds| !(0..=31_536_000).contains(&seconds)) {
        return Err(Refusal::bad("confirmAfterSeconds 应为0至一年"));
    }
    outside.change(|world| world.gateway.settings = wanted);
    settings(outside).await
}

async fn keys(outside: Shared) -> Answer {
    outside.read(|world| {
        let keys: Vec<Value> = world.secrets.gateway.keys.iter().map(described_key).collect();
        Ok(HttpResponse::Ok().json(json!({"keys": keys})))
    })
}

fn described_key(key: &GatewayKeySecret) -> Value {
    json!({
        "keyId": key.id,
        "algorithm": key.algorithm,
        "publicKeyPem": key.public_pem,
        "inUse": key.in_use,
        "retired": key.retired,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    algorithm: Algorithm,
}

async fn new_key(outside: Shared, body: Bytes) -> Answer {
    let NewKey { algorithm } = read_body(&body)?;
    outside.change(|world| {
        let key = world.secrets.gateway.add(algorithm);
        let key = key.map_err(|_failed| Refusal::conflict("不能生成密钥"))?;
        Ok(HttpResponse::Ok().json(described_key(key)))
    })
}

fn no_such_key() -> Refusal {
    Refusal::not_found("没有这个密钥，或已停用")
}

/// The key signs from now on; others of its algorithm stay valid.
async fn use_key(outside: Shared, id: Path<String>) -> Answer {
    outside.change(|world| {
        let keys = &mut world.secrets.gateway.keys;
        let found = keys.iter().find(|key| key.id == *id && !key.retired);
        let algorithm = found.map(|key| key.algorithm).ok_or_else(no_such_key)?;
        for key in keys.iter_mut().filter(|key| key.algorithm == algorithm) {
            key.in_use = key.id == *id;
        }
        Ok(())
    })?;
    keys(outside).await
}

async fn retire_key(outside: Shared, id: Path<String>) -> Answer {
    outside.change(|world| {
        let secrets = &mut world.secrets.gateway;
        let found = secrets.valid().find(|key| key.id == *id);
        let algorithm = found.map(|key| key.algorithm).ok_or_else(no_such_key)?;
        if secrets.valid().filter(|key| key.algorithm == algorithm).count() == 1 {
            return Err(Refusal::conflict("该算法的最后一个密钥不能停用"));
        }
        for key in secrets.keys.iter_mut().filter(|key| key.id == *id) {
            (key.in_use, key.retired) = (false, true);
        }
        Ok(())
    })?;
    keys(outside).await
}

async fn files(outside: Shared) -> Answer {
    outside.read(|world| {
        let uploads: Vec<Value> = world
            .gateway
            .uploads
            .iter()
            .map(|(name, upload)| {
                json!({"name": name, "takenAt": rfc3339(upload.taken_ms), "text": upload.text})
            })
            .collect();
        let verdicts = &world.gateway.verdicts;
        Ok(HttpResponse::Ok().json(json!({"uploads": uploads, "verdicts": verdicts})))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewVerdict {
    notice_no: String,
    order_no: String,
    result: VerdictKind,
    reason: Option<String>,
}

/// What finance will say about a line when it judges the day.
async fn want_verdict(outside: Shared, body: Bytes) -> Answer {
    let NewVerdict { notice_no, order_no, result, reason } = read_body(&body)?;
    let reason = reason.unwrap_or_else(|| "财政核对不符".to_owned());
    outside.change(|world| {
        let wanted = WantedVerdict { result, reason };
        world.gateway.wanted_verdicts.insert(format!("{order_no} {notice_no}"), wanted);
    });
    Ok(HttpResponse::Ok().json(json!({"noticeNo": notice_no, "result": result})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Word {
    date: String,
    result: VerdictKind,
    notice_no: Option<String>,
    reason: Option<String>,
}

/// Another batch about the lines of a day that were to be confirmed.
async fn decide(outside: Shared, body: Bytes) -> Answer {
    let Word { date, result, notice_no, reason } = read_body(&body)?;
    let day = day_of(&date)?;
    let reason = reason.unwrap_or_else(|| "财政核对不符".to_owned());
    let decided =
        outside.change(|world| clearing::decide(world, day, result, &reason, notice_no.as_deref()));
    Ok(HttpResponse::Ok().json(json!({"decided": decided})))
}

fn day_of(text: &str) -> Result<Day, Refusal> {
    Day::from_text(text).ok_or_else(|| Refusal::bad("date 应为 YYYY-MM-DD"))
}

#[derive(Debug, Deserialize)]
struct OfDay {
    date: String,
}

/// Everything that the gateway holds true about the payments of a day.
async fn truth(outside: Shared, query: Query<OfDay>) -> Answer {
    let day = day_of(&query.date)?;
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let paid = |notice: &&Notice| of_day(notice, day).next().is_some();
        let notices: Vec<Value> = world
            .notices
            .values()
            .filter(paid)
            .map(|notice| described(world, notice, now_ms))
            .collect();
        let total_fen: i64 = world
            .notices
            .values()
            .flat_map(|notice| of_day(notice, day))
            .map(|paid| paid.amount_fen)
            .sum();
        Ok(HttpResponse::Ok().json(json!({
            "date": day.text(),
            "totalFen": total_fen,
            "notices": notices,
            "refunds": refunds_of(world, day),
        })))
    })
}

fn of_day(notice: &Notice, day: Day) -> impl Iterator<Item = &WriteOff> {
    let compact = day.compact();
    notice.paid.iter().chain(&notice.undone).filter(move |paid| paid.pay_date == compact)
}

fn refunds_of(world: &World, day: Day) -> Vec<Value> {
    let compact = day.compact();
    let back = world
        .gateway
        .refunds
        .iter()
        .filter(|refund| refund.paid.as_ref().is_some_and(|paid| paid.date == compact));
    back.map(|refund| json!(refund)).collect()
}

//! Levers about messages: what was sent, what citizens allow, what does not arrive.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::json;

use super::citizens::no_such_citizen;
use super::{Answer, Refusal, read_body};
use crate::server::Shared;
use crate::world::alipay;
use crate::world::outbox::{Carrier, Failure, fields_of};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/messages", web::get().to(list))
        .route("/messages/fail-next", web::post().to(fail_next))
        .route("/wechat/message-push", web::post().to(set_push))
        .route("/citizens/{id}/subscription", web::post().to(subscribe));
}

/// What the platforms took, newest last.
async fn list(outside: Shared) -> Answer {
    let sent = outside.read(|world| world.outbox.sent.clone());
    Ok(HttpResponse::Ok().json(json!({"messages": sent})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NextFails {
    carrier: Carrier,
    reason: Option<String>,
}

/// The carrier takes the next message, and it does not arrive.
async fn fail_next(outside: Shared, body: Bytes) -> Answer {
    let NextFails { carrier, reason } = read_body(&body)?;
    if carrier == Carrier::Alipay {
        return Err(Refusal::bad("支付宝没有送达回执，不能指定送达失败"));
    }
    let reason = reason.unwrap_or_else(|| "user block".to_owned());
    outside.change(|world| world.outbox.failures.push_back(Failure { carrier, reason }));
    Ok(HttpResponse::Ok().json(json!({})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PushAddress {
    url: Option<String>,
}

/// Where events are pushed, as one sets it in the console; nowhere without an address.
async fn set_push(outside: Shared, body: Bytes) -> Answer {
    let PushAddress { url } = read_body(&body)?;
    let plain_http = |url: &String| url.starts_with("http://") && !url.contains(['?', ' ']);
    if url.as_ref().is_some_and(|url| !plain_http(url)) {
        return Err(Refusal::bad("url 应为没有查询串的 http 地址"));
    }
    outside.change(|world| world.outbox.push_url = url);
    Ok(HttpResponse::Ok().json(json!({})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Subscription {
    carrier: Carrier,
    template_id: String,
    #[serde(default)]
    reject: bool,
}

/// The citizen taps on "allow" in the mini-program's window, or rejects all of them in the
/// settings.
async fn subscribe(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    let Subscription { carrier, template_id, reject } = read_body(&body)?;
    if fields_of(carrier, &template_id).is_none() {
        return Err(Refusal::bad("没有这个模板"));
    }
    outside.change(|world| {
        let person = match carrier {
            Carrier::Alipay => alipay::user_id(&id),
            Carrier::Wechat | Carrier::Sms | Carrier::Push => {
                world.citizen(&id).ok_or_else(no_such_citizen)?.open_id.clone()
            }
        };
        if reject {
            world.outbox.refuse(carrier, &person, &template_id);
        } else {
            world.outbox.allow(carrier, &person, &template_id);
        }
        Ok(HttpResponse::Ok().json(json!({})))
    })
}

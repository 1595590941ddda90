//! Subscription messages: `subscribeMessage.send`, and the event that tells what became of one.

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Query, Refusal, check_token, respond};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::World;
use crate::world::callback::{Callback, Platform};
use crate::world::outbox::{Carrier, Sent, fields_of};

mod value;

pub(super) async fn send(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    match deliver(&outside, &Query::of(&request), &body) {
        Ok(answer) => respond(Ok(answer)),
        Err(Fault::Plain(refusal)) => respond(Err(refusal)),
        Err(Fault::Value(message)) => {
            HttpResponse::Ok().json(json!({"errcode": 47003, "errmsg": message}))
        }
    }
}

/// Why a message is not sent; that of a value names the field.
enum Fault {
    Plain(Refusal),
    Value(String),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Plain(refusal)
    }
}

fn deliver(outside: &Outside, query: &Query, body: &[u8]) -> Result<Value, Fault> {
    let now_ms = outside.now_ms();
    outside.read(|world| check_token(&world.tokens, query.get("access_token"), now_ms))?;
    if body.is_empty() {
        return Err(Refusal(44002, "empty post data").into());
    }
    let wanted: Value =
        serde_json::from_slice(body).map_err(|_malformed| Refusal(47001, "data format error"))?;
    let text = |name: &str| wanted[name].as_str().unwrap_or_default();
    let (to, template_id, page) = (text("touser"), text("template_id"), text("page"));
    outside.change(|world| {
        if world.citizen_by_open_id(to).is_none() {
            return Err(Refusal(40003, "invalid openid").into());
        }
        let fields =
            fields_of(Carrier::Wechat, template_id).ok_or(Refusal(40037, "invalid template_id"))?;
        let path = page.split('?').next().unwrap_or_default();
        if !path.is_empty() && !path.starts_with("pages/") {
            return Err(Refusal(41030, "invalid page").into());
        }
        check_values(fields, &wanted["data"])?;
        if !world.outbox.spend(Carrier::Wechat, to, template_id) {
            return Err(Refusal(43101, "user refuse to accept the msg").into());
        }
        Ok(taken(world, (to, template_id, page), &wanted["data"], now_ms))
    })
}

/// Every field of the template must be there with a value that fits; the first that does not is
/// named.
fn check_values(fields: &[&str], data: &Value) -> Result<(), Fault> {
    for field in fields {
        let value = data[field]["value"].as_str().unwrap_or_default();
        if value.is_empty() {
            let message = format!("argument invalid! data.{field}.value is empty");
            return Err(Fault::Value(message));
        }
        if !value::fits(field, value) {
            let message = format!("argument invalid! data.{field}.value invalid");
            return Err(Fault::Value(message));
        }
    }
    Ok(())
}

fn taken(
    world: &mut World,
    (to, template_id, page): (&str, &str, &str),
    data: &Value,
    now_ms: i64,
) -> Value {
    let number = format!("{}", 1_864_323_726_000_000_000_u64 + world.next_number());
    let failed = world.outbox.fate(Carrier::Wechat);
    push(world, (to, template_id, &number), failed.as_deref(), now_ms);
    world.outbox.take(Sent {
        carrier: Carrier::Wechat,
        number: number.clone(),
        to: to.to_owned(),
        template_id: Some(template_id.to_owned()),
        page: Some(page.to_owned()),
        content: data.clone(),
        at_ms: now_ms,
        failed,
    });
    json!({"errcode": 0, "errmsg": "ok", "msgid": number.parse::<u64>().unwrap_or_default()})
}

/// The event of the outcome, where somebody set an address for events.
fn push(
    world: &mut World,
    (to, template_id, number): (&str, &str, &str),
    failed: Option<&str>,
    now_ms: i64,
) {
    let Some(url) = world.outbox.push_url.clone() else { return };
    let (code, status) = failed.map_or(("0", "success"), |reason| ("1", reason));
    let id = format!("wechat-message-{number}");
    let mode = world.callback_mode;
    let mut event = Callback::new(Platform::WechatMessage, id, url, mode, now_ms);
    event.out_trade_no = number.to_owned();
    event.event = "subscribe_msg_sent_event".to_owned();
    event.resource = json!({
        "ToUserName": "gh_0123456789ab",
        "FromUserName": to,
        "CreateTime": (now_ms / 1000).to_string(),
        "MsgType": "event",
        "Event": "subscribe_msg_sent_event",
        "List": {
            "TemplateId": template_id,
            "MsgID": number,
            "ErrorCode": code,
            "ErrorStatus": status,
        },
    });
    world.callbacks.push(event);
}

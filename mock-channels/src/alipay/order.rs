//! What an order says, and the rules for its fields.

use serde_json::Value;

use super::answer::Refusal;
use super::method::Caller;
use super::money;
use super::time::{parse_spaced, timeout_ms};
use crate::world::World;
use crate::world::alipay::{Product, Trade};

/// An order whose fields are in order.
pub(super) struct Wanted {
    pub(super) product: Product,
    pub(super) out_trade_no: String,
    pub(super) subject: String,
    pub(super) body: Option<String>,
    pub(super) passback_params: Option<String>,
    pub(super) total_fen: i64,
    pub(super) notify_url: Option<String>,
    pub(super) expires_ms: i64,
}

pub(super) fn read(
    biz: &Value,
    caller: &Caller,
    product: Product,
    now_ms: i64,
) -> Result<Wanted, Refusal> {
    let out_trade_no = required(biz, "out_trade_no", 64)?;
    if !out_trade_no.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(Refusal::parameter("out_trade_no只能包含字母、数字、下划线"));
    }
    let subject = required(biz, "subject", 256)?;
    if subject.contains(['/', '=', '&']) {
        return Err(Refusal::parameter("subject不可使用特殊字符，如/、=、&等"));
    }
    let total_fen = money::fen(&biz["total_amount"])
        .ok_or_else(|| Refusal::parameter("total_amount参数不正确"))?;
    let product_code = match product {
        Product::MiniProgram => "JSAPI_PAY",
        Product::App => "QUICK_MSECURITY_PAY",
    };
    if biz["product_code"].as_str().is_some_and(|code| code != product_code) {
        return Err(Refusal::parameter("product_code参数不正确"));
    }
    let notify_url = caller.notify_url.clone();
    if notify_url.as_ref().is_some_and(|url| url.len() > 256 || !is_http(url)) {
        return Err(Refusal::parameter("notify_url参数不正确"));
    }
    Ok(Wanted {
        product,
        out_trade_no,
        subject,
        body: optional(biz, "body", 128)?,
        passback_params: optional(biz, "passback_params", 512)?,
        total_fen,
        notify_url,
        expires_ms: expiry(biz, now_ms)?,
    })
}

fn is_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn required(biz: &Value, name: &str, longest: usize) -> Result<String, Refusal> {
    optional(biz, name, longest)?.ok_or_else(|| Refusal::parameter(&format!("{name}参数不能为空")))
}

pub(super) fn optional(biz: &Value, name: &str, longest: usize) -> Result<Option<String>, Refusal> {
    match &biz[name] {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if text.chars().count() <= longest => Ok(Some(text.clone())),
        Value::String(_) => Err(Refusal::parameter(&format!("{name}参数长度超过{longest}"))),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Refusal::parameter(&format!("{name}参数格式不正确")))
        }
    }
}

/// The absolute deadline counts more than the relative one.
fn expiry(biz: &Value, now_ms: i64) -> Result<i64, Refusal> {
    if let Some(text) = optional(biz, "time_expire", 32)? {
        return parse_spaced(&text)
            .ok_or_else(|| Refusal::parameter("time_expire应为yyyy-MM-dd HH:mm:ss"));
    }
    match optional(biz, "timeout_express", 6)? {
        Some(text) => timeout_ms(&text, now_ms)
            .map(|length_ms| now_ms + length_ms)
            .ok_or_else(|| Refusal::parameter("timeout_express参数不正确")),
        None => Ok(now_ms + Trade::LIFE_MS),
    }
}

/// The mini-program in which the buyer pays.
pub(super) fn selling_app(world: &World, biz: &Value, caller: &Caller) -> Result<String, Refusal> {
    match optional(biz, "op_app_id", 32)? {
        None => Ok(caller.app_id.clone()),
        Some(app_id) if world.alipay.secrets.knows_app(&app_id) => Ok(app_id),
        Some(_) => Err(Refusal::parameter("op_app_id与商户没有关联")),
    }
}

/// The citizen that the order names; one of the three ways must be used.
pub(super) fn buyer(
    world: &World,
    biz: &Value,
    caller: &Caller,
    selling_app: &str,
) -> Result<String, Refusal> {
    let found = if let Some(id) = optional(biz, "buyer_open_id", 128)? {
        world.citizen_by_alipay_open_id(&caller.app_id, &id)
    } else if let Some(id) = optional(biz, "op_buyer_open_id", 128)? {
        world.citizen_by_alipay_open_id(selling_app, &id)
    } else if let Some(id) = optional(biz, "buyer_id", 28)? {
        world.citizen_by_alipay_user_id(&id)
    } else {
        return Err(Refusal::parameter("buyer_id与buyer_open_id不能同时为空"));
    };
    found.ok_or_else(|| Refusal::parameter("买家不存在"))
}

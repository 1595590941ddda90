//! Template messages of the mini-program.

use serde_json::Value;

use super::answer::{Answer, Fields, Refusal};
use super::method::Caller;
use crate::outside::Outside;
use crate::world::World;
use crate::world::alipay::user_id;
use crate::world::outbox::{Carrier, Sent, fields_of};

/// One value may be so long…
const VALUE_MAX: usize = 50;
/// …the values together, as text…
const DATA_MAX: usize = 2048;
/// …and the page.
const PAGE_MAX: usize = 128;
/// A trade allows so many messages.
const PER_TRADE: u32 = 3;

/// Answers nothing but that it was taken.
pub(super) fn send(outside: &Outside, caller: &Caller, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| deliver(world, caller, biz, now_ms))
}

fn deliver(world: &mut World, caller: &Caller, biz: &Value, now_ms: i64) -> Answer {
    let text = |name: &str| biz[name].as_str().unwrap_or_default();
    let citizen = addressed(world, caller, biz)?;
    let (template_id, page) = (text("user_template_id"), text("page"));
    let fields = fields_of(Carrier::Alipay, template_id)
        .ok_or_else(|| Refusal::business("USER_TEMPLATE_ILLEGAL", "模板非法"))?;
    if page.is_empty() || page.chars().count() > PAGE_MAX {
        return Err(Refusal::invalid("isv.invalid-parameter", "page参数无效"));
    }
    let content = content_of(fields, text("data"))?;
    allowed(world, &citizen, template_id, text("form_id"))?;
    let number = format!("alipay-{}", world.next_number());
    world.outbox.take(Sent {
        carrier: Carrier::Alipay,
        number,
        to: user_id(&citizen),
        template_id: Some(template_id.to_owned()),
        page: Some(page.to_owned()),
        content,
        at_ms: now_ms,
        failed: None,
    });
    Ok(Fields::new())
}

/// Exactly one of the two ways to name a person.
fn addressed(world: &World, caller: &Caller, biz: &Value) -> Result<String, Refusal> {
    let nobody = || Refusal::business("USER_NOT_EXIST", "用户不存在");
    match (biz["to_user_id"].as_str(), biz["to_open_id"].as_str()) {
        (Some(id), None) => {
            let found = world.citizens.iter().find(|citizen| user_id(&citizen.id) == id);
            found.map(|citizen| citizen.id.clone()).ok_or_else(nobody)
        }
        (None, Some(id)) => world.citizen_by_alipay_open_id(&caller.app_id, id).ok_or_else(nobody),
        (Some(_), Some(_)) | (None, None) => {
            Err(Refusal::missing("isv.missing-parameter", "to_user_id与to_open_id须填一个"))
        }
    }
}

/// The fields must be those of the template, one for one.
fn content_of(fields: &[&str], data: &str) -> Result<Value, Refusal> {
    let bad = |words: &str| Refusal::invalid("isv.invalid-parameter", words);
    if data.len() > DATA_MAX {
        return Err(bad("data过长"));
    }
    let content: Value = serde_json::from_str(data).map_err(|_not_json| bad("data不是JSON"))?;
    let object = content.as_object().ok_or_else(|| bad("data不是JSON对象"))?;
    let fits = |field: &&&str| {
        let value = object.get(**field).and_then(|field| field["value"].as_str());
        value.is_some_and(|value| (1..=VALUE_MAX).contains(&value.chars().count()))
    };
    if object.len() != fields.len() || fields.iter().filter(fits).count() != fields.len() {
        return Err(bad("data与模板关键词不匹配"));
    }
    Ok(content)
}

/// A trade that this citizen paid, or a subscription.
fn allowed(
    world: &mut World,
    citizen: &str,
    template_id: &str,
    form_id: &str,
) -> Result<(), Refusal> {
    if form_id.is_empty() {
        let person = user_id(citizen);
        return if world.outbox.spend(Carrier::Alipay, &person, template_id) {
            Ok(())
        } else {
            Err(Refusal::business("USER_NOT_SUBSCRIBE", "用户未订阅该模板消息"))
        };
    }
    let paid = world.alipay.trades.values().any(|trade| {
        trade.trade_no == form_id
            && trade.payment.is_some()
            && trade.buyer.as_deref() == Some(citizen)
    });
    let used = world.outbox.trades.entry(form_id.to_owned()).or_default();
    if !paid || *used >= PER_TRADE {
        return Err(Refusal::business("FORM_ID_INVALID", "form_id无效或已超过使用次数"));
    }
    *used += 1;
    Ok(())
}

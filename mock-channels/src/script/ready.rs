//! Whether what a lever is about is there yet: a replay must not come before what it repeats.

use serde_json::Value;

use super::{payable, record};
use crate::clock::Day;
use crate::world::World;

pub(super) fn is_ready(world: &World, path: &str, body: &Value, now_ms: i64) -> bool {
    if let Some(order) = record::order_of(path) {
        return payable::find(world, order, now_ms).is_some();
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["wechat-pay", "refunds", number, "finish"] => {
            world.wechat_pay.refunds.contains_key(*number)
        }
        ["notices", number, "confirm"] => payable::find(world, number, now_ms).is_some(),
        ["notices", number, _] => world.notices.contains_key(*number),
        ["refunds", number, _] => {
            let own = world.gateway.refunds.iter().any(|refund| refund.id == *number);
            own || world.gateway.refund(number).is_some()
        }
        // Finance sends back what was written off.
        ["refunds"] => {
            let number = body["noticeNo"].as_str().unwrap_or_default();
            world.notices.get(number).is_some_and(|notice| notice.paid.is_some())
        }
        ["gateway", "verdicts", "decide"] => {
            let day = body["date"].as_str().and_then(Day::from_text);
            day.is_some_and(|day| world.gateway.verdicts.contains_key(&day.compact()))
        }
        _ => true,
    }
}

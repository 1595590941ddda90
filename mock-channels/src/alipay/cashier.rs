//! Alipay's own app: it takes an order string from the merchant's app and opens the trade.

use serde_json::Value;

use super::answer::Refusal;
use super::gateway;
use super::method::Caller;
use super::order;
use super::params::Params;
use super::trade;
use crate::outside::Outside;
use crate::world::alipay::{Product, Trade};

const METHOD: &str = "alipay.trade.app.pay";

/// Opens the trade of an order string. Also takes a whole address, of which the query counts.
pub(crate) fn open(
    outside: &Outside,
    order_string: &str,
    citizen_id: Option<String>,
) -> Result<Trade, Refusal> {
    let query = match order_string.split_once('?') {
        Some((address, query)) if address.starts_with("http") => query,
        Some(_) | None => order_string,
    };
    let params = Params::read(query.as_bytes(), b"")
        .map_err(|_unreadable| Refusal::invalid("isv.invalid-parameter", "参数重复或过多"))?;
    let app_id = gateway::checked(outside, &params, METHOD)?;
    if params.text("method").as_deref() != Some(METHOD) {
        let words = "订单串的method应为alipay.trade.app.pay";
        return Err(Refusal::invalid("isv.invalid-method", words));
    }
    let biz: Value = params
        .text("biz_content")
        .and_then(|text| serde_json::from_str(&text).ok())
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::parameter("biz_content不是合法的JSON"))?;
    let notify_url = params.text("notify_url");
    let caller = Caller { app_id: app_id.clone(), notify_url, auth_token: None };
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let wanted = order::read(&biz, &caller, Product::App, now_ms)?;
        let anybody = world.citizens.first().map(|citizen| citizen.id.clone());
        let buyer = citizen_id.or(anybody);
        trade::open(world, &wanted, &app_id, buyer, now_ms).map(|(trade, _is_new)| trade)
    })
}

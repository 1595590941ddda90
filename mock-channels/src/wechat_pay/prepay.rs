//! Placing an order, and placing it again.

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Answer, Refusal, authorised, check_mch_id, payment};
use crate::clock::parse_rfc3339;
use crate::crypto::{self, DIGITS};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::World;
use crate::world::magic::Magic;
use crate::world::order::{Order, TradeState, TradeType};

mod fields;

pub(super) async fn jsapi(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| place(outside, TradeType::Jsapi, &body))
}

pub(super) async fn app(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| place(outside, TradeType::App, &body))
}

pub(super) async fn native(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| place(outside, TradeType::Native, &body))
}

fn place(outside: &Outside, trade_type: TradeType, body: &[u8]) -> Answer {
    let wanted: Value = serde_json::from_slice(body).map_err(|_malformed| {
        Refusal::parameter("请求体不是合法的JSON", json!({"location": "body"}))
    })?;
    fields::check(&wanted, trade_type)?;
    let text = |name: &str| wanted[name].as_str().unwrap_or_default();
    check_mch_id(outside, Some(text("mchid")))?;
    if text("appid") != outside.onboarding.wechat.app_id {
        let message = "商户号mch_id与appid不匹配";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "APPID_MCHID_NOT_MATCH", message));
    }
    let now_ms = outside.now_ms();
    outside.change(|world| {
        if trade_type == TradeType::Jsapi {
            check_open_id(world, &wanted)?;
        }
        let is_new = match world.orders.get(text("out_trade_no")) {
            Some(order) => check_repeat(order, trade_type, &wanted, now_ms).map(|()| false)?,
            None => true,
        };
        let prepay_id = new_prepay_id(now_ms);
        if is_new {
            let mut order = new_order(trade_type, &wanted, now_ms);
            order.prepay_ids.push(prepay_id.clone());
            world.orders.insert(order.out_trade_no.clone(), order.clone());
            payment::placed(world, &order, now_ms);
            if world.magic_of_order(&order) == Some(Magic::CreatedUnknown) {
                return Err(Refusal::system_error());
            }
        } else if let Some(order) = world.orders.get_mut(text("out_trade_no")) {
            order.prepay_ids.push(prepay_id.clone());
        }
        Ok(Some(match trade_type {
            TradeType::Jsapi | TradeType::App => json!({"prepay_id": prepay_id}),
            TradeType::Native => {
                let pr = &prepay_id[prepay_id.len() - 9..];
                json!({"code_url": format!("weixin://wxpay/bizpayurl/up?pr={pr}&groupid=00")})
            }
        }))
    })
}

fn check_open_id(world: &World, wanted: &Value) -> Result<(), Refusal> {
    let open_id = wanted["payer"]["openid"].as_str().unwrap_or_default();
    if world.citizen_by_open_id(open_id).is_some() {
        return Ok(());
    }
    let detail = json!({"field": "/payer/openid", "value": open_id, "location": "body"});
    Err(Refusal::parameter("无效的openid", detail))
}

/// The same parameters while unpaid and open get another prepay id; anything else is refused.
fn check_repeat(
    order: &Order,
    trade_type: TradeType,
    wanted: &Value,
    now_ms: i64,
) -> Result<(), Refusal> {
    match order.state(now_ms) {
        // Neither this code nor that of an expired order is documented: our choice.
        TradeState::Success | TradeState::Refund => {
            return Err(Refusal::invalid_request("该订单已支付"));
        }
        TradeState::Closed => {
            let message = "该订单已关闭，请重新下单";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "ORDER_CLOSED", message));
        }
        TradeState::NotPay => {}
    }
    if order.trade_type != trade_type || order.request != *wanted {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "OUT_TRADE_NO_USED", "商户订单号重复"));
    }
    if order.is_expired(now_ms) {
        return Err(Refusal::invalid_request("该订单已过支付截止时间，请重新下单"));
    }
    Ok(())
}

fn new_order(trade_type: TradeType, wanted: &Value, now_ms: i64) -> Order {
    let text = |name: &str| wanted[name].as_str().unwrap_or_default().to_owned();
    let expires_ms = match wanted["time_expire"].as_str().and_then(parse_rfc3339) {
        Some(at_ms) => at_ms.clamp(now_ms + Order::SHORTEST_MS, now_ms + Order::LONGEST_MS),
        None => now_ms + Order::LIFE_MS,
    };
    Order {
        out_trade_no: text("out_trade_no"),
        trade_type,
        request: wanted.clone(),
        app_id: text("appid"),
        mch_id: text("mchid"),
        description: text("description"),
        attach: wanted["attach"].as_str().map(str::to_owned),
        notify_url: text("notify_url"),
        total_fen: wanted["amount"]["total"].as_i64().unwrap_or_default(),
        open_id: wanted["payer"]["openid"].as_str().map(str::to_owned),
        created_ms: now_ms,
        expires_ms,
        prepay_ids: Vec::new(),
        closed_ms: None,
        payment: None,
        refused: 0,
    }
}

/// `wx`, 14 digits of time, then enough randomness; 36 characters like the documented example.
fn new_prepay_id(now_ms: i64) -> String {
    let time = crate::clock::Day::of(now_ms).compact() + &crate::clock::compact_time(now_ms);
    let tail = crypto::hex(&crypto::random_bytes::<5>());
    format!("wx{time}{tail}{}", crypto::random_text(DIGITS, 10))
}

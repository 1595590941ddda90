//! Querying and closing orders.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Answer, Refusal, authorised, check_mch_id, payment, query_value};
use crate::clock::rfc3339;
use crate::server::Shared;
use crate::world::World;
use crate::world::order::{Order, TradeState};

pub(super) async fn query_by_number(
    outside: Shared,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        check_mch_id(outside, query_value(&request, "mchid").as_deref())?;
        let now_ms = outside.now_ms();
        outside.read(|world| {
            let order = world.orders.get(number.as_str()).ok_or_else(order_not_exist)?;
            Ok(Some(described(world, order, now_ms)))
        })
    })
}

/// Knows paid orders only: others have no transaction id.
pub(super) async fn query_by_id(
    outside: Shared,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        check_mch_id(outside, query_value(&request, "mchid").as_deref())?;
        let now_ms = outside.now_ms();
        outside.read(|world| {
            let has_id = |order: &&Order| {
                order.paid(now_ms).is_some_and(|payment| payment.transaction_id == *id)
            };
            let order = world.orders.values().find(has_id).ok_or_else(order_not_exist)?;
            Ok(Some(described(world, order, now_ms)))
        })
    })
}

pub(super) async fn close(
    outside: Shared,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| -> Answer {
        let wanted: Value = serde_json::from_slice(&body).map_err(|_malformed| {
            Refusal::parameter("请求体不是合法的JSON", json!({"location": "body"}))
        })?;
        check_mch_id(outside, wanted["mchid"].as_str())?;
        let now_ms = outside.now_ms();
        outside.change(|world| {
            let order = world.orders.get_mut(number.as_str()).ok_or_else(order_not_exist)?;
            match order.state(now_ms) {
                // The exact code is not documented: our choice.
                TradeState::Success | TradeState::Refund => {
                    Err(Refusal::new(StatusCode::BAD_REQUEST, "ORDERPAID", "该订单已支付"))
                }
                TradeState::Closed => Ok(None),
                TradeState::NotPay => {
                    order.closed_ms = Some(now_ms);
                    let order = order.clone();
                    payment::closed(world, &order, now_ms);
                    Ok(None)
                }
            }
        })
    })
}

fn order_not_exist() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在")
}

/// What a query answers and a notification carries.
pub(crate) fn described(world: &World, order: &Order, now_ms: i64) -> Value {
    let state = world.trade_state(order, now_ms);
    let mut described = json!({
        "appid": order.app_id,
        "mchid": order.mch_id,
        "out_trade_no": order.out_trade_no,
        "trade_state": state.code(),
        "trade_state_desc": state.words(),
        "promotion_detail": [],
    });
    if let Some(attach) = &order.attach {
        described["attach"] = json!(attach);
    }
    match order.paid(now_ms) {
        Some(payment) => {
            described["transaction_id"] = json!(payment.transaction_id);
            described["trade_type"] = json!(order.trade_type.name());
            described["bank_type"] = json!(payment.bank_type);
            described["success_time"] = json!(rfc3339(payment.at_ms));
            described["payer"] = json!({"openid": payment.open_id});
            described["amount"] = json!({
                "total": payment.amount_fen,
                "payer_total": payment.amount_fen,
                "currency": "CNY",
                "payer_currency": "CNY",
            });
        }
        None => described["amount"] = json!({"total": order.total_fen, "currency": "CNY"}),
    }
    described
}

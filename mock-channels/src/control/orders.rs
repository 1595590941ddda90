//! Levers about money: what the payer does, and what really happened.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::clock::{Day, rfc3339};
use crate::crypto;
use crate::server::Shared;
use crate::wechat_pay::order_api;
use crate::world::World;
use crate::world::callback::{Callback, CallbackMode, Platform};
use crate::world::order::{Order, Payment, TradeState};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/orders", web::get().to(list))
        .route("/orders/{no}", web::get().to(one))
        .route("/orders/{no}/approve", web::post().to(approve))
        .route("/orders/{no}/refuse", web::post().to(refuse))
        .route("/truth", web::get().to(truth));
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    let mut orders: Vec<Order> = outside.read(|world| world.orders.values().cloned().collect());
    orders.sort_by_key(|order| std::cmp::Reverse(order.created_ms));
    let orders: Vec<Value> = orders.iter().map(|order| described(order, now_ms)).collect();
    Ok(HttpResponse::Ok().json(json!({"orders": orders})))
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let order = world.orders.get(number.as_str()).ok_or_else(no_such_order)?;
        Ok(HttpResponse::Ok().json(described(order, now_ms)))
    })
}

fn no_such_order() -> Refusal {
    Refusal::not_found("没有这个订单")
}

fn described(order: &Order, now_ms: i64) -> Value {
    let payment = order.payment.as_ref();
    json!({
        "outTradeNo": order.out_trade_no,
        "tradeType": order.trade_type.name(),
        "state": order.state(now_ms).code(),
        "expired": order.is_expired(now_ms),
        "description": order.description,
        "totalFen": order.total_fen,
        "openId": order.open_id,
        "notifyUrl": order.notify_url,
        "prepayIds": order.prepay_ids,
        "createdAt": rfc3339(order.created_ms),
        "expiresAt": rfc3339(order.expires_ms),
        "closedAt": order.closed_ms.map(rfc3339),
        "transactionId": payment.map(|payment| &payment.transaction_id),
        "paidFen": payment.map(|payment| payment.amount_fen),
        "paidAt": payment.map(|payment| rfc3339(payment.at_ms)),
        "refused": order.refused,
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Approval {
    amount_fen: Option<i64>,
    at_ms: Option<i64>,
    #[serde(default)]
    force: bool,
}

async fn approve(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    let approval: Approval = read_body(&body)?;
    let now_ms = outside.now_ms();
    if approval.at_ms.is_some_and(|at_ms| at_ms > now_ms) {
        return Err(Refusal::bad("付款时间不能晚于现在"));
    }
    if approval.amount_fen.is_some_and(|fen| fen < 1) {
        return Err(Refusal::bad("amountFen 应为正整数"));
    }
    outside.change(|world| {
        let order = world.orders.get(number.as_str()).ok_or_else(no_such_order)?;
        check_payable(order, approval.force, now_ms)?;
        if order.payment.is_none() {
            pay(world, &number, &approval, now_ms);
        }
        let order = world.orders.get(number.as_str()).ok_or_else(no_such_order)?;
        let callback = notification(order, world.callback_mode, now_ms);
        let mut answer = described(order, now_ms);
        answer["callbackId"] = json!(callback.id);
        world.callbacks.push(callback);
        Ok(HttpResponse::Ok().json(answer))
    })
}

fn check_payable(order: &Order, force: bool, now_ms: i64) -> Result<(), Refusal> {
    let hint = "；要造成这种异常，请加 \"force\": true";
    let reason = match order.state(now_ms) {
        _ if force => return Ok(()),
        TradeState::Success => "订单已支付",
        TradeState::Closed => "订单已关闭",
        TradeState::NotPay if order.is_expired(now_ms) => "订单已过支付截止时间",
        TradeState::NotPay => return Ok(()),
    };
    Err(Refusal::conflict(format!("{reason}{hint}")))
}

fn pay(world: &mut World, number: &str, approval: &Approval, now_ms: i64) {
    let at_ms = approval.at_ms.unwrap_or(now_ms);
    let paid = world.orders.values().filter(|order| order.payment.is_some()).count() + 1;
    // Orders without a payer of their own are paid by the first citizen.
    let anybody = world.citizens.first().map(|citizen| citizen.open_id.clone());
    if let Some(order) = world.orders.get_mut(number) {
        order.payment = Some(Payment {
            transaction_id: format!("4200002222{}{paid:010}", Day::of(at_ms).compact()),
            amount_fen: approval.amount_fen.unwrap_or(order.total_fen),
            at_ms,
            bank_type: "OTHERS".to_owned(),
            open_id: order.open_id.clone().or(anybody).unwrap_or_default(),
        });
    }
}

fn notification(order: &Order, mode: CallbackMode, now_ms: i64) -> Callback {
    let (id, url) = (crypto::uuid(), order.notify_url.clone());
    Callback {
        out_trade_no: order.out_trade_no.clone(),
        resource: order_api::described(order, now_ms),
        ..Callback::new(Platform::WechatPay, id, url, mode, now_ms)
    }
}

/// The payer pressed "cancel": the platform tells nobody, and the order can still be paid.
async fn refuse(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let order = world.orders.get_mut(number.as_str()).ok_or_else(no_such_order)?;
        order.refused += 1;
        tracing::info!(out_trade_no = number.as_str(), "the payer cancelled");
        Ok(HttpResponse::Ok().json(described(order, now_ms)))
    })
}

#[derive(Debug, Deserialize)]
struct TruthQuery {
    date: String,
}

/// Every payment of a day, whatever bills and callbacks say.
async fn truth(outside: Shared, query: Option<Query<TruthQuery>>) -> Answer {
    let day = query
        .and_then(|query| Day::from_text(&query.date))
        .ok_or_else(|| Refusal::bad("date 应为 YYYY-MM-DD"))?;
    let payments: Vec<Value> = outside.read(|world| {
        let line = |(order, payment): (&Order, &Payment)| {
            json!({
                "outTradeNo": order.out_trade_no,
                "transactionId": payment.transaction_id,
                "amountFen": payment.amount_fen,
                "paidAt": rfc3339(payment.at_ms),
                "atMs": payment.at_ms,
            })
        };
        world.payments_of(day).into_iter().map(line).collect()
    });
    Ok(HttpResponse::Ok().json(json!({"date": day.text(), "payments": payments})))
}

//! Levers about orders of WeChat Pay: what the payer does.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::clock::rfc3339;
use crate::server::Shared;
use crate::wechat_pay::cashier::{self, Opened};
use crate::wechat_pay::payment::{self, Arrival};
use crate::world::World;
use crate::world::magic::{self, Magic};
use crate::world::order::{Order, TradeState};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/orders", web::get().to(list))
        .route("/orders/{no}", web::get().to(one))
        .route("/orders/{no}/approve", web::post().to(approve))
        .route("/orders/{no}/refuse", web::post().to(refuse))
        .route("/cashier", web::post().to(cashier));
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    let orders: Vec<Value> = outside.read(|world| {
        let mut orders: Vec<&Order> = world.orders.values().collect();
        orders.sort_by_key(|order| std::cmp::Reverse(order.created_ms));
        orders.into_iter().map(|order| described(world, order, now_ms)).collect()
    });
    Ok(HttpResponse::Ok().json(json!({"orders": orders})))
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let order = world.orders.get(number.as_str()).ok_or_else(no_such_order)?;
        Ok(HttpResponse::Ok().json(described(world, order, now_ms)))
    })
}

fn no_such_order() -> Refusal {
    Refusal::not_found("没有这个订单")
}

fn described(world: &World, order: &Order, now_ms: i64) -> Value {
    let payment = order.payment.as_ref();
    json!({
        "outTradeNo": order.out_trade_no,
        "tradeType": order.trade_type.name(),
        "state": world.trade_state(order, now_ms).code(),
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
        let callback_id = pay(world, &number, &approval, now_ms)?;
        let order = world.orders.get(number.as_str()).ok_or_else(no_such_order)?;
        let mut answer = described(world, order, now_ms);
        answer["callbackId"] = json!(callback_id);
        Ok(HttpResponse::Ok().json(answer))
    })
}

/// The payer pays. Money comes once: forced again, it is one more event for the same payment.
fn pay(
    world: &mut World,
    number: &str,
    approval: &Approval,
    now_ms: i64,
) -> Result<Option<String>, Refusal> {
    let order = world.orders.get(number).ok_or_else(no_such_order)?;
    check_payable(world, order, approval.force, now_ms)?;
    if order.payment.is_some() {
        return Ok(payment::notify(world, number, now_ms));
    }
    let slow = world.magic_of_order(order) == Some(Magic::SlowPayment);
    let wait_ms = if slow { magic::SLOW_MS } else { 0 };
    let at_ms = approval.at_ms.unwrap_or(now_ms + wait_ms);
    Ok(payment::pay(world, number, Arrival { amount_fen: approval.amount_fen, at_ms, now_ms }))
}

fn check_payable(world: &World, order: &Order, force: bool, now_ms: i64) -> Result<(), Refusal> {
    let hint = "；要造成这种异常，请加 \"force\": true";
    let reason = match order.state(now_ms) {
        _ if force => return Ok(()),
        TradeState::Success | TradeState::Refund => "订单已支付",
        TradeState::Closed => "订单已关闭",
        TradeState::NotPay if order.is_expired(now_ms) => "订单已过支付截止时间",
        TradeState::NotPay if order.payment.is_some() => "付款人已付款，款项在途",
        TradeState::NotPay if world.magic_of_order(order) == Some(Magic::Declined) => {
            "付款人余额不足（金额或市民约定）"
        }
        TradeState::NotPay => return Ok(()),
    };
    Err(Refusal::conflict(format!("{reason}{hint}")))
}

/// The payer pressed "cancel": the platform tells nobody, and the order can still be paid.
async fn refuse(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let order = world.orders.get_mut(number.as_str()).ok_or_else(no_such_order)?;
        order.refused += 1;
        tracing::info!(out_trade_no = number.as_str(), "the payer cancelled");
        let order = world.orders.get(number.as_str()).ok_or_else(no_such_order)?;
        Ok(HttpResponse::Ok().json(described(world, order, now_ms)))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Opening {
    /// What the merchant's server gave to the client, as the client hands it on.
    package: Value,
    citizen_id: Option<String>,
    /// Whether the payer confirms at once.
    #[serde(default)]
    approve: bool,
}

/// What the wallet does with a signed package, or with the content of a QR code.
async fn cashier(outside: Shared, body: Bytes) -> Answer {
    let Opening { package, citizen_id, approve } = read_body(&body)?;
    let now_ms = outside.now_ms();
    let Opened { out_trade_no } =
        cashier::open(&outside, &package, citizen_id.as_deref(), now_ms).map_err(Refusal::bad)?;
    outside.change(|world| {
        let order = world.orders.get(&out_trade_no).ok_or_else(no_such_order)?;
        check_payable(world, order, false, now_ms)?;
        let approval = Approval { amount_fen: None, at_ms: None, force: false };
        let callback_id =
            if approve { pay(world, &out_trade_no, &approval, now_ms)? } else { None };
        let order = world.orders.get(&out_trade_no).ok_or_else(no_such_order)?;
        let mut answer = described(world, order, now_ms);
        answer["callbackId"] = json!(callback_id);
        Ok(HttpResponse::Ok().json(answer))
    })
}

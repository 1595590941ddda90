//! Refunds: idempotent by the merchant's number, never more than was paid, decided later.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::payment::{event_id, happened};
use super::{Answer, Refusal, authorised};
use crate::clock::{Day, rfc3339};
use crate::server::Shared;
use crate::world::World;
use crate::world::callback::{Callback, Platform};
use crate::world::magic::{self, Magic};
use crate::world::order::{Order, Payment};
use crate::world::script::EventKind;
use crate::world::wechat_pay::{Refund, RefundOutcome, RefundStatus, Step, fee_fen};

mod abnormal;
mod fields;

pub(super) use abnormal::apply as apply_abnormal;
use fields::Wanted;

pub(super) async fn create(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        let wanted = fields::read(&body)?;
        let now_ms = outside.now_ms();
        outside.change(|world| decide(world, &wanted, now_ms))
    })
}

pub(super) async fn query(
    outside: Shared,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        let now_ms = outside.now_ms();
        outside.read(|world| {
            let refund = world.wechat_pay.refunds.get(number.as_str());
            Ok(Some(described(refund.ok_or_else(|| not_exists("退款单不存在"))?, now_ms)))
        })
    })
}

fn decide(world: &mut World, wanted: &Wanted, now_ms: i64) -> Answer {
    let order = named(world, wanted, now_ms)?.clone();
    let payment = order.paid(now_ms).ok_or_else(|| Refusal::invalid_request("订单未支付"))?;
    if let Some(known) = world.wechat_pay.refunds.get(&wanted.out_refund_no) {
        let same = known.out_trade_no == order.out_trade_no
            && (known.amount_fen, known.total_fen) == (wanted.refund_fen, wanted.total_fen);
        if !same {
            let message = "订单金额或退款金额与之前请求不一致，请核实后再试";
            return Err(Refusal::invalid_request(message));
        }
        return Ok(Some(described(known, now_ms)));
    }
    check(world, &order, payment, wanted, now_ms)?;
    let outcome = outcome(world, &order);
    refused_by(outcome)?;
    let refund = accepted(world, &order, payment, wanted, now_ms);
    let number = refund.out_refund_no.clone();
    world.wechat_pay.refunds.insert(number.clone(), refund);
    let slow = world.magic_of_order(&order) == Some(Magic::SlowRefund);
    let wait_ms = if slow { magic::SLOW_REFUND_MS } else { Refund::QUICK_MS };
    match outcome {
        RefundOutcome::AtOnce => end(world, &number, RefundStatus::Success, now_ms, true),
        RefundOutcome::Abnormal => {
            end(world, &number, RefundStatus::Abnormal, now_ms + wait_ms, true);
        }
        RefundOutcome::Closed => end(world, &number, RefundStatus::Closed, now_ms + wait_ms, true),
        RefundOutcome::NoCallback => {
            end(world, &number, RefundStatus::Success, now_ms + wait_ms, false);
        }
        RefundOutcome::Success | RefundOutcome::SystemErrorAfter => {
            end(world, &number, RefundStatus::Success, now_ms + wait_ms, true);
        }
        RefundOutcome::Pending
        | RefundOutcome::NotEnough
        | RefundOutcome::AccountAbnormal
        | RefundOutcome::FrequencyLimited
        | RefundOutcome::SystemErrorBefore => {}
    }
    happened(world, EventKind::Refund, &order.out_trade_no);
    if outcome == RefundOutcome::SystemErrorAfter {
        return Err(Refusal::system_error());
    }
    Ok(world.wechat_pay.refunds.get(&number).map(|refund| described(refund, now_ms)))
}

/// The order that is meant; the platform's number counts more than the merchant's.
fn named<'a>(world: &'a World, wanted: &Wanted, now_ms: i64) -> Result<&'a Order, Refusal> {
    let found = match (&wanted.transaction_id, &wanted.out_trade_no) {
        (Some(id), _) => world
            .orders
            .values()
            .find(|order| order.paid(now_ms).is_some_and(|payment| &payment.transaction_id == id)),
        (None, Some(number)) => world.orders.get(number),
        (None, None) => None,
    };
    found.ok_or_else(|| not_exists("订单不存在"))
}

fn not_exists(message: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", message)
}

fn check(
    world: &World,
    order: &Order,
    payment: &Payment,
    wanted: &Wanted,
    now_ms: i64,
) -> Result<(), Refusal> {
    if wanted.total_fen != payment.amount_fen {
        return Err(Refusal::invalid_request("原订单金额与订单信息不一致"));
    }
    if now_ms >= payment.at_ms + Refund::LIFE_MS {
        return Err(Refusal::invalid_request("订单已超过退款期限"));
    }
    let earlier = world.refunds_of_order(&order.out_trade_no);
    if earlier.len() >= Refund::MOST {
        return Err(Refusal::invalid_request("订单退款次数超过限制"));
    }
    let promised_fen = world.promised_fen(&order.out_trade_no, now_ms);
    if promised_fen.saturating_add(wanted.refund_fen) > payment.amount_fen {
        return Err(Refusal::invalid_request("申请退款金额大于订单剩余可退金额"));
    }
    let last_ms = earlier.last().map(|refund| refund.asked_ms);
    let hasty = last_ms.is_some_and(|at_ms| now_ms < at_ms + Refund::INTERVAL_MS);
    if hasty && world.wechat_pay.habits.refund_interval {
        return Err(frequency_limited());
    }
    Ok(())
}

fn frequency_limited() -> Refusal {
    let message = "频率限制，请稍后重试";
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "FREQUENCY_LIMITED", message)
}

/// What a tester asked for counts more than amount and payer.
fn outcome(world: &mut World, order: &Order) -> RefundOutcome {
    if let Some(asked) = world.wechat_pay.refund_outcomes.pop_front() {
        return asked;
    }
    let first = world.refunds_of_order(&order.out_trade_no).is_empty();
    match world.magic_of_order(order) {
        Some(Magic::NoBalance) => RefundOutcome::NotEnough,
        Some(Magic::NoCallback) => RefundOutcome::NoCallback,
        Some(Magic::RefundedUnknown) if first => RefundOutcome::SystemErrorAfter,
        Some(Magic::AbnormalRefund) => RefundOutcome::Abnormal,
        Some(Magic::ClosedRefund) => RefundOutcome::Closed,
        Some(_) | None => RefundOutcome::Success,
    }
}

fn refused_by(outcome: RefundOutcome) -> Result<(), Refusal> {
    let forbidden = |code, message| Err(Refusal::new(StatusCode::FORBIDDEN, code, message));
    match outcome {
        RefundOutcome::NotEnough => forbidden("NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"),
        RefundOutcome::AccountAbnormal => forbidden("USER_ACCOUNT_ABNORMAL", "退款请求失败"),
        RefundOutcome::FrequencyLimited => Err(frequency_limited()),
        RefundOutcome::SystemErrorBefore => Err(Refusal::system_error()),
        RefundOutcome::Success
        | RefundOutcome::AtOnce
        | RefundOutcome::Pending
        | RefundOutcome::Abnormal
        | RefundOutcome::Closed
        | RefundOutcome::NoCallback
        | RefundOutcome::SystemErrorAfter => Ok(()),
    }
}

fn accepted(
    world: &World,
    order: &Order,
    payment: &Payment,
    wanted: &Wanted,
    now_ms: i64,
) -> Refund {
    let number = world.wechat_pay.refunds.len() + 1;
    // Fees come back in proportion; all parts together are the whole fee and not a fen more.
    let before_fen = world.promised_fen(&order.out_trade_no, now_ms);
    Refund {
        refund_id: format!("5000000038{}{number:011}", Day::of(now_ms).compact()),
        out_refund_no: wanted.out_refund_no.clone(),
        out_trade_no: order.out_trade_no.clone(),
        transaction_id: payment.transaction_id.clone(),
        total_fen: payment.amount_fen,
        amount_fen: wanted.refund_fen,
        fee_fen: fee_fen(before_fen + wanted.refund_fen) - fee_fen(before_fen),
        reason: wanted.reason.clone(),
        notify_url: wanted.notify_url.clone(),
        asked_ms: now_ms,
        steps: Vec::new(),
    }
}

/// Decides what becomes of a refund at a time, and puts the notification of it on its way then.
pub(crate) fn end(world: &mut World, number: &str, status: RefundStatus, at_ms: i64, told: bool) {
    let Some(refund) = world.wechat_pay.refunds.get_mut(number) else {
        return;
    };
    refund.steps.push(Step { at_ms, status });
    let refund = refund.clone();
    let event = match status {
        RefundStatus::Success => "REFUND.SUCCESS",
        RefundStatus::Abnormal => "REFUND.ABNORMAL",
        RefundStatus::Closed => "REFUND.CLOSED",
        RefundStatus::Processing => return,
    };
    let Some(url) = refund.notify_url.clone().filter(|_| told) else {
        return;
    };
    let mch_id = world.secrets.mch_id.clone();
    world.post(Callback {
        out_trade_no: refund.out_trade_no.clone(),
        event: event.to_owned(),
        resource: announced(&refund, &mch_id, status, at_ms),
        ..Callback::new(Platform::WechatPay, event_id(), url, world.callback_mode, at_ms)
    });
}

/// What a notification says: not the words of the query, and no app id.
fn announced(refund: &Refund, mch_id: &str, status: RefundStatus, at_ms: i64) -> Value {
    let mut said = json!({
        "mchid": mch_id,
        "out_trade_no": refund.out_trade_no,
        "transaction_id": refund.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": status.code(),
        "user_received_account": RECEIVED_BY,
        "amount": {
            "total": refund.total_fen,
            "refund": refund.amount_fen,
            "payer_total": refund.total_fen,
            "payer_refund": refund.amount_fen,
        },
    });
    if status == RefundStatus::Success {
        said["success_time"] = json!(rfc3339(at_ms));
    }
    said
}

const RECEIVED_BY: &str = "支付用户零钱";

/// What asking for a refund and querying it answer.
pub(super) fn described(refund: &Refund, now_ms: i64) -> Value {
    let mut described = json!({
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": RECEIVED_BY,
        "create_time": rfc3339(refund.asked_ms),
        "status": refund.status(now_ms).code(),
        "funds_account": "AVAILABLE",
        "amount": {
            "total": refund.total_fen,
            "refund": refund.amount_fen,
            "from": [],
            "payer_total": refund.total_fen,
            "payer_refund": refund.amount_fen,
            "settlement_refund": refund.amount_fen,
            "settlement_total": refund.total_fen,
            "discount_refund": 0,
            "currency": "CNY",
            "refund_fee": refund.fee_fen,
        },
        "promotion_detail": [],
    });
    if let Some(at_ms) = refund.succeeded_ms(now_ms) {
        described["success_time"] = json!(rfc3339(at_ms));
    }
    described
}

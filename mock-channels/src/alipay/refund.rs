//! Refunds: idempotent by the merchant's request number, never more than was paid.

use serde_json::{Value, json};

use super::answer::{Answer, Fields, Refusal, fields};
use super::money::{self, yuan};
use super::notify;
use super::order::optional;
use super::trade::{buyer_fields, named};
use crate::clock::spaced;
use crate::outside::Outside;
use crate::world::World;
use crate::world::alipay::{Refund, RefundOutcome, Trade, TradeStatus};
use crate::world::magic::{self, Magic};
use crate::world::script::EventKind;

/// A refund as it was asked for.
struct Wanted {
    out_request_no: Option<String>,
    amount_fen: i64,
    reason: Option<String>,
}

pub(super) fn refund(outside: &Outside, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let mut trade = named(world, biz)?.clone();
        let wanted = Wanted {
            out_request_no: optional(biz, "out_request_no", 64)?,
            amount_fen: money::fen(&biz["refund_amount"])
                .ok_or_else(|| Refusal::parameter("refund_amount参数不正确"))?,
            reason: optional(biz, "refund_reason", 256)?,
        };
        let answer = decide(world, &mut trade, &wanted, now_ms);
        // Kept whatever is answered: the answer may hide what was done.
        world.alipay.trades.insert(trade.out_trade_no.clone(), trade);
        answer
    })
}

fn decide(world: &mut World, trade: &mut Trade, wanted: &Wanted, now_ms: i64) -> Answer {
    let number = wanted.out_request_no.as_deref().unwrap_or(&trade.out_trade_no).to_owned();
    if let Some(known) = trade.refund(&number).filter(|known| !known.failed) {
        if known.amount_fen != wanted.amount_fen {
            return Err(Refusal::business("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求"));
        }
        return Ok(described(world, trade, "N", now_ms));
    }
    check_refundable(trade, wanted, now_ms)?;
    let outcome = outcome(world, trade);
    let (done_ms, told) = match outcome {
        RefundOutcome::NoBalance => {
            return Err(Refusal::business("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足"));
        }
        RefundOutcome::SystemErrorBefore => return Err(Refusal::system_error()),
        RefundOutcome::Done => (Some(now_ms), true),
        RefundOutcome::SystemErrorAfter => (Some(now_ms), false),
        RefundOutcome::Pending => (None, true),
    };
    let slow = world.magic_of(trade.total_fen, trade.buyer.as_deref()) == Some(Magic::SlowRefund);
    let done_ms = done_ms.map(|at_ms| if slow { at_ms + magic::SLOW_REFUND_MS } else { at_ms });
    trade.refunds.retain(|refund| refund.out_request_no != number);
    trade.refunds.push(Refund {
        out_request_no: number.clone(),
        amount_fen: wanted.amount_fen,
        reason: wanted.reason.clone(),
        asked_ms: now_ms,
        done_ms,
        failed: false,
    });
    if let Some(done_ms) = done_ms {
        tell(world, trade, &number, done_ms);
    }
    notify::happened(world, EventKind::Refund, trade);
    if !told {
        return Err(Refusal::system_error());
    }
    let changed = if done_ms.is_some_and(|at_ms| at_ms <= now_ms) { "Y" } else { "N" };
    Ok(described(world, trade, changed, now_ms))
}

/// What a tester asked for counts more than the amount.
fn outcome(world: &mut World, trade: &Trade) -> RefundOutcome {
    if let Some(asked) = world.alipay.refund_outcomes.pop_front() {
        return asked;
    }
    match world.magic_of(trade.total_fen, trade.buyer.as_deref()) {
        Some(Magic::NoBalance) => RefundOutcome::NoBalance,
        Some(Magic::RefundedUnknown) if trade.refunds.is_empty() => RefundOutcome::SystemErrorAfter,
        Some(_) | None => RefundOutcome::Done,
    }
}

fn check_refundable(trade: &Trade, wanted: &Wanted, now_ms: i64) -> Result<(), Refusal> {
    match trade.status(now_ms) {
        TradeStatus::Success => {}
        TradeStatus::WaitBuyerPay => {
            return Err(Refusal::business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"));
        }
        TradeStatus::Finished => {
            return Err(Refusal::business("ACQ.TRADE_HAS_FINISHED", "交易已完结"));
        }
        TradeStatus::Closed if trade.paid(now_ms).is_none() => {
            return Err(Refusal::business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"));
        }
        // Everything went back: whatever is asked for now is too much.
        TradeStatus::Closed => {}
    }
    let paid_fen = trade.paid(now_ms).map_or(0, |payment| payment.amount_fen);
    let partial = wanted.amount_fen != paid_fen;
    if partial && wanted.out_request_no.is_none() {
        let words = "部分退款必须传入out_request_no";
        return Err(Refusal::business("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", words));
    }
    if trade.promised_fen() + wanted.amount_fen > paid_fen {
        let words = "退款金额超限";
        return Err(Refusal::business("ACQ.REASON_TRADE_REFUND_FEE_ERR", words));
    }
    Ok(())
}

/// The notification of a refund, for merchants who get it.
pub(crate) fn tell(world: &mut World, trade: &Trade, out_request_no: &str, at_ms: i64) {
    if world.alipay.habits.refund_callbacks {
        notify::enqueue(world, trade, Some(out_request_no), at_ms);
    }
}

/// Gives everything back that is still there, under a number that a cancel makes.
pub(super) fn undo(world: &mut World, trade: &mut Trade, now_ms: i64) -> Result<(), Refusal> {
    let paid_fen = trade.paid(now_ms).map_or(0, |payment| payment.amount_fen);
    let wanted = Wanted {
        out_request_no: Some(format!("CANCEL{}", trade.out_trade_no)),
        amount_fen: paid_fen - trade.promised_fen(),
        reason: None,
    };
    decide(world, trade, &wanted, now_ms).map(|_answer| ())
}

/// `refund_fee` is everything that went back so far, not this refund alone.
fn described(world: &World, trade: &Trade, fund_change: &str, now_ms: i64) -> Fields {
    let mut answer = fields(json!({
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "fund_change": fund_change,
        "refund_fee": yuan(trade.refunded_fen(now_ms)),
    }));
    if let Some(buyer) = &trade.buyer {
        answer.extend(buyer_fields(world, trade, buyer, "buyer_user_id"));
    }
    answer
}

/// Knows refunds that happened. Of all others it says "success" and nothing more.
pub(super) fn query(outside: &Outside, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let trade = named(world, biz)?;
        let number = optional(biz, "out_request_no", 64)?
            .ok_or_else(|| Refusal::parameter("out_request_no参数不能为空"))?;
        let known = trade.refund(&number).filter(|refund| refund.is_done(now_ms));
        let Some(refund) = known else {
            return Ok(Fields::new());
        };
        let total_fen = trade.paid(now_ms).map_or(trade.total_fen, |payment| payment.amount_fen);
        let mut answer = json!({
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "out_request_no": refund.out_request_no,
            "total_amount": yuan(total_fen),
            "refund_amount": yuan(refund.amount_fen),
            "refund_status": "REFUND_SUCCESS",
        });
        let options = biz["query_options"].as_array();
        let asked = |name: &str| options.is_some_and(|all| all.iter().any(|one| one == name));
        if asked("gmt_refund_pay") {
            answer["gmt_refund_pay"] = json!(refund.done_ms.map(spaced));
        }
        if asked("refund_detail_item_list") {
            let amount = yuan(refund.amount_fen);
            answer["refund_detail_item_list"] =
                json!([{"fund_channel": "ALIPAYACCOUNT", "amount": amount}]);
        }
        if let Some(reason) = &refund.reason {
            answer["refund_reason"] = json!(reason);
        }
        Ok(fields(answer))
    })
}

//! Levers about Alipay: what the buyer does, what the platform does, and what really happened.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::alipay::answer;
use crate::alipay::cashier;
use crate::alipay::{notify, refund, trade};
use crate::clock::{Day, rfc3339};
use crate::server::Shared;
use crate::world::World;
use crate::world::alipay::{RefundOutcome, Trade, TradeStatus};
use crate::world::magic::{self, Magic};

mod platform;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/alipay/trades", web::get().to(list))
        .route("/alipay/trades/{no}", web::get().to(one))
        .route("/alipay/trades/{no}/approve", web::post().to(approve))
        .route("/alipay/trades/{no}/refuse", web::post().to(refuse))
        .route("/alipay/trades/{no}/refunds/{request}/finish", web::post().to(finish))
        .route("/alipay/trades/{no}/refunds/{request}/fail", web::post().to(fail))
        .route("/alipay/refund-outcomes", web::get().to(outcomes))
        .route("/alipay/refund-outcomes", web::post().to(add_outcomes))
        .route("/alipay/refund-outcomes", web::delete().to(clear_outcomes))
        .route("/alipay/app-cashier", web::post().to(app_cashier))
        .route("/alipay/truth", web::get().to(truth))
        .configure(platform::routes);
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    let mut trades: Vec<Trade> =
        outside.read(|world| world.alipay.trades.values().cloned().collect());
    trades.sort_by_key(|trade| std::cmp::Reverse(trade.created_ms));
    let trades: Vec<Value> = trades.iter().map(|trade| described(trade, now_ms)).collect();
    Ok(HttpResponse::Ok().json(json!({"trades": trades})))
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let trade = world.alipay.trades.get(number.as_str()).ok_or_else(no_such_trade)?;
        Ok(HttpResponse::Ok().json(described(trade, now_ms)))
    })
}

fn no_such_trade() -> Refusal {
    Refusal::not_found("没有这笔支付宝交易")
}

fn described(trade: &Trade, now_ms: i64) -> Value {
    let payment = trade.payment.as_ref();
    let refunds: Vec<Value> = trade
        .refunds
        .iter()
        .map(|refund| {
            json!({
                "outRequestNo": refund.out_request_no,
                "amountFen": refund.amount_fen,
                "reason": refund.reason,
                "askedAt": rfc3339(refund.asked_ms),
                "doneAt": refund.done_ms.map(rfc3339),
                "done": refund.is_done(now_ms),
                "failed": refund.failed,
            })
        })
        .collect();
    json!({
        "tradeNo": trade.trade_no,
        "outTradeNo": trade.out_trade_no,
        "appId": trade.app_id,
        "product": trade.product,
        "status": trade.status(now_ms).code(),
        "subject": trade.subject,
        "totalFen": trade.total_fen,
        "notifyUrl": trade.notify_url,
        "citizenId": trade.buyer,
        "createdAt": rfc3339(trade.created_ms),
        "expiresAt": rfc3339(trade.expires_ms),
        "closedAt": trade.closed_ms.map(rfc3339),
        "paidFen": payment.map(|payment| payment.amount_fen),
        "paidAt": payment.map(|payment| rfc3339(payment.at_ms)),
        "refunds": refunds,
        "refused": trade.refused,
    })
}

/// Changes a trade and says what became of it.
fn change(
    outside: &Shared,
    number: &str,
    act: impl FnOnce(&mut World, &mut Trade, i64) -> Result<(), Refusal>,
) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let mut trade = world.alipay.trades.get(number).ok_or_else(no_such_trade)?.clone();
        act(world, &mut trade, now_ms)?;
        let answer = described(&trade, now_ms);
        world.alipay.trades.insert(number.to_owned(), trade);
        Ok(HttpResponse::Ok().json(answer))
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

/// The buyer confirms in the wallet.
async fn approve(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    let approval: Approval = read_body(&body)?;
    if approval.amount_fen.is_some_and(|fen| fen < 1) {
        return Err(Refusal::bad("amountFen 应为正整数"));
    }
    change(&outside, &number, |world, trade, now_ms| {
        if approval.at_ms.is_some_and(|at_ms| at_ms > now_ms) {
            return Err(Refusal::bad("付款时间不能晚于现在"));
        }
        check_payable(world, trade, approval.force, now_ms)?;
        let slow =
            world.magic_of(trade.total_fen, trade.buyer.as_deref()) == Some(Magic::SlowPayment);
        let wait_ms = if slow { magic::SLOW_MS } else { 0 };
        let at_ms = approval.at_ms.unwrap_or(now_ms + wait_ms);
        if trade.payment.is_some() {
            // Money comes once. Forced again, it is one more event for the same payment.
            notify::enqueue(world, trade, None, now_ms);
        } else {
            let amount_fen = approval.amount_fen.unwrap_or(trade.total_fen);
            trade::pay(world, trade, amount_fen, at_ms);
        }
        Ok(())
    })
}

fn check_payable(world: &World, trade: &Trade, force: bool, now_ms: i64) -> Result<(), Refusal> {
    let hint = "；要造成这种异常，请加 \"force\": true";
    let reason = match trade.status(now_ms) {
        _ if force => return Ok(()),
        TradeStatus::WaitBuyerPay
            if world.magic_of(trade.total_fen, trade.buyer.as_deref()) == Some(Magic::Declined) =>
        {
            return Err(Refusal::conflict(format!("买家余额不足（金额约定）{hint}")));
        }
        TradeStatus::WaitBuyerPay if trade.payment.is_none() => return Ok(()),
        TradeStatus::WaitBuyerPay => "买家已付款，款项在途",
        TradeStatus::Success | TradeStatus::Finished => "交易已支付",
        TradeStatus::Closed => "交易已关闭",
    };
    Err(Refusal::conflict(format!("{reason}{hint}")))
}

/// The buyer pressed "back": the platform tells nobody, and the trade can still be paid.
async fn refuse(outside: Shared, number: Path<String>) -> Answer {
    change(&outside, &number, |_world, trade, _now_ms| {
        trade.refused += 1;
        Ok(())
    })
}

/// A refund that waited goes through.
async fn finish(outside: Shared, path: Path<(String, String)>) -> Answer {
    let (number, request) = path.into_inner();
    change(&outside, &number, |world, trade, now_ms| {
        waiting(trade, &request, now_ms)?.done_ms = Some(now_ms);
        refund::tell(world, trade, &request, now_ms);
        Ok(())
    })
}

/// A refund that waited comes to nothing; asking again tries again.
async fn fail(outside: Shared, path: Path<(String, String)>) -> Answer {
    let (number, request) = path.into_inner();
    change(&outside, &number, |_world, trade, now_ms| {
        waiting(trade, &request, now_ms)?.failed = true;
        Ok(())
    })
}

fn waiting<'a>(
    trade: &'a mut Trade,
    request: &str,
    now_ms: i64,
) -> Result<&'a mut crate::world::alipay::Refund, Refusal> {
    let mut refunds = trade.refunds.iter_mut();
    let found = refunds
        .find(|refund| refund.out_request_no == request)
        .ok_or_else(|| Refusal::not_found("没有这笔退款"))?;
    if found.is_done(now_ms) || found.failed || found.done_ms.is_some() {
        return Err(Refusal::conflict("这笔退款不在等待中"));
    }
    Ok(found)
}

async fn outcomes(outside: Shared) -> Answer {
    let waiting = outside.read(|world| world.alipay.refund_outcomes.clone());
    Ok(HttpResponse::Ok().json(json!({"outcomes": waiting})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOutcomes {
    outcomes: Vec<RefundOutcome>,
}

/// What becomes of the next refunds that are in order, one each.
async fn add_outcomes(outside: Shared, body: Bytes) -> Answer {
    let NewOutcomes { outcomes: new } = read_body(&body)?;
    if new.is_empty() || new.len() > 100 {
        return Err(Refusal::bad("outcomes 应有1至100个"));
    }
    outside.change(|world| world.alipay.refund_outcomes.extend(new));
    outcomes(outside).await
}

async fn clear_outcomes(outside: Shared) -> Answer {
    outside.change(|world| world.alipay.refund_outcomes.clear());
    outcomes(outside).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Opening {
    order_string: String,
    citizen_id: Option<String>,
}

/// What the wallet does with an order string that the merchant's app hands to it.
async fn app_cashier(outside: Shared, body: Bytes) -> Answer {
    let Opening { order_string, citizen_id } = read_body(&body)?;
    let unknown = |id: &String| outside.read(|world| world.citizen(id).is_none());
    if citizen_id.as_ref().is_some_and(unknown) {
        return Err(super::citizens::no_such_citizen());
    }
    let opened = cashier::open(&outside, &order_string, citizen_id);
    let trade = opened.map_err(|answer::Refusal { sub_code, sub_msg, .. }| {
        Refusal::bad(format!("{sub_code}：{sub_msg}"))
    })?;
    Ok(HttpResponse::Ok().json(described(&trade, outside.now_ms())))
}

#[derive(Debug, Deserialize)]
struct TruthQuery {
    date: String,
}

/// Every movement of money of a day, whatever bills and callbacks say.
async fn truth(outside: Shared, query: Option<Query<TruthQuery>>) -> Answer {
    let day = query
        .and_then(|query| Day::from_text(&query.date))
        .ok_or_else(|| Refusal::bad("date 应为 YYYY-MM-DD"))?;
    let now_ms = outside.now_ms();
    let on_day = |at_ms: i64| Day::of(at_ms) == day && at_ms <= now_ms;
    let (mut payments, mut refunds) = (Vec::new(), Vec::new());
    outside.read(|world| {
        for trade in world.alipay.trades.values() {
            let line = |fen: i64, at_ms: i64| {
                json!({
                    "outTradeNo": trade.out_trade_no,
                    "tradeNo": trade.trade_no,
                    "amountFen": fen,
                    "at": rfc3339(at_ms),
                    "atMs": at_ms,
                })
            };
            let paid = trade.payment.iter().filter(|payment| on_day(payment.at_ms));
            payments.extend(paid.map(|payment| line(payment.amount_fen, payment.at_ms)));
            for refund in trade.refunds.iter().filter(|refund| refund.is_done(now_ms)) {
                if let Some(at_ms) = refund.done_ms.filter(|at_ms| on_day(*at_ms)) {
                    let mut line = line(refund.amount_fen, at_ms);
                    line["outRequestNo"] = json!(refund.out_request_no);
                    refunds.push(line);
                }
            }
        }
    });
    let truth = json!({"date": day.text(), "payments": payments, "refunds": refunds});
    Ok(HttpResponse::Ok().json(truth))
}

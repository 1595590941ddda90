//! What really happened on a day, whatever files and callbacks say.

use actix_web::HttpResponse;
use actix_web::web::{self, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refusal};
use crate::clock::{Day, rfc3339};
use crate::server::Shared;
use crate::world::World;
use crate::world::order::{Order, Payment};
use crate::world::wechat_pay::fee_fen;

/// The shape of `platforms`. A field that is added does not change it.
const VERSION: u32 = 1;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/truth", web::get().to(truth));
}

#[derive(Debug, Deserialize)]
struct TruthQuery {
    date: String,
}

/// What one platform did on a day. Amounts and fees are fen; a refund's fee is what comes back.
#[derive(Debug, Default)]
struct Movements {
    payments: Vec<Value>,
    refunds: Vec<Value>,
}

impl Movements {
    fn json(self) -> Value {
        let sum = |lines: &[Value], name: &str| -> i64 {
            lines.iter().filter_map(|line| line[name].as_i64()).sum()
        };
        let totals = json!({
            "paidFen": sum(&self.payments, "amountFen"),
            "refundedFen": sum(&self.refunds, "amountFen"),
            "feeFen": sum(&self.payments, "feeFen") - sum(&self.refunds, "feeFen"),
        });
        json!({"payments": self.payments, "refunds": self.refunds, "totals": totals})
    }
}

async fn truth(outside: Shared, query: Option<Query<TruthQuery>>) -> Answer {
    let day = query
        .and_then(|query| Day::from_text(&query.date))
        .ok_or_else(|| Refusal::bad("date 应为 YYYY-MM-DD"))?;
    let now_ms = outside.now_ms();
    let (payments, platforms) = outside.read(|world| {
        let line = |(order, payment): (&Order, &Payment)| {
            json!({
                "outTradeNo": order.out_trade_no,
                "transactionId": payment.transaction_id,
                "amountFen": payment.amount_fen,
                "paidAt": rfc3339(payment.at_ms),
                "atMs": payment.at_ms,
            })
        };
        let payments = world.payments_of(day).into_iter();
        let happened = payments.filter(|(_, payment)| payment.at_ms <= now_ms);
        (happened.map(line).collect::<Vec<Value>>(), platforms(world, day, now_ms))
    });
    let truth = json!({
        "date": day.text(),
        "payments": payments,
        "version": VERSION,
        "platforms": platforms,
    });
    Ok(HttpResponse::Ok().json(truth))
}

/// Every platform that moves money, by its name.
fn platforms(world: &World, day: Day, now_ms: i64) -> Map<String, Value> {
    [("wechat-pay", wechat_pay(world, day, now_ms)), ("alipay", alipay(world, day, now_ms))]
        .into_iter()
        .map(|(name, movements)| (name.to_owned(), movements.json()))
        .collect()
}

fn payment(order_no: &str, platform_no: &str, amount_fen: i64, at_ms: i64) -> Value {
    json!({
        "orderNo": order_no,
        "platformNo": platform_no,
        "amountFen": amount_fen,
        "feeFen": fee_fen(amount_fen),
        "at": rfc3339(at_ms),
        "atMs": at_ms,
    })
}

/// A refund is of the day on which it succeeded.
fn wechat_pay(world: &World, day: Day, now_ms: i64) -> Movements {
    let mut moved = Movements::default();
    for (order, paid) in world.payments_of(day) {
        if paid.at_ms <= now_ms {
            let number = &order.out_trade_no;
            let line = payment(number, &paid.transaction_id, paid.amount_fen, paid.at_ms);
            moved.payments.push(line);
        }
    }
    for refund in world.wechat_pay.refunds.values() {
        let succeeded_ms = refund.succeeded_ms(now_ms).filter(|at_ms| Day::of(*at_ms) == day);
        if let Some(at_ms) = succeeded_ms {
            moved.refunds.push(json!({
                "orderNo": refund.out_trade_no,
                "refundNo": refund.out_refund_no,
                "platformNo": refund.refund_id,
                "amountFen": refund.amount_fen,
                "feeFen": refund.fee_fen,
                "at": rfc3339(at_ms),
                "atMs": at_ms,
            }));
        }
    }
    moved
}

fn alipay(world: &World, day: Day, now_ms: i64) -> Movements {
    let on_day = |at_ms: &i64| Day::of(*at_ms) == day && *at_ms <= now_ms;
    let mut moved = Movements::default();
    for trade in world.alipay.trades.values() {
        let paid = trade.payment.iter().filter(|paid| on_day(&paid.at_ms));
        let number = &trade.out_trade_no;
        let line = |fen, at_ms| payment(number, &trade.trade_no, fen, at_ms);
        moved.payments.extend(paid.map(|paid| line(paid.amount_fen, paid.at_ms)));
        for refund in trade.refunds.iter().filter(|refund| refund.is_done(now_ms)) {
            if let Some(at_ms) = refund.done_ms.filter(on_day) {
                let mut line = line(refund.amount_fen, at_ms);
                line["refundNo"] = json!(refund.out_request_no);
                moved.refunds.push(line);
            }
        }
    }
    moved
}

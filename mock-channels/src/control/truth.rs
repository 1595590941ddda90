//! What really happened on a day, whatever files and callbacks say.

use actix_web::HttpResponse;
use actix_web::web::{self, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refusal};
use crate::clock::{Day, parse_compact, rfc3339};
use crate::gateway::calls;
use crate::server::Shared;
use crate::world::World;
use crate::world::callback::Platform;
use crate::world::notice::Confirmation;
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
    crate::unionpay::settle_due(&outside);
    calls::ripen(&outside);
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
    Platform::ALL
        .into_iter()
        .map(|platform| {
            let movements = match platform {
                Platform::WechatPay => wechat_pay(world, day, now_ms),
                Platform::Alipay => alipay(world, day, now_ms),
                Platform::Unionpay => unionpay(world, day),
                Platform::Gateway => gateway(world, day),
                // Moves none, and is not among them.
                Platform::WechatMessage => Movements::default(),
            };
            (platform.name().to_owned(), movements.json())
        })
        .collect()
}

/// By the calendar like the others; the file to which a line belongs is said with it.
fn unionpay(world: &World, day: Day) -> Movements {
    let mut moved = Movements::default();
    for one in &world.unionpay.transactions {
        let Some(at_ms) = one.succeeded_ms().filter(|at_ms| Day::of(*at_ms) == day) else {
            continue;
        };
        let original = one.original.as_deref().and_then(|id| world.unionpay.by_query_id(id));
        let order_no = &original.unwrap_or(one).order_id;
        let number = one.query_id().unwrap_or_default();
        let mut line = payment(order_no, &number, one.amount_fen, at_ms);
        line["settleDate"] = json!(one.settle_day().map(Day::text));
        if original.is_some() {
            line["refundNo"] = json!(one.order_id);
            moved.refunds.push(line);
        } else {
            moved.payments.push(line);
        }
    }
    moved
}

/// Write-offs that stood, by the day on which the money was paid, and what came back. The order is
/// the notice, the platform's number that of the payment.
fn gateway(world: &World, day: Day) -> Movements {
    let mut moved = Movements::default();
    let line = |notice_no: &str, number: &str, amount_fen: i64, date: &str, time: &str| {
        let at_ms = parse_compact(&format!("{date}{time}")).unwrap_or_else(|| day.start_ms());
        let mut line = payment(notice_no, number, amount_fen, at_ms);
        line["feeFen"] = json!(0);
        line
    };
    let compact = day.compact();
    for notice in world.notices.values() {
        let stood =
            notice.paid.iter().chain(&notice.undone).filter(|paid| {
                paid.confirmation != Confirmation::Rejected && paid.pay_date == compact
            });
        moved.payments.extend(stood.map(|paid| {
            let (number, fen) = (&notice.notice_no, paid.amount_fen);
            let mut line = line(number, &paid.pay_no, fen, &paid.pay_date, &paid.pay_time);
            line["confirmation"] = json!(paid.confirmation);
            line
        }));
    }
    for refund in &world.gateway.refunds {
        if let Some(paid) = refund.paid.as_ref().filter(|paid| paid.date == compact) {
            let (number, fen) = (&refund.notice_no, refund.amount_fen);
            let mut line = line(number, &paid.trade_no, fen, &paid.date, &paid.time);
            line["refundNo"] = json!(refund.refund_no);
            moved.refunds.push(line);
        }
    }
    moved
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

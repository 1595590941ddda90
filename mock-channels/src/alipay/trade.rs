//! Trades: creating, asking, closing, undoing.

use serde_json::{Value, json};

use super::answer::{Answer, Fields, Refusal, fields};
use super::method::Caller;
use super::money::yuan;
use super::order::{self, Wanted};
use super::{notify, refund};
use crate::clock::spaced;
use crate::outside::Outside;
use crate::world::World;
use crate::world::alipay::{Payment, Product, Trade, TradeStatus, open_id, user_id};
use crate::world::magic::{self, Magic};
use crate::world::script::EventKind;

pub(super) fn create(outside: &Outside, caller: &Caller, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let wanted = order::read(biz, caller, Product::MiniProgram, now_ms)?;
        let app_id = order::selling_app(world, biz, caller)?;
        let buyer = order::buyer(world, biz, caller, &app_id)?;
        let (trade, is_new) = open(world, &wanted, &app_id, Some(buyer), now_ms)?;
        let unknown =
            world.magic_of(trade.total_fen, trade.buyer.as_deref()) == Some(Magic::CreatedUnknown);
        if unknown && is_new {
            return Err(Refusal::unavailable());
        }
        let trade_no = &trade.trade_no;
        Ok(fields(json!({"out_trade_no": trade.out_trade_no, "trade_no": trade_no})))
    })
}

/// The trade of a number: a new one, or the one that it always was. Says whether it is new.
pub(super) fn open(
    world: &mut World,
    wanted: &Wanted,
    app_id: &str,
    buyer: Option<String>,
    now_ms: i64,
) -> Result<(Trade, bool), Refusal> {
    if let Some(known) = world.alipay.trades.get(&wanted.out_trade_no) {
        check_same(known, wanted, buyer.as_deref(), now_ms)?;
        return Ok((known.clone(), false));
    }
    if wanted.expires_ms <= now_ms {
        let words = "当前时间已超过允许支付的时间";
        return Err(Refusal::business("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", words));
    }
    let mut trade = Trade {
        trade_no: world.alipay.next_trade_no(now_ms),
        out_trade_no: wanted.out_trade_no.clone(),
        app_id: app_id.to_owned(),
        product: wanted.product,
        subject: wanted.subject.clone(),
        body: wanted.body.clone(),
        passback_params: wanted.passback_params.clone(),
        total_fen: wanted.total_fen,
        notify_url: wanted.notify_url.clone(),
        buyer,
        created_ms: now_ms,
        expires_ms: wanted.expires_ms,
        closed_ms: None,
        payment: None,
        refunds: Vec::new(),
        refused: 0,
    };
    if world.magic_of(trade.total_fen, trade.buyer.as_deref()) == Some(Magic::EagerBuyer) {
        pay(world, &mut trade, wanted.total_fen, now_ms + magic::EAGER_MS);
    }
    world.alipay.trades.insert(trade.out_trade_no.clone(), trade.clone());
    notify::happened(world, EventKind::Order, &trade);
    Ok((trade, true))
}

fn check_same(
    known: &Trade,
    wanted: &Wanted,
    buyer: Option<&str>,
    now_ms: i64,
) -> Result<(), Refusal> {
    match known.status(now_ms) {
        TradeStatus::Success | TradeStatus::Finished => {
            return Err(Refusal::business("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"));
        }
        TradeStatus::Closed => {
            return Err(Refusal::business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"));
        }
        TradeStatus::WaitBuyerPay => {}
    }
    if known.buyer.as_deref() != buyer && known.buyer.is_some() && buyer.is_some() {
        return Err(Refusal::business("ACQ.TRADE_BUYER_NOT_MATCH", "交易买家不匹配"));
    }
    if (known.total_fen, &known.subject) != (wanted.total_fen, &wanted.subject) {
        return Err(Refusal::business("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"));
    }
    Ok(())
}

/// Money from the buyer, and the notification of it when it arrives.
pub(crate) fn pay(world: &mut World, trade: &mut Trade, amount_fen: i64, at_ms: i64) {
    if trade.buyer.is_none() {
        trade.buyer = world.citizens.first().map(|citizen| citizen.id.clone());
    }
    trade.payment = Some(Payment { amount_fen, at_ms });
    if world.magic_of(trade.total_fen, trade.buyer.as_deref()) != Some(Magic::NoCallback) {
        notify::enqueue(world, trade, None, at_ms);
    }
    notify::happened(world, EventKind::Payment, trade);
}

/// The trade that a call is about; Alipay's number counts more than the merchant's.
pub(super) fn named<'a>(world: &'a World, biz: &Value) -> Result<&'a Trade, Refusal> {
    let text = |name: &str| biz[name].as_str().filter(|text| !text.is_empty());
    let found = match (text("trade_no"), text("out_trade_no")) {
        (Some(number), _) => world.alipay.trade_by_no(number),
        (None, Some(number)) => world.alipay.trades.get(number),
        (None, None) => return Err(Refusal::parameter("trade_no与out_trade_no不能同时为空")),
    };
    found.ok_or_else(|| Refusal::business("ACQ.TRADE_NOT_EXIST", "交易不存在"))
}

pub(super) fn query(outside: &Outside, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| Ok(described(world, named(world, biz)?, now_ms)))
}

/// What a query answers.
fn described(world: &World, trade: &Trade, now_ms: i64) -> Fields {
    let mut answer = fields(json!({
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "trade_status": trade.status(now_ms).code(),
        "total_amount": yuan(trade.total_fen),
        "buyer_pay_amount": "0.00",
        "invoice_amount": "0.00",
        "point_amount": "0.00",
        "receipt_amount": "0.00",
    }));
    if let Some(payment) = trade.paid(now_ms) {
        let amount = yuan(payment.amount_fen);
        for name in ["total_amount", "buyer_pay_amount", "invoice_amount", "receipt_amount"] {
            answer.insert(name.to_owned(), json!(amount));
        }
        answer.insert("send_pay_date".to_owned(), json!(spaced(payment.at_ms)));
        let funds = json!([{"fund_channel": "ALIPAYACCOUNT", "amount": amount}]);
        answer.insert("fund_bill_list".to_owned(), funds);
        answer.insert("buyer_user_type".to_owned(), json!("PRIVATE"));
    }
    if let Some(buyer) = &trade.buyer {
        answer.extend(buyer_fields(world, trade, buyer, "buyer_user_id"));
    }
    answer
}

/// Who the buyer is, as far as the app may know. The name of the user id differs.
pub(super) fn buyer_fields(
    world: &World,
    trade: &Trade,
    buyer: &str,
    user_id_name: &str,
) -> Fields {
    let identity = world.alipay.habits.identity;
    let mut answer = Fields::new();
    if let Some(citizen) = world.citizen(buyer) {
        answer.insert("buyer_logon_id".to_owned(), json!(masked(&citizen.phone)));
    }
    if identity.shows_user_id() {
        answer.insert(user_id_name.to_owned(), json!(user_id(buyer)));
    }
    if identity.shows_open_id() {
        answer.insert("buyer_open_id".to_owned(), json!(open_id(&trade.app_id, buyer)));
    }
    answer
}

/// `139****0001`
pub(super) fn masked(phone: &str) -> String {
    let tail = phone.get(7..).unwrap_or_default();
    format!("{}****{tail}", phone.get(..3).unwrap_or_default())
}

pub(super) fn close(outside: &Outside, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let mut trade = named(world, biz)?.clone();
        if trade.status(now_ms) != TradeStatus::WaitBuyerPay {
            return Err(Refusal::business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"));
        }
        shut(world, &mut trade, now_ms);
        let answer = json!({"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no});
        world.alipay.trades.insert(trade.out_trade_no.clone(), trade);
        Ok(fields(answer))
    })
}

/// Ends an unpaid trade. Some money is not stopped by that.
fn shut(world: &mut World, trade: &mut Trade, now_ms: i64) {
    trade.closed_ms = Some(now_ms);
    if world.alipay.habits.close_callbacks {
        notify::enqueue(world, trade, None, now_ms);
    }
    notify::happened(world, EventKind::Close, trade);
    if world.magic_of(trade.total_fen, trade.buyer.as_deref()) == Some(Magic::LateSuccess)
        && trade.payment.is_none()
    {
        pay(world, trade, trade.total_fen, now_ms + magic::SLOW_MS);
    }
}

/// Undoes a trade whose outcome nobody knows: closes what was not paid, gives back what was.
pub(super) fn cancel(outside: &Outside, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let mut answer = json!({"retry_flag": "N"});
        let mut trade = match named(world, biz) {
            Ok(trade) => trade.clone(),
            Err(refusal) if refusal.sub_code == "ACQ.TRADE_NOT_EXIST" => {
                answer["out_trade_no"] = biz["out_trade_no"].clone();
                return Ok(fields(answer));
            }
            Err(refusal) => return Err(refusal),
        };
        answer["trade_no"] = json!(trade.trade_no);
        answer["out_trade_no"] = json!(trade.out_trade_no);
        let undone = match trade.status(now_ms) {
            TradeStatus::WaitBuyerPay => {
                shut(world, &mut trade, now_ms);
                answer["action"] = json!("close");
                Ok(())
            }
            TradeStatus::Success => {
                answer["action"] = json!("refund");
                refund::undo(world, &mut trade, now_ms)
            }
            TradeStatus::Finished => Err(Refusal::business("ACQ.TRADE_HAS_FINISHED", "交易已完结")),
            TradeStatus::Closed => Ok(()),
        };
        // Kept whatever is answered: the answer may hide what was done.
        world.alipay.trades.insert(trade.out_trade_no.clone(), trade);
        undone.map(|()| fields(answer))
    })
}

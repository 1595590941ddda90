//! What a payer can pay on any platform, and the lever that pays it.

use serde_json::Value;

use crate::world::World;
use crate::world::alipay::TradeStatus;
use crate::world::order::TradeState;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payable {
    pub(crate) order_no: String,
    /// Path of its levers, before `/approve` and `/refuse`.
    pub(crate) lever: String,
    /// Whether it waits for a payer.
    pub(crate) waits: bool,
    pub(crate) created_ms: i64,
    pub(crate) paid_ms: Option<i64>,
}

/// Every order of every platform, the oldest first.
pub(crate) fn all(world: &World, now_ms: i64) -> Vec<Payable> {
    let wechat_pay = world.orders.values().map(|order| Payable {
        order_no: order.out_trade_no.clone(),
        lever: format!("/orders/{}", order.out_trade_no),
        waits: order.state(now_ms) == TradeState::NotPay
            && !order.is_expired(now_ms)
            && order.payment.is_none(),
        created_ms: order.created_ms,
        paid_ms: order.payment.as_ref().map(|payment| payment.at_ms),
    });
    let alipay = world.alipay.trades.values().map(|trade| Payable {
        order_no: trade.out_trade_no.clone(),
        lever: format!("/alipay/trades/{}", trade.out_trade_no),
        waits: trade.status(now_ms) == TradeStatus::WaitBuyerPay && trade.payment.is_none(),
        created_ms: trade.created_ms,
        paid_ms: trade.payment.as_ref().map(|payment| payment.at_ms),
    });
    let mut all: Vec<Payable> = wechat_pay.chain(alipay).collect();
    all.sort_by(|a, b| (a.created_ms, &a.order_no).cmp(&(b.created_ms, &b.order_no)));
    all
}

/// The order of a number.
pub(crate) fn find(world: &World, order_no: &str, now_ms: i64) -> Option<Payable> {
    all(world, now_ms).into_iter().find(|one| one.order_no == order_no)
}

/// The settings of the lever that pays.
pub(super) fn settings(amount_fen: Option<i64>, paid_ms: Option<i64>, force: bool) -> Value {
    let mut settings = serde_json::json!({"force": force});
    if let Some(amount_fen) = amount_fen {
        settings["amountFen"] = amount_fen.into();
    }
    if let Some(paid_ms) = paid_ms {
        settings["atMs"] = paid_ms.into();
    }
    settings
}

//! What somebody outside can say yes to on any platform, and the levers that say it.

use serde_json::{Value, json};

use crate::world::World;
use crate::world::alipay::TradeStatus;
use crate::world::callback::Platform;
use crate::world::notice::Confirmation;
use crate::world::order::TradeState;
use crate::world::unionpay::Outcome;

/// One order, or at the gateway one write-off that its agency has not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payable {
    pub(crate) platform: Platform,
    pub(crate) order_no: String,
    /// Path of the lever that pays or confirms.
    pub(crate) approve: String,
    /// Path and settings of the lever that does not.
    pub(crate) refuse: (String, Value),
    /// Whether it waits for a payer or an agency.
    pub(crate) waits: bool,
    pub(crate) created_ms: i64,
    pub(crate) paid_ms: Option<i64>,
}

/// Every order of every platform, the oldest first.
pub(crate) fn all(world: &World, now_ms: i64) -> Vec<Payable> {
    let mut all = wechat_pay(world, now_ms);
    all.extend(alipay(world, now_ms));
    all.extend(unionpay(world, now_ms));
    all.extend(gateway(world));
    all.sort_by(|a, b| (a.created_ms, &a.order_no).cmp(&(b.created_ms, &b.order_no)));
    all
}

fn payable(platform: Platform, lever: &str, order_no: &str) -> Payable {
    Payable {
        platform,
        order_no: order_no.to_owned(),
        approve: format!("{lever}/{order_no}/approve"),
        refuse: (format!("{lever}/{order_no}/refuse"), json!({})),
        waits: false,
        created_ms: 0,
        paid_ms: None,
    }
}

fn wechat_pay(world: &World, now_ms: i64) -> Vec<Payable> {
    let orders = world.orders.values().map(|order| Payable {
        waits: order.state(now_ms) == TradeState::NotPay
            && !order.is_expired(now_ms)
            && order.payment.is_none(),
        created_ms: order.created_ms,
        paid_ms: order.payment.as_ref().map(|payment| payment.at_ms),
        ..payable(Platform::WechatPay, "/orders", &order.out_trade_no)
    });
    orders.collect()
}

fn alipay(world: &World, now_ms: i64) -> Vec<Payable> {
    let trades = world.alipay.trades.values().map(|trade| Payable {
        waits: trade.status(now_ms) == TradeStatus::WaitBuyerPay && trade.payment.is_none(),
        created_ms: trade.created_ms,
        paid_ms: trade.payment.as_ref().map(|payment| payment.at_ms),
        ..payable(Platform::Alipay, "/alipay/trades", &trade.out_trade_no)
    });
    trades.collect()
}

/// Refunds too: they can be named, but nobody waits for them in a cashier.
fn unionpay(world: &World, now_ms: i64) -> Vec<Payable> {
    let transactions = world.unionpay.transactions.iter().map(|one| Payable {
        waits: !one.kind.is_reversal()
            && one.outcome == Outcome::Untried
            && !one.is_expired(now_ms),
        created_ms: one.created_ms,
        paid_ms: one.succeeded_ms(),
        ..payable(Platform::Unionpay, "/unionpay/orders", &one.order_id)
    });
    transactions.collect()
}

fn gateway(world: &World) -> Vec<Payable> {
    let pending = world.notices.values().filter_map(|notice| {
        let paid = notice.paid.as_ref()?;
        let lever = format!("/notices/{}/confirm", notice.notice_no);
        (paid.confirmation == Confirmation::Pending).then(|| Payable {
            waits: true,
            created_ms: paid.taken_ms,
            approve: lever.clone(),
            refuse: (lever, json!({"rejected": "other"})),
            ..payable(Platform::Gateway, "", &notice.notice_no)
        })
    });
    pending.collect()
}

/// The order of a number.
pub(crate) fn find(world: &World, order_no: &str, now_ms: i64) -> Option<Payable> {
    all(world, now_ms).into_iter().find(|one| one.order_no == order_no)
}

impl Payable {
    /// The settings of the lever that approves.
    pub(super) fn settings(&self, amount_fen: Option<i64>, paid_ms: i64, force: bool) -> Value {
        if self.platform == Platform::Gateway {
            return json!({});
        }
        let mut settings = json!({"force": force, "atMs": paid_ms});
        if let Some(amount_fen) = amount_fen {
            settings["amountFen"] = amount_fen.into();
        }
        settings
    }
}

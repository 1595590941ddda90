//! Money that arrives for an order.

use super::order_api;
use crate::clock::Day;
use crate::crypto;
use crate::world::World;
use crate::world::callback::{Callback, Platform};
use crate::world::magic::{self, Magic};
use crate::world::order::{Order, Payment};
use crate::world::script::{Event, EventKind, Notified};

/// How an order was paid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Fen; the order's amount when empty.
    pub(crate) amount_fen: Option<i64>,
    /// The future is money on its way.
    pub(crate) at_ms: i64,
    pub(crate) now_ms: i64,
}

/// Books the payment of an order that has none, and puts its notification on the way. Answers the
/// notification's id, if there is one.
pub(crate) fn pay(world: &mut World, number: &str, arrival: Arrival) -> Option<String> {
    let Arrival { amount_fen, at_ms, now_ms } = arrival;
    let paid = world.orders.values().filter(|order| order.payment.is_some()).count() + 1;
    // Orders without a payer of their own are paid by the first citizen.
    let anybody = world.citizens.first().map(|citizen| citizen.open_id.clone());
    let order = world.orders.get_mut(number)?;
    order.payment = Some(Payment {
        transaction_id: format!("4200002222{}{paid:010}", Day::of(at_ms).compact()),
        amount_fen: amount_fen.unwrap_or(order.total_fen),
        at_ms,
        bank_type: "OTHERS".to_owned(),
        open_id: order.open_id.clone().or(anybody).unwrap_or_default(),
    });
    let callback_id = notify(world, number, at_ms.max(now_ms));
    happened(world, EventKind::Payment, number);
    callback_id
}

/// Tells the script.
pub(super) fn happened(world: &mut World, kind: EventKind, order_no: &str) {
    let notified = Notified::Already;
    world.happened(&Event { platform: Platform::WechatPay, kind, order_no, notified });
}

/// Puts a notification of an order's payment on its way, unless the order is one of those of
/// which nobody hears.
pub(crate) fn notify(world: &mut World, number: &str, at_ms: i64) -> Option<String> {
    let order = world.orders.get(number)?;
    if world.magic_of_order(order) == Some(Magic::NoCallback) {
        return None;
    }
    let id = event_id();
    let callback = Callback {
        out_trade_no: order.out_trade_no.clone(),
        event: "TRANSACTION.SUCCESS".to_owned(),
        resource: order_api::described(world, order, at_ms),
        ..Callback::new(
            Platform::WechatPay,
            id.clone(),
            order.notify_url.clone(),
            world.callback_mode,
            at_ms,
        )
    };
    world.post(callback);
    Some(id)
}

/// The id of a notification, a UUID as seen in practice.
pub(super) fn event_id() -> String {
    let hex = crypto::hex(&crypto::random_bytes::<16>());
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// What an order's amount or payer does to it as soon as it is placed.
pub(super) fn placed(world: &mut World, order: &Order, now_ms: i64) {
    happened(world, EventKind::Order, &order.out_trade_no);
    if world.magic_of_order(order) == Some(Magic::EagerBuyer) {
        let at_ms = now_ms + magic::EAGER_MS;
        pay(world, &order.out_trade_no, Arrival { amount_fen: None, at_ms, now_ms });
    }
}

/// Some money is not stopped by a close.
pub(super) fn closed(world: &mut World, order: &Order, now_ms: i64) {
    happened(world, EventKind::Close, &order.out_trade_no);
    if world.magic_of_order(order) == Some(Magic::LateSuccess) && order.payment.is_none() {
        let at_ms = now_ms + magic::SLOW_MS;
        pay(world, &order.out_trade_no, Arrival { amount_fen: None, at_ms, now_ms });
    }
}

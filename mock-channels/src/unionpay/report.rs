//! What the platform says about a transaction, when asked and by itself.

use serde_json::Value;

use super::code;
use crate::crypto;
use crate::world::World;
use crate::world::callback::{Callback, Platform};
use crate::world::magic::Magic;
use crate::world::script::{Event, EventKind, Notified};
use crate::world::unionpay::{Fields, Transaction};

/// A transaction as queries and notifications describe it.
pub(super) fn fields(transaction: &Transaction) -> Fields {
    let mut fields = transaction.echoed.clone();
    let amount = transaction.amount_fen.to_string();
    let settle_date = transaction.settle_day().map(|day| day.compact()[4..].to_owned());
    let told = [
        ("accNo", Some(transaction.card().to_owned())),
        ("orderId", Some(transaction.order_id.clone())),
        ("origQryId", transaction.original.clone()),
        ("payCardType", Some("01".to_owned())),
        ("queryId", transaction.query_id()),
        ("settleAmt", Some(amount.clone())),
        ("settleCurrencyCode", Some("156".to_owned())),
        ("settleDate", settle_date),
        ("signMethod", Some("01".to_owned())),
        ("traceNo", Some(transaction.trace_no.clone())),
        ("traceTime", transaction.trace_time()),
        ("txnAmt", Some(amount)),
        ("txnSubType", Some(transaction.kind.txn_sub_type().to_owned())),
        ("txnTime", Some(transaction.txn_time.clone())),
        ("txnType", Some(transaction.kind.txn_type().to_owned())),
    ];
    fields.extend(told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    fields
}

/// Tells the script.
pub(crate) fn happened(world: &mut World, kind: EventKind, order_no: &str, notified: Notified) {
    world.happened(&Event { platform: Platform::Unionpay, kind, order_no, notified });
}

/// Tells of a transaction that was decided: of payments only the good end, of refunds either.
pub(crate) fn decided(world: &mut World, transaction: &Transaction, now_ms: i64) -> Option<String> {
    let paid = transaction.succeeded_ms().is_some();
    if !paid && !transaction.kind.is_reversal() {
        return None;
    }
    let id = notify(world, transaction, now_ms);
    if paid && !transaction.kind.is_reversal() {
        happened(world, EventKind::Payment, &transaction.order_id, Notified::Already);
    }
    id
}

/// Puts a notification on its way, as far as the mode of callbacks allows, and says which. There
/// is none for orders of which nobody hears.
pub(crate) fn notify(world: &mut World, transaction: &Transaction, now_ms: i64) -> Option<String> {
    let original = transaction.original.as_deref();
    let payment = original.and_then(|id| world.unionpay.by_query_id(id)).unwrap_or(transaction);
    if Magic::of_amount(payment.amount_fen) == Some(Magic::NoCallback) {
        return None;
    }
    let resp_code = transaction.code().unwrap_or("99");
    let mut told = fields(transaction);
    told.insert("respCode".to_owned(), resp_code.to_owned());
    told.insert("respMsg".to_owned(), code::message(resp_code, ""));
    let resource = told.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let mode = world.callback_mode;
    let (id, url) = (crypto::hex(&crypto::random_bytes::<16>()), transaction.back_url.clone());
    let callback = Callback {
        out_trade_no: transaction.order_id.clone(),
        resource: Value::Object(resource),
        ..Callback::new(Platform::Unionpay, id, url, mode, now_ms)
    };
    let id = callback.id.clone();
    world.post(callback);
    Some(id)
}

//! Asynchronous notifications: what they say, and how they go over the wire.

use serde_json::{Value, json};

use super::params::{Params, encoded};
use super::trade::buyer_fields;
use crate::callbacks::{Forgery, Letter};
use crate::clock::{Day, SECOND_MS, spaced};
use crate::crypto::{self, CryptoError, DIGITS};
use crate::outside::Outside;
use crate::world::World;
use crate::world::alipay::{Trade, TradeStatus};
use crate::world::callback::{Callback, Platform};
use crate::world::script::{Event, EventKind, Notified};

use super::money::yuan;

/// Puts a notification of where the trade stands at `at_ms` on its way, if the order gave an
/// address. A refund names its request.
pub(crate) fn enqueue(world: &mut World, trade: &Trade, out_request_no: Option<&str>, at_ms: i64) {
    let Some(notify_url) = &trade.notify_url else {
        return;
    };
    let id = format!("{}00{}", Day::of(at_ms).compact(), crypto::random_text(DIGITS, 24));
    let resource = described(world, trade, out_request_no, &id, at_ms);
    let (url, mode) = (notify_url.clone(), world.callback_mode);
    world.post(Callback {
        out_trade_no: trade.out_trade_no.clone(),
        resource,
        ..Callback::new(Platform::Alipay, id, url, mode, at_ms)
    });
}

/// Tells the script.
pub(super) fn happened(world: &mut World, kind: EventKind, trade: &Trade) {
    let order_no = &trade.out_trade_no;
    let notified = Notified::Already;
    world.happened(&Event { platform: Platform::Alipay, kind, order_no, notified });
}

/// Everything but the time of the delivery and the signature.
fn described(
    world: &World,
    trade: &Trade,
    out_request_no: Option<&str>,
    id: &str,
    at_ms: i64,
) -> Value {
    let secrets = &world.alipay.secrets;
    let mut said = json!({
        "notify_id": id,
        "notify_type": "trade_status_sync",
        "app_id": trade.app_id,
        "auth_app_id": trade.app_id,
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "seller_id": secrets.pid,
        "seller_email": "yiwang@mock.example",
        "trade_status": trade.status(at_ms).code(),
        "total_amount": yuan(trade.total_fen),
        "subject": trade.subject,
        "gmt_create": spaced(trade.created_ms),
    });
    if let Some(payment) = trade.paid(at_ms) {
        let amount = yuan(payment.amount_fen);
        for name in ["total_amount", "receipt_amount", "invoice_amount", "buyer_pay_amount"] {
            said[name] = json!(amount);
        }
        said["point_amount"] = json!("0.00");
        said["gmt_payment"] = json!(spaced(payment.at_ms));
        // A text inside the form, and in another case than the query writes it.
        let funds = format!("[{{\"amount\":\"{amount}\",\"fundChannel\":\"ALIPAYACCOUNT\"}}]");
        said["fund_bill_list"] = json!(funds);
    }
    if trade.status(at_ms) == TradeStatus::Closed {
        said["gmt_close"] = json!(spaced(trade.closed_ms.unwrap_or(at_ms)));
    }
    if trade.refunded_fen(at_ms) > 0 {
        said["refund_fee"] = json!(yuan(trade.refunded_fen(at_ms)));
    }
    if let Some(number) = out_request_no {
        said["out_biz_no"] = json!(number);
        said["gmt_refund"] = json!(format!("{}.{:03}", spaced(at_ms), at_ms.rem_euclid(1000)));
    }
    for (name, value) in [("body", &trade.body), ("passback_params", &trade.passback_params)] {
        if let Some(value) = value {
            said[name] = json!(value);
        }
    }
    if let (Some(buyer), Some(said)) = (&trade.buyer, said.as_object_mut()) {
        said.extend(buyer_fields(world, trade, buyer, "buyer_id"));
    }
    said
}

/// One delivery. The id stays, time and signature are new.
pub(crate) fn letter(
    outside: &Outside,
    callback: &Callback,
    forgery: &Forgery,
) -> Result<Letter, CryptoError> {
    let mut said = forged(callback.resource.clone(), forgery);
    let at_ms = outside.now_ms() - forgery.stale_seconds * SECOND_MS;
    said["notify_time"] = json!(spaced(at_ms));
    let mut body = form(&said);
    let params = Params::read(b"", body.as_bytes()).map_err(|_never_twice| CryptoError)?;
    let mut text = params.signed(&[], false);
    if forgery.bad_signature {
        text.extend_from_slice(b"&something=else");
    }
    let rotated = outside.read(|world| world.alipay.secrets.rotated);
    let sign = outside.alipay.sign(rotated, &text)?;
    body.push_str(&format!("&sign_type=RSA2&sign={}", encoded(sign.as_bytes())));
    let content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
    Ok(Letter { headers: vec![("Content-Type", content_type)], body, query: None })
}

fn forged(mut said: Value, forgery: &Forgery) -> Value {
    if let Some(number) = &forgery.out_trade_no {
        said["out_trade_no"] = json!(number);
    }
    if let Some(app_id) = &forgery.app_id {
        said["app_id"] = json!(app_id);
    }
    if let Some(seller_id) = &forgery.seller_id {
        said["seller_id"] = json!(seller_id);
    }
    if let Some(fen) = forgery.amount_fen {
        for name in ["total_amount", "receipt_amount", "invoice_amount", "buyer_pay_amount"] {
            said[name] = json!(yuan(fen));
        }
    }
    said
}

fn form(said: &Value) -> String {
    let pairs: Vec<String> = said
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .map(|(name, value)| format!("{name}={}", encoded(value.as_bytes())))
        .collect();
    pairs.join("&")
}

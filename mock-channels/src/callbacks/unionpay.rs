//! Notifications of UnionPay: a form whose fields are signed, with the certificate among them.

use super::{Forgery, Letter};
use crate::clock::{DAY_MS, Day, SECOND_MS, compact_time, parse_compact};
use crate::crypto::CryptoError;
use crate::outside::Outside;
use crate::unionpay::certificates::{self, SOMEBODY, UNIONPAY};
use crate::unionpay::wire::{self, Signer};
use crate::world::callback::Callback;
use crate::world::unionpay::Fields;

/// A certificate made so long ago, which lasts five years, is over.
const OUTLIVED_MS: i64 = 6 * 366 * DAY_MS;

pub(super) fn letter(
    outside: &Outside,
    callback: &Callback,
    forgery: &Forgery,
) -> Result<Letter, CryptoError> {
    let told: Fields =
        serde_json::from_value(callback.resource.clone()).map_err(|_malformed| CryptoError)?;
    let forged = forged(told, forgery);
    let own = !forgery.foreign_chain && !forgery.other_subject && !forgery.expired_certificate;
    let mut sealed = if own {
        outside.unionpay.signer().seal(forged)?
    } else {
        impostor(outside, forgery)?.seal(forged)?
    };
    if forgery.bad_signature {
        let something_else = outside.unionpay.signer().seal(Fields::new())?;
        sealed.extend(something_else.into_iter().filter(|(name, _)| name == "signature"));
    }
    let content_type = "application/x-www-form-urlencoded;charset=UTF-8".to_owned();
    Ok(Letter {
        headers: vec![("Content-Type", content_type)],
        body: wire::form(&sealed),
        query: None,
    })
}

fn impostor(outside: &Outside, forgery: &Forgery) -> Result<Signer, CryptoError> {
    let now_ms = outside.now_ms();
    let authority = if forgery.foreign_chain {
        certificates::impostor(now_ms)?
    } else {
        outside.read(|world| world.unionpay.authority().cloned()).ok_or(CryptoError)?
    };
    let name = if forgery.other_subject { SOMEBODY } else { UNIONPAY };
    let made_ms = if forgery.expired_certificate { now_ms - OUTLIVED_MS } else { now_ms };
    Signer::read(&authority.certify(name, made_ms)?)
}

fn forged(mut told: Fields, forgery: &Forgery) -> Fields {
    let mut put = |name: &str, value: String| told.insert(name.to_owned(), value);
    if let Some(order_id) = &forgery.out_trade_no {
        put("orderId", order_id.clone());
    }
    if let Some(mer_id) = &forgery.mch_id {
        put("merId", mer_id.clone());
    }
    if let Some(fen) = forgery.amount_fen {
        put("txnAmt", fen.to_string());
        put("settleAmt", fen.to_string());
    }
    if forgery.stale_seconds != 0
        && let Some(at_ms) = told.get("txnTime").and_then(|text| parse_compact(text))
    {
        let earlier_ms = at_ms - forgery.stale_seconds * SECOND_MS;
        let earlier = Day::of(earlier_ms).compact() + &compact_time(earlier_ms);
        told.insert("txnTime".to_owned(), earlier);
    }
    told
}

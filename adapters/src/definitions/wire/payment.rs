//! The section `[payment]`.

use super::{CallWire, SentWire};
use domain::catalogue::{RawPayment, RawPrice};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentWire {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    sends: Vec<SentWire>,
    #[serde(default)]
    subject: bool,
    #[serde(default)]
    orders: bool,
    #[serde(default)]
    notice: String,
    price: Option<PriceWire>,
}

/// `{ fee_fen = 500 }`, `{ amount = "FIELD" }`, `{ option = "FIELD", times = "FIELD" }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceWire {
    fee_fen: Option<i64>,
    option: Option<String>,
    amount: Option<String>,
    times: Option<String>,
}

impl PaymentWire {
    pub(super) fn into_raw(self) -> RawPayment {
        let Self { operation, sends, subject, orders, notice, price } = self;
        let call = CallWire { operation, sends, subject, stale_minutes: None };
        let price = price.map(|price| RawPrice {
            fee_fen: price.fee_fen,
            option: price.option,
            amount: price.amount,
            times: price.times,
        });
        RawPayment { call: call.into_raw(), orders, notice, price }
    }
}

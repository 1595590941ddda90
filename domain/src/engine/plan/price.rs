//! What an order costs, from what is published and what was answered.

use super::super::{AnswerFault, AnswerFaultCode, ExchangeCall};
use crate::catalogue::{Action, AppDefinition, Price, PriceOf, price_of_option};
use crate::money::PayableFen;
use std::collections::BTreeMap;

/// A department is asked what is owed, or given an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayCall {
    /// What is asked, without what the engine adds to an order.
    pub call: ExchangeCall,
    /// Whether it is an order.
    pub orders: bool,
    /// The key of a notice's number.
    pub notice: String,
    /// What the citizen was shown; `None`: nothing.
    pub price: Option<PayableFen>,
}

/// The price by these answers. `None`: it is the department's, or an answer that it is made of is
/// not acceptable, which was noted already.
pub(super) fn of(
    app: &AppDefinition,
    accepted: &BTreeMap<&str, String>,
) -> Result<Option<PayableFen>, AnswerFault> {
    let Some(Action::Pay(terms)) = &app.action else { return Ok(None) };
    let Some(Price { each, times }) = &terms.price else { return Ok(None) };
    let (field, each) = match each {
        PriceOf::Fee(fee) => ("", Some(fee.fen().value())),
        PriceOf::Option(name) => {
            let options = app.field(name).map(|field| field.options.as_slice());
            let chosen = accepted.get(name.as_str());
            let price = chosen.and_then(|value| price_of_option(options.unwrap_or(&[]), value));
            (name.as_str(), price.map(|price| price.fen().value()))
        }
        PriceOf::Amount(name) => {
            let fen = accepted.get(name.as_str()).and_then(|text| text.parse::<i64>().ok());
            (name.as_str(), fen)
        }
    };
    let count = match times {
        None => Some(1),
        Some(name) => accepted.get(name.as_str()).and_then(|text| text.parse::<i64>().ok()),
    };
    let (Some(each), Some(count)) = (each, count) else { return Ok(None) };
    let total = each.checked_mul(count).and_then(|fen| PayableFen::new(fen).ok());
    let field = times.as_deref().unwrap_or(field);
    total.map(Some).ok_or_else(|| not_payable(app, field))
}

fn not_payable(app: &AppDefinition, field: &str) -> AnswerFault {
    let label = app.field(field).map_or("金额", |field| field.label.zh.as_str());
    AnswerFault {
        field: field.to_owned(),
        code: AnswerFaultCode::Invalid,
        message: format!("“{label}”须大于0且不超出可缴金额，请核对后重填"),
    }
}

//! What runs behind an app that pays: a department is asked what is owed, or takes an order and
//! raises a notice for it. Paying the notice is not the app's business.

use super::{Call, FieldOption};
use crate::money::PayableFen;

/// `[payment]`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayTerms {
    /// Asks what is owed, or orders.
    pub call: Call,
    /// Whether the call orders something: then it carries the number of the submission, so that a
    /// repeat is the same order.
    pub orders: bool,
    /// The key whose value is the number of a notice; empty where nothing is owed for a row.
    pub notice: String,
    /// The price that the citizen is shown before; `None`: the department says it. Only of an
    /// order, which is refused at another price.
    pub price: Option<Price>,
}

/// A published price, or one that the citizen names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Of one.
    pub each: PriceOf,
    /// The number field that says how many; `None`: one.
    pub times: Option<String>,
}

/// Where the price of one stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceOf {
    /// The same for everybody.
    Fee(PayableFen),
    /// With the option that is chosen in this field.
    Option(String),
    /// Named by the citizen in this field.
    Amount(String),
}

impl PayTerms {
    /// What it costs whatever is answered, if it costs the same for all.
    pub fn fee(&self) -> Option<PayableFen> {
        match &self.price {
            Some(Price { each: PriceOf::Fee(fee), times: None }) => Some(*fee),
            Some(_) | None => None,
        }
    }
}

/// The price of the option that was chosen.
pub(crate) fn price_of_option(options: &[FieldOption], value: &str) -> Option<PayableFen> {
    options.iter().find(|option| option.value == value)?.price
}

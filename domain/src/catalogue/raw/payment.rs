//! The section of an app that pays, as somebody wrote it.

use super::RawCall;

/// What is owed or ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawPayment {
    /// Asks or orders.
    pub call: RawCall,
    /// Whether it orders.
    pub orders: bool,
    /// Key of a notice's number.
    pub notice: String,
    /// The price that the citizen is shown.
    pub price: Option<RawPrice>,
}

/// One of the first three, and perhaps the last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawPrice {
    /// The same for everybody.
    pub fee_fen: Option<i64>,
    /// Name of the field whose options have prices.
    pub option: Option<String>,
    /// Name of the field in which the citizen names the amount.
    pub amount: Option<String>,
    /// Name of the field that says how many.
    pub times: Option<String>,
}

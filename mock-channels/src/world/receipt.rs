//! Fiscal e-receipts (财政电子票据) and their red ones.

use serde::{Deserialize, Serialize};

/// A fiscal e-receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub(crate) pay_no: String,
    pub(crate) code: String,
    pub(crate) no: String,
    pub(crate) random: String,
    /// Negative for a red one.
    pub(crate) amount_fen: i64,
    pub(crate) issued_ms: i64,
    #[serde(default)]
    pub(crate) kind: ReceiptKind,
    /// Code and number of the receipt that a red one reverses.
    #[serde(default)]
    pub(crate) reverses: Option<String>,
    /// Code and number of the red receipt that reversed this one.
    #[serde(default)]
    pub(crate) reversed_by: Option<String>,
    /// Code and number of the reversed receipt that this one stands for.
    #[serde(default)]
    pub(crate) replaces: Option<String>,
    /// Why, and under which number of the caller, a red one was made.
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) reverse_no: Option<String>,
}

/// What a receipt is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ReceiptKind {
    #[default]
    Blue,
    Red,
}

impl Receipt {
    /// Code and number in one.
    pub(crate) fn full_no(&self) -> String {
        format!("{}{}", self.code, self.no)
    }

    /// Whether it still proves a payment.
    pub(crate) fn is_valid(&self) -> bool {
        self.kind == ReceiptKind::Blue && self.reversed_by.is_none()
    }

    /// `0` valid, `1` reversed, `2` red.
    pub(crate) fn state_code(&self) -> &'static str {
        match (self.kind, &self.reversed_by) {
            (ReceiptKind::Red, _) => "2",
            (ReceiptKind::Blue, Some(_)) => "1",
            (ReceiptKind::Blue, None) => "0",
        }
    }
}

//! Orders of WeChat Pay and the money that arrived for them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{DAY_MS, MINUTE_MS};

/// The product through which an order was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum TradeType {
    Jsapi,
    App,
    Native,
}

impl TradeType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jsapi => "JSAPI",
            Self::App => "APP",
            Self::Native => "NATIVE",
        }
    }
}

/// One order, known by the merchant's number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) out_trade_no: String,
    pub(crate) trade_type: TradeType,
    /// The parameters as first sent. A repeat must not differ in any of them.
    pub(crate) request: Value,
    pub(crate) app_id: String,
    pub(crate) mch_id: String,
    pub(crate) description: String,
    pub(crate) attach: Option<String>,
    pub(crate) notify_url: String,
    pub(crate) total_fen: i64,
    pub(crate) open_id: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) prepay_ids: Vec<String>,
    pub(crate) closed_ms: Option<i64>,
    pub(crate) payment: Option<Payment>,
    pub(crate) refused: u32,
}

/// What really was paid. Money that lies in the future is on its way and seen by nobody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) transaction_id: String,
    pub(crate) amount_fen: i64,
    pub(crate) at_ms: i64,
    pub(crate) bank_type: String,
    pub(crate) open_id: String,
}

/// What the platform says about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TradeState {
    Success,
    /// Paid, and at least a part of it went back.
    Refund,
    NotPay,
    Closed,
}

impl TradeState {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
            Self::NotPay => "NOTPAY",
            Self::Closed => "CLOSED",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Success => "支付成功",
            Self::Refund => "转入退款",
            Self::NotPay => "订单未支付",
            Self::Closed => "订单已关闭",
        }
    }
}

impl Order {
    /// How long an order without a deadline of its own can be paid.
    pub(crate) const LIFE_MS: i64 = 7 * DAY_MS;
    pub(crate) const SHORTEST_MS: i64 = MINUTE_MS;
    pub(crate) const LONGEST_MS: i64 = 15 * DAY_MS;

    /// The money that is there by now.
    pub(crate) fn paid(&self, now_ms: i64) -> Option<&Payment> {
        self.payment.as_ref().filter(|payment| payment.at_ms <= now_ms)
    }

    /// Money counts whatever happened before it: a paid order is never "closed" again. An
    /// expired order stays "not paid" until somebody closes it, or the platform after a week.
    /// Knows nothing of refunds, see [`super::World::trade_state`].
    pub(crate) fn state(&self, now_ms: i64) -> TradeState {
        let swept_ms = self.expires_ms.max(self.created_ms + Self::LIFE_MS);
        if self.paid(now_ms).is_some() {
            TradeState::Success
        } else if self.closed_ms.is_some() || now_ms >= swept_ms {
            TradeState::Closed
        } else {
            TradeState::NotPay
        }
    }

    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.expires_ms
    }
}

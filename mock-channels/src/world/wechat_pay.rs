//! What WeChat Pay knows beside orders: refunds, its keys, and what testers asked of it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::World;
use super::order::{Order, TradeState};
use crate::clock::{DAY_MS, Day, MINUTE_MS, SECOND_MS};

pub(crate) mod keys;

use keys::PlatformKey;

/// Everything has a default: a world kept by a version that knew orders only opens.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct WechatPay {
    /// By the merchant's refund number.
    pub(crate) refunds: BTreeMap<String, Refund>,
    /// What becomes of the next refunds, one each.
    pub(crate) refund_outcomes: VecDeque<RefundOutcome>,
    /// Keys beside the first one, in the order in which they came.
    pub(crate) keys: Vec<PlatformKey>,
    /// The key that signs; the first one when empty.
    pub(crate) signs: Option<String>,
    /// Whether the first key is valid no more.
    pub(crate) first_retired: bool,
    pub(crate) habits: Habits,
}

/// Rules of the platform that a tester may lift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Habits {
    /// Whether a minute must pass between two refunds of one order.
    pub(crate) refund_interval: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self { refund_interval: true }
    }
}

/// What becomes of a refund that is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RefundOutcome {
    /// Accepted, and there after three seconds.
    Success,
    /// There already when the platform answers.
    AtOnce,
    /// Accepted; nothing more happens until a tester decides.
    Pending,
    /// Accepted; after three seconds the payer's account turns out not to take it.
    Abnormal,
    /// Accepted; after three seconds it comes to nothing.
    Closed,
    /// There after three seconds, and never notified.
    NoCallback,
    /// Refused: the merchant's balance is too low.
    NotEnough,
    /// Refused: the payer's account is frozen.
    AccountAbnormal,
    /// Refused: too many calls.
    FrequencyLimited,
    /// Not accepted, and the answer does not say so.
    SystemErrorBefore,
    /// Accepted, and the answer does not say so.
    SystemErrorAfter,
}

/// `status` of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RefundStatus {
    Processing,
    Success,
    Closed,
    Abnormal,
}

impl RefundStatus {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Closed => "CLOSED",
            Self::Abnormal => "ABNORMAL",
        }
    }

    /// As the bills write it, which is another list.
    pub(crate) fn bill_code(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Closed => "FAIL",
            Self::Abnormal => "CHANGE",
        }
    }
}

/// Money that goes back. Amounts are fen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) refund_id: String,
    pub(crate) out_refund_no: String,
    pub(crate) out_trade_no: String,
    pub(crate) transaction_id: String,
    /// What was paid.
    pub(crate) total_fen: i64,
    pub(crate) amount_fen: i64,
    /// The part of the fee that comes back with it.
    pub(crate) fee_fen: i64,
    pub(crate) reason: Option<String>,
    pub(crate) notify_url: Option<String>,
    pub(crate) asked_ms: i64,
    /// What became of it when, in order; processing before the first. One that lies in the
    /// future has not happened yet.
    pub(crate) steps: Vec<Step>,
}

/// A change of a refund's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) at_ms: i64,
    pub(crate) status: RefundStatus,
}

impl Refund {
    /// How long money takes to a payer's change.
    pub(crate) const QUICK_MS: i64 = 3 * SECOND_MS;
    /// Refunds of one order must be this far apart.
    pub(crate) const INTERVAL_MS: i64 = MINUTE_MS;
    /// How long a paid order can be refunded.
    pub(crate) const LIFE_MS: i64 = 365 * DAY_MS;
    /// How many refunds one order can have.
    pub(crate) const MOST: usize = 50;

    pub(crate) fn status(&self, now_ms: i64) -> RefundStatus {
        let past = self.steps.iter().rev().find(|step| step.at_ms <= now_ms);
        past.map_or(RefundStatus::Processing, |step| step.status)
    }

    pub(crate) fn succeeded_ms(&self, now_ms: i64) -> Option<i64> {
        let step = self.steps.iter().rev().find(|step| step.at_ms <= now_ms)?;
        (step.status == RefundStatus::Success).then_some(step.at_ms)
    }

    /// Whether something will still happen by itself.
    pub(crate) fn is_decided(&self) -> bool {
        self.steps.last().is_some_and(|step| step.status != RefundStatus::Processing)
    }
}

/// 0.60 % of a payment, half up to the fen.
pub(crate) fn fee_fen(amount_fen: i64) -> i64 {
    (amount_fen * 60 + 5_000) / 10_000
}

impl World {
    /// Refunds of an order, the oldest first.
    pub(crate) fn refunds_of_order(&self, out_trade_no: &str) -> Vec<&Refund> {
        let of_order = |refund: &&Refund| refund.out_trade_no == out_trade_no;
        let mut refunds: Vec<_> = self.wechat_pay.refunds.values().filter(of_order).collect();
        refunds.sort_by_key(|refund| (refund.asked_ms, &refund.refund_id));
        refunds
    }

    /// What went back of an order or is about to.
    pub(crate) fn promised_fen(&self, out_trade_no: &str, now_ms: i64) -> i64 {
        self.refunds_of_order(out_trade_no)
            .iter()
            .filter(|refund| refund.status(now_ms) != RefundStatus::Closed)
            .map(|refund| refund.amount_fen)
            .sum()
    }

    /// Whether any money of an order went back: then it is never called "paid" again.
    pub(crate) fn is_refunded(&self, out_trade_no: &str, now_ms: i64) -> bool {
        self.refunds_of_order(out_trade_no)
            .iter()
            .any(|refund| refund.status(now_ms) == RefundStatus::Success)
    }

    /// The refunds asked for on a day, with their orders, in the order in which they came.
    pub(crate) fn refunds_of(&self, day: Day) -> Vec<(&Order, &Refund)> {
        let mut refunds: Vec<_> = self
            .wechat_pay
            .refunds
            .values()
            .filter(|refund| Day::of(refund.asked_ms) == day)
            .filter_map(|refund| Some((self.orders.get(&refund.out_trade_no)?, refund)))
            .collect();
        refunds.sort_by_key(|(_, refund)| (refund.asked_ms, &refund.refund_id));
        refunds
    }

    /// What the platform says about an order.
    pub(crate) fn trade_state(&self, order: &Order, now_ms: i64) -> TradeState {
        let state = order.state(now_ms);
        if state == TradeState::Success && self.is_refunded(&order.out_trade_no, now_ms) {
            TradeState::Refund
        } else {
            state
        }
    }

    /// Who pays an order, as far as that is known.
    pub(crate) fn payer_of_order(&self, order: &Order) -> Option<String> {
        let open_id = order.open_id.as_deref()?;
        self.citizen_by_open_id(open_id).map(|citizen| citizen.id.clone())
    }

    /// What an order brings by its amount or its payer.
    pub(crate) fn magic_of_order(&self, order: &Order) -> Option<super::magic::Magic> {
        self.magic_of(order.total_fen, self.payer_of_order(order).as_deref())
    }
}

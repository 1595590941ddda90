//! What Alipay knows: trades, refunds, sign-ins, and what testers asked of it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::World;
use super::fault::{BillFault, BillFaultKind};
use super::people::number_of;
use crate::clock::{DAY_MS, Day, MINUTE_MS};
use crate::crypto;

pub(crate) mod secrets;

use secrets::Secrets;

/// The platform's state. Everything has a default: a world kept by a version without Alipay
/// opens, and gets keys then.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Alipay {
    pub(crate) secrets: Secrets,
    /// By the merchant's number, of which one seller has every one only once.
    pub(crate) trades: BTreeMap<String, Trade>,
    pub(crate) auth_codes: BTreeMap<String, AuthCode>,
    pub(crate) tokens: Vec<UserToken>,
    pub(crate) downloads: BTreeMap<String, Download>,
    pub(crate) bill_faults: BTreeMap<String, BillFault>,
    /// What becomes of the next refunds, one each.
    pub(crate) refund_outcomes: VecDeque<RefundOutcome>,
    pub(crate) habits: Habits,
}

/// How the platform is set up for the merchant; differs from contract to contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Habits {
    pub(crate) identity: Identity,
    /// Whether a refund of a trade with a `notify_url` is notified.
    pub(crate) refund_callbacks: bool,
    /// Whether a close or a cancel is notified.
    pub(crate) close_callbacks: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self { identity: Identity::OpenId, refund_callbacks: true, close_callbacks: false }
    }
}

/// By what an app knows its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Identity {
    /// New apps.
    OpenId,
    /// Old apps.
    UserId,
    Both,
}

impl Identity {
    pub(crate) fn shows_open_id(self) -> bool {
        matches!(self, Self::OpenId | Self::Both)
    }

    pub(crate) fn shows_user_id(self) -> bool {
        matches!(self, Self::UserId | Self::Both)
    }
}

/// What becomes of a refund that is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RefundOutcome {
    Done,
    /// Accepted; nothing has moved and the query knows nothing until a tester decides.
    Pending,
    /// Refused: the seller's balance is too low.
    NoBalance,
    /// Not done, and the answer does not say so.
    SystemErrorBefore,
    /// Done, and the answer does not say so.
    SystemErrorAfter,
}

/// Through which product a trade came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Product {
    /// `alipay.trade.create`
    MiniProgram,
    /// An order string opened by the cashier.
    App,
}

/// One trade.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trade {
    pub(crate) trade_no: String,
    pub(crate) out_trade_no: String,
    pub(crate) app_id: String,
    pub(crate) product: Product,
    pub(crate) subject: String,
    pub(crate) body: Option<String>,
    pub(crate) passback_params: Option<String>,
    pub(crate) total_fen: i64,
    pub(crate) notify_url: Option<String>,
    /// The citizen who is to pay, or who paid.
    pub(crate) buyer: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) closed_ms: Option<i64>,
    pub(crate) payment: Option<Payment>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) refused: u32,
}

/// Money from the buyer. One that lies in the future is on its way and seen by nobody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) amount_fen: i64,
    pub(crate) at_ms: i64,
}

/// Money that goes back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) out_request_no: String,
    pub(crate) amount_fen: i64,
    pub(crate) reason: Option<String>,
    pub(crate) asked_ms: i64,
    /// When it happens; unknown while a tester has not decided.
    pub(crate) done_ms: Option<i64>,
    pub(crate) failed: bool,
}

impl Refund {
    pub(crate) fn is_done(&self, now_ms: i64) -> bool {
        !self.failed && self.done_ms.is_some_and(|done_ms| done_ms <= now_ms)
    }
}

/// `trade_status`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TradeStatus {
    WaitBuyerPay,
    Success,
    Finished,
    Closed,
}

impl TradeStatus {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::WaitBuyerPay => "WAIT_BUYER_PAY",
            Self::Success => "TRADE_SUCCESS",
            Self::Finished => "TRADE_FINISHED",
            Self::Closed => "TRADE_CLOSED",
        }
    }
}

impl Trade {
    /// How long a trade without a deadline of its own can be paid.
    pub(crate) const LIFE_MS: i64 = 15 * DAY_MS;
    /// How long a paid trade can be refunded; contracts differ.
    const REFUNDABLE_MS: i64 = 365 * DAY_MS;

    /// The money that is there by now.
    pub(crate) fn paid(&self, now_ms: i64) -> Option<&Payment> {
        self.payment.as_ref().filter(|payment| payment.at_ms <= now_ms)
    }

    /// Money counts whatever happened before it: late money makes a closed trade a paid one.
    pub(crate) fn status(&self, now_ms: i64) -> TradeStatus {
        let Some(payment) = self.paid(now_ms) else {
            let over = self.closed_ms.is_some() || now_ms >= self.expires_ms;
            return if over { TradeStatus::Closed } else { TradeStatus::WaitBuyerPay };
        };
        if self.refunded_fen(now_ms) >= payment.amount_fen {
            TradeStatus::Closed
        } else if now_ms >= payment.at_ms + Self::REFUNDABLE_MS {
            TradeStatus::Finished
        } else {
            TradeStatus::Success
        }
    }

    /// What went back so far.
    pub(crate) fn refunded_fen(&self, now_ms: i64) -> i64 {
        self.refunds
            .iter()
            .filter(|refund| refund.is_done(now_ms))
            .map(|refund| refund.amount_fen)
            .sum()
    }

    /// What went back or is about to.
    pub(crate) fn promised_fen(&self) -> i64 {
        self.refunds.iter().filter(|refund| !refund.failed).map(|refund| refund.amount_fen).sum()
    }

    pub(crate) fn refund(&self, out_request_no: &str) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.out_request_no == out_request_no)
    }
}

/// What `my.getAuthCode` gave a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuthCode {
    pub(crate) citizen_id: String,
    /// The only app that may use it.
    pub(crate) app_id: String,
    pub(crate) made_ms: i64,
    pub(crate) used: bool,
}

impl AuthCode {
    /// The real time is not published.
    const LIFE_MS: i64 = 5 * MINUTE_MS;

    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.made_ms + Self::LIFE_MS
    }
}

/// An access token of a user, with the token that renews it once.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserToken {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) citizen_id: String,
    pub(crate) app_id: String,
    pub(crate) expires_ms: i64,
    pub(crate) refresh_expires_ms: i64,
    pub(crate) renewed: bool,
}

impl std::fmt::Debug for UserToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserToken").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

/// Which of the two daily files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BillType {
    /// 业务明细
    Trade,
    /// 账务明细
    SignCustomer,
}

/// A bill that may be fetched for thirty seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Download {
    pub(crate) day: Day,
    pub(crate) bill_type: BillType,
    pub(crate) fault: Option<BillFaultKind>,
    /// Which line is wrong, counted from one.
    #[serde(default)]
    pub(crate) line: Option<u32>,
    pub(crate) expires_ms: i64,
}

impl Alipay {
    pub(crate) fn trade_by_no(&self, trade_no: &str) -> Option<&Trade> {
        self.trades.values().find(|trade| trade.trade_no == trade_no)
    }

    /// Forgets what nobody can mean any more, a day after it ended.
    pub(crate) fn forget_stale(&mut self, now_ms: i64) {
        let horizon = now_ms - DAY_MS;
        self.auth_codes.retain(|_, code| code.made_ms > horizon);
        self.tokens.retain(|token| token.refresh_expires_ms > horizon);
        self.downloads.retain(|_, download| download.expires_ms > horizon);
    }

    /// 28 digits: the day, a constant, and a number of its own.
    pub(crate) fn next_trade_no(&self, now_ms: i64) -> String {
        let number = self.trades.len() + 1;
        format!("{}22001419{number:012}", Day::of(now_ms).compact())
    }
}

/// The 16 digits by which Alipay knows a person everywhere.
pub(crate) fn user_id(citizen_id: &str) -> String {
    format!("2088{:012}", number_of(&format!("alipay user {citizen_id}")) % 1_000_000_000_000)
}

/// By what one app knows a person; another app cannot tell that it is the same one.
pub(crate) fn open_id(app_id: &str, citizen_id: &str) -> String {
    let digest = crypto::sha256_hex(format!("alipay open id {app_id} {citizen_id}").as_bytes());
    format!("074a{}", &digest[..43])
}

impl World {
    /// Who is meant by an open id of an app.
    pub(crate) fn citizen_by_alipay_open_id(&self, app_id: &str, id: &str) -> Option<String> {
        let found = self.citizens.iter().find(|citizen| open_id(app_id, &citizen.id) == id)?;
        Some(found.id.clone())
    }

    pub(crate) fn citizen_by_alipay_user_id(&self, id: &str) -> Option<String> {
        let found = self.citizens.iter().find(|citizen| user_id(&citizen.id) == id)?;
        Some(found.id.clone())
    }
}

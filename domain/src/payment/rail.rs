//! Rails (支付渠道): who takes the money, and what they are asked.

use super::Money;
use crate::identity::{Channel, OpenId};
use crate::ids::PaymentNo;
use crate::money::PayableFen;
use crate::outside::OutsideError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// A payment institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rail {
    /// WeChat Pay, API v3.
    WeChatPay,
    /// Alipay.
    Alipay,
    /// UnionPay 5.1.0.
    UnionPay,
}

impl Rail {
    /// Every rail.
    pub const ALL: [Self; 3] = [Self::WeChatPay, Self::Alipay, Self::UnionPay];

    /// The word of the contract and of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WeChatPay => "WECHAT_PAY",
            Self::Alipay => "ALIPAY",
            Self::UnionPay => "UNIONPAY",
        }
    }

    /// The rail whose [`Rail::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rail| rail.code() == code)
    }

    /// The name for citizens and staff.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::WeChatPay => "微信支付",
            Self::Alipay => "支付宝",
            Self::UnionPay => "银联",
        }
    }
}

/// A rail's own number of one payment: 1 to 64 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RailTxn(String);

/// Empty, too long, or not printable ASCII.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a rail's transaction number")]
pub struct TxnInvalid;

impl RailTxn {
    /// # Errors
    /// [`TxnInvalid`] as said on the type.
    pub fn new(text: &str) -> Result<Self, TxnInvalid> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(TxnInvalid) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RailTxn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rail is asked to take. All of it is fixed once the payment is stored, so that asking
/// again asks for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailOrder {
    /// Our number; the rail refuses or repeats a second order of the same number.
    pub no: PaymentNo,
    /// How much.
    pub amount: PayableFen,
    /// What the citizen reads in the cashier.
    pub description: String,
    /// Where the cashier opens.
    pub channel: Channel,
    /// Who pays there.
    pub payer: OpenId,
    /// The rail takes no money after this.
    pub expires_at: Timestamp,
}

/// What the client hands to the platform's cashier, field for field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cashier {
    /// `wx.requestPayment`.
    WeChatMini {
        /// Unix seconds.
        time_stamp: String,
        /// Random text.
        nonce_str: String,
        /// `prepay_id=…`.
        package: String,
        /// `RSA`.
        sign_type: String,
        /// Signature over app id and the three above.
        pay_sign: String,
    },
}

/// What a rail says of money it took, from a callback, an answer or a statement. Nothing of it
/// is believed before it agrees with the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailReport {
    /// Which rail.
    pub rail: Rail,
    /// The order's number, as the rail has it.
    pub order_no: String,
    /// Our app there.
    pub app_id: String,
    /// Our merchant number there.
    pub merchant_no: String,
    /// `CNY`.
    pub currency: String,
    /// What was taken.
    pub money: Money,
}

/// Who we are at one rail; a report for anybody else changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantIdentity {
    /// Merchant number.
    pub merchant_no: String,
    /// Our apps.
    pub app_ids: Vec<String>,
}

/// How an order stands at the rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailOrderState {
    /// Taken.
    Paid(Box<RailReport>),
    /// There, not paid, and can still be paid or closed.
    Open,
    /// There, not paid, and cannot be paid any more.
    Closed,
    /// Never arrived there.
    NotFound,
}

/// A payment rail, as this service needs it.
#[async_trait]
pub trait PaymentRail: Send + Sync {
    /// Which one.
    fn rail(&self) -> Rail;
    /// Who we are there.
    fn merchant(&self) -> &MerchantIdentity;
    /// Can this channel open the rail's cashier?
    fn serves(&self, channel: Channel) -> bool;
    /// Asks for payment. MUST be safe to repeat with the same order.
    /// MUST answer [`OutsideError::OutcomeUnknown`] once the request may have left this machine
    /// and no answer says that nothing was done.
    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError>;
    /// How the order stands.
    async fn query(&self, no: &PaymentNo) -> Result<RailOrderState, OutsideError>;
    /// Makes the order unpayable; safe to repeat. MUST be `Ok` only when the rail confirmed it:
    /// a paid order is `Refused`.
    async fn close(&self, no: &PaymentNo) -> Result<(), OutsideError>;
}

/// The rails that are connected.
#[derive(Clone, Default)]
pub struct Rails(Vec<Arc<dyn PaymentRail>>);

impl Rails {
    /// At most one per [`Rail`]; the first counts.
    pub fn new(rails: Vec<Arc<dyn PaymentRail>>) -> Self {
        Self(rails)
    }

    /// The port of a rail, if it is connected.
    pub fn get(&self, rail: Rail) -> Option<&Arc<dyn PaymentRail>> {
        self.0.iter().find(|port| port.rail() == rail)
    }

    /// All that are connected.
    pub fn all(&self) -> &[Arc<dyn PaymentRail>] {
        &self.0
    }
}

//! Rails (支付渠道): who takes the money, and what they are asked.

use super::Money;
use crate::identity::{Channel, OpenId};
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::outside::OutsideError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

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
    /// Which cashier opens.
    pub cashier: CashierKind,
    /// Who pays there, where [`CashierKind::needs_payer`].
    pub payer: Option<OpenId>,
    /// When the order was stored here. With the number it is the order's key at UnionPay
    /// (`txnTime`), so it is the same on every repeat.
    pub made_at: Timestamp,
    /// The rail takes no money after this.
    pub expires_at: Timestamp,
}

impl RailOrder {
    /// What the rail needs to find the order again.
    pub fn key(&self) -> OrderKey {
        OrderKey { no: self.no.clone(), made_at: self.made_at }
    }
}

/// By what a rail finds an order of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    /// Our number.
    pub no: PaymentNo,
    /// When it was stored here.
    pub made_at: Timestamp,
}

/// The cashiers (收银台) of all rails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CashierKind {
    /// `wx.requestPayment` in the mini-program (JSAPI).
    WeChatMini,
    /// WeChat, opened by the native app.
    WeChatApp,
    /// A QR code that anybody scans with WeChat (Native).
    WeChatNative,
    /// `my.tradePay` in the mini-program.
    AlipayMini,
    /// Alipay, opened by the native app.
    AlipayApp,
    /// UnionPay, opened by the native app.
    UnionPayApp,
}

impl CashierKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::WeChatMini,
        Self::WeChatApp,
        Self::WeChatNative,
        Self::AlipayMini,
        Self::AlipayApp,
        Self::UnionPayApp,
    ];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WeChatMini => "WECHAT_MINI",
            Self::WeChatApp => "WECHAT_APP",
            Self::WeChatNative => "WECHAT_NATIVE",
            Self::AlipayMini => "ALIPAY_MINI",
            Self::AlipayApp => "ALIPAY_APP",
            Self::UnionPayApp => "UNIONPAY_APP",
        }
    }

    /// The kind whose [`CashierKind::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Must the order name the payer's account at the rail?
    pub const fn needs_payer(self) -> bool {
        matches!(self, Self::WeChatMini | Self::AlipayMini)
    }
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
    /// The WeChat SDK of a native app (`PayReq`).
    WeChatApp {
        /// The app's id at WeChat.
        app_id: String,
        /// Merchant number.
        partner_id: String,
        /// The order there.
        prepay_id: String,
        /// Always `Sign=WXPay`.
        package: String,
        /// Random text.
        nonce_str: String,
        /// Unix seconds.
        time_stamp: String,
        /// Signature over app id, time, nonce and prepay id.
        sign: String,
    },
    /// Shown as a QR code.
    WeChatNative {
        /// `weixin://wxpay/bizpayurl?pr=…`, at most 64 characters.
        code_url: String,
    },
    /// `my.tradePay`, as `tradeNO`.
    AlipayMini {
        /// The order there.
        trade_no: String,
    },
    /// The Alipay SDK of a native app.
    AlipayApp {
        /// The whole signed order string.
        order_string: String,
    },
    /// The UnionPay SDK of a native app.
    UnionPay {
        /// The order there (受理订单号).
        tn: String,
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
    /// The cashier of the rail that this channel opens; `None` where it cannot open any.
    fn cashier(&self, channel: Channel) -> Option<CashierKind>;
    /// The most that one order may take; the platform's own limit for us.
    fn limit(&self) -> PayableFen;
    /// Asks for payment. MUST be safe to repeat with the same order.
    /// MUST answer [`OutsideError::OutcomeUnknown`] once the request may have left this machine
    /// and no answer says that nothing was done.
    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError>;
    /// How the order stands.
    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError>;
    /// Makes the order unpayable; safe to repeat. MUST be `Ok` only when the rail confirmed it:
    /// a paid order is `Refused`, and so is one of a rail that cannot close.
    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError>;
}

/// What a rail is asked to give back. All of it is fixed once the refund is stored, so that
/// asking again asks for the same: a new number would be a second refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Our number of the refund; the same on every try.
    pub no: RefundNo,
    /// The payment that the money came by.
    pub payment: OrderKey,
    /// The rail's number of that money.
    pub txn: RailTxn,
    /// What the rail took then.
    pub paid: PayableFen,
    /// What goes back now.
    pub amount: PayableFen,
    /// For the payer's statement; at most 80 characters.
    pub reason: String,
    /// When the rail was first to be asked; the key of it at UnionPay, with the number. The same
    /// on every try, though UnionPay takes new ones only for ten minutes after it.
    pub made_at: Timestamp,
}

/// How a refund stands at the rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailRefundState {
    /// Taken, not carried out yet.
    Processing,
    /// The money is back.
    Done {
        /// The rail's number of the refund, where it has one.
        txn: Option<RailTxn>,
        /// By the rail's clock.
        at: Timestamp,
    },
    /// The rail gave it up, for good: this number never gives anything back.
    Failed {
        /// The rail's code.
        code: String,
    },
    /// The payer's account is gone: the money waits for another account (退款异常).
    NeedsAccount,
    /// The rail knows of no refund of this number. It may still be on its way there, so it is
    /// asked for again under the same number, which no rail carries out twice.
    NotFound,
}

/// What a rail says of a refund, from a callback, an answer or a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundReport {
    /// Which rail.
    pub rail: Rail,
    /// The refund's number, as the rail has it.
    pub refund_no: String,
    /// The order's number, as the rail has it.
    pub order_no: String,
    /// Our merchant number there.
    pub merchant_no: String,
    /// What goes back.
    pub amount: Fen,
    /// How it stands. Never [`RailRefundState::NotFound`].
    pub state: RailRefundState,
}

/// A rail that gives money back. Every rail that is connected has one.
#[async_trait]
pub trait RailRefunds: Send + Sync {
    /// Which rail.
    fn rail(&self) -> Rail;
    /// Asks to give back. MUST be safe to repeat with the same order: the rail answers how the
    /// refund of that number stands. MUST answer [`OutsideError::OutcomeUnknown`] for every
    /// answer that does not say for certain that nothing was done under this number, the
    /// rail's own "system error" included.
    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError>;
    /// How the refund of that number stands.
    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError>;
}

/// A genuine message of a rail, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailNews {
    /// Money was taken.
    Paid(RailReport),
    /// A refund came to something.
    Refunded(RefundReport),
}

impl RailNews {
    /// Which rail.
    pub const fn rail(&self) -> Rail {
        match self {
            Self::Paid(report) => report.rail,
            Self::Refunded(report) => report.rail,
        }
    }

    /// The order's number, as the rail has it.
    pub fn order_no(&self) -> &str {
        match self {
            Self::Paid(report) => &report.order_no,
            Self::Refunded(report) => &report.order_no,
        }
    }
}

/// How a rail is, as its last calls went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailHealth {
    /// It answers.
    Well,
    /// It does not: nobody is sent there before `retry_at`.
    Sick {
        /// For citizens, in Chinese.
        reason: String,
        /// When it is tried again.
        retry_at: Timestamp,
    },
}

/// Tells how rails are, without calling them.
pub trait RailWatch: Send + Sync {
    /// As the last calls to this rail went.
    fn health(&self, rail: Rail) -> RailHealth;
}

//! Which files there are, whose they are, and when each is promised.

use crate::payment::Rail;
use jiff::civil::Date;
use std::fmt;

/// A kind of file that reconciliation lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// 微信支付交易账单: every payment and refund.
    WeChatTrade,
    /// 微信支付资金账单: every movement of the merchant's account.
    WeChatFundFlow,
    /// 支付宝业务账单.
    AlipayTrade,
    /// 支付宝账务账单.
    AlipayAccount,
    /// 银联清算明细, the lines of one accounting day.
    UnionPaySettlement,
    /// 清算银行到账明细.
    BankCredits,
    /// 支付平台对账文件: the first of the four files of the finance department; we send it.
    FinanceOrders,
    /// 支付平台分成文件: the second; we send it.
    FinanceSplit,
    /// 财厅对账结果文件: the third; it comes in batches, each a newer file of the same day.
    FinanceResults,
    /// 财厅退费请求文件: the fourth.
    FinanceRefunds,
    /// 执收单位销账确认.
    AgencyConfirmations,
}

/// Who must see to it that the file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceOwner {
    /// A payment rail.
    Rail(Rail),
    /// The clearing bank.
    Bank,
    /// The finance department.
    Finance,
    /// An agency.
    Agency,
    /// Ourselves.
    Platform,
}

impl SourceOwner {
    /// What staff call it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Rail(Rail::WeChatPay) => "微信支付",
            Self::Rail(Rail::Alipay) => "支付宝",
            Self::Rail(Rail::UnionPay) => "银联",
            Self::Bank => "清算银行",
            Self::Finance => "财政部门",
            Self::Agency => "执收单位",
            Self::Platform => "本平台",
        }
    }
}

/// When a file of a day is promised. Hours are Beijing's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Promise {
    /// So many days after the day.
    pub days: i8,
    /// Are they days on which the bank works?
    pub bank_days: bool,
    /// Expected from this hour on.
    pub expected: i8,
    /// Late from this hour on.
    pub late: i8,
    /// The reconciliation of the day cannot wait longer.
    pub due: i8,
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::WeChatTrade,
        Self::WeChatFundFlow,
        Self::AlipayTrade,
        Self::AlipayAccount,
        Self::UnionPaySettlement,
        Self::BankCredits,
        Self::FinanceOrders,
        Self::FinanceSplit,
        Self::FinanceResults,
        Self::FinanceRefunds,
        Self::AgencyConfirmations,
    ];

    /// The word of columns and of the command.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WeChatTrade => "WECHAT_TRADE",
            Self::WeChatFundFlow => "WECHAT_FUND_FLOW",
            Self::AlipayTrade => "ALIPAY_TRADE",
            Self::AlipayAccount => "ALIPAY_ACCOUNT",
            Self::UnionPaySettlement => "UNIONPAY_SETTLEMENT",
            Self::BankCredits => "BANK",
            Self::FinanceOrders => "FINANCE_ORDERS",
            Self::FinanceSplit => "FINANCE_SPLIT",
            Self::FinanceResults => "FINANCE_RESULTS",
            Self::FinanceRefunds => "FINANCE_REFUNDS",
            Self::AgencyConfirmations => "AGENCY",
        }
    }

    /// The kind whose [`SourceKind::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What staff call it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::WeChatTrade => "微信支付交易账单",
            Self::WeChatFundFlow => "微信支付资金账单",
            Self::AlipayTrade => "支付宝业务账单",
            Self::AlipayAccount => "支付宝账务账单",
            Self::UnionPaySettlement => "银联清算明细",
            Self::BankCredits => "清算银行到账明细",
            Self::FinanceOrders => "支付平台对账文件",
            Self::FinanceSplit => "支付平台分成文件",
            Self::FinanceResults => "财厅对账结果文件",
            Self::FinanceRefunds => "财厅退费请求文件",
            Self::AgencyConfirmations => "执收单位销账确认",
        }
    }

    /// Who must see to it that the file is there.
    pub const fn owner(self) -> SourceOwner {
        match self {
            Self::WeChatTrade | Self::WeChatFundFlow => SourceOwner::Rail(Rail::WeChatPay),
            Self::AlipayTrade | Self::AlipayAccount => SourceOwner::Rail(Rail::Alipay),
            Self::UnionPaySettlement => SourceOwner::Rail(Rail::UnionPay),
            Self::BankCredits => SourceOwner::Bank,
            Self::FinanceOrders | Self::FinanceSplit => SourceOwner::Platform,
            Self::FinanceResults | Self::FinanceRefunds => SourceOwner::Finance,
            Self::AgencyConfirmations => SourceOwner::Agency,
        }
    }

    /// The rail whose payments the file lists, where it lists any.
    pub const fn statement_of(self) -> Option<Rail> {
        match self {
            Self::WeChatTrade => Some(Rail::WeChatPay),
            Self::AlipayTrade => Some(Rail::Alipay),
            Self::UnionPaySettlement => Some(Rail::UnionPay),
            Self::WeChatFundFlow
            | Self::AlipayAccount
            | Self::BankCredits
            | Self::FinanceOrders
            | Self::FinanceSplit
            | Self::FinanceResults
            | Self::FinanceRefunds
            | Self::AgencyConfirmations => None,
        }
    }

    /// The statement of a rail.
    pub const fn of_rail(rail: Rail) -> Self {
        match rail {
            Rail::WeChatPay => Self::WeChatTrade,
            Rail::Alipay => Self::AlipayTrade,
            Rail::UnionPay => Self::UnionPaySettlement,
        }
    }

    /// The trade bill that this account bill must agree with.
    pub const fn trade_of(self) -> Option<Self> {
        match self {
            Self::WeChatFundFlow => Some(Self::WeChatTrade),
            Self::AlipayAccount => Some(Self::AlipayTrade),
            Self::WeChatTrade
            | Self::AlipayTrade
            | Self::UnionPaySettlement
            | Self::BankCredits
            | Self::FinanceOrders
            | Self::FinanceSplit
            | Self::FinanceResults
            | Self::FinanceRefunds
            | Self::AgencyConfirmations => None,
        }
    }

    /// Rails promise ten o'clock of the next day; UnionPay's settlement day ends at 23:00, so the
    /// last hour of a day is in the next day's file. A bank credits on the days on which it works.
    pub(super) const fn promise(self) -> Promise {
        let next_day = Promise { days: 1, bank_days: false, expected: 10, late: 11, due: 14 };
        match self {
            Self::WeChatTrade | Self::WeChatFundFlow | Self::AlipayTrade | Self::AlipayAccount => {
                next_day
            }
            Self::UnionPaySettlement => Promise { days: 2, late: 12, ..next_day },
            Self::BankCredits => {
                Promise { bank_days: true, expected: 10, late: 15, due: 17, ..next_day }
            }
            Self::FinanceOrders | Self::FinanceSplit => {
                Promise { expected: 10, late: 15, due: 16, ..next_day }
            }
            Self::FinanceResults | Self::FinanceRefunds => {
                Promise { bank_days: true, expected: 14, late: 18, due: 20, ..next_day }
            }
            Self::AgencyConfirmations => {
                Promise { bank_days: true, expected: 9, late: 17, due: 18, ..next_day }
            }
        }
    }
}

/// Which file of which day: its kind, whose it is, the accounting day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey {
    kind: SourceKind,
    owner: String,
    day: Date,
}

/// The text cannot name whose a file is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` names nobody whose file this could be")]
pub struct NotAnOwner {
    text: String,
}

impl SourceKey {
    /// `owner` is the merchant number, the account at the bank or the agency's code: 1 to 64 ASCII
    /// letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`NotAnOwner`].
    pub fn new(kind: SourceKind, owner: &str, day: Date) -> Result<Self, NotAnOwner> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (1..=64).contains(&owner.len()) && owner.bytes().all(plain) {
            Ok(Self { kind, owner: owner.to_owned(), day })
        } else {
            Err(NotAnOwner { text: owner.to_owned() })
        }
    }

    /// Which kind.
    pub const fn kind(&self) -> SourceKind {
        self.kind
    }

    /// Whose.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The accounting day.
    pub const fn day(&self) -> Date {
        self.day
    }

    /// The same owner's file of another kind.
    pub fn of_kind(&self, kind: SourceKind) -> Self {
        Self { kind, ..self.clone() }
    }
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind.code(), self.owner, self.day)
    }
}

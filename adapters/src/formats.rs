//! Every format that others write to us and that is read before anything proves who wrote it:
//! bodies of callbacks before their signatures, files before their totals. Reading one MUST end,
//! with a refusal where it makes no sense, whatever the bytes are.

use crate::{alipay, non_tax, unionpay, wechat};

/// A format of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// WeChat Pay's callbacks.
    WeChatCallback,
    /// WeChat Pay's bills.
    WeChatBill,
    /// Alipay's callbacks.
    AlipayCallback,
    /// Alipay's answers.
    AlipayAnswer,
    /// Alipay's bills.
    AlipayBill,
    /// UnionPay's callbacks.
    UnionPayCallback,
    /// UnionPay's answers.
    UnionPayAnswer,
    /// UnionPay's settlement files.
    UnionPaySettlement,
    /// The non-tax gateway's calls and answers.
    GatewayCall,
    /// The finance department's verdicts and refunds.
    Clearing,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::WeChatCallback,
        Self::WeChatBill,
        Self::AlipayCallback,
        Self::AlipayAnswer,
        Self::AlipayBill,
        Self::UnionPayCallback,
        Self::UnionPayAnswer,
        Self::UnionPaySettlement,
        Self::GatewayCall,
        Self::Clearing,
    ];

    /// Whether the bytes make sense in this format; nothing of them is believed.
    pub fn reads(self, bytes: &[u8]) -> bool {
        match self {
            Self::WeChatCallback => wechat::formats::callback(bytes),
            Self::WeChatBill => wechat::formats::bill(bytes),
            Self::AlipayCallback => alipay::formats::callback(bytes),
            Self::AlipayAnswer => alipay::formats::answer(bytes),
            Self::AlipayBill => alipay::formats::bill(bytes),
            Self::UnionPayCallback => unionpay::formats::callback(bytes),
            Self::UnionPayAnswer => unionpay::formats::answer(bytes),
            Self::UnionPaySettlement => unionpay::formats::settlement(bytes),
            Self::GatewayCall => non_tax::formats::call(bytes),
            Self::Clearing => non_tax::formats::clearing(bytes),
        }
    }
}

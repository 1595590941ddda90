//! WeChat's own names; nothing here leaves `wechat`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub(super) struct PrepayWire<'a> {
    pub appid: &'a str,
    pub mchid: &'a str,
    pub description: &'a str,
    pub out_trade_no: &'a str,
    pub time_expire: &'a str,
    pub notify_url: &'a str,
    pub amount: PrepayAmountWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer: Option<PayerWire<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct PrepayAmountWire {
    pub total: i64,
    pub currency: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct PayerWire<'a> {
    pub openid: &'a str,
}

/// Native has an address, the others an id.
#[derive(Debug, Deserialize)]
pub(super) struct PrepaidWire {
    pub prepay_id: Option<String>,
    pub code_url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct CloseWire<'a> {
    pub mchid: &'a str,
}

/// Body of a 4xx or 5xx; a proxy's page has neither.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorWire {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
}

/// An order, in answers and callbacks. Unpaid ones lack most of it.
#[derive(Debug, Deserialize)]
pub(super) struct TransactionWire {
    pub appid: Option<String>,
    pub mchid: Option<String>,
    pub out_trade_no: Option<String>,
    pub transaction_id: Option<String>,
    pub trade_state: Option<String>,
    pub success_time: Option<String>,
    pub amount: Option<AmountWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AmountWire {
    pub total: Option<i64>,
    pub currency: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NotificationWire {
    pub id: String,
    pub event_type: String,
    pub resource: ResourceWire,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceWire {
    pub algorithm: String,
    pub ciphertext: String,
    #[serde(default)]
    pub associated_data: String,
    pub nonce: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CertificatesWire {
    pub data: Vec<CertificateWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CertificateWire {
    pub serial_no: String,
    pub encrypt_certificate: ResourceWire,
}

#[derive(Debug, Serialize)]
pub(super) struct RefundRequestWire<'a> {
    pub transaction_id: &'a str,
    pub out_refund_no: &'a str,
    pub reason: &'a str,
    pub notify_url: &'a str,
    pub amount: RefundRequestAmountWire,
}

#[derive(Debug, Serialize)]
pub(super) struct RefundRequestAmountWire {
    pub refund: i64,
    pub total: i64,
    pub currency: &'static str,
}

/// A stuck refund that goes to another account; `bank_account` and `real_name` are sealed.
#[derive(Debug, Serialize)]
pub(super) struct RedirectRequestWire<'a> {
    pub out_refund_no: &'a str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub bank_type: &'static str,
    pub bank_account: &'a str,
    pub real_name: &'a str,
}

/// A refund, in answers (`status`) and in callbacks (`refund_status`, with `mchid`).
#[derive(Debug, Deserialize)]
pub(super) struct RefundWire {
    pub mchid: Option<String>,
    pub out_trade_no: Option<String>,
    pub out_refund_no: Option<String>,
    pub refund_id: Option<String>,
    #[serde(alias = "refund_status")]
    pub status: Option<String>,
    pub success_time: Option<String>,
    pub amount: Option<RefundAmountWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundAmountWire {
    pub refund: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BillWire {
    pub hash_type: String,
    pub hash_value: String,
    pub download_url: String,
}

/// `errcode` is absent or 0 on success.
#[derive(Debug, Deserialize)]
pub(super) struct SessionWire {
    #[serde(default)]
    pub errcode: i64,
    #[serde(default)]
    pub errmsg: String,
    pub openid: Option<String>,
    pub unionid: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct TokenRequestWire<'a> {
    pub grant_type: &'static str,
    pub appid: &'a str,
    pub secret: &'a str,
    pub force_refresh: bool,
}

#[derive(Deserialize)]
pub(super) struct TokenWire {
    #[serde(default)]
    pub errcode: i64,
    #[serde(default)]
    pub errmsg: String,
    pub access_token: Option<String>,
    pub expires_in: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(super) struct PhoneRequestWire<'a> {
    pub code: &'a str,
}

#[derive(Deserialize)]
pub(super) struct PhoneWire {
    #[serde(default)]
    pub errcode: i64,
    #[serde(default)]
    pub errmsg: String,
    pub phone_info: Option<PhoneInfoWire>,
}

#[derive(Deserialize)]
pub(super) struct PhoneInfoWire {
    #[serde(rename = "purePhoneNumber")]
    pub pure_phone_number: String,
    #[serde(rename = "countryCode")]
    pub country_code: CountryCodeWire,
    pub watermark: WatermarkWire,
}

/// Documented as text, seen as a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum CountryCodeWire {
    Text(String),
    Number(i64),
}

#[derive(Deserialize)]
pub(super) struct WatermarkWire {
    pub timestamp: i64,
    pub appid: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SubscribeMessageWire<'a> {
    pub touser: &'a str,
    pub template_id: &'a str,
    pub page: &'a str,
    pub miniprogram_state: &'static str,
    pub lang: &'static str,
    pub data: BTreeMap<String, MessageValueWire>,
}

#[derive(Debug, Serialize)]
pub(super) struct MessageValueWire {
    pub value: String,
}

/// Answer to a message; the number may be missing.
#[derive(Debug, Deserialize)]
pub(super) struct MessageSentWire {
    #[serde(default)]
    pub errcode: i64,
    #[serde(default)]
    pub errmsg: String,
    pub msgid: Option<NumberWire>,
}

/// The platform writes long numbers as numbers here and as text there.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum NumberWire {
    Number(u64),
    Text(String),
}

impl NumberWire {
    pub fn text(self) -> Option<String> {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        };
        (1..=64).contains(&text.len()).then_some(text)
    }
}

/// A pushed message in secure mode.
#[derive(Debug, Deserialize)]
pub(super) struct SealedPushWire {
    #[serde(rename = "Encrypt")]
    pub encrypt: String,
}

/// A pushed event; others than of messages have no list.
#[derive(Debug, Deserialize)]
pub(super) struct PushedEventWire {
    #[serde(rename = "MsgType", default)]
    pub kind: String,
    #[serde(rename = "Event", default)]
    pub event: String,
    #[serde(rename = "List", default)]
    pub list: Option<PushedListWire>,
}

/// One of them stands without its list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PushedListWire {
    Many(Vec<PushedSentWire>),
    One(PushedSentWire),
}

#[derive(Debug, Deserialize)]
pub(super) struct PushedSentWire {
    #[serde(rename = "MsgID")]
    pub msg_id: Option<NumberWire>,
    #[serde(rename = "ErrorCode")]
    pub error_code: Option<NumberWire>,
    #[serde(rename = "ErrorStatus", default)]
    pub error_status: String,
}

//! WeChat's own names; nothing here leaves `wechat`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize)]
pub(super) struct PrepayWire<'a> {
    pub appid: &'a str,
    pub mchid: &'a str,
    pub description: &'a str,
    pub out_trade_no: &'a str,
    pub time_expire: &'a str,
    pub notify_url: &'a str,
    pub amount: PrepayAmountWire,
    pub payer: PayerWire<'a>,
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

#[derive(Debug, Deserialize)]
pub(super) struct PrepaidWire {
    pub prepay_id: String,
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

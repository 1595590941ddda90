//! Alipay's own names; nothing here leaves `alipay`.

use serde::{Deserialize, Serialize};

/// What every node begins with. A token's answer has no code when it succeeds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct HeadWire {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub msg: String,
    #[serde(default, alias = "subCode")]
    pub sub_code: String,
    #[serde(default, alias = "subMsg")]
    pub sub_msg: String,
}

#[derive(Debug, Serialize)]
pub(super) struct TradeWire<'a> {
    pub out_trade_no: &'a str,
    /// Yuan with two decimals.
    pub total_amount: &'a str,
    pub subject: &'a str,
    pub product_code: &'static str,
    /// Beijing time.
    pub time_expire: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_app_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_open_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct TradeKeyWire<'a> {
    pub out_trade_no: &'a str,
}

/// Answer to create and close.
#[derive(Debug, Deserialize)]
pub(super) struct TradeNamedWire {
    pub out_trade_no: Option<String>,
    pub trade_no: Option<String>,
}

/// Answer to query. Unpaid trades lack most of it.
#[derive(Debug, Deserialize)]
pub(super) struct TradeStateWire {
    pub out_trade_no: Option<String>,
    pub trade_no: Option<String>,
    pub trade_status: Option<String>,
    pub total_amount: Option<String>,
    pub receipt_amount: Option<String>,
    pub buyer_pay_amount: Option<String>,
    pub send_pay_date: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RefundRequestWire<'a> {
    pub out_trade_no: &'a str,
    pub trade_no: &'a str,
    pub refund_amount: &'a str,
    pub out_request_no: &'a str,
    pub refund_reason: &'a str,
}

/// `refund_fee` is the sum of all refunds of the trade, so it is not read.
#[derive(Debug, Deserialize)]
pub(super) struct RefundedWire {
    pub out_trade_no: Option<String>,
    pub fund_change: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RefundQueryWire<'a> {
    pub out_trade_no: &'a str,
    pub trade_no: &'a str,
    pub out_request_no: &'a str,
    pub query_options: [&'static str; 1],
}

/// Without refund fields where the platform knows nothing of the number.
#[derive(Debug, Deserialize)]
pub(super) struct RefundStateWire {
    pub out_trade_no: Option<String>,
    pub out_request_no: Option<String>,
    pub refund_amount: Option<String>,
    pub refund_status: Option<String>,
    pub gmt_refund_pay: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct BillRequestWire<'a> {
    pub bill_type: &'static str,
    pub bill_date: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct BillWire {
    pub bill_download_url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct CertificateRequestWire<'a> {
    pub alipay_cert_sn: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct CertificateWire {
    /// Base64 of PEM.
    pub alipay_cert_content: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TokenWire {
    pub access_token: Option<String>,
    pub user_id: Option<String>,
    pub open_id: Option<String>,
}

/// What `my.getPhoneNumber` hands to the client.
#[derive(Deserialize)]
pub(super) struct SealedWire {
    pub response: String,
    pub sign: String,
    #[serde(default, alias = "signType")]
    pub sign_type: Option<String>,
    #[serde(default, alias = "encryptType")]
    pub encrypt_type: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PhoneWire {
    pub mobile: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct TemplateMessageWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_open_id: Option<&'a str>,
    /// The trade that allows the message; a subscription has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form_id: Option<&'a str>,
    pub user_template_id: &'a str,
    pub page: &'a str,
    pub data: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct TemplateValueWire<'a> {
    pub value: &'a str,
}

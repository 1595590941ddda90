//! What a client's cashier is handed.

use async_graphql::{SimpleObject, Union};
use domain::payment::Cashier as DomainCashier;

/// What the client hands to wx.requestPayment, my.tradePay or the native SDK, field for field.
#[derive(Union)]
pub enum Cashier {
    /// `wx.requestPayment`.
    WeChatMini(WeChatMiniCashier),
    /// The WeChat SDK of the app.
    WeChatApp(WeChatAppCashier),
    /// A QR code.
    WeChatNative(WeChatNativeCashier),
    /// `my.tradePay`.
    AlipayMini(AlipayMiniCashier),
    /// The Alipay SDK of the app.
    AlipayApp(AlipayAppCashier),
    /// The UnionPay SDK of the app.
    UnionPay(UnionPayCashier),
}

/// Parameters of `wx.requestPayment`.
#[derive(SimpleObject)]
pub struct WeChatMiniCashier {
    /// Unix seconds, as text.
    time_stamp: String,
    /// Random text.
    nonce_str: String,
    /// `prepay_id=…`.
    package: String,
    /// `RSA`.
    sign_type: String,
    /// Our signature over the above.
    pay_sign: String,
}

/// The `PayReq` of the WeChat SDK.
#[derive(SimpleObject)]
pub struct WeChatAppCashier {
    /// The app's id at WeChat.
    app_id: String,
    /// Merchant number.
    partner_id: String,
    /// The order at WeChat Pay.
    prepay_id: String,
    /// Always `Sign=WXPay`.
    package: String,
    /// Random text.
    nonce_str: String,
    /// Unix seconds, as text.
    time_stamp: String,
    /// Our signature.
    sign: String,
}

/// Shown as a QR code; whoever scans it with WeChat pays.
#[derive(SimpleObject)]
pub struct WeChatNativeCashier {
    /// The text of the code.
    code_url: String,
}

/// Pass as tradeNO.
#[derive(SimpleObject)]
pub struct AlipayMiniCashier {
    /// The order at Alipay.
    trade_no: String,
}

/// Handed to the Alipay SDK as it is.
#[derive(SimpleObject)]
pub struct AlipayAppCashier {
    /// The signed order.
    order_string: String,
}

/// Handed to the UnionPay SDK.
#[derive(SimpleObject)]
pub struct UnionPayCashier {
    /// The order at UnionPay.
    tn: String,
}

impl From<DomainCashier> for Cashier {
    fn from(cashier: DomainCashier) -> Self {
        use DomainCashier as D;
        match cashier {
            D::WeChatMini { time_stamp, nonce_str, package, sign_type, pay_sign } => {
                let mini =
                    WeChatMiniCashier { time_stamp, nonce_str, package, sign_type, pay_sign };
                Self::WeChatMini(mini)
            }
            D::WeChatApp {
                app_id,
                partner_id,
                prepay_id,
                package,
                nonce_str,
                time_stamp,
                sign,
            } => Self::WeChatApp(WeChatAppCashier {
                app_id,
                partner_id,
                prepay_id,
                package,
                nonce_str,
                time_stamp,
                sign,
            }),
            D::WeChatNative { code_url } => Self::WeChatNative(WeChatNativeCashier { code_url }),
            D::AlipayMini { trade_no } => Self::AlipayMini(AlipayMiniCashier { trade_no }),
            D::AlipayApp { order_string } => Self::AlipayApp(AlipayAppCashier { order_string }),
            D::UnionPay { tn } => Self::UnionPay(UnionPayCashier { tn }),
        }
    }
}

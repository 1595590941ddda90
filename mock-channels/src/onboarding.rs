//! What the platforms hand to a merchant who joins them.

use std::collections::BTreeMap;
use std::fmt;

mod alipay;
mod express;

pub use alipay::AlipayOnboarding;
pub use express::ExpressOnboarding;

use serde::{Deserialize, Serialize};

/// Everything a backend must be told before it can speak to the platforms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onboarding {
    /// Where all platforms are played.
    pub base_url: String,
    /// The mini-program platform.
    pub wechat: WeChatOnboarding,
    /// WeChat Pay, API version 3.
    pub wechat_pay: WeChatPayOnboarding,
    /// Alipay's open platform.
    pub alipay: AlipayOnboarding,
    /// The departments' exchange.
    pub exchange: ExchangeOnboarding,
    /// The express carrier.
    pub express: ExpressOnboarding,
    /// The non-tax payment gateway.
    pub gateway: GatewayOnboarding,
    /// UnionPay, version 5.1.0.
    pub unionpay: UnionPayOnboarding,
}

/// Identity of a mini-program.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeChatOnboarding {
    /// The mini-program's app id.
    pub app_id: String,
    /// Its secret.
    pub app_secret: String,
    /// Address of the mini-program platform.
    pub base_url: String,
    /// Ids of the message templates that were chosen in the console, by our names.
    #[serde(default)]
    pub message_templates: BTreeMap<String, String>,
    /// The token with which pushed events are signed.
    #[serde(default)]
    pub message_token: String,
    /// The 43 characters of the key with which they are sealed.
    #[serde(default)]
    pub encoding_aes_key: String,
}

impl fmt::Debug for WeChatOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeChatOnboarding")
            .field("app_id", &self.app_id)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Identity and keys of a WeChat Pay merchant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeChatPayOnboarding {
    /// Address of the payment API.
    pub base_url: String,
    /// Merchant number.
    pub mch_id: String,
    /// Serial number of the merchant's API certificate.
    pub merchant_serial: String,
    /// The merchant's private key, PKCS#8 PEM.
    pub merchant_private_key_pem: String,
    /// The 32 ASCII characters that seal notifications.
    pub api_v3_key: String,
    /// `PUB_KEY_ID_…`
    pub platform_key_id: String,
    /// WeChat Pay's public key, SPKI PEM.
    pub platform_public_key_pem: String,
}

impl fmt::Debug for WeChatPayOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeChatPayOnboarding")
            .field("base_url", &self.base_url)
            .field("mch_id", &self.mch_id)
            .field("merchant_serial", &self.merchant_serial)
            .field("platform_key_id", &self.platform_key_id)
            .finish_non_exhaustive()
    }
}

/// What a client of the departments' exchange is given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeOnboarding {
    /// Address before `/exchange/v1/`.
    pub base_url: String,
    /// The client id.
    pub client_id: String,
    /// 32 bytes, base64.
    pub key_base64: String,
}

impl fmt::Debug for ExchangeOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeOnboarding")
            .field("base_url", &self.base_url)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Keys of both sides of the payment gateway.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayOnboarding {
    /// Address before `/services/UnifiedPayment`.
    pub base_url: String,
    /// Id of the caller's key.
    pub our_key_id: String,
    /// The caller's private key, PKCS#8 PEM.
    pub our_private_key_pem: String,
    /// Id of the gateway's key.
    pub gateway_key_id: String,
    /// The gateway's public key, SPKI PEM.
    pub gateway_public_key_pem: String,
    /// The algorithm that both sides start with: `RSA-SHA256`.
    pub algorithm: String,
    /// Id of the caller's SM2 key.
    pub our_sm2_key_id: String,
    /// The caller's SM2 private key, PKCS#8 PEM.
    pub our_sm2_private_key_pem: String,
    /// All public keys of the gateway that were valid when it was started; `Get_Keys` tells of
    /// later ones.
    pub gateway_keys: Vec<GatewayKey>,
    /// Id of the key that seals content.
    pub sm4_key_id: String,
    /// 16 bytes, base64.
    pub sm4_key_base64: String,
}

/// One public key of the payment gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayKey {
    /// Its id.
    pub key_id: String,
    /// `RSA-SHA256` or `SM2-SM3`.
    pub algorithm: String,
    /// SPKI PEM.
    pub public_key_pem: String,
}

impl fmt::Debug for GatewayOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayOnboarding")
            .field("base_url", &self.base_url)
            .field("our_key_id", &self.our_key_id)
            .field("gateway_key_id", &self.gateway_key_id)
            .field("gateway_keys", &self.gateway_keys)
            .field("our_sm2_key_id", &self.our_sm2_key_id)
            .finish_non_exhaustive()
    }
}

/// Identity, key and certificates of a UnionPay merchant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnionPayOnboarding {
    /// Address before `/gateway/api/appTransReq.do`.
    pub gateway_url: String,
    /// Address to which requests for settlement files go.
    pub file_url: String,
    /// Merchant number, 15 characters.
    pub mer_id: String,
    /// The merchant's private key, PKCS#8 PEM.
    pub merchant_private_key_pem: String,
    /// The merchant's certificate, PEM.
    pub merchant_certificate_pem: String,
    /// Its serial number, decimal.
    pub cert_id: String,
    /// The root certificate to which UnionPay's signing certificates lead, PEM.
    pub root_certificate_pem: String,
    /// The certificate between, PEM.
    pub middle_certificate_pem: String,
}

impl fmt::Debug for UnionPayOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnionPayOnboarding")
            .field("gateway_url", &self.gateway_url)
            .field("mer_id", &self.mer_id)
            .field("cert_id", &self.cert_id)
            .finish_non_exhaustive()
    }
}

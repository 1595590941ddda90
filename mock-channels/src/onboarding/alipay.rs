//! What Alipay hands to a merchant.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alipay::cert::pkcs1_pem;
use crate::world::alipay::secrets::Secrets;
use crate::world::outbox::{self, Carrier};

/// Identity, keys and certificates of a merchant with two apps.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlipayOnboarding {
    /// Address of version 2, where every method is called.
    pub gateway_url: String,
    /// Address before `/v3/`.
    pub base_url: String,
    /// The seller's partner number (PID).
    pub seller_id: String,
    /// App id of the mini-program.
    pub mini_app_id: String,
    /// App id of the native app.
    pub native_app_id: String,
    /// The private key of both apps, PKCS#8 PEM.
    pub app_private_key_pem: String,
    /// The same key, PKCS#1 PEM.
    pub app_private_key_pkcs1_pem: String,
    /// Alipay's public key, SPKI PEM.
    pub alipay_public_key_pem: String,
    /// Certificate of the mini-program's key.
    pub mini_app_cert_pem: String,
    /// Certificate of the native app's key.
    pub native_app_cert_pem: String,
    /// Certificate of Alipay's key, then that of its issuer.
    pub alipay_cert_pem: String,
    /// Alipay's roots.
    pub alipay_root_cert_pem: String,
    /// The 16 bytes that seal phone numbers and encrypted calls, base64.
    pub content_key_base64: String,
    /// Ids of the message templates that were chosen in the console, by our names.
    #[serde(default)]
    pub message_templates: BTreeMap<String, String>,
}

impl AlipayOnboarding {
    pub(crate) fn of(secrets: &Secrets, base_url: String) -> Self {
        let secrets = secrets.clone();
        Self {
            gateway_url: format!("{base_url}/alipay/gateway.do"),
            base_url,
            message_templates: outbox::chosen(Carrier::Alipay),
            seller_id: secrets.pid,
            mini_app_id: secrets.mini_app_id,
            native_app_id: secrets.native_app_id,
            app_private_key_pkcs1_pem: pkcs1_pem(&secrets.app_private_pem).unwrap_or_default(),
            app_private_key_pem: secrets.app_private_pem,
            alipay_public_key_pem: secrets.alipay.public_pem,
            mini_app_cert_pem: secrets.mini_cert_pem,
            native_app_cert_pem: secrets.native_cert_pem,
            alipay_cert_pem: secrets.alipay.chain_pem,
            alipay_root_cert_pem: secrets.root_certs_pem,
            content_key_base64: secrets.content_key_base64,
        }
    }
}

impl fmt::Debug for AlipayOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlipayOnboarding")
            .field("gateway_url", &self.gateway_url)
            .field("seller_id", &self.seller_id)
            .field("mini_app_id", &self.mini_app_id)
            .field("native_app_id", &self.native_app_id)
            .finish_non_exhaustive()
    }
}

//! The keys of the outside world, made once.

use std::fmt;
use std::thread;

use serde::{Deserialize, Serialize};

use super::gateway_keys::{GatewayRing, GatewaySecrets};
use crate::crypto::{
    self, CryptoError, DIGITS, LETTERS_AND_DIGITS, SigningKey, UPPER_HEX, VerifyingKey,
};

/// Identifiers and secrets as they are kept in the state file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) app_id: String,
    pub(crate) app_secret: String,
    pub(crate) mch_id: String,
    pub(crate) merchant_serial: String,
    pub(crate) merchant_private_pem: String,
    pub(crate) merchant_public_pem: String,
    pub(crate) api_v3_key: String,
    pub(crate) platform_key_id: String,
    pub(crate) platform_private_pem: String,
    pub(crate) platform_public_pem: String,
    pub(crate) exchange_client_id: String,
    pub(crate) exchange_key_base64: String,
    #[serde(default)]
    pub(crate) express_customer_no: String,
    #[serde(default)]
    pub(crate) express_key_base64: String,
    pub(crate) caller_key_id: String,
    pub(crate) caller_private_pem: String,
    pub(crate) caller_public_pem: String,
    pub(crate) gateway_key_id: String,
    pub(crate) gateway_private_pem: String,
    pub(crate) gateway_public_pem: String,
    #[serde(default)]
    pub(crate) gateway: GatewaySecrets,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("mch_id", &self.mch_id).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Makes the four RSA keys side by side: one after the other would be most of the start.
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        let makers: Vec<_> = (0..4).map(|_| thread::spawn(pem_pair)).collect();
        let mut pairs = Vec::new();
        for maker in makers {
            pairs.push(maker.join().unwrap_or(Err(CryptoError))?);
        }
        let mut pairs = pairs.into_iter();
        let mut next = || pairs.next().ok_or(CryptoError);
        let (merchant_private_pem, merchant_public_pem) = next()?;
        let (platform_private_pem, platform_public_pem) = next()?;
        let (caller_private_pem, caller_public_pem) = next()?;
        let (gateway_private_pem, gateway_public_pem) = next()?;
        let mut secrets = Self {
            app_id: format!("wx{}", crypto::hex(&crypto::random_bytes::<8>())),
            app_secret: crypto::hex(&crypto::random_bytes::<16>()),
            mch_id: format!("19{}", crypto::random_text(DIGITS, 8)),
            merchant_serial: crypto::random_text(UPPER_HEX, 40),
            merchant_private_pem,
            merchant_public_pem,
            api_v3_key: crypto::random_text(LETTERS_AND_DIGITS, 32),
            platform_key_id: format!("PUB_KEY_ID_01{}", crypto::random_text(DIGITS, 26)),
            platform_private_pem,
            platform_public_pem,
            exchange_client_id: format!("yw{}", crypto::random_text(DIGITS, 6)),
            exchange_key_base64: crypto::base64(&crypto::random_bytes::<32>()),
            express_customer_no: String::new(),
            express_key_base64: String::new(),
            caller_key_id: "ZJ-UNIPAY-CALLER-01".to_owned(),
            caller_private_pem,
            caller_public_pem,
            gateway_key_id: "ZJ-UNIPAY-GATEWAY-01".to_owned(),
            gateway_private_pem,
            gateway_public_pem,
            gateway: GatewaySecrets::default(),
        };
        secrets.complete()?;
        Ok(secrets)
    }

    /// Makes the keys that a state file from an earlier time does not have.
    pub(crate) fn complete(&mut self) -> Result<(), CryptoError> {
        if self.express_key_base64.is_empty() {
            self.express_customer_no = format!("33{}", crypto::random_text(DIGITS, 10));
            self.express_key_base64 = crypto::base64(&crypto::random_bytes::<32>());
        }
        self.gateway.complete(
            &self.gateway_key_id,
            &self.gateway_private_pem,
            &self.gateway_public_pem,
        )
    }
}

fn pem_pair() -> Result<(String, String), CryptoError> {
    let key = SigningKey::generate()?;
    Ok((key.private_pem()?, key.public_pem()?))
}

/// The keys ready for use: reading PEM for every request would be slow.
pub(crate) struct Keys {
    pub(crate) merchant_public: VerifyingKey,
    pub(crate) gateway: GatewayRing,
    pub(crate) exchange: Vec<u8>,
    pub(crate) express: Vec<u8>,
}

impl Keys {
    pub(crate) fn read(secrets: &Secrets) -> Result<Self, CryptoError> {
        Ok(Self {
            merchant_public: VerifyingKey::from_pem(&secrets.merchant_public_pem)?,
            gateway: GatewayRing::read(&secrets.caller_public_pem, &secrets.gateway)?,
            exchange: crypto::from_base64(&secrets.exchange_key_base64)?,
            express: crypto::from_base64(&secrets.express_key_base64)?,
        })
    }
}

//! Keys and certificates of Alipay and of the merchant's apps, made once.

use std::fmt;
use std::sync::OnceLock;
use std::thread;

use serde::{Deserialize, Serialize};

use crate::alipay::cert::{self, Authority, CertError};
use crate::crypto::{self, CryptoError, DIGITS, SigningKey, VerifyingKey};

/// Identifiers and secrets as they are kept in the state file.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Secrets {
    /// The seller's partner number.
    pub(crate) pid: String,
    pub(crate) mini_app_id: String,
    pub(crate) native_app_id: String,
    /// One key for both apps.
    pub(crate) app_private_pem: String,
    pub(crate) app_public_pem: String,
    pub(crate) mini_cert_pem: String,
    pub(crate) native_cert_pem: String,
    /// Several roots, as the real file has.
    pub(crate) root_certs_pem: String,
    pub(crate) authority: Authority,
    pub(crate) alipay: PlatformKey,
    /// The key after a rotation, from its first day on.
    pub(crate) second: Option<PlatformKey>,
    /// Whether the second key signs.
    pub(crate) rotated: bool,
    /// Seals phone numbers and encrypted calls.
    pub(crate) content_key_base64: String,
}

/// A key with which Alipay signs, and the certificates that say so.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PlatformKey {
    pub(crate) private_pem: String,
    pub(crate) public_pem: String,
    /// The key's certificate first, then the one that vouches for it.
    pub(crate) chain_pem: String,
    pub(crate) cert_sn: String,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Whether the state came from a version that did not know Alipay, or is the first.
    pub(crate) fn are_missing(&self) -> bool {
        self.pid.is_empty()
    }

    pub(crate) fn generate() -> Result<Self, CertError> {
        let makers: Vec<_> = (0..4).map(|_| thread::spawn(SigningKey::generate)).collect();
        let mut keys = Vec::new();
        for maker in makers {
            keys.push(maker.join().unwrap_or(Err(CryptoError))?);
        }
        let mut keys = keys.into_iter();
        let mut next = || keys.next().ok_or(CryptoError);
        let (root, issuer, app, alipay) = (next()?, next()?, next()?, next()?);
        let (authority, root_certs_pem) = Authority::found(&root, &issuer)?;
        let mini_app_id = format!("2021{}", crypto::random_text(DIGITS, 12));
        let native_app_id = format!("2021{}", crypto::random_text(DIGITS, 12));
        Ok(Self {
            pid: format!("2088{}", crypto::random_text(DIGITS, 12)),
            mini_cert_pem: authority.certify(&app, &mini_app_id)?,
            native_cert_pem: authority.certify(&app, &native_app_id)?,
            mini_app_id,
            native_app_id,
            app_private_pem: app.private_pem()?,
            app_public_pem: app.public_pem()?,
            root_certs_pem,
            alipay: PlatformKey::certified(&alipay, &authority)?,
            authority,
            second: None,
            rotated: false,
            content_key_base64: crypto::base64(&crypto::random_bytes::<16>()),
        })
    }

    pub(crate) fn knows_app(&self, app_id: &str) -> bool {
        app_id == self.mini_app_id || app_id == self.native_app_id
    }

    /// The certificate that an app was given.
    pub(crate) fn app_cert_pem(&self, app_id: &str) -> &str {
        if app_id == self.native_app_id { &self.native_cert_pem } else { &self.mini_cert_pem }
    }

    /// The key that signs now.
    pub(crate) fn signing(&self) -> &PlatformKey {
        self.second.as_ref().filter(|_| self.rotated).unwrap_or(&self.alipay)
    }

    /// Both keys that may be met.
    pub(crate) fn platform_keys(&self) -> impl Iterator<Item = &PlatformKey> {
        std::iter::once(&self.alipay).chain(self.second.as_ref())
    }

    pub(crate) fn root_cert_sn(&self) -> Option<String> {
        cert::root_serial(&self.root_certs_pem)
    }
}

impl PlatformKey {
    pub(crate) fn certified(key: &SigningKey, authority: &Authority) -> Result<Self, CertError> {
        let own = authority.certify(key, "模拟支付宝（中国）网络技术有限公司")?;
        Ok(Self {
            private_pem: key.private_pem()?,
            public_pem: key.public_pem()?,
            cert_sn: cert::serial(&own).ok_or(CryptoError)?,
            chain_pem: own + &authority.cert_pem,
        })
    }
}

/// The keys ready for use.
pub(crate) struct Keys {
    pub(crate) app_public: VerifyingKey,
    first: SigningKey,
    second: OnceLock<SigningKey>,
    pub(crate) content: Vec<u8>,
}

impl Keys {
    pub(crate) fn read(secrets: &Secrets) -> Result<Self, CryptoError> {
        let second = OnceLock::new();
        if let Some(key) = &secrets.second {
            let key = SigningKey::from_pem(&key.private_pem)?;
            second.get_or_init(|| key);
        }
        Ok(Self {
            app_public: VerifyingKey::from_pem(&secrets.app_public_pem)?,
            first: SigningKey::from_pem(&secrets.alipay.private_pem)?,
            second,
            content: crypto::from_base64(&secrets.content_key_base64)?,
        })
    }

    /// Takes the second key into use; there is only ever one.
    pub(crate) fn add_second(&self, key: SigningKey) {
        self.second.get_or_init(|| key);
    }

    /// Signs with the key that is in use.
    pub(crate) fn sign(&self, rotated: bool, message: &[u8]) -> Result<String, CryptoError> {
        self.second.get().filter(|_| rotated).unwrap_or(&self.first).sign(message)
    }
}

//! The keys of both sides of the payment gateway, and the ring that has them ready for use.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::gateway::Algorithm;
use crate::crypto::sm::{Sm2SigningKey, Sm2VerifyingKey, sm2_pem_pair};
use crate::crypto::{self, CryptoError, SigningKey, VerifyingKey};

/// What the state file keeps of them beside the two RSA keys that were always there.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GatewaySecrets {
    pub(crate) caller_sm2_key_id: String,
    pub(crate) caller_sm2_private_pem: String,
    pub(crate) caller_sm2_public_pem: String,
    pub(crate) sm4_key_id: String,
    pub(crate) sm4_key_base64: String,
    /// The gateway's own, oldest first.
    pub(crate) keys: Vec<GatewayKeySecret>,
}

impl fmt::Debug for GatewaySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&String> = self.keys.iter().map(|key| &key.id).collect();
        f.debug_struct("GatewaySecrets").field("keys", &ids).finish_non_exhaustive()
    }
}

/// One key pair of the gateway.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct GatewayKeySecret {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) private_pem: String,
    pub(crate) public_pem: String,
    /// Signs from now on; the first valid one does where none is in use.
    pub(crate) in_use: bool,
    pub(crate) retired: bool,
}

impl GatewaySecrets {
    /// Makes what is missing: everything at the first start, and whatever a state file from an
    /// earlier time does not have. The first key is the RSA pair that was always there.
    pub(crate) fn complete(
        &mut self,
        rsa_key_id: &str,
        rsa_private_pem: &str,
        rsa_public_pem: &str,
    ) -> Result<(), CryptoError> {
        if self.keys.is_empty() {
            self.keys.push(GatewayKeySecret {
                id: rsa_key_id.to_owned(),
                algorithm: Algorithm::RsaSha256,
                private_pem: rsa_private_pem.to_owned(),
                public_pem: rsa_public_pem.to_owned(),
                in_use: true,
                retired: false,
            });
            self.add(Algorithm::Sm2Sm3)?;
        }
        if self.caller_sm2_key_id.is_empty() {
            let (private, public) = sm2_pem_pair()?;
            self.caller_sm2_key_id = "ZJ-UNIPAY-CALLER-SM2-01".to_owned();
            self.caller_sm2_private_pem = private;
            self.caller_sm2_public_pem = public;
        }
        if self.sm4_key_id.is_empty() {
            self.sm4_key_id = "ZJ-UNIPAY-SM4-01".to_owned();
            self.sm4_key_base64 = crypto::base64(&crypto::random_bytes::<16>());
        }
        Ok(())
    }

    /// A new key of the gateway, valid at once and not yet in use.
    pub(crate) fn add(&mut self, algorithm: Algorithm) -> Result<&GatewayKeySecret, CryptoError> {
        let (private_pem, public_pem) = match algorithm {
            Algorithm::RsaSha256 => {
                let key = SigningKey::generate()?;
                (key.private_pem()?, key.public_pem()?)
            }
            Algorithm::Sm2Sm3 => sm2_pem_pair()?,
        };
        let number = self.keys.iter().filter(|key| key.algorithm == algorithm).count() + 1;
        let infix = match algorithm {
            Algorithm::RsaSha256 => "",
            Algorithm::Sm2Sm3 => "SM2-",
        };
        let id = format!("ZJ-UNIPAY-GATEWAY-{infix}{number:02}");
        let (in_use, retired) = (false, false);
        self.keys.push(GatewayKeySecret {
            id,
            algorithm,
            private_pem,
            public_pem,
            in_use,
            retired,
        });
        self.keys.last().ok_or(CryptoError)
    }

    pub(crate) fn valid(&self) -> impl Iterator<Item = &GatewayKeySecret> {
        self.keys.iter().filter(|key| !key.retired)
    }

    /// The oldest valid key of an algorithm: who asks for the keys knows it if anybody does.
    pub(crate) fn oldest(&self, algorithm: Algorithm) -> Option<&GatewayKeySecret> {
        self.valid().find(|key| key.algorithm == algorithm)
    }

    /// The key that signs.
    pub(crate) fn signing(&self, algorithm: Algorithm) -> Option<&GatewayKeySecret> {
        self.valid()
            .find(|key| key.algorithm == algorithm && key.in_use)
            .or_else(|| self.oldest(algorithm))
    }
}

/// A key of the gateway that can sign.
enum Signer {
    Rsa(SigningKey),
    Sm2(Sm2SigningKey),
}

/// The keys ready for use: reading PEM for every message would be slow.
pub(crate) struct GatewayRing {
    caller_rsa: VerifyingKey,
    caller_sm2: Sm2VerifyingKey,
    pub(crate) sm4: Vec<u8>,
    signers: Mutex<BTreeMap<String, Arc<Signer>>>,
}

impl GatewayRing {
    pub(crate) fn read(
        caller_rsa_pem: &str,
        secrets: &GatewaySecrets,
    ) -> Result<Self, CryptoError> {
        Ok(Self {
            caller_rsa: VerifyingKey::from_pem(caller_rsa_pem)?,
            caller_sm2: Sm2VerifyingKey::from_pem(&secrets.caller_sm2_public_pem)?,
            sm4: crypto::from_base64(&secrets.sm4_key_base64)?,
            signers: Mutex::new(BTreeMap::new()),
        })
    }

    /// Whether the caller signed `message`.
    pub(crate) fn verify_caller(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &str,
    ) -> Result<(), CryptoError> {
        match algorithm {
            Algorithm::RsaSha256 => self.caller_rsa.verify(message, signature),
            Algorithm::Sm2Sm3 => self.caller_sm2.verify(message, signature),
        }
    }

    pub(crate) fn sign(
        &self,
        key: &GatewayKeySecret,
        message: &[u8],
    ) -> Result<String, CryptoError> {
        match self.signer(key)?.as_ref() {
            Signer::Rsa(key) => key.sign(message),
            Signer::Sm2(key) => key.sign(message),
        }
    }

    fn signer(&self, key: &GatewayKeySecret) -> Result<Arc<Signer>, CryptoError> {
        let mut signers = self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = signers.get(&key.id) {
            return Ok(Arc::clone(signer));
        }
        let signer = Arc::new(match key.algorithm {
            Algorithm::RsaSha256 => Signer::Rsa(SigningKey::from_pem(&key.private_pem)?),
            Algorithm::Sm2Sm3 => Signer::Sm2(Sm2SigningKey::from_pem(&key.private_pem)?),
        });
        signers.insert(key.id.clone(), Arc::clone(&signer));
        Ok(signer)
    }
}

//! The keys with which WeChat Pay signs. There may be several at the same time: during a rotation
//! a client must know all of them, and the serial number says which one is meant.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::super::World;
use crate::crypto::{CryptoError, SigningKey};

/// In what form a merchant gets to know a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyKind {
    /// By hand, from the merchant's pages; the id begins with `PUB_KEY_ID_`.
    PublicKey,
    /// As an X.509 certificate, by a call.
    Certificate,
}

/// A key beside the first one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PlatformKey {
    pub(crate) id: String,
    pub(crate) kind: KeyKind,
    pub(crate) private_pem: String,
    pub(crate) public_pem: String,
    /// Of certificates only.
    pub(crate) cert_pem: Option<String>,
    pub(crate) effective_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) retired: bool,
}

impl fmt::Debug for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl World {
    /// The id of the key that signs what nobody asked another key for.
    pub(crate) fn wechat_signing_id(&self) -> &str {
        self.wechat_pay.signs.as_deref().unwrap_or(&self.secrets.platform_key_id)
    }

    pub(crate) fn wechat_key_is_valid(&self, id: &str) -> bool {
        if id == self.secrets.platform_key_id {
            return !self.wechat_pay.first_retired;
        }
        self.wechat_pay.keys.iter().any(|key| key.id == id && !key.retired)
    }
}

/// The private halves ready for use: reading PEM for every answer would be slow.
pub(crate) struct Ring(RwLock<BTreeMap<String, Arc<SigningKey>>>);

impl Ring {
    pub(crate) fn read(world: &World) -> Result<Self, CryptoError> {
        let secrets = &world.secrets;
        let first = (&secrets.platform_key_id, &secrets.platform_private_pem);
        let others = world.wechat_pay.keys.iter().map(|key| (&key.id, &key.private_pem));
        let mut ring = BTreeMap::new();
        for (id, pem) in std::iter::once(first).chain(others) {
            ring.insert(id.clone(), Arc::new(SigningKey::from_pem(pem)?));
        }
        Ok(Self(RwLock::new(ring)))
    }

    pub(crate) fn add(&self, id: String, key: SigningKey) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(key));
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<SigningKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Signs with a key of the ring.
    pub(crate) fn sign(&self, id: &str, message: &[u8]) -> Result<String, CryptoError> {
        self.find(id).ok_or(CryptoError)?.sign(message)
    }
}

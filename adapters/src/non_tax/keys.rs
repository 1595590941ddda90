//! The keys of both sides: ours, the gateway's while they change, and the one that seals.

use crate::crypto::{
    AgileSigningKey, AgileVerifyingKey, KeyInvalid, SignatureAlgorithm, Sm4Key, from_base64,
};
use crate::http::ConfigFault;
use domain::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// A public key of the gateway, as it was handed over.
#[derive(Debug, Clone)]
pub struct GatewayKeyConfig {
    /// Its id.
    pub id: String,
    /// `RSA-SHA256` or `SM2-SM3`.
    pub algorithm: String,
    /// SPKI, PEM.
    pub public_key_pem: String,
}

/// The key that contents are sealed by.
#[derive(Clone)]
pub struct SealConfig {
    /// Its id.
    pub key_id: String,
    /// SM4: 16 bytes, base64.
    pub key_base64: String,
    /// Are our own requests sealed? Else only what comes sealed is opened, and answered so.
    pub requests: bool,
}

impl fmt::Debug for SealConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealConfig").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// The key that contents are sealed by, checked.
#[derive(Debug)]
pub(super) struct Seal {
    pub key_id: String,
    pub key: Sm4Key,
    pub requests: bool,
}

impl Seal {
    pub fn new(config: &SealConfig) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("seal.key_id", &config.key_id)?;
        let faulty = |error| ConfigFault::new("seal.key_base64", error);
        let bytes =
            from_base64(config.key_base64.trim()).or(Err(faulty(KeyInvalid::Length(16))))?;
        let key = Sm4Key::new(&bytes).map_err(faulty)?;
        Ok(Self { key_id: config.key_id.clone(), key, requests: config.requests })
    }
}

/// The algorithm of a name in the settings.
pub(super) fn algorithm(
    field: &'static str,
    name: &str,
) -> Result<SignatureAlgorithm, ConfigFault> {
    SignatureAlgorithm::from_name(name)
        .ok_or_else(|| ConfigFault::new(field, "neither RSA-SHA256 nor SM2-SM3"))
}

pub(super) fn our_key(
    algorithm: SignatureAlgorithm,
    pem: &str,
) -> Result<AgileSigningKey, ConfigFault> {
    AgileSigningKey::from_pem(algorithm, pem)
        .map_err(|error| ConfigFault::new("our_private_key_pem", error))
}

type Ring = BTreeMap<String, Arc<AgileVerifyingKey>>;

/// The gateway's keys that are valid now.
#[derive(Debug)]
pub(super) struct GatewayKeys {
    ring: RwLock<Ring>,
    /// When we last asked for them. Held while asking, so that one asks for all.
    pub asked: Mutex<Option<Timestamp>>,
}

/// So long an answer of the gateway stands: whoever sends us unknown key ids cannot make us ask
/// without end.
const ASKS_EVERY: SignedDuration = SignedDuration::from_secs(10);

impl GatewayKeys {
    pub fn new(keys: &[GatewayKeyConfig]) -> Result<Self, ConfigFault> {
        let faulty = |error| ConfigFault::new("gateway_keys", error);
        let mut ring = Ring::new();
        for key in keys {
            let algorithm = algorithm("gateway_keys", &key.algorithm)?;
            let parsed = AgileVerifyingKey::from_pem(algorithm, &key.public_key_pem);
            add(&mut ring, &key.id, parsed.map_err(faulty)?).map_err(faulty)?;
        }
        if ring.is_empty() {
            return Err(faulty(KeyInvalid::Ids));
        }
        Ok(Self { ring: RwLock::new(ring), asked: Mutex::new(None) })
    }

    pub fn get(&self, id: &str) -> Option<Arc<AgileVerifyingKey>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The gateway lists all that are valid: what is not there is retired.
    pub fn replace(&self, listed: Vec<KeyWire>) -> Result<(), KeyInvalid> {
        let mut ring = Ring::new();
        for key in listed {
            // A key of an algorithm that we do not speak cannot sign anything for us.
            let Some(algorithm) = SignatureAlgorithm::from_name(&key.algorithm) else { continue };
            let der = from_base64(key.public_key.trim()).or(Err(KeyInvalid::Pem))?;
            add(&mut ring, &key.key_id, AgileVerifyingKey::from_spki(algorithm, &der)?)?;
        }
        if ring.is_empty() {
            return Err(KeyInvalid::Ids);
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }
}

/// May we ask at `clock`'s now, having asked then?
pub(super) fn may_ask(asked: Option<Timestamp>, clock: &dyn Clock) -> bool {
    asked.is_none_or(|at| clock.now().duration_since(at).abs() >= ASKS_EVERY)
}

fn add(ring: &mut Ring, id: &str, key: AgileVerifyingKey) -> Result<(), KeyInvalid> {
    let repeated = ring.insert(id.to_owned(), Arc::new(key)).is_some();
    if repeated || id.is_empty() { Err(KeyInvalid::Ids) } else { Ok(()) }
}

/// One line of `Get_Keys`.
#[derive(Debug, Deserialize)]
pub(super) struct KeyWire {
    #[serde(rename = "KEYID")]
    key_id: String,
    #[serde(rename = "ALGORITHM")]
    algorithm: String,
    #[serde(rename = "PUBLICKEY")]
    public_key: String,
}

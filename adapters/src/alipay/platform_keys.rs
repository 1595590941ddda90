//! The platform's keys: several at once while they rotate, and a new one fetched once.

use super::certificate::{CertificateRefused, Trust, certificates, root_serial, serial};
use crate::crypto::{CryptoFailed, KeyInvalid, VerifyingKey};
use crate::http::ConfigFault;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// Keys that are held at most: the configured ones and what rotation brings in years.
const KEYS_MAX: usize = 16;
/// For how long a serial number that could not be fetched is not asked for again.
const CLOSED: SignedDuration = SignedDuration::from_mins(1);
/// Serial numbers that are remembered as closed.
const CLOSED_MAX: usize = 16;

/// One key; its serial number is empty in key mode, where keys have none.
struct PlatformKey {
    serial: String,
    key: VerifyingKey,
}

/// Whom answers and notifications are believed.
pub(super) struct PlatformKeys {
    keys: RwLock<Vec<Arc<PlatformKey>>>,
    trust: Option<Trust>,
    /// What our requests name as `alipay_root_cert_sn`.
    pub root_serial: Option<String>,
    /// Serial numbers not to be fetched before; held while one is fetched, so that only one is.
    closed: Mutex<BTreeMap<String, Timestamp>>,
}

impl fmt::Debug for PlatformKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformKeys")
            .field("root_serial", &self.root_serial)
            .finish_non_exhaustive()
    }
}

/// Why no key can be fetched now.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a certificate of this serial number was refused, or cannot be fetched in key mode")]
pub(super) struct FetchClosed;

impl PlatformKeys {
    /// Key mode: bare keys, each of which may sign.
    pub fn bare(pems: &[String]) -> Result<Self, ConfigFault> {
        let key = |pem: &String| {
            let key = VerifyingKey::from_pem(pem).map_err(key_fault)?;
            Ok(Arc::new(PlatformKey { serial: String::new(), key }))
        };
        let keys = pems.iter().map(key).collect::<Result<Vec<_>, ConfigFault>>()?;
        Self::new(keys, None, None)
    }

    /// Certificate mode.
    pub fn certified(root_pem: &str, pems: &[String]) -> Result<Self, ConfigFault> {
        let root_serial = root_serial(root_pem)
            .ok_or_else(|| ConfigFault::new("root_certificates_pem", "no RSA certificate in it"))?;
        let key = |pem: &String| {
            let first = certificates(pem).into_iter().next();
            let serial = first.as_deref().and_then(serial);
            let serial = serial.ok_or_else(|| key_fault(KeyInvalid::Pem))?;
            let key = VerifyingKey::from_pem(pem).map_err(key_fault)?;
            Ok(Arc::new(PlatformKey { serial, key }))
        };
        let keys = pems.iter().map(key).collect::<Result<Vec<_>, ConfigFault>>()?;
        Self::new(keys, Some(Trust::new(root_pem, pems)), Some(root_serial))
    }

    fn new(
        keys: Vec<Arc<PlatformKey>>,
        trust: Option<Trust>,
        root_serial: Option<String>,
    ) -> Result<Self, ConfigFault> {
        if keys.is_empty() || keys.len() > KEYS_MAX / 2 {
            return Err(key_fault(KeyInvalid::Ids));
        }
        Ok(Self { keys: RwLock::new(keys), trust, root_serial, closed: Mutex::default() })
    }

    fn held(&self) -> Vec<Arc<PlatformKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Must a certificate be fetched before this serial number's signature can be judged?
    pub fn lacks(&self, serial: &str) -> bool {
        self.trust.is_some() && !self.held().iter().any(|held| held.serial == serial)
    }

    /// Verifies by the certificate that the message names; by any key where it names none.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &str,
        serial: Option<&str>,
    ) -> Result<(), CryptoFailed> {
        let named = serial.filter(|_| self.trust.is_some());
        let held = self.held();
        let mut fitting = held.iter().filter(|key| named.is_none_or(|named| key.serial == named));
        if fitting.any(|held| held.key.verify(message, signature).is_ok()) {
            Ok(())
        } else {
            Err(CryptoFailed::Signature)
        }
    }

    /// Fetches the certificate of a serial number by `download`, which answers its PEM text,
    /// unless somebody has meanwhile. One that could not be had is closed for a while.
    pub async fn fetch<E: From<FetchClosed> + From<CertificateRefused>>(
        &self,
        serial: &str,
        now: Timestamp,
        download: impl Future<Output = Result<String, E>>,
    ) -> Result<(), E> {
        let Some(trust) = &self.trust else { return Err(FetchClosed.into()) };
        let mut closed = self.closed.lock().await;
        if !self.lacks(serial) {
            return Ok(());
        }
        closed.retain(|_, until| *until > now);
        if closed.contains_key(serial) || closed.len() >= CLOSED_MAX {
            return Err(FetchClosed.into());
        }
        // Closed first: a caller that gives up in the middle has asked, too.
        closed.insert(serial.to_owned(), now + CLOSED);
        let pem = download.await?;
        let key = trust.key(&pem, serial, now)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS_MAX {
            return Err(FetchClosed.into());
        }
        keys.push(Arc::new(PlatformKey { serial: serial.to_owned(), key }));
        Ok(())
    }
}

fn key_fault(error: KeyInvalid) -> ConfigFault {
    ConfigFault::new("platform_keys", error)
}

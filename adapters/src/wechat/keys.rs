//! The platform's keys: those of the settings, and certificates that the platform hands out when
//! it signs with one that is not known here yet.

use super::account::WeChatPayAccount;
use super::sign::SignedHeaders;
use super::wire::CertificatesWire;
use crate::certificate::Certificate;
use crate::crypto::{CryptoFailed, KeyRing, VerifyingKey};
use crate::http::{HttpRequest, unexpected, unknown};
use domain::outside::OutsideError;
use domain::payment::CallbackRefused;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use tokio::sync::Mutex;

/// Between two fetches at least, whoever asks: a fetch brings every certificate there is.
const BETWEEN_FETCHES: SignedDuration = SignedDuration::from_mins(1);
/// So long nobody asks again for a serial number that a fetch did not bring.
const CLOSED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Two while they rotate; the platform keeps a few more at most.
const CERTIFICATES_MAX: usize = 8;

/// Every key that the platform may sign with.
#[derive(Debug)]
pub(super) struct PlatformKeys {
    configured: KeyRing,
    fetched: RwLock<BTreeMap<String, Certificate>>,
    asked: Mutex<Asked>,
}

/// When certificates were asked for, and which serial numbers were not among them.
#[derive(Debug, Default)]
struct Asked {
    last: Option<Timestamp>,
    closed: BTreeMap<String, Timestamp>,
}

impl Asked {
    /// May a fetch be made for this serial number now? Says yes once, and notes it.
    fn begin(&mut self, serial: &str, now: Timestamp) -> bool {
        self.closed.retain(|_, at| now < *at + CLOSED_FOR);
        let waits = self.last.is_some_and(|at| now < at + BETWEEN_FETCHES);
        if waits || self.closed.contains_key(serial) {
            return false;
        }
        self.last = Some(now);
        true
    }
}

impl PlatformKeys {
    pub fn new(configured: KeyRing) -> Self {
        let (fetched, asked) = (RwLock::default(), Mutex::default());
        Self { configured, fetched, asked }
    }

    /// What `look` makes of the key of this serial number or id, if it is known and in force.
    fn with<T>(
        &self,
        serial: &str,
        now: Timestamp,
        look: impl FnOnce(&VerifyingKey) -> T,
    ) -> Option<T> {
        if let Some(key) = self.configured.get(serial) {
            return Some(look(key));
        }
        let fetched = self.fetched.read().unwrap_or_else(PoisonError::into_inner);
        let in_force = fetched.get(serial).filter(|certificate| certificate.valid_at(now));
        in_force.map(|certificate| look(certificate.key()))
    }

    /// Seals something for the platform with the key of this serial number or id.
    pub fn seal(&self, serial: &str, now: Timestamp, plain: &[u8]) -> Result<String, CryptoFailed> {
        self.with(serial, now, |key| key.seal_oaep(plain)).unwrap_or(Err(CryptoFailed::Seal))
    }

    fn knows(&self, serial: &str, now: Timestamp) -> bool {
        self.with(serial, now, |_| ()).is_some()
    }

    fn keep(&self, certificates: BTreeMap<String, Certificate>) {
        let mut fetched = self.fetched.write().unwrap_or_else(PoisonError::into_inner);
        *fetched = certificates;
    }
}

/// Public keys have ids of their own and are never handed out; certificates have hex numbers.
fn is_certificate_serial(serial: &str) -> bool {
    (8..=64).contains(&serial.len()) && serial.bytes().all(|b| b.is_ascii_hexdigit())
}

impl WeChatPayAccount {
    /// Is this answer or callback the platform's own? Header names are in lower case.
    pub(super) async fn verify(
        &self,
        headers: &[(String, String)],
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        let signed = SignedHeaders::read(headers, now)?;
        if !self.platform_keys.knows(signed.serial, now) && is_certificate_serial(signed.serial) {
            self.fetch_key(signed.serial, now).await;
        }
        let verified = self.platform_keys.with(signed.serial, now, |key| signed.verify(key, body));
        verified.unwrap_or(Err(CallbackRefused::UnknownKey))
    }

    /// Asks once for a certificate that is not known. Whoever comes meanwhile waits for the same
    /// answer, and whoever comes too soon after goes without.
    async fn fetch_key(&self, serial: &str, now: Timestamp) {
        let mut asked = self.platform_keys.asked.lock().await;
        if self.platform_keys.knows(serial, now) || !asked.begin(serial, now) {
            return;
        }
        match self.certificates(now).await {
            Ok(certificates) => self.platform_keys.keep(certificates),
            Err(error) => {
                let source: &dyn std::error::Error = &error;
                tracing::warn!(error = source, "no certificates of WeChat Pay");
            }
        }
        if !self.platform_keys.knows(serial, now) {
            asked.closed.insert(serial.to_owned(), now);
        }
    }

    /// The platform's certificates in force, by serial number. They are sealed with the key that
    /// only the platform and we know, and the answer is signed by one of them, or by a known key.
    async fn certificates(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Certificate>, OutsideError> {
        let answer = self.send(HttpRequest::get(self.url("/v3/certificates", None))).await?;
        if answer.status != 200 {
            return Err(unexpected("certificates answered with HTTP status", answer.status));
        }
        let wire: CertificatesWire = serde_json::from_slice(&answer.body).map_err(unknown)?;
        let mut found = BTreeMap::new();
        for entry in wire.data.into_iter().take(CERTIFICATES_MAX) {
            let sealed = &entry.encrypt_certificate;
            let opened =
                self.api_v3_key.open(&sealed.nonce, &sealed.associated_data, &sealed.ciphertext);
            let pem = String::from_utf8(opened.map_err(unknown)?).map_err(unknown)?;
            let certificate = Certificate::from_pem(&pem).map_err(unknown)?;
            if !certificate.has_serial_hex(&entry.serial_no) {
                return Err(unexpected("a certificate has another serial", entry.serial_no));
            }
            found.insert(entry.serial_no, certificate);
        }
        let signed = SignedHeaders::read(&answer.headers, now).map_err(unknown)?;
        let verified = match found.get(signed.serial).filter(|found| found.valid_at(now)) {
            Some(certificate) => Some(signed.verify(certificate.key(), &answer.body)),
            None => self.platform_keys.with(signed.serial, now, |k| signed.verify(k, &answer.body)),
        };
        verified.unwrap_or(Err(CallbackRefused::UnknownKey)).map_err(unknown)?;
        Ok(found)
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;

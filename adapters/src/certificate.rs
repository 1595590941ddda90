//! X.509 certificates that platforms send or that we pin: what they say, and who signed them.

use crate::crypto::{CryptoFailed, KeyInvalid, VerifyingKey, pem_body};
use jiff::Timestamp;
use std::fmt;
use x509_parser::prelude::{FromDer, X509Certificate};

/// sha256WithRSAEncryption. Weaker digests prove nothing any more.
const SHA256_RSA: &str = "1.2.840.113549.1.1.11";

/// A certificate of an RSA key, read and taken apart.
pub(crate) struct Certificate {
    subject: Vec<u8>,
    issuer: Vec<u8>,
    common_name: String,
    serial: String,
    serial_hex: String,
    validity: (i64, i64),
    is_ca: bool,
    signed: Vec<u8>,
    signature: Option<Vec<u8>>,
    key: VerifyingKey,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.common_name, self.serial)
    }
}

impl Certificate {
    /// The first certificate of a PEM text.
    pub fn from_pem(pem: &str) -> Result<Self, KeyInvalid> {
        let der = pem_body(pem, "CERTIFICATE").ok_or(KeyInvalid::Pem)?;
        let (rest, read) = X509Certificate::from_der(&der).or(Err(KeyInvalid::Pem))?;
        if !rest.is_empty() {
            return Err(KeyInvalid::Pem);
        }
        let name = read.subject().iter_common_name().next();
        let constraints = read.basic_constraints().or(Err(KeyInvalid::Pem))?;
        let strong = read.signature_algorithm.algorithm.to_id_string() == SHA256_RSA;
        Ok(Self {
            subject: read.subject().as_raw().to_vec(),
            issuer: read.issuer().as_raw().to_vec(),
            common_name: name.and_then(|n| n.as_str().ok()).unwrap_or_default().to_owned(),
            serial: read.tbs_certificate.serial.to_string(),
            serial_hex: read.tbs_certificate.serial.to_str_radix(16).to_uppercase(),
            validity: (
                read.validity().not_before.timestamp(),
                read.validity().not_after.timestamp(),
            ),
            is_ca: constraints.is_some_and(|found| found.value.ca),
            signed: read.tbs_certificate.as_ref().to_vec(),
            signature: strong.then(|| read.signature_value.data.to_vec()),
            key: VerifyingKey::from_spki(read.public_key().raw)?,
        })
    }

    /// The subject's common name; empty where it has none.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The serial number, decimal.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Is `hex` its serial number, whatever zeros lead it?
    pub fn has_serial_hex(&self, hex: &str) -> bool {
        hex.trim_start_matches('0').eq_ignore_ascii_case(self.serial_hex.trim_start_matches('0'))
    }

    /// The key that it vouches for.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Neither too early nor over.
    pub fn valid_at(&self, now: Timestamp) -> bool {
        (self.validity.0..=self.validity.1).contains(&now.as_second())
    }

    /// Did `authority` sign it, being one that may?
    pub fn is_issued_by(&self, authority: &Self) -> Result<(), CryptoFailed> {
        let signature = self.signature.as_ref().ok_or(CryptoFailed::Signature)?;
        if self.issuer != authority.subject || !authority.is_ca {
            return Err(CryptoFailed::Signature);
        }
        authority.key.verify_bytes(&self.signed, signature)
    }
}

//! Certificates: a small authority that issues them, and the serial numbers by which Alipay
//! names them.

use md5::{Digest as _, Md5};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use serde::{Deserialize, Serialize};

use crate::crypto::{self, CryptoError, SigningKey, der_to_pem, pem_to_der};

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertError {
    #[error("the certificate could not be signed")]
    Signing(#[from] rcgen::Error),
    #[error("a key could not be used")]
    Key(#[from] CryptoError),
}

/// The authority between the root and everybody else.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Authority {
    private_pem: String,
    pub(crate) cert_pem: String,
}

const ROOT: &str = "Mock Channels Certification Authority R1";
const CLASS: &str = "Mock Channels Certification Authority Class 2 R1";

impl Authority {
    /// The authority and the file of roots. Like the real file it begins with a root of another
    /// kind, which takes no part in the root's serial number.
    pub(crate) fn found(root: &SigningKey, own: &SigningKey) -> Result<(Self, String), CertError> {
        let other = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let other_root = params("Mock Channels Certification Authority E1", true)
            .self_signed(&other)
            .map(|made| der_to_pem("CERTIFICATE", made.der()))?;
        let root_params = params(ROOT, true);
        let root_key = key_pair(&root.private_pem()?)?;
        let root_cert = root_params.self_signed(&root_key)?;
        let issuer = Issuer::new(root_params, root_key);
        let private_pem = own.private_pem()?;
        let cert = params(CLASS, true).signed_by(&key_pair(&private_pem)?, &issuer)?;
        let cert_pem = der_to_pem("CERTIFICATE", cert.der());
        let roots = other_root + &der_to_pem("CERTIFICATE", root_cert.der());
        Ok((Self { private_pem, cert_pem }, roots))
    }

    /// A certificate for a key, as PEM.
    pub(crate) fn certify(&self, key: &SigningKey, name: &str) -> Result<String, CertError> {
        let issuer = Issuer::new(params(CLASS, true), key_pair(&self.private_pem)?);
        let cert = params(name, false).signed_by(&key_pair(&key.private_pem()?)?, &issuer)?;
        Ok(der_to_pem("CERTIFICATE", cert.der()))
    }
}

/// Valid whatever virtual time it is.
fn params(name: &str, authority: bool) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "CN");
    subject.push(DnType::OrganizationName, "Mock Channels");
    subject.push(DnType::OrganizationalUnitName, "Certification Authority");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    // A first byte below 0x80 keeps the number positive as it is.
    let mut serial = crypto::random_bytes::<16>();
    serial[0] = 0x20;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

fn key_pair(pem: &str) -> Result<KeyPair, CertError> {
    let der = pem_to_der(pem)?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &PKCS_RSA_SHA256)?)
}

/// The serial number of a certificate file: MD5 over issuer and serial of its first certificate.
pub(crate) fn serial(pem: &str) -> Option<String> {
    let der = first_der(pem)?;
    Some(Certificate::read(&der)?.platform_serial())
}

/// The serial number of a file of roots: those of the RSA roots, in the order of the file.
pub(crate) fn root_serial(bundle: &str) -> Option<String> {
    let serials: Vec<String> = ders(bundle)
        .iter()
        .filter_map(|der| Certificate::read(der))
        .filter(|root| root.algorithm.starts_with(PKCS1))
        .map(|root| root.platform_serial())
        .collect();
    (!serials.is_empty()).then(|| serials.join("_"))
}

fn first_der(pem: &str) -> Option<Vec<u8>> {
    ders(pem).into_iter().next()
}

fn ders(bundle: &str) -> Vec<Vec<u8>> {
    bundle
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|part| part.split("-----END").next())
        .filter_map(|body| pem_to_der(body).ok())
        .collect()
}

/// The PKCS#1 form ("RSA PRIVATE KEY") of a PKCS#8 key, which it holds inside.
pub(crate) fn pkcs1_pem(pkcs8_pem: &str) -> Option<String> {
    let der = pem_to_der(pkcs8_pem).ok()?;
    let (_, info, _) = element(&der)?;
    let (_, _version, rest) = element(info)?;
    let (_, _algorithm, rest) = element(rest)?;
    let (_, key, _) = element(rest)?;
    Some(der_to_pem("RSA PRIVATE KEY", key))
}

/// 1.2.840.113549.1.1, under which the signature algorithms with RSA are.
const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];

/// The three things about a certificate that its number is made of.
struct Certificate<'a> {
    serial: &'a [u8],
    algorithm: &'a [u8],
    issuer: &'a [u8],
}

impl<'a> Certificate<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let (_, certificate, _) = element(der)?;
        let (_, signed, _) = element(certificate)?;
        let (tag, first, rest) = element(signed)?;
        // The version is left out by the oldest certificates.
        let (serial, rest) = if tag == 0xa0 {
            let (_, serial, rest) = element(rest)?;
            (serial, rest)
        } else {
            (first, rest)
        };
        let (_, algorithm, rest) = element(rest)?;
        let (_, algorithm, _) = element(algorithm)?;
        let (_, issuer, _) = element(rest)?;
        Some(Self { serial, algorithm, issuer })
    }

    fn platform_serial(&self) -> String {
        let text = issuer_text(self.issuer).unwrap_or_default() + &decimal(self.serial);
        crypto::hex(&Md5::digest(text.as_bytes()))
    }
}

/// Tag, content, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        rest = after;
        if bytes.len() > 4 {
            return None;
        }
        bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The name as RFC 4514 writes it: the most particular part first.
fn issuer_text(mut names: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    while !names.is_empty() {
        let (_, set, rest) = element(names)?;
        names = rest;
        let (_, pair, _) = element(set)?;
        let (_, kind, value) = element(pair)?;
        let (_, value, _) = element(value)?;
        parts.push(format!("{}={}", kind_name(kind)?, String::from_utf8_lossy(value)));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn kind_name(kind: &[u8]) -> Option<&'static str> {
    match kind {
        [0x55, 4, 3] => Some("CN"),
        [0x55, 4, 5] => Some("SERIALNUMBER"),
        [0x55, 4, 6] => Some("C"),
        [0x55, 4, 7] => Some("L"),
        [0x55, 4, 8] => Some("ST"),
        [0x55, 4, 10] => Some("O"),
        [0x55, 4, 11] => Some("OU"),
        _ => None,
    }
}

/// A positive big-endian number in decimal.
fn decimal(bytes: &[u8]) -> String {
    let mut digits = vec![0_u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = (value % 10) as u8;
            carry = value / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_decimal_however_long() {
        assert_eq!(decimal(&[0]), "0");
        assert_eq!(decimal(&[0x01, 0x00]), "256");
        assert_eq!(decimal(&[0xff; 16]), u128::MAX.to_string());
    }

    #[test]
    fn a_broken_certificate_has_no_serial() {
        assert_eq!(serial("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"), None);
        assert_eq!(serial("nothing"), None);
        assert_eq!(root_serial(""), None);
    }
}

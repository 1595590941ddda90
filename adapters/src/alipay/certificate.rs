//! Certificate mode: serial numbers as the platform computes them, and chains to its roots.

use crate::crypto::{VerifyingKey, from_base64, hex};
use jiff::Timestamp;
use md5::{Digest, Md5};
use std::fmt::Write;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate, X509Name};

/// Every algorithm that signs with RSA.
const RSA_FAMILY: &str = "1.2.840.113549.1.1.";
const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
/// A leaf, two authorities and a root are the longest chain seen.
const CHAIN_MAX: usize = 4;
/// A file of certificates holds no more.
const FILE_MAX: usize = 32;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a PEM text, in order, each in DER; those that are no base64 are left out.
pub(super) fn certificates(pem: &str) -> Vec<Vec<u8>> {
    let blocks = pem.split(BEGIN).skip(1).take(FILE_MAX);
    let bodies = blocks.filter_map(|block| block.split_once(END).map(|(body, _)| body));
    bodies
        .filter_map(|body| {
            let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            from_base64(&body).ok()
        })
        .collect()
}

fn parsed(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, found)| found)
}

/// The platform's serial number of a certificate: MD5 over the issuer and the number.
pub(super) fn serial(der: &[u8]) -> Option<String> {
    let certificate = parsed(der)?;
    let number = &certificate.tbs_certificate.serial;
    let text = format!("{}{number}", issuer_text(certificate.issuer()));
    Some(hex(Md5::digest(text.as_bytes()).as_slice()))
}

/// The serial number of a file of roots: those of its RSA certificates, joined. The file holds
/// roots of other kinds too, which take no part, and some of which no library reads.
pub(super) fn root_serial(pem: &str) -> Option<String> {
    let serials: Vec<String> = certificates(pem)
        .iter()
        .filter(|der| {
            let algorithm = parsed(der).map(|c| c.signature_algorithm.algorithm.to_id_string());
            algorithm.is_some_and(|oid| oid.starts_with(RSA_FAMILY))
        })
        .filter_map(|der| serial(der))
        .collect();
    (!serials.is_empty()).then(|| serials.join("_"))
}

/// The issuer as RFC 4514 writes it: the most specific part first.
fn issuer_text(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            let attributes = rdn.iter().map(|attribute| {
                let oid = attribute.attr_type().to_id_string();
                let value = attribute.as_str().unwrap_or_default();
                format!("{}={}", short_name(&oid), escaped(value))
            });
            attributes.collect::<Vec<_>>().join("+")
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

fn short_name(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.25" => "DC",
        other => other,
    }
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (place, c) in value.chars().enumerate() {
        let at_edge = (place == 0 && matches!(c, '#' | ' ')) || (place == last && c == ' ');
        if at_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            text.push('\\');
        }
        let _ = write!(text, "{c}"); // Writing to a string cannot fail.
    }
    text
}

/// Why a certificate that came over the wire is not the platform's.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub(super) enum CertificateRefused {
    /// Not a certificate.
    #[error("not a certificate")]
    Malformed,
    /// Another certificate than was asked for.
    #[error("another certificate than was asked for")]
    Serial,
    /// Issued by an authority that issued none of the configured ones: merchants' certificates
    /// have the same root.
    #[error("issued by another authority than the configured certificates")]
    Issuer,
    /// No chain of valid certificates to a pinned root.
    #[error("no valid chain to a pinned root")]
    Chain,
    /// Not an RSA key.
    #[error("not an RSA key of at least 2048 bits")]
    Key,
}

/// What is pinned by the settings.
pub(super) struct Trust {
    roots: Vec<Vec<u8>>,
    /// Authorities that came in the configured files.
    authorities: Vec<Vec<u8>>,
    /// Who issued the configured certificates of the platform.
    issuers: Vec<String>,
}

impl Trust {
    /// Pins roots, and whoever issued the first certificate of each of these files.
    pub fn new(root_pem: &str, platform_pems: &[String]) -> Self {
        let files: Vec<Vec<Vec<u8>>> = platform_pems.iter().map(|pem| certificates(pem)).collect();
        let issuer_of = |der: &Vec<u8>| parsed(der).map(|c| issuer_text(c.issuer()));
        let issuers = files.iter().filter_map(|file| file.first().and_then(issuer_of)).collect();
        let authorities = files.into_iter().flat_map(|file| file.into_iter().skip(1)).collect();
        Self { roots: certificates(root_pem), authorities, issuers }
    }

    /// The key of a downloaded certificate, if it is the one asked for and the platform's.
    pub fn key(
        &self,
        pem: &str,
        wanted: &str,
        now: Timestamp,
    ) -> Result<VerifyingKey, CertificateRefused> {
        let came = certificates(pem);
        let (leaf, rest) = came.split_first().ok_or(CertificateRefused::Malformed)?;
        let certificate = parsed(leaf).ok_or(CertificateRefused::Malformed)?;
        if serial(leaf).as_deref() != Some(wanted) {
            return Err(CertificateRefused::Serial);
        }
        if !self.issuers.contains(&issuer_text(certificate.issuer())) {
            return Err(CertificateRefused::Issuer);
        }
        let pool: Vec<&Vec<u8>> = rest.iter().chain(&self.authorities).collect();
        if !self.chains(&certificate, &pool, now) {
            return Err(CertificateRefused::Chain);
        }
        VerifyingKey::from_spki(certificate.public_key().raw).or(Err(CertificateRefused::Key))
    }

    fn chains(&self, leaf: &X509Certificate<'_>, pool: &[&Vec<u8>], now: Timestamp) -> bool {
        let Ok(at) = ASN1Time::from_timestamp(now.as_second()) else { return false };
        let mut current = leaf.clone();
        for _ in 0..CHAIN_MAX {
            if !current.validity().is_valid_at(at) {
                return false;
            }
            let issued = |der: &&Vec<u8>| parsed(der).is_some_and(|by| is_issued(&current, &by));
            if let Some(root) = self.roots.iter().find(issued) {
                return parsed(root).is_some_and(|root| root.validity().is_valid_at(at));
            }
            match pool.iter().copied().find(issued).and_then(|der| parsed(der)) {
                Some(authority) if authority.is_ca() => current = authority,
                Some(_) | None => return false,
            }
        }
        false
    }
}

/// Did this authority sign that certificate?
fn is_issued(certificate: &X509Certificate<'_>, by: &X509Certificate<'_>) -> bool {
    if certificate.issuer().as_raw() != by.subject().as_raw()
        || certificate.signature_algorithm.algorithm.to_id_string() != SHA256_WITH_RSA
    {
        return false;
    }
    VerifyingKey::from_spki(by.public_key().raw).is_ok_and(|key| {
        let signed = certificate.tbs_certificate.as_ref();
        key.verify_bytes(signed, &certificate.signature_value.data).is_ok()
    })
}

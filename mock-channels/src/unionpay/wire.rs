//! Messages of version 5.1.0: how they are written, read and signed.

use actix_web::web::Query;

use super::certificates::Certified;
use crate::crypto::{self, CryptoError, SigningKey};
use crate::world::unionpay::Fields;

/// What is signed: every field but the signature, in ASCII order, values as they are.
pub(crate) fn text_to_sign(fields: &Fields) -> String {
    joined(fields.iter().filter(|(name, _)| *name != "signature"), str::to_owned)
}

/// The digest whose hexadecimal *text* is signed, so that everything is hashed twice.
pub(crate) fn digest(fields: &Fields) -> String {
    crypto::sha256_hex(text_to_sign(fields).as_bytes())
}

fn joined<'a>(
    pairs: impl Iterator<Item = (&'a String, &'a String)>,
    value: impl Fn(&str) -> String,
) -> String {
    pairs.map(|(name, text)| format!("{name}={}", value(text))).collect::<Vec<_>>().join("&")
}

/// An answer as it goes out: not encoded in any way, certificate and signature at the end.
pub(crate) fn raw(fields: &Fields) -> String {
    const LAST: [&str; 2] = ["signPubKeyCert", "signature"];
    let first = fields.iter().filter(|(name, _)| !LAST.contains(&name.as_str()));
    let last = LAST.iter().filter_map(|name| fields.get_key_value(*name));
    joined(first.chain(last), str::to_owned)
}

/// A notification as it goes out: a form.
pub(crate) fn form(fields: &Fields) -> String {
    joined(fields.iter(), form_encoded)
}

fn form_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// Reads a request. Nothing when it is no form, or names a field twice: which of the two was
/// signed nobody could tell.
pub(crate) fn read_form(body: &[u8]) -> Option<Fields> {
    let text = std::str::from_utf8(body).ok()?;
    let pairs = Query::<Vec<(String, String)>>::from_query(text).ok()?.into_inner();
    let count = pairs.len();
    let fields: Fields = pairs.into_iter().collect();
    (fields.len() == count).then_some(fields)
}

/// An answer without its signature, or with another.
pub(crate) fn resigned(body: &str, signature: Option<&str>) -> String {
    let unsigned = body.rsplit_once("&signature=").map_or(body, |(before, _)| before);
    match signature {
        Some(signature) => format!("{unsigned}&signature={signature}"),
        None => unsigned.to_owned(),
    }
}

/// A key that signs, with the certificate that goes along in every message.
pub(crate) struct Signer {
    key: SigningKey,
    certificate: String,
}

impl Signer {
    pub(crate) fn read(certified: &Certified) -> Result<Self, CryptoError> {
        let lines: Vec<&str> = certified.certificate_pem.lines().collect();
        Ok(Self {
            key: SigningKey::from_pem(&certified.private_pem)?,
            // The line ends of the platform, which are signed like any other character.
            certificate: lines.join("\r\n"),
        })
    }

    /// Signs a message of the platform; `signPubKeyCert` says with what.
    pub(crate) fn seal(&self, mut fields: Fields) -> Result<Fields, CryptoError> {
        fields.insert("signPubKeyCert".to_owned(), self.certificate.clone());
        let signature = self.key.sign(digest(&fields).as_bytes())?;
        fields.insert("signature".to_owned(), signature);
        Ok(fields)
    }
}

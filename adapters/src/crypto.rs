//! Signatures, digests and ciphers that the platforms ask for, by aws-lc-rs, and the national
//! ones by RustCrypto. Every fault of what comes from outside is an error, never a panic; keys
//! never print.

mod agile;
mod national;
#[cfg(test)]
mod national_tests;

pub use agile::{AgileSigningKey, AgileVerifyingKey, SignatureAlgorithm};
pub use national::{Sm2SigningKey, Sm2VerifyingKey, Sm4Key, sm3_hex};

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum KeyInvalid {
    /// Not a PEM text with the expected label.
    #[error("not a PEM text of a key of this kind")]
    Pem,
    /// The content of the PEM text is not such a key.
    #[error("not an RSA key of at least 2048 bits")]
    Rsa,
    /// The content is not an SM2 key.
    #[error("not a key of SM2")]
    Sm2,
    /// A symmetric key of another length.
    #[error("not {0} bytes long")]
    Length(usize),
    /// Two keys have one id, or an id is empty, or there is no key at all.
    #[error("key ids are empty or repeated, or there is no key")]
    Ids,
}

/// Something signed or encrypted is not what it should be. Says no more on purpose.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum CryptoFailed {
    /// The key could not sign.
    #[error("signing failed")]
    Sign,
    /// The signature is not of these bytes by this key.
    #[error("bad signature")]
    Signature,
    /// Wrong key, wrong lengths or altered bytes.
    #[error("cannot be decrypted")]
    Decrypt,
    /// It is too long for the key, or the key is of another kind.
    #[error("cannot be sealed")]
    Seal,
}

/// Our private RSA key.
pub struct SigningKey(RsaKeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

impl SigningKey {
    /// Reads PKCS#8 (`PRIVATE KEY`) and PKCS#1 (`RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// [`KeyInvalid`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyInvalid> {
        if let Some(der) = pem_body(pem, "PRIVATE KEY") {
            return RsaKeyPair::from_pkcs8(&der).map(Self).or(Err(KeyInvalid::Rsa));
        }
        let der = pem_body(pem, "RSA PRIVATE KEY").ok_or(KeyInvalid::Pem)?;
        RsaKeyPair::from_der(&der).map(Self).or(Err(KeyInvalid::Rsa))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, as base64 without line breaks.
    ///
    /// # Errors
    /// [`CryptoFailed::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<String, CryptoFailed> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .or(Err(CryptoFailed::Sign))?;
        Ok(STANDARD.encode(signature))
    }
}

/// Somebody's public RSA key.
pub struct VerifyingKey(ParsedPublicKey);

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey(..)")
    }
}

impl VerifyingKey {
    /// Reads SPKI (`PUBLIC KEY`) and the key inside an X.509 `CERTIFICATE`.
    ///
    /// # Errors
    /// [`KeyInvalid`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyInvalid> {
        let spki = match pem_body(pem, "PUBLIC KEY") {
            Some(der) => der,
            None => {
                let certificate = pem_body(pem, "CERTIFICATE").ok_or(KeyInvalid::Pem)?;
                spki_of(&certificate).ok_or(KeyInvalid::Pem)?.to_vec()
            }
        };
        Self::from_spki(&spki)
    }

    /// Reads a SubjectPublicKeyInfo, in DER.
    ///
    /// # Errors
    /// [`KeyInvalid::Rsa`].
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyInvalid> {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map(Self).or(Err(KeyInvalid::Rsa))
    }

    /// # Errors
    /// [`CryptoFailed::Signature`], also for what is not base64.
    pub fn verify(&self, message: &[u8], signature: &str) -> Result<(), CryptoFailed> {
        let bytes = STANDARD.decode(signature).or(Err(CryptoFailed::Signature))?;
        self.verify_bytes(message, &bytes)
    }

    /// # Errors
    /// [`CryptoFailed::Signature`].
    pub fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoFailed> {
        self.0.verify_sig(message, signature).or(Err(CryptoFailed::Signature))
    }

    /// Seals for the owner of the key: RSAES-OAEP with SHA-1 and MGF1, as base64.
    ///
    /// # Errors
    /// [`CryptoFailed::Seal`], also for what is longer than the key allows.
    pub fn seal_oaep(&self, plain: &[u8]) -> Result<String, CryptoFailed> {
        let failed = || CryptoFailed::Seal;
        let key = PublicEncryptingKey::from_der(self.0.as_ref()).map_err(|_rejected| failed())?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_unfit| failed())?;
        let mut sealed = vec![0; key.ciphertext_size()];
        let sealed = key
            .encrypt(&OAEP_SHA1_MGF1SHA1, plain, &mut sealed, None)
            .map_err(|_too_long| failed())?;
        Ok(STANDARD.encode(sealed))
    }
}

/// Public keys by their ids. Several may be valid at once, while keys rotate.
#[derive(Debug)]
pub struct KeyRing(BTreeMap<String, VerifyingKey>);

impl KeyRing {
    /// # Errors
    /// [`KeyInvalid`] of the first key that cannot be used; an empty ring is refused too.
    pub fn from_pems(keys: &[(String, String)]) -> Result<Self, KeyInvalid> {
        let mut ring = BTreeMap::new();
        for (id, pem) in keys {
            let repeated = ring.insert(id.clone(), VerifyingKey::from_pem(pem)?).is_some();
            if id.is_empty() || repeated {
                return Err(KeyInvalid::Ids);
            }
        }
        if ring.is_empty() { Err(KeyInvalid::Ids) } else { Ok(Self(ring)) }
    }

    /// The key of this id.
    pub fn get(&self, id: &str) -> Option<&VerifyingKey> {
        self.0.get(id)
    }
}

/// A key of AES-GCM, 16 or 32 bytes.
pub struct GcmKey(LessSafeKey);

impl fmt::Debug for GcmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GcmKey(***)")
    }
}

impl GcmKey {
    /// AES-256-GCM: WeChat Pay's APIv3 key, its 32 characters used as bytes.
    ///
    /// # Errors
    /// [`KeyInvalid::Length`].
    pub fn aes_256(key: &[u8]) -> Result<Self, KeyInvalid> {
        let key = UnboundKey::new(&AES_256_GCM, key).or(Err(KeyInvalid::Length(32)))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// AES-128-GCM.
    ///
    /// # Errors
    /// [`KeyInvalid::Length`].
    pub fn aes_128(key: &[u8]) -> Result<Self, KeyInvalid> {
        let key = UnboundKey::new(&AES_128_GCM, key).or(Err(KeyInvalid::Length(16)))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Opens base64 of ciphertext and tag.
    ///
    /// # Errors
    /// [`CryptoFailed::Decrypt`] for a nonce of other than 12 bytes, bad base64 and a wrong tag.
    pub fn open(&self, nonce: &str, aad: &str, sealed: &str) -> Result<Vec<u8>, CryptoFailed> {
        let nonce =
            Nonce::try_assume_unique_for_key(nonce.as_bytes()).or(Err(CryptoFailed::Decrypt))?;
        let mut bytes = STANDARD.decode(sealed).or(Err(CryptoFailed::Decrypt))?;
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(aad.as_bytes()), &mut bytes)
            .or(Err(CryptoFailed::Decrypt))?;
        Ok(opened.to_vec())
    }
}

/// Opens AES-CBC with a key of 16 bytes (user data of mini-programs) or 32 (pushed messages).
/// The padding is PKCS#7 in blocks as long as the key, which is what the platform does.
///
/// # Errors
/// [`CryptoFailed::Decrypt`], one for every fault, so that nobody can probe the padding.
pub fn open_aes_cbc(key: &[u8], iv: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoFailed> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    let iv: &[u8; 16] = iv.try_into().or(Err(CryptoFailed::Decrypt))?;
    let bound = UnboundCipherKey::new(algorithm, key).or(Err(CryptoFailed::Decrypt))?;
    let cipher = DecryptingKey::cbc(bound).or(Err(CryptoFailed::Decrypt))?;
    let mut bytes = sealed.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let plain = cipher.decrypt(&mut bytes, context).or(Err(CryptoFailed::Decrypt))?;
    let padding = usize::from(*plain.last().ok_or(CryptoFailed::Decrypt)?);
    let fits = (1..=key.len()).contains(&padding) && padding <= plain.len();
    let cut = if fits { plain.len() - padding } else { 0 };
    let even = plain[cut..].iter().all(|byte| usize::from(*byte) == padding);
    if fits && even { Ok(plain[..cut].to_vec()) } else { Err(CryptoFailed::Decrypt) }
}

/// A key of HMAC-SHA256.
pub struct MacKey(hmac::Key);

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(***)")
    }
}

impl MacKey {
    /// Any bytes.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Base64 of the code of `message`.
    pub fn code(&self, message: &[u8]) -> String {
        STANDARD.encode(hmac::sign(&self.0, message))
    }

    /// Lower-case hex of the code of `message`.
    pub fn code_hex(&self, message: &[u8]) -> String {
        hex(hmac::sign(&self.0, message).as_ref())
    }

    /// Compares in constant time.
    ///
    /// # Errors
    /// [`CryptoFailed::Signature`], also for what is not base64.
    pub fn verify(&self, message: &[u8], code: &str) -> Result<(), CryptoFailed> {
        let bytes = STANDARD.decode(code).or(Err(CryptoFailed::Signature))?;
        hmac::verify(&self.0, message, &bytes).or(Err(CryptoFailed::Signature))
    }
}

/// Lower-case hex of SHA-1: only where a platform's format fixes it.
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// Lower-case hex of SHA-256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a string cannot fail.
        text
    })
}

/// The bytes of base64 text.
///
/// # Errors
/// [`CryptoFailed::Decrypt`] for what is not base64.
pub fn from_base64(text: &str) -> Result<Vec<u8>, CryptoFailed> {
    STANDARD.decode(text).or(Err(CryptoFailed::Decrypt))
}

/// The bytes between the lines that carry exactly this label.
pub(crate) fn pem_body(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let (_, rest) = pem.split_once(&begin)?;
    let (body, _) = rest.split_once(&end)?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280): the element after version, serial
/// number, algorithm, issuer, validity and subject.
fn spki_of(certificate: &[u8]) -> Option<&[u8]> {
    const EXPLICIT_VERSION: u8 = 0xA0;
    let (_, outer, _) = der_element(certificate)?;
    let (_, mut rest, _) = der_element(outer)?;
    if rest.first() == Some(&EXPLICIT_VERSION) {
        rest = der_element(rest)?.2;
    }
    for _ in 0..5 {
        rest = der_element(rest)?.2;
    }
    let after = der_element(rest)?.2;
    rest.get(..rest.len() - after.len())
}

/// Tag, content and what follows, of the DER element at the start.
fn der_element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (digits.iter().fold(0, |sum: usize, d| (sum << 8) | usize::from(*d)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

#[cfg(test)]
#[path = "crypto_tests.rs"]
mod tests;

/// Whether both are equal, in a time that does not tell where they differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

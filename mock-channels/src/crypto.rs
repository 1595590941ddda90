//! The cryptography that the platforms document, over aws-lc-rs and nothing else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) mod sm;

/// Why something could not be signed, verified, sealed or opened. Deliberately without detail:
/// a reader of a decryption error must not learn which check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic operation failed")]
pub(crate) struct CryptoError;

/// An RSA key that can sign.
pub(crate) struct SigningKey(RsaKeyPair);

impl SigningKey {
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        RsaKeyPair::generate(KeySize::Rsa2048).map(Self).map_err(|_unspecified| CryptoError)
    }

    /// Reads PKCS#8 ("PRIVATE KEY") and PKCS#1 ("RSA PRIVATE KEY") PEM.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        let der = pem_to_der(pem)?;
        let key = if pem.contains("RSA PRIVATE KEY") {
            RsaKeyPair::from_der(&der)
        } else {
            RsaKeyPair::from_pkcs8(&der)
        };
        key.map(Self).map_err(|_rejected| CryptoError)
    }

    pub(crate) fn private_pem(&self) -> Result<String, CryptoError> {
        let der: Pkcs8V1Der<'_> = self.0.as_der().map_err(|_unspecified| CryptoError)?;
        Ok(der_to_pem("PRIVATE KEY", der.as_ref()))
    }

    pub(crate) fn public_pem(&self) -> Result<String, CryptoError> {
        let der: PublicKeyX509Der<'_> =
            self.0.public_key().as_der().map_err(|_unspecified| CryptoError)?;
        Ok(der_to_pem("PUBLIC KEY", der.as_ref()))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, as base64.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, CryptoError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &rand::SystemRandom::new(), message, &mut signature)
            .map_err(|_unspecified| CryptoError)?;
        Ok(STANDARD.encode(signature))
    }
}

impl SigningKey {
    /// Opens what was sealed with the public half: RSAES-OAEP with SHA-1, base64.
    pub(crate) fn open_oaep(&self, sealed: &str) -> Result<Vec<u8>, CryptoError> {
        let failed = |_unspecified| CryptoError;
        let der: Pkcs8V1Der<'_> = self.0.as_der().map_err(failed)?;
        let key =
            PrivateDecryptingKey::from_pkcs8(der.as_ref()).map_err(|_rejected| CryptoError)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(failed)?;
        let sealed = STANDARD.decode(sealed).map_err(|_malformed| CryptoError)?;
        let mut plain = vec![0; key.min_output_size()];
        let opened = key.decrypt(&OAEP_SHA1_MGF1SHA1, &sealed, &mut plain, None).map_err(failed)?;
        Ok(opened.to_vec())
    }
}

/// The public half of an RSA key.
pub(crate) struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    pub(crate) fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        pem_to_der(pem).map(Self)
    }

    /// Whether `signature` (base64) is this key's over `message`. Bad base64 is just "no".
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> Result<(), CryptoError> {
        let signature = STANDARD.decode(signature).map_err(|_malformed| CryptoError)?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
            .verify(message, &signature)
            .map_err(|_unspecified| CryptoError)
    }
}

pub(crate) fn pem_to_der(pem: &str) -> Result<Vec<u8>, CryptoError> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body.trim()).map_err(|_malformed| CryptoError)
}

pub(crate) fn der_to_pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap_or_default())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// AEAD_AES_256_GCM as WeChat Pay uses it: key, nonce and associated data are the bytes of
/// their strings, the result is base64 of the ciphertext with its tag.
pub(crate) fn seal_gcm(
    key: &str,
    nonce: &str,
    associated_data: &str,
    plain: &[u8],
) -> Result<String, CryptoError> {
    let mut in_out = plain.to_vec();
    gcm_key(&AES_256_GCM, key)?
        .seal_in_place_append_tag(
            gcm_nonce(nonce)?,
            Aad::from(associated_data.as_bytes()),
            &mut in_out,
        )
        .map_err(|_unspecified| CryptoError)?;
    Ok(STANDARD.encode(in_out))
}

/// The reverse of [`seal_gcm`], for any AES size. Every malformed input is an error.
#[cfg(test)]
pub(crate) fn open_gcm(
    algorithm: &'static Algorithm,
    key: &str,
    nonce: &str,
    associated_data: &str,
    ciphertext: &str,
) -> Result<Vec<u8>, CryptoError> {
    let mut in_out = STANDARD.decode(ciphertext).map_err(|_malformed| CryptoError)?;
    let plain = gcm_key(algorithm, key)?
        .open_in_place(gcm_nonce(nonce)?, Aad::from(associated_data.as_bytes()), &mut in_out)
        .map_err(|_unspecified| CryptoError)?;
    Ok(plain.to_vec())
}

fn gcm_key(algorithm: &'static Algorithm, key: &str) -> Result<LessSafeKey, CryptoError> {
    UnboundKey::new(algorithm, key.as_bytes())
        .map(LessSafeKey::new)
        .map_err(|_unspecified| CryptoError)
}

fn gcm_nonce(nonce: &str) -> Result<Nonce, CryptoError> {
    Nonce::try_assume_unique_for_key(nonce.as_bytes()).map_err(|_unspecified| CryptoError)
}

pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&SHA256, bytes).as_ref())
}

pub(crate) fn sha1_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A random identifier in groups, as events have it.
pub(crate) fn uuid() -> String {
    let hex = hex(&random_bytes::<16>());
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// The bytes of lower-case hex, for test vectors.
#[cfg(test)]
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("a vector is hex"))
        .collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, CryptoError> {
    STANDARD.decode(text).map_err(|_malformed| CryptoError)
}

/// Compares secrets without telling by the time taken where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give: nothing sensible can go on then.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system's random source answers");
    bytes
}

/// A random string over `alphabet`; the slight bias of the remainder does not matter here.
pub(crate) fn random_text(alphabet: &[u8], length: usize) -> String {
    (0..length)
        .map(|_| {
            let [byte] = random_bytes::<1>();
            char::from(alphabet[usize::from(byte) % alphabet.len()])
        })
        .collect()
}

pub(crate) const LETTERS_AND_DIGITS: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const DIGITS: &[u8] = b"0123456789";
pub(crate) const UPPER_HEX: &[u8] = b"0123456789ABCDEF";

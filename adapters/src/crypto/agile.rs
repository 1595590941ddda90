//! Signatures whose algorithm is named beside them.

use super::{
    CryptoFailed, KeyInvalid, SigningKey, Sm2SigningKey, Sm2VerifyingKey, VerifyingKey, pem_body,
    sha256_hex, sm3_hex,
};

/// An algorithm, by the name that stands beside a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// SM2 with SM3.
    Sm2Sm3,
}

impl SignatureAlgorithm {
    /// The name on the wire and in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "RSA-SHA256",
            Self::Sm2Sm3 => "SM2-SM3",
        }
    }

    /// The algorithm of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::RsaSha256, Self::Sm2Sm3].into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Lower-case hex of the digest that belongs to it.
    pub fn digest_hex(self, bytes: &[u8]) -> String {
        match self {
            Self::RsaSha256 => sha256_hex(bytes),
            Self::Sm2Sm3 => sm3_hex(bytes),
        }
    }
}

/// A private key of ours of either algorithm.
#[derive(Debug)]
pub enum AgileSigningKey {
    /// RSA.
    Rsa(SigningKey),
    /// SM2.
    Sm2(Sm2SigningKey),
}

impl AgileSigningKey {
    /// Reads PKCS#8.
    ///
    /// # Errors
    /// [`KeyInvalid`], also for a key of the other algorithm.
    pub fn from_pem(algorithm: SignatureAlgorithm, pem: &str) -> Result<Self, KeyInvalid> {
        match algorithm {
            SignatureAlgorithm::RsaSha256 => SigningKey::from_pem(pem).map(Self::Rsa),
            SignatureAlgorithm::Sm2Sm3 => Sm2SigningKey::from_pem(pem).map(Self::Sm2),
        }
    }

    /// Which one.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Rsa(_) => SignatureAlgorithm::RsaSha256,
            Self::Sm2(_) => SignatureAlgorithm::Sm2Sm3,
        }
    }

    /// The signature, base64.
    ///
    /// # Errors
    /// [`CryptoFailed::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<String, CryptoFailed> {
        match self {
            Self::Rsa(key) => key.sign(message),
            Self::Sm2(key) => key.sign(message),
        }
    }
}

/// Somebody's public key of either algorithm.
#[derive(Debug)]
pub enum AgileVerifyingKey {
    /// RSA.
    Rsa(VerifyingKey),
    /// SM2.
    Sm2(Sm2VerifyingKey),
}

impl AgileVerifyingKey {
    /// Reads SPKI PEM.
    ///
    /// # Errors
    /// [`KeyInvalid`], also for a key of the other algorithm.
    pub fn from_pem(algorithm: SignatureAlgorithm, pem: &str) -> Result<Self, KeyInvalid> {
        let der = pem_body(pem, "PUBLIC KEY").ok_or(KeyInvalid::Pem)?;
        Self::from_spki(algorithm, &der)
    }

    /// Reads the DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyInvalid`], also for a key of the other algorithm.
    pub fn from_spki(algorithm: SignatureAlgorithm, der: &[u8]) -> Result<Self, KeyInvalid> {
        match algorithm {
            SignatureAlgorithm::RsaSha256 => VerifyingKey::from_spki(der).map(Self::Rsa),
            SignatureAlgorithm::Sm2Sm3 => Sm2VerifyingKey::from_spki(der).map(Self::Sm2),
        }
    }

    /// Which one.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Rsa(_) => SignatureAlgorithm::RsaSha256,
            Self::Sm2(_) => SignatureAlgorithm::Sm2Sm3,
        }
    }

    /// # Errors
    /// [`CryptoFailed::Signature`].
    pub fn verify(&self, message: &[u8], signature: &str) -> Result<(), CryptoFailed> {
        match self {
            Self::Rsa(key) => key.verify(message, signature),
            Self::Sm2(key) => key.verify(message, signature),
        }
    }
}

//! The national algorithms: SM2 signatures (GB/T 32918) with SM3 (GB/T 32905), and SM4 in CBC mode
//! (GB/T 32907).

use super::{CryptoFailed, KeyInvalid, hex, pem_body};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use sm2::dsa::signature::{Signer, Verifier};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::pkcs8::{DecodePrivateKey, DecodePublicKey};
use sm2::{PublicKey, SecretKey};
use sm3::{Digest, Sm3};
use sm4::Sm4;
use std::fmt;

/// The user id in Z that GM/T 0009 gives everybody who agreed on no other.
const USER_ID: &str = "1234567812345678";
const BLOCK: usize = 16;

/// Our private SM2 key.
pub struct Sm2SigningKey(SigningKey);

impl fmt::Debug for Sm2SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm2SigningKey(***)")
    }
}

impl Sm2SigningKey {
    /// Reads PKCS#8 (`PRIVATE KEY`).
    ///
    /// # Errors
    /// [`KeyInvalid`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyInvalid> {
        let der = pem_body(pem, "PRIVATE KEY").ok_or(KeyInvalid::Pem)?;
        let key = SecretKey::from_pkcs8_der(&der).or(Err(KeyInvalid::Sm2))?;
        SigningKey::new(USER_ID, &key).map(Self).or(Err(KeyInvalid::Sm2))
    }

    /// DER of r and s (GM/T 0009), as base64 without line breaks. The nonce follows from key
    /// and message (RFC 6979), so no weak source of chance can give the key away.
    ///
    /// # Errors
    /// [`CryptoFailed::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<String, CryptoFailed> {
        let signature: Signature = self.0.try_sign(message).or(Err(CryptoFailed::Sign))?;
        Ok(STANDARD.encode(signature.to_der().as_bytes()))
    }
}

/// Somebody's public SM2 key.
pub struct Sm2VerifyingKey(VerifyingKey);

impl fmt::Debug for Sm2VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm2VerifyingKey(..)")
    }
}

impl Sm2VerifyingKey {
    /// Reads the DER of a SubjectPublicKeyInfo (`id-ecPublicKey` on the curve of SM2).
    ///
    /// # Errors
    /// [`KeyInvalid::Sm2`].
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyInvalid> {
        let key = PublicKey::from_public_key_der(der).or(Err(KeyInvalid::Sm2))?;
        VerifyingKey::new(USER_ID, key).map(Self).or(Err(KeyInvalid::Sm2))
    }

    /// # Errors
    /// [`CryptoFailed::Signature`], also for what is not base64 or not DER.
    pub fn verify(&self, message: &[u8], signature: &str) -> Result<(), CryptoFailed> {
        let der = STANDARD.decode(signature).or(Err(CryptoFailed::Signature))?;
        let signature = Signature::from_der(&der).or(Err(CryptoFailed::Signature))?;
        self.0.verify(message, &signature).or(Err(CryptoFailed::Signature))
    }
}

/// Lower-case hex of SM3.
pub fn sm3_hex(bytes: &[u8]) -> String {
    hex(&Sm3::digest(bytes))
}

/// A key of SM4: 16 bytes.
#[derive(Clone)]
pub struct Sm4Key([u8; BLOCK]);

impl fmt::Debug for Sm4Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm4Key(***)")
    }
}

impl Sm4Key {
    /// # Errors
    /// [`KeyInvalid::Length`].
    pub fn new(key: &[u8]) -> Result<Self, KeyInvalid> {
        key.try_into().map(Self).or(Err(KeyInvalid::Length(BLOCK)))
    }

    /// Base64 of `iv` and the text under CBC with PKCS#7. `iv` must be fresh and unpredictable.
    pub fn seal(&self, iv: [u8; BLOCK], plain: &[u8]) -> String {
        let sealed = cbc::Encryptor::<Sm4>::new(&self.0.into(), &iv.into())
            .encrypt_padded_vec::<Pkcs7>(plain);
        STANDARD.encode([&iv[..], &sealed].concat())
    }

    /// Opens what [`Sm4Key::seal`] sealed. There is nothing in it that tells an altered text:
    /// verify its signature first.
    ///
    /// # Errors
    /// [`CryptoFailed::Decrypt`], one for every fault.
    pub fn open(&self, sealed: &str) -> Result<Vec<u8>, CryptoFailed> {
        let bytes = STANDARD.decode(sealed).or(Err(CryptoFailed::Decrypt))?;
        let (iv, body) = bytes.split_at_checked(BLOCK).ok_or(CryptoFailed::Decrypt)?;
        let iv: [u8; BLOCK] = iv.try_into().or(Err(CryptoFailed::Decrypt))?;
        cbc::Decryptor::<Sm4>::new(&self.0.into(), &iv.into())
            .decrypt_padded_vec::<Pkcs7>(body)
            .or(Err(CryptoFailed::Decrypt))
    }
}

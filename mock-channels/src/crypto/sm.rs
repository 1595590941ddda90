//! The Chinese algorithms: SM2 signatures with SM3 (GB/T 32918, 32905) and SM4-CBC (GB/T 32907).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use sm2::SecretKey;
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::Generate as _;
use sm2::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
    LineEnding,
};
use sm3::Sm3;
use sm3::digest::Digest as _;
use sm4::Sm4;

use super::{CryptoError, hex, random_bytes};

/// Goes into Z, the hash in front of every message: the value that GM/T 0009 gives for whoever
/// agreed on no other.
const USER_ID: &str = "1234567812345678";
const BLOCK: usize = 16;

/// An SM2 key that can sign.
pub(crate) struct Sm2SigningKey(SigningKey);

/// The public half of an SM2 key.
pub(crate) struct Sm2VerifyingKey(VerifyingKey);

/// A new key: private (PKCS#8) and public (SPKI) PEM.
pub(crate) fn sm2_pem_pair() -> Result<(String, String), CryptoError> {
    let secret = SecretKey::generate();
    let private = secret.to_pkcs8_pem(LineEnding::LF).map_err(|_unspecified| CryptoError)?;
    let public = secret
        .public_key()
        .to_public_key_pem(LineEnding::LF)
        .map_err(|_unspecified| CryptoError)?;
    Ok((private.as_str().to_owned(), public))
}

impl Sm2SigningKey {
    pub(crate) fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        let secret = SecretKey::from_pkcs8_pem(pem).map_err(|_rejected| CryptoError)?;
        SigningKey::new(USER_ID, &secret).map(Self).map_err(|_rejected| CryptoError)
    }

    /// DER of r and s, as base64.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, CryptoError> {
        let signature: Signature = self.0.try_sign(message).map_err(|_unspecified| CryptoError)?;
        Ok(STANDARD.encode(signature.to_der().as_bytes()))
    }
}

impl Sm2VerifyingKey {
    pub(crate) fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        let public = sm2::PublicKey::from_public_key_pem(pem).map_err(|_rejected| CryptoError)?;
        VerifyingKey::new(USER_ID, public).map(Self).map_err(|_rejected| CryptoError)
    }

    /// Whether `signature` (base64 of DER) is this key's over `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> Result<(), CryptoError> {
        let der = STANDARD.decode(signature).map_err(|_malformed| CryptoError)?;
        let signature = Signature::from_der(&der).map_err(|_malformed| CryptoError)?;
        self.0.verify(message, &signature).map_err(|_wrong| CryptoError)
    }
}

pub(crate) fn sm3_hex(bytes: &[u8]) -> String {
    hex(&Sm3::digest(bytes))
}

/// SM4-CBC with PKCS#7 padding: base64 of the initial vector and the ciphertext.
pub(crate) fn sm4_seal(key: &[u8], plain: &[u8]) -> Result<String, CryptoError> {
    sm4_seal_with(key, random_bytes::<BLOCK>(), plain)
}

fn sm4_seal_with(key: &[u8], iv: [u8; BLOCK], plain: &[u8]) -> Result<String, CryptoError> {
    let encryptor =
        cbc::Encryptor::<Sm4>::new_from_slices(key, &iv).map_err(|_wrong_length| CryptoError)?;
    let mut sealed = iv.to_vec();
    sealed.extend(encryptor.encrypt_padded_vec::<Pkcs7>(plain));
    Ok(STANDARD.encode(sealed))
}

/// The reverse of [`sm4_seal`]. Its errors tell nothing, and whoever calls it has verified a
/// signature over the sealed text, so nobody can probe the padding.
pub(crate) fn sm4_open(key: &[u8], sealed: &str) -> Result<Vec<u8>, CryptoError> {
    let sealed = STANDARD.decode(sealed).map_err(|_malformed| CryptoError)?;
    let (iv, body) = sealed.split_at_checked(BLOCK).ok_or(CryptoError)?;
    cbc::Decryptor::<Sm4>::new_from_slices(key, iv)
        .map_err(|_wrong_length| CryptoError)?
        .decrypt_padded_vec::<Pkcs7>(body)
        .map_err(|_wrong_padding| CryptoError)
}

#[cfg(test)]
mod tests {
    use sm2::NonZeroScalar;

    use super::*;
    use crate::crypto::from_hex;

    const PRIVATE: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    const R: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
    const S: &str = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

    /// GB/T 32918.5-2017, appendix A.2: "message digest" signed by the key of the standard.
    #[test]
    fn the_signature_of_the_standard_is_verified_with_its_user_id() {
        let scalar = NonZeroScalar::try_from(from_hex(PRIVATE).as_slice()).unwrap();
        let secret = SecretKey::from(scalar);
        let point = hex(&secret.public_key().to_sec1_bytes());
        assert_eq!(
            point,
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
             ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        );
        let verifying = VerifyingKey::new(USER_ID, secret.public_key()).unwrap();
        let scalars = from_hex(&format!("{R}{S}"));
        let der = Signature::from_slice(&scalars).unwrap().to_der();
        let signature = STANDARD.encode(der.as_bytes());
        let key = Sm2VerifyingKey(verifying);
        key.verify(b"message digest", &signature).unwrap();
        assert_eq!(key.verify(b"message digesT", &signature), Err(CryptoError));
        let other = VerifyingKey::new("ALICE123@YAHOO.COM", secret.public_key()).unwrap();
        let other = Sm2VerifyingKey(other);
        assert_eq!(other.verify(b"message digest", &signature), Err(CryptoError));
    }

    #[test]
    fn keys_survive_their_pem_and_sign_for_each_other() {
        let (private, public) = sm2_pem_pair().unwrap();
        let signature = Sm2SigningKey::from_pem(&private).unwrap().sign(b"x").unwrap();
        Sm2VerifyingKey::from_pem(&public).unwrap().verify(b"x", &signature).unwrap();
        let (_, stranger) = sm2_pem_pair().unwrap();
        let stranger = Sm2VerifyingKey::from_pem(&stranger).unwrap();
        assert_eq!(stranger.verify(b"x", &signature), Err(CryptoError));
        assert_eq!(stranger.verify(b"x", "AAAA"), Err(CryptoError));
    }

    /// GB/T 32905-2016, appendix A.1 and A.2.
    #[test]
    fn sm3_digests_are_those_of_the_standard() {
        assert_eq!(
            sm3_hex(b"abc"),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        assert_eq!(
            sm3_hex("abcd".repeat(16).as_bytes()),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        );
    }

    /// GB/T 32907-2016, appendix A.1, is the first block under a zero vector; the second text is
    /// the CBC example of draft-ribose-cfrg-sm4.
    #[test]
    fn sm4_blocks_and_chains_are_those_published() {
        let key = from_hex("0123456789abcdeffedcba9876543210");
        let sealed = |iv: &str, plain: &str| {
            let iv = from_hex(iv).try_into().unwrap();
            let sealed = sm4_seal_with(&key, iv, &from_hex(plain)).unwrap();
            hex(&STANDARD.decode(sealed).unwrap()[BLOCK..])
        };
        let zero = "00".repeat(BLOCK);
        let first = sealed(&zero, "0123456789abcdeffedcba9876543210");
        assert_eq!(&first[..32], "681edf34d206965e86b3e94f536e4246");
        let chain = sealed(
            "000102030405060708090a0b0c0d0e0f",
            "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb",
        );
        assert_eq!(
            &chain[..64],
            "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d"
        );
    }

    #[test]
    fn what_is_not_sealed_right_is_not_opened() {
        let key = [7; BLOCK];
        for plain in ["", "x", "sixteen bytes!!!", "中文"] {
            let sealed = sm4_seal(&key, plain.as_bytes()).unwrap();
            assert_eq!(sm4_open(&key, &sealed).unwrap(), plain.as_bytes());
            assert_eq!(sm4_open(&[7; 15], &sealed), Err(CryptoError));
            assert_eq!(sm4_open(&key, &sealed[..20]), Err(CryptoError));
        }
        for bad in ["", "AAAA", "no base64", &"A".repeat(24)] {
            assert_eq!(sm4_open(&key, bad), Err(CryptoError), "{bad}");
        }
    }
}

//! Content encryption: AES-128 in CBC mode with an initial vector of zeros.

use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

use crate::crypto::{self, CryptoError};

const ZEROS: [u8; 16] = [0; 16];

/// Encrypts and writes as base64.
pub(crate) fn seal(key: &[u8], plain: &[u8]) -> Result<String, CryptoError> {
    let mut in_out = plain.to_vec();
    let key = UnboundCipherKey::new(&AES_128, key).map_err(|_unspecified| CryptoError)?;
    PaddedBlockEncryptingKey::cbc_pkcs7(key)
        .and_then(|key| {
            let context = EncryptionContext::Iv128(FixedLength::from(ZEROS));
            key.less_safe_encrypt(&mut in_out, context)
        })
        .map_err(|_unspecified| CryptoError)?;
    Ok(crypto::base64(&in_out))
}

/// The reverse of [`seal`]; one error for everything.
pub(crate) fn open(key: &[u8], sealed: &str) -> Result<Vec<u8>, CryptoError> {
    let mut in_out = crypto::from_base64(sealed)?;
    let key = UnboundCipherKey::new(&AES_128, key).map_err(|_unspecified| CryptoError)?;
    let context = DecryptionContext::Iv128(FixedLength::from(ZEROS));
    let plain = PaddedBlockDecryptingKey::cbc_pkcs7(key)
        .and_then(|key| key.decrypt(&mut in_out, context).map(|plain| plain.to_vec()))
        .map_err(|_unspecified| CryptoError)?;
    Ok(plain)
}

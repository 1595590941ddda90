//! Events of the mini-program, pushed in secure mode: sealed with the app's key, signed with its
//! token, and the signature in the address.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use serde_json::json;

use super::{Forgery, Letter};
use crate::clock::SECOND_MS;
use crate::crypto::{self, CryptoError};
use crate::outside::Outside;
use crate::world::callback::Callback;

/// Whole blocks of so many bytes are sealed.
const BLOCK: usize = 32;

pub(super) fn letter(
    outside: &Outside,
    callback: &Callback,
    forgery: &Forgery,
) -> Result<Letter, CryptoError> {
    let app = &outside.onboarding.wechat;
    let app_id = forgery.app_id.as_deref().unwrap_or(&app.app_id);
    let sealed = seal(&app.encoding_aes_key, callback.resource.to_string().as_bytes(), app_id)?;
    let timestamp = (outside.now_ms() / SECOND_MS - forgery.stale_seconds).to_string();
    let nonce = crypto::random_text(crypto::DIGITS, 10);
    let plain = signature(&[&app.message_token, &timestamp, &nonce]);
    let mut signed = signature(&[&app.message_token, &timestamp, &nonce, &sealed]);
    if forgery.bad_signature {
        signed = signature(&["", &timestamp, &nonce, &sealed]);
    }
    let open_id = callback.resource["FromUserName"].as_str().unwrap_or_default();
    let query = format!(
        "signature={plain}&timestamp={timestamp}&nonce={nonce}&openid={open_id}\
         &encrypt_type=aes&msg_signature={signed}"
    );
    let body = json!({"ToUserName": callback.resource["ToUserName"], "Encrypt": sealed});
    let headers = vec![("Content-Type", "application/json".to_owned())];
    Ok(Letter { headers, body: body.to_string(), query: Some(query) })
}

/// SHA-1 over the parts in their order as text.
pub(crate) fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    crypto::sha1_hex(parts.concat().as_bytes())
}

/// Sixteen random bytes, the length, the message, the app.
fn seal(encoding_aes_key: &str, message: &[u8], app_id: &str) -> Result<String, CryptoError> {
    let key = crypto::from_base64(&format!("{encoding_aes_key}="))?;
    let length = u32::try_from(message.len()).map_err(|_too_long| CryptoError)?;
    let mut plain = crypto::random_bytes::<16>().to_vec();
    plain.extend(length.to_be_bytes());
    plain.extend(message);
    plain.extend(app_id.as_bytes());
    let padding = BLOCK - plain.len() % BLOCK;
    plain.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or(0), padding));
    let iv: [u8; 16] = key.get(..16).and_then(|iv| iv.try_into().ok()).ok_or(CryptoError)?;
    let key = UnboundCipherKey::new(&AES_256, &key).map_err(|_unspecified| CryptoError)?;
    EncryptingKey::cbc(key)
        .and_then(|key| {
            key.less_safe_encrypt(&mut plain, EncryptionContext::Iv128(FixedLength::from(iv)))
        })
        .map_err(|_unspecified| CryptoError)?;
    Ok(crypto::base64(&plain))
}

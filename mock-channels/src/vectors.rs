//! Published and derived test vectors of WeChat, checked by the cryptography of the mock.

use std::collections::HashMap;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM};
use aws_lc_rs::cipher::{
    AES_128, AES_256, Algorithm, DecryptingKey, DecryptionContext, PaddedBlockDecryptingKey,
    UnboundCipherKey,
};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use serde_json::Value;

use crate::crypto::{
    CryptoError, SigningKey, VerifyingKey, from_base64, hex, hmac_sha256, open_gcm, seal_gcm,
    sha1_hex,
};
use crate::wechat_pay::request_message;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/wechat_vectors.json");
const WINDOW_SECONDS: i64 = 300;

struct Vector<'a> {
    keys: &'a Value,
    fields: &'a Value,
}

impl Vector<'_> {
    fn text(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {}", self.fields))
    }

    fn signing_key(&self, field: &str) -> SigningKey {
        let pem = self.keys[self.text(field)]["private_key_pem"].as_str().unwrap();
        SigningKey::from_pem(pem).unwrap()
    }

    fn verifying_key(&self, field: &str) -> VerifyingKey {
        VerifyingKey::from_pem(&self.signing_key(field).public_pem().unwrap()).unwrap()
    }
}

#[test]
fn every_vector_holds() {
    let file: Value = serde_json::from_slice(&std::fs::read(VECTORS).unwrap()).unwrap();
    let checks = checks();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 21, "only {} vectors", vectors.len());
    for fields in vectors {
        let kind = fields["kind"].as_str().unwrap();
        let check = checks
            .get(kind)
            .unwrap_or_else(|| panic!("{}: nobody checks the kind {kind}", fields["id"]));
        println!("{} ({kind})", fields["id"]);
        check(&Vector { keys: &file["keys"], fields });
    }
}

fn checks() -> HashMap<&'static str, fn(&Vector<'_>)> {
    HashMap::from([
        ("request_signature", request_signature as fn(&Vector<'_>)),
        ("rsa_sha256_pkcs1v15", plain_signature),
        ("sign_message_layout", message_layout),
        ("aead_aes_256_gcm", gcm_256),
        ("aead_gcm_16_byte_test_key", gcm_128),
        ("negative", malformed_gcm),
        ("pay_sign", pay_sign),
        ("pay_sign_app", pay_sign_app),
        ("notification", notification),
        ("response_signature", response_signature),
        ("aes_128_cbc_session_key", session_key_data),
        ("user_state_signature", user_state_signature),
        ("push_signature", push_signature),
        ("push_aes", push_aes),
        ("push_msg_signature", push_message_signature),
    ])
}

fn request_signature(vector: &Vector<'_>) {
    let [method, url, timestamp, nonce, body] =
        ["method", "url", "timestamp", "nonce_str", "body"].map(|name| vector.text(name));
    let message = request_message(method, url, timestamp, nonce, body.as_bytes());
    assert_eq!(message, vector.text("message").as_bytes());
    check_both_ways(vector, "key", &message, vector.text("signature"));
    let changed = request_message(method, url, timestamp, nonce, b"{}");
    let key = vector.verifying_key("key");
    assert_eq!(key.verify(&changed, vector.text("signature")), Err(CryptoError));
}

/// PKCS#1 v1.5 is deterministic, so signing must give the very signature of the vector.
fn check_both_ways(vector: &Vector<'_>, key: &str, message: &[u8], signature: &str) {
    assert_eq!(vector.signing_key(key).sign(message).unwrap(), signature);
    vector.verifying_key(key).verify(message, signature).unwrap();
}

fn plain_signature(vector: &Vector<'_>) {
    check_both_ways(vector, "key", vector.text("message").as_bytes(), vector.text("signature"));
}

fn message_layout(vector: &Vector<'_>) {
    let message = vector.text("message");
    let mut parts = message.splitn(5, '\n');
    let mut next = || parts.next().unwrap();
    let (method, url, timestamp, nonce) = (next(), next(), next(), next());
    let body = next().strip_suffix('\n').unwrap();
    assert_eq!(request_message(method, url, timestamp, nonce, body.as_bytes()), message.as_bytes());
}

fn gcm_256(vector: &Vector<'_>) {
    let [key, nonce, data, plain, sealed] =
        ["key", "nonce", "associated_data", "plaintext", "ciphertext"].map(|n| vector.text(n));
    assert_eq!(seal_gcm(key, nonce, data, plain.as_bytes()).unwrap(), sealed);
    let opened = open_gcm(&AES_256_GCM, key, nonce, data, sealed).unwrap();
    assert_eq!(opened, plain.as_bytes());
    assert_eq!(open_gcm(&AES_256_GCM, key, nonce, "other", sealed), Err(CryptoError));
}

fn gcm_128(vector: &Vector<'_>) {
    let [key, nonce, data, sealed] =
        ["key", "nonce", "associated_data", "ciphertext"].map(|name| vector.text(name));
    let opened = open_gcm(&AES_128_GCM, key, nonce, data, sealed).unwrap();
    assert_eq!(opened, vector.text("plaintext").as_bytes());
}

fn malformed_gcm(vector: &Vector<'_>) {
    let key = vector.text("key");
    let good = seal_gcm(key, "0123456789ab", "", b"plain").unwrap();
    let list = |name: &str| vector.fields[name].as_array().unwrap().clone();
    for nonce in list("bad_nonces") {
        let nonce = nonce.as_str().unwrap();
        assert_eq!(open_gcm(&AES_256_GCM, key, nonce, "", &good), Err(CryptoError), "{nonce}");
        assert_eq!(seal_gcm(key, nonce, "", b""), Err(CryptoError));
    }
    for sealed in list("bad_ciphertexts") {
        let sealed = sealed.as_str().unwrap();
        let opened = open_gcm(&AES_256_GCM, key, "0123456789ab", "", sealed);
        assert_eq!(opened, Err(CryptoError), "{sealed}");
    }
    assert_eq!(open_gcm(&AES_256_GCM, "short key", "0123456789ab", "", &good), Err(CryptoError));
}

fn pay_sign(vector: &Vector<'_>) {
    let lines = ["appId", "timeStamp", "nonceStr", "package"].map(|name| vector.text(name));
    let message = lines.map(|line| format!("{line}\n")).concat();
    assert_eq!(message, vector.text("message"));
    check_both_ways(vector, "key", message.as_bytes(), vector.text("paySign"));
}

fn pay_sign_app(vector: &Vector<'_>) {
    let lines = ["appid", "timestamp", "noncestr", "prepayid"].map(|name| vector.text(name));
    let message = lines.map(|line| format!("{line}\n")).concat();
    assert_eq!(message, vector.text("message"));
    check_both_ways(vector, "key", message.as_bytes(), vector.text("sign"));
}

fn notification(vector: &Vector<'_>) {
    let accepted = open_notification(vector);
    if vector.text("expect").starts_with("accept") {
        assert_eq!(accepted.unwrap(), vector.text("plaintext").as_bytes());
    } else {
        assert!(accepted.is_err(), "accepted against {}", vector.text("expect"));
    }
}

/// What a receiver does: signature, freshness, seal.
fn open_notification(vector: &Vector<'_>) -> Result<Vec<u8>, CryptoError> {
    let header = |name: &str| vector.fields["headers"][name].as_str().unwrap_or_default();
    let timestamp = header("Wechatpay-Timestamp");
    let body = vector.text("body");
    let message = format!("{timestamp}\n{}\n{body}\n", header("Wechatpay-Nonce"));
    let key = vector.verifying_key("platform_key");
    key.verify(message.as_bytes(), header("Wechatpay-Signature"))?;
    let seconds: i64 = timestamp.parse().map_err(|_not_a_number| CryptoError)?;
    if (vector.fields["now"].as_i64().unwrap() - seconds).abs() >= WINDOW_SECONDS {
        return Err(CryptoError);
    }
    let body: Value = serde_json::from_str(body).map_err(|_malformed| CryptoError)?;
    let part = |name: &str| body["resource"][name].as_str().unwrap_or_default();
    let (nonce, data) = (part("nonce"), part("associated_data"));
    open_gcm(&AES_256_GCM, vector.text("apiv3_key"), nonce, data, part("ciphertext"))
}

fn response_signature(vector: &Vector<'_>) {
    let [timestamp, nonce, body] = ["timestamp", "nonce", "body"].map(|name| vector.text(name));
    let message = format!("{timestamp}\n{nonce}\n{body}\n");
    assert_eq!(message, vector.text("message"));
    check_both_ways(vector, "platform_key", message.as_bytes(), vector.text("signature"));
}

fn session_key_data(vector: &Vector<'_>) {
    let [key, iv, sealed] = ["session_key", "iv", "encryptedData"].map(|name| vector.text(name));
    let opened = open_user_data(key, iv, sealed, vector.text("appid")).unwrap();
    assert_eq!(opened, vector.text("plaintext"));
    assert_eq!(open_user_data(key, iv, sealed, "wx0000000000000000"), Err(CryptoError));
    assert_eq!(open_user_data(key, iv, &sealed[4..], vector.text("appid")), Err(CryptoError));
    assert_eq!(open_user_data("AA==", iv, sealed, vector.text("appid")), Err(CryptoError));
}

/// One error for everything, and the watermark must name the app.
fn open_user_data(key: &str, iv: &str, sealed: &str, app_id: &str) -> Result<String, CryptoError> {
    let key = UnboundCipherKey::new(&AES_128, &from_base64(key)?).map_err(|_| CryptoError)?;
    let iv: [u8; 16] = from_base64(iv)?.try_into().map_err(|_wrong_length| CryptoError)?;
    let mut in_out = from_base64(sealed)?;
    let plain = PaddedBlockDecryptingKey::cbc_pkcs7(key)
        .and_then(|key| {
            key.decrypt(&mut in_out, DecryptionContext::Iv128(iv.into())).map(|plain| &*plain)
        })
        .map_err(|_| CryptoError)?;
    let text = String::from_utf8(plain.to_vec()).map_err(|_| CryptoError)?;
    let data: Value = serde_json::from_str(&text).map_err(|_| CryptoError)?;
    if data["watermark"]["appid"] == app_id { Ok(text) } else { Err(CryptoError) }
}

fn user_state_signature(vector: &Vector<'_>) {
    let key = vector.text("session_key").as_bytes();
    let signature = hex(&hmac_sha256(key, vector.text("data").as_bytes()));
    assert_eq!(signature, vector.text("signature"));
}

fn sorted_sha1(mut parts: Vec<&str>) -> String {
    parts.sort_unstable();
    sha1_hex(parts.concat().as_bytes())
}

fn push_signature(vector: &Vector<'_>) {
    let parts = ["token", "timestamp", "nonce"].map(|name| vector.text(name)).to_vec();
    assert_eq!(sorted_sha1(parts), vector.text("signature"));
}

fn push_message_signature(vector: &Vector<'_>) {
    let parts = ["token", "timestamp", "nonce", "encrypt"].map(|name| vector.text(name)).to_vec();
    assert_eq!(sorted_sha1(parts), vector.text("msg_signature"));
}

/// 16 random bytes, length, message, app id; padded to blocks of 32, not of 16.
fn push_aes(vector: &Vector<'_>) {
    // 43 characters carry 258 bits: the two that are too many need not be zero.
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, lenient);
    let key = engine.decode(format!("{}=", vector.text("encoding_aes_key"))).unwrap();
    let mut in_out = from_base64(vector.text("encrypt")).unwrap();
    assert_eq!(in_out.len() % 32, 0);
    let plain = open_cbc(&AES_256, &key, &mut in_out);
    let padding = usize::from(*plain.last().unwrap());
    assert!((1..=32).contains(&padding));
    let (content, padded) = plain.split_at(plain.len() - padding);
    assert!(padded.iter().all(|byte| usize::from(*byte) == padding));
    let length = u32::from_be_bytes(content[16..20].try_into().unwrap()) as usize;
    assert_eq!(&content[..16], vector.text("random").as_bytes());
    assert_eq!(&content[20..20 + length], vector.text("message").as_bytes());
    assert_eq!(&content[20 + length..], vector.text("appid").as_bytes());
}

fn open_cbc<'a>(algorithm: &'static Algorithm, key: &[u8], in_out: &'a mut [u8]) -> &'a [u8] {
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let key = UnboundCipherKey::new(algorithm, key).unwrap();
    let key = DecryptingKey::cbc(key).unwrap();
    key.decrypt(in_out, DecryptionContext::Iv128(iv.into())).unwrap()
}

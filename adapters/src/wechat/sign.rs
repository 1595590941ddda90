//! Signatures of WeChat Pay API v3, both ways.

use crate::crypto::{CryptoFailed, SigningKey, VerifyingKey};
use crate::http::header;
use domain::payment::CallbackRefused;
use jiff::Timestamp;

const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// The platform's own limit; exactly at the limit is too old.
const WINDOW_S: u64 = 300;

/// Signs what we send.
#[derive(Debug)]
pub(super) struct Signer {
    pub merchant_no: String,
    pub serial: String,
    pub key: SigningKey,
}

/// What one signature is over, besides the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedHead<'a> {
    pub method: &'a str,
    /// Path and query exactly as sent.
    pub target: &'a str,
    pub timestamp: &'a str,
    pub nonce: &'a str,
}

impl SignedHead<'_> {
    /// Five lines, each with its line feed, the last one too.
    pub fn message(&self, body: &[u8]) -> Vec<u8> {
        let Self { method, target, timestamp, nonce } = self;
        let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        message
    }
}

impl Signer {
    /// The value of the header `Authorization`.
    pub fn authorization(&self, head: SignedHead, body: &[u8]) -> Result<String, CryptoFailed> {
        let signature = self.key.sign(&head.message(body))?;
        Ok(format!(
            "{SCHEME} mchid=\"{}\",nonce_str=\"{}\",timestamp=\"{}\",serial_no=\"{}\",\
             signature=\"{signature}\"",
            self.merchant_no, head.nonce, head.timestamp, self.serial
        ))
    }

    /// What opens a cashier: `package` is that of a mini-program, and the bare prepay id of an app.
    pub fn pay_sign(
        &self,
        app_id: &str,
        timestamp: &str,
        nonce: &str,
        package: &str,
    ) -> Result<String, CryptoFailed> {
        self.key.sign(format!("{app_id}\n{timestamp}\n{nonce}\n{package}\n").as_bytes())
    }
}

/// What the platform signs: answers and callbacks alike.
pub(super) fn platform_message(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
    message.extend_from_slice(body);
    message.push(b'\n');
    message
}

/// What the headers of an answer or a callback say of its signature.
#[derive(Debug)]
pub(super) struct SignedHeaders<'a> {
    timestamp: &'a str,
    nonce: &'a str,
    signature: &'a str,
    /// Which key signed.
    pub serial: &'a str,
}

impl<'a> SignedHeaders<'a> {
    /// Reads the headers, whose names are in lower case, and checks the time window.
    pub fn read(headers: &'a [(String, String)], now: Timestamp) -> Result<Self, CallbackRefused> {
        let value =
            |name, missing| header(headers, name).ok_or(CallbackRefused::Malformed(missing));
        let timestamp = value("wechatpay-timestamp", "Wechatpay-Timestamp")?;
        let nonce = value("wechatpay-nonce", "Wechatpay-Nonce")?;
        let signature = value("wechatpay-signature", "Wechatpay-Signature")?;
        let serial = value("wechatpay-serial", "Wechatpay-Serial")?;
        if header(headers, "wechatpay-signature-type").is_some_and(|named| named != SCHEME) {
            return Err(CallbackRefused::Malformed("Wechatpay-Signature-Type"));
        }
        let signed_at: i64 =
            timestamp.parse().or(Err(CallbackRefused::Malformed("Wechatpay-Timestamp")))?;
        if now.as_second().abs_diff(signed_at) >= WINDOW_S {
            return Err(CallbackRefused::Stale);
        }
        Ok(Self { timestamp, nonce, signature, serial })
    }

    /// Verifies over the raw bytes of the body.
    ///
    /// The platform sends deliberately wrong signatures now and then, to see that we look. They
    /// are refused like any other, without ado.
    pub fn verify(&self, key: &VerifyingKey, body: &[u8]) -> Result<(), CallbackRefused> {
        key.verify(&platform_message(self.timestamp, self.nonce, body), self.signature)
            .or(Err(CallbackRefused::BadSignature))
    }
}

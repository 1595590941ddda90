//! An account whose keys are public, and a platform that signs with them.

use super::account::{WeChatPayAccount, WeChatPayConfig};
use super::sign::platform_message;
use crate::crypto::SigningKey;
use crate::system::RandomIds;
use crate::test_support::{StillClock, quick_client, wechat_vectors};
use std::sync::Arc;

pub(super) const NOW: i64 = 1_772_417_740;
pub(super) const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000072912026030200000001";

fn key(owner: &str, field: &str) -> String {
    wechat_vectors()["keys"][owner][field].as_str().unwrap().to_owned()
}

pub(super) fn config(base_url: &str) -> WeChatPayConfig {
    let certificate = key("go_sdk_test", "certificate_pem");
    WeChatPayConfig {
        base_url: base_url.to_owned(),
        app_id: "wx0123456789abcdef".to_owned(),
        app_app_id: Some("wxfedcba9876543210".to_owned()),
        merchant_no: key("doc_merchant", "mchid"),
        merchant_serial: key("doc_merchant", "serial_no"),
        merchant_private_key_pem: key("doc_merchant", "private_key_pem"),
        api_v3_key: "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb".to_owned(),
        platform_keys: vec![
            (PUBLIC_KEY_ID.to_owned(), key("go_sdk_test", "public_key_pem")),
            (key("go_sdk_test", "serial_no"), certificate),
        ],
        notify_url: "https://example.org/callbacks/wechat-pay".to_owned(),
        order_limit: domain::money::PayableFen::USUAL_ORDER_LIMIT,
    }
}

pub(super) fn account(config: &WeChatPayConfig) -> Arc<WeChatPayAccount> {
    account_at(config, NOW)
}

pub(super) fn account_at(config: &WeChatPayConfig, now: i64) -> Arc<WeChatPayAccount> {
    let (clock, ids) = (Arc::new(StillClock(now)), Arc::new(RandomIds));
    Arc::new(WeChatPayAccount::new(config, quick_client(), clock, ids).unwrap())
}

/// A signed answer, as the platform sends every 2xx.
pub(super) fn signed(status: u16, body: &str) -> String {
    signed_at(status, body, NOW)
}

pub(super) fn signed_at(status: u16, body: &str, timestamp: i64) -> String {
    let platform = SigningKey::from_pem(&key("go_sdk_test", "private_key_pem")).unwrap();
    let (nonce, timestamp) = ("KqzE3bXr9wYt5uPn2mVc7sDf1gHj4kLa", timestamp.to_string());
    let message = platform_message(&timestamp, nonce, body.as_bytes());
    with_signature(status, body, &timestamp, nonce, &platform.sign(&message).unwrap())
}

pub(super) fn with_signature(
    status: u16,
    body: &str,
    timestamp: &str,
    nonce: &str,
    signature: &str,
) -> String {
    let length = match status {
        204 => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    format!(
        "HTTP/1.1 {status} X\r\n{length}Connection: close\r\nWechatpay-Serial: {PUBLIC_KEY_ID}\r\n\
         Wechatpay-Timestamp: {timestamp}\r\nWechatpay-Nonce: {nonce}\r\n\
         Wechatpay-Signature: {signature}\r\n\r\n{body}"
    )
}

//! Notifications of WeChat Pay: sealed with the merchant's key, signed in headers.

use serde_json::{Value, json};

use super::{Forgery, Letter};
use crate::clock::rfc3339;
use crate::crypto::{self, CryptoError, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::world::callback::Callback;

/// WeChat Pay now and then sends signatures that must be refused; they begin like this.
pub(crate) const PROBE: &str = "WECHATPAY/SIGNTEST/";

pub(super) fn letter(
    outside: &Outside,
    callback: &Callback,
    forgery: &Forgery,
) -> Result<Letter, CryptoError> {
    let body = body(outside, callback, forgery)?;
    let timestamp = (outside.now_ms() / 1000 - forgery.stale_seconds).to_string();
    let nonce = crypto::random_text(LETTERS_AND_DIGITS, 32);
    let signed_body = if forgery.bad_signature { "something else" } else { body.as_str() };
    let message = format!("{timestamp}\n{nonce}\n{signed_body}\n");
    let key_id = outside.read(|world| world.wechat_signing_id().to_owned());
    let mut signature = outside.wechat_pay.sign(&key_id, message.as_bytes())?;
    if forgery.probe {
        signature.replace_range(..PROBE.len(), PROBE);
    }
    let own = str::to_owned;
    let headers = vec![
        ("Content-Type", own("application/json")),
        ("Accept", own("*/*")),
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Serial", key_id),
        ("Wechatpay-Signature-Type", own("WECHATPAY2-SHA256-RSA2048")),
    ];
    Ok(Letter { headers, body, query: None })
}

fn body(outside: &Outside, callback: &Callback, forgery: &Forgery) -> Result<String, CryptoError> {
    let resource = forged(callback.resource.clone(), forgery);
    let key = &outside.onboarding.wechat_pay.api_v3_key;
    let nonce = crypto::random_text(LETTERS_AND_DIGITS, 12);
    let (kind, event, summary) = match callback.event.as_str() {
        "REFUND.SUCCESS" => ("refund", "REFUND.SUCCESS", "退款成功"),
        "REFUND.ABNORMAL" => ("refund", "REFUND.ABNORMAL", "退款异常"),
        "REFUND.CLOSED" => ("refund", "REFUND.CLOSED", "退款关闭"),
        // States from before there were refunds do not say.
        _ => ("transaction", "TRANSACTION.SUCCESS", "支付成功"),
    };
    let ciphertext = crypto::seal_gcm(key, &nonce, kind, resource.to_string().as_bytes())?;
    let body = json!({
        "id": callback.id,
        "create_time": rfc3339(callback.created_ms),
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": summary,
        "resource": {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext,
            "associated_data": kind,
            "nonce": nonce,
        },
    });
    Ok(body.to_string())
}

fn forged(mut resource: Value, forgery: &Forgery) -> Value {
    if let Some(number) = &forgery.out_trade_no {
        resource["out_trade_no"] = json!(number);
    }
    if let Some(app_id) = &forgery.app_id {
        resource["appid"] = json!(app_id);
    }
    if let Some(mch_id) = &forgery.mch_id {
        resource["mchid"] = json!(mch_id);
    }
    if let Some(fen) = forgery.amount_fen {
        resource["amount"]["total"] = json!(fen);
        resource["amount"]["payer_total"] = json!(fen);
    }
    resource
}

//! Who is asking: the `Authorization` header, checked in the order that the platform does.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use serde_json::json;

use super::Refusal;
use crate::outside::Outside;

const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
const WINDOW_SECONDS: i64 = 300;

/// The five pairs of the header; others are ignored.
#[derive(Debug, Default, PartialEq, Eq)]
struct Credentials {
    mch_id: String,
    nonce: String,
    timestamp: String,
    serial: String,
    signature: String,
}

pub(super) fn check(outside: &Outside, request: &HttpRequest, body: &Bytes) -> Result<(), Refusal> {
    let on_transactions = request.path().starts_with("/v3/pay/transactions/");
    let headers = request.headers();
    let polite = has(headers, "User-Agent") && has(headers, "Accept");
    if !on_transactions && !polite {
        return Err(Refusal::invalid_request("Http头缺少Accept或User-Agent"));
    }
    let malformed = || {
        sign_error(if on_transactions {
            "签名信息错误，验签失败"
        } else {
            "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
        })
    };
    let header =
        headers.get("Authorization").and_then(|value| value.to_str().ok()).ok_or_else(malformed)?;
    let (scheme, pairs) = header.split_once(' ').ok_or_else(malformed)?;
    if scheme != SCHEME {
        return Err(sign_error("HTTP头Authorization认证类型不正确"));
    }
    let credentials = read(pairs).ok_or_else(malformed)?;
    let timestamp: i64 = credentials.timestamp.parse().map_err(|_not_a_number| malformed())?;
    if (outside.now_ms() / 1000).abs_diff(timestamp) > WINDOW_SECONDS.unsigned_abs() {
        let message = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟";
        return Err(sign_error(message));
    }
    let merchant = &outside.onboarding.wechat_pay;
    if credentials.serial != merchant.merchant_serial || credentials.mch_id != merchant.mch_id {
        let message = "商户证书序列号有误。请使用签名私钥匹配的证书序列号";
        return Err(sign_error(message));
    }
    check_signature(outside, request, body, &credentials)
}

fn check_signature(
    outside: &Outside,
    request: &HttpRequest,
    body: &Bytes,
    credentials: &Credentials,
) -> Result<(), Refusal> {
    // The target exactly as it came: decoding or normalising it would change what was signed.
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let Credentials { timestamp, nonce, signature, .. } = credentials;
    let method = request.method().as_str();
    let message = request_message(method, target, timestamp, nonce, body);
    if outside.keys.merchant_public.verify(&message, signature).is_ok() {
        return Ok(());
    }
    let shown: String = String::from_utf8_lossy(&message).chars().take(80).collect();
    let mut refusal = sign_error("签名错误，请检查后再试");
    refusal.detail = Some(json!({
        "detail": {"issue": "sign not match"},
        "field": "signature",
        "location": "authorization",
        "sign_information": {
            "method": method,
            "sign_message_length": message.len(),
            "truncated_sign_message": shown,
            "url": target,
        },
    }));
    Err(refusal)
}

/// The five lines that a request signs, each ended by a line feed.
pub(crate) fn request_message(
    method: &str,
    target: &str,
    timestamp: &str,
    nonce: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
    message.extend_from_slice(body);
    message.push(b'\n');
    message
}

fn has(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| !value.is_empty())
}

fn sign_error(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "SIGN_ERROR", message)
}

fn read(pairs: &str) -> Option<Credentials> {
    let mut credentials = Credentials::default();
    for pair in pairs.split(',') {
        let (key, value) = pair.trim().split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?.to_owned();
        match key {
            "mchid" => credentials.mch_id = value,
            "nonce_str" => credentials.nonce = value,
            "timestamp" => credentials.timestamp = value,
            "serial_no" => credentials.serial = value,
            "signature" => credentials.signature = value,
            _ => {}
        }
    }
    let Credentials { mch_id, nonce, timestamp, serial, signature } = &credentials;
    let complete = [mch_id, nonce, timestamp, serial, signature].iter().all(|v| !v.is_empty());
    complete.then_some(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_in_any_order_and_all_of_them_are_needed() {
        let header =
            r#"signature="s==",timestamp="1",extra="x",mchid="m",serial_no="n",nonce_str="o""#;
        let credentials = read(header).unwrap();
        assert_eq!((credentials.signature.as_str(), credentials.mch_id.as_str()), ("s==", "m"));
        assert_eq!(read(r#"mchid="m",timestamp="1""#), None);
        assert_eq!(read("mchid=m"), None);
        assert_eq!(read(""), None);
    }
}

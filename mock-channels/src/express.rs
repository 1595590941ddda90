//! The express carrier: takes orders, and tells where the parcels are as time goes by.

use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::crypto;
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::express::{Parcel, Recipient, Track, waybill_no};

/// What faults can be aimed at.
pub(crate) const OPERATIONS: [&str; 2] = ["orders", "tracks"];
const PREFIX: &str = "/express/v1/";
const WINDOW_SECONDS: u64 = 300;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/express/v1/{operation}", web::post().to(call));
}

/// The operation of a path.
pub(crate) fn operation(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    order_no: String,
    sender: String,
    content: String,
    recipient: Recipient,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    order_no: String,
    waybill_no: String,
}

/// Code and words.
type Refusal = (&'static str, String);

async fn call(
    outside: Shared,
    request: HttpRequest,
    operation: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let nonce = match check_signature(&outside, &request, &body) {
        Ok(nonce) => nonce,
        Err(message) => {
            let body = json!({"code": "BAD_SIGNATURE", "message": message});
            return HttpResponse::Unauthorized().json(body);
        }
    };
    let outcome = match operation.as_str() {
        "orders" => order(&outside, &body),
        "tracks" => tracks(&outside, &body),
        _ => return HttpResponse::NotFound().finish(),
    };
    let answer =
        outcome.unwrap_or_else(|(code, message)| json!({"code": code, "message": message}));
    respond(&outside, &nonce, &answer)
}

/// The nonce, if the request is the customer's.
fn check_signature(
    outside: &Outside,
    request: &HttpRequest,
    body: &[u8],
) -> Result<String, &'static str> {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    if header("X-Express-Customer") != outside.onboarding.express.customer_no {
        return Err("客户号未知");
    }
    let (timestamp, nonce) = (header("X-Express-Timestamp"), header("X-Express-Nonce"));
    let seconds: i64 = timestamp.parse().map_err(|_not_a_number| "时间戳格式不正确")?;
    if (outside.now_ms() / 1000).abs_diff(seconds) > WINDOW_SECONDS {
        return Err("时间戳与当前时间相差超过300秒");
    }
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if nonce.len() != 32 || !nonce.bytes().all(lower_hex) {
        return Err("随机串应为32位小写十六进制");
    }
    let path = request.uri().path();
    let message = format!("POST\n{path}\n{timestamp}\n{nonce}\n{}\n", crypto::sha256_hex(body));
    let expected = crypto::hmac_sha256(&outside.keys.express, message.as_bytes());
    let given = crypto::from_base64(header("X-Express-Signature")).unwrap_or_default();
    if crypto::same(&expected, &given) { Ok(nonce.to_owned()) } else { Err("签名错误") }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| ("INVALID", format!("请求体不正确：{error}")))
}

fn order(outside: &Outside, body: &[u8]) -> Result<Value, Refusal> {
    let NewOrder { order_no, sender, content, recipient } = read(body)?;
    let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(6..=32).contains(&order_no.len()) || !word(&order_no) {
        return Err(("INVALID", "orderNo 应为6至32位字母或数字".to_owned()));
    }
    let phone = &recipient.phone;
    let digits = phone.len() == 11 && phone.bytes().all(|byte| byte.is_ascii_digit());
    let filled = [&sender, &content, &recipient.name, &recipient.region, &recipient.address];
    if !digits || filled.iter().any(|text| text.trim().is_empty()) {
        return Err(("INVALID", "寄件人、内件、收件人、电话、地址均应填写".to_owned()));
    }
    let ordered_ms = outside.now_ms();
    let waybill_no = outside.change(|world| {
        if let Some(known) = world.express.parcels.get(&order_no) {
            return known.waybill_no.clone();
        }
        let waybill_no = waybill_no(world.next_number());
        let parcel = Parcel {
            waybill_no: waybill_no.clone(),
            sender,
            content,
            recipient,
            ordered_ms,
            fate: None,
        };
        world.express.parcels.insert(order_no, parcel);
        waybill_no
    });
    Ok(json!({"code": "OK", "message": "", "waybillNo": waybill_no}))
}

fn tracks(outside: &Outside, body: &[u8]) -> Result<Value, Refusal> {
    let asked: Asked = read(body)?;
    let now_ms = outside.now_ms();
    let found = outside.read(|world| {
        let parcel = world.express.parcels.get(&asked.order_no);
        parcel.filter(|one| one.waybill_no == asked.waybill_no).map(|one| one.tracks(now_ms))
    });
    let found = found.ok_or(("UNKNOWN_ORDER", "没有这个订单".to_owned()))?;
    let tracks: Vec<Value> = found.iter().map(described).collect();
    Ok(json!({"code": "OK", "message": "", "tracks": tracks}))
}

/// A track as it is told.
pub(crate) fn described(track: &Track) -> Value {
    json!({
        "at": rfc3339(track.at_ms),
        "op": track.op,
        "place": track.place,
        "words": track.words,
    })
}

fn respond(outside: &Outside, nonce: &str, answer: &Value) -> HttpResponse {
    let body = answer.to_string();
    let timestamp = (outside.now_ms() / 1000).to_string();
    let digest = crypto::sha256_hex(body.as_bytes());
    let signed = format!("200\n{nonce}\n{timestamp}\n{digest}\n");
    let signature = crypto::hmac_sha256(&outside.keys.express, signed.as_bytes());
    HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header(("X-Express-Timestamp", timestamp))
        .insert_header(("X-Express-Nonce", nonce))
        .insert_header(("X-Express-Signature", crypto::base64(&signature)))
        .body(body)
}

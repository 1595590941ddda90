//! WeChat Pay, API version 3: orders, refunds, certificates and daily files.

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::crypto::{self, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::server::Shared;

mod authorization;
pub(crate) mod bill;
pub(crate) mod cashier;
pub(crate) mod certificate;
mod download;
mod fund_flow;
pub(crate) mod order_api;
pub(crate) mod payment;
mod prepay;
pub(crate) mod refund;
mod refusal;

#[cfg(test)]
pub(crate) use authorization::request_message;
pub(crate) use refusal::{is_refusal_code, refused_with};

/// Registers the paths of the platform. A path that is not here is answered by 404 with an
/// empty body, a wrong method by 405, as the real platform does.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let transactions = "/v3/pay/transactions";
    let by_number = format!("{transactions}/out-trade-no/{{out_trade_no}}");
    config
        .service(web::resource(format!("{transactions}/jsapi")).post(prepay::jsapi))
        .service(web::resource(format!("{transactions}/app")).post(prepay::app))
        .service(web::resource(format!("{transactions}/native")).post(prepay::native))
        .service(web::resource(format!("{by_number}/close")).post(order_api::close))
        .service(web::resource(by_number).get(order_api::query_by_number))
        .service(
            web::resource(format!("{transactions}/id/{{transaction_id}}"))
                .get(order_api::query_by_id),
        )
        .service(web::resource("/v3/refund/domestic/refunds").post(refund::create))
        .service(
            web::resource("/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund")
                .post(refund::apply_abnormal),
        )
        .service(web::resource("/v3/refund/domestic/refunds/{out_refund_no}").get(refund::query))
        .service(web::resource("/v3/certificates").get(certificate::list))
        .service(web::resource("/v3/bill/tradebill").get(download::tradebill))
        .service(web::resource("/v3/bill/fundflowbill").get(download::fundflowbill))
        .service(web::resource("/v3/billdownload/file").get(download::file));
}

/// The name under which testers aim faults at a path.
pub(crate) fn operation(path: &str) -> Option<&'static str> {
    match path {
        "/v3/bill/tradebill" => Some("tradebill"),
        "/v3/bill/fundflowbill" => Some("fundflowbill"),
        "/v3/certificates" => Some("certificates"),
        "/v3/refund/domestic/refunds" => Some("refund"),
        _ if path.starts_with("/v3/refund/") && path.ends_with("/apply-abnormal-refund") => {
            Some("abnormal-refund")
        }
        _ if path.starts_with("/v3/refund/") => Some("refund-query"),
        "/v3/billdownload/file" => Some("download"),
        "/v3/pay/transactions/jsapi"
        | "/v3/pay/transactions/app"
        | "/v3/pay/transactions/native" => Some("prepay"),
        _ if !path.starts_with("/v3/pay/transactions/") => None,
        _ if path.ends_with("/close") => Some("close"),
        _ => Some("query"),
    }
}

/// An error as the platform words it.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    detail: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), detail: None }
    }

    fn system_error() -> Self {
        let message = "系统异常，请稍后重试";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "SYSTEM_ERROR", message)
    }

    fn invalid_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    fn parameter(message: &str, detail: Value) -> Self {
        Self { detail: Some(detail), ..Self::new(StatusCode::BAD_REQUEST, "PARAM_ERROR", message) }
    }
}

/// What a handler answers: JSON, or nothing (204).
type Answer = Result<Option<Value>, Refusal>;

/// The key that a request names: for the answer, and for what it sealed.
fn serial_of(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get("Wechatpay-Serial")?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Signs what succeeded, with the key that the request names or else the one that is in use.
/// Errors are never signed.
fn respond(outside: &Outside, request: &HttpRequest, answer: Answer) -> HttpResponse {
    let (status, body) = match answer {
        Ok(Some(body)) => (StatusCode::OK, body.to_string()),
        Ok(None) => (StatusCode::NO_CONTENT, String::new()),
        Err(refusal) => return refuse(refusal),
    };
    let timestamp = (outside.now_ms() / 1000).to_string();
    let nonce = crypto::random_text(LETTERS_AND_DIGITS, 32);
    let message = format!("{timestamp}\n{nonce}\n{body}\n");
    let key_id = serial_of(request)
        .unwrap_or_else(|| outside.read(|world| world.wechat_signing_id().to_owned()));
    let Ok(signature) = outside.wechat_pay.sign(&key_id, message.as_bytes()) else {
        return refuse(Refusal::system_error());
    };
    let mut response = HttpResponse::build(status);
    common_headers(&mut response)
        .insert_header(("Wechatpay-Timestamp", timestamp))
        .insert_header(("Wechatpay-Nonce", nonce))
        .insert_header(("Wechatpay-Signature", signature))
        .insert_header(("Wechatpay-Serial", key_id))
        .insert_header(("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048"));
    if body.is_empty() { response.finish() } else { response.body(body) }
}

fn refuse(refusal: Refusal) -> HttpResponse {
    let mut body = json!({"code": refusal.code, "message": refusal.message});
    if let Some(detail) = refusal.detail {
        body["detail"] = detail;
    }
    let mut response = HttpResponse::build(refusal.status);
    common_headers(&mut response).body(body.to_string())
}

fn common_headers(
    response: &mut actix_web::HttpResponseBuilder,
) -> &mut actix_web::HttpResponseBuilder {
    response
        .content_type("application/json; charset=utf-8")
        .insert_header(("Cache-Control", "no-cache, must-revalidate"))
        .insert_header(("Request-ID", crypto::random_text(LETTERS_AND_DIGITS, 32)))
}

/// Checks who is asking, then asks `act`.
fn authorised(
    outside: &Shared,
    request: &HttpRequest,
    body: &Bytes,
    act: impl FnOnce(&Outside) -> Answer,
) -> HttpResponse {
    let checked = authorization::check(outside, request, body)
        .and_then(|()| check_serial(outside, request))
        .and_then(|()| act(outside));
    respond(outside, request, checked)
}

/// A key that is unknown or retired cannot be asked for. How the platform words it is not
/// documented: our choice.
fn check_serial(outside: &Outside, request: &HttpRequest) -> Result<(), Refusal> {
    let valid = |id: &String| outside.read(|world| world.wechat_key_is_valid(id));
    match serial_of(request) {
        Some(id) if !valid(&id) => {
            Err(Refusal::invalid_request("Wechatpay-Serial不是有效的平台证书序列号或公钥ID"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The merchant number of a body or a query must be that of the signature.
fn check_mch_id(outside: &Outside, mch_id: Option<&str>) -> Result<(), Refusal> {
    match mch_id {
        None | Some("") => Err(Refusal::parameter(
            "输入源“/uri_template/mchid”映射到字段“直连商户号”必填性规则校验失败，此字段为必填项",
            json!({"location": "uri_template", "value": ""}),
        )),
        Some(mch_id) if mch_id == outside.onboarding.wechat_pay.mch_id => Ok(()),
        Some(mch_id) => Err(Refusal::parameter(
            "http header中的mchid与post payload中的mchid不匹配",
            json!({"field": "/mchid", "value": mch_id, "location": "body"}),
        )),
    }
}

/// One value of the query string, decoded.
fn query_value(request: &HttpRequest, name: &str) -> Option<String> {
    web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .ok()?
        .into_inner()
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

//! Callbacks of the rails and calls of the gateway: verified, stored and answered here; acted on by a worker. Each platform
//! knows its own words only, and sends again when it hears others.

use super::admission::Class;
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::payment::{Rail, RailCallback, ReceiveError, Received};

fn as_received(request: &HttpRequest, body: &[u8]) -> RailCallback {
    let headers = request.headers().iter().filter_map(|(name, value)| {
        value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned()))
    });
    RailCallback { headers: headers.collect(), body: body.to_vec() }
}

/// Where the non-tax gateway calls. A signed answer stops its repeats; anything else brings them.
pub async fn non_tax(
    body: web::Bytes,
    request: HttpRequest,
    parts: web::Data<Parts>,
) -> HttpResponse {
    const XML: &str = "text/xml; charset=utf-8";
    let Some(_turn) = parts.admission.enter(Class::Callback) else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    match parts.receive_gateway.run(&as_received(&request, &body)).await {
        Ok((received, answer)) => {
            if received == Received::New {
                parts.wake_gateway_news.notify_one();
            }
            HttpResponse::Ok().content_type(XML).body(answer)
        }
        Err(ReceiveError::Refused(why)) => {
            tracing::warn!(%why, "call of the gateway refused");
            let fault = parts.receive_gateway.fault(&why);
            HttpResponse::InternalServerError().content_type(XML).body(fault)
        }
        Err(ReceiveError::Store(error)) => {
            tracing::error!(error = %chain(&error), "call of the gateway not stored");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

/// Where WeChat Pay reports. 200 stops its re-sends; anything from 400 up brings them.
pub async fn we_chat_pay(
    body: web::Bytes,
    request: HttpRequest,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let status = taken(Rail::WeChatPay, &body, &request, &parts).await;
    let (code, message) =
        if status.is_success() { ("SUCCESS", "成功") } else { ("FAIL", "失败") };
    HttpResponse::build(status).json(serde_json::json!({ "code": code, "message": message }))
}

/// Where Alipay reports. The seven bytes `success` stop its re-sends; a page around them does not.
pub async fn alipay(
    body: web::Bytes,
    request: HttpRequest,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let status = taken(Rail::Alipay, &body, &request, &parts).await;
    let word = if status.is_success() { "success" } else { "fail" };
    HttpResponse::build(status).content_type("text/plain").body(word)
}

/// Where UnionPay reports. It looks at the status alone: 200 stops its re-sends.
pub async fn union_pay(
    body: web::Bytes,
    request: HttpRequest,
    parts: web::Data<Parts>,
) -> HttpResponse {
    HttpResponse::build(taken(Rail::UnionPay, &body, &request, &parts).await).finish()
}

async fn taken(rail: Rail, body: &[u8], request: &HttpRequest, parts: &Parts) -> StatusCode {
    let receive = parts.receive_callback.iter().find(|receive| receive.reader.rail() == rail);
    let Some(receive) = receive else { return StatusCode::NOT_FOUND };
    // Whatever is no success brings the callback again.
    let Some(_turn) = parts.admission.enter(Class::Callback) else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    match receive.run(&as_received(request, body)).await {
        Ok(received) => {
            if received == Received::New {
                parts.wake_callbacks.notify_one();
            }
            StatusCode::OK
        }
        Err(ReceiveError::Refused(why)) => {
            tracing::warn!(rail = rail.code(), %why, "callback refused");
            StatusCode::UNAUTHORIZED
        }
        Err(ReceiveError::Store(error)) => {
            tracing::error!(rail = rail.code(), error = %chain(&error), "callback not stored");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

//! Callbacks of rails: verified, stored and answered here; acted on by a worker.

use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::payment::{RailCallback, ReceiveError, Received};

fn as_received(request: &HttpRequest, body: &web::Bytes) -> RailCallback {
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
    let callback = as_received(&request, &body);
    let answer = |code, message| serde_json::json!({ "code": code, "message": message });
    match parts.receive_we_chat_pay.run(&callback).await {
        Ok(received) => {
            if received == Received::New {
                parts.wake_callbacks.notify_one();
            }
            HttpResponse::Ok().json(answer("SUCCESS", "成功"))
        }
        Err(ReceiveError::Refused(why)) => {
            tracing::warn!(%why, "callback refused");
            HttpResponse::Unauthorized().json(answer("FAIL", "失败"))
        }
        Err(ReceiveError::Store(error)) => {
            tracing::error!(error = %chain(&error), "callback not stored");
            HttpResponse::InternalServerError().json(answer("FAIL", "失败"))
        }
    }
}

//! Callbacks of rails: verified, stored and answered here; acted on by a worker.

use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::payment::{RailCallback, ReceiveError, Received};

/// Where WeChat Pay reports. 200 stops its re-sends; anything from 400 up brings them.
pub async fn we_chat_pay(
    body: web::Bytes,
    request: HttpRequest,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let headers = request.headers().iter().filter_map(|(name, value)| {
        value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned()))
    });
    let callback = RailCallback { headers: headers.collect(), body: body.to_vec() };
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

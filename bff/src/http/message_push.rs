//! Where WeChat pushes events of the mini-program (消息推送).

use super::admission::Class;
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::messaging::{DeliveryCallbacks, Heard, MessageCallback, MessageChannel};
use domain::outside::StoreError;
use std::sync::Arc;

/// Two that change the same message at once: the later one reads it again.
const TRIES: usize = 3;

fn query(request: &HttpRequest) -> Vec<(String, String)> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    pairs.map(web::Query::into_inner).unwrap_or_default()
}

fn reader(parts: &Parts) -> Option<&Arc<dyn DeliveryCallbacks>> {
    parts.message_callbacks.iter().find(|reader| reader.channel() == MessageChannel::WeChat)
}

/// The platform asks whether the address is ours.
pub async fn greet(request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    let Some(reader) = reader(&parts) else { return HttpResponse::NotFound().finish() };
    let query = query(&request);
    match reader.greeting(&MessageCallback { query: &query, body: b"" }) {
        Ok(echo) => HttpResponse::Ok().content_type("text/plain").body(echo),
        Err(why) => {
            tracing::warn!(%why, "check of the address of message push refused");
            HttpResponse::Unauthorized().finish()
        }
    }
}

/// The platform tells something; the word `success` stops its repeats.
pub async fn take(body: web::Bytes, request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    let Some(reader) = reader(&parts) else { return HttpResponse::NotFound().finish() };
    let Some(_turn) = parts.admission.enter(Class::Callback) else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let query = query(&request);
    let news = match reader.read(&MessageCallback { query: &query, body: &body }) {
        Ok(news) => news,
        Err(why) => {
            tracing::warn!(%why, "message push refused");
            return HttpResponse::Unauthorized().finish();
        }
    };
    for news in &news {
        let mut heard = parts.hear_delivery.run(news).await;
        for _ in 1..TRIES {
            if !matches!(heard, Err(StoreError::Conflict)) {
                break;
            }
            heard = parts.hear_delivery.run(news).await;
        }
        match heard {
            Ok(Heard::Noted | Heard::Known) => {}
            // It may be told of before its number is noted: the repeat finds it.
            Ok(Heard::Stranger) => return HttpResponse::NotFound().finish(),
            Err(error) => {
                tracing::error!(error = %chain(&error), "report of a message not noted");
                return HttpResponse::InternalServerError().finish();
            }
        }
    }
    HttpResponse::Ok().content_type("text/plain").body("success")
}

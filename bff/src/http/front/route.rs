//! `/graphql` over POST and GET; a socket begins with a GET, too.

use super::super::admission::come_again_s;
use super::super::requester::Credentials;
use super::accept::MediaType;
use super::answer::Answer;
use super::operation::{Operation, QueryString};
use super::run::{NotRun, answers, once, sound};
use super::{events, socket};
use crate::graphql::error::bad_input;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER, UPGRADE,
};
use actix_web::{HttpRequest, HttpResponse, web};

/// POST with a JSON body.
pub async fn post(request: HttpRequest, body: web::Bytes, parts: web::Data<Parts>) -> HttpResponse {
    if let Some(kept) = parts.answers.hit_posted(&request, &body) {
        return kept;
    }
    match posted(&request, &body) {
        Ok(operation) => answer(&request, operation, Verb::Post(&body), &parts).await,
        Err(refused) => *refused,
    }
}

/// GET with a query string, for queries only; or the beginning of a socket.
pub async fn get(
    request: HttpRequest,
    payload: web::Payload,
    parts: web::Data<Parts>,
) -> HttpResponse {
    if request.headers().contains_key(UPGRADE) {
        return socket::open(&request, payload, parts);
    }
    if let Some(kept) = parts.answers.hit(&request) {
        return kept;
    }
    let sent = web::Query::<QueryString>::from_query(request.query_string());
    let sent = sent.map_err(|_| unreadable(&request, &"the query string cannot be read"));
    match sent.map(|sent| Operation::try_from(sent.into_inner())) {
        Ok(Ok(operation)) => answer(&request, operation, Verb::Get, &parts).await,
        Ok(Err(why)) => unreadable(&request, &why),
        Err(refused) => refused,
    }
}

/// Any other method.
pub async fn other() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, POST")).finish()
}

/// The operation of a POST with a JSON body; else the answer to give.
///
/// # Errors
/// 415 for another media type or a packed body, 400 for what cannot be read.
pub fn posted(request: &HttpRequest, body: &[u8]) -> Result<Operation, Box<HttpResponse>> {
    let headers = request.headers();
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // What is packed is not unpacked: a few bytes would become very many.
    if !is_json(media_type.unwrap_or_default()) || headers.contains_key(CONTENT_ENCODING) {
        return Err(HttpResponse::UnsupportedMediaType().finish().into());
    }
    Operation::from_json(body).map_err(|why| unreadable(request, &why).into())
}

/// `application/json`, in UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// What is no operation at all is a bad request under every media type.
fn unreadable(request: &HttpRequest, why: &dyn std::fmt::Display) -> HttpResponse {
    let media = MediaType::wanted(request).unwrap_or(MediaType::Json);
    let answer = Answer::from(bad_input(&why.to_string()));
    answer.with_status(request, media, StatusCode::BAD_REQUEST)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb<'a> {
    Get,
    /// With this body.
    Post(&'a [u8]),
}

async fn answer(
    request: &HttpRequest,
    operation: Operation,
    verb: Verb<'_>,
    parts: &web::Data<Parts>,
) -> HttpResponse {
    let Some(media) = MediaType::wanted(request) else {
        return HttpResponse::NotAcceptable().finish();
    };
    let credentials = Credentials::of_request(request, parts);
    let sound = match sound(operation, &credentials, parts) {
        Ok(sound) => sound,
        Err(not_run) => return refused(request, media, not_run),
    };
    // An event stream over GET is how browsers subscribe; it changes nothing either.
    if verb == Verb::Get && sound.is_for_post() {
        return HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish();
    }
    match media {
        MediaType::Json | MediaType::ResponseJson => match once(sound, &credentials, parts).await {
            Ok(Answer::Kept(kept)) if credentials.named_nobody() => match verb {
                Verb::Get => parts.answers.for_everybody(request, &kept, media),
                Verb::Post(body) => parts.answers.for_post(request, body, &kept, media),
            },
            Ok(answer) => answer.over_http(request, media, StatusCode::BAD_REQUEST),
            Err(not_run) => refused(request, media, not_run),
        },
        MediaType::EventStream => match answers(sound, &credentials, parts).await {
            Ok(answers) => events::respond(answers),
            Err((answer, status)) => answer.with_status(request, MediaType::Json, status),
        },
    }
}

/// Overload is said by the status under every media type: what stands between us and the client
/// must not take it for an answer.
pub fn refused(request: &HttpRequest, media: MediaType, (answer, status): NotRun) -> HttpResponse {
    if status != StatusCode::SERVICE_UNAVAILABLE {
        return answer.over_http(request, media, status);
    }
    let mut refused = answer.with_status(request, media, status);
    refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(u16::from(come_again_s())));
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_read() {
        for (media_type, expected) in [
            ("application/json", true),
            ("Application/JSON ; Charset=\"UTF-8\"", true),
            ("application/json; charset=gbk", false),
            ("application/graphql", false),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type), expected, "{media_type}");
        }
    }
}

//! What is checked of every request before anything looks at it: its address and its headers are
//! not larger than any client's, and its body comes in time.

use super::front::accept::{Coding, MediaType};
use super::front::answer::Answer;
use super::requester::Wording;
use crate::graphql::error::{FailureCode, bad_input};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONNECTION, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::{Stream, StreamExt as _};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// One answer takes at most so long, its body and all; clients give up after 10 s.
pub const DEADLINE: Duration = Duration::from_secs(8);
/// Of a request line's address, in bytes: the longest document of the clients as a query string
/// has 14 KB.
const MAX_ADDRESS: usize = 16 * 1024;
/// Of all headers, in bytes: browsers with their cookies send 2 KB.
const MAX_HEADERS: usize = 16 * 1024;
/// Where files come in, which may take longer and have a deadline of their own.
const SLOW: &str = "/files";
/// Where refusals are said in the shape of answers.
const GRAPHQL: [&str; 2] = ["/graphql", "/staff/graphql"];

/// When the request's head was read.
#[derive(Debug, Clone, Copy)]
struct Arrived(Instant);

/// When the request's head was read.
pub fn arrived(request: &HttpRequest) -> Instant {
    request.extensions().get::<Arrived>().map_or_else(Instant::now, |arrived| arrived.0)
}

/// The middleware.
pub async fn check<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    within(DEADLINE, request, next).await
}

async fn within<B: MessageBody + 'static>(
    time: Duration,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if let Some((status, why)) = oversize(request.request()) {
        let refused = refusal(request.request(), status, bad_input(why).into());
        return Ok(request.into_response(refused).map_into_right_body());
    }
    let now = Instant::now();
    request.extensions_mut().insert(Arrived(now));
    if request.path() == SLOW || request.method().is_safe() {
        return Ok(shaped(next.call(request).await?));
    }
    // Nobody but the router may hold the request from here on.
    let media = MediaType::wanted(request.request()).unwrap_or(MediaType::Json);
    let wording = Wording::of(request.headers());
    let whole = Rc::new(Cell::new(false));
    let body = watched(request.take_payload(), whole.clone());
    request.set_payload(Payload::Stream { payload: Box::pin(body) });
    tokio::select! {
        answered = next.call(request) => Ok(shaped(answered?)),
        () = late(now + time, whole) => {
            let (status, coding) = (StatusCode::REQUEST_TIMEOUT, Coding::Identity);
            let timeout = Answer::from(FailureCode::Timeout);
            let mut refused = timeout.written(wording, media.of_one_answer(), coding, status);
            // The rest of the body would be read as the next request.
            refused.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
            refused.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            Err(InternalError::from_response("the body did not come in time", refused).into())
        }
    }
}

fn oversize(request: &HttpRequest) -> Option<(StatusCode, &'static str)> {
    let headers = request.headers().iter();
    let bytes: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > MAX_ADDRESS {
        Some((StatusCode::URI_TOO_LONG, "the address has more than 16 KB: use POST"))
    } else if bytes > MAX_HEADERS {
        Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers have more than 16 KB"))
    } else {
        None
    }
}

fn refusal(to: &HttpRequest, status: StatusCode, answer: Answer) -> HttpResponse {
    answer.with_status(to, MediaType::wanted(to).unwrap_or(MediaType::Json), status)
}

/// The body as it comes; `whole` once there is no more of it.
fn watched(
    body: Payload,
    whole: Rc<Cell<bool>>,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let end = futures_util::stream::poll_fn(move |_| {
        whole.set(true);
        std::task::Poll::Ready(None)
    });
    body.chain(end)
}

/// Returns when the time is over and the body is not there; what takes long after that has a
/// deadline of its own.
async fn late(due: Instant, whole: Rc<Cell<bool>>) {
    sleep_until(due).await;
    if whole.get() {
        std::future::pending().await
    }
}

/// What the framework refuses by itself, in the shape that clients of GraphQL read.
fn shaped<B>(answered: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    let why = match answered.status() {
        StatusCode::METHOD_NOT_ALLOWED => "this method is not for this operation",
        StatusCode::NOT_ACCEPTABLE => {
            "application/json, application/graphql-response+json and \
                                       text/event-stream are answered in"
        }
        StatusCode::PAYLOAD_TOO_LARGE => "the body has more than 64 KB",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "the body is application/json in UTF-8, unpacked",
        _ => return answered.map_into_left_body(),
    };
    if !GRAPHQL.contains(&answered.request().path()) {
        return answered.map_into_left_body();
    }
    let (request, answered) = answered.into_parts();
    let mut refused = refusal(&request, answered.status(), bad_input(why).into());
    if let Some(allow) = answered.headers().get(ALLOW) {
        refused.headers_mut().insert(ALLOW, allow.clone());
    }
    ServiceResponse::new(request, refused).map_into_right_body()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::dev::Service as _;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, web};
    use futures_util::stream;
    use std::task::Poll;

    async fn length(body: Bytes) -> String {
        body.len().to_string()
    }

    async fn answered(request: TestRequest, payload: Option<Payload>) -> (StatusCode, String) {
        let app = App::new()
            .wrap(from_fn(|request, next| within(Duration::from_millis(30), request, next)))
            .route("/graphql", web::post().to(length))
            .route("/graphql", web::get().to(length));
        let app = init_service(app).await;
        let request = request.to_request();
        let request = match payload {
            Some(payload) => request.replace_payload(payload).0,
            None => request,
        };
        let answered = match app.call(request).await {
            Ok(answered) => answered.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let status = answered.status();
        let body = actix_web::body::to_bytes(answered.into_body()).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn asks(request: TestRequest) -> (StatusCode, String) {
        answered(request, None).await
    }

    #[actix_web::test]
    async fn what_is_larger_than_any_client_sends_is_refused_by_its_own_status() {
        let long = |bytes: usize| format!("/graphql?{}", "a".repeat(bytes - "/graphql?".len()));
        assert_eq!(asks(TestRequest::get().uri(&long(MAX_ADDRESS))).await.0, StatusCode::OK);
        let (status, body) = asks(TestRequest::get().uri(&long(MAX_ADDRESS + 1))).await;
        assert!(status == StatusCode::URI_TOO_LONG && body.contains("BAD_INPUT"), "{body}");
        let headers = |bytes: usize| {
            TestRequest::get()
                .uri("/graphql")
                .insert_header(("x-a", "a".repeat(bytes - "x-a".len())))
        };
        assert_eq!(asks(headers(MAX_HEADERS)).await.0, StatusCode::OK);
        let too_large = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        assert_eq!(asks(headers(MAX_HEADERS + 1)).await.0, too_large);
    }

    /// A body in these parts; then, if it is not the end, nothing comes any more.
    async fn comes(parts: &'static [&'static str], ends: bool) -> (StatusCode, String) {
        let came = stream::iter(parts).map(|part| Ok(Bytes::from_static(part.as_bytes())));
        let rest = stream::poll_fn(move |_| if ends { Poll::Ready(None) } else { Poll::Pending });
        let body: std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
            Box::pin(came.chain(rest));
        let payload = Payload::Stream { payload: body };
        answered(TestRequest::post().uri("/graphql"), Some(payload)).await
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_in_time_is_not_waited_for() {
        assert_eq!(comes(&["abc", "de"], true).await, (StatusCode::OK, "5".to_owned()));
        let (status, body) = comes(&["abc", "de"], false).await;
        assert!(status == StatusCode::REQUEST_TIMEOUT && body.contains("TIMEOUT"), "{body}");
        assert_eq!(comes(&[], false).await.0, StatusCode::REQUEST_TIMEOUT);
    }
}

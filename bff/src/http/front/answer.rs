//! What goes back: one answer as JSON, with a code and a trace id in every error.

use super::accept::{Coding, MediaType};
use super::cache::{Kept, NO_STORE};
use super::compress::packed;
use crate::graphql::error::FailureCode;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use actix_web::{HttpRequest, HttpResponse};
use async_graphql::{Error, Response, ServerError, Value};
use serde::Serialize;
use std::sync::Arc;

/// What an answer depends on, besides the address.
pub const DEPENDS_ON: &str = "Authorization, X-Channel, Accept-Language, Accept, Accept-Encoding";

/// Errors of one answer: a client shows one, and a developer mends the first.
const ERRORS_MAX: usize = 20;

/// One answer, ready to be written.
#[derive(Debug, Clone)]
pub enum Answer {
    /// For who asked.
    Made {
        /// What it says.
        response: Arc<Response>,
        /// Whether anything was executed: `data` is left out of the answer where nothing was.
        executed: bool,
    },
    /// For everybody.
    Kept(Arc<Kept>),
}

impl From<Arc<Kept>> for Answer {
    fn from(kept: Arc<Kept>) -> Self {
        Self::Kept(kept)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
}

impl From<Response> for Answer {
    /// Every error gets its trace id, which the log has too.
    fn from(mut response: Response) -> Self {
        // An error of execution says where in the answer it happened; others came before it.
        let reached = response.errors.iter().any(|error| !error.path.is_empty());
        let executed = reached || response.data != Value::Null || response.errors.is_empty();
        response.errors.truncate(ERRORS_MAX);
        if !response.errors.is_empty() {
            let trace_id = trace_id();
            response.errors.iter_mut().for_each(|error| complete(error, &trace_id));
            let codes: Vec<_> = response.errors.iter().filter_map(code_of).collect();
            tracing::info!(trace_id, ?codes, "answered with errors");
        }
        Self::Made { response: Arc::new(response), executed }
    }
}

impl From<FailureCode> for Answer {
    /// A failure before anything was executed.
    fn from(code: FailureCode) -> Self {
        code.error().into()
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        let mut error = error.into_server_error(async_graphql::Pos::default());
        error.locations.clear();
        Response::from_errors(vec![error]).into()
    }
}

impl Answer {
    /// The answer as JSON.
    pub fn json(&self) -> String {
        let (response, executed) = match self {
            Self::Made { response, executed } => (response, *executed),
            Self::Kept(kept) => return String::from_utf8_lossy(kept.json()).into_owned(),
        };
        let body = Body { data: executed.then_some(&response.data), errors: &response.errors };
        // Nothing in it can fail to be written; if it did, an empty object is an answer.
        serde_json::to_string(&body).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Whether the operation was executed, as far as it went.
    pub fn was_executed(&self) -> bool {
        match self {
            Self::Made { executed, .. } => *executed,
            Self::Kept(_) => true,
        }
    }

    /// Whether there is nothing in it but errors.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Made { response, .. } => {
                response.data == Value::Null && !response.errors.is_empty()
            }
            Self::Kept(_) => false,
        }
    }

    /// Whether everything that was asked for is there.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Made { response, executed } => *executed && response.errors.is_empty(),
            Self::Kept(_) => true,
        }
    }

    /// Its errors as JSON: what a socket's `error` message carries.
    pub fn errors(&self) -> serde_json::Value {
        match self {
            Self::Made { response, .. } => {
                serde_json::to_value(&response.errors).unwrap_or_default()
            }
            Self::Kept(_) => serde_json::Value::Array(Vec::new()),
        }
    }

    /// The answer over HTTP; `status` where nothing was executed and the media type says so.
    pub fn over_http(
        &self,
        to: &HttpRequest,
        media: MediaType,
        status: StatusCode,
    ) -> HttpResponse {
        let status = match media {
            MediaType::ResponseJson if !self.was_executed() => status,
            MediaType::Json | MediaType::ResponseJson | MediaType::EventStream => StatusCode::OK,
        };
        self.with_status(to, media, status)
    }

    /// The answer over HTTP, with this status whatever the media type.
    pub fn with_status(
        &self,
        to: &HttpRequest,
        media: MediaType,
        status: StatusCode,
    ) -> HttpResponse {
        let media = media.of_one_answer();
        if let (Self::Kept(kept), StatusCode::OK) = (self, status) {
            return kept.for_one(media, Coding::wanted(to));
        }
        let (bytes, coding) = packed(self.json().into_bytes(), Coding::wanted(to));
        let mut response = HttpResponse::build(status);
        response
            .insert_header((CONTENT_TYPE, media.as_str()))
            .insert_header((CACHE_CONTROL, NO_STORE))
            .insert_header((VARY, DEPENDS_ON));
        if let Some(coding) = coding.as_str() {
            response.insert_header((CONTENT_ENCODING, coding));
        }
        response.body(bytes)
    }
}

fn complete(error: &mut ServerError, trace_id: &str) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", FailureCode::BadInput.words().0);
    }
    extensions.set("traceId", trace_id);
}

fn code_of(error: &ServerError) -> Option<String> {
    error.extensions.as_ref()?.get("code").map(ToString::to_string)
}

/// 16 hex digits that name one request in the log.
fn trace_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness the id is zero; the request itself need not fail for it.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::PathSegment;

    fn json(response: Response) -> serde_json::Value {
        serde_json::from_str(&Answer::from(response).json()).unwrap()
    }

    #[test]
    fn data_is_there_if_and_only_if_something_was_executed() {
        let before = json(Response::from_errors(vec![ServerError::new("syntax", None)]));
        assert!(before.get("data").is_none(), "{before}");
        let mut within = ServerError::new("failed", None);
        within.path = vec![PathSegment::Field("viewer".to_owned())];
        let bubbled = json(Response::from_errors(vec![within]));
        assert_eq!(bubbled.get("data"), Some(&serde_json::Value::Null), "{bubbled}");
        let fine = json(Response::new(Value::from_json(serde_json::json!({"a": 1})).unwrap()));
        assert_eq!(fine, serde_json::json!({ "data": { "a": 1 } }));
    }

    #[test]
    fn every_error_has_a_code_and_the_trace_id_of_its_answer() {
        let errors = vec![ServerError::new("a", None), ServerError::new("b", None)];
        let body = json(Response::from_errors(errors));
        let of = |at: usize| body["errors"][at]["extensions"].clone();
        assert_eq!(of(0)["code"], "BAD_INPUT");
        assert_eq!(of(0)["traceId"], of(1)["traceId"]);
        assert_eq!(of(0)["traceId"].as_str().unwrap().len(), 16);
        let many = vec![ServerError::new("a", None); ERRORS_MAX + 1];
        let many = json(Response::from_errors(many));
        assert_eq!(many["errors"].as_array().unwrap().len(), ERRORS_MAX);
        let coded = json(Response::from_errors(Vec::new()));
        assert_eq!(coded, serde_json::json!({ "data": null }));
        let failure: serde_json::Value =
            serde_json::from_str(&Answer::from(FailureCode::Timeout).json()).unwrap();
        assert_eq!(failure["errors"][0]["extensions"]["code"], "TIMEOUT");
    }
}

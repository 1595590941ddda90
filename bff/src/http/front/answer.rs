//! What goes back: one answer as JSON, with a code and a trace id in every error.

use super::accept::{Coding, MediaType};
use super::cache::{Kept, NO_STORE};
use super::compress::packed;
use super::wording::{RETRY_AFTER as RETRY_AFTER_S, worded};
use crate::graphql::error::FailureCode;
use crate::http::fairness::{Bill, Cost, RateLimited};
use crate::http::requester::Wording;
use crate::observe;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue,
    RETRY_AFTER, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use async_graphql::{Error, ErrorExtensions as _, Response, ServerError, Value};
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
        /// What it cost; `None`: nobody was charged.
        tally: Option<Tally>,
    },
    /// For everybody.
    Kept(Arc<Kept>),
}

/// What an answer says of its cost.
#[derive(Debug, Clone, Copy)]
pub enum Tally {
    /// It was paid.
    Paid(Bill),
    /// There was not enough left.
    Short(RateLimited),
}

impl From<RateLimited> for Answer {
    /// Nothing was executed; says when to come again.
    fn from(why: RateLimited) -> Self {
        let error = FailureCode::RateLimited.error();
        let error = error.extend_with(|_, more| more.set(RETRY_AFTER_S, why.come_again_s()));
        Self::from(error).with_tally(Tally::Short(why))
    }
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ServerError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
}

#[derive(Serialize)]
struct Extensions {
    cost: Cost,
}

impl From<Response> for Answer {
    /// Every error gets its trace id, which the log has too.
    fn from(mut response: Response) -> Self {
        // An error of execution says where in the answer it happened; others came before it.
        let reached = response.errors.iter().any(|error| !error.path.is_empty());
        let executed = reached || response.data != Value::Null || response.errors.is_empty();
        response.errors.truncate(ERRORS_MAX);
        if !response.errors.is_empty() {
            let trace_id = observe::trace_id();
            response.errors.iter_mut().for_each(|error| complete(error, &trace_id));
            let codes: Vec<_> = response.errors.iter().filter_map(code_of).collect();
            codes.iter().for_each(|code| observe::errored(code));
            tracing::info!(trace_id, ?codes, "answered with errors");
        }
        Self::Made { response: Arc::new(response), executed, tally: None }
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
    /// The answer as JSON, its errors in that language.
    pub fn json(&self, wording: Wording) -> String {
        let (response, executed, tally) = match self {
            Self::Made { response, executed, tally } => (response, *executed, tally),
            Self::Kept(kept) => return String::from_utf8_lossy(kept.json()).into_owned(),
        };
        let cost = match tally {
            Some(Tally::Paid(bill)) => bill.cost(),
            Some(Tally::Short(_)) | None => None,
        };
        let body = Body {
            data: executed.then_some(&response.data),
            errors: response.errors.iter().map(|error| worded(error, wording)).collect(),
            extensions: cost.map(|cost| Extensions { cost }),
        };
        // Nothing in it can fail to be written; if it did, an empty object is an answer.
        serde_json::to_string(&body).unwrap_or_else(|_| "{}".to_owned())
    }

    /// The same, with what it cost; what is for everybody costs nobody anything.
    pub fn with_tally(self, of: Tally) -> Self {
        match self {
            Self::Made { response, executed, .. } => {
                Self::Made { response, executed, tally: Some(of) }
            }
            kept @ Self::Kept(_) => kept,
        }
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
            Self::Made { response, executed, .. } => *executed && response.errors.is_empty(),
            Self::Kept(_) => true,
        }
    }

    /// Its errors as JSON: what a socket's `error` message carries.
    pub fn errors(&self, wording: Wording) -> serde_json::Value {
        match self {
            Self::Made { response, .. } => {
                let all: Vec<_> =
                    response.errors.iter().map(|error| worded(error, wording)).collect();
                serde_json::to_value(&all).unwrap_or_default()
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
        self.written(Wording::of(to.headers()), media, Coding::wanted(to), status)
    }

    /// The answer as it is written for whoever takes it in this form.
    pub fn written(
        &self,
        wording: Wording,
        media: MediaType,
        coding: Coding,
        status: StatusCode,
    ) -> HttpResponse {
        let text = self.json(wording);
        let (bytes, coding) = packed(text.into_bytes(), coding);
        let mut response = HttpResponse::build(status);
        response
            .insert_header((CONTENT_TYPE, media.as_str()))
            .insert_header((CACHE_CONTROL, NO_STORE))
            .insert_header((CONTENT_LANGUAGE, self.language(wording)))
            .insert_header((VARY, DEPENDS_ON));
        if let Some(coding) = coding.as_str() {
            response.insert_header((CONTENT_ENCODING, coding));
        }
        let mut response = response.body(bytes);
        if let Self::Made { tally: Some(tally), .. } = self {
            tally.head(response.headers_mut());
        }
        response
    }
}

impl Answer {
    /// Names of things are Chinese; errors are in the language that was asked for.
    fn language(&self, wording: Wording) -> &'static str {
        match self {
            Self::Made { response, .. } if !response.errors.is_empty() => wording.code(),
            Self::Made { .. } | Self::Kept(_) => Wording::Chinese.code(),
        }
    }
}

impl Tally {
    fn head(&self, headers: &mut HeaderMap) {
        match self {
            Self::Paid(bill) => bill.head(headers),
            Self::Short(why) => {
                why.head(headers);
                headers.insert(RETRY_AFTER, HeaderValue::from(why.come_again_s()));
            }
        }
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
    let code = error.extensions.as_ref()?.get("code")?;
    if let Value::String(word) = code { Some(word.clone()) } else { Some(code.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::PathSegment;

    fn json(response: Response) -> serde_json::Value {
        serde_json::from_str(&Answer::from(response).json(Wording::Chinese)).unwrap()
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
        assert_eq!(of(0)["traceId"].as_str().unwrap().len(), 32);
        let many = vec![ServerError::new("a", None); ERRORS_MAX + 1];
        let many = json(Response::from_errors(many));
        assert_eq!(many["errors"].as_array().unwrap().len(), ERRORS_MAX);
        let coded = json(Response::from_errors(Vec::new()));
        assert_eq!(coded, serde_json::json!({ "data": null }));
        let failure: serde_json::Value =
            serde_json::from_str(&Answer::from(FailureCode::Timeout).json(Wording::Chinese))
                .unwrap();
        assert_eq!(failure["errors"][0]["extensions"]["code"], "TIMEOUT");
    }
}

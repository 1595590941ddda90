//! `/graphql` over POST and GET.
//!
//! The library parses recursively, so what comes in is measured first: size by the server,
//! nesting by [`nesting_too_deep`], and what its fragments spread to by [`too_wide`].

use super::admission::{Class, come_again_s};
use super::document::{is_for_post, too_wide};
use super::requester::{Refused, requester};
use crate::graphql::error::{FailureCode, nothing_done};
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Error, Response, ServerError, Value, Variables};
use serde::Deserialize;
use std::time::Duration;

/// Brackets nest at most so deep; the deepest document of the clients has 12.
const MAX_NESTING: usize = 64;
/// One answer takes at most so long; clients give up after 10 s.
pub(super) const DEADLINE: Duration = Duration::from_secs(8);

const RESPONSE_JSON: &str = "application/graphql-response+json";

/// One operation, as the GraphQL-over-HTTP draft names its parts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<serde_json::Value>,
    #[serde(rename = "extensions")]
    _extensions: Option<serde_json::Value>,
}

/// The same in a query string, where objects are JSON texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryString {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// POST with a JSON body.
pub async fn post(request: HttpRequest, body: web::Bytes, parts: web::Data<Parts>) -> HttpResponse {
    match posted(&request, &body) {
        Ok(operation) => answer(&request, operation, Verb::Post, &parts).await,
        Err(refused) => *refused,
    }
}

/// The operation of a POST with a JSON body; else the answer to give.
pub(super) fn posted(request: &HttpRequest, body: &[u8]) -> Result<Operation, Box<HttpResponse>> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(HttpResponse::UnsupportedMediaType().finish().into());
    }
    let sent = match std::str::from_utf8(body) {
        Ok(text) if !nesting_too_deep(text, Language::Json) => {
            serde_json::from_str::<Body>(text).ok()
        }
        Ok(_) | Err(_) => None,
    };
    match sent {
        Some(Body { query: Some(query), operation_name, variables, .. }) => {
            Ok(Operation { query, operation_name, variables })
        }
        Some(_) | None => {
            Err(refuse(request, FailureCode::BadInput, StatusCode::BAD_REQUEST).into())
        }
    }
}

/// GET with a query string; queries only.
pub async fn get(
    request: HttpRequest,
    sent: web::Query<QueryString>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let sent = sent.into_inner();
    let variables = match sent.variables.as_deref() {
        None | Some("") => Ok(None),
        Some(text) if nesting_too_deep(text, Language::Json) => Err(()),
        Some(text) => serde_json::from_str(text).map(Some).map_err(|_| ()),
    };
    match (sent.query, variables) {
        (Some(query), Ok(variables)) => {
            let operation = Operation { query, operation_name: sent.operation_name, variables };
            answer(&request, operation, Verb::Get, &parts).await
        }
        (_, _) => refuse(&request, FailureCode::BadInput, StatusCode::BAD_REQUEST),
    }
}

/// Any other method.
pub async fn other() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, POST")).finish()
}

/// One operation that was sent, unread.
pub(super) struct Operation {
    query: String,
    operation_name: Option<String>,
    variables: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Post,
}

async fn answer(
    request: &HttpRequest,
    operation: Operation,
    verb: Verb,
    parts: &Parts,
) -> HttpResponse {
    let document = match document(request, &operation) {
        Ok(document) => document,
        Err(refused) => return *refused,
    };
    let reads_only =
        document.operations.iter().all(|(_, found)| found.node.ty == OperationType::Query);
    if verb == Verb::Get && (!reads_only || is_for_post(&document)) {
        return HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish();
    }
    let Some(_turn) = parts.admission.enter(Class::of(&document)) else {
        return overloaded(request);
    };
    let who = match requester(request, parts).await {
        Ok(who) => who,
        Err(Refused::With(FailureCode::NotSignedIn)) => {
            return refuse(request, FailureCode::NotSignedIn, StatusCode::UNAUTHORIZED);
        }
        Err(Refused::With(code)) => return refuse(request, code, StatusCode::BAD_REQUEST),
        Err(Refused::Store(error)) => return failed(request, nothing_done(&error)),
    };
    let query = executable(operation, document).data(who);
    // Money that is under way is not lost with the answer: the healer finds it.
    match tokio::time::timeout(DEADLINE, parts.schema.execute(query)).await {
        Ok(response) => reply(request, response, Parsed::Yes),
        Err(_) => failed(request, FailureCode::Timeout.error()),
    }
}

/// The document, measured before and after it was read; else the answer to give.
pub(super) fn document(
    request: &HttpRequest,
    operation: &Operation,
) -> Result<ExecutableDocument, Box<HttpResponse>> {
    let refused = || Box::new(refuse(request, FailureCode::BadInput, StatusCode::BAD_REQUEST));
    if nesting_too_deep(&operation.query, Language::GraphQl) {
        return Err(refused());
    }
    let parsed = async_graphql::parser::parse_query(&operation.query);
    let document = parsed.map_err(|error| {
        let server_error = ServerError::from(error);
        Box::new(reply(request, Response::from_errors(vec![server_error]), Parsed::No))
    })?;
    if too_wide(&document) { Err(refused()) } else { Ok(document) }
}

/// What a schema executes.
pub(super) fn executable(
    operation: Operation,
    document: ExecutableDocument,
) -> async_graphql::Request {
    let variables = operation.variables.unwrap_or(serde_json::Value::Null);
    let mut query =
        async_graphql::Request::new(operation.query).variables(Variables::from_json(variables));
    query.operation_name = operation.operation_name;
    query.set_parsed_query(document);
    query
}

/// Whether the library could read the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parsed {
    /// Yes; it was executed.
    Yes,
    /// No, or it was not executed.
    No,
}

/// Answers with codes and a trace id in every error, and with the status that the client's
/// `Accept` asks for: 200 under `application/json`, the draft's under its own media type.
pub(super) fn reply(request: &HttpRequest, mut response: Response, parsed: Parsed) -> HttpResponse {
    let trace_id = trace_id();
    for error in &mut response.errors {
        complete(error, &trace_id);
    }
    if !response.errors.is_empty() {
        let codes: Vec<_> = response.errors.iter().filter_map(code_of).collect();
        tracing::info!(trace_id, ?codes, "answered with errors");
    }
    let executed = parsed == Parsed::Yes && response.data != Value::Null;
    let status = if wants_response_json(request) && !response.errors.is_empty() && !executed {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    json(request, status, &response)
}

/// A failure before anything was executed, worded.
pub(super) fn failed(request: &HttpRequest, error: Error) -> HttpResponse {
    let server_error = error.into_server_error(async_graphql::Pos::default());
    reply(request, Response::from_errors(vec![server_error]), Parsed::No)
}

/// Refuses before anything was executed.
pub(super) fn refuse(request: &HttpRequest, code: FailureCode, status: StatusCode) -> HttpResponse {
    let mut error = code.error().into_server_error(async_graphql::Pos::default());
    error.locations.clear();
    complete(&mut error, &trace_id());
    let status = if wants_response_json(request) { status } else { StatusCode::OK };
    json(request, status, &Response::from_errors(vec![error]))
}

/// Whatever media type was asked for, the status says it too: what stands between us and the
/// client must not take it for an answer.
fn overloaded(request: &HttpRequest) -> HttpResponse {
    let mut refused = refuse(request, FailureCode::Overloaded, StatusCode::SERVICE_UNAVAILABLE);
    *refused.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(u16::from(come_again_s())));
    refused
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

fn wants_response_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains(RESPONSE_JSON))
}

fn json(request: &HttpRequest, status: StatusCode, response: &Response) -> HttpResponse {
    let media_type = if wants_response_json(request) { RESPONSE_JSON } else { "application/json" };
    let body = serde_json::to_string(response).unwrap_or_else(|_| "{}".to_owned());
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, format!("{media_type}; charset=utf-8")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Authorization, X-Channel, Accept-Language, Accept, Accept-Encoding"))
        .body(body)
}

/// 16 hex digits that name one request in the log.
fn trace_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness the id is zero; the request itself need not fail for it.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// In which language brackets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    /// Texts in quotes.
    Json,
    /// Texts in quotes, in triple quotes, and comments.
    GraphQl,
}

/// Do brackets outside texts and comments nest deeper than [`MAX_NESTING`]? One pass, no
/// recursion: the parsers behind it recurse once per bracket, and a deep document would end the
/// process.
fn nesting_too_deep(text: &str, language: Language) -> bool {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' if language == Language::GraphQl && bytes[at..].starts_with(TRIPLE) => {
                at = after_block_text(bytes, at + 3);
                continue;
            }
            b'"' => {
                at = after_text(bytes, at + 1);
                continue;
            }
            b'#' if language == Language::GraphQl => {
                let rest = bytes[at..].iter();
                at += rest.take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                continue;
            }
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return true;
        }
        at += 1;
    }
    false
}

const TRIPLE: &[u8] = b"\"\"\"";

/// Behind the closing quote; a GraphQL text also ends with its line.
fn after_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' | b'\n' | b'\r' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind the closing triple quotes.
fn after_block_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        if bytes[at] == b'\\' && bytes[at + 1..].starts_with(TRIPLE) {
            at += 4;
        } else if bytes[at..].starts_with(TRIPLE) {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_measured_to_the_edge() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for language in [Language::Json, Language::GraphQl] {
            assert!(!nesting_too_deep(&nested(MAX_NESTING), language));
            assert!(nesting_too_deep(&nested(MAX_NESTING + 1), language));
            assert!(!nesting_too_deep(&"{}".repeat(10_000), language));
            assert!(nesting_too_deep(&"[{(".repeat(3_000), language));
        }
    }

    #[test]
    fn brackets_hidden_in_texts_and_comments_neither_count_nor_cancel() {
        let hidden = [
            ("[\"]\"", "text"),
            ("[\"\\\"]\"", "escaped quote"),
            ("[#]\n", "comment"),
            ("[\"\"\"]\"\"\"", "block text"),
            ("[\"\"\"\\\"\"\"]\"\"\"", "escaped block text"),
        ];
        for (unit, name) in hidden {
            assert!(nesting_too_deep(&unit.repeat(100), Language::GraphQl), "{name}");
        }
        let opening = "[".repeat(100);
        for (text, name) in [
            (format!("\"{opening}\""), "text"),
            (format!("# {opening}"), "comment"),
            (format!("\"\"\"{opening}\"\"\""), "block text"),
        ] {
            assert!(!nesting_too_deep(&text, Language::GraphQl), "{name}");
        }
        for unfinished in ["\"", "\"\\", "\"\"\"", "\"\"\"\\", "#"] {
            assert!(!nesting_too_deep(unfinished, Language::GraphQl), "{unfinished}");
        }
    }
}

//! Traces as the OpenTelemetry protocol writes them in JSON: `ExportTraceServiceRequest` of
//! OTLP 1, with ids in hex and 64-bit numbers as text.

use super::trace::Trace;
use adapters::asked::Span;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Value {
    /// A text of a closed list, or an id.
    #[serde(rename = "stringValue")]
    Text(String),
    /// A number; 64-bit numbers are texts in JSON.
    #[serde(rename = "intValue")]
    Number(String),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource {
    attributes: [Attribute; 2],
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<WireSpan<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Attribute {
    key: &'static str,
    value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSpan<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    status: Status,
}

#[derive(Serialize)]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const ERROR: u8 = 2;

/// The message that carries these traces.
pub fn message(service: &str, traces: &[Trace]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let attributes = [
        Attribute { key: "service.name", value: service.into() },
        Attribute { key: "service.version", value: version.into() },
    ];
    let spans = traces.iter().flat_map(spans).collect();
    let scope_spans = [ScopeSpans { scope: Scope { name: "yiwang.front", version }, spans }];
    let resource = Resource { attributes };
    let message = Message { resource_spans: [ResourceSpans { resource, scope_spans }] };
    // Nothing in it can fail to be written; if it did, an empty object says nothing.
    serde_json::to_string(&message).unwrap_or_else(|_| "{}".to_owned())
}

fn spans(trace: &Trace) -> impl Iterator<Item = WireSpan<'_>> {
    std::iter::once(root(trace)).chain(trace.children.iter().map(|span| child(trace, span)))
}

fn root(trace: &Trace) -> WireSpan<'_> {
    let attributes = trace.attributes.iter();
    WireSpan {
        trace_id: format!("{:032x}", trace.id),
        span_id: span_id(trace.root),
        parent_span_id: trace.parent.map(span_id),
        name: &trace.name,
        kind: SERVER,
        start_time_unix_nano: trace.begun_unix_ns.to_string(),
        end_time_unix_nano: (trace.begun_unix_ns + nanoseconds(trace.took)).to_string(),
        attributes: attributes
            .map(|(key, value)| Attribute { key, value: value.clone() })
            .collect(),
        status: status(trace.failed),
    }
}

fn child<'a>(trace: &Trace, span: &'a Span) -> WireSpan<'a> {
    let begun = trace.begun_unix_ns + nanoseconds(since(trace.begun, span.begun));
    let number = |key: &str| key == "http.response.status_code";
    let value = |key: &str, value: &String| match number(key) {
        true => Value::Number(value.clone()),
        false => Value::Text(value.clone()),
    };
    let attributes = span.attributes.iter();
    WireSpan {
        trace_id: format!("{:032x}", trace.id),
        span_id: span_id(span.id),
        parent_span_id: Some(span_id(span.parent)),
        name: &span.name,
        kind: if span.leaves { CLIENT } else { INTERNAL },
        start_time_unix_nano: begun.to_string(),
        end_time_unix_nano: (begun + nanoseconds(span.took)).to_string(),
        attributes: attributes
            .map(|(key, text)| Attribute { key, value: value(key, text) })
            .collect(),
        status: status(span.failed),
    }
}

fn status(failed: bool) -> Status {
    Status { code: failed.then_some(ERROR) }
}

fn span_id(id: u64) -> String {
    format!("{id:016x}")
}

fn since(begun: Instant, then: Instant) -> Duration {
    then.saturating_duration_since(begun)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

//! The counters of the front. Labels come from closed lists and from the manifest of trusted
//! documents, never from a request: whatever strangers send, there are no more series than
//! documents times channels times results.

use super::names::Names;
use crate::graphql::error::FailureCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::time::Duration;

/// From the fastest answers of a cache to the deadline of all.
const SECONDS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 8.0];

/// What an operation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Answered without errors.
    Ok,
    /// Answered with `errors`, or not executed although its document was sound.
    Errors,
    /// Not an operation that may be executed.
    Refused,
    /// Given up before there was an answer: the client has gone.
    GivenUp,
}

impl Ended {
    /// The word of its label.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Errors => "ERRORS",
            Self::Refused => "REFUSED",
            Self::GivenUp => "GIVEN_UP",
        }
    }
}

/// How a cache of answers served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheOutcome {
    /// The bytes were there.
    Hit,
    /// They had to be made.
    Miss,
    /// The client has them already: 304.
    NotModified,
}

impl CacheOutcome {
    const ALL: [Self; 3] = [Self::Hit, Self::Miss, Self::NotModified];

    const fn code(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::NotModified => "NOT_MODIFIED",
        }
    }
}

/// What became of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanFate {
    /// The collector took them.
    Sent,
    /// There was no room for them.
    Dropped,
    /// The collector did not take them.
    Failed,
}

impl SpanFate {
    const ALL: [Self; 3] = [Self::Sent, Self::Dropped, Self::Failed];

    const fn code(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::Dropped => "DROPPED",
            Self::Failed => "FAILED",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    document: Arc<str>,
    channel: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DocumentLabels {
    document: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// One operation, when it is over.
pub struct Operation<'a> {
    /// The name of its trusted document.
    pub name: Option<&'a Arc<str>>,
    /// Of the channels of the schema, or `none`.
    pub channel: &'static str,
    /// What it came to.
    pub ended: Ended,
    /// From the first byte to the answer; `None` where it has many answers.
    pub took: Option<Duration>,
    /// Statements of the database.
    pub statements: u32,
    /// Bytes of the answer as they are sent.
    pub bytes: u64,
}

/// See the module.
pub struct FrontMetrics {
    names: Names,
    operations: Family<OperationLabels, Counter>,
    seconds: Family<DocumentLabels, Histogram, fn() -> Histogram>,
    statements: Family<DocumentLabels, Counter>,
    bytes: Family<DocumentLabels, Counter>,
    slow: Family<DocumentLabels, Counter>,
    errors: Family<CodeLabels, Counter>,
    responses: Family<StatusLabels, Counter>,
    refused: Family<CodeLabels, Counter>,
    limited: Family<CodeLabels, Counter>,
    cache: Family<CodeLabels, Counter>,
    spans: Family<CodeLabels, Counter>,
    in_flight: Gauge,
    sockets: Gauge,
    subscriptions: Gauge,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl FrontMetrics {
    /// All of them, at nought, shown by `registry`.
    pub fn registered(registry: &mut Registry) -> Self {
        let all = Self {
            names: Names::default(),
            operations: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            statements: Family::default(),
            bytes: Family::default(),
            slow: Family::default(),
            errors: Family::default(),
            responses: Family::default(),
            refused: Family::default(),
            limited: Family::default(),
            cache: Family::default(),
            spans: Family::default(),
            in_flight: Gauge::default(),
            sockets: Gauge::default(),
            subscriptions: Gauge::default(),
        };
        all.register(registry.sub_registry_with_prefix("front"));
        all.begin();
        all
    }

    fn register(&self, shown: &mut Registry) {
        shown.register("operations", "Operations that are over", self.operations.clone());
        shown.register_with_unit(
            "operation",
            "From the first byte of a request to its answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        shown.register(
            "statements",
            "Statements that the database ran for operations",
            self.statements.clone(),
        );
        shown.register_with_unit(
            "answer",
            "Bytes of answers as they are sent",
            Unit::Bytes,
            self.bytes.clone(),
        );
        shown.register("slow", "Operations that took longer than slow_ms", self.slow.clone());
        shown.register("errors", "Entries of `errors`, by their code", self.errors.clone());
        shown.register("responses", "HTTP responses of the endpoints", self.responses.clone());
        shown.register(
            "refused",
            "Documents that the guard did not let through, by its reason",
            self.refused.clone(),
        );
        shown.register(
            "limited",
            "Requests beyond a limit, by what is limited",
            self.limited.clone(),
        );
        shown.register(
            "cache",
            "Answers that may be cached, by what came of it",
            self.cache.clone(),
        );
        shown.register("spans", "Spans of traces, by what became of them", self.spans.clone());
        shown.register("in_flight", "Requests that are being answered", self.in_flight.clone());
        shown.register("sockets", "Sockets that are open", self.sockets.clone());
        shown.register(
            "subscriptions",
            "Subscriptions that are open, over sockets and event streams",
            self.subscriptions.clone(),
        );
    }

    /// An alarm on a rise sees the first one too.
    fn begin(&self) {
        for code in FailureCode::ALL {
            drop(self.errors.get_or_create(&CodeLabels { code: code.words().0 }));
        }
        for outcome in CacheOutcome::ALL {
            drop(self.cache.get_or_create(&CodeLabels { code: outcome.code() }));
        }
        for fate in SpanFate::ALL {
            drop(self.spans.get_or_create(&CodeLabels { code: fate.code() }));
        }
    }

    /// An operation is over.
    pub fn over(&self, operation: &Operation<'_>) {
        let document = self.names.label(operation.name);
        let of = DocumentLabels { document: document.clone() };
        if let Some(took) = operation.took {
            self.seconds.get_or_create(&of).observe(took.as_secs_f64());
        }
        self.statements.get_or_create(&of).inc_by(operation.statements.into());
        self.bytes.get_or_create(&of).inc_by(operation.bytes);
        let result = operation.ended.code();
        let labels = OperationLabels { document, channel: operation.channel, result };
        self.operations.get_or_create(&labels).inc();
    }

    /// An operation was slow.
    pub fn slow(&self, name: Option<&Arc<str>>) {
        let document = self.names.label(name);
        self.slow.get_or_create(&DocumentLabels { document }).inc();
    }

    /// An error with a code of the closed list.
    pub fn errored(&self, code: FailureCode) {
        self.errors.get_or_create(&CodeLabels { code: code.words().0 }).inc();
    }

    /// A response over HTTP; only statuses that this server gives.
    pub fn responded(&self, status: u16) {
        self.responses.get_or_create(&StatusLabels { status }).inc();
    }

    /// The guard did not let a document through; `reason` is a word of the guard.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&CodeLabels { code: reason }).inc();
    }

    /// A request was beyond a limit; `what` is a word of who limits, such as `PERSON`.
    pub fn limited(&self, what: &'static str) {
        self.limited.get_or_create(&CodeLabels { code: what }).inc();
    }

    /// What a cache of answers did.
    pub fn cached(&self, outcome: CacheOutcome) {
        self.cache.get_or_create(&CodeLabels { code: outcome.code() }).inc();
    }

    /// What became of so many spans.
    pub fn spans(&self, fate: SpanFate, count: u64) {
        self.spans.get_or_create(&CodeLabels { code: fate.code() }).inc_by(count);
    }

    /// A request is being answered, until this is dropped.
    pub fn in_flight(&self) -> Open {
        Open::new(&self.in_flight)
    }

    /// A socket is open, until this is dropped.
    pub fn socket(&self) -> Open {
        Open::new(&self.sockets)
    }

    /// A subscription is open, until this is dropped.
    pub fn subscription(&self) -> Open {
        Open::new(&self.subscriptions)
    }
}

/// One of those that a gauge counts, until it is dropped.
#[derive(Debug)]
pub struct Open(Gauge);

impl Open {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

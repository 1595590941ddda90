//! One request, from its first byte to its answer.

use super::Observer;
use super::front::{CacheOutcome, Ended, Open, Operation};
use super::otlp::Value;
use super::slow::SlowOperation;
use super::trace::Trace;
use crate::graphql::error::FailureCode;
use crate::http::front::trusted::Hash;
use crate::parts::Parts;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use adapters::asked::Asked;
use adapters::system::{RandomIds, SystemClock};
use domain::clock::{Clock as _, IdSource as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

tokio::task_local! {
    static BOOK: Arc<Book>;
}

/// What is known of a request by what is deeper in the call.
struct Book {
    observer: Arc<Observer>,
    asked: Arc<Asked>,
    trace: OnceLock<u128>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    document: Option<Document>,
    channel: Option<&'static str>,
    cost: Option<u64>,
    code: Option<FailureCode>,
    ours: bool,
}

struct Document {
    name: Option<Arc<str>>,
    hash: Option<Hash>,
    subscribes: bool,
}

impl Document {
    /// What it is called in a log.
    fn called(&self) -> Arc<str> {
        let hash = || self.hash.map_or_else(|| "kept".to_owned(), |hash| hash.to_string());
        self.name.clone().unwrap_or_else(|| hash().into())
    }
}

impl Book {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trace_id(&self) -> String {
        hex(*self.trace.get_or_init(|| fresh_ids().0))
    }
}

/// Notes which document is answered: the name that a manifest of ours gives it, and its hash.
/// Never what a stranger calls it.
pub fn document(name: Option<&Arc<str>>, hash: Hash, subscribes: bool) {
    noted(|book| {
        let (name, hash) = (name.cloned(), Some(hash));
        book.said().document = Some(Document { name, hash, subscribes });
    });
}

/// Notes that a document of this name was answered by what was kept, without being read.
pub fn unread(name: Option<&Arc<str>>) {
    noted(|book| {
        book.observer.front().cached(CacheOutcome::Hit);
        let (name, hash) = (name.cloned(), None);
        book.said().document = Some(Document { name, hash, subscribes: false });
    });
}

/// Counts what a cache of answers did.
pub fn cached(outcome: CacheOutcome) {
    noted(|book| book.observer.front().cached(outcome));
}

/// The same work, followed in whatever task it runs.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let book = BOOK.try_with(Arc::clone).ok();
    async move {
        let Some(book) = book else { return work.await };
        let asked = book.asked.clone();
        BOOK.scope(book, asked.during(work)).await
    }
}

/// Notes by which channel the caller comes, as the schema calls it.
pub fn channel(code: &'static str) {
    noted(|book| book.said().channel = Some(code));
}

/// Notes what the operation is taken to cost.
pub fn cost(cost: u64) {
    noted(|book| book.said().cost = Some(cost));
}

/// Notes and counts an entry of `errors`; a code that is not of the closed list is none of ours.
pub fn errored(code: &str) {
    let Some(code) = FailureCode::ALL.into_iter().find(|known| known.words().0 == code) else {
        return;
    };
    noted(|book| {
        book.observer.front().errored(code);
        let mut said = book.said();
        said.code = said.code.or(Some(code));
        said.ours |= is_ours(code);
    });
}

/// Counts a document that the guard does not let through; `reason` is a word of the guard.
pub fn refused(reason: &'static str) {
    noted(|book| book.observer.front().refused(reason));
}

/// The id of the trace of the request that is answered here, 32 hex digits; outside of a request
/// one of its own.
pub fn trace_id() -> String {
    BOOK.try_with(|book| book.trace_id()).unwrap_or_else(|_| hex(fresh_ids().0))
}

/// Outside of a request nothing is noted, and nothing is missing.
fn noted(with: impl FnOnce(&Book)) {
    let _ = BOOK.try_with(|book| with(book));
}

/// Did it fail for a reason that somebody here or behind us has to mend?
const fn is_ours(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::GatewayUnavailable
            | FailureCode::DepartmentUnavailable
            | FailureCode::Timeout
            | FailureCode::Unavailable
            | FailureCode::Internal
    )
}

/// What only HTTP knows.
struct OverHttp {
    method: &'static str,
    path: String,
    answered: Option<(StatusCode, u64)>,
}

/// Follows one request. What has to be counted at its end is counted when it is dropped: a client
/// that goes away takes its request with it.
struct Watch {
    book: Arc<Book>,
    begun: Instant,
    parent: Option<u64>,
    http: Option<OverHttp>,
    done: bool,
    _in_flight: Open,
}

impl Watch {
    fn begin(observer: &Arc<Observer>, caller: Option<Caller>, http: Option<OverHttp>) -> Self {
        let (mut trace, mut root) = (caller.as_ref().map(|caller| caller.trace), 0);
        let mut traced = false;
        if let Some(tracer) = &observer.tracer {
            let (fresh, span) = fresh_ids();
            let id = *trace.get_or_insert(fresh);
            (root, traced) = (span, tracer.keeps(id));
        }
        let asked = Asked::new(trace.unwrap_or_default(), root, traced);
        let book = Book {
            observer: observer.clone(),
            asked,
            trace: trace.map_or_else(OnceLock::new, OnceLock::from),
            said: Mutex::default(),
        };
        Self {
            book: Arc::new(book),
            begun: Instant::now(),
            parent: caller.map(|caller| caller.span),
            http,
            done: false,
            _in_flight: observer.front().in_flight(),
        }
    }

    async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        BOOK.scope(self.book.clone(), self.book.asked.during(work)).await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (took, said) = (self.begun.elapsed(), std::mem::take(&mut *self.book.said()));
        let observer = &self.book.observer;
        if let Some((status, _)) = self.http.as_ref().and_then(|http| http.answered) {
            observer.front().responded(status.as_u16());
            match status {
                StatusCode::SWITCHING_PROTOCOLS => return,
                StatusCode::NOT_MODIFIED => observer.front().cached(CacheOutcome::NotModified),
                _ => {}
            }
        }
        let ended = match (&said.document, self.done, said.code) {
            (_, false, _) => Ended::GivenUp,
            (None, true, _) => Ended::Refused,
            (Some(_), true, Some(_)) => Ended::Errors,
            (Some(_), true, None) => Ended::Ok,
        };
        let short = !said.document.as_ref().is_some_and(|document| document.subscribes);
        observer.front().over(&Operation {
            name: said.document.as_ref().and_then(|document| document.name.as_ref()),
            channel: said.channel.unwrap_or("none"),
            ended,
            took: short.then_some(took),
            statements: self.book.asked.statements(),
            bytes: self.http.as_ref().and_then(|http| http.answered).map_or(0, |(_, size)| size),
        });
        // An answer that comes again and again is as slow as its client likes.
        if short {
            self.tell_if_slow(&said, took);
            self.trace(&said, took, ended);
        }
    }
}

impl Watch {
    fn tell_if_slow(&self, said: &Said, took: Duration) {
        let observer = &self.book.observer;
        let Some(document) = said.document.as_ref().filter(|_| observer.slow.is_slow(took)) else {
            return;
        };
        observer.front().slow(document.name.as_ref());
        let slow = SlowOperation {
            document: &document.called(),
            took,
            cost: said.cost,
            statements: self.book.asked.statements(),
            trace_id: &self.book.trace_id(),
        };
        observer.slow.tell(&slow, observer.clock.now());
    }

    fn trace(&self, said: &Said, took: Duration, ended: Ended) {
        let (observer, asked) = (&self.book.observer, &self.book.asked);
        let Some(tracer) = observer.tracer.as_ref().filter(|_| asked.is_traced()) else { return };
        let status = self.http.as_ref().and_then(|http| http.answered).map(|(status, _)| status);
        let (children, lost) = asked.take_spans();
        let wall = SystemClock.now().as_nanosecond() - i128::try_from(took.as_nanos()).unwrap_or(0);
        let trace = Trace {
            id: asked.trace(),
            root: asked.root(),
            parent: self.parent,
            name: self.name(said),
            begun: self.begun,
            begun_unix_ns: u64::try_from(wall).unwrap_or_default(),
            took,
            failed: said.ours || status.is_some_and(|status| status.is_server_error()),
            attributes: self.attributes(said, status, ended),
            children,
            lost,
        };
        tracer.take(trace, observer.front());
    }

    fn name(&self, said: &Said) -> String {
        let name = said.document.as_ref().and_then(|document| document.name.as_deref());
        match (name, &self.http) {
            (Some(name), _) => format!("graphql {name}"),
            (None, Some(http)) => format!("{} {}", http.method, http.path),
            (None, None) => "graphql over a socket".to_owned(),
        }
    }

    fn attributes(
        &self,
        said: &Said,
        status: Option<StatusCode>,
        ended: Ended,
    ) -> Vec<(&'static str, Value)> {
        let mut all = vec![
            ("yiwang.result", ended.code().into()),
            ("yiwang.channel", said.channel.unwrap_or("none").into()),
            ("yiwang.statements", u64::from(self.book.asked.statements()).into()),
        ];
        if let Some(http) = &self.http {
            all.push(("http.request.method", http.method.into()));
            all.push(("url.path", http.path.as_str().into()));
        }
        all.extend(status.map(|s| ("http.response.status_code", u64::from(s.as_u16()).into())));
        if let Some(document) = &said.document {
            let hash = document.hash.map(|hash| hash.to_string());
            all.extend(hash.map(|hash| ("graphql.document.id", hash.as_str().into())));
            all.extend(document.name.as_deref().map(|n| ("graphql.operation.name", n.into())));
        }
        all.extend(said.cost.map(|cost| ("yiwang.cost", cost.into())));
        all.extend(said.code.map(|code| ("error.type", code.words().0.into())));
        all
    }
}

/// Follows what comes to a GraphQL address over HTTP.
///
/// # Errors
/// As what follows.
pub async fn request<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let Some(parts) = request.app_data::<web::Data<Parts>>() else {
        return next.call(request).await;
    };
    let sent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let http = OverHttp {
        method: method(request.method()),
        path: request.match_pattern().unwrap_or_default(),
        answered: None,
    };
    let mut watch = Watch::begin(&parts.observer, sent.and_then(Caller::read), Some(http));
    let answered = watch.during(next.call(request)).await;
    watch.done = true;
    let seen = match &answered {
        Ok(response) => (response.status(), size(response.response().body())),
        Err(error) => (error.as_response_error().status_code(), 0),
    };
    watch.http.iter_mut().for_each(|http| http.answered = Some(seen));
    answered
}

/// Follows one operation of a socket.
pub async fn operation<T>(observer: &Arc<Observer>, work: impl Future<Output = T>) -> T {
    let mut watch = Watch::begin(observer, None, None);
    let done = watch.during(work).await;
    watch.done = true;
    done
}

fn size(body: &impl MessageBody) -> u64 {
    match body.size() {
        BodySize::Sized(size) => size,
        BodySize::None | BodySize::Stream => 0,
    }
}

/// Any other word is a stranger's.
fn method(sent: &actix_web::http::Method) -> &'static str {
    let known = ["GET", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH"];
    known.into_iter().find(|known| *known == sent.as_str()).unwrap_or("_OTHER")
}

/// Who calls us, by its own word, as W3C Trace Context writes it. It decides how the trace is
/// called, and nothing else: whether it is kept is our choice.
#[derive(Debug, PartialEq, Eq)]
struct Caller {
    trace: u128,
    span: u64,
}

impl Caller {
    fn read(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            part.bytes().all(hex).then_some(part)
        };
        let (version, trace, span, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let more = parts.next().is_some();
        if version == "ff" || (version == "00" && more) {
            return None;
        }
        let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace, span })
    }
}

fn fresh_ids() -> (u128, u64) {
    let bytes = RandomIds.random_bytes();
    let (trace, span) = bytes.split_at(16);
    let trace = trace.iter().fold(0_u128, |id, byte| id << 8 | u128::from(*byte));
    let span = span.iter().take(8).fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
    (trace.max(1), span.max(1))
}

fn hex(id: u128) -> String {
    format!("{id:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_read_as_the_recommendation_writes_it_and_not_otherwise() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let read = Caller::read(&format!("00-{trace}-{span}-01")).unwrap();
        assert_eq!(
            (hex(read.trace).as_str(), format!("{:016x}", read.span).as_str()),
            (trace, span)
        );
        assert_eq!(Caller::read(&format!("00-{trace}-{span}-00")), Some(read), "we choose");
        assert!(Caller::read(&format!("01-{trace}-{span}-01-later")).is_some());
        for bad in [
            String::new(),
            format!("00-{trace}-{span}"),
            format!("00-{trace}-{span}-01-"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{}-{span}-01", "+".repeat(32)),
            format!("00-{trace}{span}-01"),
        ] {
            assert_eq!(Caller::read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn outside_of_a_request_there_is_an_id_all_the_same_and_nothing_is_noted() {
        let (one, other) = (trace_id(), trace_id());
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);
        document(None, Hash::of("{a}"), false);
        errored("INTERNAL");
    }
}

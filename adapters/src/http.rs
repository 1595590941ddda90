//! The product's only HTTP client: every call that leaves goes through [`HttpClient`], which has
//! deadlines, follows no redirect, limits what it reads, and tells "never left" from "unknown".

use crate::asked::{Outcome, Question, noted};
use domain::outside::{BoxError, OutsideError};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use std::time::Duration;

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the last byte of the answer, with every retry.
    pub total: Duration,
}

impl Deadlines {
    /// What citizens wait for at most.
    pub const USUAL: Self = Self { connect: Duration::from_secs(3), total: Duration::from_secs(5) };
}

/// A connection that is idle for longer is closed before the other side closes it.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 32;

/// Ordinary answers are smaller than this.
pub(crate) const ANSWER_LIMIT: usize = 1024 * 1024;

/// No client could be built; only a broken TLS set-up of the machine does that.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct ClientFailed(#[source] BoxError);

/// A value of the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{field} cannot be used")]
pub struct ConfigFault {
    /// Name of the field.
    pub field: &'static str,
    /// What is wrong with it.
    #[source]
    pub source: BoxError,
}

impl ConfigFault {
    /// The field and what is wrong with it.
    pub(crate) fn new(field: &'static str, source: impl Into<BoxError>) -> Self {
        Self { field, source: source.into() }
    }

    /// Refuses an empty text.
    pub(crate) fn unless_filled(field: &'static str, text: &str) -> Result<(), Self> {
        if text.trim().is_empty() { Err(Self::new(field, "it is empty")) } else { Ok(()) }
    }
}

/// A pooled client; clones share the pool.
#[derive(Debug, Clone)]
pub struct HttpClient {
    inner: reqwest::Client,
    deadlines: Deadlines,
}

/// What is asked: `body` is sent exactly as it is, because signatures are over bytes.
pub(crate) struct HttpRequest {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The answer may have so many bytes.
    pub limit: usize,
    /// Instead of [`Deadlines::total`], for large files.
    pub deadline: Option<Duration>,
}

/// The two methods that the platforms use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

impl Method {
    /// As in the request line, and in what is signed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// An answer, whatever its status.
pub(crate) struct HttpAnswer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// The first header of this lower-case name.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// The answer says something that the protocol does not allow there.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {found}")]
pub(crate) struct Unexpected {
    what: &'static str,
    found: String,
}

/// An outcome that is unknown because the answer cannot be understood; `found` is cut short.
pub(crate) fn unexpected(what: &'static str, found: impl std::fmt::Display) -> OutsideError {
    let found = found.to_string().chars().take(120).collect();
    OutsideError::OutcomeUnknown(Box::new(Unexpected { what, found }))
}

/// An outcome that is unknown because of `source`.
pub(crate) fn unknown(source: impl Into<BoxError>) -> OutsideError {
    OutsideError::OutcomeUnknown(source.into())
}

/// The other side answered, and what it said leaves the outcome open.
#[derive(Debug, thiserror::Error)]
#[error("answered, but undecided")]
struct Undecided(#[source] BoxError);

/// An outcome that is unknown although the other side answered in due form: no sign of sickness.
pub(crate) fn undecided(source: impl Into<BoxError>) -> OutsideError {
    OutsideError::OutcomeUnknown(Box::new(Undecided(source.into())))
}

/// Did the other side give no sign of life that can be believed?
pub(crate) fn is_silence(error: &OutsideError) -> bool {
    match error {
        OutsideError::Refused { .. } => false,
        OutsideError::NotSent(_) => true,
        OutsideError::OutcomeUnknown(source) => !source.is::<Undecided>(),
    }
}

impl HttpRequest {
    pub fn get(url: Url) -> Self {
        Self::new(Method::Get, url, Vec::new())
    }

    pub fn post(url: Url, body: Vec<u8>) -> Self {
        Self::new(Method::Post, url, body)
    }

    pub fn new(method: Method, url: Url, body: Vec<u8>) -> Self {
        Self { method, url, headers: Vec::new(), body, limit: ANSWER_LIMIT, deadline: None }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl HttpClient {
    /// # Errors
    /// [`ClientFailed`] when TLS cannot be set up.
    pub fn new(deadlines: Deadlines) -> Result<Self, ClientFailed> {
        let inner = reqwest::Client::builder()
            .connect_timeout(deadlines.connect)
            .timeout(deadlines.total)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .user_agent(concat!("yiwang/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientFailed(error.into()))?;
        Ok(Self { inner, deadlines })
    }

    /// The body at an address, whatever the status: for addresses of our own.
    ///
    /// # Errors
    /// As every call; `OutcomeUnknown` too when the address is none.
    pub async fn get_bytes(&self, address: &str) -> Result<Vec<u8>, OutsideError> {
        let url = Url::parse(address).map_err(unknown)?;
        Ok(self.send(HttpRequest::get(url)).await?.body)
    }

    /// Posts JSON to an address of our own; the body of the answer, whatever the status.
    ///
    /// # Errors
    /// As [`HttpClient::get_bytes`].
    pub async fn post_json(&self, address: &str, json: String) -> Result<Vec<u8>, OutsideError> {
        let url = Url::parse(address).map_err(unknown)?;
        let request = HttpRequest::post(url, json.into_bytes());
        let request = request.header("content-type", "application/json");
        Ok(self.send(request).await?.body)
    }

    /// Posts JSON to an address of our own; the status of the answer.
    ///
    /// # Errors
    /// As [`HttpClient::get_bytes`].
    pub async fn deliver_json(&self, address: &str, json: String) -> Result<u16, OutsideError> {
        let url = Url::parse(address).map_err(unknown)?;
        let request = HttpRequest::post(url, json.into_bytes());
        Ok(self.send(request.header("content-type", "application/json")).await?.status)
    }

    /// Sends once.
    ///
    /// # Errors
    /// `NotSent` when no connection came about, `OutcomeUnknown` for all that fails later.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, OutsideError> {
        let (method, host) = (request.method, request.url.host_str().map(str::to_owned));
        let question = || {
            let host = host.unwrap_or_default();
            Question {
                name: format!("{} {host}", method.as_str()),
                leaves: true,
                // Paths and queries of some platforms carry numbers and secrets.
                attributes: vec![
                    ("http.request.method", method.as_str().to_owned()),
                    ("server.address", host),
                ],
            }
        };
        noted(question, outcome, self.send_unnoted(request)).await
    }

    async fn send_unnoted(&self, request: HttpRequest) -> Result<HttpAnswer, OutsideError> {
        let mut sending = match request.method {
            Method::Get => self.inner.get(request.url),
            Method::Post => self.inner.post(request.url).body(request.body),
        };
        for (name, value) in request.headers {
            let value = HeaderValue::from_str(&value).map_err(|e| not_sent(e.into()))?;
            sending = sending.header(HeaderName::from_static(name), value);
        }
        if let Some(deadline) = request.deadline {
            sending = sending.timeout(deadline);
        }
        let answer = sending.send().await.map_err(not_sent_or_unknown)?;
        read(answer, request.limit).await
    }

    /// Runs `calls` under the one deadline that they share.
    ///
    /// # Errors
    /// As `calls`; `OutcomeUnknown` when the time is over.
    pub(crate) async fn within<T>(
        &self,
        calls: impl Future<Output = Result<T, OutsideError>>,
    ) -> Result<T, OutsideError> {
        match tokio::time::timeout(self.deadlines.total, calls).await {
            Ok(done) => done,
            Err(elapsed) => Err(unknown(elapsed)),
        }
    }

    /// Asks what is safe to ask twice: again, once, if the first answer was no answer.
    ///
    /// # Errors
    /// As the second attempt, but never claims to know more than both attempts do.
    pub(crate) async fn twice<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, OutsideError>
    where
        F: Future<Output = Result<T, OutsideError>>,
    {
        self.within(again_once(attempt)).await
    }
}

fn outcome(answered: &Result<HttpAnswer, OutsideError>) -> Outcome {
    let status = answered.as_ref().ok().map(|answer| answer.status);
    Outcome {
        failed: status.is_none_or(|status| status >= 500),
        attribute: status.map(|status| ("http.response.status_code", status.to_string())),
    }
}

/// Asks again, once, if the first answer was no answer.
///
/// # Errors
/// As [`HttpClient::twice`].
pub(crate) async fn again_once<T, F>(attempt: impl Fn() -> F) -> Result<T, OutsideError>
where
    F: Future<Output = Result<T, OutsideError>>,
{
    match attempt().await {
        Err(first) if first.is_transient() => match attempt().await {
            Err(OutsideError::NotSent(_)) => Err(first),
            second => second,
        },
        settled => settled,
    }
}

/// A base address, checked: absolute, http or https, without query.
pub(crate) fn base_url(field: &'static str, text: &str) -> Result<Url, ConfigFault> {
    let url = Url::parse(text).map_err(|error| ConfigFault::new(field, error))?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !web || url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigFault::new(field, "not an absolute http address without query"));
    }
    Ok(url)
}

/// `path` below the base address, whatever slash ends it.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let whole = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}

async fn read(mut answer: reqwest::Response, limit: usize) -> Result<HttpAnswer, OutsideError> {
    let status = answer.status().as_u16();
    let headers = answer.headers().iter().filter_map(|(name, value)| {
        value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned()))
    });
    let headers = headers.collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| unknown(e.without_url()))? {
        if body.len() + chunk.len() > limit {
            return Err(unexpected("the answer is larger than allowed", limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpAnswer { status, headers, body })
}

fn not_sent(source: BoxError) -> OutsideError {
    OutsideError::NotSent(source)
}

/// Addresses carry secrets of some platforms, so no error keeps one.
fn not_sent_or_unknown(error: reqwest::Error) -> OutsideError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() { not_sent(error.into()) } else { unknown(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{Peer, quick_client};

    async fn get(client: &HttpClient, base: &str) -> Result<HttpAnswer, OutsideError> {
        client.send(HttpRequest::get(Url::parse(base).unwrap())).await
    }

    #[tokio::test]
    async fn a_refused_connection_was_not_sent() {
        let failed = get(&quick_client(), &Peer::nobody()).await;
        assert!(matches!(failed, Err(OutsideError::NotSent(_))));
    }

    #[tokio::test]
    async fn a_connection_that_breaks_leaves_the_outcome_unknown() {
        let failed = get(&quick_client(), &Peer::hangs_up()).await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))));
    }

    #[tokio::test]
    async fn silence_ends_with_the_deadline_and_stays_unknown() {
        let peer = Peer::silent();
        let started = std::time::Instant::now();
        let failed = get(&quick_client(), &peer).await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))));
        assert!(started.elapsed() < Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_second_silence_does_not_double_the_deadline() {
        let (client, peer) = (quick_client(), Peer::silent());
        let started = std::time::Instant::now();
        let failed = client.twice(|| get(&client, &peer)).await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))));
        assert!(started.elapsed() < Duration::from_secs(3));
    }

    #[tokio::test]
    async fn redirects_and_truncated_or_oversized_answers_are_not_followed() {
        let redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\
                        Content-Length: 0\r\n\r\n";
        let answer = get(&quick_client(), &Peer::answers(redirect)).await;
        assert_eq!(answer.map(|a| a.status).ok(), Some(302));
        let truncated = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345";
        let failed = get(&quick_client(), &Peer::answers(truncated)).await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))));
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "x".repeat(9));
        let url = Url::parse(&Peer::answers(&long)).unwrap();
        let request = HttpRequest { limit: 8, ..HttpRequest::get(url) };
        let failed = quick_client().send(request).await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))));
    }

    #[tokio::test]
    async fn two_attempts_never_claim_more_than_both_know() {
        let client = quick_client();
        let calls = std::cell::Cell::new(0);
        let failed: Result<(), _> = client
            .twice(|| {
                calls.set(calls.get() + 1);
                let first = calls.get() == 1;
                async move { Err(if first { unknown("silence") } else { not_sent("gone".into()) }) }
            })
            .await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))));
        assert_eq!(calls.get(), 2);
    }

    #[test]
    fn paths_are_appended_below_any_base() {
        for base in ["http://h:1", "http://h:1/", "http://h:1/a", "http://h:1/a/"] {
            let url = below(&base_url("base", base).unwrap(), "/v3/x");
            assert!(url.path().ends_with("/v3/x") && !url.path().contains("//"), "{url}");
        }
        for bad in ["", "h", "ftp://h/", "http://h/?q=1"] {
            assert!(base_url("base", bad).is_err(), "{bad}");
        }
    }
}

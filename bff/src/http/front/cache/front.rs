//! A second look-up before the first: by what was sent, to the letter. What came before is answered
//! without being read.

use super::super::accept::{Coding, MediaType};
use super::answers::{PublicAnswers, weight};
use super::bytes::Kept;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE,
    HeaderMap, HeaderName,
};
use actix_web::{HttpRequest, HttpResponse};
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of what was sent and of the answers to it.
const MOST_BYTES: u64 = 48 * 1024 * 1024;
/// What one entry costs beside that.
const ENTRY_BYTES: usize = 256;
/// Longer query strings, bodies and headers are read each time.
const SENT_MAX: usize = 2_048;

/// What an answer depends on beside the query string.
const HEADERS: [HeaderName; 4] =
    [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName::from_static("x-channel")];

pub(super) struct FrontAnswers(Cache<Arc<[u8]>, Arc<FrontAnswer>>);

struct FrontAnswer {
    kept: Arc<Kept>,
    media: MediaType,
    coding: Coding,
}

impl FrontAnswers {
    pub(super) fn new(forget_after: Duration) -> Self {
        let weigh = |sent: &Arc<[u8]>, answer: &Arc<FrontAnswer>| {
            weight(sent.len() + answer.kept.coded.weight() + ENTRY_BYTES)
        };
        let cache = Cache::builder().max_capacity(MOST_BYTES).weigher(weigh);
        Self(cache.time_to_live(forget_after).build())
    }
}

impl PublicAnswers {
    /// The answer to a GET that came before, to the letter, within this minute.
    pub fn hit(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let found = self.front.0.get(sent(request)?.as_slice())?;
        tracing::trace!(name = ?found.kept.name, "answered unread");
        let left_s = self.left_s();
        (found.kept.moment == self.moment())
            .then(|| found.kept.for_everybody(request, found.media, found.coding, left_s))
    }

    /// The answer to a GET of somebody who said nothing of themselves, from now on without being
    /// read.
    pub fn for_everybody(
        &self,
        request: &HttpRequest,
        kept: &Arc<Kept>,
        media: MediaType,
    ) -> HttpResponse {
        let coding = Coding::wanted(request);
        if let Some(sent) = sent(request) {
            let answer = FrontAnswer { kept: kept.clone(), media, coding };
            self.front.0.insert(sent.into(), Arc::new(answer));
        }
        kept.for_everybody(request, media, coding, self.left_s())
    }
}

impl PublicAnswers {
    /// The answer to a POST that came before, to the letter, within this minute.
    pub fn hit_posted(&self, request: &HttpRequest, body: &[u8]) -> Option<HttpResponse> {
        let found = self.front.0.get(posted(request, body)?.as_slice())?;
        let is_now = found.kept.moment == self.moment();
        is_now.then(|| found.kept.for_one(found.media, found.coding))
    }

    /// The answer to a POST of somebody who said nothing of themselves, from now on without being
    /// read.
    pub fn for_post(
        &self,
        request: &HttpRequest,
        body: &[u8],
        kept: &Arc<Kept>,
        media: MediaType,
    ) -> HttpResponse {
        let coding = Coding::wanted(request);
        if let Some(sent) = posted(request, body) {
            let answer = FrontAnswer { kept: kept.clone(), media, coding };
            self.front.0.insert(sent.into(), Arc::new(answer));
        }
        kept.for_one(media, coding)
    }
}

/// The same of a POST. No query string begins with this byte, and no header has a line feed.
fn posted(request: &HttpRequest, body: &[u8]) -> Option<Vec<u8>> {
    let headers = request.headers();
    let unread = headers.contains_key(AUTHORIZATION) || headers.contains_key(CONTENT_ENCODING);
    if unread || body.len() > SENT_MAX {
        return None;
    }
    let mut sent = Vec::with_capacity(body.len() + 256);
    sent.push(b'\n');
    add(headers, &CONTENT_TYPE, &mut sent);
    HEADERS.iter().for_each(|name| add(headers, name, &mut sent));
    sent.push(b'\n');
    sent.extend_from_slice(body);
    (sent.len() <= SENT_MAX).then_some(sent)
}

/// What was sent; `None`: it says who asks, or is too long.
fn sent(request: &HttpRequest) -> Option<Vec<u8>> {
    let (headers, query) = (request.headers(), request.query_string().as_bytes());
    if headers.contains_key(AUTHORIZATION) || query.is_empty() || query.len() > SENT_MAX {
        return None;
    }
    let mut sent = Vec::with_capacity(query.len() + 256);
    sent.extend_from_slice(query);
    HEADERS.iter().for_each(|name| add(headers, name, &mut sent));
    (sent.len() <= SENT_MAX).then_some(sent)
}

/// Neither byte stands within a header's value, nor within a query string.
fn add(headers: &HeaderMap, name: &HeaderName, to: &mut Vec<u8>) {
    to.push(b'\n');
    for value in headers.get_all(name) {
        to.extend_from_slice(value.as_bytes());
        to.push(b'\r');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn what_an_answer_depends_on_is_all_in_what_was_sent() {
        let base = || TestRequest::get().uri("/graphql?documentId=1");
        let sent = |request: TestRequest| sent(&request.to_http_request());
        let plain = sent(base()).unwrap();
        for name in ["accept", "accept-encoding", "accept-language", "x-channel"] {
            let other = sent(base().insert_header((name, "x"))).unwrap();
            let twice = base().append_header((name, "x")).append_header((name, "y"));
            assert_ne!(other, plain, "{name}");
            assert_ne!(sent(twice).unwrap(), other, "{name}");
        }
        assert_ne!(sent(TestRequest::get().uri("/graphql?documentId=2")).unwrap(), plain);
        assert_eq!(sent(base().insert_header(("user-agent", "x"))).unwrap(), plain);
        assert_eq!(sent(base().insert_header(("authorization", "Bearer x"))), None);
        let long = format!("/graphql?documentId={}", "1".repeat(SENT_MAX));
        assert_eq!(sent(TestRequest::get().uri(&long)), None);
    }

    #[test]
    fn a_body_is_answered_for_its_own_headers_and_never_for_a_query_string() {
        let base = || TestRequest::post().insert_header(("content-type", "application/json"));
        let sent =
            |request: TestRequest, body: &str| posted(&request.to_http_request(), body.as_bytes());
        let plain = sent(base(), "{}").unwrap();
        for name in ["accept", "accept-encoding", "accept-language", "x-channel", "content-type"] {
            let other = base().insert_header((name, "x"));
            assert_ne!(sent(other, "{}").unwrap(), plain, "{name}");
        }
        assert_ne!(sent(base(), "{} ").unwrap(), plain);
        let get = TestRequest::get().uri("/graphql?{}").to_http_request();
        assert_ne!(super::sent(&get).unwrap(), plain);
        for name in ["authorization", "content-encoding"] {
            assert_eq!(sent(base().insert_header((name, "x")), "{}"), None, "{name}");
        }
        assert_eq!(sent(base(), &"1".repeat(SENT_MAX)), None);
    }
}

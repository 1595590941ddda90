//! One kept answer: its bytes in every coding, and the headers that go with them.

use super::super::accept::{Coding, MediaType};
use super::super::answer::DEPENDS_ON;
use super::super::compress::{self, FROM_BYTES};
use super::super::trusted::Hash;
use super::answers::Moment;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::{Arc, LazyLock};

/// An answer for everybody.
#[derive(Debug)]
pub struct Kept {
    /// The document's name in the manifest.
    pub name: Option<Arc<str>>,
    /// When, and of which catalogue.
    pub moment: Moment,
    /// For so long at most.
    pub(super) max_age_s: u32,
    pub(super) coded: Arc<Coded>,
}

/// An answer's bytes in every coding; the same for ever.
#[derive(Debug)]
pub struct Coded {
    identity: Form,
    gzip: Form,
    brotli: Form,
}

/// The bytes in one coding, and the tags by which clients know them again.
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    /// As it is: small answers are not packed.
    coding: Coding,
    json_tag: HeaderValue,
    response_json_tag: HeaderValue,
}

impl Coded {
    /// Packs; some milliseconds.
    pub fn pack(json: String) -> Self {
        let identity = Bytes::from(json);
        let hash = Hash::of_bytes(&identity);
        let form = |bytes: Bytes, coding: Coding| {
            let tag = |media: &str| tag(&hash, coding, media);
            Form { json_tag: tag(""), response_json_tag: tag("-g"), bytes, coding }
        };
        let small = identity.len() < FROM_BYTES;
        let packed = |coding: Coding, pack: fn(&[u8]) -> Option<Vec<u8>>| match if small {
            None
        } else {
            pack(&identity)
        } {
            Some(packed) => form(packed.into(), coding),
            None => form(identity.clone(), Coding::Identity),
        };
        Self {
            gzip: packed(Coding::Gzip, compress::gzip_densely),
            brotli: packed(Coding::Brotli, compress::brotli_densely),
            identity: form(identity.clone(), Coding::Identity),
        }
    }

    /// The answer's own text.
    pub fn json(&self) -> &Bytes {
        &self.identity.bytes
    }

    /// Bytes of all forms.
    pub fn weight(&self) -> usize {
        self.identity.bytes.len() + self.gzip.bytes.len() + self.brotli.bytes.len()
    }

    fn form(&self, coding: Coding) -> &Form {
        match coding {
            Coding::Identity => &self.identity,
            Coding::Gzip => &self.gzip,
            Coding::Brotli => &self.brotli,
        }
    }
}

/// Strong, and of its own for each coding and media type, as RFC 9110, section 8.8.3 asks.
fn tag(hash: &Hash, coding: Coding, media: &str) -> HeaderValue {
    let hash = hash.to_string();
    let coding = coding.as_str().map_or_else(String::new, |coding| format!("-{coding}"));
    let text = format!("\"{}{coding}{media}\"", &hash[..22]);
    // Hex digits and letters are always a header's value.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// `public, max-age=0` to `public, max-age=60`.
static AGES: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| {
    let age = |age: i64| HeaderValue::try_from(format!("public, max-age={age}"));
    (0..=Moment::SECONDS).filter_map(|at| age(at).ok()).collect()
});

impl Kept {
    /// The answer's own text.
    pub fn json(&self) -> &Bytes {
        self.coded.json()
    }

    /// The answer to a GET of somebody who said nothing of themselves: every cache on the way may
    /// keep it until the minute is over, and who has it already is told so.
    pub fn for_everybody(
        &self,
        to: &HttpRequest,
        media: MediaType,
        coding: Coding,
        left_s: u32,
    ) -> HttpResponse {
        let (form, tag) = self.form(media, coding);
        let age = usize::try_from(self.max_age_s.min(left_s)).unwrap_or(0);
        let age = AGES.get(age).cloned().unwrap_or(NO_STORE);
        let known = to.headers().get(IF_NONE_MATCH).is_some_and(|sent| knows(sent, tag));
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((CACHE_CONTROL, age))
            .insert_header((ETAG, tag.clone()))
            .insert_header((VARY, HeaderValue::from_static(DEPENDS_ON)));
        if known {
            return response.finish();
        }
        self.write(&mut response, media, form)
    }

    /// The same bytes for somebody in particular, or over POST: nobody else may keep them.
    pub fn for_one(&self, media: MediaType, coding: Coding) -> HttpResponse {
        let (form, _) = self.form(media, coding);
        let mut response = HttpResponse::Ok();
        response
            .insert_header((CACHE_CONTROL, NO_STORE))
            .insert_header((VARY, HeaderValue::from_static(DEPENDS_ON)));
        self.write(&mut response, media, form)
    }

    fn write(
        &self,
        response: &mut actix_web::HttpResponseBuilder,
        media: MediaType,
        form: &Form,
    ) -> HttpResponse {
        let media = media.of_one_answer().as_str();
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static(media)));
        if let Some(coding) = form.coding.as_str() {
            response.insert_header((CONTENT_ENCODING, HeaderValue::from_static(coding)));
        }
        response.body(form.bytes.clone())
    }

    fn form(&self, media: MediaType, coding: Coding) -> (&Form, &HeaderValue) {
        let form = self.coded.form(coding);
        let tag = match media {
            MediaType::ResponseJson => &form.response_json_tag,
            MediaType::Json | MediaType::EventStream => &form.json_tag,
        };
        (form, tag)
    }
}

/// What is for one asker alone.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Is the tag among those that the client has? Compared weakly, as RFC 9110, section 13.1.2 says.
fn knows(sent: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(sent), Ok(tag)) = (sent.to_str(), tag.to_str()) else { return false };
    sent.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::MessageBody as _;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    fn kept(json: &str) -> Kept {
        let coded = Arc::new(Coded::pack(json.to_owned()));
        Kept { name: None, moment: Moment::default(), max_age_s: 60, coded }
    }

    fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn each_coding_and_media_type_has_its_tag_and_who_knows_it_gets_no_bytes() {
        let kept = kept(&"缴款单".repeat(1_000));
        let mut tags = std::collections::BTreeSet::new();
        for media in [MediaType::Json, MediaType::ResponseJson] {
            for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli] {
                let plain = TestRequest::get().to_http_request();
                let full = kept.for_everybody(&plain, media, coding, 17);
                assert_eq!(full.status(), StatusCode::OK);
                assert_eq!(header(&full, "content-encoding"), coding.as_str());
                assert_eq!(header(&full, "content-type"), Some(media.as_str()));
                let tag = header(&full, "etag").unwrap().to_owned();
                let sent = format!("\"other\", W/{tag}");
                let asks = TestRequest::get().insert_header((IF_NONE_MATCH, sent));
                let known = kept.for_everybody(&asks.to_http_request(), media, coding, 17);
                assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(header(&known, name), header(&full, name), "{name}");
                }
                assert_eq!(header(&known, "cache-control"), Some("public, max-age=17"));
                assert_eq!(known.into_body().try_into_bytes().unwrap().len(), 0);
                tags.insert(tag);
            }
        }
        assert_eq!(tags.len(), 6, "{tags:?}");
    }

    #[test]
    fn what_is_for_one_is_kept_by_nobody() {
        let kept = kept("{\"data\":{}}");
        let response = kept.for_one(MediaType::Json, Coding::Brotli);
        assert_eq!(header(&response, "cache-control"), Some("private, no-store"));
        assert_eq!(header(&response, "content-encoding"), None, "too small to be packed");
        assert!(header(&response, "etag").is_none());
    }
}

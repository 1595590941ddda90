//! Which media type an answer has: the GraphQL-over-HTTP draft's negotiation, by the weights of
//! RFC 9110, section 12.5.1.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING};

/// A media type that we answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`: errors of the operation are answered with 200, because clients of
    /// mini-programs lose the body of other answers.
    Json,
    /// `application/graphql-response+json`: the status says whether anything was executed.
    ResponseJson,
    /// `text/event-stream`: one event for each answer.
    EventStream,
}

impl MediaType {
    /// In the order of our liking, where the client does not mind.
    const ALL: [Self; 3] = [Self::Json, Self::ResponseJson, Self::EventStream];

    /// As `Content-Type` says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::ResponseJson => "application/graphql-response+json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        }
    }

    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::ResponseJson => ("application", "graphql-response+json"),
            Self::EventStream => ("text", "event-stream"),
        }
    }

    /// That of an answer which does not come as a stream.
    pub const fn of_one_answer(self) -> Self {
        match self {
            Self::EventStream | Self::Json => Self::Json,
            Self::ResponseJson => Self::ResponseJson,
        }
    }

    /// What the client likes best of what we have; `None`: nothing of it.
    pub fn wanted(request: &HttpRequest) -> Option<Self> {
        let header = |value: &actix_web::http::header::HeaderValue| {
            value.to_str().unwrap_or_default().to_owned()
        };
        let sent: Vec<String> = request.headers().get_all(ACCEPT).map(header).collect();
        Self::of(&sent.join(","))
    }

    fn of(accept: &str) -> Option<Self> {
        if accept.trim().is_empty() {
            return Some(Self::Json);
        }
        let wishes: Vec<Wish<'_>> = accept.split(',').filter_map(Wish::read).collect();
        let liked = |media: Self| wishes.iter().filter_map(|wish| wish.fits(media)).max();
        let best = Self::ALL.into_iter().enumerate();
        let best = best.filter_map(|(at, media)| {
            let (precise, weight) = liked(media)?;
            (weight > 0).then_some((weight, precise, std::cmp::Reverse(at), media))
        });
        best.max_by_key(|(weight, precise, at, _)| (*weight, *precise, *at)).map(|best| best.3)
    }
}

/// One entry of `Accept`.
struct Wish<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Thousandths.
    weight: u16,
}

impl<'a> Wish<'a> {
    fn read(entry: &'a str) -> Option<Self> {
        let mut parts = entry.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut weight = 1_000;
        for parameter in parts {
            match parameter.split_once('=') {
                Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
                    weight = thousandths(value.trim())?;
                }
                _ => {}
            }
        }
        Some(Self { kind: kind.trim(), subtype: subtype.trim(), weight })
    }

    /// How precisely it names the media type, and how much it is liked.
    fn fits(&self, media: MediaType) -> Option<(u8, u16)> {
        let (kind, subtype) = media.parts();
        let same_kind = self.kind.eq_ignore_ascii_case(kind);
        let precise = match (self.kind, self.subtype) {
            ("*", "*") if media != MediaType::EventStream => 0,
            (_, "*") if same_kind => 1,
            (_, named) if same_kind && named.eq_ignore_ascii_case(subtype) => 2,
            _ => return None,
        };
        Some((precise, self.weight))
    }
}

/// `0.8` in thousandths.
pub(super) fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = rest.bytes().all(|byte| byte.is_ascii_digit());
    let padded = format!("{rest:0<3}");
    let rest: u16 = if digits { padded.get(..3)?.parse().ok()? } else { return None };
    match whole {
        "0" => Some(rest),
        "1" if rest == 0 => Some(1_000),
        _ => None,
    }
}

/// A coding of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

impl Coding {
    /// As `Content-Encoding` says it; `None`: it says nothing.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// The densest that the client takes.
    pub fn wanted(request: &HttpRequest) -> Self {
        let sent = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        Self::of(sent.unwrap_or_default())
    }

    fn of(accept: &str) -> Self {
        let takes = |name: &str| {
            accept.split(',').any(|entry| {
                let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
                let weight = weight.trim().strip_prefix("q=").and_then(thousandths);
                coding.trim().eq_ignore_ascii_case(name) && weight != Some(0)
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_and_where_it_does_not_json_is_chosen() {
        use MediaType as M;
        for (accept, expected) in [
            ("", Some(M::Json)),
            ("*/*", Some(M::Json)),
            ("application/json", Some(M::Json)),
            ("application/*", Some(M::Json)),
            ("APPLICATION/JSON; charset=utf-8", Some(M::Json)),
            ("application/graphql-response+json", Some(M::ResponseJson)),
            ("application/graphql-response+json, application/json", Some(M::Json)),
            ("application/graphql-response+json, application/json;q=0.9", Some(M::ResponseJson)),
            ("application/json;q=0.5, application/graphql-response+json", Some(M::ResponseJson)),
            ("application/graphql-response+json, */*;q=0.1", Some(M::ResponseJson)),
            ("text/event-stream", Some(M::EventStream)),
            ("text/event-stream, application/json;q=0.5", Some(M::EventStream)),
            ("text/html, */*;q=0.8", Some(M::Json)),
            ("text/html", None),
            ("text/*", Some(M::EventStream)),
            ("application/json;q=0", None),
            ("nonsense", None),
            ("application/json;q=7", None),
        ] {
            assert_eq!(M::of(accept), expected, "{accept}");
        }
    }

    #[test]
    fn the_densest_coding_that_is_taken_wins() {
        for (accept, expected) in [
            ("", Coding::Identity),
            ("gzip, deflate, br", Coding::Brotli),
            ("gzip;q=1.0, br;q=0", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("zstd", Coding::Identity),
            ("brotli", Coding::Identity),
        ] {
            assert_eq!(Coding::of(accept), expected, "{accept}");
        }
    }

    #[test]
    fn weights_are_read_in_thousandths() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.5", Some(500)),
            ("0.123", Some(123)),
            ("1", Some(1_000)),
            ("1.000", Some(1_000)),
            ("1.1", None),
            ("-1", None),
            ("0.x", None),
        ] {
            assert_eq!(thousandths(text), expected, "{text}");
        }
    }
}

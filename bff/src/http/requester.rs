//! Who is asking, by what came with the operation.

use crate::graphql::Requester;
use crate::graphql::error::FailureCode;
use crate::parts::Parts;
use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap};
use domain::identity::Channel;
use domain::outside::StoreError;
use jiff::Timestamp;
use std::net::IpAddr;

/// What a client says of itself, by the headers of a request or by the payload that opened a
/// socket, and where it asks from. No `Debug`: the token is in it.
#[derive(Clone)]
pub struct Credentials {
    /// `Bearer`, and an access token; `Err`: bytes that are no text.
    authorization: Option<Result<String, ()>>,
    /// `app`, `wechat` or `alipay`.
    channel: Option<Result<String, ()>>,
    address: Option<IpAddr>,
    wording: Wording,
}

/// In which language texts are given that come in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wording {
    /// Where nothing else was asked for first.
    Chinese,
    /// Where it was asked for first.
    English,
}

impl Wording {
    /// By `Accept-Language`.
    fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let first = sent.unwrap_or_default().trim_start().get(..2);
        let english = first.is_some_and(|first| first.eq_ignore_ascii_case("en"));
        if english { Self::English } else { Self::Chinese }
    }
}

impl Credentials {
    /// Those of a request.
    pub fn of_request(request: &HttpRequest, parts: &Parts) -> Self {
        let headers = request.headers();
        let text = |name: &str| {
            headers.get(name).map(|value| value.to_str().map(str::to_owned).map_err(|_| ()))
        };
        let peer = request.peer_addr().map(|peer| peer.ip());
        Self {
            authorization: text(AUTHORIZATION.as_str()),
            channel: text("x-channel"),
            address: peer.map(|peer| address(peer, headers, &parts.trusted_proxies)),
            wording: Wording::of(headers),
        }
    }

    /// Where it asks from, as far as our own proxies tell it.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// In which language.
    pub fn wording(&self) -> Wording {
        self.wording
    }

    /// Whether it says nothing of who asks.
    pub fn named_nobody(&self) -> bool {
        self.authorization.is_none()
    }

    /// Those of an object that has the headers' names as keys, whatever their case; the address
    /// stays that of the request.
    pub fn with_payload(self, payload: &serde_json::Map<String, serde_json::Value>) -> Self {
        let text = |name: &str| {
            let mut entries = payload.iter();
            let entry =
                entries.find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
            entry.map(|(_, value)| value.as_str().map(str::to_owned).ok_or(()))
        };
        let (authorization, channel) = (text("authorization"), text("x-channel"));
        Self {
            authorization: authorization.or(self.authorization),
            channel: channel.or(self.channel),
            address: self.address,
            wording: self.wording,
        }
    }
}

/// Why a request has no requester.
pub enum Refused {
    /// The answer is this failure.
    With(FailureCode),
    /// The store failed.
    Store(StoreError),
}

/// An expired or unknown token is NOT_SIGNED_IN, never silently anonymous.
pub async fn requester(credentials: &Credentials, parts: &Parts) -> Result<Requester, Refused> {
    let nobody = nobody(credentials, parts.clock.now())?;
    let Some(sent) = &credentials.authorization else { return Ok(nobody) };
    let token = sent.as_ref().ok().and_then(|text| text.strip_prefix("Bearer "));
    let token = token.ok_or(Refused::With(FailureCode::NotSignedIn))?;
    match parts.authenticate.run(token.trim()).await {
        Ok(Some(caller)) => {
            let channel = caller.channel;
            let named_channel = Some(channel);
            Ok(Requester { caller: Some(caller), channel, named_channel, ..nobody })
        }
        Ok(None) => Err(Refused::With(FailureCode::NotSignedIn)),
        Err(error) => Err(Refused::Store(error)),
    }
}

/// Somebody of whom nothing is known but the channel.
pub fn nobody(credentials: &Credentials, now: Timestamp) -> Result<Requester, Refused> {
    let named = channel(credentials)?;
    Ok(Requester {
        caller: None,
        channel: named.unwrap_or(Channel::App),
        named_channel: named,
        address: credentials.address,
        now,
    })
}

/// The client's address. A proxy of ours writes the address that it was asked from at the end of
/// `X-Forwarded-For`; what stands before it anybody can have made up. So only our proxies are
/// believed, from the end on, and never further than to the first stranger.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_ours = |at: IpAddr| trusted.iter().any(|known| known.to_canonical() == at);
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut at = peer.to_canonical();
    for hop in hops.into_iter().rev() {
        if !is_ours(at) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(before) => at = before.to_canonical(),
            Err(_) => break,
        }
    }
    at
}

/// What `X-Channel` says.
fn channel(credentials: &Credentials) -> Result<Option<Channel>, Refused> {
    match &credentials.channel {
        None => Ok(None),
        Some(sent) => {
            let known =
                sent.as_ref().ok().and_then(|c| Channel::from_code(&c.to_ascii_lowercase()));
            known.map(Some).ok_or(Refused::With(FailureCode::BadInput))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|at| at.parse().unwrap()).collect();
        address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_where_it_is() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn a_proxy_of_ours_says_who_asked_it_and_no_more() {
        let ours = ["10.0.0.1", "10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"], &ours), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, 203.0.113.9"], &ours), "203.0.113.9");
        let chained = ["198.51.100.1, 203.0.113.9, 10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &chained, &ours), "203.0.113.9");
        let lines = ["198.51.100.1", "203.0.113.9", "10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &lines, &ours), "203.0.113.9", "as headers of their own");
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::1"], &ours), "2001:db8::1");
    }

    #[test]
    fn what_cannot_be_read_leaves_the_last_known_address() {
        for nonsense in ["", "unknown", "203.0.113.9, unknown", "203.0.113.9:1234"] {
            assert_eq!(seen("10.0.0.1", &[nonsense], &["10.0.0.1"]), "10.0.0.1", "{nonsense}");
        }
        assert_eq!(seen("10.0.0.1", &[], &["10.0.0.1"]), "10.0.0.1");
    }
}

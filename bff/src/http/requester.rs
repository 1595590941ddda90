//! Who is asking, by what came with the operation.

use super::arrival::{DEADLINE, arrived};
use crate::graphql::Requester;
use crate::graphql::error::FailureCode;
use crate::parts::Parts;
use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap};
use domain::identity::Channel;
use domain::outside::StoreError;
use jiff::Timestamp;
use std::net::IpAddr;
use tokio::time::Instant;

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
    /// `None`: it asks by a socket, which came long before.
    arrived: Option<Instant>,
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
    /// As `Content-Language` says it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// By `Accept-Language`.
    pub fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self::read(sent.unwrap_or_default())
    }

    /// The first language of a list.
    fn read(list: &str) -> Self {
        let first = list.trim_start().get(..2);
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
            address: peer.map(|peer| parts.trusted_proxies.client(peer, headers)),
            wording: Wording::of(headers),
            arrived: Some(arrived(request)),
        }
    }

    /// Where it asks from, as far as our own proxies tell it.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// When the answer is due: all that it takes counts from the request's first line.
    pub fn due(&self) -> Instant {
        self.arrived.unwrap_or_else(Instant::now) + DEADLINE
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
        let language = text("accept-language").and_then(Result::ok);
        Self {
            authorization: authorization.or(self.authorization),
            channel: channel.or(self.channel),
            address: self.address,
            wording: language.map_or(self.wording, |language| Wording::read(&language)),
            arrived: None,
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

//! Who is asking, by what came with the operation.

use crate::graphql::Requester;
use crate::graphql::error::FailureCode;
use crate::parts::Parts;
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use domain::identity::Channel;
use domain::outside::StoreError;
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
        }
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
    let named = channel(credentials)?;
    let nobody = Requester {
        caller: None,
        channel: named.unwrap_or(Channel::App),
        named_channel: named,
        address: credentials.address,
        now: parts.clock.now(),
    };
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

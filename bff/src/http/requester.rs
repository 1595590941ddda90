//! Who is asking, by what came with the operation.

use crate::graphql::Requester;
use crate::graphql::error::FailureCode;
use crate::parts::Parts;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use domain::identity::Channel;
use domain::outside::StoreError;

/// What a client says of itself: headers of a request, or of the payload that opened a socket.
/// No `Debug`: the token is in it.
#[derive(Clone, Default)]
pub struct Credentials {
    /// `Bearer`, and an access token; `Err`: bytes that are no text.
    authorization: Option<Result<String, ()>>,
    /// `app`, `wechat` or `alipay`.
    channel: Option<Result<String, ()>>,
}

impl Credentials {
    /// Those of a request.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            headers.get(name).map(|value| value.to_str().map(str::to_owned).map_err(|_| ()))
        };
        Self { authorization: text(AUTHORIZATION.as_str()), channel: text("x-channel") }
    }

    /// Those of an object that has the headers' names as keys, whatever their case.
    pub fn of_payload(payload: &serde_json::Map<String, serde_json::Value>) -> Self {
        let text = |name: &str| {
            let mut entries = payload.iter();
            let entry =
                entries.find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
            entry.map(|(_, value)| value.as_str().map(str::to_owned).ok_or(()))
        };
        Self { authorization: text("authorization"), channel: text("x-channel") }
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
    let now = parts.clock.now();
    let channel = channel(credentials)?;
    let Some(sent) = &credentials.authorization else {
        return Ok(Requester { caller: None, channel, now });
    };
    let token = sent.as_ref().ok().and_then(|text| text.strip_prefix("Bearer "));
    let token = token.ok_or(Refused::With(FailureCode::NotSignedIn))?;
    match parts.authenticate.run(token.trim()).await {
        Ok(Some(caller)) => {
            let channel = caller.channel;
            Ok(Requester { caller: Some(caller), channel, now })
        }
        Ok(None) => Err(Refused::With(FailureCode::NotSignedIn)),
        Err(error) => Err(Refused::Store(error)),
    }
}

fn channel(credentials: &Credentials) -> Result<Channel, Refused> {
    match &credentials.channel {
        None => Ok(Channel::App),
        Some(sent) => {
            let known =
                sent.as_ref().ok().and_then(|c| Channel::from_code(&c.to_ascii_lowercase()));
            known.ok_or(Refused::With(FailureCode::BadInput))
        }
    }
}

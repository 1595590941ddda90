//! Who is asking, by the request's headers.

use crate::graphql::Requester;
use crate::graphql::error::FailureCode;
use crate::parts::Parts;
use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use domain::identity::Channel;
use domain::outside::StoreError;

/// Why a request has no requester.
pub enum Refused {
    /// The answer is this failure.
    With(FailureCode),
    /// The store failed.
    Store(StoreError),
}

/// An expired or unknown token is NOT_SIGNED_IN, never silently anonymous.
pub async fn requester(request: &HttpRequest, parts: &Parts) -> Result<Requester, Refused> {
    let now = parts.clock.now();
    let channel = channel(request.headers())?;
    let Some(sent) = request.headers().get(AUTHORIZATION) else {
        return Ok(Requester { caller: None, channel, now });
    };
    let token = sent.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
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

fn channel(headers: &HeaderMap) -> Result<Channel, Refused> {
    match headers.get("x-channel") {
        None => Ok(Channel::App),
        Some(sent) => {
            let known =
                sent.to_str().ok().and_then(|c| Channel::from_code(&c.to_ascii_lowercase()));
            known.ok_or(Refused::With(FailureCode::BadInput))
        }
    }
}

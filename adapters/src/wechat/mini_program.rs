//! The mini-program platform: who somebody is there, and which phone it verified.

use super::wire::{
    CountryCodeWire, PhoneInfoWire, PhoneRequestWire, PhoneWire, SessionWire, TokenRequestWire,
    TokenWire,
};
use crate::http::{ConfigFault, HttpClient, HttpRequest};
use crate::http::{base_url, below, unexpected, unknown};
use async_trait::async_trait;
use domain::clock::Clock;
use domain::identity::{Channel, ChannelAccount, ChannelIdentity, OpenId};
use domain::outside::OutsideError;
use domain::standards::Mobile;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Within the last five minutes of a token's life the platform gives out the next one.
const REFRESH_EARLY_S: i64 = 300;
/// The platform's own advice for the watermark of user data.
const FRESH_S: u64 = 600;
/// Longer than any code of the platform.
const CODE_MAX: usize = 128;

/// Plain values of the settings.
#[derive(Clone)]
pub struct MiniProgramConfig {
    /// `https://api.weixin.qq.com`.
    pub base_url: String,
    /// The mini-program.
    pub app_id: String,
    /// Its secret.
    pub app_secret: String,
}

impl fmt::Debug for MiniProgramConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiniProgramConfig")
            .field("base_url", &self.base_url)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// An access token, until it should be replaced.
#[derive(Clone)]
struct AccessToken {
    text: String,
    until: Timestamp,
}

/// One mini-program of ours.
pub struct WeChatMiniProgram {
    pub(super) base: Url,
    config: MiniProgramConfig,
    pub(super) http: HttpClient,
    clock: Arc<dyn Clock>,
    /// Held while a new one is fetched, so that only one is.
    token: Mutex<Option<AccessToken>>,
}

impl fmt::Debug for WeChatMiniProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

impl WeChatMiniProgram {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: MiniProgramConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("app_id", &config.app_id)?;
        ConfigFault::unless_filled("app_secret", &config.app_secret)?;
        let base = base_url("base_url", &config.base_url)?;
        Ok(Self { base, config, http, clock, token: Mutex::new(None) })
    }

    async fn exchange(&self, code: &str) -> Result<ChannelAccount, OutsideError> {
        let mut url = below(&self.base, "/sns/jscode2session");
        url.query_pairs_mut()
            .append_pair("appid", &self.config.app_id)
            .append_pair("secret", &self.config.app_secret)
            .append_pair("js_code", code)
            .append_pair("grant_type", "authorization_code");
        let session: SessionWire = self.ask(HttpRequest::get(url)).await?;
        said(session.errcode, session.errmsg)?;
        let Some(open_id) = session.openid else {
            return Err(unexpected("jscode2session without", "openid"));
        };
        let open_id = OpenId::new(&open_id).map_err(unknown)?;
        let union_id = session.unionid.filter(|id| !id.is_empty());
        let union_id = union_id.map(|id| OpenId::new(&id)).transpose().map_err(unknown)?;
        Ok(ChannelAccount { app_id: self.config.app_id.clone(), open_id, union_id })
    }

    async fn phone(&self, code: &str) -> Result<PhoneInfoWire, OutsideError> {
        let token = self.token(None).await?;
        let answer = self.phone_with(&token, code).await?;
        let answer = if is_token_fault(answer.errcode) {
            // Once: a platform that refuses the new token too would be asked for ever.
            let token = self.token(Some(&token)).await?;
            self.phone_with(&token, code).await?
        } else {
            answer
        };
        said(answer.errcode, answer.errmsg)?;
        answer.phone_info.ok_or_else(|| unexpected("getuserphonenumber without", "phone_info"))
    }

    async fn phone_with(&self, token: &str, code: &str) -> Result<PhoneWire, OutsideError> {
        let mut url = below(&self.base, "/wxa/business/getuserphonenumber");
        url.query_pairs_mut().append_pair("access_token", token);
        self.ask(json_post(url, &PhoneRequestWire { code })?).await
    }

    /// The token in use; another one than `refused`, which the platform no longer takes.
    pub(super) async fn token(&self, refused: Option<&str>) -> Result<String, OutsideError> {
        let mut held = self.token.lock().await;
        let usable = |token: &&AccessToken| {
            token.until > self.clock.now() && refused != Some(token.text.as_str())
        };
        if let Some(token) = held.as_ref().filter(usable) {
            return Ok(token.text.clone());
        }
        let token = self.fetch_token().await?;
        Ok(held.insert(token).text.clone())
    }

    async fn fetch_token(&self) -> Result<AccessToken, OutsideError> {
        let wire = TokenRequestWire {
            grant_type: "client_credential",
            appid: &self.config.app_id,
            secret: &self.config.app_secret,
            force_refresh: false,
        };
        let url = below(&self.base, "/cgi-bin/stable_token");
        let asked_at = self.clock.now();
        let answer: TokenWire = self.ask(json_post(url, &wire)?).await?;
        said(answer.errcode, answer.errmsg)?;
        match (answer.access_token, answer.expires_in) {
            (Some(text), Some(life)) if !text.is_empty() => {
                let life = SignedDuration::from_secs(life.clamp(0, 7200) - REFRESH_EARLY_S);
                Ok(AccessToken { text, until: asked_at + life })
            }
            _ => Err(unexpected("stable_token without", "access_token or expires_in")),
        }
    }

    /// The platform answers 200 whatever happened; the body tells.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: HttpRequest,
    ) -> Result<T, OutsideError> {
        let answer = self.http.send(request).await?;
        if answer.status == 200 {
            serde_json::from_slice(&answer.body).map_err(unknown)
        } else {
            Err(unexpected("WeChat answered with HTTP status", answer.status))
        }
    }

    fn mobile(&self, info: &PhoneInfoWire) -> Result<Mobile, OutsideError> {
        let mainland = match &info.country_code {
            CountryCodeWire::Text(code) => code == "86",
            CountryCodeWire::Number(code) => *code == 86,
        };
        let age = self.clock.now().as_second().abs_diff(info.watermark.timestamp);
        if info.watermark.appid != self.config.app_id {
            return Err(refused("WATERMARK", "the number was given to another app"));
        }
        if age > FRESH_S {
            return Err(refused("WATERMARK", "the number was given too long ago"));
        }
        if !mainland {
            return Err(refused("COUNTRY_CODE", "not a number of the mainland"));
        }
        Mobile::new(&info.pure_phone_number)
            .map_err(|error| refused("PHONE_NUMBER", &error.to_string()))
    }
}

pub(super) fn json_post(
    url: Url,
    wire: &impl serde::Serialize,
) -> Result<HttpRequest, OutsideError> {
    let body = serde_json::to_vec(wire).map_err(|error| OutsideError::NotSent(error.into()))?;
    Ok(HttpRequest::post(url, body).header("content-type", "application/json"))
}

fn refused(code: &str, message: &str) -> OutsideError {
    OutsideError::Refused { code: code.to_owned(), message: message.to_owned() }
}

/// 40001, 40014 and 42001 all say that the token is not the newest.
pub(super) fn is_token_fault(errcode: i64) -> bool {
    matches!(errcode, 40001 | 40014 | 42001)
}

/// The platform's error, kept as a source.
#[derive(Debug, thiserror::Error)]
#[error("errcode {errcode}: {errmsg}")]
pub(super) struct PlatformError {
    pub errcode: i64,
    pub errmsg: String,
}

/// -1: the platform is busy, and the code may or may not be used up.
const BUSY: i64 = -1;

/// Only what is wrong with the citizen's own code is a refusal; a wrong secret or a full quota
/// is ours, and another code would not help.
fn said(errcode: i64, errmsg: String) -> Result<(), OutsideError> {
    match errcode {
        0 => Ok(()),
        40029 | 40163 | 40226 => {
            Err(OutsideError::Refused { code: errcode.to_string(), message: errmsg })
        }
        45009 | 45011 => Err(OutsideError::NotSent(PlatformError { errcode, errmsg }.into())),
        _ => Err(unknown(PlatformError { errcode, errmsg })),
    }
}

fn is_busy(error: &OutsideError) -> bool {
    let OutsideError::OutcomeUnknown(source) = error else {
        return false;
    };
    source.downcast_ref::<PlatformError>().is_some_and(|error| error.errcode == BUSY)
}

/// What cannot be a code is not worth a request.
fn check_code(code: &str) -> Result<(), OutsideError> {
    let fits = (1..=CODE_MAX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(()) } else { Err(refused("40029", "not a code")) }
}

#[async_trait]
impl ChannelIdentity for WeChatMiniProgram {
    fn channel(&self) -> Channel {
        Channel::WeChat
    }

    async fn account_of(&self, code: &str) -> Result<ChannelAccount, OutsideError> {
        check_code(code)?;
        let exchanging = async {
            match self.exchange(code).await {
                Err(error) if is_busy(&error) => self.exchange(code).await,
                settled => settled,
            }
        };
        self.http.within(exchanging).await
    }

    async fn phone_of(&self, phone_code: &str) -> Result<Mobile, OutsideError> {
        check_code(phone_code)?;
        let info = self.http.within(self.phone(phone_code)).await?;
        self.mobile(&info)
    }
}

#[cfg(test)]
#[path = "mini_program_tests.rs"]
mod tests;

//! The mini-program platform: who somebody is there, and which phone it verified.

use super::account::{AlipayAccount, Node};
use super::wire::{HeadWire, PhoneWire, SealedWire, TokenWire};
use crate::crypto::{from_base64, open_aes_cbc, sha256_hex};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::identity::{Channel, ChannelAccount, ChannelIdentity, OpenId};
use domain::outside::OutsideError;
use domain::standards::Mobile;
use std::fmt;
use std::sync::Arc;

/// Longer than any code of the platform.
const CODE_MAX: usize = 128;
/// Far longer than any sealed number.
const SEALED_MAX: usize = 8 * 1024;
/// Sealed numbers that are remembered as used.
const USED_MAX: u64 = 100_000;
/// The platform seals content with no vector of its own.
const IV: [u8; 16] = [0; 16];

/// Our mini-program at Alipay.
pub struct AlipayMiniProgram {
    account: Arc<AlipayAccount>,
    /// Hashes of sealed numbers that were opened here: the seal has neither a time nor a person,
    /// so it must not be good twice.
    used: moka::future::Cache<String, ()>,
}

impl fmt::Debug for AlipayMiniProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlipayMiniProgram({})", self.account.mini.id)
    }
}

impl AlipayMiniProgram {
    /// Sign-in over a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        Self { account, used: moka::future::Cache::new(USED_MAX) }
    }

    async fn exchange(&self, code: &str) -> Result<ChannelAccount, OutsideError> {
        let more = [("grant_type", "authorization_code"), ("code", code)];
        let node = self.account.ask("alipay.system.oauth.token", &more).await?;
        let token: TokenWire = serde_json::from_str(&node.text).map_err(unknown)?;
        if token.access_token.is_none_or(|token| token.is_empty()) {
            return Err(no_token(node));
        }
        if !node.signed {
            return Err(unexpected("a success without a signature", "oauth.token"));
        }
        let id = |text: Option<String>| {
            let text = text.filter(|text| !text.is_empty());
            text.map(|text| OpenId::new(&text)).transpose().map_err(unknown)
        };
        let app_id = self.account.mini.id.clone();
        match (id(token.open_id)?, id(token.user_id)?) {
            (Some(open_id), union_id) => Ok(ChannelAccount { app_id, open_id, union_id }),
            // An app of the time before open ids.
            (None, Some(open_id)) => Ok(ChannelAccount { app_id, open_id, union_id: None }),
            (None, None) => Err(unexpected("oauth.token without", "open_id and user_id")),
        }
    }

    /// The text that the platform sealed for us, its signature verified.
    fn opened(&self, sealed: &SealedWire) -> Result<String, OutsideError> {
        let content = sealed.response.as_str();
        let other = |field: &Option<String>, known: &str| {
            field.as_deref().is_some_and(|text| !text.is_empty() && text != known)
        };
        if other(&sealed.sign_type, "RSA2") || other(&sealed.encrypt_type, "AES") {
            return Err(refused("SEAL", "an unknown kind of seal"));
        }
        // An error comes in clear; a number is sealed, and its quotes are signed with it.
        let clear = content.starts_with('{');
        let message = if clear { content.to_owned() } else { format!("\"{content}\"") };
        self.account
            .platform
            .verify(message.as_bytes(), &sealed.sign, None)
            .or(Err(refused("SIGNATURE", "not the platform's signature")))?;
        if clear {
            return Ok(message);
        }
        let Some(key) = &self.account.content_key else {
            return Err(OutsideError::NotSent("no key of content is set".into()));
        };
        let bytes = from_base64(content).or(Err(refused("SEAL", "not base64")))?;
        let plain = open_aes_cbc(key, &IV, &bytes).map_err(unknown)?;
        String::from_utf8(plain).map_err(unknown)
    }

    async fn mobile(&self, sealed: &SealedWire) -> Result<Mobile, OutsideError> {
        let text = self.opened(sealed)?;
        let head: HeadWire = serde_json::from_str(&text).map_err(unknown)?;
        if head.code != "10000" {
            return Err(no_phone(Node { text, head, signed: true }));
        }
        let phone: PhoneWire = serde_json::from_str(&text).map_err(unknown)?;
        let number = phone.mobile.ok_or_else(|| unexpected("getPhoneNumber without", "mobile"))?;
        let mobile =
            Mobile::new(&number).map_err(|error| refused("PHONE_NUMBER", &error.to_string()))?;
        let seal = sha256_hex(sealed.response.as_bytes());
        match self.used.entry(seal).or_insert(()).await.is_fresh() {
            true => Ok(mobile),
            false => Err(refused("USED", "this number was taken before")),
        }
    }
}

/// Only what is wrong with the citizen's own code is a refusal; a wrong key or a missing right
/// is ours, and another code would not help.
fn no_token(node: Node) -> OutsideError {
    let why = node.refusal();
    match why.sub_code.as_str() {
        "isv.code-invalid" | "isv.unmatched-app-id" => why.refused(),
        _ => why.unknown(),
    }
}

/// The citizen did not agree, or may not; all else is ours or the platform's.
fn no_phone(node: Node) -> OutsideError {
    let why = node.refusal();
    match why.sub_code.as_str() {
        "isv.invalid-auth-relations" | "isv.insufficient-user-permissions" => why.refused(),
        _ => why.unknown(),
    }
}

fn refused(code: &str, message: &str) -> OutsideError {
    OutsideError::Refused { code: code.to_owned(), message: message.to_owned() }
}

#[async_trait]
impl ChannelIdentity for AlipayMiniProgram {
    fn channel(&self) -> Channel {
        Channel::Alipay
    }

    async fn account_of(&self, code: &str) -> Result<ChannelAccount, OutsideError> {
        let fits =
            (1..=CODE_MAX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(refused("isv.code-invalid", "not a code"));
        }
        // Once: a code is good once, and a second try would be told that it is used.
        self.account.http.within(self.exchange(code)).await
    }

    /// `phone_code` is the object that `my.getPhoneNumber` answers, as JSON text.
    async fn phone_of(&self, phone_code: &str) -> Result<Mobile, OutsideError> {
        let sealed = match phone_code.len() {
            1..=SEALED_MAX => serde_json::from_str::<SealedWire>(phone_code).ok(),
            _ => None,
        };
        let sealed = sealed.ok_or_else(|| refused("SEAL", "not what my.getPhoneNumber answers"))?;
        self.mobile(&sealed).await
    }
}

#[cfg(test)]
#[path = "mini_program_tests.rs"]
mod tests;

//! What a client sends to say who it is, exchanged for an account on a channel.

use super::{
    Channel, ChannelAccount, ChannelIdentity, CodeRedeemed, PersonStore, PhoneCodeStore, SignInBy,
    SignInError,
};
use crate::outside::OutsideError;
use crate::standards::Mobile;
use jiff::Timestamp;
use std::sync::Arc;

/// The "app id" of links from a phone to a person.
const PHONE_APP: &str = "phone";

/// Exchanges codes; each is used up by it.
pub struct ChannelDoor {
    /// WeChat, Alipay: those that are connected.
    pub platforms: Vec<Arc<dyn ChannelIdentity>>,
    /// Codes that were sent to phones.
    pub codes: Arc<dyn PhoneCodeStore>,
    /// Persons, for the handles of phones.
    pub persons: Arc<dyn PersonStore>,
}

/// An account whose holder the client speaks for at this moment.
#[derive(Debug, Clone)]
pub struct ProvedAccount {
    /// Where.
    pub channel: Channel,
    /// Which.
    pub account: ChannelAccount,
    /// The phone that was proved with it.
    pub phone: Option<Mobile>,
}

impl ChannelDoor {
    /// # Errors
    /// [`SignInError`]; never [`SignInError::StepUpRequired`].
    pub async fn account(
        &self,
        by: &SignInBy,
        now: Timestamp,
    ) -> Result<ProvedAccount, SignInError> {
        match by {
            SignInBy::Platform(channel, codes) => {
                let platform = self.platforms.iter().find(|known| known.channel() == *channel);
                let platform = platform.ok_or(SignInError::NotConnected)?;
                let account = platform.account_of(&codes.code).await;
                let account = account.map_err(|e| refused_or(e, SignInError::CodeInvalid))?;
                let phone = match &codes.phone_code {
                    Some(code) => {
                        let phone = platform.phone_of(code).await;
                        Some(phone.map_err(|e| refused_or(e, SignInError::PhoneCodeInvalid))?)
                    }
                    None => None,
                };
                Ok(ProvedAccount { channel: *channel, account, phone })
            }
            SignInBy::Phone { phone, code, .. } => {
                self.phone(phone, code, now).await?;
                let account = ChannelAccount {
                    app_id: PHONE_APP.to_owned(),
                    open_id: self.persons.phone_handle(phone),
                    union_id: None,
                };
                let phone = Some(phone.clone());
                Ok(ProvedAccount { channel: Channel::App, account, phone })
            }
        }
    }

    /// Uses up the code that was sent to this phone.
    ///
    /// # Errors
    /// [`SignInError::PhoneCodeInvalid`], [`SignInError::PhoneCodeExpired`], or as the store
    /// fails.
    pub async fn phone(
        &self,
        phone: &Mobile,
        code: &str,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        match self.codes.redeem(phone, code, now).await? {
            CodeRedeemed::Right => Ok(()),
            CodeRedeemed::Wrong => Err(SignInError::PhoneCodeInvalid),
            CodeRedeemed::Expired => Err(SignInError::PhoneCodeExpired),
        }
    }
}

fn refused_or(error: OutsideError, refused: SignInError) -> SignInError {
    match error {
        OutsideError::Refused { .. } => refused,
        OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_) => SignInError::Platform(error),
    }
}

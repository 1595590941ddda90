//! Where a citizen can be reached, and what they allowed.

use super::{MessageChannel, MessageGroup, Wishes};
use crate::identity::OpenId;
use crate::ids::{PersonId, SessionId};
use crate::outside::StoreError;
use crate::standards::Mobile;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

/// Messages of one template that a citizen has allowed and that were not sent yet. Every tap on
/// "allow" is one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who allowed it.
    pub person: PersonId,
    /// On which platform.
    pub channel: MessageChannel,
    /// The platform's id of the template.
    pub template_id: String,
    /// How many.
    pub left: u32,
}

impl Grant {
    /// More taps than this are not counted: nobody waits for so many messages.
    pub const MAX: u32 = 50;
}

/// Where a citizen can be reached at this moment.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// In the WeChat mini-program.
    pub we_chat: Option<OpenId>,
    /// In the Alipay mini-program.
    pub alipay: Option<OpenId>,
    /// Devices with the native app, by their tokens at the push service.
    pub push_tokens: Vec<String>,
    /// By text message.
    pub phone: Option<Mobile>,
    /// What was allowed on the platforms.
    pub grants: Vec<Grant>,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reach({} grants)", self.grants.len())
    }
}

impl Reach {
    /// A grant with something left.
    pub fn grant(&self, channel: MessageChannel, template_id: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| {
            grant.channel == channel && grant.template_id == template_id && grant.left > 0
        })
    }
}

/// A device that takes notifications of the native app.
#[derive(Clone, PartialEq, Eq)]
pub struct PushDevice {
    /// The session in which it was told; the token is good as long as the session lives.
    pub session: SessionId,
    /// Whose session.
    pub person: PersonId,
    /// The push service's token: 1 to 200 printable ASCII characters.
    pub token: String,
    /// When it was told.
    pub at: Timestamp,
}

impl fmt::Debug for PushDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushDevice({})", self.session.as_str())
    }
}

/// Not 1 to 200 printable ASCII characters.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not a token of a push service")]
pub struct PushTokenInvalid;

impl PushDevice {
    /// Is this the shape of a push service's token?
    ///
    /// # Errors
    /// [`PushTokenInvalid`].
    pub fn check_token(token: &str) -> Result<(), PushTokenInvalid> {
        let fits = (1..=200).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(()) } else { Err(PushTokenInvalid) }
    }
}

/// A person has at most so many devices; of more the newest count.
pub const PUSH_DEVICES_MAX: u16 = 5;

/// What citizens allowed and wish. `owners` are all ids of one person.
#[async_trait]
pub trait ReachStore: Send + Sync {
    /// What they chose; the newest choice for each group, under whichever id.
    async fn wishes(&self, owners: &[PersonId]) -> Result<Wishes, StoreError>;
    /// Keeps a choice, in place of the one before.
    async fn set_wish(
        &self,
        person: &PersonId,
        group: MessageGroup,
        channels: &[MessageChannel],
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The grants with something left.
    async fn grants(&self, owners: &[PersonId]) -> Result<Vec<Grant>, StoreError>;
    /// One more message of each of these templates; never more than [`Grant::MAX`].
    async fn add_grants(
        &self,
        person: &PersonId,
        channel: MessageChannel,
        template_ids: &[String],
    ) -> Result<(), StoreError>;
    /// The tokens of devices whose sessions live at `now`, newest first; at most
    /// [`PUSH_DEVICES_MAX`].
    async fn push_tokens(
        &self,
        owners: &[PersonId],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError>;
    /// Keeps a session's token in place of its last one. MUST take the same token away from
    /// every other session: a phone that was handed on tells its new owner only.
    async fn set_push_device(&self, device: &PushDevice) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_counts_for_its_own_template_while_something_is_left() {
        let grant = |template: &str, left| Grant {
            person: PersonId::new("P1").unwrap(),
            channel: MessageChannel::WeChat,
            template_id: template.to_owned(),
            left,
        };
        let reach = Reach { grants: vec![grant("a", 0), grant("b", 1)], ..Reach::default() };
        assert_eq!(reach.grant(MessageChannel::WeChat, "a"), None);
        assert!(reach.grant(MessageChannel::WeChat, "b").is_some());
        assert_eq!(reach.grant(MessageChannel::Alipay, "b"), None);
    }

    #[test]
    fn tokens_are_printable_and_of_one_line() {
        assert_eq!(PushDevice::check_token("abc-1"), Ok(()));
        for bad in ["", "a b", "a\n", "记号", &"a".repeat(201)] {
            assert_eq!(PushDevice::check_token(bad), Err(PushTokenInvalid), "{bad:?}");
        }
    }
}

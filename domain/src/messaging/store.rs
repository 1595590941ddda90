//! What messages ask of a store and of the platforms.

use super::{
    Attempt, Delivery, EventKey, EventKind, Letter, Message, MessageChannel, MessageEvent,
    MessagePage, NewMessage,
};
use crate::ids::PersonId;
use crate::outside::{OutsideError, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;

/// What happens to a grant together with an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantMove {
    /// Whose.
    pub person: PersonId,
    /// Where.
    pub channel: MessageChannel,
    /// Of which template.
    pub template_id: String,
    /// What.
    pub step: GrantStep,
}

/// What happens to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantStep {
    /// One is used. MUST be [`StoreError::Conflict`] when none is left.
    Use,
    /// The one that was used is there again: the message never left.
    Return,
    /// All that are left are worth nothing: the citizen withdrew them.
    Drop,
}

/// A changed message, with what must be stored in the same transaction.
#[derive(Debug, Clone)]
pub struct MessageChange {
    /// As it is now; `version` is still the stored one.
    pub message: Message,
    /// What happens to a grant.
    pub grant: Option<GrantMove>,
}

/// Messages, from their events on.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Events of these kinds of which no message was made yet, oldest first.
    async fn list_new_events(
        &self,
        kinds: &[EventKind],
        limit: u16,
    ) -> Result<Vec<MessageEvent>, StoreError>;
    /// Makes the message of an event. MUST make one, however often it is called.
    async fn accept(&self, new: &NewMessage) -> Result<(), StoreError>;
    /// Takes up to `limit` messages that are due, for nobody else before `until`.
    async fn lease_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Message>, StoreError>;
    /// Stores attempts and due time if the stored version is `change.message.version`, as
    /// version + 1. MUST store all of it or nothing; [`StoreError::Conflict`] on another version.
    async fn save_message(&self, change: &MessageChange) -> Result<(), StoreError>;
    /// The message of this event.
    async fn find_message(&self, key: &EventKey) -> Result<Option<Message>, StoreError>;
    /// The message that a platform knows by this number.
    async fn find_by_platform_no(
        &self,
        channel: MessageChannel,
        platform_no: &str,
    ) -> Result<Option<Message>, StoreError>;
    /// The messages of a person, who has these ids, older than the one of `before`.
    async fn list_messages_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&EventKey>,
        limit: u16,
    ) -> Result<MessagePage, StoreError>;
    /// How many of them were not read.
    async fn count_unread(&self, owners: &[PersonId]) -> Result<u64, StoreError>;
    /// Marks messages as read; those of others, and those read before, stay as they are.
    async fn mark_read(
        &self,
        owners: &[PersonId],
        keys: &[EventKey],
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// How many wait to be sent.
    async fn count_waiting(&self) -> Result<u64, StoreError>;
}

/// A code of [`OutsideError::Refused`], whatever the platform calls it: the citizen does not
/// take messages of this template there, and what they allowed before is void.
pub const NOT_SUBSCRIBED: &str = "NOT_SUBSCRIBED";

/// What a platform says when it takes a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Its own number, by which it tells later what became of it.
    pub platform_no: Option<String>,
}

/// A platform that carries messages.
#[async_trait]
pub trait MessageSender: Send + Sync {
    /// Which one.
    fn channel(&self) -> MessageChannel;
    /// Does the platform know a repeat by the event's key, and send it once?
    fn knows_repeats(&self) -> bool;
    /// Hands a message over. MUST answer [`OutsideError::OutcomeUnknown`] once it may have left
    /// this machine and no answer was understood; a refusal for good that withdraws the
    /// citizen's permission has the code [`NOT_SUBSCRIBED`].
    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError>;
}

/// A platform that is asked what became of a message.
#[async_trait]
pub trait DeliveryReports: Send + Sync {
    /// Which one.
    fn channel(&self) -> MessageChannel;
    /// What became of the message of this event.
    async fn delivery(&self, key: &EventKey) -> Result<Delivery, OutsideError>;
}

impl MessageChange {
    /// The message as it is, without a grant.
    pub fn of(message: Message) -> Self {
        Self { message, grant: None }
    }

    /// The attempts, for a store that keeps them apart.
    pub fn attempts(&self) -> &[Attempt] {
        &self.message.attempts
    }
}

//! What platforms tell by themselves about messages that they took.

use super::send::told_of;
use super::{AttemptOutcome, Delivery, MessageChange, MessageChannel, MessageStore};
use crate::clock::Clock;
use crate::outside::StoreError;
use std::sync::Arc;

/// What a platform told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryNews {
    /// Which platform.
    pub channel: MessageChannel,
    /// Its own number of the message.
    pub platform_no: String,
    /// What became of it.
    pub delivery: Delivery,
}

/// A call of a platform as it came.
#[derive(Clone, Copy)]
pub struct MessageCallback<'a> {
    /// Its query, decoded.
    pub query: &'a [(String, String)],
    /// Its body, byte for byte.
    pub body: &'a [u8],
}

impl std::fmt::Debug for MessageCallback<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MessageCallback({} bytes)", self.body.len())
    }
}

impl MessageCallback<'_> {
    /// The first parameter of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Not the platform's, or not understood.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not proved to be the platform's")]
pub struct NotProved;

/// Reads what a platform tells by itself.
pub trait DeliveryCallbacks: Send + Sync {
    /// Which platform.
    fn channel(&self) -> MessageChannel;
    /// What to answer when the platform asks whether the address is ours.
    ///
    /// # Errors
    /// [`NotProved`].
    fn greeting(&self, callback: &MessageCallback<'_>) -> Result<String, NotProved>;
    /// What it tells of messages; nothing where it tells of something else. MUST refuse what is
    /// not signed by the platform.
    ///
    /// # Errors
    /// [`NotProved`].
    fn read(&self, callback: &MessageCallback<'_>) -> Result<Vec<DeliveryNews>, NotProved>;
}

/// What was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is noted.
    Noted,
    /// It was known, or says nothing against what is known.
    Known,
    /// No message has that number, or not yet: the platform may tell again.
    Stranger,
}

/// Use case: hears what became of messages.
pub struct HearDelivery {
    /// Messages.
    pub messages: Arc<dyn MessageStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl HearDelivery {
    /// Notes the news. Repeats change nothing; what arrived stays arrived.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Conflict`] when somebody worked on it at the same moment.
    pub async fn run(&self, news: &DeliveryNews) -> Result<Heard, StoreError> {
        let channel = news.channel;
        let found = self.messages.find_by_platform_no(channel, &news.platform_no).await?;
        let Some(message) = found else { return Ok(Heard::Stranger) };
        let open = message.attempt(channel).is_some_and(|attempt| match attempt.outcome {
            AttemptOutcome::Sent => true,
            AttemptOutcome::Sending
            | AttemptOutcome::NotSent
            | AttemptOutcome::Delivered
            | AttemptOutcome::Refused
            | AttemptOutcome::Undelivered
            | AttemptOutcome::Unknown => false,
        });
        if !open || news.delivery == Delivery::OnItsWay {
            return Ok(Heard::Known);
        }
        let told = told_of(message, channel, &news.delivery, self.clock.now());
        self.messages.save_message(&MessageChange::of(told)).await?;
        Ok(Heard::Noted)
    }
}

#[cfg(test)]
#[path = "hear_tests.rs"]
pub(in crate::messaging) mod tests;

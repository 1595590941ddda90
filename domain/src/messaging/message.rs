//! A message: one per event, and how far telling it has come.

use super::{EventKey, MessageChannel, MessageEvent, MessageWords};
use jiff::{SignedDuration, Timestamp};

/// What became of a channel that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Handed over, or about to be: nobody has noted the outcome.
    Sending,
    /// It never left; may be tried again.
    NotSent,
    /// The platform has taken it.
    Sent,
    /// The platform says that it arrived.
    Delivered,
    /// The platform will not take it, or this channel does not lead to the citizen any more.
    Refused,
    /// The platform took it and says that it did not arrive.
    Undelivered,
    /// It may have been sent. Never again on this channel, and on no other.
    Unknown,
}

impl AttemptOutcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Sending,
        Self::NotSent,
        Self::Sent,
        Self::Delivered,
        Self::Refused,
        Self::Undelivered,
        Self::Unknown,
    ];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sending => "SENDING",
            Self::NotSent => "NOT_SENT",
            Self::Sent => "SENT",
            Self::Delivered => "DELIVERED",
            Self::Refused => "REFUSED",
            Self::Undelivered => "UNDELIVERED",
            Self::Unknown => "OUTCOME_UNKNOWN",
        }
    }

    /// The outcome whose [`AttemptOutcome::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// One channel that was tried; there is one of each at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which channel.
    pub channel: MessageChannel,
    /// What became of it.
    pub outcome: AttemptOutcome,
    /// How often it was handed over or could not be.
    pub tries: u32,
    /// The platform's number, where it has one.
    pub platform_no: Option<String>,
    /// Why, in the platform's code or words of ours; empty while all is well.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Where a message stands, for the citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// It will be sent: soon, or when the night is over.
    Waiting,
    /// It is being sent.
    Sending(MessageChannel),
    /// A platform has taken it.
    Sent(MessageChannel),
    /// It arrived.
    Delivered(MessageChannel),
    /// It may have been sent, and is not sent again.
    Unknown(MessageChannel),
    /// It stands in the app, and nowhere else.
    InboxOnly,
}

/// A message and its attempts. `event.key` is its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What happened.
    pub event: MessageEvent,
    /// Of the template that made the words.
    pub template_version: u32,
    /// What stands in the app.
    pub words: MessageWords,
    /// `pay:YW…`: what it is about.
    pub about: Option<String>,
    /// When the citizen read it.
    pub read_at: Option<Timestamp>,
    /// What was tried, in the order of channels.
    pub attempts: Vec<Attempt>,
    /// When there is something to do next; `None`: nothing is.
    pub due_at: Option<Timestamp>,
    /// Counted up with every change of attempts.
    pub version: u32,
}

/// So often a channel that cannot be reached is tried before the next one is.
pub const TRIES_MAX: u32 = 5;

/// How long to wait after a try that failed: 15 s, 1 min, 4 min, 16 min.
pub fn backoff(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(15 * 4_i64.pow(tries.saturating_sub(1).min(3)))
}

impl Message {
    /// Where it stands.
    pub fn state(&self) -> MessageState {
        use AttemptOutcome as O;
        let of = |outcome| self.attempts.iter().find(|attempt| attempt.outcome == outcome);
        for (outcome, state) in [
            (O::Sending, MessageState::Sending as fn(MessageChannel) -> MessageState),
            (O::Delivered, MessageState::Delivered),
            (O::Sent, MessageState::Sent),
            (O::Unknown, MessageState::Unknown),
        ] {
            if let Some(attempt) = of(outcome) {
                return state(attempt.channel);
            }
        }
        if self.due_at.is_some() { MessageState::Waiting } else { MessageState::InboxOnly }
    }

    /// The attempt on a channel.
    pub fn attempt(&self, channel: MessageChannel) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.channel == channel)
    }

    /// May this channel still be tried?
    pub fn is_open(&self, channel: MessageChannel) -> bool {
        match self.attempt(channel) {
            None => true,
            Some(attempt) => match attempt.outcome {
                AttemptOutcome::NotSent => attempt.tries < TRIES_MAX,
                AttemptOutcome::Sending
                | AttemptOutcome::Sent
                | AttemptOutcome::Delivered
                | AttemptOutcome::Refused
                | AttemptOutcome::Undelivered
                | AttemptOutcome::Unknown => false,
            },
        }
    }

    /// One more handing over on this channel begins; its outcome is for later.
    #[must_use]
    pub fn handing_over(mut self, channel: MessageChannel, now: Timestamp) -> Self {
        let begun = Attempt {
            channel,
            outcome: AttemptOutcome::Sending,
            tries: self.attempt(channel).map_or(0, |attempt| attempt.tries) + 1,
            platform_no: None,
            reason: String::new(),
            at: now,
        };
        self.attempts.retain(|attempt| attempt.channel != channel);
        self.attempts.push(begun);
        self.attempts.sort_by_key(|attempt| attempt.channel);
        self
    }

    /// What became of the channel, and when to look again.
    #[must_use]
    pub fn settled(
        mut self,
        channel: MessageChannel,
        outcome: AttemptOutcome,
        reason: &str,
        at: Timestamp,
        due_at: Option<Timestamp>,
    ) -> Self {
        for attempt in self.attempts.iter_mut().filter(|attempt| attempt.channel == channel) {
            attempt.outcome = outcome;
            reason.clone_into(&mut attempt.reason);
            attempt.at = at;
        }
        self.due_at = due_at;
        self
    }
}

/// What a platform says of a message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    OnItsWay,
    /// It arrived.
    Arrived,
    /// It did not, and will not.
    Failed {
        /// The platform's code.
        reason: String,
    },
}

/// Messages of one person, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// At most as many as were asked for.
    pub messages: Vec<Message>,
    /// Are there older ones?
    pub more: bool,
}

/// A message that was made of an event; its attempts are to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// What happened.
    pub key: EventKey,
    /// See [`Message::template_version`].
    pub template_version: u32,
    /// See [`Message::words`].
    pub words: MessageWords,
    /// See [`Message::about`].
    pub about: Option<String>,
    /// When to send it.
    pub due_at: Timestamp,
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;

//! What we tell citizens. Whoever changes something that a citizen should hear of stores an event
//! with the change, in the same transaction; one event becomes one message, which stands in the
//! app and is told by one channel outside.

mod channel;
mod event;
mod hear;
mod letter;
mod message;
mod quiet;
mod reach;
mod send;
mod store;
mod template;
mod we_chat_value;
mod words;

pub use channel::{MessageChannel, MessageGroup, Wishes};
pub use event::{EventKey, EventKeyInvalid, EventKind, MessageEvent};
pub use hear::{DeliveryCallbacks, DeliveryNews, HearDelivery, Heard, MessageCallback, NotProved};
pub use letter::{Letter, LetterContent, LetterFault, MiniLetter};
pub use message::{
    Attempt, AttemptOutcome, Delivery, Message, MessagePage, MessageState, NewMessage, TRIES_MAX,
};
pub use quiet::quiet_until;
pub use reach::{Grant, PUSH_DEVICES_MAX, PushDevice, PushTokenInvalid, Reach, ReachStore};
pub use send::{SendMessages, Worked};
pub use store::{
    DeliveryReports, GrantMove, GrantStep, HandedOver, MessageChange, MessageSender, MessageStore,
    NOT_SUBSCRIBED,
};
pub use template::{
    MessageTemplate, MessageTemplates, MessageWords, RawMini, RawTemplate, TemplateFault,
    TemplateIds,
};
pub use we_chat_value::{ValueRefused, WeChatField};
pub use words::{FactMissing, Words, WordsInvalid};

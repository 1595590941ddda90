//! What we tell citizens. Whoever changes something that a citizen should hear of stores an event
//! with the change, in the same transaction; one event becomes one message.

mod event;

pub use event::{EventKey, EventKeyInvalid, EventKind, MessageEvent};

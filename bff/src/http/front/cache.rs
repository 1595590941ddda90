//! Answers that are the same for everybody, kept as the bytes that go over the wire.
//!
//! An answer is kept for the minute in which it was made and for the version of the catalogue that
//! it shows: opening hours begin on whole minutes, and a newer catalogue is seen at once, on every
//! node. It is worked out for nobody in particular, so that nothing of a person can be in it.

mod answers;
mod bytes;
mod front;

pub use answers::{Asked, PublicAnswers};
pub use bytes::{Kept, NO_STORE};

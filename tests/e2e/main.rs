//! The product from the outside: real HTTP, real signatures, real databases, and the real binary.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bills;
mod callbacks;
mod front;
mod identity;
mod killed;
mod payments;
mod quotes;
mod readme;
mod refusals;
mod silence;
mod staff;
mod thread;

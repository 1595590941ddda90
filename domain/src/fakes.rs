//! In-memory implementations of every port, with the levers that tests pull. The stores pass
//! the same contract suite as the databases; a fake that nobody checks lies.

mod faults;
mod hash;
mod index;
mod last_answers;
mod look;
mod outside;
mod rails;
mod refunds;
pub mod samples;
mod store;
mod store_account;
mod store_booking;
mod store_case;
mod store_catalogue;
mod store_certificate;
mod store_engine;
mod store_files;
mod store_gateway;
mod store_identity;
mod store_mandates;
mod store_messages;
mod store_payment;
mod store_receipt;
mod store_refund;
mod store_source;
mod store_staff;
mod time;

pub use faults::{Fault, FaultPlan, scramble};
pub use hash::ToyHash;
pub use last_answers::InMemoryLastAnswers;
pub use look::{NextDue, Stored, StoredItem};
pub use outside::{FakeGateway, FakeRail};
pub use rails::{FakeWatch, PlainSeal};
pub use refunds::{DeskSays, RefundsGo};
pub use store::InMemoryStore;
pub use store_catalogue::KeptForms;
pub use time::{CountingIds, FakeClock};

//! The rules of a provincial "internet + government services" network, and nothing else.
//!
//! Contexts, each in a module of its own; they meet through use cases and ids, never through
//! each other's stores:
//!
//! * [`catalogue`]: categories, apps, regions with validity dates, availability, search.
//! * [`engine`]: what a submission of an app asks for; checks of answers, all faults at once.
//! * [`files`]: what citizens upload to go with what they submit.
//! * [`identity`]: persons, their channel links, identity levels and sessions.
//! * [`notice`]: what is owed (缴款单), with its late fee by day.
//! * [`payment`]: one attempt to pay, its states, the rails, the double-entry ledger.
//! * [`receipt`]: fiscal e-receipts (财政电子票据) and what else follows a payment.
//! * [`reconciliation`]: statements of the rails against the ledger, day by day.
//! * [`scan`]: what a scanned code means, and which addresses are not ours.
//!
//! [`standards`] holds the checked types of national standards; [`money`], [`ids`], [`clock`]
//! and [`outside`] are shared by all. Nothing here knows HTTP, SQL, JSON or GraphQL: the crate
//! imports `std`, `thiserror`, `async-trait` and a time type, and a test keeps it so.

pub mod casework;
pub mod catalogue;
pub mod clock;
pub mod engine;
#[cfg(any(test, feature = "fakes"))]
pub mod fakes;
pub mod files;
pub mod identity;
pub mod ids;
pub mod messaging;
pub mod money;
pub mod notice;
pub mod outside;
pub mod payment;
pub mod receipt;
pub mod reconciliation;
pub mod scan;
pub mod standards;

//! The GraphQL endpoint, before and after the executor: one module for each way in, and what they
//! share. Every way goes through the same [`guard`](super::guard), asks the same
//! [`admission`](super::admission) for a turn, and answers by [`answer`].

pub mod accept;
pub mod answer;
pub mod cache;
pub mod compress;
pub mod counters;
pub mod drain;
mod events;
pub mod operation;
pub mod route;
pub mod run;
mod socket;
pub mod streams;
pub mod trusted;

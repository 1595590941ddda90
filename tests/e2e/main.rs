//! The product from the outside: real HTTP, real signatures, real databases, and the real binary.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod accounts;
mod bills;
mod callbacks;
mod cases;
mod certificates;
mod data_access;
mod database;
mod documents;
mod files;
mod foreign;
mod front;
mod gateway;
mod gateway_refunds;
mod hanging;
mod identity;
mod killed;
mod mandates;
mod overload;
mod pay_links;
mod payments;
mod phones;
mod quotes;
mod rails;
mod readme;
mod refunds;
mod refusals;
mod same_key;
mod scenarios;
mod search;
mod silence;
mod sso;
mod staff;
mod thread;
mod year_end;

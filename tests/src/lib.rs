//! What the suites share: the product started as a whole, and throw-away databases.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

pub mod abuse;
pub mod app;
pub mod bench_server;
pub mod citizen;
pub mod collector;
pub mod console;
pub mod crash;
pub mod cutting_proxy;
pub mod desk;
pub mod files;
pub mod flow;

pub mod foreign;
pub mod fuzz;
pub mod home_page;
pub mod kept_case;
pub mod killed;
pub mod levers;
pub mod manifest;
pub mod node;
pub mod own_postgres;
pub mod planted;
pub mod postgres;
pub mod raw_socket;
pub mod results;
pub mod scenarios;
pub mod sim;

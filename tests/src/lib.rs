//! tests

pub mod postgres;

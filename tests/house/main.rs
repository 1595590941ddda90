//! The house: walls between the crates, crash points around writes, and pages that are made from
//! the code.
//! `YIWANG_WRITE=1` writes the pages anew instead of comparing.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod crash_points;
mod fault_cases;
mod money;
mod operations;
mod pages;
mod strangers;
mod walls;

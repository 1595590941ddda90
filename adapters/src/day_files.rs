//! The files of a reconciliation day, as `docs/recon-benchmark.md` describes them: read, checked, judged, written.
//!
//! Large files are read once in blocks by as many threads as there are processors. Of each line a few words are kept: keyed
//! hashes and where it stands. Orders whose two lines agree in everything are put aside; the rest is read again and judged. A keyed
//! hash of 128 bits over all that must agree stands for the lines that are put aside.

mod bytes;
mod faults;
mod filed;
mod kept;
mod ledger;
mod legs;
mod load;
mod others;
mod pass;
mod places;
mod rules;
mod sift;
mod table;
mod wechat;
mod write;

pub use filed::as_run;
pub use kept::{KeptDays, arguments};
pub use load::{Detail, Judged, Paths, judge};
pub use write::{by_code, write};

#[cfg(test)]
mod tests;

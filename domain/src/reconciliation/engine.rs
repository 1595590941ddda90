//! The matching engine: ledger, rails, bank and agencies of one day, every line in exactly one bucket. Pure: files are read
//! elsewhere, verdicts are kept elsewhere. What each code means stands in `docs/recon-benchmark.md`, and nowhere twice.

mod input;

pub use input::{
    AgencyKind, AgencyLine, CreditLine, FileKey, LedgerKind, LedgerRecord, LedgerState,
    MerchantRule, OpenPayout, Origin, RailLine, RailLineKind, Rules,
};

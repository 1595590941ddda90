//! What can go wrong, how often, and what did.

use super::chance::mix;
use domain::fakes::scramble;
use std::collections::BTreeSet;

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    LoseRequest,
    LoseAnswer,
    Slow,
    DoubleRequest,
    Partition,
    RailError,
    RailRefuses,
    LoseCallback,
    LoseAllCallbacks,
    DoubleCallback,
    LateCallback,
    StaleCallback,
    ForgedCallback,
    ForeignCallback,
    WrongAmountCallback,
    OtherAmount,
    LateSuccess,
    EarlySuccess,
    GatewayOutage,
    GatewayRefuses,
    OtherChannel,
    Withdrawal,
    Correction,
    StoreFails,
    CommitUnknown,
    StoreDown,
    StoreReadOnly,
    Crash,
    ClockJump,
    LateFile,
    DamagedFile,
    OldFile,
    DoubleLine,
    DropLine,
    ExtraLine,
}

use Kind as K;

/// Kind, name, group, and how often out of a million chances.
const TABLE: [(Kind, &str, &str, u32); 35] = [
    (K::LoseRequest, "lose-request", "network", 8_000),
    (K::LoseAnswer, "lose-answer", "network", 12_000),
    (K::Slow, "slow", "network", 10_000),
    (K::DoubleRequest, "double-request", "network", 8_000),
    (K::Partition, "partition", "network", 60_000),
    (K::RailError, "rail-error", "rails", 10_000),
    (K::RailRefuses, "rail-refuses", "rails", 4_000),
    (K::LoseCallback, "lose-callback", "callbacks", 60_000),
    (K::LoseAllCallbacks, "lose-all-callbacks", "callbacks", 20_000),
    (K::DoubleCallback, "double-callback", "callbacks", 60_000),
    (K::LateCallback, "late-callback", "callbacks", 60_000),
    (K::StaleCallback, "stale-callback", "callbacks", 10_000),
    (K::ForgedCallback, "forged-callback", "callbacks", 10_000),
    (K::ForeignCallback, "foreign-callback", "callbacks", 10_000),
    (K::WrongAmountCallback, "wrong-amount-callback", "callbacks", 10_000),
    (K::OtherAmount, "other-amount", "rails", 8_000),
    (K::LateSuccess, "late-success", "rails", 150_000),
    (K::EarlySuccess, "early-success", "rails", 5_000),
    (K::GatewayOutage, "gateway-outage", "gateway", 30_000),
    (K::GatewayRefuses, "gateway-refuses", "gateway", 20_000),
    (K::OtherChannel, "other-channel", "gateway", 15_000),
    (K::Withdrawal, "withdrawal", "gateway", 8_000),
    (K::Correction, "correction", "gateway", 10_000),
    (K::StoreFails, "store-fails", "store", 1_000),
    (K::CommitUnknown, "commit-unknown", "store", 1_000),
    (K::StoreDown, "store-down", "store", 30_000),
    (K::StoreReadOnly, "store-read-only", "store", 30_000),
    (K::Crash, "crash", "crash", 200),
    (K::ClockJump, "clock-jump", "clock", 40_000),
    (K::LateFile, "late-file", "statements", 150_000),
    (K::DamagedFile, "damaged-file", "statements", 150_000),
    (K::OldFile, "old-file", "statements", 100_000),
    (K::DoubleLine, "double-line", "statements", 2_000),
    (K::DropLine, "drop-line", "statements", 2_000),
    (K::ExtraLine, "extra-line", "statements", 200_000),
];

impl Kind {
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// One fault that could have been: its kind, and the key of the moment.
pub type FaultId = (Kind, u64);

/// The text of traces: `crash/00c0ffee00c0ffee`.
pub fn text_of(id: FaultId) -> String {
    format!("{}/{:016x}", id.0.name(), id.1)
}

/// Reads [`text_of`] back.
pub fn from_text(text: &str) -> Option<FaultId> {
    let (name, key) = text.split_once('/')?;
    Some((Kind::from_name(name)?, u64::from_str_radix(key, 16).ok()?))
}

/// Which kinds are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(Vec<Kind>);

impl Wanted {
    /// `all`, `none`, or names of kinds and groups with commas between.
    pub fn read(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self(Vec::new()));
        }
        let mut kinds = BTreeSet::new();
        for word in text.split(',') {
            let named =
                |row: &&(Kind, &str, &str, u32)| word == "all" || row.1 == word || row.2 == word;
            let before = kinds.len();
            kinds.extend(TABLE.iter().filter(named).map(|row| row.0));
            if kinds.len() == before {
                return None;
            }
        }
        Some(Self(kinds.into_iter().collect()))
    }
}

/// Decides about every chance of a fault, and remembers what it let happen.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    rates: [u32; TABLE.len()],
    /// Nothing fails from here on.
    until: i64,
    /// In a replay: only these.
    only: Option<BTreeSet<FaultId>>,
    happened: Vec<FaultId>,
}

impl Faults {
    /// Where several kinds are on, each seed has some of them more often, less often or not
    /// at all, so that a run is not a bit of everything each time; `needed` is not left out.
    pub fn new(
        seed: u64,
        wanted: &Wanted,
        needed: Option<Kind>,
        until: i64,
        only: Option<BTreeSet<FaultId>>,
    ) -> Self {
        let mut rates = [0; TABLE.len()];
        for kind in &wanted.0 {
            let place = *kind as usize;
            let weight = match scramble(seed, 7_000 + place as u64) % 8 {
                _ if wanted.0.len() < 4 || needed == Some(*kind) => 4,
                0 => 0,
                1 | 2 => 1,
                3..=5 => 4,
                6 => 8,
                _ => 16,
            };
            rates[place] = TABLE[place].3.saturating_mul(weight) / 4;
        }
        Self { seed, rates, until, only, happened: Vec::new() }
    }

    /// Does it happen? Every chance MUST have a key of its own.
    pub fn happens(&mut self, kind: Kind, key: u64, now: i64) -> bool {
        let rate = u64::from(self.rates[kind as usize]);
        if rate == 0 || now >= self.until {
            return false;
        }
        let roll = scramble(self.seed ^ mix(kind as u64, 99), key) % 1_000_000;
        let id = (kind, key);
        let yes = roll < rate && self.only.as_ref().is_none_or(|only| only.contains(&id));
        if yes {
            self.happened.push(id);
        }
        yes
    }

    pub fn happened(&self) -> &[FaultId] {
        &self.happened
    }

    /// `crash 3, lose-answer 17`, kinds in order.
    pub fn counts(&self) -> String {
        let count = |kind: Kind| self.happened.iter().filter(|id| id.0 == kind).count();
        let counts = TABLE.iter().map(|row| (row.1, count(row.0)));
        let words = counts.filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}"));
        words.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_kind_in_its_place() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, place, "{}", row.1);
            assert_eq!(from_text(&text_of((row.0, 77))), Some((row.0, 77)));
        }
    }
}

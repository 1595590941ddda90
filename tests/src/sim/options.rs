//! What a run is asked for.

use super::fault::{FaultId, Kind, Wanted};
use std::collections::BTreeSet;

/// Bugs that can be planted into the simulated ports, one per invariant, to see that each is
/// found. None of them is in the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// The store loses a line of a journal.
    LostLedgerLine,
    /// Every try of a refund has a number of its own.
    NewRefundNumber,
    /// Who holds a notice, and how it stands, is read from a cache that is never told, and the
    /// store has lost its unique index.
    CachedHolders,
    /// The store takes a save on any version.
    LastWriteWins,
    /// The store loses a row of the outbox.
    LostOutboxRow,
    /// The store forgets clients' keys after ten minutes.
    ForgottenKeys,
    /// Signatures of callbacks are not checked.
    ForgedBelieved,
    /// Every try of a write-off has a number of its own.
    NewWriteOffNumber,
    /// A rail that does not answer is taken to say that the order is closed.
    SilenceIsClosed,
    /// The amount goes to the rail through a float.
    FloatYuan,
    /// A payment that is refused for a held notice is stored all the same, without notices.
    HalfInsert,
    /// The healer passes over payments in UNKNOWN.
    PassedOver,
    /// A change of state is stored without its history line.
    ForgottenEvent,
    /// Somebody changes a line of the audit trail.
    RewrittenAudit,
}

/// Plant, name, and the invariant that it breaks.
const PLANTS: [(Plant, &str, &str); 14] = [
    (Plant::LostLedgerLine, "lost-ledger-line", "M1"),
    (Plant::NewRefundNumber, "new-refund-number", "M2"),
    (Plant::CachedHolders, "cached-holders", "M3"),
    (Plant::LastWriteWins, "last-write-wins", "M4"),
    (Plant::LostOutboxRow, "lost-outbox-row", "M5"),
    (Plant::ForgottenKeys, "forgotten-keys", "M6"),
    (Plant::ForgedBelieved, "forged-believed", "M7"),
    (Plant::NewWriteOffNumber, "new-write-off-number", "M8"),
    (Plant::SilenceIsClosed, "silence-is-closed", "M9"),
    (Plant::FloatYuan, "float-yuan", "M10"),
    (Plant::HalfInsert, "half-insert", "M11"),
    (Plant::PassedOver, "passed-over", "M15"),
    (Plant::ForgottenEvent, "forgotten-event", "M16"),
    (Plant::RewrittenAudit, "rewritten-audit", "M12"),
];

impl Plant {
    /// Every plant.
    pub fn all() -> impl Iterator<Item = Self> {
        PLANTS.iter().map(|row| row.0)
    }

    /// The name of the command line.
    pub fn name(self) -> &'static str {
        PLANTS[self as usize].1
    }

    /// The invariant that it breaks.
    pub fn breaks(self) -> &'static str {
        PLANTS[self as usize].2
    }

    /// The fault without which nobody would notice it.
    pub(super) fn needs(self) -> Option<Kind> {
        (self == Self::ForgedBelieved).then_some(Kind::ForgedCallback)
    }

    /// The plant whose [`Plant::name`] is `name`, or that breaks the invariant `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|plant| plant.name() == name || plant.breaks() == name)
    }
}

/// One run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// For so many days something fails; then there is peace until all is settled.
    pub days: i64,
    /// How many citizens want to pay.
    pub payments: usize,
    pub(super) faults: Wanted,
    pub(super) faults_text: String,
    pub(super) plant: Option<Plant>,
    /// In a replay: only these citizens act.
    pub(super) only_citizens: Option<BTreeSet<usize>>,
    /// In a replay: only these faults happen.
    pub(super) only_faults: Option<BTreeSet<FaultId>>,
    pub(super) keep_text: bool,
}

impl Options {
    /// With all faults and no planted bug.
    pub fn new(seed: u64, days: i64, payments: usize) -> Self {
        let faults_text = "all".to_owned();
        let faults = Wanted::read(&faults_text).unwrap();
        let (plant, only_citizens, only_faults, keep_text) = (None, None, None, false);
        Self {
            seed,
            days,
            payments,
            faults,
            faults_text,
            plant,
            only_citizens,
            only_faults,
            keep_text,
        }
    }

    /// With these faults: `all`, `none`, or names of kinds and groups with commas between.
    ///
    /// # Errors
    /// A sentence when a name is unknown.
    pub fn with_faults(self, text: &str) -> Result<Self, String> {
        let faults = Wanted::read(text).ok_or_else(|| format!("no faults are named `{text}`"))?;
        Ok(Self { faults, faults_text: text.to_owned(), ..self })
    }

    /// With a planted bug.
    pub fn with_plant(self, plant: Plant) -> Self {
        Self { plant: Some(plant), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_plant_in_its_place() {
        for (place, row) in PLANTS.iter().enumerate() {
            assert_eq!(row.0 as usize, place, "{}", row.1);
        }
    }
}

//! "The n-th call of a port fails so": the lever of the fault suite.

use crate::outside::{OutsideError, StoreError};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How one call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing was done, and the caller knows.
    NotDone,
    /// Nothing was done, and the caller cannot know.
    SilentNotDone,
    /// It was done, and the caller cannot know.
    SilentDone,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 3] = [Self::NotDone, Self::SilentNotDone, Self::SilentDone];

    /// Is the call carried out all the same?
    pub const fn is_done(self) -> bool {
        matches!(self, Self::SilentDone)
    }

    /// What a caller of a platform sees.
    pub fn outside(self) -> OutsideError {
        match self {
            Self::NotDone => OutsideError::NotSent("planned fault".into()),
            Self::SilentNotDone | Self::SilentDone => {
                OutsideError::OutcomeUnknown("planned fault".into())
            }
        }
    }

    /// What a caller of a store sees.
    pub fn store(self) -> StoreError {
        StoreError::Unavailable("planned fault".into())
    }
}

/// Which calls fail.
#[derive(Debug, Default)]
enum Plan {
    #[default]
    Never,
    /// The call with this number, from 0.
    Once(usize, Fault),
    /// All of them.
    Always(Fault),
}

/// Counts port calls, and fails those that were planned.
#[derive(Debug, Default)]
pub struct FaultPlan {
    calls: AtomicUsize,
    plan: Plan,
}

impl FaultPlan {
    /// Nothing fails.
    pub fn none() -> Self {
        Self::default()
    }

    /// The call with this number, from 0, fails so.
    pub fn at(call: usize, fault: Fault) -> Self {
        Self { plan: Plan::Once(call, fault), ..Self::default() }
    }

    /// Every call fails so.
    pub fn always(fault: Fault) -> Self {
        Self { plan: Plan::Always(fault), ..Self::default() }
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Every port call asks once.
    pub fn next(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.plan {
            Plan::Never => None,
            Plan::Once(at, fault) => (at == call).then_some(fault),
            Plan::Always(fault) => Some(fault),
        }
    }
}

/// A well mixed number of seed and place (the finaliser of splitmix64).
pub fn scramble(seed: u64, place: u64) -> u64 {
    let mut mixed = seed.wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

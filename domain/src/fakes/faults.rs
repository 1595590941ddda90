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

/// Counts port calls, and fails the one that was planned.
#[derive(Debug, Default)]
pub struct FaultPlan {
    calls: AtomicUsize,
    planned: Option<(usize, Fault)>,
}

impl FaultPlan {
    /// Nothing fails.
    pub fn none() -> Self {
        Self::default()
    }

    /// The call with this number, from 0, fails so.
    pub fn at(call: usize, fault: Fault) -> Self {
        Self { calls: AtomicUsize::new(0), planned: Some((call, fault)) }
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Every port call asks once.
    pub fn next(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        self.planned.filter(|(at, _)| *at == call).map(|(_, fault)| fault)
    }
}

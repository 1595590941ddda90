//! A clock that stands still until it is moved, and ids that count.

use crate::clock::{Clock, IdSource};
use jiff::{SignedDuration, Timestamp};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stands still until a test moves it.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    /// Shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves forward.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = super::store::locked(&self.0);
        *now += by;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *super::store::locked(&self.0)
    }
}

/// 32 bytes that differ on every call, and are the same in every run.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl IdSource for CountingIds {
    fn random_bytes(&self) -> [u8; 32] {
        let mut state = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(0x9E37_79B9);
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            // xorshift64*: different seeds must not share a prefix.
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            *byte = u8::try_from(state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56).unwrap_or(0);
        }
        bytes
    }
}

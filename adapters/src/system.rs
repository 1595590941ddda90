//! The machine's own clock and randomness.

use domain::clock::{Clock, IdSource};
use jiff::Timestamp;

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "everybody else asks this port")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The cryptographic library's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    /// # Panics
    /// When the system has no randomness: every id and token would be guessable from then on.
    fn random_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let filled = aws_lc_rs::rand::fill(&mut bytes);
        assert!(filled.is_ok(), "the system has no randomness");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_never_the_same() {
        assert_ne!(RandomIds.random_bytes(), RandomIds.random_bytes());
        assert!(SystemClock.now() > Timestamp::UNIX_EPOCH);
    }
}

//! Chance that does not depend on the order in which it is asked: every decision has a key, and
//! the seed with the key decides. Taking one decision away leaves all others as they were.

use domain::fakes::scramble;

/// A key of two.
pub fn mix(a: u64, b: u64) -> u64 {
    scramble(a ^ 0x5157_4d53_494d, b.wrapping_add(1))
}

/// A key of a text (FNV-1a).
pub fn key(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    text.bytes().fold(start, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Rolls for one matter, one after the other.
#[derive(Debug, Clone)]
pub struct Dice {
    stream: u64,
    rolled: u64,
}

impl Dice {
    pub fn of(seed: u64, stream: u64) -> Self {
        Self { stream: mix(seed, stream), rolled: 0 }
    }

    pub fn next(&mut self) -> u64 {
        self.rolled += 1;
        scramble(self.stream, self.rolled)
    }

    pub fn below(&mut self, sides: i64) -> i64 {
        let sides = u64::try_from(sides.max(1)).unwrap();
        i64::try_from(self.next() % sides).unwrap()
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    pub fn percent(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

//! Time and chance, as ports: no code of this crate reads a clock or rolls dice by itself.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// What time it is. Where mock channels run, it follows theirs.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes, from a cryptographically secure source.
pub trait IdSource: Send + Sync {
    /// 32 fresh bytes.
    fn random_bytes(&self) -> [u8; 32];
}

/// Beijing time, +08:00 without daylight saving: that of every accounting day.
pub fn beijing() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The Beijing date and time of `at`.
pub fn beijing_time(at: Timestamp) -> DateTime {
    at.to_zoned_datetime(beijing()).datetime()
}

/// The accounting day that `at` belongs to.
pub fn beijing_day(at: Timestamp) -> Date {
    beijing_time(at).date()
}

/// The instant at which a Beijing wall clock shows `time`; `None` beyond the calendar's range.
pub fn from_beijing(time: DateTime) -> Option<Timestamp> {
    time.to_zoned_datetime(beijing()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_accounting_day_turns_at_beijing_midnight() {
        let last_second: Timestamp = "2025-12-31T15:59:59Z".parse().unwrap();
        assert_eq!(beijing_day(last_second), date(2025, 12, 31));
        let midnight = last_second + jiff::SignedDuration::from_secs(1);
        assert_eq!(beijing_day(midnight), date(2026, 1, 1));
        assert_eq!(from_beijing(date(2026, 1, 1).at(0, 0, 0, 0)), Some(midnight));
    }
}

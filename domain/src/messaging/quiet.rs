//! When citizens sleep: what is not urgent waits for the morning.

use crate::clock::{beijing_time, from_beijing};
use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};

/// From this time of the evening, in Beijing, nothing is sent that can wait…
const EVENING: Time = Time::constant(22, 0, 0, 0);
/// …until this time of the morning.
const MORNING: Time = Time::constant(8, 0, 0, 0);

/// When what happens at `at` may be told; `None` at once, outside the quiet hours.
pub fn quiet_until(at: Timestamp) -> Option<Timestamp> {
    let local = beijing_time(at);
    let day = if local.time() < MORNING {
        local.date()
    } else if local.time() >= EVENING {
        local.date().saturating_add(1.day())
    } else {
        return None;
    };
    // Beyond the calendar there is no morning to wait for.
    from_beijing(day.to_datetime(MORNING))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    #[test]
    fn the_night_ends_at_eight_whichever_side_of_midnight_it_is_asked_on() {
        let table = [
            ("2026-03-02T07:59:59", Some("2026-03-02T08:00:00")),
            ("2026-03-02T08:00:00", None),
            ("2026-03-02T12:00:00", None),
            ("2026-03-02T21:59:59.999999", None),
            ("2026-03-02T22:00:00", Some("2026-03-03T08:00:00")),
            ("2026-03-02T23:59:59", Some("2026-03-03T08:00:00")),
            ("2026-03-03T00:00:00", Some("2026-03-03T08:00:00")),
            ("2026-12-31T23:00:00", Some("2027-01-01T08:00:00")),
            ("2028-02-28T22:30:00", Some("2028-02-29T08:00:00")),
        ];
        for (asked, morning) in table {
            assert_eq!(quiet_until(at(asked)), morning.map(at), "{asked}");
        }
        assert_eq!(quiet_until(Timestamp::MAX), None, "the calendar has an end");
    }
}

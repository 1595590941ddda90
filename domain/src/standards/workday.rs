//! Working days (工作日): Monday to Friday, without the holidays that the State Council's office
//! (国务院办公厅) announces every autumn, and with the Saturdays and Sundays that it makes working
//! days for them (调休).
//! Years that are not announced yet count by the fixed rule alone: a promised date far ahead may
//! be a few days early then, never late for the citizen.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};

/// First and last day of each holiday: 国办发明电〔2024〕12号 for 2025, 〔2025〕7号 for 2026.
const HOLIDAYS: [(Date, Date); 14] = [
    (date(2025, 1, 1), date(2025, 1, 1)),
    (date(2025, 1, 28), date(2025, 2, 4)),
    (date(2025, 4, 4), date(2025, 4, 6)),
    (date(2025, 5, 1), date(2025, 5, 5)),
    (date(2025, 5, 31), date(2025, 6, 2)),
    (date(2025, 10, 1), date(2025, 10, 8)),
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
    // Of no announcement: New Year's Day is always one.
    (date(2027, 1, 1), date(2027, 1, 1)),
];

/// Saturdays and Sundays on which people work.
const WORKED: [Date; 11] = [
    date(2025, 1, 26),
    date(2025, 2, 8),
    date(2025, 4, 27),
    date(2025, 9, 28),
    date(2025, 10, 11),
    date(2026, 1, 4),
    date(2026, 2, 14),
    date(2026, 2, 28),
    date(2026, 5, 9),
    date(2026, 9, 20),
    date(2026, 10, 10),
];

/// Do departments work on this day?
pub fn is_workday(day: Date) -> bool {
    if WORKED.contains(&day) {
        return true;
    }
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    !weekend && !HOLIDAYS.iter().any(|(first, last)| (*first..=*last).contains(&day))
}

/// The day on which a term of so many working days ends that begins on `day`, which itself does
/// not count (行政许可法, 民法典第二百零一条). With 0: `day` itself.
pub fn add_workdays(day: Date, days: u16) -> Date {
    let mut end = day;
    let mut left = days;
    while left > 0 && end < Date::MAX {
        end = end.saturating_add(1.day());
        left -= u16::from(is_workday(end));
    }
    end
}

/// How many working days come after `from` until `to`, `to` included; 0 where `to` is not later.
pub fn workdays_until(from: Date, to: Date) -> u32 {
    let mut count = 0;
    let mut day = from;
    while day < to {
        day = day.saturating_add(1.day());
        count += u32::from(is_workday(day));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_and_holidays_do_not_count_and_worked_weekends_do() {
        for (from, days, end) in [
            (date(2026, 3, 2), 0, date(2026, 3, 2)),
            (date(2026, 3, 2), 5, date(2026, 3, 9)),
            (date(2026, 3, 6), 1, date(2026, 3, 9)),
            (date(2026, 2, 13), 1, date(2026, 2, 14)),
            (date(2026, 2, 14), 1, date(2026, 2, 24)),
            (date(2026, 4, 30), 3, date(2026, 5, 8)),
            (date(2026, 4, 30), 4, date(2026, 5, 9)),
            (date(2025, 9, 30), 1, date(2025, 10, 9)),
        ] {
            assert_eq!(add_workdays(from, days), end, "{from} and {days}");
            assert_eq!(workdays_until(from, end), u32::from(days), "{from} until {end}");
        }
        assert_eq!(workdays_until(date(2026, 3, 9), date(2026, 3, 2)), 0);
    }

    #[test]
    fn every_worked_day_is_a_weekend_outside_the_holidays() {
        for day in WORKED {
            assert!(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday), "{day}");
            assert!(!HOLIDAYS.iter().any(|(a, b)| (*a..=*b).contains(&day)), "{day}");
        }
    }
}

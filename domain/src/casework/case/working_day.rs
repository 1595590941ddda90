//! Working days: Monday to Friday. Public holidays, and the weekends that are worked for them, are
//! announced anew each year and are in no file yet: a promise over a holiday is too early by it.

use jiff::civil::{Date, Weekday};

/// Is it one?
pub fn is_working_day(day: Date) -> bool {
    match day.weekday() {
        Weekday::Saturday | Weekday::Sunday => false,
        Weekday::Monday
        | Weekday::Tuesday
        | Weekday::Wednesday
        | Weekday::Thursday
        | Weekday::Friday => true,
    }
}

/// The `count`th working day after `from`; the last day of the calendar beyond it.
pub fn working_days_after(from: Date, count: u16) -> Date {
    let (mut day, mut left) = (from, count);
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return day };
        day = next;
        if is_working_day(day) {
            left -= 1;
        }
    }
    day
}

/// How many working days come after `from`, up to and with `to`; none where `to` is not later.
pub fn working_days_between(from: Date, to: Date) -> u16 {
    let (mut day, mut count) = (from, 0_u16);
    while day < to {
        let Ok(next) = day.tomorrow() else { return count };
        day = next;
        count = count.saturating_add(u16::from(is_working_day(day)));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn weekends_do_not_count() {
        let friday = date(2026, 3, 6);
        for (from, count, to) in [
            (friday, 0, friday),
            (friday, 1, date(2026, 3, 9)),
            (friday, 5, date(2026, 3, 13)),
            (friday, 6, date(2026, 3, 16)),
            (date(2026, 3, 7), 1, date(2026, 3, 9)),
            (date(2026, 12, 31), 1, date(2027, 1, 1)),
        ] {
            assert_eq!(working_days_after(from, count), to, "{count} after {from}");
            assert_eq!(working_days_between(from, to), count, "{from} to {to}");
        }
        assert_eq!(working_days_between(date(2026, 3, 9), friday), 0);
        assert_eq!(working_days_after(Date::MAX, 3), Date::MAX);
    }
}

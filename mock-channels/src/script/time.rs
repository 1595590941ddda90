//! Times of scripts: how they are written and read.

use crate::clock::{DAY_MS, Day, HOUR_MS, MINUTE_MS, SECOND_MS, spaced};

/// `2026-03-02 10:15:31.250`
pub(super) fn written(ms: i64) -> String {
    format!("{}.{:03}", spaced(ms), ms.rem_euclid(SECOND_MS))
}

/// `90s`, `5m`, `1h30m`, `2d`
pub(super) fn duration(text: &str) -> Option<i64> {
    const LONGEST_MS: i64 = 366 * DAY_MS;
    let (mut total_ms, mut digits) = (0_i64, String::new());
    for char in text.chars() {
        if char.is_ascii_digit() {
            digits.push(char);
            continue;
        }
        let unit_ms = match char {
            's' => SECOND_MS,
            'm' => MINUTE_MS,
            'h' => HOUR_MS,
            'd' => DAY_MS,
            _ => return None,
        };
        let count: i64 = digits.parse().ok()?;
        digits.clear();
        total_ms = total_ms.checked_add(count.checked_mul(unit_ms)?)?;
    }
    let whole = digits.is_empty() && !text.is_empty();
    (whole && total_ms <= LONGEST_MS).then_some(total_ms)
}

/// `23:59`, `23:59:58`, `23:59:58.250` as milliseconds after midnight.
pub(super) fn time_of_day(text: &str) -> Option<i64> {
    let (whole, thousandths) = match text.split_once('.') {
        Some((whole, part)) if part.len() == 3 => (whole, part.parse().ok()?),
        Some(_) => return None,
        None => (text, 0_i64),
    };
    let parts: Vec<&str> = whole.split(':').collect();
    let part = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| digits && *value < below)
    };
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (part(hour, 24)?, part(minute, 60)?, 0),
        [hour, minute, second] => (part(hour, 24)?, part(minute, 60)?, part(second, 60)?),
        _ => return None,
    };
    Some(hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + thousandths)
}

/// The next moment at which the clock shows this time of day.
pub(super) fn next(time_ms: i64, now_ms: i64) -> i64 {
    let today_ms = Day::of(now_ms).start_ms() + time_ms;
    if today_ms >= now_ms { today_ms } else { today_ms + DAY_MS }
}

/// `2026-03-02` and `10:15:31.250`
pub(super) fn moment(date: &str, time: &str) -> Option<i64> {
    Some(Day::from_text(date)?.start_ms() + time_of_day(time)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times_are_read_exactly() {
        assert_eq!(duration("90s"), Some(90_000));
        assert_eq!(duration("1h30m"), Some(5_400_000));
        assert_eq!(duration("2d"), Some(2 * DAY_MS));
        for bad in ["", "5", "m", "5x", "99999999999999999999s", "400d", "-5m"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(time_of_day("23:59:58.250"), Some(86_398_250));
        for bad in ["24:00", "1:00", "10:60", "10:00:61", "10:00:00.1", "10", "10:00:00:00"] {
            assert_eq!(time_of_day(bad), None, "{bad}");
        }
        let now_ms = moment("2026-03-02", "10:00").unwrap();
        assert_eq!(written(next(36_000_000, now_ms)), "2026-03-02 10:00:00.000");
        assert_eq!(written(next(35_999_999, now_ms)), "2026-03-03 09:59:59.999");
    }
}

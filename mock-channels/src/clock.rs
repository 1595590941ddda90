//! Virtual time: the real clock plus an offset that only ever grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};

pub(crate) const SECOND_MS: i64 = 1_000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// China has one zone and no summer time, so a fixed offset is exact.
const BEIJING: Offset = Offset::constant(8);

/// The clock that the whole outside world of the mock lives by.
#[derive(Debug, Clone, Default)]
pub struct MockClock {
    offset_ms: Arc<AtomicI64>,
}

impl MockClock {
    pub(crate) fn with_offset(offset_ms: i64) -> Self {
        Self { offset_ms: Arc::new(AtomicI64::new(offset_ms)) }
    }

    /// Virtual now, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        real_now_ms().saturating_add(self.offset_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn set_offset(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one clock that all virtual time runs on")]
pub(crate) fn real_now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A calendar day of Beijing, counted from 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct Day(pub(crate) i64);

impl Day {
    pub(crate) fn of(ms: i64) -> Self {
        Self((ms + 8 * HOUR_MS).div_euclid(DAY_MS))
    }

    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Midnight of Beijing at which the day begins.
    pub(crate) fn start_ms(self) -> i64 {
        self.0 * DAY_MS - 8 * HOUR_MS
    }

    fn date(self) -> Date {
        beijing(self.start_ms()).date()
    }

    /// `2026-03-02`
    pub(crate) fn text(self) -> String {
        self.date().to_string()
    }

    /// `20260302`
    pub(crate) fn compact(self) -> String {
        self.text().replace('-', "")
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        // The platforms want exactly this shape; the parser would take others.
        if text.len() != 10 || text.as_bytes().get(4) != Some(&b'-') {
            return None;
        }
        text.parse::<Date>().ok().map(Self::from_date)
    }

    pub(crate) fn from_compact(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Self::from_text(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
    }

    /// How many months from `start` on have begun by this day: 1 on `start` itself, 0 before.
    pub(crate) fn begun_months_since(self, start: Self) -> i64 {
        if self < start {
            return 0;
        }
        let (first, last) = (start.date(), self.date());
        let years = i64::from(last.year()) - i64::from(first.year());
        let months = years * 12 + i64::from(last.month()) - i64::from(first.month());
        let begun = last.day() >= first.day().min(last.days_in_month());
        months + i64::from(begun)
    }

    pub(crate) fn three_months_before(self) -> Self {
        Self::from_date(self.date().saturating_sub(3.months()))
    }

    fn from_date(date: Date) -> Self {
        Self::of(ms_of(date.at(0, 0, 0, 0)))
    }
}

fn beijing(ms: i64) -> DateTime {
    let instant = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    BEIJING.to_datetime(instant)
}

fn ms_of(local: DateTime) -> i64 {
    BEIJING.to_timestamp(local).map_or(0, Timestamp::as_millisecond)
}

/// `2026-03-02T10:15:31+08:00`, whole seconds as the platforms write them.
pub(crate) fn rfc3339(ms: i64) -> String {
    beijing(ms).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

/// `2026-03-02 10:15:31`
pub(crate) fn spaced(ms: i64) -> String {
    beijing(ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `101531`
pub(crate) fn compact_time(ms: i64) -> String {
    beijing(ms).strftime("%H%M%S").to_string()
}

pub(crate) fn two_digit_year(ms: i64) -> String {
    beijing(ms).strftime("%y").to_string()
}

pub(crate) fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Reads `yyyyMMddHHmmss`, Beijing.
pub(crate) fn parse_compact(text: &str) -> Option<i64> {
    if text.len() != 14 || !text.is_ascii() {
        return None;
    }
    let day = Day::from_compact(&text[..8])?;
    Some(day.start_ms() + time_of_day_ms(&text[8..10], &text[10..12], &text[12..])?)
}

/// Reads `HH:MM` as milliseconds after midnight.
pub(crate) fn parse_hour_minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    time_of_day_ms(hour, minute, "00")
}

fn time_of_day_ms(hour: &str, minute: &str, second: &str) -> Option<i64> {
    let part = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| digits && *value < below)
    };
    Some(part(hour, 24)? * HOUR_MS + part(minute, 60)? * MINUTE_MS + part(second, 60)? * SECOND_MS)
}

/// Whether a string is a time of day `hhmmss`.
pub(crate) fn is_compact_time(text: &str) -> bool {
    text.len() == 6
        && text.is_ascii()
        && time_of_day_ms(&text[..2], &text[2..4], &text[4..]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_beijing() {
        let late = parse_rfc3339("2026-03-02T23:59:59+08:00").unwrap();
        assert_eq!(Day::of(late).text(), "2026-03-02");
        assert_eq!(Day::of(late + SECOND_MS).compact(), "20260303");
        assert_eq!(rfc3339(late), "2026-03-02T23:59:59+08:00");
        assert_eq!(Day::from_text("2026-03-02"), Some(Day::of(late)));
        assert_eq!(Day::from_compact("20260302"), Some(Day::of(late)));
        assert_eq!(parse_compact("20260302235959"), Some(late));
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in ["2026-02-30", "2026-3-2", "", "20260302", "2026-03-02x", "昨天昨天"] {
            assert_eq!(Day::from_text(text), None, "{text}");
        }
        assert_eq!(Day::from_compact("2026030a"), None);
        assert_eq!(parse_compact("20260302246060"), None);
        assert_eq!(parse_hour_minute("24:00"), None);
        assert_eq!(
            Day::from_text("2026-05-31").map(|d| d.three_months_before().text()),
            Some("2026-02-28".to_owned())
        );
    }
}

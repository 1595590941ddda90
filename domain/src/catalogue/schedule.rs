//! When an app can be used: opening hours by day of the week, and windows of maintenance, all by
//! Beijing's clock.

use crate::clock::{beijing_time, from_beijing};
use crate::standards::workday::is_workday;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

/// Minutes of a day.
pub(super) const DAY_MINUTES: u16 = 24 * 60;
const WEEK: usize = 7;
/// Longer than any holiday, with the weekends around it.
const AHEAD: usize = 4 * WEEK;
const DAY_NAMES: [&str; WEEK] = ["一", "二", "三", "四", "五", "六", "日"];

/// On which days; never none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// Days of the week, whatever day of the year it is.
    Week(Weekdays),
    /// Days on which departments work: see [`is_workday`].
    Work,
    /// All others: weekends and holidays.
    Rest,
}

/// Days of the week, a bit each, from Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(u8);

/// The text is no list of days.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error(
    "days are `daily`, `workdays`, `restdays`, or mon tue wed thu fri sat sun and `mon-fri`, \
     between commas"
)]
pub struct DaysInvalid;

impl Days {
    const ALL: Self = Self::Week(Weekdays(0b111_1111));

    /// `mon-fri`, `sat,sun`, `daily`; `workdays` and `restdays` by the calendar of holidays.
    ///
    /// # Errors
    /// [`DaysInvalid`]: also of a day that is named twice, and of a range that goes backwards.
    pub fn read(text: &str) -> Result<Self, DaysInvalid> {
        match text {
            "daily" => return Ok(Self::ALL),
            "workdays" => return Ok(Self::Work),
            "restdays" => return Ok(Self::Rest),
            _ => {}
        }
        let mut days = 0_u8;
        for part in text.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to) = (day_of(from.trim())?, day_of(to.trim())?);
            if from > to {
                return Err(DaysInvalid);
            }
            for day in from..=to {
                if days & (1 << day) != 0 {
                    return Err(DaysInvalid);
                }
                days |= 1 << day;
            }
        }
        Ok(Self::Week(Weekdays(days)))
    }

    fn has(self, day: Date) -> bool {
        match self {
            Self::Week(Weekdays(days)) => {
                days & (1 << day.weekday().to_monday_zero_offset().unsigned_abs()) != 0
            }
            Self::Work => is_workday(day),
            Self::Rest => !is_workday(day),
        }
    }

    /// Can some day belong to both? Any day of the week may be worked on, or be a holiday.
    pub(super) fn meet(self, other: Self) -> bool {
        match (self, other) {
            (Self::Week(one), Self::Week(two)) => one.0 & two.0 != 0,
            (Self::Work, Self::Rest) | (Self::Rest, Self::Work) => false,
            (Self::Work, Self::Work) | (Self::Rest, Self::Rest) => true,
            (Self::Week(_), Self::Work | Self::Rest) | (Self::Work | Self::Rest, Self::Week(_)) => {
                true
            }
        }
    }

    fn in_chinese(self) -> String {
        let days = match self {
            Self::ALL => return "每天".to_owned(),
            Self::Work => return "工作日".to_owned(),
            Self::Rest => return "双休日及法定节假日".to_owned(),
            Self::Week(Weekdays(days)) => days,
        };
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for day in (0..WEEK).filter(|day| days & (1 << day) != 0) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == day => *last = day,
                Some(_) | None => runs.push((day, day)),
            }
        }
        let name = |day: usize| format!("周{}", DAY_NAMES.get(day).unwrap_or(&""));
        let run = |(from, to): &(usize, usize)| match to - from {
            0 => name(*from),
            1 => format!("{}、{}", name(*from), name(*to)),
            _ => format!("{}至{}", name(*from), name(*to)),
        };
        runs.iter().map(run).collect::<Vec<_>>().join("、")
    }
}

fn day_of(word: &str) -> Result<usize, DaysInvalid> {
    let words = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    words.iter().position(|known| *known == word).ok_or(DaysInvalid)
}

/// From one minute of a day to another one of the same day, on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// On which days.
    pub days: Days,
    /// First minute, from 0.
    pub from: u16,
    /// The minute after the last, up to 1440; always later than `from`.
    pub to: u16,
}

impl Opening {
    fn in_chinese(self) -> String {
        format!("{}{}—{}", self.days.in_chinese(), minute_text(self.from), minute_text(self.to))
    }
}

/// `08:30`; the end of a day is `24:00`.
pub(super) fn minute_text(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// A time in which nothing runs, announced before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceWindow {
    /// Its begin.
    pub from: Timestamp,
    /// Its end, always later.
    pub to: Timestamp,
    /// Why, in Chinese.
    pub reason: String,
}

/// When an app can be used. Without opening hours at any hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Opening hours; none overlaps another.
    pub hours: Vec<Opening>,
    /// Windows of maintenance.
    pub maintenance: Vec<MaintenanceWindow>,
}

/// What a schedule says of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Open until then; `None`: as far as anybody knows.
    Open(Option<Timestamp>),
    /// In maintenance, for this reason, until then.
    Maintenance(String, Timestamp),
    /// Outside the hours, until then, opening again then; `None` after the end of all calendars.
    Closed(Option<Timestamp>, Option<Timestamp>),
}

impl Schedule {
    pub(super) fn standing(&self, now: Timestamp) -> Standing {
        if let Some(window) = self.maintenance.iter().find(|w| w.from <= now && now < w.to) {
            return Standing::Maintenance(window.reason.clone(), self.maintained_until(window.to));
        }
        let next_work = self.maintenance.iter().map(|window| window.from).filter(|at| *at > now);
        let next_work = next_work.min();
        let sooner = |other: Option<Timestamp>| other.into_iter().chain(next_work).min();
        match self.open_until(now) {
            Some(end) => Standing::Open(sooner(end)),
            None => {
                let opens = self.opens_after(now);
                Standing::Closed(sooner(opens), opens)
            }
        }
    }

    /// The hours, in words for the citizen; empty where there are none.
    pub fn hours_in_chinese(&self) -> String {
        self.hours.iter().map(|opening| opening.in_chinese()).collect::<Vec<_>>().join("，")
    }

    /// The end of the windows that hang together.
    fn maintained_until(&self, mut end: Timestamp) -> Timestamp {
        while let Some(next) = self.maintenance.iter().find(|w| w.from <= end && end < w.to) {
            end = next.to;
        }
        end
    }

    /// `None`: it is closed. `Some(None)`: it never closes.
    fn open_until(&self, now: Timestamp) -> Option<Option<Timestamp>> {
        if self.hours.is_empty() {
            return Some(None);
        }
        let local = beijing_time(now);
        let minute =
            u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let mut day = local.date();
        let mut end = self.hours_of(day).find(|o| o.from <= minute && minute < o.to)?.to;
        // Hours that go on where others end are one; who is open a whole week never closes.
        for _ in 0..=2 * WEEK {
            if end == DAY_MINUTES {
                let Ok(next) = day.tomorrow() else { return Some(None) };
                (day, end) = (next, 0);
            }
            match self.hours_of(day).find(|opening| opening.from == end) {
                Some(opening) => end = opening.to,
                None => return Some(moment(day, end)),
            }
        }
        Some(None)
    }

    fn opens_after(&self, now: Timestamp) -> Option<Timestamp> {
        let today = beijing_time(now).date();
        (0..=AHEAD).find_map(|ahead| {
            let day = today.checked_add(i64::try_from(ahead).ok()?.days()).ok()?;
            let begins = self.hours_of(day).filter_map(|opening| moment(day, opening.from));
            begins.filter(|at| *at > now).min()
        })
    }

    fn hours_of(&self, day: Date) -> impl Iterator<Item = &Opening> {
        self.hours.iter().filter(move |opening| opening.days.has(day))
    }
}

/// The moment at which Beijing's clocks show this minute of the day.
fn moment(day: Date, minute: u16) -> Option<Timestamp> {
    let (day, minute) =
        if minute >= DAY_MINUTES { (day.tomorrow().ok()?, 0) } else { (day, minute) };
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    from_beijing(day.at(hour, minute, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    fn opening(days: &str, from: u16, to: u16) -> Opening {
        Opening { days: Days::read(days).unwrap(), from, to }
    }

    /// Monday to Friday with a pause at noon; some work on one night and one noon.
    fn office() -> Schedule {
        let window = |from: &str, to: &str, reason: &str| MaintenanceWindow {
            from: at(from),
            to: at(to),
            reason: reason.to_owned(),
        };
        Schedule {
            hours: vec![opening("mon-fri", 510, 690), opening("mon-fri", 810, 1050)],
            maintenance: vec![
                window("2026-03-04T10:00:00", "2026-03-04T11:00:00", "甲"),
                window("2026-03-04T11:00:00", "2026-03-04T12:00:00", "乙"),
                window("2026-03-07T01:00:00", "2026-03-07T02:00:00", "丙"),
            ],
        }
    }

    fn said(schedule: &Schedule, now: &str) -> String {
        let text = |at: Option<Timestamp>| {
            at.map_or("-".to_owned(), |at| beijing_time(at).strftime("%d日%H:%M").to_string())
        };
        match schedule.standing(at(now)) {
            Standing::Open(until) => format!("open {}", text(until)),
            Standing::Maintenance(reason, until) => format!("{reason} {}", text(Some(until))),
            Standing::Closed(until, opens) => format!("closed {} {}", text(until), text(opens)),
        }
    }

    #[test]
    fn the_hours_hold_to_the_minute() {
        for (now, expected) in [
            ("2026-03-02T08:29:59", "closed 02日08:30 02日08:30"),
            ("2026-03-02T08:30:00", "open 02日11:30"),
            ("2026-03-02T11:30:00", "closed 02日13:30 02日13:30"),
            ("2026-03-02T17:29:59", "open 02日17:30"),
            ("2026-03-02T17:30:00", "closed 03日08:30 03日08:30"),
            ("2026-03-04T08:30:00", "open 04日10:00"),
            ("2026-03-04T10:00:00", "甲 04日12:00"),
            ("2026-03-04T11:59:59", "乙 04日12:00"),
            ("2026-03-04T12:00:00", "closed 04日13:30 04日13:30"),
            ("2026-03-06T17:30:00", "closed 07日01:00 09日08:30"),
            ("2026-03-07T01:30:00", "丙 07日02:00"),
            ("2026-03-08T12:00:00", "closed 09日08:30 09日08:30"),
        ] {
            assert_eq!(said(&office(), now), expected, "{now}");
        }
    }

    #[test]
    fn without_hours_it_is_always_open_and_whole_days_hang_together() {
        assert_eq!(said(&Schedule::default(), "2026-03-07T03:00:00"), "open -");
        let round = Schedule { hours: vec![opening("daily", 0, 1440)], ..Schedule::default() };
        assert_eq!(said(&round, "2026-03-07T03:00:00"), "open -");
        let night = Schedule {
            hours: vec![opening("fri", 1200, 1440), opening("sat", 0, 120)],
            ..Schedule::default()
        };
        assert_eq!(said(&night, "2026-03-06T23:59:00"), "open 07日02:00");
        assert_eq!(said(&night, "2026-03-07T02:00:00"), "closed 13日20:00 13日20:00");
    }

    #[test]
    fn holidays_close_and_worked_weekends_open_where_the_hours_say_so() {
        let office =
            Schedule { hours: vec![opening("workdays", 510, 1050)], ..Schedule::default() };
        for (now, expected) in [
            ("2026-04-03T10:00:00", "open 03日17:30"),
            ("2026-04-06T10:00:00", "closed 07日08:30 07日08:30"),
            ("2026-05-09T10:00:00", "open 09日17:30"),
            ("2026-02-14T17:30:00", "closed 24日08:30 24日08:30"),
        ] {
            assert_eq!(said(&office, now), expected, "{now}");
        }
        let guide = Schedule { hours: vec![opening("restdays", 540, 1020)], ..Schedule::default() };
        assert_eq!(said(&guide, "2026-04-06T10:00:00"), "open 06日17:00");
        assert_eq!(said(&guide, "2026-05-08T10:00:00"), "closed 10日09:00 10日09:00", "worked");
        let by_week =
            Schedule { hours: vec![opening("mon-fri", 510, 1050)], ..Schedule::default() };
        assert_eq!(said(&by_week, "2026-04-06T10:00:00"), "open 06日17:30", "it says so");
        let meets = |one: &str, two: &str| Days::read(one).unwrap().meet(Days::read(two).unwrap());
        assert!(
            meets("workdays", "sat") && meets("mon", "restdays") && meets("workdays", "workdays")
        );
        assert!(!meets("workdays", "restdays") && !meets("mon", "tue"));
    }

    #[test]
    fn days_are_read_strictly_and_told_in_chinese() {
        for (text, told) in [
            ("daily", "每天"),
            ("mon-sun", "每天"),
            ("mon-fri", "周一至周五"),
            ("mon-fri,sun", "周一至周五、周日"),
            ("sat, sun", "周六、周日"),
            ("wed", "周三"),
            ("workdays", "工作日"),
            ("restdays", "双休日及法定节假日"),
        ] {
            assert_eq!(Days::read(text).unwrap().in_chinese(), told, "{text}");
        }
        for bad in [
            "",
            "monday",
            "fri-mon",
            "mon,mon",
            "mon-fri,fri",
            "mon-",
            "Mon",
            "daily,mon",
            "workdays,sat",
        ] {
            assert_eq!(Days::read(bad), Err(DaysInvalid), "{bad}");
        }
        assert_eq!(office().hours_in_chinese(), "周一至周五08:30—11:30，周一至周五13:30—17:30");
    }
}

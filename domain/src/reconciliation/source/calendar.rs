//! The calendar: which files must exist for a day, and from when each is expected, late and due.
//! Pure: no clock, no store.

use super::{SourceKey, SourceKind};
use crate::clock::from_beijing;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

/// On which days the bank works: Monday to Friday but for holidays, and the weekend days that were
/// made working days (调休).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BankDays {
    holidays: BTreeSet<Date>,
    workdays: BTreeSet<Date>,
}

/// A day cannot be both.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{day} is named as a holiday and as a working day")]
pub struct HolidayAndWorkday {
    day: Date,
}

impl BankDays {
    /// Longer than any run of holidays; a calendar that has none of these days is wrong.
    const LOOK: usize = 60;

    /// Beside the usual week.
    ///
    /// # Errors
    /// [`HolidayAndWorkday`] names the first day that is in both lists.
    pub fn new(
        holidays: impl IntoIterator<Item = Date>,
        workdays: impl IntoIterator<Item = Date>,
    ) -> Result<Self, HolidayAndWorkday> {
        let holidays: BTreeSet<_> = holidays.into_iter().collect();
        let workdays: BTreeSet<_> = workdays.into_iter().collect();
        match holidays.intersection(&workdays).next() {
            Some(day) => Err(HolidayAndWorkday { day: *day }),
            None => Ok(Self { holidays, workdays }),
        }
    }

    /// Does the bank work?
    pub fn works(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.workdays.contains(&day) || !(weekend || self.holidays.contains(&day))
    }

    /// The `count`th day after `day` on which it works; `None` beyond two months or the calendar.
    pub fn after(&self, day: Date, count: i8) -> Option<Date> {
        let following = std::iter::successors(day.tomorrow().ok(), |day| day.tomorrow().ok());
        let skip = usize::try_from(count).ok()?.checked_sub(1)?;
        following.take(Self::LOOK).filter(|day| self.works(*day)).nth(skip)
    }
}

/// One source: every day has a file of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarSource {
    /// Which kind.
    pub kind: SourceKind,
    /// Whose: see [`SourceKey::new`].
    pub owner: String,
}

/// A file that must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFile {
    /// Which.
    pub key: SourceKey,
    /// Nobody waits for it before.
    pub expected_at: Timestamp,
    /// From then on its absence is a discrepancy (F01).
    pub late_at: Timestamp,
    /// The day cannot be reconciled in time without it.
    pub due_at: Timestamp,
}

/// Which files must exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceCalendar {
    sources: BTreeSet<CalendarSource>,
    bank_days: BankDays,
}

impl SourceCalendar {
    /// Of these sources; one that is named twice is one.
    pub fn new(sources: impl IntoIterator<Item = CalendarSource>, bank_days: BankDays) -> Self {
        Self { sources: sources.into_iter().collect(), bank_days }
    }

    /// The sources, by kind and owner.
    pub fn sources(&self) -> impl Iterator<Item = &CalendarSource> {
        self.sources.iter()
    }

    /// The files of `day`, by kind and owner. What has no owner's name that fits, or lies beyond the
    /// calendar's range, is none.
    pub fn of(&self, day: Date) -> Vec<ExpectedFile> {
        self.sources.iter().filter_map(|source| self.expected(source, day)).collect()
    }

    /// The owners of files of this kind.
    pub fn owners(&self, kind: SourceKind) -> impl Iterator<Item = &str> {
        self.sources.iter().filter(move |one| one.kind == kind).map(|one| one.owner.as_str())
    }

    fn expected(&self, source: &CalendarSource, day: Date) -> Option<ExpectedFile> {
        let key = SourceKey::new(source.kind, &source.owner, day).ok()?;
        let promise = source.kind.promise();
        let on = match promise.bank_days {
            true => self.bank_days.after(day, promise.days)?,
            false => day.checked_add(jiff::Span::new().days(i64::from(promise.days))).ok()?,
        };
        let at = |hour: i8| from_beijing(on.at(hour, 0, 0, 0));
        Some(ExpectedFile {
            key,
            expected_at: at(promise.expected)?,
            late_at: at(promise.late)?,
            due_at: at(promise.due)?,
        })
    }
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;

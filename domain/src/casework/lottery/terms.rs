//! What an app says about its draws.

use crate::catalogue::Operation;
use crate::clock::{beijing_time, from_beijing};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use std::fmt;

/// How an app draws, every month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotteryTerms {
    /// The field of the form whose answer names the pool.
    pub pool_field: String,
    /// The key under which the department tells the application code; `None`: we make one.
    pub code_from: Option<String>,
    /// The pools; at least one.
    pub pools: Vec<LotteryPool>,
    /// When the list is frozen and committed to.
    pub commits: MonthlyMoment,
    /// When the draw is done; later in the month than the list is frozen.
    pub draws: MonthlyMoment,
    /// The number that nobody here can choose.
    pub public_value: PublicValueTerms,
    /// 阶梯中签基数: how many draws somebody must have lost for each weight, ascending from 0. The
    /// weight is the number of steps that were reached.
    pub steps: Vec<u32>,
}

impl LotteryTerms {
    /// The highest weight that a table of steps may give.
    pub const MOST_STEPS: usize = 32;

    /// With how many lots somebody takes part who lost so many draws.
    pub fn weight(&self, lost: u32) -> u32 {
        let reached = self.steps.iter().filter(|step| **step <= lost).count();
        u32::try_from(reached).unwrap_or(u32::MAX).max(1)
    }
}

/// Those who take part against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotteryPool {
    /// As the form has it.
    pub name: String,
    /// How many of it win in one draw.
    pub quota: u32,
}

/// A number drawn in public, which the departments' exchange tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicValueTerms {
    /// The operation that knows it.
    pub operation: Operation,
    /// What it is asked with, besides the day.
    pub parameters: Vec<(String, String)>,
    /// The name of the parameter that says the day, as `2026-03-25`.
    pub day_parameter: String,
    /// The keys of the row whose values, joined by a blank, are the public value.
    pub from: Vec<String>,
    /// The hour from which on a day's number is drawn. A list that is committed to later is
    /// answered by the next day's number.
    pub drawn_from_hour: i8,
    /// What it is, in words for citizens: 福利彩票3D当日开奖号码.
    pub words: String,
}

/// A day of every month and a time of Beijing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthlyMoment {
    day: i8,
    hour: i8,
    minute: i8,
}

impl MonthlyMoment {
    /// `None` unless every month has the day (1 to 28) and every day has the time.
    pub fn new(day: i8, hour: i8, minute: i8) -> Option<Self> {
        let fits = (1..=28).contains(&day) && (0..24).contains(&hour) && (0..60).contains(&minute);
        fits.then_some(Self { day, hour, minute })
    }

    /// When it is in the month of an issue.
    pub fn of(self, issue: Issue) -> Timestamp {
        let day = issue.first_day().with().day(self.day).build().unwrap_or(issue.first_day());
        from_beijing(day.at(self.hour, self.minute, 0, 0)).unwrap_or(Timestamp::MAX)
    }
}

/// 期次: the month of a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issue {
    year: i16,
    month: i8,
}

/// Not six digits of a month from 2000 to 2199.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("an issue is the six digits of a month")]
pub struct IssueInvalid;

impl Issue {
    /// # Errors
    /// [`IssueInvalid`] as said there.
    pub fn new(text: &str) -> Result<Self, IssueInvalid> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        let number: u32 = text.parse().or(Err(IssueInvalid))?;
        let (year, month) = (number / 100, number % 100);
        if !digits || !(2000..2200).contains(&year) || !(1..=12).contains(&month) {
            return Err(IssueInvalid);
        }
        let (year, month) = (i16::try_from(year), i8::try_from(month));
        Ok(Self { year: year.or(Err(IssueInvalid))?, month: month.or(Err(IssueInvalid))? })
    }

    /// The month that `at` belongs to in Beijing.
    pub fn at(at: Timestamp) -> Self {
        let day = beijing_time(at).date();
        Self { year: day.year(), month: day.month() }
    }

    fn first_day(self) -> Date {
        date(self.year, self.month, 1)
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}", self.year, self.month)
    }
}

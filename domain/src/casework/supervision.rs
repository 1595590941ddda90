//! 督办: a case that comes near its promised day is marked yellow, one that is late red.
//! Invariant: each mark is set once, with what the citizen hears of it.

use crate::catalogue::{AppSlug, CatalogueSource};
use crate::clock::{Clock, beijing_day};
use crate::ids::{CaseNo, PersonId};
use crate::messaging::{EventKey, EventKind, MessageEvent};
use crate::outside::StoreError;
use crate::standards::workday::add_workdays;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// A case whose promise ends in so many working days, or sooner, is marked yellow.
pub const WARN_WORKDAYS: u16 = 2;

/// How urgent a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Light {
    /// 黄牌: the promised day is near.
    Yellow,
    /// 红牌: the promised day is over.
    Red,
}

impl Light {
    /// The word of columns.
    pub fn code(self) -> &'static str {
        match self {
            Self::Yellow => "YELLOW",
            Self::Red => "RED",
        }
    }

    /// The light of that word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Yellow, Self::Red].into_iter().find(|light| light.code() == code)
    }

    /// What a case that runs is on that day; `None`: there is time.
    pub fn on(today: Date, promised: Date) -> Option<Self> {
        if today > promised {
            Some(Self::Red)
        } else if add_workdays(today, WARN_WORKDAYS) >= promised {
            Some(Self::Yellow)
        } else {
            None
        }
    }
}

/// A case that runs and was promised for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// The case.
    pub no: CaseNo,
    /// Whose.
    pub person: PersonId,
    /// Of which app.
    pub app: AppSlug,
    /// By when the department promised to decide.
    pub promised: Date,
}

/// A mark on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The case.
    pub no: CaseNo,
    /// Of which app.
    pub app: AppSlug,
    /// Who has it.
    pub department: String,
    /// By when it was promised.
    pub promised: Date,
    /// How urgent it is.
    pub light: Light,
    /// Since when.
    pub at: Timestamp,
}

/// A page of marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkPage {
    /// The longest overdue first.
    pub marks: Vec<Mark>,
    /// Are there more?
    pub more: bool,
}

/// Cases under supervision. Red takes the place of yellow.
#[async_trait]
pub trait SupervisionStore: Send + Sync {
    /// Cases whose department owes a decision (it does not while it waits for the citizen), was
    /// promised for a day up to `promised_by`, and that have no mark of this light (or a redder
    /// one) for that promise; the earliest first.
    async fn list_unmarked(
        &self,
        light: Light,
        promised_by: Date,
        limit: u16,
    ) -> Result<Vec<Promised>, StoreError>;
    /// Sets a mark, with a line of the case's timeline and the events. MUST answer `false`, and
    /// change nothing, where the promise has it, or the department owes nothing any more.
    async fn mark(
        &self,
        mark: &Mark,
        line: Option<&str>,
        events: &[MessageEvent],
    ) -> Result<bool, StoreError>;
    /// Marks of promises that are still owed, by promised day and number, after that one.
    async fn list_marks(
        &self,
        department: Option<&str>,
        after: Option<(Date, &CaseNo)>,
        limit: u16,
    ) -> Result<MarkPage, StoreError>;
    /// The marks of a case, the first set first.
    async fn marks_of(&self, no: &CaseNo) -> Result<Vec<Mark>, StoreError>;
}

/// The use case.
pub struct SuperviseCases {
    /// Cases and marks.
    pub supervision: Arc<dyn SupervisionStore>,
    /// Which department has an app.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl SuperviseCases {
    /// Marks what is late, then what is near; at most `limit` of each.
    ///
    /// # Errors
    /// [`StoreError`]; the next turn goes on.
    pub async fn run_once(&self, limit: u16) -> Result<Vec<Mark>, StoreError> {
        let now = self.clock.now();
        let today = beijing_day(now);
        let yesterday = today.yesterday().unwrap_or(today);
        let near = add_workdays(today, WARN_WORKDAYS);
        let mut set = Vec::new();
        for (light, by) in [(Light::Red, yesterday), (Light::Yellow, near)] {
            for case in self.supervision.list_unmarked(light, by, limit).await? {
                let catalogue = self.catalogue.current();
                let app = catalogue.app(&case.app);
                let mark = Mark {
                    no: case.no.clone(),
                    app: case.app.clone(),
                    department: app.map(|app| app.department.clone()).unwrap_or_default(),
                    promised: case.promised,
                    light,
                    at: now,
                };
                let name = app.map_or_else(|| case.app.to_string(), |app| app.name.zh.clone());
                let events = events(&mark, case.person, name);
                let line = line(&mark);
                if self.supervision.mark(&mark, line.as_deref(), &events).await? {
                    set.push(mark);
                }
            }
        }
        Ok(set)
    }
}

/// What the citizen reads in the timeline: that the department was told off. A warning is between
/// it and us.
fn line(mark: &Mark) -> Option<String> {
    let Mark { department, promised, .. } = mark;
    let words = format!("已超过承诺办结日期{promised}，已督办{department}");
    (mark.light == Light::Red).then_some(words)
}

/// The citizen hears when a department is late; a warning is for the department.
fn events(mark: &Mark, person: PersonId, app: String) -> Vec<MessageEvent> {
    let key = EventKey::new(&format!("case:{}:overdue:{}", mark.no, mark.promised));
    let Some(key) = key.ok().filter(|_| mark.light == Light::Red) else { return Vec::new() };
    let facts = [
        ("app", app),
        ("case_no", mark.no.to_string()),
        ("department", mark.department.clone()),
        ("promised", mark.promised.to_string()),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value)).to_vec();
    vec![MessageEvent { key, person, kind: EventKind::CaseOverdue, facts, at: mark.at }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn two_working_days_before_is_yellow_and_after_is_red() {
        // The promise is for a Tuesday.
        let promised = date(2026, 3, 10);
        for (day, light) in [
            (5, None),
            (6, Some(Light::Yellow)),
            (8, Some(Light::Yellow)),
            (10, Some(Light::Yellow)),
            (11, Some(Light::Red)),
        ] {
            assert_eq!(Light::on(date(2026, 3, day), promised), light, "on the {day}th");
        }
    }
}

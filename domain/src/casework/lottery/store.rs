//! What the draws need of others.

use super::{Draw, Issue, LotteryTerms, PublicValueTerms};
use crate::catalogue::AppSlug;
use crate::clock::IdSource;
use crate::ids::{CaseNo, PersonId};
use crate::messaging::MessageEvent;
use crate::outside::{OutsideError, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt;

/// 申请编码: thirteen digits, under which somebody takes part. Says nothing about who it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationCode(String);

/// Not thirteen digits.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("an application code has thirteen digits")]
pub struct ApplicationCodeInvalid;

impl ApplicationCode {
    /// # Errors
    /// [`ApplicationCodeInvalid`] unless it is thirteen digits.
    pub fn new(text: &str) -> Result<Self, ApplicationCodeInvalid> {
        let fits = text.len() == 13 && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(ApplicationCodeInvalid) }
    }

    /// A new one, at random.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let bytes = ids.random_bytes();
        Self(bytes.iter().take(13).map(|byte| char::from(b'0' + byte % 10)).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An application that takes part from the next list on until it wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of which app.
    pub app: AppSlug,
    /// Under which code.
    pub code: ApplicationCode,
    /// The case it came from; one entry a case.
    pub case_no: CaseNo,
    /// Whose it is.
    pub person: PersonId,
    /// In which pool.
    pub pool: String,
    /// Since when.
    pub entered_at: Timestamp,
    /// How many draws it lost.
    pub lost: u32,
    /// The last draw that it took part in, and whether it won there.
    pub last: Option<(Issue, EntryStanding)>,
}

/// How a draw ended for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryStanding {
    /// 中签; it takes part in no other draw.
    Won,
    /// 未中签; it takes part again.
    Lost,
}

/// Entries and draws.
#[async_trait]
pub trait LotteryStore: Send + Sync {
    /// Keeps an entry. MUST change nothing where the case has one already; MUST answer
    /// [`StoreError::Conflict`] where the code is taken.
    async fn enter(&self, entry: &Entry) -> Result<(), StoreError>;
    /// All that take part in the next draw of the app: those that never won.
    async fn list_taking_part(&self, app: &AppSlug) -> Result<Vec<Entry>, StoreError>;
    /// The entry that a case led to.
    async fn find_entry(&self, case_no: &CaseNo) -> Result<Option<Entry>, StoreError>;
    /// The entries that these cases led to. One by one, unless a store knows better.
    async fn find_entries(&self, nos: &[CaseNo]) -> Result<BTreeMap<CaseNo, Entry>, StoreError> {
        let mut found = BTreeMap::new();
        for no in nos {
            found.extend(self.find_entry(no).await?.map(|entry| (no.clone(), entry)));
        }
        Ok(found)
    }
    /// Stores a draw that was committed to. MUST answer [`StoreError::Conflict`] where the app has
    /// one of that issue. MUST keep the secret sealed.
    async fn commit(&self, draw: &Draw) -> Result<(), StoreError>;
    /// The draw of that issue.
    async fn find_draw(&self, app: &AppSlug, issue: Issue) -> Result<Option<Draw>, StoreError>;
    /// The newest issues of an app, newest first.
    async fn list_issues(&self, app: &AppSlug, limit: u16) -> Result<Vec<Issue>, StoreError>;
    /// Draws that were committed to and not done.
    async fn list_undrawn(&self) -> Result<Vec<(AppSlug, Issue)>, StoreError>;
    /// Stores what came of a draw: the result, what it means for every entry of its list, and the
    /// events. MUST answer [`StoreError::Conflict`], and change nothing, where it is done already.
    async fn conclude(&self, draw: &Draw, events: &[MessageEvent]) -> Result<(), StoreError>;
    /// The entries under these codes.
    async fn list_entries(
        &self,
        app: &AppSlug,
        codes: &[ApplicationCode],
    ) -> Result<Vec<Entry>, StoreError>;
}

/// A case whose review ended well, and which takes part in no draw yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntrant {
    /// The case.
    pub case_no: CaseNo,
    /// Whose.
    pub person: PersonId,
    /// The answer to the field that names the pool.
    pub pool: String,
    /// The code that the department gave it, if it gave one.
    pub code: Option<ApplicationCode>,
}

/// Where the applications come from.
#[async_trait]
pub trait EntrantBook: Send + Sync {
    /// Cases of the app whose review ended well and that have no entry; oldest first.
    async fn list_new(
        &self,
        app: &AppSlug,
        terms: &LotteryTerms,
        limit: u16,
    ) -> Result<Vec<NewEntrant>, StoreError>;
}

/// Where the public value comes from.
#[async_trait]
pub trait PublicValues: Send + Sync {
    /// The value of that day; `None` while it is not drawn.
    async fn of_day(
        &self,
        terms: &PublicValueTerms,
        day: Date,
    ) -> Result<Option<String>, OutsideError>;
}

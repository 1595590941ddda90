//! Where cases are kept.

use super::{Case, CaseRecord};
use crate::ids::{CaseNo, PersonId, SubmissionNo};
use crate::messaging::MessageEvent;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A case that changed, with what is to be remembered and told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseChange {
    /// As it is now; its `version` is still that of the row it was read from.
    pub case: Case,
    /// New lines of the timeline, the oldest first.
    pub records: Vec<CaseRecord>,
    /// What the citizen should hear.
    pub events: Vec<MessageEvent>,
}

/// What became of a case that was to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is stored.
    New,
    /// Its submission had opened this one before; nothing was stored.
    Known(Box<Case>),
}

/// Cases, newest first, and whether there are more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasePage {
    /// Newest first.
    pub cases: Vec<Case>,
    /// Whether there are more.
    pub more: bool,
}

/// The book of cases.
#[async_trait]
pub trait CaseStore: Send + Sync {
    /// Stores a new case with its form, first line and events. MUST answer [`Opened::Known`] for a
    /// submission that has opened one, also to two who come at once.
    async fn open(&self, new: &CaseChange) -> Result<Opened, StoreError>;

    /// The case of that number, whoever asks: the caller checks whose it is.
    async fn find_case(&self, no: &CaseNo) -> Result<Option<Case>, StoreError>;

    /// The case that this submission opened.
    async fn find_by_submission(&self, no: &SubmissionNo) -> Result<Option<Case>, StoreError>;

    /// The cases of these ids of one person, older than `before`. MUST give at most `limit`.
    async fn list_cases(
        &self,
        owners: &[PersonId],
        before: Option<&CaseNo>,
        limit: u16,
    ) -> Result<CasePage, StoreError>;

    /// The cases of these ids of one person that are not over, newest first. MUST give at most
    /// `limit`.
    async fn list_running(&self, owners: &[PersonId], limit: u16) -> Result<Vec<Case>, StoreError>;

    /// The timeline of a case, the oldest line first.
    async fn timeline(&self, no: &CaseNo) -> Result<Vec<CaseRecord>, StoreError>;

    /// The timelines of these cases, as [`Self::timeline`] has them. One by one, unless a store
    /// knows better.
    async fn timelines(
        &self,
        nos: &[CaseNo],
    ) -> Result<BTreeMap<CaseNo, Vec<CaseRecord>>, StoreError> {
        let mut found = BTreeMap::new();
        for no in nos {
            found.insert(no.clone(), self.timeline(no).await?);
        }
        Ok(found)
    }

    /// Stores a changed case, its new lines and events, all or nothing. MUST answer
    /// [`StoreError::Conflict`] when the row's version is not that of the case.
    async fn change_case(&self, change: &CaseChange) -> Result<(), StoreError>;

    /// Cases whose departments are to be called by `now`, the longest due first; nobody else gets
    /// them before `until`. MUST leave out what cannot be read, and MUST NOT give one to two.
    async fn lease_cases(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Case>, StoreError>;

    /// Cases that ended at or after `since`, in the order of their end: for what follows from an
    /// end, like a rating or a parcel. MUST give at most `limit`.
    async fn list_ended(&self, since: Timestamp, limit: u16) -> Result<Vec<Case>, StoreError>;
}

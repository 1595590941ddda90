//! Cases and drafts, in memory.

use super::InMemoryStore;
use super::store::Tables;
use crate::casework::case::{
    Case, CaseChange, CasePage, CaseRecord, CaseStore, Draft, DraftStore, MOST_DRAFTS, Opened,
};
use crate::catalogue::AppSlug;
use crate::ids::{CaseNo, PersonId, SubmissionNo};
use crate::messaging::MessageEvent;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Tells events once each.
fn tell(t: &mut Tables, events: &[MessageEvent]) {
    for event in events {
        if !t.message_events.iter().any(|known| known.key == event.key) {
            t.message_events.push(event.clone());
        }
    }
}

impl InMemoryStore {
    /// What citizens should hear of, in the order in which it was stored.
    pub fn message_events(&self) -> Vec<MessageEvent> {
        self.inside(|t| t.message_events.clone())
    }
}

fn drafted_apps(t: &Tables, owners: &[PersonId]) -> BTreeSet<AppSlug> {
    let own = t.drafts.iter().filter(|draft| owners.contains(&draft.person));
    own.map(|draft| draft.form.slug.clone()).collect()
}

#[async_trait]
impl CaseStore for InMemoryStore {
    async fn open(&self, new: &CaseChange) -> Result<Opened, StoreError> {
        self.call(|t| {
            let same =
                |(case, _): &&(Case, Vec<CaseRecord>)| case.submission == new.case.submission;
            if let Some((known, _)) = t.cases.values().find(same) {
                return Ok(Opened::Known(Box::new(known.clone())));
            }
            let row = (new.case.clone(), new.records.clone());
            t.cases.insert(new.case.no.to_string(), row);
            tell(t, &new.events);
            Ok(Opened::New)
        })
    }

    async fn find_case(&self, no: &CaseNo) -> Result<Option<Case>, StoreError> {
        self.call(|t| Ok(t.cases.get(no.as_str()).map(|(case, _)| case.clone())))
    }

    async fn find_by_submission(&self, no: &SubmissionNo) -> Result<Option<Case>, StoreError> {
        self.call(|t| {
            let mut cases = t.cases.values().map(|(case, _)| case);
            Ok(cases.find(|case| case.submission == *no).cloned())
        })
    }

    async fn list_cases(
        &self,
        owners: &[PersonId],
        before: Option<&CaseNo>,
        limit: u16,
    ) -> Result<CasePage, StoreError> {
        self.call(|t| {
            let own = t.cases.values().rev().map(|(case, _)| case);
            let own = own.filter(|case| owners.contains(&case.person));
            let older = own.filter(|case| before.is_none_or(|before| case.no < *before));
            let mut cases: Vec<Case> = older.take(usize::from(limit) + 1).cloned().collect();
            let more = cases.len() > usize::from(limit);
            cases.truncate(usize::from(limit));
            Ok(CasePage { cases, more })
        })
    }

    async fn list_running(&self, owners: &[PersonId], limit: u16) -> Result<Vec<Case>, StoreError> {
        self.call(|t| {
            let own = t.cases.values().rev().map(|(case, _)| case);
            let running =
                own.filter(|case| owners.contains(&case.person) && case.ended_at.is_none());
            Ok(running.take(usize::from(limit)).cloned().collect())
        })
    }

    async fn timeline(&self, no: &CaseNo) -> Result<Vec<CaseRecord>, StoreError> {
        self.call(|t| Ok(t.cases.get(no.as_str()).map_or_else(Vec::new, |(_, r)| r.clone())))
    }

    async fn change_case(&self, change: &CaseChange) -> Result<(), StoreError> {
        self.call(|t| {
            let stored = t.cases.get_mut(change.case.no.as_str());
            let stored = stored.filter(|(case, _)| case.version == change.case.version);
            let (case, records) = stored.ok_or(StoreError::Conflict)?;
            *case = Case { version: change.case.version + 1, ..change.case.clone() };
            records.extend(change.records.iter().cloned());
            tell(t, &change.events);
            Ok(())
        })
    }

    async fn lease_cases(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Case>, StoreError> {
        self.call(|t| {
            let cases = t.cases.values_mut().map(|(case, _)| case);
            let mut due: Vec<&mut Case> =
                cases.filter(|case| case.due_at.is_some_and(|due| due <= now)).collect();
            due.sort_by_key(|case| (case.due_at, case.no.clone()));
            due.truncate(usize::from(limit));
            let leased = due.into_iter().map(|case| {
                case.due_at = Some(until);
                case.clone()
            });
            Ok(leased.collect())
        })
    }

    async fn list_ended(&self, since: Timestamp, limit: u16) -> Result<Vec<Case>, StoreError> {
        self.call(|t| {
            let cases = t.cases.values().map(|(case, _)| case);
            let mut ended: Vec<Case> =
                cases.filter(|case| case.ended_at >= Some(since)).cloned().collect();
            ended.sort_by_key(|case| (case.ended_at, case.no.clone()));
            ended.truncate(usize::from(limit));
            Ok(ended)
        })
    }
}

#[async_trait]
impl DraftStore for InMemoryStore {
    async fn save_draft(&self, draft: &Draft, owners: &[PersonId]) -> Result<bool, StoreError> {
        self.call(|t| {
            let mut apps = drafted_apps(t, owners);
            apps.insert(draft.form.slug.clone());
            if apps.len() > MOST_DRAFTS {
                return Ok(false);
            }
            let older =
                |known: &Draft| known.person == draft.person && known.form.slug == draft.form.slug;
            t.drafts.retain(|known| !older(known));
            t.drafts.push(draft.clone());
            Ok(true)
        })
    }

    async fn list_drafts(&self, owners: &[PersonId]) -> Result<Vec<Draft>, StoreError> {
        self.call(|t| {
            let own = t.drafts.iter().filter(|draft| owners.contains(&draft.person));
            let mut own: Vec<Draft> = own.cloned().collect();
            own.sort_by_key(|draft| (std::cmp::Reverse(draft.saved_at), draft.form.slug.clone()));
            let mut seen = BTreeSet::new();
            own.retain(|draft| seen.insert(draft.form.slug.clone()));
            Ok(own)
        })
    }

    async fn find_draft(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
    ) -> Result<Option<Draft>, StoreError> {
        Ok(self.list_drafts(owners).await?.into_iter().find(|draft| draft.form.slug == *app))
    }

    async fn discard_draft(&self, owners: &[PersonId], app: &AppSlug) -> Result<bool, StoreError> {
        self.call(|t| {
            let before = t.drafts.len();
            t.drafts.retain(|draft| !owners.contains(&draft.person) || draft.form.slug != *app);
            Ok(t.drafts.len() < before)
        })
    }
}

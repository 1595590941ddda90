//! Links that change, accounts that become one, favourites and recent apps, in memory.

use super::InMemoryStore;
use super::store::Tables;
use super::store_identity::update;
use super::store_staff::append_audit;
use crate::catalogue::{AppMarks, AppSlug, FavouriteAdded, MOST_FAVOURITES, MOST_RECENT};
use crate::identity::{AuditRecord, Channel, ChannelLink, LinkStore, Linked, Merge, Unlinked};
use crate::ids::PersonId;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;

fn links_of(t: &Tables, person: &PersonId) -> Vec<ChannelLink> {
    t.links.iter().filter(|link| &link.person == person).cloned().collect()
}

/// The person's row, as a lock would have it: with its next version.
fn touch(t: &mut Tables, person: &PersonId) -> Result<(), StoreError> {
    let found = t.persons.iter_mut().find(|known| &known.id == person);
    let found = found.filter(|known| known.merged_into.is_none()).ok_or(StoreError::Conflict)?;
    found.version += 1;
    Ok(())
}

fn end_sessions(t: &mut Tables, person: &PersonId, channel: Option<Channel>) {
    let of = |session: &crate::identity::Session| {
        &session.person == person && channel.is_none_or(|channel| session.channel == channel)
    };
    for held in t.sessions.iter_mut().filter(|held| of(&held.session)) {
        held.revoked = true;
    }
}

#[async_trait]
impl LinkStore for InMemoryStore {
    async fn link(&self, link: &ChannelLink, audit: &AuditRecord) -> Result<Linked, StoreError> {
        self.call(|t| {
            let key = |l: &ChannelLink| (l.channel, l.app_id.clone(), l.open_id.clone());
            if t.links.iter().any(|known| key(known) == key(link)) {
                return Err(StoreError::Conflict);
            }
            let outcome = Linked::beside(&links_of(t, &link.person), link);
            if outcome == Linked::Done {
                touch(t, &link.person)?;
                t.links.push(link.clone());
                t.index.relink(&t.links);
                append_audit(t, audit);
            }
            Ok(outcome)
        })
    }

    async fn unlink(
        &self,
        person: &PersonId,
        channel: Channel,
        audit: &AuditRecord,
    ) -> Result<Unlinked, StoreError> {
        self.call(|t| {
            let outcome = Unlinked::among(&links_of(t, person), channel);
            if outcome == Unlinked::Done {
                touch(t, person)?;
                t.links.retain(|link| &link.person != person || link.channel != channel);
                t.index.relink(&t.links);
                end_sessions(t, person, Some(channel));
                append_audit(t, audit);
            }
            Ok(outcome)
        })
    }

    async fn merge(&self, merge: &Merge) -> Result<(), StoreError> {
        self.call(|t| {
            let (elder, younger) = (&merge.elder, &merge.younger);
            let stands = |person: &crate::identity::Person| {
                let mut known = t.persons.iter();
                known.any(|known| known.id == person.id && known.version == person.version)
            };
            if !stands(elder) || !stands(younger) {
                return Err(StoreError::Conflict);
            }
            update(t, younger)?;
            update(t, elder)?;
            for link in t.links.iter_mut().filter(|link| link.person == younger.id) {
                link.person = elder.id.clone();
            }
            t.index.relink(&t.links);
            let pointing = t.persons.iter_mut();
            for person in pointing.filter(|p| p.merged_into.as_ref() == Some(&younger.id)) {
                person.merged_into = Some(elder.id.clone());
            }
            end_sessions(t, &younger.id, None);
            for line in &merge.audit {
                append_audit(t, line);
            }
            Ok(())
        })
    }
}

/// In order of time, each where it comes first.
fn each_once(mut marks: Vec<(Timestamp, AppSlug)>) -> Vec<AppSlug> {
    marks.sort();
    let mut seen = BTreeSet::new();
    let apps = marks.into_iter().map(|(_, app)| app);
    apps.filter(|app| seen.insert(app.clone())).collect()
}

fn favourites_of(t: &Tables, owners: &[PersonId]) -> Vec<AppSlug> {
    let mine = t.favourites.iter().filter(|(owner, ..)| owners.contains(owner));
    each_once(mine.map(|(_, app, at)| (*at, app.clone())).collect())
}

/// Newest first.
fn recent_of(t: &Tables, owners: &[PersonId]) -> Vec<AppSlug> {
    let mine = t.recent.iter().filter(|(owner, ..)| owners.contains(owner));
    let mut mine: Vec<_> = mine.map(|(_, app, at)| (*at, app.clone())).collect();
    mine.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut seen = BTreeSet::new();
    let apps = mine.into_iter().map(|(_, app)| app);
    apps.filter(|app| seen.insert(app.clone())).take(MOST_RECENT).collect()
}

#[async_trait]
impl AppMarks for InMemoryStore {
    async fn list_favourites(&self, owners: &[PersonId]) -> Result<Vec<AppSlug>, StoreError> {
        self.call(|t| Ok(favourites_of(t, owners)))
    }

    async fn add_favourite(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        at: Timestamp,
    ) -> Result<FavouriteAdded, StoreError> {
        self.call(|t| {
            let known = favourites_of(t, owners);
            let Some(owner) = owners.first() else { return Err(StoreError::Conflict) };
            if known.contains(app) {
                return Ok(FavouriteAdded::Kept);
            }
            if known.len() >= MOST_FAVOURITES {
                return Ok(FavouriteAdded::Full);
            }
            t.favourites.push((owner.clone(), app.clone(), at));
            Ok(FavouriteAdded::Kept)
        })
    }

    async fn remove_favourite(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
    ) -> Result<bool, StoreError> {
        self.call(|t| {
            let before = t.favourites.len();
            t.favourites.retain(|(owner, kept, _)| !(owners.contains(owner) && kept == app));
            Ok(t.favourites.len() < before)
        })
    }

    async fn list_recent(&self, owners: &[PersonId]) -> Result<Vec<AppSlug>, StoreError> {
        self.call(|t| Ok(recent_of(t, owners)))
    }

    async fn remember(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            let Some(owner) = owners.first() else { return Err(StoreError::Conflict) };
            t.recent.retain(|(of, kept, _)| !(of == owner && kept == app));
            t.recent.push((owner.clone(), app.clone(), at));
            let kept = recent_of(t, std::slice::from_ref(owner));
            t.recent.retain(|(of, app, _)| of != owner || kept.contains(app));
            Ok(())
        })
    }
}

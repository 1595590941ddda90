//! What a person keeps of the catalogue: favourite apps, and those used last.

use super::{AppSlug, CatalogueSource};
use crate::clock::Clock;
use crate::identity::{Caller, Person};
use crate::ids::PersonId;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// The most favourites that somebody can add to.
pub const MOST_FAVOURITES: usize = 50;
/// So many of the apps used last are kept.
pub const MOST_RECENT: usize = 20;

/// Was a favourite added?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FavouriteAdded {
    /// It is one now, or was one before.
    Kept,
    /// There are [`MOST_FAVOURITES`] already.
    Full,
}

/// Favourites and recent apps. `owners` are the ids of one person (see
/// [`crate::identity::Person::ids`]), the present one first.
#[async_trait]
pub trait AppMarks: Send + Sync {
    /// In order of their adding, each once.
    async fn list_favourites(&self, owners: &[PersonId]) -> Result<Vec<AppSlug>, StoreError>;
    /// Adds one under the first id; one that is there keeps its place. MUST never let
    /// [`MOST_FAVOURITES`] be passed, also when many are added at once.
    async fn add_favourite(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        at: Timestamp,
    ) -> Result<FavouriteAdded, StoreError>;
    /// Takes one out, under whichever id; `false`: it was none.
    async fn remove_favourite(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
    ) -> Result<bool, StoreError>;
    /// The apps used last, the newest first, each once; at most [`MOST_RECENT`].
    async fn list_recent(&self, owners: &[PersonId]) -> Result<Vec<AppSlug>, StoreError>;
    /// Puts an app first under the first id, and forgets there what is older than the newest
    /// [`MOST_RECENT`].
    async fn remember(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}

/// Why a favourite stayed as it was.
#[derive(Debug, thiserror::Error)]
pub enum FavouriteError {
    /// No such app.
    #[error("there is no such app")]
    NotFound,
    /// There are [`MOST_FAVOURITES`] already.
    #[error("there are too many favourites")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What becomes of a favourite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Favourite {
    /// It is one.
    On,
    /// It is none.
    Off,
}

/// Use case: a person's favourites and recent apps.
pub struct OwnApps {
    /// Where they are kept.
    pub marks: Arc<dyn AppMarks>,
    /// The catalogue: what is not in it any more is not shown.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl OwnApps {
    /// Favourites that are in the catalogue, in order of their adding.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn favourites(&self, person: &Person) -> Result<Vec<AppSlug>, StoreError> {
        let all = self.marks.list_favourites(&person.ids()).await?;
        Ok(self.known(all))
    }

    /// Apps that are in the catalogue, the last one used first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn recent(&self, person: &Person) -> Result<Vec<AppSlug>, StoreError> {
        let all = self.marks.list_recent(&person.ids()).await?;
        Ok(self.known(all))
    }

    /// Makes an app a favourite, or none; doing it again changes nothing.
    ///
    /// # Errors
    /// [`FavouriteError`].
    pub async fn set(
        &self,
        caller: &Caller,
        app: &AppSlug,
        to: Favourite,
    ) -> Result<(), FavouriteError> {
        let owners = caller.person.ids();
        let known = self.catalogue.current().app(app).is_some();
        match to {
            Favourite::On if !known => Err(FavouriteError::NotFound),
            Favourite::On => {
                match self.marks.add_favourite(&owners, app, self.clock.now()).await? {
                    FavouriteAdded::Kept => Ok(()),
                    FavouriteAdded::Full => Err(FavouriteError::Full),
                }
            }
            // Also what has left the catalogue can be taken out.
            Favourite::Off => match self.marks.remove_favourite(&owners, app).await? {
                false if !known => Err(FavouriteError::NotFound),
                true | false => Ok(()),
            },
        }
    }

    /// The caller has used this app.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn remember(&self, caller: &Caller, app: &AppSlug) -> Result<(), StoreError> {
        self.marks.remember(&caller.person.ids(), app, self.clock.now()).await
    }

    fn known(&self, apps: Vec<AppSlug>) -> Vec<AppSlug> {
        let catalogue = self.catalogue.current();
        apps.into_iter().filter(|app| catalogue.app(app).is_some()).collect()
    }
}

//! The use case: apps for a text, here and today.

use super::{AppHit, Miss, Misses, Reading, SearchIndex, SearchMisses, TextTooLong};
use crate::catalogue::{Catalogue, CatalogueSource, UnknownRegion};
use crate::clock::beijing_day;
use crate::outside::StoreError;
use crate::standards::RegionCode;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// What was found.
pub struct FoundApps {
    /// The catalogue that was searched.
    pub catalogue: Arc<Catalogue>,
    /// Best first; what does not serve the region comes behind all that does.
    pub hits: Vec<AppHit>,
}

/// Why nothing was searched.
#[derive(Debug, thiserror::Error)]
pub enum FindAppsError {
    /// Too long a text.
    #[error(transparent)]
    TextTooLong(#[from] TextTooLong),
    /// No such region today.
    #[error(transparent)]
    UnknownRegion(#[from] UnknownRegion),
}

/// Finds apps by text. A new catalogue is indexed when it is first searched: some milliseconds in
/// which other searches wait.
pub struct FindApps {
    catalogue: Arc<dyn CatalogueSource>,
    reading: Arc<dyn Reading>,
    indexed: Mutex<(Arc<Catalogue>, Arc<SearchIndex>)>,
    misses: Misses,
    stored: Arc<dyn SearchMisses>,
}

impl FindApps {
    /// Indexes the catalogue of now.
    pub fn new(
        catalogue: Arc<dyn CatalogueSource>,
        reading: Arc<dyn Reading>,
        stored: Arc<dyn SearchMisses>,
    ) -> Self {
        let now = catalogue.current();
        let index = Arc::new(SearchIndex::new(&now, reading.as_ref()));
        let indexed = Mutex::new((now, index));
        Self { catalogue, reading, indexed, misses: Misses::default(), stored }
    }

    /// At most `first` apps for the text. A text of words without an answer is counted.
    ///
    /// # Errors
    /// [`FindAppsError`] as said there.
    pub fn run(
        &self,
        text: &str,
        region: Option<&RegionCode>,
        first: usize,
        now: Timestamp,
    ) -> Result<FoundApps, FindAppsError> {
        let (catalogue, index) = self.indexed();
        let today = beijing_day(now);
        if let Some(code) = region.filter(|code| catalogue.regions().find(code, today).is_none()) {
            return Err(UnknownRegion(code.clone()).into());
        }
        let mut hits = index.search(text, self.reading.as_ref())?;
        if hits.is_empty() {
            self.misses.count(text, now);
        }
        if let Some(region) = region {
            let serves = |hit: &AppHit| {
                let app = catalogue.app(&hit.slug);
                app.is_some_and(|app| catalogue.serves(app, region, today))
            };
            hits.sort_by_key(|hit| !serves(hit));
        }
        hits.truncate(first);
        Ok(FoundApps { catalogue, hits })
    }

    /// Indexes the catalogue of now, so that nobody waits for it later.
    pub fn prepare(&self) {
        drop(self.indexed());
    }

    /// Adds what this process counted since the last time to what all have counted.
    ///
    /// # Errors
    /// As the store fails; the counts are kept for the next time then.
    pub async fn store_misses(&self) -> Result<(), StoreError> {
        let new = self.misses.take();
        if new.is_empty() {
            return Ok(());
        }
        let stored = self.stored.add_misses(&new).await;
        if stored.is_err() {
            self.misses.put_back(new);
        }
        stored
    }

    /// Texts that found nothing, the most frequent first; of other processes as far as they have
    /// stored theirs.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn misses(&self, first: u16) -> Result<Vec<Miss>, StoreError> {
        self.store_misses().await?;
        self.stored.list_misses(first).await
    }

    fn indexed(&self) -> (Arc<Catalogue>, Arc<SearchIndex>) {
        let now = self.catalogue.current();
        let mut indexed = self.indexed.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&indexed.0, &now) {
            let index = SearchIndex::new(&now, self.reading.as_ref());
            *indexed = (now, Arc::new(index));
        }
        (Arc::clone(&indexed.0), Arc::clone(&indexed.1))
    }
}

//! The catalogue that a node serves, and how it follows the newest version; forms of old ones.

use super::versions::{CatalogueVersions, DefinitionReader, FileFault};
use super::{AppDefinition, AppSlug, Catalogue, CatalogueSource};
use crate::outside::StoreError;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// What a look at the versions did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The newest version is the one that is served, or one that was refused before.
    Same,
    /// This version is served from now on.
    Moved(u32),
}

/// Why a newer version is not served.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// This program does not read it: most likely a newer program published it.
    #[error("version {number} has {} faults, the first: {}", faults.len(), first(faults))]
    Faults {
        /// Which.
        number: u32,
        /// Why.
        faults: Vec<FileFault>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn first(faults: &[FileFault]) -> String {
    let text = |fault: &FileFault| format!("{}:{}: {}", fault.file, fault.line, fault.what);
    faults.first().map_or_else(String::new, text)
}

/// The catalogue of one node. Requests hold the one that they began with; a new one takes its
/// place at once and whole.
pub struct FollowedCatalogue {
    now: RwLock<Arc<Catalogue>>,
    /// The newest version that this program could not read: told once, not every second.
    refused: Mutex<u32>,
    versions: Arc<dyn CatalogueVersions>,
    reader: Arc<dyn DefinitionReader>,
}

impl FollowedCatalogue {
    /// Begins with this catalogue.
    pub fn new(
        begin: Catalogue,
        versions: Arc<dyn CatalogueVersions>,
        reader: Arc<dyn DefinitionReader>,
    ) -> Self {
        Self { now: RwLock::new(Arc::new(begin)), refused: Mutex::new(0), versions, reader }
    }

    /// Looks for a newer version and serves it.
    ///
    /// # Errors
    /// [`FollowError`]; the catalogue stays as it is then.
    pub async fn follow(&self) -> Result<Followed, FollowError> {
        let served = self.current().version();
        let newest = self.versions.newest_version().await?.unwrap_or(served);
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if newest <= served || newest == refused {
            return Ok(Followed::Same);
        }
        let Some(version) = self.versions.find_version(newest).await? else {
            return Ok(Followed::Same);
        };
        match self.reader.read(&version.files, newest) {
            Ok(catalogue) => {
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
                Ok(Followed::Moved(newest))
            }
            Err(faults) => {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = newest;
                Err(FollowError::Faults { number: newest, faults })
            }
        }
    }
}

impl CatalogueSource for FollowedCatalogue {
    fn current(&self) -> Arc<Catalogue> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forms that are no longer published: who began on one finishes on it.
#[async_trait]
pub trait PastForms: Send + Sync {
    /// The app as it was when it had this form; `None`: it never had.
    async fn past_form(
        &self,
        app: &AppSlug,
        form_version: u32,
    ) -> Result<Option<AppDefinition>, StoreError>;
}

/// Those of the versions that were published.
pub struct PublishedForms {
    /// Where versions are kept.
    pub versions: Arc<dyn CatalogueVersions>,
    /// Reads files.
    pub reader: Arc<dyn DefinitionReader>,
}

#[async_trait]
impl PastForms for PublishedForms {
    async fn past_form(
        &self,
        app: &AppSlug,
        form_version: u32,
    ) -> Result<Option<AppDefinition>, StoreError> {
        let form = self.versions.find_form(app, form_version).await?;
        Ok(form.and_then(|form| self.reader.read_app(&form.file)))
    }
}

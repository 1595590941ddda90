//! Throws away what goes with nothing.

use super::{FileStore, StoredFile};
use crate::clock::Clock;
use crate::outside::StoreError;
use jiff::SignedDuration;
use std::sync::Arc;

/// Whoever submitted in the last moment has the time to be stored.
const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// Use case: throw away files whose day is over.
pub struct SweepFiles {
    /// Files.
    pub files: Arc<dyn FileStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl SweepFiles {
    /// How many files went; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run_once(&self, limit: u16) -> Result<usize, StoreError> {
        let before = self.clock.now() - StoredFile::UNUSED - GRACE;
        self.files.sweep_files(before, limit).await
    }
}

//! Where files are kept.

use super::{FileKind, Quota, Sha256};
use crate::ids::{FileId, PersonId};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// A file on its way into the store. `Debug` does not show the content: it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Made once.
    pub id: FileId,
    /// Whose it is.
    pub person: PersonId,
    /// By its content.
    pub kind: FileKind,
    /// The content.
    pub content: Vec<u8>,
    /// Of the content.
    pub sha256: Sha256,
    /// When it came.
    pub at: Timestamp,
}

impl fmt::Debug for NewFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewFile({}, {} bytes)", self.id, self.content.len())
    }
}

/// What is known of a file without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Opaque.
    pub id: FileId,
    /// Whose it is.
    pub person: PersonId,
    /// By its content.
    pub kind: FileKind,
    /// In bytes.
    pub size: u64,
    /// When it came.
    pub uploaded_at: Timestamp,
    /// Since when it goes with something; `None`: with nothing yet.
    pub used_at: Option<Timestamp>,
}

impl StoredFile {
    /// So long a file may go with nothing.
    pub const UNUSED: SignedDuration = SignedDuration::from_hours(24);

    /// Until when it may be used; `None`: it goes with something, and stays.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.used_at.is_none().then(|| self.uploaded_at + Self::UNUSED)
    }

    /// Is it still there for its owner?
    pub fn is_there(&self, now: Timestamp) -> bool {
        self.expires_at().is_none_or(|until| now < until)
    }

    /// What a downloaded one is called: ASCII, without a path.
    pub fn file_name(&self) -> String {
        format!("file-{}.{}", self.id, self.kind.code())
    }
}

/// What became of a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is kept, or was kept before.
    Kept(StoredFile),
    /// The person has uploaded too much for one day.
    OverQuota,
}

/// Keeps files, sealed.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Keeps a file. The same content of the same person that goes with nothing yet MUST be one
    /// file, whose day begins anew; several that come at once MUST NOT pass the quota together.
    /// The content MUST NOT be kept in clear.
    async fn put(&self, file: &NewFile, quota: &Quota) -> Result<Put, StoreError>;

    /// Those of `ids` that are `owners`', expired or not, in order of their ids. At most 50.
    async fn list_owned(
        &self,
        owners: &[PersonId],
        ids: &[FileId],
    ) -> Result<Vec<StoredFile>, StoreError>;

    /// The content, as it came. `None`: there is no such file.
    async fn read_file(&self, id: &FileId) -> Result<Option<Vec<u8>>, StoreError>;

    /// These files go with something from now on, and stay. MUST be [`StoreError::Conflict`], and
    /// change nothing, when one of them is not there or not `owners`'.
    async fn mark_used(
        &self,
        owners: &[PersonId],
        ids: &[FileId],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Throws away files that came before `before` and go with nothing; at most `limit`. How many
    /// they were.
    async fn sweep_files(&self, before: Timestamp, limit: u16) -> Result<usize, StoreError>;
}

/// Those of `ids` that are there for these owners now.
///
/// # Errors
/// [`StoreError`].
pub async fn owned_files(
    store: &dyn FileStore,
    owners: &[PersonId],
    ids: &[FileId],
    now: Timestamp,
) -> Result<Vec<StoredFile>, StoreError> {
    if owners.is_empty() || ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = store.list_owned(owners, ids).await?;
    Ok(found.into_iter().filter(|file| file.is_there(now)).collect())
}

//! Takes a file in.

use super::{FileKind, FileStore, NewFile, Put, StoredFile};
use crate::clock::{Clock, IdSource};
use crate::ids::{FileId, PersonId};
use crate::outside::StoreError;
use jiff::SignedDuration;
use std::fmt;
use std::sync::Arc;

/// The SHA-256 of a content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How much one person may upload within [`Quota::WITHIN`], used or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many files.
    pub files: u32,
    /// So many bytes together.
    pub bytes: u64,
}

impl Quota {
    /// The time that is looked back.
    pub const WITHIN: SignedDuration = StoredFile::UNUSED;

    /// Does one more file of so many bytes fit, after these?
    pub fn allows(&self, files: u64, bytes: u64, more: u64) -> bool {
        files < u64::from(self.files) && bytes.saturating_add(more) <= self.bytes
    }
}

/// What somebody uploads. Not `Debug`: the content is personal.
#[derive(Clone)]
pub struct Upload {
    /// Who.
    pub person: PersonId,
    /// The content.
    pub content: Vec<u8>,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is larger than any field takes.
    #[error("the file is larger than {most_bytes} bytes")]
    TooLarge {
        /// The most.
        most_bytes: u64,
    },
    /// It is of no kind that is taken, or was cut off.
    #[error("the file is no JPEG, PNG or PDF")]
    UnknownKind,
    /// The person has uploaded too much today.
    #[error("the quota of uploads is used up")]
    OverQuota,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: keep a file for whoever uploads it.
pub struct UploadFile {
    /// Files.
    pub files: Arc<dyn FileStore>,
    /// The largest file, in bytes.
    pub most_bytes: u64,
    /// For one person.
    pub quota: Quota,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub ids: Arc<dyn IdSource>,
}

impl UploadFile {
    /// # Errors
    /// [`UploadError`]; nothing was kept then.
    pub async fn run(&self, upload: Upload) -> Result<StoredFile, UploadError> {
        if u64::try_from(upload.content.len()).unwrap_or(u64::MAX) > self.most_bytes {
            return Err(UploadError::TooLarge { most_bytes: self.most_bytes });
        }
        let kind = FileKind::of(&upload.content).ok_or(UploadError::UnknownKind)?;
        let file = NewFile {
            id: FileId::generate(self.ids.as_ref()),
            person: upload.person,
            kind,
            content: upload.content,
            sha256: upload.sha256,
            at: self.clock.now(),
        };
        match self.files.put(&file, &self.quota).await? {
            Put::Kept(stored) => Ok(stored),
            Put::OverQuota => Err(UploadError::OverQuota),
        }
    }
}

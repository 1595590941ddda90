//! Ports of sources: where they are kept, who fetches them, who must agree.

use super::{
    Arrival, FileEvent, KeptFile, KeptLine, SourceFile, SourceFileId, SourceKey, SourceKind,
    SourceSlot,
};
use crate::outside::StoreError;
use crate::reconciliation::StatementError;
use async_trait::async_trait;
use jiff::civil::Date;

/// What changes beside a new file or line: the place in the calendar, and steps of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotChange {
    /// As it becomes; its `revision` is the one that was read.
    pub slot: SourceSlot,
    /// New steps of files of this place.
    pub steps: Vec<(u32, FileEvent)>,
}

/// Files and their places in the calendar. Files are only ever added to.
#[async_trait]
pub trait SourceStore: Send + Sync {
    /// The place, if something happened there.
    async fn find_slot(&self, key: &SourceKey) -> Result<Option<SourceSlot>, StoreError>;
    /// The places of all days from `first` to `last`, by day, kind and owner.
    async fn list_slots(&self, first: Date, last: Date) -> Result<Vec<SourceSlot>, StoreError>;
    /// Saves a place and steps. MUST answer [`StoreError::Conflict`] when the place was saved since it
    /// was read.
    async fn save_slot(&self, change: &SlotChange) -> Result<(), StoreError>;
    /// Keeps a new file with its bytes and set-aside lines, and saves the change, all or nothing. MUST
    /// answer [`StoreError::Conflict`] when the place was saved since it was read.
    async fn keep(&self, kept: &KeptFile, change: &SlotChange) -> Result<(), StoreError>;
    /// One file.
    async fn find_file(&self, id: &SourceFileId) -> Result<Option<SourceFile>, StoreError>;
    /// All files of a place, in the order in which they came.
    async fn list_files(&self, key: &SourceKey) -> Result<Vec<SourceFile>, StoreError>;
    /// The bytes of a file, unpacked.
    async fn original(&self, id: &SourceFileId) -> Result<Option<Vec<u8>>, StoreError>;
    /// Another day with a file of this source and owner that has the same bytes.
    async fn other_day_of(&self, key: &SourceKey, sha256: &str)
    -> Result<Option<Date>, StoreError>;
    /// Every line of a file that could not be read, in order.
    async fn lines_of(&self, id: &SourceFileId) -> Result<Vec<KeptLine>, StoreError>;
    /// Open lines of files that are used, by day, file and line; at most `limit`.
    async fn list_open_lines(&self, limit: u16) -> Result<Vec<KeptLine>, StoreError>;
    /// Saves what was done about an open line, and the change, all or nothing. MUST answer
    /// [`StoreError::Conflict`] unless the line is open and the place as it was read.
    async fn settle_line(&self, line: &KeptLine, change: &SlotChange) -> Result<(), StoreError>;
}

/// Keeps files that others fetch or send, as evidence.
#[async_trait]
pub trait FileKeeper: Send + Sync {
    /// Keeps it; again the same bytes change nothing.
    async fn keep_file(
        &self,
        key: &SourceKey,
        bytes: &[u8],
        arrival: Arrival,
    ) -> Result<(), StoreError>;
}

/// Fetches files of one kind that no statement is made of.
#[async_trait]
pub trait FileFetch: Send + Sync {
    /// Which kind.
    fn kind(&self) -> SourceKind;
    /// The bytes as they came, their hash verified; `None`: there was nothing on that day.
    async fn fetch(&self, day: Date) -> Result<Option<Vec<u8>>, StatementError>;
}

/// Which days are closed: their files are not replaced without two persons.
#[async_trait]
pub trait ClosedDays: Send + Sync {
    /// Is it closed?
    async fn is_closed(&self, day: Date) -> Result<bool, StoreError>;
}

/// What two persons agreed to.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// Did two persons agree, under this reference, that the file with these bytes takes the place of
    /// the one that is used? MUST be `false` when they agreed to other bytes.
    async fn agreed(
        &self,
        reference: &str,
        key: &SourceKey,
        sha256: &str,
    ) -> Result<bool, StoreError>;
}

/// Where nobody can agree yet: files of closed days stay as they are.
pub struct NobodyAgrees;

#[async_trait]
impl Approvals for NobodyAgrees {
    async fn agreed(
        &self,
        _reference: &str,
        _key: &SourceKey,
        _sha256: &str,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }
}

//! Uploaded files, in memory.

use super::InMemoryStore;
use super::store::Tables;
use crate::files::{FileStore, NewFile, Put, Quota, StoredFile};
use crate::ids::{FileId, PersonId};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// A file with since when it goes with something.
#[derive(Debug, Clone)]
pub(super) struct KeptFile {
    file: NewFile,
    used_at: Option<Timestamp>,
}

impl KeptFile {
    fn stored(&self) -> StoredFile {
        StoredFile {
            id: self.file.id.clone(),
            person: self.file.person.clone(),
            kind: self.file.kind,
            size: u64::try_from(self.file.content.len()).unwrap_or(u64::MAX),
            uploaded_at: self.file.at,
            used_at: self.used_at,
        }
    }
}

fn owned<'a>(
    t: &'a mut Tables,
    owners: &'a [PersonId],
    id: &'a FileId,
) -> Option<&'a mut KeptFile> {
    t.files.iter_mut().find(|kept| kept.file.id == *id && owners.contains(&kept.file.person))
}

#[async_trait]
impl FileStore for InMemoryStore {
    async fn put(&self, file: &NewFile, quota: &Quota) -> Result<Put, StoreError> {
        self.call(|t| {
            let mut known = t.files.iter_mut().filter(|kept| {
                let KeptFile { file: old, used_at } = kept;
                old.person == file.person && old.sha256 == file.sha256 && used_at.is_none()
            });
            if let Some(known) = known.next() {
                known.file.at = file.at;
                return Ok(Put::Kept(known.stored()));
            }
            let since = file.at - Quota::WITHIN;
            let recent: Vec<_> = t
                .files
                .iter()
                .filter(|kept| kept.file.person == file.person && kept.file.at > since)
                .map(|kept| kept.stored().size)
                .collect();
            let size = u64::try_from(file.content.len()).unwrap_or(u64::MAX);
            let count = u64::try_from(recent.len()).unwrap_or(u64::MAX);
            if !quota.allows(count, recent.iter().sum(), size) {
                return Ok(Put::OverQuota);
            }
            let kept = KeptFile { file: file.clone(), used_at: None };
            let stored = kept.stored();
            t.files.push(kept);
            Ok(Put::Kept(stored))
        })
    }

    async fn list_owned(
        &self,
        owners: &[PersonId],
        ids: &[FileId],
    ) -> Result<Vec<StoredFile>, StoreError> {
        self.call(|t| {
            let mut found: Vec<_> = t
                .files
                .iter()
                .filter(|kept| owners.contains(&kept.file.person) && ids.contains(&kept.file.id))
                .map(KeptFile::stored)
                .collect();
            found.sort_by(|a, b| a.id.cmp(&b.id));
            Ok(found)
        })
    }

    async fn read_file(&self, id: &FileId) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(|t| {
            let found = t.files.iter().find(|kept| kept.file.id == *id);
            Ok(found.map(|kept| kept.file.content.clone()))
        })
    }

    async fn mark_used(
        &self,
        owners: &[PersonId],
        ids: &[FileId],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            if ids.iter().any(|id| owned(t, owners, id).is_none()) {
                return Err(StoreError::Conflict);
            }
            for id in ids {
                if let Some(kept) = owned(t, owners, id) {
                    kept.used_at.get_or_insert(at);
                }
            }
            Ok(())
        })
    }

    async fn sweep_files(&self, before: Timestamp, limit: u16) -> Result<usize, StoreError> {
        self.call(|t| {
            let mut left = usize::from(limit);
            let all = t.files.len();
            t.files.retain(|kept| {
                let stale = kept.used_at.is_none() && kept.file.at < before && left > 0;
                left -= usize::from(stale);
                !stale
            });
            Ok(all - t.files.len())
        })
    }
}

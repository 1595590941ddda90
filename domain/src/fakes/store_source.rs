//! Files of reconciliation and their places in the calendar, in memory.

use super::InMemoryStore;
use crate::outside::StoreError;
use crate::reconciliation::source::{
    FileEvent, KeptFile, KeptLine, LineState, SlotChange, SourceFile, SourceFileId, SourceKey,
    SourceSlot, SourceStore,
};
use async_trait::async_trait;
use jiff::civil::Date;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct SourceTables {
    slots: BTreeMap<SourceKey, SourceSlot>,
    files: BTreeMap<SourceFileId, (SourceFile, Vec<u8>)>,
    lines: BTreeMap<(SourceFileId, u32), KeptLine>,
}

impl SourceTables {
    /// Nothing is changed unless the place is as it was read.
    fn check(&self, change: &SlotChange) -> Result<(), StoreError> {
        let stored = self.slots.get(&change.slot.key).map_or(0, |slot| slot.revision);
        if stored == change.slot.revision { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn save(&mut self, change: &SlotChange) {
        let SlotChange { slot, steps } = change;
        let saved = SourceSlot { revision: slot.revision + 1, ..slot.clone() };
        self.slots.insert(slot.key.clone(), saved);
        for (version, event) in steps {
            self.step(&SourceFileId { key: slot.key.clone(), version: *version }, event);
        }
    }

    fn step(&mut self, id: &SourceFileId, event: &FileEvent) {
        if let Some((file, _)) = self.files.get_mut(id) {
            file.history.push(event.clone());
        }
    }
}

#[async_trait]
impl SourceStore for InMemoryStore {
    async fn find_slot(&self, key: &SourceKey) -> Result<Option<SourceSlot>, StoreError> {
        self.call(|t| Ok(t.sources.slots.get(key).cloned()))
    }

    async fn list_slots(&self, first: Date, last: Date) -> Result<Vec<SourceSlot>, StoreError> {
        self.call(|t| {
            let all = t.sources.slots.values();
            let mut found: Vec<_> =
                all.filter(|slot| (first..=last).contains(&slot.key.day())).cloned().collect();
            found.sort_by_key(|slot| slot.key.day());
            Ok(found)
        })
    }

    async fn save_slot(&self, change: &SlotChange) -> Result<(), StoreError> {
        self.call(|t| {
            t.sources.check(change)?;
            t.sources.save(change);
            Ok(())
        })
    }

    async fn keep(&self, kept: &KeptFile, change: &SlotChange) -> Result<(), StoreError> {
        self.call(|t| {
            t.sources.check(change)?;
            if t.sources.files.contains_key(&kept.file.id) {
                return Err(StoreError::Conflict);
            }
            let row = (kept.file.clone(), kept.original.clone());
            t.sources.files.insert(kept.file.id.clone(), row);
            for line in &kept.lines {
                t.sources.lines.insert((line.file.clone(), line.line_no), line.clone());
            }
            t.sources.save(change);
            Ok(())
        })
    }

    async fn find_file(&self, id: &SourceFileId) -> Result<Option<SourceFile>, StoreError> {
        self.call(|t| Ok(t.sources.files.get(id).map(|(file, _)| file.clone())))
    }

    async fn list_files(&self, key: &SourceKey) -> Result<Vec<SourceFile>, StoreError> {
        self.call(|t| {
            let all = t.sources.files.values().map(|(file, _)| file);
            Ok(all.filter(|file| file.id.key == *key).cloned().collect())
        })
    }

    async fn original(&self, id: &SourceFileId) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(|t| Ok(t.sources.files.get(id).map(|(_, bytes)| bytes.clone())))
    }

    async fn other_day_of(
        &self,
        key: &SourceKey,
        sha256: &str,
    ) -> Result<Option<Date>, StoreError> {
        self.call(|t| {
            let of_source = |file: &&SourceFile| {
                let other = &file.id.key;
                other.kind() == key.kind()
                    && other.owner() == key.owner()
                    && other.day() != key.day()
                    && file.sha256 == sha256
                    && file.fault.is_none()
            };
            let mut files = t.sources.files.values().map(|(file, _)| file);
            Ok(files.find(of_source).map(|file| file.id.key.day()))
        })
    }

    async fn lines_of(&self, id: &SourceFileId) -> Result<Vec<KeptLine>, StoreError> {
        self.call(|t| {
            let all = t.sources.lines.values();
            Ok(all.filter(|line| line.file == *id).cloned().collect())
        })
    }

    async fn list_open_lines(&self, limit: u16) -> Result<Vec<KeptLine>, StoreError> {
        self.call(|t| {
            let used = |line: &&KeptLine| {
                let slot = t.sources.slots.get(&line.file.key);
                line.state == LineState::Open
                    && slot.is_some_and(|slot| slot.version == Some(line.file.version))
            };
            let mut open: Vec<_> = t.sources.lines.values().filter(used).cloned().collect();
            open.sort_by_key(|line| line.file.key.day());
            open.truncate(usize::from(limit));
            Ok(open)
        })
    }

    async fn settle_line(&self, line: &KeptLine, change: &SlotChange) -> Result<(), StoreError> {
        self.call(|t| {
            t.sources.check(change)?;
            let kept = t.sources.lines.get_mut(&(line.file.clone(), line.line_no));
            let open = kept.filter(|kept| kept.state == LineState::Open);
            open.ok_or(StoreError::Conflict)?.state = line.state.clone();
            t.sources.save(change);
            Ok(())
        })
    }
}

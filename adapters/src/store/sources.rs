//! Files of reconciliation and their places in the calendar. The database itself refuses to change
//! or delete what came.

use super::column::{Row, micros};
use super::entity::{source_event, source_file, source_line, source_slot, statement_original};
use super::source_rows::{
    SlotKey, event_row, file_of, file_row, line_of, line_row, slot_of, slot_row,
};
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::outside::StoreError;
use domain::reconciliation::source::{
    FileEvent, KeptFile, KeptLine, SlotChange, SourceFile, SourceFileId, SourceKey, SourceSlot,
    SourceStore,
};
use jiff::civil::Date;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;

/// Rows per INSERT: nineteen columns of this many stay below the databases' limit of parameters.
const ROWS_AT_ONCE: usize = 500;

/// The place as it becomes, if nobody saved it since it was read; and the new steps.
async fn save(transaction: &DatabaseTransaction, change: &SlotChange) -> Result<(), StoreError> {
    let slot = &change.slot;
    let row = slot_row(slot);
    if slot.revision == 0 {
        let insert = source_slot::Entity::insert(row.into_active_model());
        insert.exec_without_returning(transaction).await.map_err(conflict_if_duplicate)?;
    } else {
        let key = SlotKey::of(&slot.key);
        let changed = source_slot::ActiveModel {
            revision: Set(row.revision),
            state: Set(row.state),
            version: Set(row.version),
            problem: Set(row.problem),
            note: Set(row.note),
            since: Set(row.since),
            next_try_at: Set(row.next_try_at),
            ..source_slot::ActiveModel::default()
        };
        let update = source_slot::Entity::update_many()
            .set(changed)
            .filter(source_slot::Column::Kind.eq(key.kind))
            .filter(source_slot::Column::Owner.eq(key.owner))
            .filter(source_slot::Column::Day.eq(key.day))
            .filter(source_slot::Column::Revision.eq(i64::from(slot.revision)));
        let updated = update.exec(transaction).await.map_err(unavailable)?;
        if updated.rows_affected == 0 {
            return Err(StoreError::Conflict);
        }
    }
    for (version, event) in &change.steps {
        let id = SourceFileId { key: slot.key.clone(), version: *version };
        let known = steps_of(transaction, &id).await?.len();
        add_steps(transaction, (&id, known), std::slice::from_ref(event)).await?;
    }
    Ok(())
}

async fn finish(transaction: DatabaseTransaction) -> Result<(), StoreError> {
    transaction.commit().await.map_err(unavailable)
}

async fn add_steps(
    transaction: &DatabaseTransaction,
    (id, known): (&SourceFileId, usize),
    events: &[FileEvent],
) -> Result<(), StoreError> {
    let first = i64::try_from(known).unwrap_or(i64::MAX);
    let places = (0..).map(|place: i64| place.saturating_add(first));
    let rows = places
        .zip(events)
        .map(|(place, event)| event_row((&id.key, id.version), place, event).into_active_model());
    let insert = source_event::Entity::insert_many::<source_event::ActiveModel, _>(rows);
    insert.exec_without_returning(transaction).await.map_err(conflict_if_duplicate)?;
    Ok(())
}

async fn steps_of(
    connection: &impl ConnectionTrait,
    id: &SourceFileId,
) -> Result<Vec<source_event::Model>, StoreError> {
    let key = SlotKey::of(&id.key);
    let steps = source_event::Entity::find()
        .filter(source_event::Column::Kind.eq(key.kind))
        .filter(source_event::Column::Owner.eq(key.owner))
        .filter(source_event::Column::Day.eq(key.day))
        .filter(source_event::Column::Version.eq(i64::from(id.version)))
        .order_by_asc(source_event::Column::Position);
    steps.all(connection).await.map_err(unavailable)
}

async fn keep_original(
    transaction: &DatabaseTransaction,
    kept: &KeptFile,
) -> Result<(), StoreError> {
    let (file, key) = (&kept.file, SlotKey::of(&kept.file.id.key));
    let row = statement_original::Model {
        sha256: file.sha256.clone(),
        rail: file.id.key.kind().statement_of().map_or(key.kind, |rail| rail.code().to_owned()),
        day: key.day,
        file_hash: super::column::without_nul(&file.hash),
        content: BASE64.encode(&kept.original),
        kept_at: micros(file.received_at),
    };
    let insert = statement_original::Entity::insert(row.into_active_model());
    let kept = insert.on_conflict_do_nothing().exec_without_returning(transaction).await;
    kept.map_err(unavailable)?;
    Ok(())
}

fn of_slot(key: &SourceKey) -> Condition {
    let key = SlotKey::of(key);
    Condition::all()
        .add(source_file::Column::Kind.eq(key.kind))
        .add(source_file::Column::Owner.eq(key.owner))
        .add(source_file::Column::Day.eq(key.day))
}

fn row_of_id(id: &SourceFileId) -> (String, String, String, i64) {
    let (kind, owner, day) = SlotKey::of(&id.key).parts();
    (kind, owner, day, i64::from(id.version))
}

#[async_trait]
impl SourceStore for Store {
    async fn find_slot(&self, key: &SourceKey) -> Result<Option<SourceSlot>, StoreError> {
        let row = source_slot::Entity::find_by_id(SlotKey::of(key).parts());
        row.one(&self.read).await.map_err(unavailable)?.as_ref().map(slot_of).transpose()
    }

    async fn list_slots(&self, first: Date, last: Date) -> Result<Vec<SourceSlot>, StoreError> {
        let rows = source_slot::Entity::find()
            .filter(source_slot::Column::Day.gte(first.to_string()))
            .filter(source_slot::Column::Day.lte(last.to_string()));
        let rows = rows.all(&self.read).await.map_err(unavailable)?;
        let mut slots: Vec<_> = rows.iter().map(slot_of).collect::<Result<_, _>>()?;
        slots.sort_by(|a, b| (a.key.day(), &a.key).cmp(&(b.key.day(), &b.key)));
        Ok(slots)
    }

    async fn save_slot(&self, change: &SlotChange) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        save(&transaction, change).await?;
        finish(transaction).await
    }

    async fn keep(&self, kept: &KeptFile, change: &SlotChange) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        keep_original(&transaction, kept).await?;
        let file = source_file::Entity::insert(file_row(&kept.file).into_active_model());
        file.exec_without_returning(&transaction).await.map_err(conflict_if_duplicate)?;
        add_steps(&transaction, (&kept.file.id, 0), &kept.file.history).await?;
        for some in kept.lines.chunks(ROWS_AT_ONCE) {
            let rows = some.iter().map(|line| line_row(line).into_active_model());
            let insert = source_line::Entity::insert_many::<source_line::ActiveModel, _>(rows);
            insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        }
        save(&transaction, change).await?;
        finish(transaction).await
    }

    async fn find_file(&self, id: &SourceFileId) -> Result<Option<SourceFile>, StoreError> {
        let snapshot = self.snapshot().await?;
        let row = source_file::Entity::find_by_id(row_of_id(id));
        let Some(row) = row.one(&snapshot).await.map_err(unavailable)? else { return Ok(None) };
        file_of(&row, steps_of(&snapshot, id).await?).map(Some)
    }

    async fn list_files(&self, key: &SourceKey) -> Result<Vec<SourceFile>, StoreError> {
        let snapshot = self.snapshot().await?;
        let rows = source_file::Entity::find()
            .filter(of_slot(key))
            .order_by_asc(source_file::Column::Version);
        let rows = rows.all(&snapshot).await.map_err(unavailable)?;
        let slot = SlotKey::of(key);
        let steps = source_event::Entity::find()
            .filter(source_event::Column::Kind.eq(slot.kind))
            .filter(source_event::Column::Owner.eq(slot.owner))
            .filter(source_event::Column::Day.eq(slot.day))
            .order_by_asc(source_event::Column::Position);
        let mut of: BTreeMap<i64, Vec<source_event::Model>> = BTreeMap::new();
        for step in steps.all(&snapshot).await.map_err(unavailable)? {
            of.entry(step.version).or_default().push(step);
        }
        let file = |row: &source_file::Model| {
            file_of(row, of.get(&row.version).cloned().unwrap_or_default())
        };
        rows.iter().map(file).collect()
    }

    async fn original(&self, id: &SourceFileId) -> Result<Option<Vec<u8>>, StoreError> {
        let snapshot = self.snapshot().await?;
        let row = source_file::Entity::find_by_id(row_of_id(id));
        let Some(row) = row.one(&snapshot).await.map_err(unavailable)? else { return Ok(None) };
        let bytes = statement_original::Entity::find_by_id(row.sha256.clone());
        let bytes = bytes.one(&snapshot).await.map_err(unavailable)?;
        let at = Row { table: "statement_original", key: &row.sha256 };
        let content = at.some("sha256", bytes)?.content;
        at.valid("content", BASE64.decode(content)).map(Some)
    }

    async fn other_day_of(
        &self,
        key: &SourceKey,
        sha256: &str,
    ) -> Result<Option<Date>, StoreError> {
        let slot = SlotKey::of(key);
        let other = source_file::Entity::find()
            .filter(source_file::Column::Kind.eq(slot.kind))
            .filter(source_file::Column::Owner.eq(slot.owner))
            .filter(source_file::Column::Sha256.eq(sha256))
            .filter(source_file::Column::Day.ne(slot.day))
            .filter(source_file::Column::Fault.eq(""))
            .order_by_asc(source_file::Column::Day);
        let row = other.one(&self.read).await.map_err(unavailable)?;
        row.map(|row| Row { table: "source_file", key: &row.day }.day("day", &row.day)).transpose()
    }

    async fn lines_of(&self, id: &SourceFileId) -> Result<Vec<KeptLine>, StoreError> {
        let key = SlotKey::of(&id.key);
        let lines = source_line::Entity::find()
            .filter(source_line::Column::Kind.eq(key.kind))
            .filter(source_line::Column::Owner.eq(key.owner))
            .filter(source_line::Column::Day.eq(key.day))
            .filter(source_line::Column::Version.eq(i64::from(id.version)))
            .order_by_asc(source_line::Column::LineNo);
        lines.all(&self.read).await.map_err(unavailable)?.iter().map(line_of).collect()
    }

    async fn list_open_lines(&self, limit: u16) -> Result<Vec<KeptLine>, StoreError> {
        let snapshot = self.snapshot().await?;
        let (mut found, mut used) = (Vec::new(), BTreeMap::new());
        let open = source_line::Entity::find()
            .filter(source_line::Column::State.eq("OPEN"))
            .order_by_asc(source_line::Column::Day)
            .order_by_asc(source_line::Column::Kind)
            .order_by_asc(source_line::Column::Owner)
            .order_by_asc(source_line::Column::Version)
            .order_by_asc(source_line::Column::LineNo);
        // Lines of files that others took the place of stay open for ever, and are passed over.
        let rows = open.limit(OPEN_READ).all(&snapshot).await.map_err(unavailable)?;
        for row in &rows {
            let key = (row.kind.clone(), row.owner.clone(), row.day.clone());
            if !used.contains_key(&key) {
                let slot = source_slot::Entity::find_by_id(key.clone()).one(&snapshot).await;
                let version = slot.map_err(unavailable)?.and_then(|slot| slot.version);
                used.insert(key.clone(), version);
            }
            if used.get(&key) == Some(&Some(row.version)) {
                found.push(line_of(row)?);
            }
            if found.len() >= usize::from(limit) {
                break;
            }
        }
        Ok(found)
    }

    async fn settle_line(&self, line: &KeptLine, change: &SlotChange) -> Result<(), StoreError> {
        let row = line_row(line);
        let transaction = self.begin().await?;
        let settled = source_line::ActiveModel {
            state: Set(row.state),
            text: Set(row.text),
            lines: Set(row.lines),
            paid: Set(row.paid),
            refunded: Set(row.refunded),
            fee: Set(row.fee),
            done_by: Set(row.done_by),
            done_at: Set(row.done_at),
            done_reason: Set(row.done_reason),
            ..source_line::ActiveModel::default()
        };
        let update = source_line::Entity::update_many()
            .set(settled)
            .filter(source_line::Column::Kind.eq(row.kind))
            .filter(source_line::Column::Owner.eq(row.owner))
            .filter(source_line::Column::Day.eq(row.day))
            .filter(source_line::Column::Version.eq(row.version))
            .filter(source_line::Column::LineNo.eq(row.line_no))
            .filter(source_line::Column::State.eq("OPEN"));
        let updated = update.exec(&transaction).await.map_err(unavailable)?;
        if updated.rows_affected == 0 {
            return Err(StoreError::Conflict);
        }
        save(&transaction, change).await?;
        finish(transaction).await
    }
}

/// More open lines than anybody works through in a day.
const OPEN_READ: u64 = 10_000;

//! Files that citizens upload, sealed in pieces: every node finds them where it finds all else.

use super::column::{Row, micros};
use super::entity::{uploaded_file, uploaded_file_piece};
use super::personal_data::Place;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::files::{FileKind, FileStore, NewFile, Put, Quota, StoredFile};
use domain::ids::{FileId, PersonId};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

/// So much of a content is in one row.
const PIECE: usize = 256 * 1024;

fn stored(row: &uploaded_file::Model) -> Result<StoredFile, StoreError> {
    let at = Row { table: "uploaded_file", key: &row.id };
    Ok(StoredFile {
        id: at.valid("id", FileId::new(&row.id))?,
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        kind: at.some("kind", FileKind::from_code(&row.kind))?,
        size: at.valid("size", u64::try_from(row.size))?,
        uploaded_at: at.time("uploaded_at", row.uploaded_at)?,
        used_at: at.time_if_any("used_at", row.used_at)?,
    })
}

fn piece_place(key: &str) -> Place<'_> {
    Place { table: "uploaded_file_piece", column: "content", row: key }
}

/// These files go with something from now on: for the transaction that stores the something.
pub(super) async fn mark_used(
    connection: &impl ConnectionTrait,
    owners: &[PersonId],
    ids: &[FileId],
    at: Timestamp,
) -> Result<(), StoreError> {
    use uploaded_file::Column as C;
    // Counted by the database, where the same id twice is one file.
    let mut distinct: Vec<&str> = ids.iter().map(FileId::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.is_empty() {
        return Ok(());
    }
    // Those that are used already keep their time, and are locked and counted all the same.
    let kept = Func::coalesce([Expr::col(C::UsedAt), Expr::val(micros(at))]);
    let update = uploaded_file::Entity::update_many()
        .col_expr(C::UsedAt, kept.into())
        .filter(C::Id.is_in(distinct.iter().copied()))
        .filter(C::PersonId.is_in(owners.iter().map(PersonId::as_str)));
    let marked = update.exec(connection).await.map_err(unavailable)?.rows_affected;
    let all = u64::try_from(distinct.len()).unwrap_or(u64::MAX);
    if marked == all { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Makes everybody else who uploads for this person wait until the transaction ends.
async fn lock(
    transaction: &DatabaseTransaction,
    person: &PersonId,
    now: i64,
) -> Result<(), StoreError> {
    let upsert = "INSERT INTO file_owner (person_id, touched_at) VALUES ($1, $2) \
                  ON CONFLICT (person_id) DO UPDATE SET touched_at = excluded.touched_at";
    let backend = transaction.get_database_backend();
    let values = [person.as_str().into(), now.into()];
    let upsert = Statement::from_sql_and_values(backend, upsert, values);
    transaction.execute_raw(upsert).await.map_err(unavailable)?;
    Ok(())
}

/// The same content that goes with nothing yet, its day begun anew.
async fn known(
    transaction: &DatabaseTransaction,
    row: &uploaded_file::Model,
) -> Result<Option<StoredFile>, StoreError> {
    use uploaded_file::Column as C;
    let same = uploaded_file::Entity::find()
        .filter(C::PersonId.eq(row.person_id.as_str()))
        .filter(C::ContentIndex.eq(row.content_index.as_str()))
        .filter(C::UsedAt.is_null())
        .order_by_asc(C::Id)
        // Else it might be swept away before its day begins anew.
        .lock_exclusive()
        .one(transaction);
    let Some(mut found) = same.await.map_err(unavailable)? else { return Ok(None) };
    found.uploaded_at = row.uploaded_at;
    let time = uploaded_file::ActiveModel {
        uploaded_at: Set(row.uploaded_at),
        ..uploaded_file::ActiveModel::default()
    };
    let update = uploaded_file::Entity::update_many().set(time).filter(C::Id.eq(found.id.as_str()));
    update.exec(transaction).await.map_err(unavailable)?;
    stored(&found).map(Some)
}

/// Files and bytes of the person within the quota's time.
async fn recent(
    transaction: &DatabaseTransaction,
    file: &NewFile,
) -> Result<(u64, u64), StoreError> {
    use uploaded_file::Column as C;
    let sizes: Vec<i64> = uploaded_file::Entity::find()
        .select_only()
        .column(C::Size)
        .filter(C::PersonId.eq(file.person.as_str()))
        .filter(C::UploadedAt.gt(micros(file.at - Quota::WITHIN)))
        .into_tuple()
        .all(transaction)
        .await
        .map_err(unavailable)?;
    let bytes = sizes.iter().map(|size| u64::try_from(*size).unwrap_or(0)).sum();
    Ok((u64::try_from(sizes.len()).unwrap_or(u64::MAX), bytes))
}

#[async_trait]
impl FileStore for Store {
    async fn put(&self, file: &NewFile, quota: &Quota) -> Result<Put, StoreError> {
        let size = u64::try_from(file.content.len()).unwrap_or(u64::MAX);
        let row = uploaded_file::Model {
            id: file.id.as_str().to_owned(),
            person_id: file.person.as_str().to_owned(),
            kind: file.kind.code().to_owned(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            content_index: self.keys.blind("uploaded_file", &file.sha256.to_string()),
            uploaded_at: micros(file.at),
            used_at: None,
        };
        // Before the lock: sealing takes the longest.
        let mut pieces = Vec::new();
        for (place, piece) in (0_i64..).zip(file.content.chunks(PIECE)) {
            let key = format!("{}:{place}", row.id);
            let content = self.keys.seal_bytes(piece_place(&key), piece)?;
            pieces.push(uploaded_file_piece::Model { file_id: row.id.clone(), place, content });
        }
        let transaction = self.begin().await?;
        lock(&transaction, &file.person, row.uploaded_at).await?;
        if let Some(known) = known(&transaction, &row).await? {
            transaction.commit().await.map_err(unavailable)?;
            return Ok(Put::Kept(known));
        }
        let (files, bytes) = recent(&transaction, file).await?;
        if !quota.allows(files, bytes, size) {
            return Ok(Put::OverQuota);
        }
        let kept = stored(&row)?;
        let insert = uploaded_file::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        for piece in pieces {
            let insert = uploaded_file_piece::Entity::insert(piece.into_active_model());
            insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(Put::Kept(kept))
    }

    async fn list_owned(
        &self,
        owners: &[PersonId],
        ids: &[FileId],
    ) -> Result<Vec<StoredFile>, StoreError> {
        use uploaded_file::Column as C;
        let rows = uploaded_file::Entity::find()
            .filter(C::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .filter(C::Id.is_in(ids.iter().map(FileId::as_str)))
            .order_by_asc(C::Id)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.iter().map(stored).collect()
    }

    async fn read_file(&self, id: &FileId) -> Result<Option<Vec<u8>>, StoreError> {
        use uploaded_file_piece::Column as C;
        let snapshot = self.snapshot().await?;
        let file = uploaded_file::Entity::find_by_id(id.as_str()).one(&snapshot).await;
        let Some(file) = file.map_err(unavailable)? else { return Ok(None) };
        let pieces = uploaded_file_piece::Entity::find()
            .filter(C::FileId.eq(id.as_str()))
            .order_by_asc(C::Place)
            .all(&snapshot)
            .await
            .map_err(unavailable)?;
        let mut content = Vec::with_capacity(usize::try_from(file.size).unwrap_or(0));
        for piece in pieces {
            let key = format!("{}:{}", piece.file_id, piece.place);
            content.extend(self.keys.open_bytes(piece_place(&key), &piece.content)?);
        }
        // Each piece is sealed for its place: with the size, all of them are there.
        let whole = i64::try_from(content.len()).is_ok_and(|size| size == file.size);
        let at = Row { table: "uploaded_file", key: &file.id };
        if whole { Ok(Some(content)) } else { Err(at.corrupt("size")) }
    }

    async fn mark_used(
        &self,
        owners: &[PersonId],
        ids: &[FileId],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        mark_used(&transaction, owners, ids, at).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn sweep_files(&self, before: Timestamp, limit: u16) -> Result<usize, StoreError> {
        use uploaded_file::Column as C;
        let transaction = self.begin().await?;
        let stale: Vec<String> = uploaded_file::Entity::find()
            .select_only()
            .column(C::Id)
            .filter(C::UsedAt.is_null())
            .filter(C::UploadedAt.lt(micros(before)))
            .order_by_asc(C::UploadedAt)
            .limit(u64::from(limit))
            // Whoever makes one of them go with something has it first, or finds it gone.
            .lock_exclusive()
            .into_tuple()
            .all(&transaction)
            .await
            .map_err(unavailable)?;
        let pieces = uploaded_file_piece::Entity::delete_many()
            .filter(uploaded_file_piece::Column::FileId.is_in(stale.iter().map(String::as_str)));
        pieces.exec(&transaction).await.map_err(unavailable)?;
        let files = uploaded_file::Entity::delete_many()
            .filter(C::Id.is_in(stale.iter().map(String::as_str)));
        files.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(stale.len())
    }
}

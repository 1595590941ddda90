//! Results of reconciled days, and the files they were judged from.

use super::column::{Row, micros, sha256_hex};
use super::day_rows::{
    DayKey, day_of, day_row, discrepancy_of, discrepancy_row, line_of, line_row,
};
use super::entity::{discrepancy, payment, reconciliation_day, statement_line, statement_original};
use super::{Store, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::clock::beijing_day;
use domain::outside::StoreError;
use domain::payment::Rail;
use domain::reconciliation::{DayBook, DayResult, Discrepancy};
use jiff::civil::Date;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::BTreeMap;

/// Rows per INSERT: ten columns of this many stay below the databases' limit of parameters.
const ROWS_AT_ONCE: usize = 1000;

fn key_of(rail: Rail, day: Date) -> DayKey {
    DayKey { rail: rail.code().to_owned(), day: day.to_string() }
}

/// Removes an earlier result of the same rail and day; the originals stay.
async fn clear(transaction: &DatabaseTransaction, key: &DayKey) -> Result<(), StoreError> {
    let lines = statement_line::Entity::delete_many()
        .filter(statement_line::Column::Rail.eq(key.rail.as_str()))
        .filter(statement_line::Column::Day.eq(key.day.as_str()));
    lines.exec(transaction).await.map_err(unavailable)?;
    let discrepancies = discrepancy::Entity::delete_many()
        .filter(discrepancy::Column::Rail.eq(key.rail.as_str()))
        .filter(discrepancy::Column::Day.eq(key.day.as_str()));
    discrepancies.exec(transaction).await.map_err(unavailable)?;
    let day = reconciliation_day::Entity::delete_by_id((key.rail.clone(), key.day.clone()));
    day.exec(transaction).await.map_err(unavailable)?;
    Ok(())
}

async fn write(
    transaction: &DatabaseTransaction,
    key: &DayKey,
    result: &DayResult,
) -> Result<(), StoreError> {
    let day = reconciliation_day::Entity::insert(day_row(key, result).into_active_model());
    // A second node that judges the same day at the same time: one of the two is enough.
    day.exec_without_returning(transaction).await.map_err(super::conflict_if_duplicate)?;
    let lines: Vec<_> = result.lines.iter().zip(0..).collect();
    for some in lines.chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|(line, place)| line_row(key, *place, line).into_active_model());
        let insert = statement_line::Entity::insert_many(rows);
        insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    }
    let found: Vec<_> = result.discrepancies.iter().zip(0..).collect();
    for some in found.chunks(ROWS_AT_ONCE) {
        let rows =
            some.iter().map(|(one, place)| discrepancy_row(key, *place, one).into_active_model());
        let insert = discrepancy::Entity::insert_many(rows);
        insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    }
    Ok(())
}

/// Under our own hash: the rail's is empty for a damaged file, which is evidence all the same.
async fn keep_original(
    transaction: &DatabaseTransaction,
    key: &DayKey,
    result: &DayResult,
    original: &[u8],
) -> Result<(), StoreError> {
    if original.is_empty() {
        return Ok(());
    }
    let row = statement_original::Model {
        sha256: sha256_hex(original),
        rail: key.rail.clone(),
        day: key.day.clone(),
        file_hash: result.file_hash.clone(),
        content: BASE64.encode(original),
        kept_at: micros(result.judged_at),
    };
    let insert = statement_original::Entity::insert(row.into_active_model());
    let kept = insert.on_conflict_do_nothing().exec_without_returning(transaction).await;
    kept.map_err(unavailable)?;
    Ok(())
}

fn day_column(column: &'static str, day: &str) -> Result<Date, StoreError> {
    Row { table: "reconciliation_day", key: day }.day(column, day)
}

#[async_trait]
impl DayBook for Store {
    async fn save(&self, result: &DayResult, original: &[u8]) -> Result<(), StoreError> {
        let key = key_of(result.rail, result.day);
        let transaction = self.begin().await?;
        clear(&transaction, &key).await?;
        write(&transaction, &key, result).await?;
        keep_original(&transaction, &key, result, original).await?;
        around(Step::DaySave, transaction.commit()).await.map_err(unavailable)
    }

    async fn find(&self, rail: Rail, day: Date) -> Result<Option<DayResult>, StoreError> {
        let key = key_of(rail, day);
        // One snapshot: a later run may replace the day between two of these reads.
        let snapshot = self.snapshot().await?;
        let row = reconciliation_day::Entity::find_by_id((key.rail.clone(), key.day.clone()));
        let Some(row) = row.one(&snapshot).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let lines = statement_line::Entity::find()
            .filter(statement_line::Column::Rail.eq(key.rail.as_str()))
            .filter(statement_line::Column::Day.eq(key.day.as_str()))
            .order_by_asc(statement_line::Column::Position);
        let lines = lines.all(&snapshot).await.map_err(unavailable)?;
        let found = discrepancy::Entity::find()
            .filter(discrepancy::Column::Rail.eq(key.rail.as_str()))
            .filter(discrepancy::Column::Day.eq(key.day.as_str()))
            .order_by_asc(discrepancy::Column::Position);
        let found = found.all(&snapshot).await.map_err(unavailable)?;
        let lines = lines.into_iter().map(line_of).collect::<Result<_, _>>()?;
        let found = found.into_iter().map(discrepancy_of).collect::<Result<_, _>>()?;
        day_of(row, lines, found).map(Some)
    }

    async fn list(&self, limit: u16) -> Result<Vec<DayResult>, StoreError> {
        let snapshot = self.snapshot().await?;
        let days = reconciliation_day::Entity::find()
            .order_by_desc(reconciliation_day::Column::Day)
            .order_by_desc(reconciliation_day::Column::Rail)
            .limit(u64::from(limit))
            .all(&snapshot)
            .await
            .map_err(unavailable)?;
        let Some(oldest) = days.last() else {
            return Ok(Vec::new());
        };
        let rows = discrepancy::Entity::find()
            .filter(discrepancy::Column::Day.gte(oldest.day.as_str()))
            .order_by_asc(discrepancy::Column::Position)
            .all(&snapshot)
            .await
            .map_err(unavailable)?;
        let mut of: BTreeMap<DayKey, Vec<Discrepancy>> = BTreeMap::new();
        for row in rows {
            let key = DayKey { rail: row.rail.clone(), day: row.day.clone() };
            of.entry(key).or_default().push(discrepancy_of(row)?);
        }
        let join = |row: reconciliation_day::Model| {
            let key = DayKey { rail: row.rail.clone(), day: row.day.clone() };
            day_of(row, Vec::new(), of.remove(&key).unwrap_or_default())
        };
        days.into_iter().map(join).collect()
    }

    async fn day_of_file(
        &self,
        rail: Rail,
        hash: &str,
        other_than: Date,
    ) -> Result<Option<Date>, StoreError> {
        let other = reconciliation_day::Entity::find()
            .filter(reconciliation_day::Column::Rail.eq(rail.code()))
            .filter(reconciliation_day::Column::FileHash.eq(hash))
            .filter(reconciliation_day::Column::Day.ne(other_than.to_string()))
            .order_by_asc(reconciliation_day::Column::Day);
        let row = other.one(&self.read).await.map_err(unavailable)?;
        row.map(|row| day_column("day", &row.day)).transpose()
    }

    async fn first_day(&self, rail: Rail) -> Result<Option<Date>, StoreError> {
        let first = payment::Entity::find()
            .filter(payment::Column::Rail.eq(rail.code()))
            .order_by_asc(payment::Column::CreatedAt);
        let Some(first) = first.one(&self.read).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let at = Row { table: "payment", key: &first.no };
        Ok(Some(beijing_day(at.time("created_at", first.created_at)?)))
    }
}

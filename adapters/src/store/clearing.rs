//! The clearing of each day with the finance department.

use super::column::{Row, micros, without_nul};
use super::entity::{clearing_day, clearing_difference};
use super::{Store, conflict_if_duplicate, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::{
    ClearedDay, ClearingBook, ClearingDifference, ClearingDifferenceKind, ClearingState,
};
use jiff::civil::Date;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

/// Rows per INSERT: eight columns of this many stay below the databases' limit of parameters.
const ROWS_AT_ONCE: usize = 1000;

fn row_of_day(cleared: &ClearedDay) -> clearing_day::Model {
    clearing_day::Model {
        day: cleared.day.to_string(),
        state: cleared.state.code().to_owned(),
        judged_at: micros(cleared.judged_at),
        orders: i64::from(cleared.orders),
        paid: cleared.paid.value(),
        refunded: cleared.refunded.value(),
        batches: i64::from(cleared.batches),
        agreed: i64::from(cleared.agreed),
        next_try_at: cleared.next_try_at.map(micros),
    }
}

fn row_of(day: &str, position: i64, found: &ClearingDifference) -> clearing_difference::Model {
    clearing_difference::Model {
        day: day.to_owned(),
        position,
        kind: found.kind.code().to_owned(),
        order_no: without_nul(&found.order_no),
        notice_no: without_nul(&found.notice_no),
        amount: found.amount.value(),
        code: without_nul(&found.code),
        reason: without_nul(&found.reason),
    }
}

fn difference_of(row: clearing_difference::Model) -> Result<ClearingDifference, StoreError> {
    let at = Row { table: "clearing_difference", key: &row.day };
    Ok(ClearingDifference {
        kind: at.some("kind", ClearingDifferenceKind::from_code(&row.kind))?,
        order_no: row.order_no,
        notice_no: row.notice_no,
        amount: Fen::new(row.amount),
        code: row.code,
        reason: row.reason,
    })
}

fn day_of(
    row: &clearing_day::Model,
    differences: Vec<ClearingDifference>,
) -> Result<ClearedDay, StoreError> {
    let at = Row { table: "clearing_day", key: &row.day };
    Ok(ClearedDay {
        day: at.day("day", &row.day)?,
        state: at.some("state", ClearingState::from_code(&row.state))?,
        judged_at: at.time("judged_at", row.judged_at)?,
        orders: at.count("orders", row.orders)?,
        paid: Fen::new(row.paid),
        refunded: Fen::new(row.refunded),
        batches: at.valid("batches", u8::try_from(row.batches))?,
        agreed: at.count("agreed", row.agreed)?,
        differences,
        next_try_at: at.time_if_any("next_try_at", row.next_try_at)?,
    })
}

async fn differences_of(
    snapshot: &DatabaseTransaction,
    day: &str,
) -> Result<Vec<ClearingDifference>, StoreError> {
    let rows = clearing_difference::Entity::find()
        .filter(clearing_difference::Column::Day.eq(day))
        .order_by_asc(clearing_difference::Column::Position);
    let rows = rows.all(snapshot).await.map_err(unavailable)?;
    rows.into_iter().map(difference_of).collect()
}

#[async_trait]
impl ClearingBook for Store {
    async fn save(&self, cleared: &ClearedDay) -> Result<(), StoreError> {
        let day = cleared.day.to_string();
        let transaction = self.begin().await?;
        let earlier = clearing_difference::Entity::delete_many()
            .filter(clearing_difference::Column::Day.eq(day.as_str()));
        earlier.exec(&transaction).await.map_err(unavailable)?;
        let earlier = clearing_day::Entity::delete_by_id(day.clone());
        earlier.exec(&transaction).await.map_err(unavailable)?;
        let insert = clearing_day::Entity::insert(row_of_day(cleared).into_active_model());
        // A second node that clears the same day at the same time: one of the two is enough.
        insert.exec_without_returning(&transaction).await.map_err(conflict_if_duplicate)?;
        let found: Vec<_> = cleared.differences.iter().zip(0..).collect();
        for some in found.chunks(ROWS_AT_ONCE) {
            let rows = some.iter().map(|(one, place)| row_of(&day, *place, one));
            let rows = rows.map(IntoActiveModel::into_active_model);
            let insert = clearing_difference::Entity::insert_many::<
                clearing_difference::ActiveModel,
                _,
            >(rows);
            insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        }
        around(Step::ClearingSave, transaction.commit()).await.map_err(unavailable)
    }

    async fn find(&self, day: Date) -> Result<Option<ClearedDay>, StoreError> {
        let key = day.to_string();
        // One snapshot: a later run may replace the day between the two reads.
        let snapshot = self.snapshot().await?;
        let row = clearing_day::Entity::find_by_id(key.clone());
        let Some(row) = row.one(&snapshot).await.map_err(unavailable)? else {
            return Ok(None);
        };
        day_of(&row, differences_of(&snapshot, &key).await?).map(Some)
    }

    async fn list(&self, limit: u16) -> Result<Vec<ClearedDay>, StoreError> {
        let snapshot = self.snapshot().await?;
        let newest = clearing_day::Entity::find()
            .order_by_desc(clearing_day::Column::Day)
            .limit(u64::from(limit));
        let mut days = Vec::new();
        for row in newest.all(&snapshot).await.map_err(unavailable)? {
            days.push(day_of(&row, differences_of(&snapshot, &row.day).await?)?);
        }
        Ok(days)
    }
}

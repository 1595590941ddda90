//! What citizens searched for in vain, counted over all nodes.

use super::column::{Row, micros};
use super::entity::search_miss;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::catalogue::{Miss, SearchMisses};
use domain::outside::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// More different texts are not kept; those that were not asked for the longest go.
const KEPT: u64 = 10_000;

fn miss_of(row: search_miss::Model) -> Result<Miss, StoreError> {
    let at = Row { table: "search_miss", key: &row.words };
    let (first, last) = (at.time("first_at", row.first_at)?, at.time("last_at", row.last_at)?);
    let times = at.count("times", row.times)?;
    Ok(Miss { text: row.words, times, first, last })
}

#[async_trait]
impl SearchMisses for Store {
    async fn add_misses(&self, misses: &[Miss]) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        for miss in misses {
            let row = search_miss::Model {
                words: miss.text.clone(),
                times: miss.times.into(),
                first_at: micros(miss.first),
                last_at: micros(miss.last),
            };
            let times = Expr::col((search_miss::Entity, search_miss::Column::Times));
            let more = OnConflict::column(search_miss::Column::Words)
                .value(search_miss::Column::Times, times.add(i64::from(miss.times)))
                .value(search_miss::Column::LastAt, micros(miss.last))
                .to_owned();
            let upsert = search_miss::Entity::insert(row.into_active_model()).on_conflict(more);
            upsert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        }
        let all = search_miss::Entity::find().count(&transaction).await.map_err(unavailable)?;
        if let Some(many) = all.checked_sub(KEPT).filter(|many| *many > 0) {
            let oldest = search_miss::Entity::find()
                .select_only()
                .column(search_miss::Column::Words)
                .order_by_asc(search_miss::Column::LastAt)
                .order_by_asc(search_miss::Column::Words)
                .limit(many)
                .into_tuple::<String>()
                .all(&transaction)
                .await
                .map_err(unavailable)?;
            let forget =
                search_miss::Entity::delete_many().filter(search_miss::Column::Words.is_in(oldest));
            forget.exec(&transaction).await.map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)
    }

    async fn list_misses(&self, limit: u16) -> Result<Vec<Miss>, StoreError> {
        let rows = search_miss::Entity::find()
            .order_by_desc(search_miss::Column::Times)
            .order_by_desc(search_miss::Column::LastAt)
            .order_by_asc(search_miss::Column::Words)
            .limit(u64::from(limit))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(miss_of).collect()
    }
}

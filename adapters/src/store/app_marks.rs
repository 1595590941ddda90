//! Favourite apps and those used last.

use super::column::{Row, micros};
use super::entity::{favourite_app, person, recent_app};
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::catalogue::{AppMarks, AppSlug, FavouriteAdded, MOST_FAVOURITES, MOST_RECENT};
use domain::ids::PersonId;
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeSet;

fn texts(owners: &[PersonId]) -> impl Iterator<Item = &str> {
    owners.iter().map(PersonId::as_str)
}

/// Each once, where it comes first.
fn slugs(
    table: &'static str,
    apps: impl IntoIterator<Item = String>,
) -> Result<Vec<AppSlug>, StoreError> {
    let mut seen = BTreeSet::new();
    let apps = apps.into_iter().filter(|app| seen.insert(app.clone())).collect::<Vec<_>>();
    apps.iter().map(|app| Row { table, key: app }.valid("app", AppSlug::new(app))).collect()
}

async fn favourites(
    connection: &impl ConnectionTrait,
    owners: &[PersonId],
) -> Result<Vec<AppSlug>, StoreError> {
    let rows = favourite_app::Entity::find()
        .filter(favourite_app::Column::PersonId.is_in(texts(owners)))
        .order_by_asc(favourite_app::Column::AddedAt)
        .order_by_asc(favourite_app::Column::App)
        .all(connection)
        .await
        .map_err(unavailable)?;
    slugs("favourite_app", rows.into_iter().map(|row| row.app))
}

async fn recent(
    connection: &impl ConnectionTrait,
    owners: &[PersonId],
) -> Result<Vec<String>, StoreError> {
    let rows = recent_app::Entity::find()
        .filter(recent_app::Column::PersonId.is_in(texts(owners)))
        .order_by_desc(recent_app::Column::UsedAt)
        .order_by_asc(recent_app::Column::App)
        .all(connection)
        .await
        .map_err(unavailable)?;
    Ok(rows.into_iter().map(|row| row.app).collect())
}

/// Others who change what hangs on this person wait until the transaction ends.
async fn lock(transaction: &DatabaseTransaction, owner: &PersonId) -> Result<(), StoreError> {
    let row = person::Entity::find_by_id(owner.as_str()).lock_exclusive().one(transaction).await;
    row.map_err(unavailable)?.map(|_| ()).ok_or(StoreError::Conflict)
}

#[async_trait]
impl AppMarks for Store {
    async fn list_favourites(&self, owners: &[PersonId]) -> Result<Vec<AppSlug>, StoreError> {
        favourites(&self.read, owners).await
    }

    async fn add_favourite(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        at: Timestamp,
    ) -> Result<FavouriteAdded, StoreError> {
        let owner = owners.first().ok_or(StoreError::Conflict)?;
        let transaction = self.begin().await?;
        lock(&transaction, owner).await?;
        let known = favourites(&transaction, owners).await?;
        if known.contains(app) {
            return Ok(FavouriteAdded::Kept);
        }
        if known.len() >= MOST_FAVOURITES {
            return Ok(FavouriteAdded::Full);
        }
        let row = favourite_app::Model {
            person_id: owner.as_str().to_owned(),
            app: app.as_str().to_owned(),
            added_at: micros(at),
        };
        let insert = favourite_app::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(FavouriteAdded::Kept)
    }

    async fn remove_favourite(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
    ) -> Result<bool, StoreError> {
        let gone = favourite_app::Entity::delete_many()
            .filter(favourite_app::Column::PersonId.is_in(texts(owners)))
            .filter(favourite_app::Column::App.eq(app.as_str()))
            .exec(&self.write)
            .await
            .map_err(unavailable)?;
        Ok(gone.rows_affected > 0)
    }

    async fn list_recent(&self, owners: &[PersonId]) -> Result<Vec<AppSlug>, StoreError> {
        let mut apps = slugs("recent_app", recent(&self.read, owners).await?)?;
        apps.truncate(MOST_RECENT);
        Ok(apps)
    }

    async fn remember(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let owner = owners.first().ok_or(StoreError::Conflict)?;
        // Who uses one app again and again writes nothing.
        let newest = recent(&self.read, owners).await?.into_iter().next();
        if newest.as_deref() == Some(app.as_str()) {
            return Ok(());
        }
        let transaction = self.begin().await?;
        lock(&transaction, owner).await?;
        let row = recent_app::Model {
            person_id: owner.as_str().to_owned(),
            app: app.as_str().to_owned(),
            used_at: micros(at),
        };
        let key = [recent_app::Column::PersonId, recent_app::Column::App];
        let again = OnConflict::columns(key).update_column(recent_app::Column::UsedAt).to_owned();
        let upsert = recent_app::Entity::insert(row.into_active_model()).on_conflict(again);
        upsert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        let own = recent(&transaction, std::slice::from_ref(owner)).await?;
        let old: Vec<_> = own.into_iter().skip(MOST_RECENT).collect();
        if !old.is_empty() {
            let forget = recent_app::Entity::delete_many()
                .filter(recent_app::Column::PersonId.eq(owner.as_str()))
                .filter(recent_app::Column::App.is_in(old));
            forget.exec(&transaction).await.map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)
    }
}

//! Links that are added and taken away, and accounts that become one: each with its lines of the
//! audit trail, in one transaction.

use super::audit::append;
use super::entity::{channel_link, person, session};
use super::persons::{link_row, links_of};
use super::sessions::revoke_where;
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::identity::{AuditRecord, Channel, ChannelLink, LinkStore, Linked, Merge, Unlinked};
use domain::ids::PersonId;
use domain::outside::StoreError;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel,
    QueryFilter,
};

/// The person's next version: who comes second waits, and a merge that was thought out before
/// meets another version.
async fn touch(transaction: &DatabaseTransaction, id: &PersonId) -> Result<(), StoreError> {
    let version = Expr::col(person::Column::Version).add(1);
    let touched = person::Entity::update_many()
        .col_expr(person::Column::Version, version)
        .filter(person::Column::Id.eq(id.as_str()))
        .filter(person::Column::MergedInto.is_null())
        .exec(transaction)
        .await
        .map_err(unavailable)?;
    if touched.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

#[async_trait]
impl LinkStore for Store {
    async fn link(&self, link: &ChannelLink, audit: &AuditRecord) -> Result<Linked, StoreError> {
        let transaction = self.begin().await?;
        touch(&transaction, &link.person).await?;
        let key =
            (link.channel.code().to_owned(), link.app_id.clone(), link.open_id.as_str().to_owned());
        let taken = channel_link::Entity::find_by_id(key).one(&transaction).await;
        if taken.map_err(unavailable)?.is_some() {
            return Err(StoreError::Conflict);
        }
        match Linked::beside(&links_of(&transaction, &link.person).await?, link) {
            Linked::Done => {}
            refused @ (Linked::ChannelTaken | Linked::TooMany) => return Ok(refused),
        }
        let insert = channel_link::Entity::insert(link_row(link).into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(conflict_if_duplicate)?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(Linked::Done)
    }

    async fn unlink(
        &self,
        person: &PersonId,
        channel: Channel,
        audit: &AuditRecord,
    ) -> Result<Unlinked, StoreError> {
        let transaction = self.begin().await?;
        touch(&transaction, person).await?;
        match Unlinked::among(&links_of(&transaction, person).await?, channel) {
            Unlinked::Done => {}
            refused @ (Unlinked::NotLinked | Unlinked::LastWay) => return Ok(refused),
        }
        channel_link::Entity::delete_many()
            .filter(channel_link::Column::PersonId.eq(person.as_str()))
            .filter(channel_link::Column::Channel.eq(channel.code()))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        let there = Condition::all()
            .add(session::Column::PersonId.eq(person.as_str()))
            .add(session::Column::Channel.eq(channel.code()));
        revoke_where(&transaction, there).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(Unlinked::Done)
    }

    async fn merge(&self, merge: &Merge) -> Result<(), StoreError> {
        let (elder, younger) = (&merge.elder, &merge.younger);
        let transaction = self.begin().await?;
        // The younger first: the id card that it gives up may be the elder's now.
        self.update_person(&transaction, younger).await?;
        self.update_person(&transaction, elder).await?;
        channel_link::Entity::update_many()
            .col_expr(channel_link::Column::PersonId, Expr::value(elder.id.as_str()))
            .filter(channel_link::Column::PersonId.eq(younger.id.as_str()))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        person::Entity::update_many()
            .col_expr(person::Column::MergedInto, Expr::value(elder.id.as_str()))
            .filter(person::Column::MergedInto.eq(younger.id.as_str()))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        let theirs = session::Column::PersonId.eq(younger.id.as_str());
        revoke_where(&transaction, theirs.into()).await?;
        for line in &merge.audit {
            append(&transaction, line).await?;
        }
        transaction.commit().await.map_err(unavailable)
    }
}

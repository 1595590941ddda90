//! What citizens allowed and wish, and their devices.

use super::column::{Row, micros};
use super::entity::{message_grant, message_wish, push_device, session};
use super::personal_data::Place;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::ids::PersonId;
use domain::messaging::{
    Grant, MessageChannel, MessageGroup, PUSH_DEVICES_MAX, PushDevice, ReachStore, Wishes,
};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

const TOKEN_INDEX: &str = "push_device.token";

fn token_place(session: &str) -> Place<'_> {
    Place { table: "push_device", column: "token", row: session }
}

fn channels_of(row: &message_wish::Model) -> Result<Vec<MessageChannel>, StoreError> {
    let at = Row { table: "message_wish", key: &row.person_id };
    let words = row.channels.split(',').filter(|word| !word.is_empty());
    words.map(|word| at.some("channels", MessageChannel::from_code(word))).collect()
}

fn grant_of(row: message_grant::Model) -> Result<Grant, StoreError> {
    let at = Row { table: "message_grant", key: &row.person_id };
    Ok(Grant {
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        channel: at.some("channel", MessageChannel::from_code(&row.channel))?,
        left: at.count("remaining", row.remaining)?,
        template_id: row.template_id,
    })
}

fn ids(owners: &[PersonId]) -> impl Iterator<Item = &str> {
    owners.iter().map(PersonId::as_str)
}

#[async_trait]
impl ReachStore for Store {
    async fn wishes(&self, owners: &[PersonId]) -> Result<Wishes, StoreError> {
        let rows = message_wish::Entity::find()
            .filter(message_wish::Column::PersonId.is_in(ids(owners)))
            .order_by_asc(message_wish::Column::At)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut chosen = Vec::with_capacity(rows.len());
        for row in &rows {
            let at = Row { table: "message_wish", key: &row.person_id };
            let group = at.some("message_group", MessageGroup::from_code(&row.message_group))?;
            chosen.push((group, channels_of(row)?));
        }
        Ok(Wishes::new(chosen))
    }

    async fn set_wish(
        &self,
        person: &PersonId,
        group: MessageGroup,
        channels: &[MessageChannel],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        use message_wish::Column as C;
        let words: Vec<&str> = channels.iter().map(|channel| channel.code()).collect();
        let row = message_wish::Model {
            person_id: person.as_str().to_owned(),
            message_group: group.code().to_owned(),
            channels: words.join(","),
            at: micros(at),
        };
        let newest = OnConflict::columns([C::PersonId, C::MessageGroup])
            .update_columns([C::Channels, C::At])
            .to_owned();
        message_wish::Entity::insert(row.into_active_model())
            .on_conflict(newest)
            .exec_without_returning(&self.write)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn grants(&self, owners: &[PersonId]) -> Result<Vec<Grant>, StoreError> {
        let rows = message_grant::Entity::find()
            .filter(message_grant::Column::PersonId.is_in(ids(owners)))
            .filter(message_grant::Column::Remaining.gt(0))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(grant_of).collect()
    }

    async fn add_grants(
        &self,
        person: &PersonId,
        channel: MessageChannel,
        template_ids: &[String],
    ) -> Result<(), StoreError> {
        use message_grant::Column as C;
        let transaction = self.begin().await?;
        for template_id in template_ids {
            let row = message_grant::Model {
                person_id: person.as_str().to_owned(),
                channel: channel.code().to_owned(),
                template_id: template_id.clone(),
                remaining: 0,
            };
            let kept = OnConflict::columns([C::PersonId, C::Channel, C::TemplateId])
                .do_nothing()
                .to_owned();
            message_grant::Entity::insert(row.into_active_model())
                .on_conflict(kept)
                .exec_without_returning(&transaction)
                .await
                .map_err(unavailable)?;
            let this = Condition::all()
                .add(C::PersonId.eq(person.as_str()))
                .add(C::Channel.eq(channel.code()))
                .add(C::TemplateId.eq(template_id.as_str()))
                .add(C::Remaining.lt(i64::from(Grant::MAX)));
            message_grant::Entity::update_many()
                .col_expr(C::Remaining, Expr::col(C::Remaining).add(1))
                .filter(this)
                .exec(&transaction)
                .await
                .map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)
    }

    async fn push_tokens(
        &self,
        owners: &[PersonId],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let living = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::PersonId.is_in(ids(owners)))
            .filter(session::Column::Revoked.eq(false))
            .filter(session::Column::RefreshUntil.gt(micros(now)));
        let rows = push_device::Entity::find()
            .filter(push_device::Column::PersonId.is_in(ids(owners)))
            .filter(push_device::Column::SessionId.in_subquery(living.into_query()))
            .order_by_desc(push_device::Column::At)
            .limit(u64::from(PUSH_DEVICES_MAX))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| self.keys.open(token_place(&row.session_id), &row.token)).collect()
    }

    async fn set_push_device(&self, device: &PushDevice) -> Result<(), StoreError> {
        use push_device::Column as C;
        let session = device.session.as_str();
        let index = self.keys.blind(TOKEN_INDEX, &device.token);
        let row = push_device::Model {
            session_id: session.to_owned(),
            person_id: device.person.as_str().to_owned(),
            token: self.keys.seal(token_place(session), &device.token)?,
            token_index: index.clone(),
            at: micros(device.at),
        };
        let transaction = self.begin().await?;
        push_device::Entity::delete_many()
            .filter(Condition::any().add(C::SessionId.eq(session)).add(C::TokenIndex.eq(index)))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        let insert = push_device::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(super::conflict_if_duplicate)?;
        transaction.commit().await.map_err(unavailable)
    }
}

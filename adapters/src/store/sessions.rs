//! Sessions, by hashes of their tokens.

use super::column::{Row, micros, sha256_hex, without_nul};
use super::entity::{person, session, used_refresh};
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::identity::{Channel, Person, Renewal, Secret, Session, SessionStore, Tokens};
use domain::ids::{PersonId, SessionId};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

fn hash(secret: &Secret) -> String {
    sha256_hex(secret.expose().as_bytes())
}

fn session_of(row: session::Model) -> Result<Session, StoreError> {
    let at = Row { table: "session", key: &row.id };
    Ok(Session {
        id: at.valid("id", SessionId::new(&row.id))?,
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        channel: at.some("channel", Channel::from_code(&row.channel))?,
        created_at: at.time("created_at", row.created_at)?,
        access_until: at.time("access_until", row.access_until)?,
        refresh_until: at.time("refresh_until", row.refresh_until)?,
        last_seen_at: at.time("last_seen_at", row.last_seen_at.unwrap_or(row.created_at))?,
        device: row.device,
    })
}

#[async_trait]
impl SessionStore for Store {
    async fn insert(&self, session: &Session, tokens: &Tokens) -> Result<(), StoreError> {
        let row = session::Model {
            id: session.id.as_str().to_owned(),
            person_id: session.person.as_str().to_owned(),
            channel: session.channel.code().to_owned(),
            device: session.device.as_deref().map(without_nul),
            access_hash: hash(&tokens.access),
            refresh_hash: hash(&tokens.refresh),
            created_at: micros(session.created_at),
            access_until: micros(session.access_until),
            refresh_until: micros(session.refresh_until),
            revoked: false,
            last_seen_at: Some(micros(session.last_seen_at)),
            mandate_no: None,
        };
        let insert = session::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&self.write).await.map_err(conflict_if_duplicate)?;
        Ok(())
    }

    async fn find_by_access(
        &self,
        access: &Secret,
    ) -> Result<Option<(Session, Person)>, StoreError> {
        let living = session::Entity::find()
            .find_also_related(person::Entity)
            .filter(session::Column::AccessHash.eq(hash(access)))
            .filter(session::Column::Revoked.eq(false));
        let found = living.one(&self.read).await.map_err(unavailable)?;
        let Some((row, Some(person))) = found else { return Ok(None) };
        Ok(Some((session_of(row)?, self.person_of(person)?)))
    }

    async fn rotate(
        &self,
        used: &Secret,
        renewal: &Renewal,
    ) -> Result<Option<Session>, StoreError> {
        let used = hash(used);
        let Renewal { tokens, channel, at: now, access_until, refresh_until } = renewal;
        let transaction = self.begin().await?;
        // The row stays locked: of two that show the same token the second finds it used.
        let found = session::Entity::find()
            .filter(session::Column::RefreshHash.eq(used.as_str()))
            .lock_exclusive()
            .one(&transaction)
            .await
            .map_err(unavailable)?;
        let Some(row) = found else {
            revoke_holder(&transaction, &used).await?;
            transaction.commit().await.map_err(unavailable)?;
            return Ok(None);
        };
        let elsewhere = channel.is_some_and(|channel| channel.code() != row.channel);
        if row.revoked || elsewhere || row.refresh_until <= micros(*now) {
            return Ok(None);
        }
        let replaced = used_refresh::Model {
            refresh_hash: used,
            session_id: row.id.clone(),
            used_at: micros(*now),
        };
        let replaced = used_refresh::Entity::insert(replaced.into_active_model());
        replaced.exec_without_returning(&transaction).await.map_err(unavailable)?;
        let renewed = session::ActiveModel {
            access_hash: Set(hash(&tokens.access)),
            refresh_hash: Set(hash(&tokens.refresh)),
            access_until: Set(micros(*access_until)),
            refresh_until: Set(micros(*refresh_until)),
            last_seen_at: Set(Some(micros(*now))),
            ..session::ActiveModel::default()
        };
        let this = session::Column::Id.eq(row.id.as_str());
        let renew = session::Entity::update_many().set(renewed).filter(this);
        renew.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(Some(Session {
            last_seen_at: *now,
            access_until: *access_until,
            refresh_until: *refresh_until,
            ..session_of(row)?
        }))
    }

    async fn revoke(&self, session: &SessionId) -> Result<(), StoreError> {
        let this = session::Column::Id.eq(session.as_str());
        revoke_where(&self.write, this.into()).await
    }

    async fn revoke_all(&self, person: &PersonId) -> Result<(), StoreError> {
        let theirs = session::Column::PersonId.eq(person.as_str());
        revoke_where(&self.write, theirs.into()).await
    }

    async fn list_sessions(
        &self,
        person: &PersonId,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<Session>, StoreError> {
        let rows = session::Entity::find()
            .filter(session::Column::PersonId.eq(person.as_str()))
            .filter(session::Column::Revoked.eq(false))
            .filter(session::Column::RefreshUntil.gt(micros(now)))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .limit(u64::from(limit))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(session_of).collect()
    }

    async fn revoke_of(&self, person: &PersonId, session: &SessionId) -> Result<bool, StoreError> {
        let this = Condition::all()
            .add(session::Column::Id.eq(session.as_str()))
            .add(session::Column::PersonId.eq(person.as_str()));
        Ok(revoked(&self.write, this).await? > 0)
    }
}

/// A token that was replaced before is shown again: its session ends.
async fn revoke_holder(connection: &impl ConnectionTrait, used: &str) -> Result<(), StoreError> {
    let replaced = used_refresh::Entity::find_by_id(used).one(connection).await;
    match replaced.map_err(unavailable)? {
        Some(replaced) => {
            revoke_where(connection, session::Column::Id.eq(replaced.session_id).into()).await
        }
        None => Ok(()),
    }
}

pub(super) async fn revoke_where(
    connection: &impl ConnectionTrait,
    which: Condition,
) -> Result<(), StoreError> {
    revoked(connection, which).await.map(|_| ())
}

/// How many there were, ended before or now.
async fn revoked(connection: &impl ConnectionTrait, which: Condition) -> Result<u64, StoreError> {
    let revoked = session::ActiveModel { revoked: Set(true), ..session::ActiveModel::default() };
    let revoke = session::Entity::update_many().set(revoked).filter(which);
    Ok(revoke.exec(connection).await.map_err(unavailable)?.rows_affected)
}

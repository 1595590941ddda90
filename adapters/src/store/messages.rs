//! Messages and their attempts.

use super::column::{Row, micros, without_nul};
use super::entity::{message, message_attempt, message_event, message_grant};
use super::message_events::event_of;
use super::personal_data::Place;
use super::{Store, readable, unavailable};
use async_trait::async_trait;
use domain::ids::PersonId;
use domain::messaging::{
    Attempt, AttemptOutcome, EventKey, EventKind, GrantMove, GrantStep, Message, MessageChange,
    MessageChannel, MessageEvent, MessagePage, MessageStore, MessageWords, NewMessage,
};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::collections::BTreeMap;

/// A column that only this file writes; whoever stores an event leaves it to its default.
const TAKEN: &str = "taken";

fn title_place(key: &str) -> Place<'_> {
    Place { table: "message", column: "title", row: key }
}

fn body_place(key: &str) -> Place<'_> {
    Place { table: "message", column: "body", row: key }
}

fn attempt_of(row: message_attempt::Model) -> Result<Attempt, StoreError> {
    let at = Row { table: "message_attempt", key: &row.event_key };
    Ok(Attempt {
        channel: at.some("channel", MessageChannel::from_code(&row.channel))?,
        outcome: at.some("outcome", AttemptOutcome::from_code(&row.outcome))?,
        tries: at.count("tries", row.tries)?,
        at: at.time("at", row.at)?,
        platform_no: row.platform_no,
        reason: row.reason,
    })
}

fn attempt_row(key: &EventKey, attempt: &Attempt) -> message_attempt::Model {
    message_attempt::Model {
        event_key: key.as_str().to_owned(),
        channel: attempt.channel.code().to_owned(),
        outcome: attempt.outcome.code().to_owned(),
        tries: i64::from(attempt.tries),
        platform_no: attempt.platform_no.as_deref().map(without_nul),
        reason: without_nul(&attempt.reason),
        at: micros(attempt.at),
    }
}

impl Store {
    /// The messages with events and attempts, in the same order.
    async fn whole(
        &self,
        connection: &impl ConnectionTrait,
        rows: Vec<message::Model>,
    ) -> Result<Vec<Result<Message, StoreError>>, StoreError> {
        let keys = || rows.iter().map(|row| row.event_key.as_str());
        let events = message_event::Entity::find()
            .filter(message_event::Column::EventKey.is_in(keys()))
            .all(connection)
            .await
            .map_err(unavailable)?;
        let mut events: BTreeMap<String, message_event::Model> =
            events.into_iter().map(|event| (event.event_key.clone(), event)).collect();
        let attempts = message_attempt::Entity::find()
            .filter(message_attempt::Column::EventKey.is_in(keys()))
            .all(connection)
            .await
            .map_err(unavailable)?;
        let mut of: BTreeMap<String, Vec<message_attempt::Model>> = BTreeMap::new();
        for attempt in attempts {
            of.entry(attempt.event_key.clone()).or_default().push(attempt);
        }
        let join = |row: message::Model| {
            let attempts = of.remove(&row.event_key).unwrap_or_default();
            let event = events.remove(&row.event_key);
            self.message_of(row, event, attempts)
        };
        Ok(rows.into_iter().map(join).collect())
    }

    fn message_of(
        &self,
        row: message::Model,
        event: Option<message_event::Model>,
        attempts: Vec<message_attempt::Model>,
    ) -> Result<Message, StoreError> {
        let key = row.event_key.as_str();
        let at = Row { table: "message", key };
        let event = event_of(&self.keys, at.some("event_key", event)?)?;
        let attempts = attempts.into_iter().map(attempt_of);
        let mut attempts: Vec<Attempt> = attempts.collect::<Result<_, StoreError>>()?;
        attempts.sort_by_key(|attempt| attempt.channel);
        Ok(Message {
            event,
            template_version: at.count("template_version", row.template_version)?,
            words: MessageWords {
                title: self.keys.open(title_place(key), &row.title)?,
                body: self.keys.open(body_place(key), &row.body)?,
            },
            read_at: at.time_if_any("read_at", row.read_at)?,
            attempts,
            due_at: at.time_if_any("due_at", row.due_at)?,
            version: at.count("version", row.version)?,
            about: row.about.clone(),
        })
    }

    async fn one_message(
        &self,
        select: Select<message::Entity>,
    ) -> Result<Option<Message>, StoreError> {
        let rows = select.limit(1).all(&self.read).await.map_err(unavailable)?;
        self.whole(&self.read, rows).await?.pop().transpose()
    }
}

fn is_grant(moved: &GrantMove) -> Condition {
    use message_grant::Column as C;
    Condition::all()
        .add(C::PersonId.eq(moved.person.as_str()))
        .add(C::Channel.eq(moved.channel.code()))
        .add(C::TemplateId.eq(moved.template_id.as_str()))
}

async fn step(transaction: &DatabaseTransaction, moved: &GrantMove) -> Result<(), StoreError> {
    let remaining = message_grant::Column::Remaining;
    let (value, which) = match moved.step {
        GrantStep::Use => (Expr::col(remaining).sub(1), is_grant(moved).add(remaining.gt(0))),
        GrantStep::Return => (Expr::col(remaining).add(1), is_grant(moved)),
        GrantStep::Drop => (Expr::value(0), is_grant(moved)),
    };
    let moving = message_grant::Entity::update_many().col_expr(remaining, value).filter(which);
    let moved = moving.exec(transaction).await.map_err(unavailable)?;
    if moved.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

#[async_trait]
impl MessageStore for Store {
    async fn list_new_events(
        &self,
        kinds: &[EventKind],
        limit: u16,
    ) -> Result<Vec<MessageEvent>, StoreError> {
        let rows = message_event::Entity::find()
            // Word for word as in the index.
            .filter(Expr::cust("NOT taken"))
            .filter(message_event::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
            .order_by_asc(message_event::Column::At)
            .order_by_asc(message_event::Column::EventKey)
            .limit(u64::from(limit))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        Ok(readable(rows.into_iter().map(|row| event_of(&self.keys, row))))
    }

    async fn accept(&self, new: &NewMessage) -> Result<(), StoreError> {
        let key = new.key.as_str();
        let transaction = self.begin().await?;
        let event = message_event::Entity::find_by_id(key).one(&transaction).await;
        let event = event.map_err(unavailable)?.ok_or(StoreError::Conflict)?;
        let row = message::Model {
            event_key: key.to_owned(),
            person_id: event.person_id,
            at: event.at,
            template_version: i64::from(new.template_version),
            title: self.keys.seal(title_place(key), &new.words.title)?,
            body: self.keys.seal(body_place(key), &new.words.body)?,
            about: new.about.as_deref().map(without_nul),
            read_at: None,
            due_at: Some(micros(new.due_at)),
            version: 0,
        };
        message::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(message::Column::EventKey).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await
            .map_err(unavailable)?;
        message_event::Entity::update_many()
            .col_expr(Alias::new(TAKEN), Expr::value(true))
            .filter(message_event::Column::EventKey.eq(key))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn lease_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Message>, StoreError> {
        let transaction = self.begin().await?;
        let due = message::Entity::find()
            .filter(message::Column::DueAt.lte(micros(now)))
            .order_by_asc(message::Column::DueAt)
            .order_by_asc(message::Column::EventKey)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut rows = due.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for row in &mut rows {
            row.due_at = Some(micros(until));
            let leased =
                message::ActiveModel { due_at: Set(row.due_at), ..message::ActiveModel::default() };
            message::Entity::update_many()
                .set(leased)
                .filter(message::Column::EventKey.eq(row.event_key.as_str()))
                .exec(&transaction)
                .await
                .map_err(unavailable)?;
        }
        let messages = self.whole(&transaction, rows).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(readable(messages))
    }

    async fn save_message(&self, change: &MessageChange) -> Result<(), StoreError> {
        let message = &change.message;
        let key = message.event.key.as_str();
        let version = i64::from(message.version);
        let transaction = self.begin().await?;
        let columns = message::ActiveModel {
            due_at: Set(message.due_at.map(micros)),
            version: Set(version + 1),
            ..message::ActiveModel::default()
        };
        let updated = message::Entity::update_many()
            .set(columns)
            .filter(message::Column::EventKey.eq(key))
            .filter(message::Column::Version.eq(version))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        if updated.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        for attempt in &message.attempts {
            use message_attempt::Column as C;
            let row = attempt_row(&message.event.key, attempt).into_active_model();
            let newest = OnConflict::columns([C::EventKey, C::Channel])
                .update_columns([C::Outcome, C::Tries, C::PlatformNo, C::Reason, C::At])
                .to_owned();
            message_attempt::Entity::insert(row)
                .on_conflict(newest)
                .exec_without_returning(&transaction)
                .await
                .map_err(unavailable)?;
        }
        if let Some(moved) = &change.grant {
            step(&transaction, moved).await?;
        }
        transaction.commit().await.map_err(unavailable)
    }

    async fn find_message(&self, key: &EventKey) -> Result<Option<Message>, StoreError> {
        self.one_message(message::Entity::find_by_id(key.as_str())).await
    }

    async fn find_by_platform_no(
        &self,
        channel: MessageChannel,
        platform_no: &str,
    ) -> Result<Option<Message>, StoreError> {
        let told = message_attempt::Entity::find()
            .filter(message_attempt::Column::Channel.eq(channel.code()))
            .filter(message_attempt::Column::PlatformNo.eq(without_nul(platform_no)))
            .one(&self.read)
            .await
            .map_err(unavailable)?;
        match told {
            Some(attempt) => self.one_message(message::Entity::find_by_id(attempt.event_key)).await,
            None => Ok(None),
        }
    }

    async fn list_messages_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&EventKey>,
        limit: u16,
    ) -> Result<MessagePage, StoreError> {
        use message::Column as C;
        let owned = || C::PersonId.is_in(owners.iter().map(PersonId::as_str));
        let mut select = message::Entity::find()
            .filter(owned())
            .order_by_desc(C::At)
            .order_by_desc(C::EventKey)
            .limit(u64::from(limit) + 1);
        if let Some(before) = before {
            let edge = message::Entity::find_by_id(before.as_str()).filter(owned());
            let Some(edge) = edge.one(&self.read).await.map_err(unavailable)? else {
                return Ok(MessagePage { messages: Vec::new(), more: false });
            };
            let same_time =
                Condition::all().add(C::At.eq(edge.at)).add(C::EventKey.lt(edge.event_key));
            select = select.filter(Condition::any().add(C::At.lt(edge.at)).add(same_time));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        let messages = self.whole(&self.read, rows).await?;
        let mut messages: Vec<Message> = messages.into_iter().collect::<Result<_, _>>()?;
        let more = messages.len() > usize::from(limit);
        messages.truncate(usize::from(limit));
        Ok(MessagePage { messages, more })
    }

    async fn count_unread(&self, owners: &[PersonId]) -> Result<u64, StoreError> {
        message::Entity::find()
            .filter(message::Column::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .filter(message::Column::ReadAt.is_null())
            .count(&self.read)
            .await
            .map_err(unavailable)
    }

    async fn mark_read(
        &self,
        owners: &[PersonId],
        keys: &[EventKey],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let read = message::ActiveModel {
            read_at: Set(Some(micros(at))),
            ..message::ActiveModel::default()
        };
        message::Entity::update_many()
            .set(read)
            .filter(message::Column::EventKey.is_in(keys.iter().map(EventKey::as_str)))
            .filter(message::Column::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .filter(message::Column::ReadAt.is_null())
            .exec(&self.write)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn count_waiting(&self) -> Result<u64, StoreError> {
        let waiting = message::Entity::find().filter(message::Column::DueAt.is_not_null());
        waiting.count(&self.read).await.map_err(unavailable)
    }
}

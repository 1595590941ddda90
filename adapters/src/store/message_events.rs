//! What citizens should hear of.

use super::column::{Row, micros};
use super::entity::message_event;
use super::personal_data::{PersonalDataKeys, Place};
use super::unavailable;
use domain::ids::PersonId;
use domain::messaging::{EventKey, EventKind, MessageEvent};
use domain::outside::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use std::collections::BTreeMap;

/// Where the facts of one event are sealed for.
pub(super) fn facts_place(event_key: &str) -> Place<'_> {
    Place { table: "message_event", column: "facts", row: event_key }
}

/// The event of a row.
pub(super) fn event_of(
    keys: &PersonalDataKeys,
    row: message_event::Model,
) -> Result<MessageEvent, StoreError> {
    let key = row.event_key.as_str();
    let at = Row { table: "message_event", key };
    let facts = keys.open(facts_place(key), &row.facts)?;
    let facts: BTreeMap<String, String> = at.valid("facts", serde_json::from_str(&facts))?;
    Ok(MessageEvent {
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        kind: at.some("kind", EventKind::parse(&row.kind))?,
        facts: facts.into_iter().collect(),
        at: at.time("at", row.at)?,
        key: at.valid("event_key", EventKey::new(key))?,
    })
}

/// Stores events in the transaction of the change that they tell of. One whose key is there
/// already changes nothing.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    keys: &PersonalDataKeys,
    events: &[MessageEvent],
) -> Result<(), StoreError> {
    for event in events {
        let key = event.key.as_str();
        let facts: BTreeMap<&str, &str> =
            event.facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let facts =
            serde_json::to_string(&facts).map_err(|error| StoreError::Unavailable(error.into()))?;
        let row = message_event::Model {
            event_key: key.to_owned(),
            person_id: event.person.as_str().to_owned(),
            kind: event.kind.as_str().to_owned(),
            facts: keys.seal(facts_place(key), &facts)?,
            at: micros(event.at),
        };
        message_event::Entity::insert(row.into_active_model())
            .on_conflict(
                OnConflict::column(message_event::Column::EventKey).do_nothing().to_owned(),
            )
            .exec_without_returning(connection)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

//! Deliveries; names, phones, addresses and tracks are sealed.

use super::column::{Row, micros};
use super::entity::delivery;
use super::personal_data::Place;
use super::{Store, conflict_if_duplicate, message_events, readable, unavailable};
use async_trait::async_trait;
use domain::casework::delivery::{
    Address, Delivery, DeliveryState, DeliveryStore, DeliverySubject, LeasedDelivery, Recipient,
    Track, TrackKind, Waybill,
};
use domain::ids::{DeliveryNo, IdempotencyKey, PersonId};
use domain::messaging::MessageEvent;
use domain::outside::StoreError;
use domain::standards::{Mobile, RegionCode};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A track as the sealed column holds it.
#[derive(Serialize, Deserialize)]
struct TrackRow {
    at: i64,
    kind: String,
    place: String,
    words: String,
}

fn place<'a>(column: &'static str, no: &'a str) -> Place<'a> {
    Place { table: "delivery", column, row: no }
}

impl Store {
    fn delivery_row(&self, delivery: &Delivery) -> Result<delivery::Model, StoreError> {
        let no = delivery.no.as_str();
        let seal = |column, text: &str| self.keys.seal(place(column, no), text);
        let tracks: Vec<_> = delivery
            .tracks
            .iter()
            .map(|track| TrackRow {
                at: micros(track.at),
                kind: track.kind.code().to_owned(),
                place: track.place.clone(),
                words: track.words.clone(),
            })
            .collect();
        let tracks = serde_json::to_string(&tracks);
        let tracks = tracks.map_err(|error| StoreError::Unavailable(error.into()))?;
        let (kind, number) = delivery.subject.code();
        Ok(delivery::Model {
            no: no.to_owned(),
            person_id: delivery.person.as_str().to_owned(),
            idempotency_key: delivery.key.as_str().to_owned(),
            subject_kind: kind.to_owned(),
            subject_no: number.to_owned(),
            sender: delivery.sender.clone(),
            content: delivery.content.clone(),
            recipient: seal("recipient", &delivery.recipient.name)?,
            phone: seal("phone", delivery.recipient.phone.as_str())?,
            region: seal("region", delivery.address.region.as_str())?,
            address: seal("address", &delivery.address.detail)?,
            status: delivery.state.code().to_owned(),
            stands: !delivery.state.has_failed(),
            waybill: delivery.waybill.as_ref().map(|waybill| waybill.as_str().to_owned()),
            tracks: seal("tracks", &tracks)?,
            created_at: micros(delivery.created_at),
            next_check_at: delivery.next_check_at.map(micros),
            version: i64::from(delivery.version),
        })
    }

    fn delivery_of(&self, row: delivery::Model) -> Result<Delivery, StoreError> {
        let at = Row { table: "delivery", key: &row.no };
        let open = |column, sealed: &str| self.keys.open(place(column, &row.no), sealed);
        let tracks: Vec<TrackRow> =
            at.valid("tracks", serde_json::from_str(&open("tracks", &row.tracks)?))?;
        let track = |track: TrackRow| {
            Ok(Track {
                at: at.time("tracks", track.at)?,
                kind: at.some("tracks", TrackKind::from_code(&track.kind))?,
                place: track.place,
                words: track.words,
            })
        };
        let waybill = row.waybill.as_deref().map(Waybill::new).transpose();
        let subject = DeliverySubject::from_code(&row.subject_kind, &row.subject_no);
        Ok(Delivery {
            no: at.valid("no", DeliveryNo::new(&row.no))?,
            person: at.valid("person_id", PersonId::new(&row.person_id))?,
            key: at.valid("idempotency_key", IdempotencyKey::new(&row.idempotency_key))?,
            subject: at.some("subject_kind", subject)?,
            sender: row.sender.clone(),
            content: row.content.clone(),
            recipient: Recipient {
                name: open("recipient", &row.recipient)?,
                phone: at.valid("phone", Mobile::new(&open("phone", &row.phone)?))?,
            },
            address: Address {
                region: at.valid("region", RegionCode::new(&open("region", &row.region)?))?,
                detail: open("address", &row.address)?,
            },
            state: at.some("status", DeliveryState::from_code(&row.status))?,
            waybill: at.valid("waybill", waybill)?,
            tracks: tracks.into_iter().map(track).collect::<Result<_, StoreError>>()?,
            created_at: at.time("created_at", row.created_at)?,
            next_check_at: at.time_if_any("next_check_at", row.next_check_at)?,
            version: at.count("version", row.version)?,
        })
    }
}

/// Of one subject.
const MOST: usize = 20;

#[async_trait]
impl DeliveryStore for Store {
    async fn insert(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let row = self.delivery_row(delivery)?.into_active_model();
        let stored = delivery::Entity::insert(row).exec_without_returning(&self.write).await;
        stored.map(|_| ()).map_err(conflict_if_duplicate)
    }

    async fn find_by_key(
        &self,
        owners: &[PersonId],
        key: &IdempotencyKey,
    ) -> Result<Option<Delivery>, StoreError> {
        let row = delivery::Entity::find()
            .filter(delivery::Column::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .filter(delivery::Column::IdempotencyKey.eq(key.as_str()))
            .one(&self.write)
            .await
            .map_err(unavailable)?;
        row.map(|row| self.delivery_of(row)).transpose()
    }

    async fn find(&self, no: &DeliveryNo) -> Result<Option<Delivery>, StoreError> {
        let row = delivery::Entity::find_by_id(no.as_str()).one(&self.read).await;
        row.map_err(unavailable)?.map(|row| self.delivery_of(row)).transpose()
    }

    async fn list_of_all(
        &self,
        subjects: &[DeliverySubject],
    ) -> Result<BTreeMap<DeliverySubject, Vec<Delivery>>, StoreError> {
        let mut numbers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (kind, number) in subjects.iter().map(DeliverySubject::code) {
            numbers.entry(kind).or_default().push(number);
        }
        let of_kind = |(kind, numbers): (&str, Vec<&str>)| {
            Condition::all()
                .add(delivery::Column::SubjectKind.eq(kind))
                .add(delivery::Column::SubjectNo.is_in(numbers))
        };
        let any = numbers.into_iter().map(of_kind).fold(Condition::any(), Condition::add);
        let rows = delivery::Entity::find()
            .filter(any)
            .order_by_desc(delivery::Column::CreatedAt)
            .order_by_desc(delivery::Column::No)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut found: BTreeMap<DeliverySubject, Vec<Delivery>> = BTreeMap::new();
        for row in rows {
            let delivery = self.delivery_of(row)?;
            let of = found.entry(delivery.subject.clone()).or_default();
            // Of one thing one parcel stands; there are more only where parcels went astray.
            if of.len() < MOST {
                of.push(delivery);
            }
        }
        Ok(found)
    }

    async fn list_of(&self, subject: &DeliverySubject) -> Result<Vec<Delivery>, StoreError> {
        let (kind, number) = subject.code();
        let rows = delivery::Entity::find()
            .filter(delivery::Column::SubjectKind.eq(kind))
            .filter(delivery::Column::SubjectNo.eq(number))
            .order_by_desc(delivery::Column::CreatedAt)
            .order_by_desc(delivery::Column::No)
            .limit(MOST as u64)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(|row| self.delivery_of(row)).collect()
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let transaction = self.begin().await?;
        let due = delivery::Entity::find()
            .filter(delivery::Column::NextCheckAt.lte(micros(now)))
            .order_by_asc(delivery::Column::NextCheckAt)
            .order_by_asc(delivery::Column::No)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut rows = due.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for row in &mut rows {
            row.next_check_at = Some(micros(until));
            let leased = delivery::Entity::update_many()
                .col_expr(delivery::Column::NextCheckAt, Expr::value(micros(until)))
                .filter(delivery::Column::No.eq(row.no.as_str()));
            leased.exec(&transaction).await.map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(readable(rows.into_iter().map(|row| self.delivery_of(row))))
    }

    async fn update(&self, delivery: &Delivery, events: &[MessageEvent]) -> Result<(), StoreError> {
        let stored_version = i64::from(delivery.version);
        let row = delivery::Model { version: stored_version + 1, ..self.delivery_row(delivery)? };
        let mut row = row.into_active_model().reset_all();
        row.no = sea_orm::ActiveValue::Unchanged(delivery.no.as_str().to_owned());
        let transaction = self.begin().await?;
        let updated = delivery::Entity::update_many()
            .set(row)
            .filter(delivery::Column::No.eq(delivery.no.as_str()))
            .filter(delivery::Column::Version.eq(stored_version))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        if updated.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        message_events::insert(&transaction, &self.keys, events).await?;
        transaction.commit().await.map_err(unavailable)
    }
}

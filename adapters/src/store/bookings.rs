//! Bookings, and what is taken of slots.

use super::column::{Row, micros};
use super::entity::{booking, booking_slot, person};
use super::{Store, conflict_if_duplicate, is_duplicate, message_events, readable, unavailable};
use async_trait::async_trait;
use domain::casework::booking::{
    Booking, BookingChange, BookingNo, BookingPage, BookingStatus, BookingStore, Held, NewBooking,
    SlotKey, Word,
};
use domain::catalogue::AppSlug;
use domain::ids::{IdempotencyKey, PersonId, SubmissionNo};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::ActiveValue::Unchanged;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait,
    ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::collections::BTreeMap;

fn texts(owners: &[PersonId]) -> impl Iterator<Item = &str> {
    owners.iter().map(PersonId::as_str)
}

fn of_owners(owners: &[PersonId]) -> Select<booking::Entity> {
    booking::Entity::find().filter(booking::Column::PersonId.is_in(texts(owners)))
}

fn open_of(owners: &[PersonId]) -> Select<booking::Entity> {
    let open = [BookingStatus::Held, BookingStatus::Confirmed].map(BookingStatus::code);
    of_owners(owners).filter(booking::Column::Status.is_in(open))
}

fn is_slot(service: &str, slot: &str) -> Condition {
    Condition::all()
        .add(booking_slot::Column::Service.eq(service))
        .add(booking_slot::Column::Slot.eq(slot))
}

/// The slot with what the department says now: never less than is taken already.
async fn open_slot(
    transaction: &DatabaseTransaction,
    key: &SlotKey,
    capacity: u32,
) -> Result<(), StoreError> {
    let row = booking_slot::Model {
        service: key.service().as_str().to_owned(),
        slot: key.name().to_owned(),
        capacity: i64::from(capacity),
        taken: 0,
    };
    let known = [booking_slot::Column::Service, booking_slot::Column::Slot];
    let told = Expr::cust(
        "CASE WHEN excluded.capacity < booking_slot.taken THEN booking_slot.taken \
         ELSE excluded.capacity END",
    );
    let again = OnConflict::columns(known).value(booking_slot::Column::Capacity, told).to_owned();
    let insert = booking_slot::Entity::insert(row.into_active_model()).on_conflict(again);
    insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    Ok(())
}

/// One statement: whoever comes second sees what the first has taken.
async fn take(
    transaction: &DatabaseTransaction,
    key: &SlotKey,
    places: u32,
) -> Result<bool, StoreError> {
    let wanted = Expr::col(booking_slot::Column::Taken).add(i64::from(places));
    let taken = booking_slot::Entity::update_many()
        .col_expr(booking_slot::Column::Taken, wanted.clone())
        .filter(is_slot(key.service().as_str(), key.name()))
        .filter(wanted.lte(Expr::col(booking_slot::Column::Capacity)))
        .exec(transaction)
        .await
        .map_err(unavailable)?;
    Ok(taken.rows_affected == 1)
}

impl Store {
    async fn one_booking(
        &self,
        connection: &impl ConnectionTrait,
        select: Select<booking::Entity>,
    ) -> Result<Option<Booking>, StoreError> {
        let row = select.one(connection).await.map_err(unavailable)?;
        row.map(|row| self.booking_of(&row)).transpose()
    }

    async fn known_or_taken(&self, new: &NewBooking<'_>) -> Result<Held, StoreError> {
        let same = of_submission(&new.booking.submission);
        let known = self.one_booking(&self.write, same).await?;
        Ok(known.map_or(Held::Twice, |known| Held::Known(Box::new(known))))
    }
}

fn of_submission(no: &SubmissionNo) -> Select<booking::Entity> {
    booking::Entity::find().filter(booking::Column::SubmissionNo.eq(no.as_str()))
}

#[async_trait]
impl BookingStore for Store {
    async fn hold(&self, new: &NewBooking<'_>) -> Result<Held, StoreError> {
        let (wanted, key) = (new.booking, &new.booking.slot.key);
        let row = self.booking_row(wanted)?;
        let transaction = self.begin().await?;
        // Whatever one person books at once is counted one after the other.
        let person = person::Entity::find_by_id(wanted.person.as_str()).lock_exclusive();
        person.one(&transaction).await.map_err(unavailable)?;
        let same = of_submission(&wanted.submission);
        if let Some(known) = self.one_booking(&transaction, same).await? {
            return Ok(Held::Known(Box::new(known)));
        }
        let of_slot = open_of(new.owners)
            .filter(booking::Column::Service.eq(key.service().as_str()))
            .filter(booking::Column::Slot.eq(key.name()));
        if of_slot.count(&transaction).await.map_err(unavailable)? > 0 {
            return Ok(Held::Twice);
        }
        let of_app = open_of(new.owners).filter(booking::Column::App.eq(row.app.as_str()));
        let ahead = of_app.count(&transaction).await.map_err(unavailable)?;
        if ahead >= u64::from(new.most_open) {
            return Ok(Held::TooMany);
        }
        open_slot(&transaction, key, new.capacity).await?;
        if !take(&transaction, key, wanted.places.count()).await? {
            return Ok(Held::Taken);
        }
        let insert = booking::Entity::insert(row.into_active_model());
        match insert.exec_without_returning(&transaction).await {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                // The same call was here at the same moment: this one has taken nothing.
                transaction.rollback().await.map_err(unavailable)?;
                return self.known_or_taken(new).await;
            }
            Err(error) => return Err(unavailable(error)),
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(Held::Booked)
    }

    async fn save(&self, change: &BookingChange) -> Result<(), StoreError> {
        let (before, after) = (&change.before, &change.after);
        let stored = i64::from(before.version);
        let row = booking::Model { version: stored + 1, ..self.booking_row(after)? };
        let mut row = row.into_active_model().reset_all();
        row.no = Unchanged(before.no.as_str().to_owned());
        let transaction = self.begin().await?;
        let updated = booking::Entity::update_many()
            .set(row)
            .filter(booking::Column::No.eq(before.no.as_str()))
            .filter(booking::Column::Version.eq(stored))
            .exec(&transaction)
            .await
            .map_err(conflict_if_duplicate)?;
        if updated.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        if change.gives_back() {
            let key = &before.slot.key;
            let left = Expr::col(booking_slot::Column::Taken).sub(i64::from(before.places.count()));
            let given_back = booking_slot::Entity::update_many()
                .col_expr(booking_slot::Column::Taken, left)
                .filter(is_slot(key.service().as_str(), key.name()));
            given_back.exec(&transaction).await.map_err(unavailable)?;
        }
        message_events::insert(&transaction, &self.keys, &change.events).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn find_booking(&self, no: &BookingNo) -> Result<Option<Booking>, StoreError> {
        self.one_booking(&self.read, booking::Entity::find_by_id(no.as_str())).await
    }

    async fn find_of_submission(&self, no: &SubmissionNo) -> Result<Option<Booking>, StoreError> {
        self.one_booking(&self.read, of_submission(no)).await
    }

    async fn find_by_key(
        &self,
        owners: &[PersonId],
        word: Word,
        key: &IdempotencyKey,
    ) -> Result<Option<Booking>, StoreError> {
        let column = match word {
            Word::Confirm => booking::Column::ConfirmKey,
            Word::Cancel => booking::Column::CancelKey,
        };
        self.one_booking(&self.read, of_owners(owners).filter(column.eq(key.as_str()))).await
    }

    async fn list_bookings(
        &self,
        owners: &[PersonId],
        before: Option<&BookingNo>,
        first: u16,
    ) -> Result<BookingPage, StoreError> {
        let mut select =
            of_owners(owners).order_by_desc(booking::Column::No).limit(u64::from(first) + 1);
        if let Some(before) = before {
            select = select.filter(booking::Column::No.lt(before.as_str()));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        let more = rows.len() > usize::from(first);
        let rows = rows.iter().take(usize::from(first));
        let bookings = rows.map(|row| self.booking_of(row)).collect::<Result<_, _>>()?;
        Ok(BookingPage { bookings, more })
    }

    async fn list_upcoming(
        &self,
        owners: &[PersonId],
        now: Timestamp,
        first: u16,
    ) -> Result<Vec<Booking>, StoreError> {
        let held = Condition::all()
            .add(booking::Column::Status.eq(BookingStatus::Held.code()))
            .add(booking::Column::Since.gt(micros(now)));
        let confirmed = booking::Column::Status.eq(BookingStatus::Confirmed.code());
        let rows = open_of(owners)
            .filter(Condition::any().add(held).add(confirmed))
            .filter(booking::Column::EndsAt.gt(micros(now)))
            .order_by_asc(booking::Column::StartsAt)
            .order_by_asc(booking::Column::No)
            .limit(u64::from(first))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| self.booking_of(row)).collect()
    }

    async fn list_missed(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let rows = of_owners(owners)
            .filter(booking::Column::App.eq(app.as_str()))
            .filter(booking::Column::Status.eq(BookingStatus::NoShow.code()))
            .filter(booking::Column::StartsAt.gte(micros(since)))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let time = |row: &booking::Model| {
            Row { table: "booking", key: &row.no }.time("starts_at", row.starts_at)
        };
        rows.iter().map(time).collect()
    }

    async fn taken(&self, slots: &[SlotKey]) -> Result<BTreeMap<SlotKey, u32>, StoreError> {
        let mut by_service: BTreeMap<&str, Vec<&SlotKey>> = BTreeMap::new();
        for key in slots {
            by_service.entry(key.service().as_str()).or_default().push(key);
        }
        let mut taken = BTreeMap::new();
        for (service, keys) in by_service {
            let rows = booking_slot::Entity::find()
                .filter(booking_slot::Column::Service.eq(service))
                .filter(booking_slot::Column::Slot.is_in(keys.iter().map(|key| key.name())))
                .all(&self.read)
                .await
                .map_err(unavailable)?;
            for row in rows {
                let at = Row { table: "booking_slot", key: &row.slot };
                let key = keys.iter().find(|key| key.name() == row.slot);
                let count = at.count("taken", row.taken)?;
                taken.extend(key.map(|key| ((*key).clone(), count)));
            }
        }
        Ok(taken)
    }

    async fn lease_bookings(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Booking>, StoreError> {
        let transaction = self.begin().await?;
        let due = booking::Entity::find()
            .filter(booking::Column::LookAt.lte(micros(now)))
            .order_by_asc(booking::Column::LookAt)
            .order_by_asc(booking::Column::No)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let rows = due.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let numbers = rows.iter().map(|row| row.no.as_str());
        let lease = booking::Entity::update_many()
            .col_expr(booking::Column::LookAt, Expr::value(micros(until)))
            .filter(booking::Column::No.is_in(numbers));
        lease.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(readable(rows.iter().map(|row| self.booking_of(row))))
    }
}

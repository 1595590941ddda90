//! Wrong codes of certificates, by where they came from.

use super::column::{Row, micros};
use super::entity::certificate_guess;
use super::{Store, unavailable};
use domain::casework::certificate::Guesses;
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

fn guesses(row: &certificate_guess::Model) -> Result<Guesses, StoreError> {
    let at = Row { table: "certificate_guess", key: &row.serial };
    Ok(Guesses { wrong: at.count("wrong", row.wrong)?, since: at.time("since", row.since)? })
}

impl Store {
    /// Under what a place is counted.
    pub(super) fn guess_source(&self, came_from: &str) -> String {
        self.keys.blind("certificate_guess", came_from)
    }

    /// Is no code of this certificate looked at from there now?
    pub(super) async fn guessed_too_often(
        &self,
        serial: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = (serial.to_owned(), source.to_owned());
        let row = certificate_guess::Entity::find_by_id(key).one(&self.read).await;
        let row = row.map_err(unavailable)?;
        row.map_or(Ok(false), |row| Ok(guesses(&row)?.are_too_many(now)))
    }

    /// Counted under a lock of the row, so that those who come at once are all counted. What does
    /// not count any more is forgotten.
    pub(super) async fn count_wrong_code(
        &self,
        serial: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use certificate_guess::Column as C;
        let transaction = self.begin().await?;
        let over = now.checked_sub(Guesses::WITHIN).unwrap_or(Timestamp::MIN);
        let stale = certificate_guess::Entity::delete_many().filter(C::Since.lte(micros(over)));
        stale.exec(&transaction).await.map_err(unavailable)?;
        let none = certificate_guess::Model {
            serial: serial.to_owned(),
            source_index: source.to_owned(),
            wrong: 0,
            since: micros(now),
        };
        certificate_guess::Entity::insert(none.into_active_model())
            .on_conflict(OnConflict::columns([C::Serial, C::SourceIndex]).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await
            .map_err(unavailable)?;
        let here = || Condition::all().add(C::Serial.eq(serial)).add(C::SourceIndex.eq(source));
        let row = certificate_guess::Entity::find().filter(here()).lock_exclusive();
        let row = row.one(&transaction).await.map_err(unavailable)?;
        let counted = guesses(&row.ok_or(StoreError::Conflict)?)?.and_one_more(now);
        let change = certificate_guess::ActiveModel {
            wrong: Set(i64::from(counted.wrong)),
            since: Set(micros(counted.since)),
            ..certificate_guess::ActiveModel::default()
        };
        let update = certificate_guess::Entity::update_many().set(change).filter(here());
        update.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)
    }
}

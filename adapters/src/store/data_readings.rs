//! Which department was told what, and from which one forms may be filled in.

use super::audit::append;
use super::column::{Row, micros};
use super::entity::{data_consent, data_reading, known_fact};
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::catalogue::AppSlug;
use domain::identity::{
    AuditRecord, Consent, ConsentGiven, DataReading, DataStore, ReadingPurpose,
};
use domain::ids::{PersonId, ReadNo};
use domain::outside::StoreError;
use domain::standards::CitizenId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

/// As many consents as the port lists.
const MOST_CONSENTS: u64 = 200;

fn reading_of(row: data_reading::Model) -> Result<DataReading, StoreError> {
    let at = Row { table: "data_reading", key: &row.no };
    let app = row.app.as_deref().map(AppSlug::new).transpose();
    Ok(DataReading {
        no: at.valid("no", ReadNo::new(&row.no))?,
        app: at.valid("app", app)?,
        fields: row.fields.split(',').map(str::to_owned).collect(),
        purpose: at.some("purpose", ReadingPurpose::from_code(&row.purpose))?,
        at: at.time("at", row.at)?,
        department: row.department,
        operation: row.operation,
    })
}

#[async_trait]
impl DataStore for Store {
    async fn note_reading(&self, of: &CitizenId, reading: &DataReading) -> Result<(), StoreError> {
        let row = data_reading::Model {
            no: reading.no.as_str().to_owned(),
            subject_index: self.keys.blind("id_card", of.as_str()),
            department: reading.department.clone(),
            operation: reading.operation.clone(),
            app: reading.app.as_ref().map(|app| app.as_str().to_owned()),
            fields: reading.fields.join(","),
            purpose: reading.purpose.code().to_owned(),
            at: micros(reading.at),
        };
        let insert = data_reading::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&self.write).await.map_err(unavailable)?;
        Ok(())
    }

    async fn list_readings(
        &self,
        of: &CitizenId,
        before: Option<&ReadNo>,
        limit: u16,
    ) -> Result<Vec<DataReading>, StoreError> {
        let index = self.keys.blind("id_card", of.as_str());
        let mut select = data_reading::Entity::find()
            .filter(data_reading::Column::SubjectIndex.eq(index))
            .order_by_desc(data_reading::Column::No)
            .limit(u64::from(limit));
        if let Some(before) = before {
            select = select.filter(data_reading::Column::No.lt(before.as_str()));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        rows.into_iter().map(reading_of).collect()
    }

    async fn set_consent(
        &self,
        person: &PersonId,
        consent: &Consent,
        given: ConsentGiven,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        match given {
            ConsentGiven::Yes => {
                let row = data_consent::Model {
                    person_id: person.as_str().to_owned(),
                    department: consent.department.clone(),
                    given_at: micros(consent.given_at),
                };
                let key = [data_consent::Column::PersonId, data_consent::Column::Department];
                let renew = OnConflict::columns(key)
                    .update_column(data_consent::Column::GivenAt)
                    .to_owned();
                let insert = data_consent::Entity::insert(row.into_active_model());
                let insert = insert.on_conflict(renew).exec_without_returning(&transaction);
                insert.await.map_err(unavailable)?;
            }
            ConsentGiven::No => {
                let key = (person.as_str().to_owned(), consent.department.clone());
                let gone = data_consent::Entity::delete_by_id(key).exec(&transaction).await;
                gone.map_err(unavailable)?;
                known_fact::Entity::delete_many()
                    .filter(known_fact::Column::PersonId.eq(person.as_str()))
                    .filter(known_fact::Column::Origin.eq(consent.department.as_str()))
                    .exec(&transaction)
                    .await
                    .map_err(unavailable)?;
            }
        }
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn consents_of(&self, persons: &[PersonId]) -> Result<Vec<Consent>, StoreError> {
        let rows = data_consent::Entity::find()
            .filter(data_consent::Column::PersonId.is_in(persons.iter().map(PersonId::as_str)))
            .order_by_asc(data_consent::Column::GivenAt)
            .limit(MOST_CONSENTS)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let consent = |row: data_consent::Model| {
            let at = Row { table: "data_consent", key: &row.person_id };
            let given_at = at.time("given_at", row.given_at)?;
            Ok(Consent { department: row.department, given_at })
        };
        rows.into_iter().map(consent).collect()
    }
}

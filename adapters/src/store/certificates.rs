//! Certificates: what stands on them is sealed, the numbers by which they are found are not.

use super::column::{Row, micros};
use super::entity::certificate;
use super::personal_data::Place;
use super::{Store, conflict_if_duplicate, message_events, unavailable};
use async_trait::async_trait;
use domain::casework::certificate::{
    AuthorisationCode, Certificate, CertificateBook, CertificateEntry, CertificatePage, Holder,
    PostAddress,
};
use domain::catalogue::AppSlug;
use domain::identity::PersonName;
use domain::ids::{PersonId, SerialNo, SubmissionNo};
use domain::messaging::MessageEvent;
use domain::outside::StoreError;
use domain::standards::{CitizenId, Mobile, RegionCode};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct HolderColumn {
    name: String,
    id_card: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct EntryColumn {
    key: String,
    label: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
struct AddressColumn {
    region: String,
    detail: String,
    phone: String,
}

fn place<'a>(column: &'static str, serial: &'a str) -> Place<'a> {
    Place { table: "certificate", column, row: serial }
}

impl Store {
    fn seal_column(
        &self,
        column: &'static str,
        serial: &str,
        content: &impl Serialize,
    ) -> Result<String, StoreError> {
        let text = serde_json::to_string(content);
        let text = text.map_err(|error| StoreError::Unavailable(error.into()))?;
        self.keys.seal(place(column, serial), &text)
    }

    fn open_column<T: DeserializeOwned>(
        &self,
        column: &'static str,
        serial: &str,
        sealed: &str,
    ) -> Result<T, StoreError> {
        let text = self.keys.open(place(column, serial), sealed)?;
        let at = Row { table: "certificate", key: serial };
        at.valid(column, serde_json::from_str(&text))
    }

    fn certificate_row(&self, of: &Certificate) -> Result<certificate::Model, StoreError> {
        let serial = of.serial.as_str();
        let holder = match &of.holder {
            Holder::Person { name, id_card } => HolderColumn {
                name: name.as_str().to_owned(),
                id_card: Some(id_card.as_str().to_owned()),
            },
            Holder::Body { name } => HolderColumn { name: name.clone(), id_card: None },
        };
        let entry = |entry: &CertificateEntry| EntryColumn {
            key: entry.key.clone(),
            label: entry.label.clone(),
            value: entry.value.clone(),
        };
        let rows = of.rows.iter().map(|row| row.iter().map(entry).collect());
        let content: Vec<Vec<EntryColumn>> = rows.collect();
        let address = of.post.as_ref().map(|post| AddressColumn {
            region: post.region.as_str().to_owned(),
            detail: post.detail.clone(),
            phone: post.phone.as_str().to_owned(),
        });
        let address = address.map(|address| self.seal_column("address", serial, &address));
        Ok(certificate::Model {
            submission_no: of.submission.as_str().to_owned(),
            person_id: of.person.as_str().to_owned(),
            app: of.app.as_str().to_owned(),
            title: of.title.clone(),
            issuer: of.issuer.clone(),
            seal: of.seal.clone(),
            code: self.keys.seal(place("code", serial), of.code.expose())?,
            holder: self.seal_column("holder", serial, &holder)?,
            content: self.seal_column("content", serial, &content)?,
            address: address.transpose()?,
            as_of: micros(of.as_of),
            issued_at: micros(of.issued_at),
            expires_at: micros(of.expires_at),
            revoked_at: of.revoked_at.map(micros),
            serial: serial.to_owned(),
        })
    }

    fn certificate_from(&self, row: &certificate::Model) -> Result<Certificate, StoreError> {
        let (at, serial) = (Row { table: "certificate", key: &row.serial }, row.serial.as_str());
        let holder: HolderColumn = self.open_column("holder", serial, &row.holder)?;
        let holder = match holder.id_card {
            Some(id_card) => Holder::Person {
                name: at.valid("holder", PersonName::new(&holder.name))?,
                id_card: at.valid("holder", CitizenId::new(&id_card))?,
            },
            None => Holder::Body { name: holder.name },
        };
        let code = self.keys.open(place("code", serial), &row.code)?;
        let content: Vec<Vec<EntryColumn>> = self.open_column("content", serial, &row.content)?;
        let entry = |entry: EntryColumn| CertificateEntry {
            key: entry.key,
            label: entry.label,
            value: entry.value,
        };
        let rows = content.into_iter().map(|row| row.into_iter().map(entry).collect()).collect();
        let post = match &row.address {
            None => None,
            Some(sealed) => {
                let address: AddressColumn = self.open_column("address", serial, sealed)?;
                Some(PostAddress {
                    region: at.valid("address", RegionCode::new(&address.region))?,
                    phone: at.valid("address", Mobile::new(&address.phone))?,
                    detail: address.detail,
                })
            }
        };
        Ok(Certificate {
            serial: at.valid("serial", SerialNo::new(serial))?,
            code: at.valid("code", AuthorisationCode::new(&code))?,
            submission: at.valid("submission_no", SubmissionNo::new(&row.submission_no))?,
            person: at.valid("person_id", PersonId::new(&row.person_id))?,
            app: at.valid("app", AppSlug::new(&row.app))?,
            title: row.title.clone(),
            issuer: row.issuer.clone(),
            seal: row.seal.clone(),
            holder,
            rows,
            post,
            as_of: at.time("as_of", row.as_of)?,
            issued_at: at.time("issued_at", row.issued_at)?,
            expires_at: at.time("expires_at", row.expires_at)?,
            revoked_at: at.time_if_any("revoked_at", row.revoked_at)?,
        })
    }

    async fn one_certificate(
        &self,
        select: Select<certificate::Entity>,
    ) -> Result<Option<Certificate>, StoreError> {
        let row = select.one(&self.read).await.map_err(unavailable)?;
        row.map(|row| self.certificate_from(&row)).transpose()
    }
}

#[async_trait]
impl CertificateBook for Store {
    async fn keep_certificate(
        &self,
        certificate: &Certificate,
        events: &[MessageEvent],
    ) -> Result<(), StoreError> {
        let row = self.certificate_row(certificate)?;
        let transaction = self.begin().await?;
        let insert = certificate::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(conflict_if_duplicate)?;
        message_events::insert(&transaction, &self.keys, events).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn find_certificate(&self, serial: &SerialNo) -> Result<Option<Certificate>, StoreError> {
        self.one_certificate(certificate::Entity::find_by_id(serial.as_str())).await
    }

    async fn certificate_of(&self, no: &SubmissionNo) -> Result<Option<Certificate>, StoreError> {
        let of = certificate::Column::SubmissionNo.eq(no.as_str());
        self.one_certificate(certificate::Entity::find().filter(of)).await
    }

    async fn list_certificates(
        &self,
        owners: &[PersonId],
        before: Option<&SerialNo>,
        limit: u16,
    ) -> Result<CertificatePage, StoreError> {
        use certificate::Column as C;
        let owned = || C::PersonId.is_in(owners.iter().map(PersonId::as_str));
        let mut select = certificate::Entity::find()
            .filter(owned())
            .order_by_desc(C::IssuedAt)
            .order_by_desc(C::Serial)
            .limit(u64::from(limit) + 1);
        if let Some(before) = before {
            let edge = certificate::Entity::find_by_id(before.as_str()).filter(owned());
            let Some(edge) = edge.one(&self.read).await.map_err(unavailable)? else {
                return Ok(CertificatePage { certificates: Vec::new(), more: false });
            };
            let same_time = Condition::all()
                .add(C::IssuedAt.eq(edge.issued_at))
                .add(C::Serial.lt(edge.serial.as_str()));
            let older = Condition::any().add(C::IssuedAt.lt(edge.issued_at)).add(same_time);
            select = select.filter(older);
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        let more = rows.len() > usize::from(limit);
        let shown = rows.iter().take(usize::from(limit));
        let certificates = shown.map(|row| self.certificate_from(row)).collect::<Result<_, _>>()?;
        Ok(CertificatePage { certificates, more })
    }

    async fn certificate_by_code(
        &self,
        serial: &SerialNo,
        code: &AuthorisationCode,
        came_from: &str,
        now: Timestamp,
    ) -> Result<Option<Certificate>, StoreError> {
        let row = certificate::Entity::find_by_id(serial.as_str()).one(&self.read).await;
        let Some(row) = row.map_err(unavailable)? else { return Ok(None) };
        let source = self.guess_source(came_from);
        if self.guessed_too_often(serial.as_str(), &source, now).await? {
            return Ok(None);
        }
        let certificate = self.certificate_from(&row)?;
        if certificate.code == *code {
            return Ok(Some(certificate));
        }
        self.count_wrong_code(serial.as_str(), &source, now).await?;
        Ok(None)
    }

    async fn revoke_certificate(
        &self,
        owners: &[PersonId],
        serial: &SerialNo,
        at: Timestamp,
    ) -> Result<Option<Certificate>, StoreError> {
        use certificate::Column as C;
        let transaction = self.begin().await?;
        let own = certificate::Entity::find_by_id(serial.as_str())
            .filter(C::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .lock_exclusive()
            .one(&transaction)
            .await;
        let Some(mut row) = own.map_err(unavailable)? else { return Ok(None) };
        if row.revoked_at.is_none() {
            row.revoked_at = Some(micros(at));
            let change = certificate::ActiveModel {
                revoked_at: Set(row.revoked_at),
                ..certificate::ActiveModel::default()
            };
            let update = certificate::Entity::update_many()
                .set(change)
                .filter(C::Serial.eq(serial.as_str()));
            update.exec(&transaction).await.map_err(unavailable)?;
            transaction.commit().await.map_err(unavailable)?;
        }
        self.certificate_from(&row).map(Some)
    }
}

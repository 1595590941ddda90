//! Persons and their links; personal data is sealed on the way in and opened on the way out.

use super::column::{Row, micros};
use super::entity::{channel_link, person};
use super::personal_data::Place;
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::identity::{Channel, ChannelLink, OpenId, Person, PersonName, PersonStore, RealName};
use domain::ids::PersonId;
use domain::outside::StoreError;
use domain::standards::{CitizenId, Mobile};
use sea_orm::ActiveValue::Unchanged;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;

/// As many links as the port lists.
const MOST_LINKS: u64 = ChannelLink::MAX as u64;

impl Store {
    fn person_row(&self, person: &Person) -> Result<person::Model, StoreError> {
        let id = person.id.as_str();
        let seal =
            |column, text: &str| self.keys.seal(Place { table: "person", column, row: id }, text);
        let phone = person.phone.as_ref().map(Mobile::as_str);
        let proved = person.real_name.as_ref();
        let id_card = proved.map(|proved| proved.id_card.as_str());
        Ok(person::Model {
            id: id.to_owned(),
            phone: phone.map(|phone| seal("phone", phone)).transpose()?,
            phone_index: phone.map(|phone| self.keys.blind("phone", phone)),
            name: proved.map(|proved| seal("name", proved.name.as_str())).transpose()?,
            id_card: id_card.map(|id_card| seal("id_card", id_card)).transpose()?,
            id_card_index: id_card.map(|id_card| self.keys.blind("id_card", id_card)),
            real_name_checked_at: proved.map(|proved| micros(proved.checked_at)),
            face_checked_at: person.face_checked_at.map(micros),
            phone_checked_at: person.phone_checked_at.map(micros),
            created_at: micros(person.created_at),
            version: i64::from(person.version),
            merged_into: person.merged_into.as_ref().map(|elder| elder.as_str().to_owned()),
            former_ids: joined(&person.former_ids),
        })
    }

    pub(super) fn person_of(&self, row: person::Model) -> Result<Person, StoreError> {
        let at = Row { table: "person", key: &row.id };
        let open = |column, sealed: &str| {
            self.keys.open(Place { table: "person", column, row: &row.id }, sealed)
        };
        let real_name = match (&row.name, &row.id_card, row.real_name_checked_at) {
            (None, None, None) => None,
            (Some(name), Some(id_card), Some(checked_at)) => Some(RealName {
                name: at.valid("name", PersonName::new(&open("name", name)?))?,
                id_card: at.valid("id_card", CitizenId::new(&open("id_card", id_card)?))?,
                checked_at: at.time("real_name_checked_at", checked_at)?,
            }),
            _ => return Err(at.corrupt("id_card")),
        };
        let phone = match &row.phone {
            Some(phone) => Some(at.valid("phone", Mobile::new(&open("phone", phone)?))?),
            None => None,
        };
        let elder = row.merged_into.as_deref().map(PersonId::new).transpose();
        let former_ids = row.former_ids.split(',').filter(|id| !id.is_empty());
        let former_ids = former_ids.map(PersonId::new).collect::<Result<Vec<_>, _>>();
        Ok(Person {
            id: at.valid("id", PersonId::new(&row.id))?,
            phone,
            phone_checked_at: at.time_if_any("phone_checked_at", row.phone_checked_at)?,
            real_name,
            face_checked_at: at.time_if_any("face_checked_at", row.face_checked_at)?,
            created_at: at.time("created_at", row.created_at)?,
            version: at.count("version", row.version)?,
            merged_into: at.valid("merged_into", elder)?,
            former_ids: at.valid("former_ids", former_ids)?,
        })
    }

    /// Replaces the row whose version is `person.version`, as part of a transaction or alone.
    pub(super) async fn update_person(
        &self,
        connection: &impl ConnectionTrait,
        person: &Person,
    ) -> Result<(), StoreError> {
        let stored_version = i64::from(person.version);
        let row = person::Model { version: stored_version + 1, ..self.person_row(person)? };
        let mut row = row.into_active_model().reset_all();
        row.id = Unchanged(person.id.as_str().to_owned());
        let updated = person::Entity::update_many()
            .set(row)
            .filter(person::Column::Id.eq(person.id.as_str()))
            .filter(person::Column::Version.eq(stored_version))
            .exec(connection)
            .await
            .map_err(conflict_if_duplicate)?;
        if updated.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }
}

/// No id has a comma.
fn joined(ids: &[PersonId]) -> String {
    ids.iter().map(PersonId::as_str).collect::<Vec<_>>().join(",")
}

/// The links of one person, oldest first.
pub(super) async fn links_of(
    connection: &impl ConnectionTrait,
    person: &PersonId,
) -> Result<Vec<ChannelLink>, StoreError> {
    let rows = channel_link::Entity::find()
        .filter(channel_link::Column::PersonId.eq(person.as_str()))
        .order_by_asc(channel_link::Column::LinkedAt)
        .limit(MOST_LINKS)
        .all(connection)
        .await
        .map_err(unavailable)?;
    rows.into_iter().map(link_of).collect()
}

pub(super) fn link_row(link: &ChannelLink) -> channel_link::Model {
    channel_link::Model {
        channel: link.channel.code().to_owned(),
        app_id: link.app_id.clone(),
        open_id: link.open_id.as_str().to_owned(),
        union_id: link.union_id.as_ref().map(|id| id.as_str().to_owned()),
        person_id: link.person.as_str().to_owned(),
        linked_at: micros(link.linked_at),
    }
}

fn link_of(row: channel_link::Model) -> Result<ChannelLink, StoreError> {
    let at = Row { table: "channel_link", key: &row.open_id };
    let union_id = row.union_id.as_deref().map(OpenId::new).transpose();
    Ok(ChannelLink {
        channel: at.some("channel", Channel::from_code(&row.channel))?,
        open_id: at.valid("open_id", OpenId::new(&row.open_id))?,
        union_id: at.valid("union_id", union_id)?,
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        linked_at: at.time("linked_at", row.linked_at)?,
        app_id: row.app_id,
    })
}

#[async_trait]
impl PersonStore for Store {
    async fn insert(&self, person: &Person, link: &ChannelLink) -> Result<(), StoreError> {
        let row = self.person_row(person)?.into_active_model();
        let link = link_row(link).into_active_model();
        let transaction = self.begin().await?;
        let stored = person::Entity::insert(row).exec_without_returning(&transaction).await;
        stored.map_err(conflict_if_duplicate)?;
        let linked = channel_link::Entity::insert(link).exec_without_returning(&transaction).await;
        linked.map_err(conflict_if_duplicate)?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn update(&self, person: &Person) -> Result<(), StoreError> {
        self.update_person(&self.write, person).await
    }

    async fn find(&self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        let row = person::Entity::find_by_id(id.as_str()).one(&self.read).await;
        row.map_err(unavailable)?.map(|row| self.person_of(row)).transpose()
    }

    async fn find_all(&self, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, StoreError> {
        let rows = person::Entity::find()
            .filter(person::Column::Id.is_in(ids.iter().map(PersonId::as_str)))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let found = rows.into_iter().map(|row| {
            let person = self.person_of(row)?;
            Ok((person.id.clone(), person))
        });
        found.collect()
    }

    async fn find_by_id_card(&self, id_card: &CitizenId) -> Result<Option<Person>, StoreError> {
        let index = self.keys.blind("id_card", id_card.as_str());
        let same = person::Entity::find().filter(person::Column::IdCardIndex.eq(index));
        let row = same.one(&self.read).await.map_err(unavailable)?;
        row.map(|row| self.person_of(row)).transpose()
    }

    async fn find_link(
        &self,
        channel: Channel,
        app_id: &str,
        open_id: &OpenId,
    ) -> Result<Option<ChannelLink>, StoreError> {
        let key = (channel.code().to_owned(), app_id.to_owned(), open_id.as_str().to_owned());
        let row = channel_link::Entity::find_by_id(key).one(&self.read).await;
        row.map_err(unavailable)?.map(link_of).transpose()
    }

    fn phone_handle(&self, phone: &Mobile) -> OpenId {
        // Of a fixed alphabet and length, so it always is one.
        let handle = self.keys.blind("phone_link", phone.as_str());
        OpenId::new(&handle).expect("a hash is printable")
    }

    async fn list_links(&self, person: &PersonId) -> Result<Vec<ChannelLink>, StoreError> {
        links_of(&self.read, person).await
    }
}

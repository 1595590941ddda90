//! What the next form can be filled in with; values are sealed.

use super::column::{Row, micros, without_nul};
use super::entity::known_fact;
use super::personal_data::Place;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::identity::{Fact, FactOrigin, FactStore};
use domain::ids::PersonId;
use domain::outside::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

/// As many as the port lists.
const MOST: u64 = 200;

/// The citizen's own answer, in the column `origin`. No department has an empty name.
const OWN: &str = "";

fn key_of(row: &known_fact::Model) -> String {
    format!("{}:{}:{}:{}", row.person_id, row.field, row.kind, row.origin)
}

impl Store {
    fn fact_row(&self, person: &PersonId, fact: &Fact) -> Result<known_fact::Model, StoreError> {
        let origin = match &fact.origin {
            FactOrigin::Answer => OWN,
            FactOrigin::Department(name) => name,
        };
        let mut row = known_fact::Model {
            person_id: person.as_str().to_owned(),
            field: fact.field.clone(),
            kind: fact.kind.to_owned(),
            origin: origin.to_owned(),
            value: String::new(),
            as_of: micros(fact.as_of),
        };
        let key = key_of(&row);
        let place = Place { table: "known_fact", column: "value", row: &key };
        row.value = self.keys.seal(place, &without_nul(&fact.value))?;
        Ok(row)
    }

    fn fact_of(&self, row: &known_fact::Model) -> Result<Fact, StoreError> {
        let key = key_of(row);
        let at = Row { table: "known_fact", key: &key };
        let place = Place { table: "known_fact", column: "value", row: &key };
        let origin = match row.origin.as_str() {
            OWN => FactOrigin::Answer,
            name => FactOrigin::Department(name.to_owned()),
        };
        Ok(Fact {
            field: row.field.clone(),
            kind: at.some("kind", Fact::kind_of(&row.kind))?,
            value: self.keys.open(place, &row.value)?,
            origin,
            as_of: at.time("as_of", row.as_of)?,
        })
    }
}

#[async_trait]
impl FactStore for Store {
    async fn keep_facts(&self, person: &PersonId, facts: &[Fact]) -> Result<(), StoreError> {
        let rows = facts.iter().map(|fact| self.fact_row(person, fact));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        // Two that learn at once take the rows in one order, and none twice.
        let order =
            |row: &known_fact::Model| (row.field.clone(), row.kind.clone(), row.origin.clone());
        rows.sort_by_key(order);
        rows.dedup_by_key(|row| order(row));
        let key = [
            known_fact::Column::PersonId,
            known_fact::Column::Field,
            known_fact::Column::Kind,
            known_fact::Column::Origin,
        ];
        let renewed = [known_fact::Column::Value, known_fact::Column::AsOf];
        let renew = OnConflict::columns(key).update_columns(renewed).to_owned();
        let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
        let insert = known_fact::Entity::insert_many::<known_fact::ActiveModel, _>(rows);
        let insert = insert.on_conflict(renew).exec_without_returning(&self.write).await;
        insert.map_err(unavailable)?;
        Ok(())
    }

    async fn facts_of(&self, persons: &[PersonId]) -> Result<Vec<Fact>, StoreError> {
        let rows = known_fact::Entity::find()
            .filter(known_fact::Column::PersonId.is_in(persons.iter().map(PersonId::as_str)))
            .order_by_desc(known_fact::Column::AsOf)
            .order_by_asc(known_fact::Column::Field)
            .limit(MOST)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| self.fact_of(row)).collect()
    }
}

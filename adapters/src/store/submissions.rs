//! What was submitted under which key.

use super::column::{Row, micros};
use super::entity::submission;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::engine::{Claimed, NewSubmission, Submissions};
use domain::ids::{PersonId, SubmissionNo};
use domain::outside::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

impl Store {
    async fn claimed(
        &self,
        new: &NewSubmission<'_>,
        input_index: &str,
    ) -> Result<Option<Claimed>, StoreError> {
        let owners = new.owners.iter().map(PersonId::as_str);
        // Of accounts that became one, several may have used the key.
        let rows = submission::Entity::find()
            .filter(submission::Column::PersonId.is_in(owners))
            .filter(submission::Column::IdempotencyKey.eq(new.key.as_str()))
            .all(&self.write)
            .await
            .map_err(unavailable)?;
        let Some(row) = rows.iter().find(|row| row.input_index == input_index) else {
            return Ok((!rows.is_empty()).then_some(Claimed::Other));
        };
        let no = SubmissionNo::new(&row.no);
        let no = Row { table: "submission", key: &row.no }.valid("no", no)?;
        Ok(Some(Claimed::Same(no)))
    }
}

#[async_trait]
impl Submissions for Store {
    async fn claim(&self, new: &NewSubmission<'_>) -> Result<Claimed, StoreError> {
        let owner = new.owners.first().ok_or(StoreError::Conflict)?;
        let input_index = self.keys.blind("submission", new.input);
        if let Some(known) = self.claimed(new, &input_index).await? {
            return Ok(known);
        }
        let row = submission::Model {
            no: new.no.as_str().to_owned(),
            person_id: owner.as_str().to_owned(),
            idempotency_key: new.key.as_str().to_owned(),
            input_index: input_index.clone(),
            at: micros(new.at),
        };
        let key = [submission::Column::PersonId, submission::Column::IdempotencyKey];
        submission::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(&self.write)
            .await
            .map_err(unavailable)?;
        self.claimed(new, &input_index).await?.ok_or(StoreError::Conflict)
    }
}

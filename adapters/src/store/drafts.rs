//! Drafts of forms.

use super::case_json::{AnswerJson, answers, read, write};
use super::column::{Row, micros};
use super::entity::{draft, person};
use super::personal_data::Place;
use super::{Store, kept_forms, unavailable};
use async_trait::async_trait;
use domain::casework::case::{Draft, DraftStore, MOST_DRAFTS};
use domain::catalogue::AppSlug;
use domain::ids::PersonId;
use domain::outside::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use std::collections::BTreeSet;

fn texts(owners: &[PersonId]) -> impl Iterator<Item = &str> {
    owners.iter().map(PersonId::as_str)
}

fn of(owners: &[PersonId]) -> Select<draft::Entity> {
    draft::Entity::find()
        .filter(draft::Column::PersonId.is_in(texts(owners)))
        .order_by_desc(draft::Column::SavedAt)
        .order_by_asc(draft::Column::App)
}

/// Where the answers of one draft are sealed for.
fn key(person: &str, app: &str) -> String {
    format!("{person}:{app}")
}

impl Store {
    async fn drafts_of(
        &self,
        connection: &impl ConnectionTrait,
        select: Select<draft::Entity>,
    ) -> Result<Vec<Draft>, StoreError> {
        let rows = select.all(connection).await.map_err(unavailable)?;
        let digests = rows.iter().map(|row| row.form_digest.as_str()).collect();
        let forms = kept_forms::forms(connection, digests).await?;
        let mut drafts = Vec::with_capacity(rows.len());
        for row in &rows {
            let key = key(&row.person_id, &row.app);
            let at = Row { table: "draft", key: &key };
            let place = Place { table: "draft", column: "answers", row: &key };
            let json: Option<Vec<AnswerJson>> = read(&self.keys.open(place, &row.answers)?);
            drafts.push(Draft {
                person: at.valid("person_id", PersonId::new(&row.person_id))?,
                form: kept_forms::form_of(at, &row.form_digest, &forms)?,
                answers: at.some("answers", json.and_then(answers))?,
                field: row.field.clone(),
                saved_at: at.time("saved_at", row.saved_at)?,
            });
        }
        Ok(drafts)
    }
}

#[async_trait]
impl DraftStore for Store {
    async fn save_draft(&self, new: &Draft, owners: &[PersonId]) -> Result<bool, StoreError> {
        let owner = new.person.as_str();
        let transaction = self.begin().await?;
        // Others who save a draft of this person wait until this transaction ends.
        let row = person::Entity::find_by_id(owner).lock_exclusive().one(&transaction).await;
        row.map_err(unavailable)?.ok_or(StoreError::Conflict)?;
        let rows = of(owners).all(&transaction).await.map_err(unavailable)?;
        let mut apps: BTreeSet<&str> = rows.iter().map(|row| row.app.as_str()).collect();
        apps.insert(new.form.slug.as_str());
        if apps.len() > MOST_DRAFTS {
            return Ok(false);
        }
        let form_digest = kept_forms::keep(&transaction, &new.form).await?;
        let key = key(owner, new.form.slug.as_str());
        let json: Vec<AnswerJson> = new.answers.iter().map(AnswerJson::of).collect();
        let place = Place { table: "draft", column: "answers", row: &key };
        let row = draft::Model {
            person_id: owner.to_owned(),
            app: new.form.slug.as_str().to_owned(),
            form_digest,
            answers: self.keys.seal(place, &write(&json)?)?,
            field: new.field.clone(),
            saved_at: micros(new.saved_at),
        };
        let instead = OnConflict::columns([draft::Column::PersonId, draft::Column::App])
            .update_columns([
                draft::Column::FormDigest,
                draft::Column::Answers,
                draft::Column::Field,
                draft::Column::SavedAt,
            ])
            .to_owned();
        draft::Entity::insert(row.into_active_model())
            .on_conflict(instead)
            .exec_without_returning(&transaction)
            .await
            .map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(true)
    }

    async fn list_drafts(&self, owners: &[PersonId]) -> Result<Vec<Draft>, StoreError> {
        let mut drafts = self.drafts_of(&self.read, of(owners)).await?;
        let mut seen = BTreeSet::new();
        drafts.retain(|draft| seen.insert(draft.form.slug.clone()));
        Ok(drafts)
    }

    async fn find_draft(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
    ) -> Result<Option<Draft>, StoreError> {
        let select = of(owners).filter(draft::Column::App.eq(app.as_str())).limit(1);
        Ok(self.drafts_of(&self.read, select).await?.pop())
    }

    async fn discard_draft(&self, owners: &[PersonId], app: &AppSlug) -> Result<bool, StoreError> {
        let gone = draft::Entity::delete_many()
            .filter(draft::Column::PersonId.is_in(texts(owners)))
            .filter(draft::Column::App.eq(app.as_str()));
        Ok(gone.exec(&self.write).await.map_err(unavailable)?.rows_affected > 0)
    }
}

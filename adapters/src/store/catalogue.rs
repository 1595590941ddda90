//! Versions of the catalogue, forms of old ones, and drafts.

use super::column::{Row, micros, without_nul};
use super::entity::{app_draft, app_form, catalogue_version};
use super::{Store, audit, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::catalogue::{
    AppDraft, AppFile, AppSlug, CatalogueVersion, CatalogueVersions, KnownForm, NewVersion,
    VersionHead,
};
use domain::identity::AuditRecord;
use domain::outside::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

/// So many forms go into one statement.
const FORMS_AT_ONCE: usize = 100;

fn files_text(files: &[AppFile]) -> Result<String, StoreError> {
    let pairs: Vec<(&str, &str)> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    serde_json::to_string(&pairs).map_err(|error| StoreError::Unavailable(error.into()))
}

fn head_of(row: &catalogue_version::Model) -> Result<VersionHead, StoreError> {
    let key = row.number.to_string();
    let at = Row { table: "catalogue_version", key: &key };
    Ok(VersionHead {
        number: at.count("number", row.number)?,
        digest: row.digest.clone(),
        by: row.published_by.clone(),
        at: at.time("published_at", row.published_at)?,
        note: row.note.clone(),
    })
}

fn version_of(row: &catalogue_version::Model) -> Result<CatalogueVersion, StoreError> {
    let key = row.number.to_string();
    let at = Row { table: "catalogue_version", key: &key };
    let pairs: Vec<(String, String)> = at.valid("files", serde_json::from_str(&row.files))?;
    let files = pairs.into_iter().map(|(path, text)| AppFile { path, text }).collect();
    Ok(CatalogueVersion { head: head_of(row)?, files })
}

fn form_of(row: app_form::Model) -> Result<KnownForm, StoreError> {
    let at = Row { table: "app_form", key: &row.app };
    Ok(KnownForm {
        app: at.valid("app", AppSlug::new(&row.app))?,
        form_version: at.count("form_version", row.form_version)?,
        file: AppFile { path: row.path.clone(), text: row.file.clone() },
    })
}

fn draft_of(row: app_draft::Model) -> Result<AppDraft, StoreError> {
    let at = Row { table: "app_draft", key: &row.path }.time("saved_at", row.saved_at)?;
    Ok(AppDraft { path: row.path, text: row.file, by: row.saved_by, at })
}

async fn insert_forms(
    transaction: &DatabaseTransaction,
    forms: &[KnownForm],
) -> Result<(), StoreError> {
    for some in forms.chunks(FORMS_AT_ONCE) {
        let rows = some.iter().map(|form| {
            app_form::Model {
                app: form.app.as_str().to_owned(),
                form_version: form.form_version.into(),
                path: form.file.path.clone(),
                file: form.file.text.clone(),
            }
            .into_active_model()
        });
        let key = [app_form::Column::App, app_form::Column::FormVersion];
        let newer = OnConflict::columns(key)
            .update_columns([app_form::Column::Path, app_form::Column::File])
            .to_owned();
        let upsert = app_form::Entity::insert_many(rows).on_conflict(newer);
        upsert.exec_without_returning(transaction).await.map_err(unavailable)?;
    }
    Ok(())
}

#[async_trait]
impl CatalogueVersions for Store {
    async fn newest_version(&self) -> Result<Option<u32>, StoreError> {
        let newest = catalogue_version::Entity::find()
            .select_only()
            .column(catalogue_version::Column::Number)
            .order_by_desc(catalogue_version::Column::Number)
            .limit(1)
            .into_tuple::<i64>()
            .one(&self.read)
            .await
            .map_err(unavailable)?;
        let at = Row { table: "catalogue_version", key: "newest" };
        newest.map(|number| at.count("number", number)).transpose()
    }

    async fn find_version(&self, number: u32) -> Result<Option<CatalogueVersion>, StoreError> {
        let row = catalogue_version::Entity::find_by_id(i64::from(number)).one(&self.read).await;
        row.map_err(unavailable)?.as_ref().map(version_of).transpose()
    }

    async fn list_versions(
        &self,
        before: Option<u32>,
        limit: u16,
    ) -> Result<Vec<VersionHead>, StoreError> {
        let mut select = catalogue_version::Entity::find()
            .order_by_desc(catalogue_version::Column::Number)
            .limit(u64::from(limit));
        if let Some(edge) = before {
            select = select.filter(catalogue_version::Column::Number.lt(i64::from(edge)));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        rows.iter().map(head_of).collect()
    }

    async fn was_published(&self, digest: &str) -> Result<bool, StoreError> {
        let known = catalogue_version::Entity::find()
            .filter(catalogue_version::Column::Digest.eq(digest))
            .count(&self.read)
            .await
            .map_err(unavailable)?;
        Ok(known > 0)
    }

    async fn publish_version(&self, new: &NewVersion) -> Result<(), StoreError> {
        let head = &new.version.head;
        let row = catalogue_version::Model {
            number: head.number.into(),
            digest: head.digest.clone(),
            files: files_text(&new.version.files)?,
            published_by: head.by.clone(),
            published_at: micros(head.at),
            note: without_nul(&head.note),
        };
        let transaction = self.begin().await?;
        let insert = catalogue_version::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(conflict_if_duplicate)?;
        insert_forms(&transaction, &new.forms).await?;
        for draft in &new.drafts {
            // One that was written anew meanwhile stays, to be published with the next version.
            let same = app_draft::Entity::delete_many()
                .filter(app_draft::Column::Path.eq(&draft.path))
                .filter(app_draft::Column::SavedAt.eq(micros(draft.at)));
            same.exec(&transaction).await.map_err(unavailable)?;
        }
        audit::append(&transaction, &new.audit).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn list_forms(&self) -> Result<Vec<KnownForm>, StoreError> {
        let rows = app_form::Entity::find().all(&self.read).await.map_err(unavailable)?;
        rows.into_iter().map(form_of).collect()
    }

    async fn find_form(
        &self,
        app: &AppSlug,
        form_version: u32,
    ) -> Result<Option<KnownForm>, StoreError> {
        let key = (app.as_str().to_owned(), i64::from(form_version));
        let row = app_form::Entity::find_by_id(key).one(&self.read).await.map_err(unavailable)?;
        row.map(form_of).transpose()
    }

    async fn list_app_drafts(&self) -> Result<Vec<AppDraft>, StoreError> {
        let rows = app_draft::Entity::find()
            .order_by_asc(app_draft::Column::Path)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(draft_of).collect()
    }

    async fn save_app_draft(
        &self,
        draft: &AppDraft,
        record: &AuditRecord,
    ) -> Result<(), StoreError> {
        let row = app_draft::Model {
            path: draft.path.clone(),
            file: draft.text.clone(),
            saved_by: draft.by.clone(),
            saved_at: micros(draft.at),
        };
        let transaction = self.begin().await?;
        let columns =
            [app_draft::Column::File, app_draft::Column::SavedBy, app_draft::Column::SavedAt];
        let newer = OnConflict::column(app_draft::Column::Path).update_columns(columns).to_owned();
        let upsert = app_draft::Entity::insert(row.into_active_model()).on_conflict(newer);
        upsert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        audit::append(&transaction, record).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn discard_app_draft(
        &self,
        path: &str,
        record: &AuditRecord,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let gone = app_draft::Entity::delete_by_id(without_nul(path)).exec(&transaction).await;
        if gone.map_err(unavailable)?.rows_affected == 0 {
            return Ok(false);
        }
        audit::append(&transaction, record).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(true)
    }
}

//! Versions of apps that drafts and cases were begun with.

use super::column::{Row, sha256_hex};
use super::entity::kept_form;
use super::unavailable;
use crate::definitions;
use domain::catalogue::AppDefinition;
use domain::outside::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Keeps this version, once; answers by what it is found again.
pub(super) async fn keep(
    connection: &impl ConnectionTrait,
    form: &AppDefinition,
) -> Result<String, StoreError> {
    let definition = definitions::kept(form);
    let digest = sha256_hex(definition.as_bytes());
    let row = kept_form::Model {
        digest: digest.clone(),
        app: form.slug.as_str().to_owned(),
        form_version: i64::from(form.form_version),
        definition,
    };
    kept_form::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(kept_form::Column::Digest).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await
        .map_err(unavailable)?;
    Ok(digest)
}

/// The versions of these digests; one that cannot be read is not among them.
pub(super) async fn forms(
    connection: &impl ConnectionTrait,
    digests: BTreeSet<&str>,
) -> Result<BTreeMap<String, Arc<AppDefinition>>, StoreError> {
    if digests.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = kept_form::Entity::find()
        .filter(kept_form::Column::Digest.is_in(digests))
        .all(connection)
        .await
        .map_err(unavailable)?;
    let read = |row: kept_form::Model| {
        let form = definitions::read(&row.definition)?;
        Some((row.digest, Arc::new(form)))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// The version of that digest, of the row at `at`.
pub(super) fn form_of(
    at: Row<'_>,
    digest: &str,
    forms: &BTreeMap<String, Arc<AppDefinition>>,
) -> Result<Arc<AppDefinition>, StoreError> {
    at.some("form_digest", forms.get(digest).map(Arc::clone))
}

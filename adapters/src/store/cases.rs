//! Cases and their timelines.

use super::column::micros;
use super::entity::{case_event, case_file};
use super::{Store, kept_forms, message_events, readable, unavailable};
use async_trait::async_trait;
use domain::casework::case::{Case, CaseChange, CasePage, CaseRecord, CaseStore, Opened};
use domain::ids::{CaseNo, PersonId, SubmissionNo};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    TryInsertResult,
};
use std::collections::BTreeMap;

impl Store {
    /// Every row read with its form; each for itself, so that one that cannot be read hides none.
    async fn read_cases(
        &self,
        connection: &impl ConnectionTrait,
        rows: &[case_file::Model],
    ) -> Result<Vec<Result<Case, StoreError>>, StoreError> {
        let digests = rows.iter().map(|row| row.form_digest.as_str()).collect();
        let forms = kept_forms::forms(connection, digests).await?;
        Ok(rows.iter().map(|row| self.case_of(row, &forms)).collect())
    }

    async fn selected(
        &self,
        connection: &impl ConnectionTrait,
        select: Select<case_file::Entity>,
    ) -> Result<Vec<Case>, StoreError> {
        let rows = select.all(connection).await.map_err(unavailable)?;
        self.read_cases(connection, &rows).await?.into_iter().collect()
    }

    async fn of_submission(
        &self,
        connection: &impl ConnectionTrait,
        no: &SubmissionNo,
    ) -> Result<Option<Case>, StoreError> {
        let select =
            case_file::Entity::find().filter(case_file::Column::SubmissionNo.eq(no.as_str()));
        Ok(self.selected(connection, select).await?.pop())
    }

    /// Adds the new lines behind those that are there. The case's row is locked by then.
    async fn add_records(
        &self,
        transaction: &DatabaseTransaction,
        change: &CaseChange,
    ) -> Result<(), StoreError> {
        if change.records.is_empty() {
            return Ok(());
        }
        let no = &change.case.no;
        let known = case_event::Entity::find()
            .filter(case_event::Column::CaseNo.eq(no.as_str()))
            .count(transaction)
            .await
            .map_err(unavailable)?;
        let mut number = i64::try_from(known).unwrap_or(i64::MAX);
        for record in &change.records {
            number = number.saturating_add(1);
            let row = self.case_event_row(no, number, record)?.into_active_model();
            let insert = case_event::Entity::insert(row);
            insert.exec_without_returning(transaction).await.map_err(unavailable)?;
        }
        Ok(())
    }
}

#[async_trait]
impl CaseStore for Store {
    async fn open(&self, new: &CaseChange) -> Result<Opened, StoreError> {
        let transaction = self.begin().await?;
        let form = kept_forms::keep(&transaction, &new.case.form).await?;
        let row = self.case_row(&new.case, form)?.into_active_model();
        let nothing = OnConflict::column(case_file::Column::SubmissionNo).do_nothing().to_owned();
        let insert = case_file::Entity::insert(row).on_conflict(nothing).try_insert();
        match insert.exec_without_returning(&transaction).await.map_err(unavailable)? {
            TryInsertResult::Inserted(1..) => {}
            TryInsertResult::Inserted(_) | TryInsertResult::Conflicted | TryInsertResult::Empty => {
                drop(transaction);
                let known = self.of_submission(&self.write, &new.case.submission).await?;
                return known.map(|case| Opened::Known(Box::new(case))).ok_or(StoreError::Conflict);
            }
        }
        self.add_records(&transaction, new).await?;
        message_events::insert(&transaction, &self.keys, &new.events).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(Opened::New)
    }

    async fn find_case(&self, no: &CaseNo) -> Result<Option<Case>, StoreError> {
        let select = case_file::Entity::find_by_id(no.as_str());
        Ok(self.selected(&self.read, select).await?.pop())
    }

    async fn find_by_submission(&self, no: &SubmissionNo) -> Result<Option<Case>, StoreError> {
        self.of_submission(&self.read, no).await
    }

    async fn list_cases(
        &self,
        owners: &[PersonId],
        before: Option<&CaseNo>,
        limit: u16,
    ) -> Result<CasePage, StoreError> {
        let mut select = case_file::Entity::find()
            .filter(case_file::Column::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .order_by_desc(case_file::Column::No)
            .limit(u64::from(limit) + 1);
        if let Some(before) = before {
            select = select.filter(case_file::Column::No.lt(before.as_str()));
        }
        let mut cases = self.selected(&self.read, select).await?;
        let more = cases.len() > usize::from(limit);
        cases.truncate(usize::from(limit));
        Ok(CasePage { cases, more })
    }

    async fn list_running(&self, owners: &[PersonId], limit: u16) -> Result<Vec<Case>, StoreError> {
        let select = case_file::Entity::find()
            .filter(case_file::Column::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .filter(case_file::Column::EndedAt.is_null())
            .order_by_desc(case_file::Column::No)
            .limit(u64::from(limit));
        self.selected(&self.read, select).await
    }

    async fn timeline(&self, no: &CaseNo) -> Result<Vec<CaseRecord>, StoreError> {
        let rows = case_event::Entity::find()
            .filter(case_event::Column::CaseNo.eq(no.as_str()))
            .order_by_asc(case_event::Column::Number)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| self.case_record_of(row)).collect()
    }

    async fn timelines(
        &self,
        nos: &[CaseNo],
    ) -> Result<BTreeMap<CaseNo, Vec<CaseRecord>>, StoreError> {
        let rows = case_event::Entity::find()
            .filter(case_event::Column::CaseNo.is_in(nos.iter().map(CaseNo::as_str)))
            .order_by_asc(case_event::Column::CaseNo)
            .order_by_asc(case_event::Column::Number)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut found: BTreeMap<_, Vec<_>> =
            nos.iter().map(|no| (no.clone(), Vec::new())).collect();
        for row in &rows {
            let of = found.iter_mut().find(|(no, _)| no.as_str() == row.case_no);
            if let Some((_, lines)) = of {
                lines.push(self.case_record_of(row)?);
            }
        }
        Ok(found)
    }

    async fn change_case(&self, change: &CaseChange) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let form = kept_forms::keep(&transaction, &change.case.form).await?;
        let mut row = self.case_row(&change.case, form)?;
        let version = row.version;
        row.version = version.saturating_add(1);
        let no = row.no.clone();
        let changed = case_file::Entity::update_many()
            .set(row.into_active_model().reset_all())
            .filter(case_file::Column::No.eq(no))
            .filter(case_file::Column::Version.eq(version));
        let changed = changed.exec(&transaction).await.map_err(unavailable)?.rows_affected;
        if changed == 0 {
            return Err(StoreError::Conflict);
        }
        self.add_records(&transaction, change).await?;
        message_events::insert(&transaction, &self.keys, &change.events).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn lease_cases(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Case>, StoreError> {
        let backend = self.write.get_database_backend();
        let values = [micros(now).into(), i64::from(limit).into(), micros(until).into()];
        let lease = Statement::from_sql_and_values(backend, lease_sql(backend), values);
        let mut rows = case_file::Entity::find()
            .from_raw_sql(lease)
            .all(&self.write)
            .await
            .map_err(unavailable)?;
        rows.sort_by(|one, other| one.no.cmp(&other.no));
        Ok(readable(self.read_cases(&self.write, &rows).await?))
    }

    async fn list_ended(&self, since: Timestamp, limit: u16) -> Result<Vec<Case>, StoreError> {
        let select = case_file::Entity::find()
            .filter(case_file::Column::EndedAt.gte(micros(since)))
            .order_by_asc(case_file::Column::EndedAt)
            .order_by_asc(case_file::Column::No)
            .limit(u64::from(limit));
        self.selected(&self.read, select).await
    }
}

/// One statement; of those that another node is taking, none is waited for.
fn lease_sql(backend: DbBackend) -> String {
    let lock = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    format!(
        "WITH due AS MATERIALIZED (SELECT no FROM case_file \
         WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, no LIMIT $2 {lock}) \
         UPDATE case_file SET due_at = $3 WHERE no IN (SELECT no FROM due) RETURNING *"
    )
}

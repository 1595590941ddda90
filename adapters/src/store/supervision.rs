//! Marks on cases that are near or past their promised day.

use super::column::{Row, micros};
use super::entity::{case_event, case_file, supervision_mark};
use super::{Store, message_events, unavailable};
use async_trait::async_trait;
use domain::casework::case::{CaseRecord, CaseState};
use domain::casework::supervision::{Light, Mark, MarkPage, Promised, SupervisionStore};
use domain::catalogue::AppSlug;
use domain::ids::{CaseNo, PersonId};
use domain::messaging::MessageEvent;
use domain::outside::StoreError;
use jiff::civil::Date;
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};

fn mark_of(row: supervision_mark::Model) -> Result<Mark, StoreError> {
    let at = Row { table: "supervision_mark", key: &row.case_no };
    Ok(Mark {
        no: at.valid("case_no", CaseNo::new(&row.case_no))?,
        app: at.valid("app", AppSlug::new(&row.app))?,
        department: row.department.clone(),
        promised: at.day("promised_on", &row.promised_on)?,
        light: at.some("light", Light::from_code(&row.light))?,
        at: at.time("at", row.at)?,
    })
}

/// Does the department still owe a decision, and is the turn its own?
fn owed() -> Condition {
    Condition::all()
        .add(case_file::Column::DecidedAt.is_null())
        .add(case_file::Column::EndedAt.is_null())
        .add(case_file::Column::AskedOn.is_null())
}

/// Marks of the same promise of the same case.
fn marks_of_promise() -> SelectStatement {
    let mut marks = Query::select();
    marks
        .expr(Expr::value(1))
        .from(supervision_mark::Entity)
        .and_where(
            Expr::col((supervision_mark::Entity, supervision_mark::Column::CaseNo))
                .equals((case_file::Entity, case_file::Column::No)),
        )
        .and_where(
            Expr::col((supervision_mark::Entity, supervision_mark::Column::PromisedOn))
                .equals((case_file::Entity, case_file::Column::PromisedOn)),
        );
    marks
}

impl Store {
    /// The next line of the case's timeline. The case's row is locked.
    async fn add_line(
        &self,
        transaction: &DatabaseTransaction,
        case: &case_file::Model,
        (mark, words): (&Mark, &str),
    ) -> Result<(), StoreError> {
        let known = case_event::Entity::find()
            .filter(case_event::Column::CaseNo.eq(case.no.as_str()))
            .count(transaction)
            .await
            .map_err(unavailable)?;
        let number = i64::try_from(known).unwrap_or(i64::MAX).saturating_add(1);
        let at = Row { table: "case_file", key: &case.no };
        let record = CaseRecord {
            at: mark.at,
            state: at.some("state", CaseState::from_code(&case.state))?,
            holder: case.holder.clone(),
            words: words.to_owned(),
        };
        let row = self.case_event_row(&mark.no, number, &record)?.into_active_model();
        let line = case_event::Entity::insert(row).exec_without_returning(transaction).await;
        line.map(|_| ()).map_err(unavailable)
    }
}

#[async_trait]
impl SupervisionStore for Store {
    async fn list_unmarked(
        &self,
        light: Light,
        promised_by: Date,
        limit: u16,
    ) -> Result<Vec<Promised>, StoreError> {
        let mut marked = marks_of_promise();
        if light == Light::Red {
            marked.and_where(supervision_mark::Column::Light.eq(Light::Red.code()));
        }
        let rows: Vec<(String, String, String, String)> = case_file::Entity::find()
            .select_only()
            .column(case_file::Column::No)
            .column(case_file::Column::PersonId)
            .column(case_file::Column::App)
            .column(case_file::Column::PromisedOn)
            .filter(owed())
            .filter(case_file::Column::PromisedOn.lte(promised_by.to_string()))
            .filter(Condition::all().not().add(Expr::exists(marked)))
            .order_by_asc(case_file::Column::PromisedOn)
            .order_by_asc(case_file::Column::No)
            .limit(u64::from(limit))
            .into_tuple()
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let read = |(no, person, app, promised): (String, String, String, String)| {
            let at = Row { table: "case_file", key: &no };
            Ok(Promised {
                no: at.valid("no", CaseNo::new(&no))?,
                person: at.valid("person_id", PersonId::new(&person))?,
                app: at.valid("app", AppSlug::new(&app))?,
                promised: at.day("promised_on", &promised)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    async fn mark(
        &self,
        mark: &Mark,
        line: Option<&str>,
        events: &[MessageEvent],
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        // Whoever changes the case meanwhile waits, or was first.
        let case = case_file::Entity::find_by_id(mark.no.as_str())
            .filter(owed())
            .filter(case_file::Column::PromisedOn.eq(mark.promised.to_string()))
            .lock_exclusive()
            .one(&transaction)
            .await
            .map_err(unavailable)?;
        let Some(case) = case else { return Ok(false) };
        let row = supervision_mark::Model {
            case_no: mark.no.as_str().to_owned(),
            promised_on: mark.promised.to_string(),
            light: mark.light.code().to_owned(),
            app: mark.app.as_str().to_owned(),
            department: mark.department.clone(),
            at: micros(mark.at),
        };
        let insert = supervision_mark::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .try_insert();
        match insert.exec_without_returning(&transaction).await.map_err(unavailable)? {
            TryInsertResult::Inserted(1..) => {}
            TryInsertResult::Inserted(_) | TryInsertResult::Conflicted | TryInsertResult::Empty => {
                return Ok(false);
            }
        }
        if let Some(words) = line {
            self.add_line(&transaction, &case, (mark, words)).await?;
        }
        message_events::insert(&transaction, &self.keys, events).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(true)
    }

    async fn list_marks(
        &self,
        department: Option<&str>,
        after: Option<(Date, &CaseNo)>,
        limit: u16,
    ) -> Result<MarkPage, StoreError> {
        use supervision_mark::Column as C;
        let mut case = Query::select();
        case.expr(Expr::value(1))
            .from(case_file::Entity)
            .and_where(
                Expr::col((case_file::Entity, case_file::Column::No))
                    .equals((supervision_mark::Entity, C::CaseNo)),
            )
            .and_where(
                Expr::col((case_file::Entity, case_file::Column::PromisedOn))
                    .equals((supervision_mark::Entity, C::PromisedOn)),
            )
            .cond_where(owed());
        let mut select = supervision_mark::Entity::find()
            .filter(Expr::exists(case))
            .filter(not_overtaken())
            .order_by_asc(C::PromisedOn)
            .order_by_asc(C::CaseNo)
            .limit(u64::from(limit) + 1);
        if let Some(department) = department {
            select = select.filter(C::Department.eq(department));
        }
        if let Some((promised, no)) = after {
            let promised = promised.to_string();
            let same =
                Condition::all().add(C::PromisedOn.eq(&promised)).add(C::CaseNo.gt(no.as_str()));
            select = select.filter(Condition::any().add(C::PromisedOn.gt(&promised)).add(same));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        let mut marks = rows.into_iter().map(mark_of).collect::<Result<Vec<_>, _>>()?;
        let more = marks.len() > usize::from(limit);
        marks.truncate(usize::from(limit));
        Ok(MarkPage { marks, more })
    }

    async fn marks_of(&self, no: &CaseNo) -> Result<Vec<Mark>, StoreError> {
        let rows = supervision_mark::Entity::find()
            .filter(supervision_mark::Column::CaseNo.eq(no.as_str()))
            .order_by_asc(supervision_mark::Column::At)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(mark_of).collect()
    }
}

/// Red takes the place of yellow.
fn not_overtaken() -> Condition {
    let redder = "light = 'RED' OR NOT EXISTS (SELECT 1 FROM supervision_mark AS red \
        WHERE red.case_no = supervision_mark.case_no \
        AND red.promised_on = supervision_mark.promised_on AND red.light = 'RED')";
    Condition::all().add(Expr::cust(redder))
}

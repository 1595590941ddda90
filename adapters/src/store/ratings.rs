//! Ratings and visits. Which rating belongs to a case is sealed, and what was said is too.

use super::audit::append;
use super::column::{Row, without_nul};
use super::entity::{rated_case, rating};
use super::personal_data::Place;
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::casework::rating::{
    DepartmentRatings, Grade, NewRating, OwnRating, Rating, RatingStore, VisitBack, VisitOutcome,
    VisitPage, VisitResult,
};
use domain::catalogue::AppSlug;
use domain::identity::AuditRecord;
use domain::ids::{CaseNo, RatingNo};
use domain::outside::StoreError;
use jiff::civil::Date;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use std::collections::BTreeMap;

fn place<'a>(column: &'static str, no: &'a str) -> Place<'a> {
    Place { table: "rating", column, row: no }
}

fn link_place(case_no: &CaseNo) -> Place<'_> {
    Place { table: "rated_case", column: "rating_no", row: case_no.as_str() }
}

impl Store {
    fn rating_row(&self, rating: &Rating) -> Result<rating::Model, StoreError> {
        let no = rating.no.as_str();
        let tags = serde_json::to_string(&rating.tags);
        let words = rating.words.as_deref().map(|words| self.keys.seal(place("words", no), words));
        Ok(rating::Model {
            no: no.to_owned(),
            app: rating.app.as_str().to_owned(),
            department: rating.department.clone(),
            points: i64::from(rating.grade.points()),
            tags: tags.map_err(|error| StoreError::Unavailable(error.into()))?,
            words: words.transpose()?,
            rated_on: rating.day.to_string(),
            visit_due: VisitBack::of(rating).map(|visit| visit.due.to_string()),
            visited_on: None,
            visited_by: None,
            visit_result: None,
            visit_words: None,
        })
    }

    fn own_rating_of(&self, row: rating::Model) -> Result<OwnRating, StoreError> {
        let at = Row { table: "rating", key: &row.no };
        let open = |column, sealed: &str| self.keys.open(place(column, &row.no), sealed);
        let grade = u8::try_from(row.points).ok().and_then(Grade::from_points);
        let words = row.words.as_deref().map(|words| open("words", words)).transpose()?;
        let rating = Rating {
            no: at.valid("no", RatingNo::new(&row.no))?,
            app: at.valid("app", AppSlug::new(&row.app))?,
            department: row.department.clone(),
            grade: at.some("points", grade)?,
            tags: at.valid("tags", serde_json::from_str(&row.tags))?,
            words,
            day: at.day("rated_on", &row.rated_on)?,
        };
        let Some(due) = &row.visit_due else { return Ok(OwnRating { rating, visit: None }) };
        let done = match (&row.visited_on, &row.visited_by, &row.visit_result, &row.visit_words) {
            (None, None, None, None) => None,
            (Some(day), Some(by), Some(result), Some(words)) => Some(VisitOutcome {
                day: at.day("visited_on", day)?,
                by: by.clone(),
                result: at.some("visit_result", VisitResult::from_code(result))?,
                words: open("visit_words", words)?,
            }),
            _ => return Err(at.corrupt("visited_on")),
        };
        let visit = VisitBack { rating: rating.clone(), due: at.day("visit_due", due)?, done };
        Ok(OwnRating { rating, visit: Some(visit) })
    }

    fn visit_of(&self, row: rating::Model) -> Result<VisitBack, StoreError> {
        let no = row.no.clone();
        let visit = self.own_rating_of(row)?.visit;
        visit.ok_or(StoreError::Corrupt { table: "rating", column: "visit_due", row: no })
    }
}

#[async_trait]
impl RatingStore for Store {
    async fn rate(&self, new: &NewRating<'_>) -> Result<(), StoreError> {
        let sealed = self.keys.seal(link_place(new.case_no), new.rating.no.as_str())?;
        let link =
            rated_case::Model { case_no: new.case_no.as_str().to_owned(), rating_no: sealed };
        let row = self.rating_row(new.rating)?.into_active_model();
        let transaction = self.begin().await?;
        let linked = rated_case::Entity::insert(link.into_active_model());
        let linked = linked.exec_without_returning(&transaction).await;
        linked.map_err(conflict_if_duplicate)?;
        let kept = rating::Entity::insert(row).exec_without_returning(&transaction).await;
        kept.map_err(conflict_if_duplicate)?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn rating_of(&self, case_no: &CaseNo) -> Result<Option<OwnRating>, StoreError> {
        let link = rated_case::Entity::find_by_id(case_no.as_str()).one(&self.read).await;
        let Some(link) = link.map_err(unavailable)? else { return Ok(None) };
        let no = self.keys.open(link_place(case_no), &link.rating_no)?;
        let row = rating::Entity::find_by_id(no).one(&self.read).await.map_err(unavailable)?;
        row.map(|row| self.own_rating_of(row)).transpose()
    }

    async fn ratings_of(&self, nos: &[CaseNo]) -> Result<BTreeMap<CaseNo, OwnRating>, StoreError> {
        let links = rated_case::Entity::find()
            .filter(rated_case::Column::CaseNo.is_in(nos.iter().map(CaseNo::as_str)))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut of = BTreeMap::new();
        for link in links {
            if let Some(case_no) = nos.iter().find(|no| no.as_str() == link.case_no) {
                let no = self.keys.open(link_place(case_no), &link.rating_no)?;
                of.insert(no, case_no.clone());
            }
        }
        if of.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rated = rating::Entity::find().filter(rating::Column::No.is_in(of.keys().cloned()));
        let rows = rated.all(&self.read).await.map_err(unavailable)?;
        let found = rows.into_iter().filter_map(|row| {
            let case_no = of.remove(&row.no)?;
            Some(self.own_rating_of(row).map(|rating| (case_no, rating)))
        });
        found.collect()
    }

    async fn list_open_visits(
        &self,
        department: Option<&str>,
        after: Option<(Date, &RatingNo)>,
        limit: u16,
    ) -> Result<VisitPage, StoreError> {
        use rating::Column as C;
        let mut select = rating::Entity::find()
            .filter(C::VisitDue.is_not_null())
            .filter(C::VisitedOn.is_null())
            .order_by_asc(C::VisitDue)
            .order_by_asc(C::No)
            .limit(u64::from(limit) + 1);
        if let Some(department) = department {
            select = select.filter(C::Department.eq(department));
        }
        if let Some((due, no)) = after {
            let due = due.to_string();
            let same = Condition::all().add(C::VisitDue.eq(&due)).add(C::No.gt(no.as_str()));
            select = select.filter(Condition::any().add(C::VisitDue.gt(&due)).add(same));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        let visits = rows.into_iter().map(|row| self.visit_of(row));
        let mut visits = visits.collect::<Result<Vec<_>, _>>()?;
        let more = visits.len() > usize::from(limit);
        visits.truncate(usize::from(limit));
        Ok(VisitPage { visits, more })
    }

    async fn find_visit(&self, no: &RatingNo) -> Result<Option<VisitBack>, StoreError> {
        let row = rating::Entity::find_by_id(no.as_str()).one(&self.read).await;
        let row = row.map_err(unavailable)?;
        Ok(row.map(|row| self.own_rating_of(row)).transpose()?.and_then(|own| own.visit))
    }

    async fn record_visit(
        &self,
        no: &RatingNo,
        outcome: &VisitOutcome,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let words = without_nul(&outcome.words);
        let done = rating::ActiveModel {
            visited_on: Set(Some(outcome.day.to_string())),
            visited_by: Set(Some(outcome.by.clone())),
            visit_result: Set(Some(outcome.result.code().to_owned())),
            visit_words: Set(Some(self.keys.seal(place("visit_words", no.as_str()), &words)?)),
            ..rating::ActiveModel::default()
        };
        let transaction = self.begin().await?;
        let done = rating::Entity::update_many()
            .set(done)
            .filter(rating::Column::No.eq(no.as_str()))
            .filter(rating::Column::VisitDue.is_not_null())
            .filter(rating::Column::VisitedOn.is_null());
        let done = done.exec(&transaction).await.map_err(unavailable)?;
        if done.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn statistics(
        &self,
        from: Date,
        to: Date,
        today: Date,
    ) -> Result<Vec<DepartmentRatings>, StoreError> {
        let today = today.to_string();
        let backend = self.read.get_database_backend();
        let values = [from.to_string().into(), to.to_string().into(), today.into()];
        let ask = Statement::from_sql_and_values(backend, STATISTICS, values);
        let rows = Figures::find_by_statement(ask).all(&self.read).await.map_err(unavailable)?;
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let figures = rows.into_iter().map(|row| DepartmentRatings {
            department: row.department,
            count: count(row.ratings),
            points: count(row.points),
            bad: count(row.bad),
            visits_owed: count(row.owed),
            visits_in_time: count(row.in_time),
        });
        Ok(figures.collect())
    }
}

#[derive(FromQueryResult)]
struct Figures {
    department: String,
    ratings: i64,
    points: i64,
    bad: i64,
    owed: i64,
    in_time: i64,
}

/// A rating that was not upheld does not count; its visit does.
const STATISTICS: &str = "SELECT department,
    CAST(SUM(CASE WHEN visit_result = 'NOT_UPHELD' THEN 0 ELSE 1 END) AS BIGINT) AS ratings,
    CAST(SUM(CASE WHEN visit_result = 'NOT_UPHELD' THEN 0 ELSE points END) AS BIGINT) AS points,
    CAST(SUM(CASE WHEN points <= 2 AND (visit_result IS NULL OR visit_result <> 'NOT_UPHELD')
        THEN 1 ELSE 0 END) AS BIGINT) AS bad,
    CAST(SUM(CASE WHEN visit_due IS NOT NULL AND (visited_on IS NOT NULL OR visit_due < $3)
        THEN 1 ELSE 0 END) AS BIGINT) AS owed,
    CAST(SUM(CASE WHEN visited_on IS NOT NULL AND visited_on <= visit_due
        THEN 1 ELSE 0 END) AS BIGINT) AS in_time
    FROM rating WHERE rated_on >= $1 AND rated_on <= $2
    GROUP BY department ORDER BY department";

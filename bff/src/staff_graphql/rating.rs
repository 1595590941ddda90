//! Ratings for those who answer for them: figures, and bad ones that wait for a visit. Nothing
//! here tells a case, a person or an hour.

use super::{signed_in, use_cases, with_role};
use crate::graphql::error::{
    FailureCode, UserError, UserErrorCode as Code, nothing_done, store_failed,
};
use crate::graphql::rating::{RatingGrade, VisitBackResult};
use crate::graphql::scalars::Day;
use async_graphql::{Context, InputObject, Result, SimpleObject};
use domain::casework::rating::{DepartmentRatings, RecordVisitError, VisitBack};
use domain::clock::beijing_day;
use domain::identity::StaffRole;
use domain::ids::RatingNo;
use jiff::civil::Date;

/// A bad rating that asks for a visit-back (回访).
#[derive(SimpleObject)]
pub struct RatingVisitBack {
    /// The rating's number; leads to nobody.
    rating_no: String,
    /// Which department had the case.
    department: String,
    /// Of which app it was.
    app: String,
    /// The grade.
    grade: RatingGrade,
    /// Ticked reasons.
    tags: Vec<String>,
    /// The citizen's own words.
    words: Option<String>,
    /// On which day.
    rated_on: Day,
    /// The last day on which the visit is in time.
    due: Day,
    /// Is that day over?
    overdue: bool,
    /// What came of it.
    result: Option<VisitBackResult>,
}

fn visit(visit: VisitBack, today: Date) -> RatingVisitBack {
    let VisitBack { rating, due, done } = visit;
    RatingVisitBack {
        rating_no: rating.no.to_string(),
        department: rating.department,
        app: rating.app.to_string(),
        grade: rating.grade.into(),
        tags: rating.tags,
        words: rating.words,
        rated_on: Day(rating.day),
        due: Day(due),
        overdue: done.is_none() && today > due,
        result: done.map(|done| done.result.into()),
    }
}

/// A page of visits.
#[derive(SimpleObject)]
pub struct VisitBackConnection {
    /// The earliest due first.
    nodes: Vec<RatingVisitBack>,
    /// Are there more?
    has_next_page: bool,
    /// Pass it as `after` for the next page.
    end_cursor: Option<String>,
}

/// The query `visitBacks`. Single ratings are for checkers alone: a clerk who knows the cases of a
/// day could tell whose one is.
pub async fn visits(
    ctx: &Context<'_>,
    department: Option<String>,
    (first, after): (i32, Option<String>),
) -> Result<VisitBackConnection> {
    with_role(ctx, &StaffRole::Checker)?;
    let limit = page_size(first)?;
    let edge = after.as_deref().map(read_cursor).transpose()?;
    let edge = edge.as_ref().map(|(due, no)| (*due, no));
    let cases = use_cases(ctx);
    let found = cases.ratings.list_open_visits(department.as_deref(), edge, limit).await;
    let page = found.map_err(|error| store_failed(&error))?;
    let last = page.visits.last();
    let end_cursor = last.map(|visit| format!("{}/{}", visit.due, visit.rating.no));
    let today = beijing_day(cases.record_visit.clock.now());
    let nodes = page.visits.into_iter().map(|one| visit(one, today)).collect();
    Ok(VisitBackConnection { nodes, has_next_page: page.more, end_cursor })
}

/// 1 to 100, or BAD_INPUT.
pub(super) fn page_size(first: i32) -> Result<u16> {
    let first = u16::try_from(first).ok().filter(|first| (1..=100).contains(first));
    first.ok_or_else(|| FailureCode::BadInput.error())
}

fn read_cursor(text: &str) -> Result<(Date, RatingNo)> {
    let read = || {
        let (day, no) = text.split_once('/')?;
        Some((day.parse().ok()?, RatingNo::new(no).ok()?))
    };
    read().ok_or_else(|| FailureCode::BadInput.error())
}

/// What came of a visit.
#[derive(InputObject)]
pub struct RecordVisitBackInput {
    /// Of `visitBacks`.
    rating_no: String,
    /// What came of it.
    result: VisitBackResult,
    /// In words that the citizen reads: 1 to 500 characters.
    words: String,
}

/// The visit as it is now, or why not.
#[derive(SimpleObject)]
pub struct RecordVisitBackPayload {
    /// With its result.
    visit_back: Option<RatingVisitBack>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `recordVisitBack`.
pub async fn record(
    ctx: &Context<'_>,
    input: RecordVisitBackInput,
) -> Result<RecordVisitBackPayload> {
    let staff = with_role(ctx, &StaffRole::Checker)?;
    let record = &use_cases(ctx).record_visit;
    let said = (input.result.into(), input.words.as_str());
    let done = match RatingNo::new(input.rating_no.trim()) {
        Ok(no) => record.run(&staff.name, &no, said).await,
        Err(_) => Err(RecordVisitError::NotFound),
    };
    let refused = match done {
        Ok(done) => {
            let today = beijing_day(record.clock.now());
            let visit_back = Some(visit(done, today));
            return Ok(RecordVisitBackPayload { visit_back, user_errors: Vec::new() });
        }
        Err(RecordVisitError::NotFound) => {
            UserError::at(Code::NotFound, &["ratingNo"], "没有这个回访任务")
        }
        Err(RecordVisitError::Done) => {
            UserError::at(Code::Conflict, &["ratingNo"], "回访结果已经登记")
        }
        Err(RecordVisitError::Words) => {
            UserError::at(Code::Invalid, &["words"], "请填写1至500个字的回访情况")
        }
        Err(RecordVisitError::Store(error)) => return Err(nothing_done(&error)),
    };
    Ok(RecordVisitBackPayload { visit_back: None, user_errors: vec![refused] })
}

/// How a department was rated. Of fewer than five ratings no figure is shown: it could tell who
/// gave them.
#[derive(SimpleObject)]
pub struct DepartmentRating {
    /// Which.
    department: String,
    /// How many ratings; null for too few.
    count: Option<u32>,
    /// The average of 1 to 5 points, in hundredths: 467 is 4.67.
    average_hundredths: Option<u32>,
    /// Bad ones of a thousand.
    bad_per_mille: Option<u32>,
    /// Visits that are done or overdue.
    visits_owed: Option<u32>,
    /// Of them, done in time.
    visits_in_time: Option<u32>,
}

impl From<DepartmentRatings> for DepartmentRating {
    fn from(of: DepartmentRatings) -> Self {
        let average_hundredths = of.average_hundredths();
        let shown = |figure| average_hundredths.map(|_| figure);
        Self {
            average_hundredths,
            bad_per_mille: of.bad_per_mille(),
            count: shown(of.count),
            visits_owed: shown(of.visits_owed),
            visits_in_time: shown(of.visits_in_time),
            department: of.department,
        }
    }
}

/// The query `departmentRatings`.
pub async fn figures(ctx: &Context<'_>, from: Day, to: Day) -> Result<Vec<DepartmentRating>> {
    signed_in(ctx)?;
    let cases = use_cases(ctx);
    let today = beijing_day(cases.record_visit.clock.now());
    let found = cases.ratings.statistics(from.0, to.0, today).await;
    Ok(found.map_err(|error| store_failed(&error))?.into_iter().map(Into::into).collect())
}

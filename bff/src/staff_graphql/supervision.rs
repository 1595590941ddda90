//! Cases near or past their promised day.

use super::rating::page_size;
use super::{signed_in, use_cases};
use crate::graphql::error::{FailureCode, store_failed};
use crate::graphql::scalars::{DateTime, Day};
use async_graphql::{Context, Enum, Result, SimpleObject};
use domain::casework::supervision::Mark;
use domain::clock::beijing_day;
use domain::identity::{StaffAccount, StaffRole};
use domain::ids::CaseNo;
use domain::standards::workday::workdays_until;
use jiff::civil::Date;

/// How urgent a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::casework::supervision::Light")]
pub enum SupervisionLight {
    /// 黄牌: the promised day is near.
    Yellow,
    /// 红牌: the promised day is over.
    Red,
}

/// A case under supervision (督办).
#[derive(SimpleObject)]
pub struct SupervisedCase {
    /// Who has it.
    department: String,
    /// The case.
    case_no: String,
    /// Of which app.
    app: String,
    /// By when it was promised.
    promised_on: Day,
    /// How urgent it is.
    light: SupervisionLight,
    /// Since when it is marked so.
    since: DateTime,
    /// Working days past the promised day; 0 while it is not over.
    overdue_workdays: u32,
}

/// A page of cases under supervision.
#[derive(SimpleObject)]
pub struct SupervisionConnection {
    /// The earliest promised first.
    nodes: Vec<SupervisedCase>,
    /// Are there more?
    has_next_page: bool,
    /// Pass it as `after` for the next page.
    end_cursor: Option<String>,
}

fn may_see(account: &StaffAccount) -> bool {
    account.roles.iter().any(|role| match role {
        StaffRole::Clerk | StaffRole::Checker | StaffRole::Auditor | StaffRole::Operator => true,
        StaffRole::Agency(_) | StaffRole::Finance(_) | StaffRole::Editor => false,
    })
}

/// The query `supervision`.
pub async fn list(
    ctx: &Context<'_>,
    department: Option<String>,
    (first, after): (i32, Option<String>),
) -> Result<SupervisionConnection> {
    if !may_see(signed_in(ctx)?) {
        return Err(FailureCode::NotAllowed.error());
    }
    let limit = page_size(first)?;
    let edge = after.as_deref().map(read_cursor).transpose()?;
    let edge = edge.as_ref().map(|(day, no)| (*day, no));
    let cases = use_cases(ctx);
    let found = cases.supervision.list_marks(department.as_deref(), edge, limit).await;
    let page = found.map_err(|error| store_failed(&error))?;
    let last = page.marks.last();
    let end_cursor = last.map(|mark| format!("{}/{}", mark.promised, mark.no));
    let today = beijing_day(cases.record_visit.clock.now());
    let nodes = page.marks.into_iter().map(|mark| supervised(mark, today)).collect();
    Ok(SupervisionConnection { nodes, has_next_page: page.more, end_cursor })
}

fn supervised(mark: Mark, today: Date) -> SupervisedCase {
    SupervisedCase {
        department: mark.department,
        case_no: mark.no.to_string(),
        app: mark.app.to_string(),
        overdue_workdays: workdays_until(mark.promised, today),
        promised_on: Day(mark.promised),
        light: mark.light.into(),
        since: mark.at.into(),
    }
}

fn read_cursor(text: &str) -> Result<(Date, CaseNo)> {
    let read = || {
        let (day, no) = text.split_once('/')?;
        Some((day.parse().ok()?, CaseNo::new(no).ok()?))
    };
    read().ok_or_else(|| FailureCode::BadInput.error())
}

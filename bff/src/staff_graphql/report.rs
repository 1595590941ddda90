//! Reports: the same figures as the pages of the console and `bff export`.

use super::rating::page_size;
use super::{signed_in, use_cases};
use crate::graphql::error::{FailureCode, store_failed};
use crate::graphql::scalars::{DateTime, Day, Fen};
use crate::staff_door::is_of_desk;
use async_graphql::{Context, Enum, Result, SimpleObject};
use domain::reconciliation::report::{self, Edge, Span};

/// By what a row sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::reconciliation::report::By")]
pub enum SummaryBy {
    /// The payment rail.
    Rail,
    /// The region of the agency.
    Region,
    /// The agency (执收单位).
    Agency,
    /// The item (执收项目).
    Item,
    /// Where the money goes, and the level whose share it is.
    Destination,
}

/// One sum.
#[derive(SimpleObject)]
pub struct SummaryRow {
    /// By what.
    by: SummaryBy,
    /// A rail, a region, an agency, an item or a destination.
    key: String,
    /// An agency's name, an item's agency, a share's level; may be empty.
    detail: String,
    /// Payments, notices or bookings.
    paid_count: String,
    /// What came.
    paid: Fen,
    /// Refunds.
    returned_count: String,
    /// What went back.
    returned: Fen,
    /// What the rail kept; zero but by rail.
    fees: Fen,
    /// Paid, less returned, less fees.
    net: Fen,
}

/// The books of some days, summed up.
#[derive(SimpleObject)]
pub struct SettlementSummary {
    /// By what, then by key.
    rows: Vec<SummaryRow>,
    /// What the rails took.
    taken: Fen,
    /// What the books say of it: shares, held and owed back.
    booked: Fen,
    /// Held, because its amount is another one than was asked.
    held: Fen,
    /// Owed back as a whole.
    owed_back: Fen,
    /// Do `taken` and `booked` agree?
    adds_up: bool,
}

/// A payment whose end is open.
#[derive(SimpleObject)]
pub struct UnsettledPayment {
    /// Its number.
    payment_no: String,
    /// By which rail.
    rail: String,
    /// What was asked.
    amount: Fen,
    /// What came, if anything did.
    paid: Option<Fen>,
    /// Where it stands.
    status: String,
    /// Notices that were paid and are not written off yet.
    not_written_off: i32,
    /// When it was made.
    created_at: DateTime,
    /// When the money came.
    paid_at: Option<DateTime>,
}

/// A page of payments whose end is open.
#[derive(SimpleObject)]
pub struct UnsettledConnection {
    /// In order of making.
    nodes: Vec<UnsettledPayment>,
    /// Are there more?
    has_next_page: bool,
    /// Pass it as `after` for the next page.
    end_cursor: Option<String>,
}

fn span(ctx: &Context<'_>, first: Day, last: Day) -> Result<Span> {
    if !is_of_desk(signed_in(ctx)?) {
        return Err(FailureCode::NotAllowed.error());
    }
    Span::new(first.0, last.0).map_err(|_| FailureCode::BadInput.error())
}

/// The query `settlementSummary`.
pub async fn summary(ctx: &Context<'_>, first: Day, last: Day) -> Result<SettlementSummary> {
    let span = span(ctx, first, last)?;
    let found = use_cases(ctx).reports.sum_up.run(span).await;
    let found = found.map_err(|error| store_failed(&error))?;
    let adds_up = found.adds_up();
    Ok(SettlementSummary {
        taken: Fen(found.taken),
        booked: Fen(found.booked),
        held: Fen(found.held),
        owed_back: Fen(found.owed_back),
        rows: found.rows.into_iter().map(SummaryRow::from).collect(),
        adds_up,
    })
}

impl From<report::SummaryRow> for SummaryRow {
    fn from(row: report::SummaryRow) -> Self {
        Self {
            net: Fen(row.net()),
            by: row.by.into(),
            key: row.key,
            detail: row.detail,
            paid_count: row.paid_count.to_string(),
            paid: Fen(row.paid),
            returned_count: row.returned_count.to_string(),
            returned: Fen(row.returned),
            fees: Fen(row.fees),
        }
    }
}

/// `micros/number`.
fn cursor(edge: &Edge) -> String {
    format!("{}/{}", edge.at.as_microsecond(), edge.no)
}

fn read_cursor(text: &str) -> Result<Edge> {
    let read = || {
        let (micros, no) = text.split_once('/')?;
        let at = jiff::Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
        Some(Edge { at, no: no.to_owned() })
    };
    read().ok_or_else(|| FailureCode::BadInput.error())
}

/// The query `unsettledPayments`.
pub async fn unsettled(
    ctx: &Context<'_>,
    (from, to): (Day, Day),
    (first, after): (i32, Option<String>),
) -> Result<UnsettledConnection> {
    let span = span(ctx, from, to)?;
    let limit = page_size(first)?;
    let edge = after.as_deref().map(read_cursor).transpose()?;
    let book = &use_cases(ctx).reports.book;
    let found = book.unsettled(span, edge.as_ref(), u32::from(limit) + 1).await;
    let mut found = found.map_err(|error| store_failed(&error))?;
    let has_next_page = found.len() > usize::from(limit);
    found.truncate(usize::from(limit));
    let end_cursor = found.last().map(|line| cursor(&line.edge()));
    let nodes = found.into_iter().map(|line| UnsettledPayment {
        payment_no: line.no,
        rail: line.rail.code().to_owned(),
        amount: Fen(line.amount),
        paid: line.paid.map(Fen),
        status: line.status.code().to_owned(),
        not_written_off: i32::try_from(line.not_written_off).unwrap_or(i32::MAX),
        created_at: line.created_at.into(),
        paid_at: line.paid_at.map(DateTime::from),
    });
    Ok(UnsettledConnection { nodes: nodes.collect(), has_next_page, end_cursor })
}

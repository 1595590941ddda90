//! Sums and lists for reports. The database sums: whatever the span, few rows leave it.

use super::column::{Row, micros};
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::clock::from_beijing;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::{Account, JournalKind, PaymentStatus, Rail, RefundCause, RefundStatus, Side};
use domain::reconciliation::report::{
    AgencySum, BookedSum, Edge, RefundLine, ReportBook, Span, Unsettled,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Statement, Value};

/// A year of a large province takes a while; a person waits for it, and may give up.
const SUM_FOR: &str = "SET LOCAL statement_timeout = '300s'";
/// As of notices that were paid on the days: per rail, region and agency.
const PAID: &str = "SELECT j.rail AS rail, n.region AS region, n.agency_code AS agency, \
    MAX(n.agency_name) AS name, COUNT(*) AS entries, \
    CAST(SUM(n.principal + n.late_fee) AS BIGINT) AS fen \
    FROM journal j JOIN payment_notice n ON n.payment_no = j.payment_no \
    WHERE j.kind = 'PAID'";
const RETURNED: &str = "SELECT j.rail AS rail, n.region AS region, n.agency_code AS agency, \
    MAX(n.agency_name) AS name, COUNT(*) AS entries, CAST(SUM(r.amount) AS BIGINT) AS fen \
    FROM journal j JOIN refund r ON r.no = j.reference \
    JOIN payment_notice n ON n.payment_no = r.payment_no AND n.notice_no = r.notice_no \
    WHERE j.kind = 'REFUND_DONE'";
const BY_AGENCY: &str =
    "GROUP BY j.rail, n.region, n.agency_code ORDER BY j.rail, n.region, n.agency_code";

#[derive(FromQueryResult)]
struct BookedRow {
    rail: String,
    kind: String,
    account: String,
    side: String,
    entries: i64,
    fen: i64,
}

#[derive(FromQueryResult)]
struct AgencyRow {
    rail: String,
    region: String,
    agency: String,
    name: String,
    entries: i64,
    fen: i64,
}

#[derive(FromQueryResult)]
struct RefundRow {
    no: String,
    payment_no: String,
    rail: String,
    cause: String,
    amount: i64,
    notice_no: Option<String>,
    agency_code: Option<String>,
    reason: String,
    status: String,
    created_at: i64,
    done_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct UnsettledRow {
    no: String,
    rail: String,
    amount: i64,
    paid_amount: Option<i64>,
    status: String,
    open_notices: i64,
    created_at: i64,
    paid_at: Option<i64>,
}

/// Every rail, for `IN`: the indexes of journals and payments begin with it.
pub(super) fn rails() -> String {
    let codes: Vec<String> = Rail::ALL.iter().map(|rail| format!("'{}'", rail.code())).collect();
    codes.join(", ")
}

fn rail_of(at: Row<'_>, code: &str) -> Result<Rail, StoreError> {
    at.some("rail", Rail::from_code(code))
}

fn booked_of(row: &BookedRow) -> Result<BookedSum, StoreError> {
    let at = Row { table: "journal_entry", key: &row.account };
    let side = match row.side.as_str() {
        "DEBIT" => Some(Side::Debit),
        "CREDIT" => Some(Side::Credit),
        _ => None,
    };
    Ok(BookedSum {
        rail: rail_of(at, &row.rail)?,
        kind: at.some("kind", JournalKind::from_code(&row.kind))?,
        account: at.valid("account", Account::from_code(&row.account))?,
        side: at.some("side", side)?,
        count: at.valid("position", u64::try_from(row.entries))?,
        sum: Fen::new(row.fen),
    })
}

/// Both halves of what is known of an agency, as one.
fn agencies_of(
    paid: Vec<AgencyRow>,
    returned: Vec<AgencyRow>,
) -> Result<Vec<AgencySum>, StoreError> {
    let mut sums: Vec<AgencySum> = Vec::with_capacity(paid.len());
    let halves = paid.into_iter().map(|row| (row, true));
    for (row, is_paid) in halves.chain(returned.into_iter().map(|row| (row, false))) {
        let at = Row { table: "payment_notice", key: &row.agency };
        let rail = rail_of(at, &row.rail)?;
        let (count, fen) = (at.valid("position", u64::try_from(row.entries))?, Fen::new(row.fen));
        let same = |sum: &&mut AgencySum| {
            (sum.rail, &sum.region, &sum.agency) == (rail, &row.region, &row.agency)
        };
        let at = match sums.iter_mut().find(same) {
            Some(sum) => sum,
            None => {
                sums.push(AgencySum {
                    rail,
                    region: row.region.clone(),
                    agency: row.agency.clone(),
                    name: row.name.clone(),
                    paid_count: 0,
                    paid: Fen::ZERO,
                    returned_count: 0,
                    returned: Fen::ZERO,
                });
                let last = sums.len() - 1;
                &mut sums[last]
            }
        };
        if is_paid {
            (at.paid_count, at.paid) = (count, fen);
        } else {
            (at.returned_count, at.returned) = (count, fen);
        }
    }
    Ok(sums)
}

/// From the first midnight to the one after the last day, Beijing's.
fn moments(span: Span) -> (i64, i64) {
    let midnight = |day: jiff::civil::Date| from_beijing(day.at(0, 0, 0, 0)).map(micros);
    let end = span.last().tomorrow().ok().and_then(midnight);
    (midnight(span.first()).unwrap_or(i64::MIN), end.unwrap_or(i64::MAX))
}

pub(super) async fn asked<R: FromQueryResult>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<R>, StoreError> {
    let ask = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    R::find_by_statement(ask).all(connection).await.map_err(unavailable)
}

/// The span's first and last day, as the journals have them.
fn days(span: Span) -> Vec<Value> {
    vec![span.first().to_string().into(), span.last().to_string().into()]
}

/// Bounds of a page: from, to, and after which row.
fn bounds(span: Span, after: Option<&Edge>, limit: u32) -> Vec<Value> {
    let (from, to) = moments(span);
    let (at, no) = after.map_or((i64::MIN, ""), |edge| (micros(edge.at), edge.no.as_str()));
    vec![from.into(), to.into(), at.into(), no.into(), i64::from(limit).into()]
}

impl Store {
    pub(super) async fn summing(&self) -> Result<DatabaseTransaction, StoreError> {
        let moment = self.snapshot().await?;
        if moment.get_database_backend() == DbBackend::Postgres {
            moment.execute_unprepared(SUM_FOR).await.map_err(unavailable)?;
        }
        Ok(moment)
    }
}

#[async_trait]
impl ReportBook for Store {
    async fn sums(&self, span: Span) -> Result<(Vec<BookedSum>, Vec<AgencySum>), StoreError> {
        let moment = self.summing().await?;
        let within = format!("j.rail IN ({}) AND j.day BETWEEN $1 AND $2", rails());
        let booked = format!(
            "SELECT j.rail AS rail, j.kind AS kind, e.account AS account, e.side AS side, \
             COUNT(*) AS entries, CAST(SUM(e.amount) AS BIGINT) AS fen \
             FROM journal j JOIN journal_entry e ON e.payment_no = j.payment_no \
             AND e.kind = j.kind AND e.reference = j.reference WHERE {within} \
             GROUP BY j.rail, j.kind, e.account, e.side ORDER BY j.rail, j.kind, e.account, e.side"
        );
        let booked: Vec<BookedRow> = asked(&moment, &booked, days(span)).await?;
        let [paid, returned] =
            [PAID, RETURNED].map(|select| format!("{select} AND {within} {BY_AGENCY}"));
        let paid: Vec<AgencyRow> = asked(&moment, &paid, days(span)).await?;
        let returned: Vec<AgencyRow> = asked(&moment, &returned, days(span)).await?;
        let booked = booked.iter().map(booked_of).collect::<Result<_, _>>()?;
        Ok((booked, agencies_of(paid, returned)?))
    }

    async fn refunds(
        &self,
        span: Span,
        after: Option<&Edge>,
        limit: u32,
    ) -> Result<Vec<RefundLine>, StoreError> {
        let sql = "SELECT no, payment_no, rail, cause, amount, notice_no, agency_code, reason, status, \
            created_at, done_at FROM refund WHERE created_at >= $1 AND created_at < $2 \
            AND (created_at > $3 OR (created_at = $3 AND no > $4)) ORDER BY created_at, no LIMIT $5";
        let rows: Vec<RefundRow> = asked(&self.read, sql, bounds(span, after, limit)).await?;
        rows.into_iter().map(refund_of).collect()
    }

    async fn unsettled(
        &self,
        span: Span,
        after: Option<&Edge>,
        limit: u32,
    ) -> Result<Vec<Unsettled>, StoreError> {
        let sql = format!(
            "SELECT * FROM (SELECT p.no AS no, p.rail AS rail, p.amount AS amount, \
             p.paid_amount AS paid_amount, p.status AS status, p.created_at AS created_at, \
             p.paid_at AS paid_at, (SELECT COUNT(*) FROM payment_notice n \
             WHERE n.payment_no = p.no AND n.holds AND n.written_off_at IS NULL \
             AND p.status = 'PAID') AS open_notices FROM payment p WHERE p.rail IN ({}) \
             AND p.created_at >= $1 AND p.created_at < $2 \
             AND (p.created_at > $3 OR (p.created_at = $3 AND p.no > $4)) \
             AND p.status NOT IN ('SUBMITTED', 'CLOSED', 'REFUNDED')) AS made \
             WHERE status NOT IN ('PAID', 'PARTIALLY_REFUNDED') OR open_notices > 0 \
             ORDER BY created_at, no LIMIT $5",
            rails()
        );
        let rows: Vec<UnsettledRow> = asked(&self.read, &sql, bounds(span, after, limit)).await?;
        rows.into_iter().map(unsettled_of).collect()
    }
}

fn refund_of(row: RefundRow) -> Result<RefundLine, StoreError> {
    let at = Row { table: "refund", key: &row.no };
    let (created_at, done_at): (Timestamp, _) =
        (at.time("created_at", row.created_at)?, at.time_if_any("done_at", row.done_at)?);
    Ok(RefundLine {
        rail: rail_of(at, &row.rail)?,
        cause: at.some("cause", RefundCause::from_code(&row.cause))?,
        amount: Fen::new(row.amount),
        status: at.some("status", RefundStatus::from_code(&row.status))?,
        payment_no: row.payment_no,
        notice_no: row.notice_no.unwrap_or_default(),
        agency: row.agency_code.unwrap_or_default(),
        reason: row.reason,
        created_at,
        done_at,
        no: row.no,
    })
}

fn unsettled_of(row: UnsettledRow) -> Result<Unsettled, StoreError> {
    let at = Row { table: "payment", key: &row.no };
    Ok(Unsettled {
        rail: rail_of(at, &row.rail)?,
        amount: Fen::new(row.amount),
        paid: row.paid_amount.map(Fen::new),
        status: at.some("status", PaymentStatus::from_code(&row.status))?,
        not_written_off: at.valid("position", u64::try_from(row.open_notices))?,
        created_at: at.time("created_at", row.created_at)?,
        paid_at: at.time_if_any("paid_at", row.paid_at)?,
        no: row.no,
    })
}

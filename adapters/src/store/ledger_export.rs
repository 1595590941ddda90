//! A day of our ledger as lines: what it booked, and whatever else explains it.

use super::column::{Row, micros};
use super::entity::{payment, payment_notice, refund};
use super::reports::asked;
use super::{Store, unavailable};
use domain::clock::{beijing_day, from_beijing};
use domain::outside::StoreError;
use domain::payment::{CashierKind, PaymentStatus, Rail, RefundStatus};
use domain::reconciliation::engine::{LedgerKind, LedgerState};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers per question: below the databases' limit of parameters.
const AT_ONCE: usize = 500;

/// One line of the export, as docs/recon-benchmark.md has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedLine {
    /// Payment or refund.
    pub kind: LedgerKind,
    /// The payment's number.
    pub order_no: String,
    /// The refund's number; empty of a payment.
    pub refund_no: String,
    /// `no`, or several as `no=fen;no=fen`; empty where the money is not that of the notices.
    pub notice_no: String,
    /// By which rail.
    pub rail: Rail,
    /// At which cashier, of a payment.
    pub cashier: CashierKind,
    /// The rail's number; empty where it is not known.
    pub txn: String,
    /// In fen.
    pub amount: i64,
    /// How far.
    pub state: LedgerState,
    /// By the rail's clock, if it is there already.
    pub at: Timestamp,
    /// The Beijing day in our books.
    pub accounting_day: Date,
    /// Of one notice who is owed; else empty.
    pub agency_code: String,
}

impl ExportedLine {
    /// Whether the ledger counts it on its day.
    pub const fn is_booked(&self) -> bool {
        match self.state {
            LedgerState::Paid | LedgerState::Succeeded => true,
            LedgerState::Submitted => matches!(self.kind, LedgerKind::Refund),
            LedgerState::Unknown | LedgerState::Failed | LedgerState::Closed => false,
        }
    }
}

#[derive(FromQueryResult)]
struct Number {
    no: String,
}

#[derive(FromQueryResult)]
struct PaymentRow {
    no: String,
    rail: String,
    cashier: String,
    status: String,
    txn: Option<String>,
    amount: i64,
    paid_amount: Option<i64>,
    paid_at: Option<i64>,
    created_at: i64,
}

#[derive(FromQueryResult)]
struct NoticeRow {
    payment_no: String,
    notice_no: String,
    agency_code: String,
    principal: i64,
    late_fee: i64,
}

#[derive(FromQueryResult)]
struct RefundRow {
    no: String,
    payment_no: String,
    amount: i64,
    status: String,
    txn: Option<String>,
    sent_at: Option<i64>,
    done_at: Option<i64>,
}

impl Store {
    /// The lines of the day, in order of payment numbers, each payment before its refunds; `also` names payments that files
    /// of the day speak of. Payments of the days around, attempts that were never paid, and other payments of the same notices are
    /// among them: they explain.
    ///
    /// # Errors
    /// [`StoreError`]; also whatever `each` answers.
    pub async fn export_ledger(
        &self,
        day: Date,
        also: BTreeSet<String>,
        mut each: impl FnMut(ExportedLine) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let moment = self.summing().await?;
        let mut numbers = also;
        let around = |days: i64| day.checked_add(Span::new().days(days)).unwrap_or(day);
        let (first, last) = (around(-1), around(1));
        let rails = super::reports::rails();
        let booked = format!(
            "SELECT payment_no AS no FROM journal WHERE rail IN ({rails}) AND day BETWEEN $1 AND $2"
        );
        let bounds = vec![first.to_string().into(), last.to_string().into()];
        numbers.extend(numbers_of(&moment, &booked, bounds).await?);
        let midnight = |day: Date| from_beijing(day.at(0, 0, 0, 0)).map_or(0, micros);
        let made = format!(
            "SELECT no FROM payment WHERE rail IN ({rails}) AND created_at >= $1 AND created_at < $2"
        );
        let bounds = vec![midnight(first).into(), midnight(around(2)).into()];
        numbers.extend(numbers_of(&moment, &made, bounds).await?);
        // Whoever holds a notice that was paid for on the day.
        let holders = format!(
            "SELECT h.payment_no AS no FROM payment_notice h WHERE h.holds AND h.notice_no IN \
             (SELECT n.notice_no FROM journal j JOIN payment_notice n ON n.payment_no = j.payment_no \
             WHERE j.rail IN ({rails}) AND j.day = $1 AND j.kind IN ('PAID', 'OWED_BACK'))"
        );
        numbers.extend(numbers_of(&moment, &holders, vec![day.to_string().into()]).await?);
        let numbers: Vec<String> = numbers.into_iter().collect();
        for some in numbers.chunks(AT_ONCE) {
            for line in lines_of(&moment, some).await? {
                each(line)?;
            }
        }
        Ok(())
    }
}

async fn numbers_of(
    moment: &DatabaseTransaction,
    sql: &str,
    values: Vec<sea_orm::Value>,
) -> Result<impl Iterator<Item = String>, StoreError> {
    let rows: Vec<Number> = asked(moment, sql, values).await?;
    Ok(rows.into_iter().map(|row| row.no))
}

async fn lines_of(
    moment: &DatabaseTransaction,
    numbers: &[String],
) -> Result<Vec<ExportedLine>, StoreError> {
    use payment::Column as P;
    use payment_notice::Column as N;
    use refund::Column as R;
    let payments: Vec<PaymentRow> = payment::Entity::find()
        .select_only()
        .columns([P::No, P::Rail, P::Cashier, P::Status, P::Txn, P::Amount])
        .columns([P::PaidAmount, P::PaidAt, P::CreatedAt])
        .filter(P::No.is_in(numbers))
        .order_by_asc(P::No)
        .into_model()
        .all(moment)
        .await
        .map_err(unavailable)?;
    let notices: Vec<NoticeRow> = payment_notice::Entity::find()
        .select_only()
        .columns([N::PaymentNo, N::NoticeNo, N::AgencyCode, N::Principal, N::LateFee])
        .filter(N::PaymentNo.is_in(numbers))
        .order_by_asc(N::PaymentNo)
        .order_by_asc(N::NoticeNo)
        .into_model()
        .all(moment)
        .await
        .map_err(unavailable)?;
    let refunds: Vec<RefundRow> = refund::Entity::find()
        .select_only()
        .columns([R::No, R::PaymentNo, R::Amount, R::Status, R::Txn, R::SentAt, R::DoneAt])
        .filter(R::PaymentNo.is_in(numbers))
        .filter(R::SentAt.is_not_null())
        .order_by_asc(R::No)
        .into_model()
        .all(moment)
        .await
        .map_err(unavailable)?;
    let mut notices_of: BTreeMap<&str, Vec<&NoticeRow>> = BTreeMap::new();
    for notice in &notices {
        notices_of.entry(&notice.payment_no).or_default().push(notice);
    }
    let mut refunds_of: BTreeMap<&str, Vec<&RefundRow>> = BTreeMap::new();
    for refund in &refunds {
        refunds_of.entry(&refund.payment_no).or_default().push(refund);
    }
    let mut lines = Vec::with_capacity(payments.len() + refunds.len());
    for row in &payments {
        let line = paid(row, notices_of.get(row.no.as_str()).map_or(&[], Vec::as_slice))?;
        let sent = refunds_of.get(row.no.as_str()).into_iter().flatten();
        let sent: Vec<_> = sent.map(|refund| returned(refund, &line)).collect::<Result<_, _>>()?;
        lines.push(line);
        lines.extend(sent.into_iter().flatten());
    }
    Ok(lines)
}

fn paid(row: &PaymentRow, notices: &[&NoticeRow]) -> Result<ExportedLine, StoreError> {
    let at = Row { table: "payment", key: &row.no };
    let status = at.some("status", PaymentStatus::from_code(&row.status))?;
    let state = match status {
        PaymentStatus::Submitted => LedgerState::Submitted,
        PaymentStatus::Unknown => LedgerState::Unknown,
        PaymentStatus::Closed => LedgerState::Closed,
        // The money is there, whatever becomes of it.
        PaymentStatus::UnderReview
        | PaymentStatus::Paid
        | PaymentStatus::RefundDue
        | PaymentStatus::Refunding
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => LedgerState::Paid,
    };
    let amount = row.paid_amount.unwrap_or(row.amount);
    let when = at.time("created_at", row.paid_at.unwrap_or(row.created_at))?;
    let (notice_no, agency_code) = match notices {
        _ if amount != row.amount => (String::new(), String::new()),
        [one] => (one.notice_no.clone(), one.agency_code.clone()),
        several => {
            let share = |n: &&NoticeRow| format!("{}={}", n.notice_no, n.principal + n.late_fee);
            (several.iter().map(share).collect::<Vec<_>>().join(";"), String::new())
        }
    };
    Ok(ExportedLine {
        kind: LedgerKind::Pay,
        order_no: row.no.clone(),
        refund_no: String::new(),
        notice_no,
        rail: at.some("rail", Rail::from_code(&row.rail))?,
        cashier: at.some("cashier", CashierKind::from_code(&row.cashier))?,
        txn: row.txn.clone().unwrap_or_default(),
        amount,
        state,
        at: when,
        accounting_day: beijing_day(when),
        agency_code,
    })
}

/// `None` of a refund that no rail knows of.
fn returned(row: &RefundRow, payment: &ExportedLine) -> Result<Option<ExportedLine>, StoreError> {
    let at = Row { table: "refund", key: &row.no };
    let state = match at.some("status", RefundStatus::from_code(&row.status))? {
        RefundStatus::Submitted | RefundStatus::Unknown | RefundStatus::NeedsAccount => {
            LedgerState::Submitted
        }
        RefundStatus::Done => LedgerState::Succeeded,
        RefundStatus::Failed => LedgerState::Failed,
        RefundStatus::Requested
        | RefundStatus::AgencyChecked
        | RefundStatus::Approved
        | RefundStatus::Rejected => return Ok(None),
    };
    let Some(sent_at) = row.sent_at else { return Ok(None) };
    // WeChat Pay's bill has a refund on the day on which it was taken on, the others' when it was done.
    let when = match payment.rail {
        Rail::WeChatPay => sent_at,
        Rail::Alipay | Rail::UnionPay => row.done_at.unwrap_or(sent_at),
    };
    let when = at.time("sent_at", when)?;
    Ok(Some(ExportedLine {
        kind: LedgerKind::Refund,
        refund_no: row.no.clone(),
        notice_no: String::new(),
        txn: row.txn.clone().unwrap_or_default(),
        amount: row.amount,
        state,
        at: when,
        accounting_day: beijing_day(when),
        ..payment.clone()
    }))
}

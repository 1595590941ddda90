//! Effects that wait to be done outside.

use super::column::{Row, micros, without_nul};
use super::entity::{outbox, payment_notice};
use super::receipts::keep;
use super::{Store, message_events, readable, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::ids::PaymentNo;
use domain::messaging::MessageEvent;
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{OutboxItem, OutboxKind, OutboxRow, OutboxStore};
use domain::receipt::FiledReceipt;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

fn is_item(payment_no: &str, notice_no: &str, kind: &str) -> Condition {
    Condition::all()
        .add(outbox::Column::PaymentNo.eq(payment_no))
        .add(outbox::Column::NoticeNo.eq(notice_no))
        .add(outbox::Column::Kind.eq(kind))
}

fn is(item: &OutboxItem, kind: OutboxKind) -> Condition {
    is_item(item.payment_no.as_str(), item.notice_no.as_str(), kind.code())
}

fn row_of(row: outbox::Model) -> Result<OutboxRow, StoreError> {
    let at = Row { table: "outbox", key: &row.payment_no };
    let item = OutboxItem {
        payment_no: at.valid("payment_no", PaymentNo::new(&row.payment_no))?,
        notice_no: at.valid("notice_no", NoticeNo::new(&row.notice_no))?,
        kind: at.some("kind", OutboxKind::from_code(&row.kind))?,
    };
    Ok(OutboxRow { item, attempts: at.count("attempts", row.attempts)? })
}

/// Changes an item that is not done yet; one that is done stays as it is.
async fn change(
    connection: &impl ConnectionTrait,
    which: Condition,
    columns: outbox::ActiveModel,
) -> Result<(), StoreError> {
    let open = outbox::Entity::update_many()
        .set(columns)
        .filter(which)
        .filter(outbox::Column::DoneAt.is_null());
    open.exec(connection).await.map_err(unavailable)?;
    Ok(())
}

/// The gateway takes messages about one notice in the order in which they were made. Numbers of
/// payments begin with the time of their making.
const FIRST_OF_NOTICE: &str = "NOT EXISTS (SELECT 1 FROM outbox AS earlier \
     WHERE earlier.notice_no = outbox.notice_no AND earlier.payment_no < outbox.payment_no \
     AND earlier.kind = 'WRITE_OFF' AND earlier.done_at IS NULL AND earlier.due_at IS NOT NULL)";

#[async_trait]
impl OutboxStore for Store {
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let transaction = self.begin().await?;
        let due = outbox::Entity::find()
            .filter(outbox::Column::DoneAt.is_null())
            .filter(Expr::cust("ready"))
            .filter(Expr::cust(FIRST_OF_NOTICE))
            .filter(outbox::Column::DueAt.lte(micros(now)))
            .order_by_asc(outbox::Column::DueAt)
            .order_by_asc(outbox::Column::PaymentNo)
            .order_by_asc(outbox::Column::NoticeNo)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let rows = due.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for row in &rows {
            let due_at = Set(Some(micros(until)));
            let leased = outbox::ActiveModel { due_at, ..outbox::ActiveModel::default() };
            let which = is_item(&row.payment_no, &row.notice_no, &row.kind);
            change(&transaction, which, leased).await?;
        }
        around(Step::OutboxLease, transaction.commit()).await.map_err(unavailable)?;
        Ok(readable(rows.into_iter().map(row_of)))
    }

    async fn written_off(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done_at = Set(Some(micros(at)));
        let done = outbox::ActiveModel { done_at, ..outbox::ActiveModel::default() };
        change(&transaction, is(item, item.kind), done).await?;
        let marked = payment_notice::ActiveModel {
            written_off_at: Set(Some(micros(at))),
            ..payment_notice::ActiveModel::default()
        };
        let mark = payment_notice::Entity::update_many()
            .set(marked)
            .filter(payment_notice::Column::PaymentNo.eq(item.payment_no.as_str()))
            .filter(payment_notice::Column::NoticeNo.eq(item.notice_no.as_str()))
            .filter(payment_notice::Column::WrittenOffAt.is_null());
        mark.exec(&transaction).await.map_err(unavailable)?;
        let next = outbox::ActiveModel { ready: Set(true), ..outbox::ActiveModel::default() };
        change(&transaction, is(item, OutboxKind::IssueReceipt), next).await?;
        around(Step::OutboxWrittenOff, transaction.commit()).await.map_err(unavailable)
    }

    async fn receipted(
        &self,
        item: &OutboxItem,
        receipt: &FiledReceipt,
        events: &[MessageEvent],
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        keep(&transaction, self.receipt_row(receipt)?).await?;
        message_events::insert(&transaction, &self.keys, events).await?;
        let done_at = Set(Some(micros(receipt.receipt.issued_at)));
        let done = outbox::ActiveModel { done_at, ..outbox::ActiveModel::default() };
        change(&transaction, is(item, item.kind), done).await?;
        around(Step::OutboxReceipted, transaction.commit()).await.map_err(unavailable)
    }

    async fn never_receipted(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError> {
        let done_at = Set(Some(micros(at)));
        let done = outbox::ActiveModel { done_at, ..outbox::ActiveModel::default() };
        around(Step::OutboxNeverReceipted, change(&self.write, is(item, item.kind), done)).await
    }

    async fn postpone(
        &self,
        item: &OutboxItem,
        reason: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let attempts = Expr::col(outbox::Column::Attempts).add(1);
        let later = outbox::Entity::update_many()
            .col_expr(outbox::Column::Attempts, attempts)
            .col_expr(outbox::Column::DueAt, Expr::value(next.map(micros)))
            .col_expr(outbox::Column::Reason, Expr::value(without_nul(reason)))
            .filter(is(item, item.kind))
            .filter(outbox::Column::DoneAt.is_null());
        around(Step::OutboxPostpone, later.exec(&self.write)).await.map_err(unavailable)?;
        Ok(())
    }

    async fn backlog(&self) -> Result<(u64, u64), StoreError> {
        let open = || outbox::Entity::find().filter(outbox::Column::DoneAt.is_null());
        let waiting = open().filter(outbox::Column::DueAt.is_not_null());
        let parked = open().filter(outbox::Column::DueAt.is_null());
        let waiting = waiting.count(&self.read).await.map_err(unavailable)?;
        Ok((waiting, parked.count(&self.read).await.map_err(unavailable)?))
    }
}

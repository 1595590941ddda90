//! Refunds: never more than came, by conditional updates and a constraint of the database.

use super::audit::append;
use super::column::micros;
use super::entity::{
    payment, payment_notice, reconciliation_day, refund, refund_decision, refund_event,
};
use super::payments::write_change;
use super::refund_balances::{move_balance, reserve, spend};
use super::refund_rows::{decision_row, event_row, record_of, refund_of, refund_row};
use super::{Store, conflict_if_duplicate, readable, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::ids::{IdempotencyKey, PaymentNo, RefundNo};
use domain::outside::StoreError;
use domain::payment::{
    Actor, InsertRefundError, NewRefunds, PaymentStatus, Rail, Refund, RefundChange, RefundPage,
    RefundRecord, RefundStatus, RefundStore,
};
use domain::reconciliation::DayState;
use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::collections::BTreeMap;

impl Store {
    /// The refunds with their decisions, in the same order.
    async fn with_decisions(
        &self,
        connection: &impl ConnectionTrait,
        rows: Vec<refund::Model>,
    ) -> Result<Vec<Result<Refund, StoreError>>, StoreError> {
        let numbers = rows.iter().map(|row| row.no.as_str());
        let decisions = refund_decision::Entity::find()
            .filter(refund_decision::Column::RefundNo.is_in(numbers))
            .order_by_asc(refund_decision::Column::RefundNo)
            .order_by_asc(refund_decision::Column::Position)
            .all(connection)
            .await
            .map_err(unavailable)?;
        let mut of: BTreeMap<String, Vec<refund_decision::Model>> = BTreeMap::new();
        for decision in decisions {
            of.entry(decision.refund_no.clone()).or_default().push(decision);
        }
        let join = |row: refund::Model| {
            let decisions = of.remove(&row.no).unwrap_or_default();
            refund_of(&self.keys, row, &decisions)
        };
        Ok(rows.into_iter().map(join).collect())
    }

    async fn all_refunds(&self, select: Select<refund::Entity>) -> Result<Vec<Refund>, StoreError> {
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        self.with_decisions(&self.read, rows).await?.into_iter().collect()
    }

    async fn insert_refunds(&self, new: &NewRefunds) -> Result<(), InsertRefundError> {
        let transaction = self.begin().await?;
        let amounts = new.refunds.iter().map(|(refund, _)| refund.amount.fen().value());
        let wanted: i64 = amounts.sum();
        reserve(&transaction, new, wanted).await?;
        if let Some(ceiling) = &new.ceiling {
            spend(&transaction, ceiling, wanted).await?;
        }
        for (refund, record) in &new.refunds {
            let row = refund_row(&self.keys, refund)?.into_active_model();
            let insert = refund::Entity::insert(row).exec_without_returning(&transaction).await;
            insert.map_err(|error| match conflict_if_duplicate(error) {
                StoreError::Conflict if refund.key.is_some() => InsertRefundError::KeyUsed,
                error @ (StoreError::Conflict
                | StoreError::Corrupt { .. }
                | StoreError::Unavailable(_)) => error.into(),
            })?;
            insert_decisions(&transaction, refund, refund.decisions.len()).await?;
            let event = event_row(&refund.no, i64::from(refund.version), record);
            let event = refund_event::Entity::insert(event.into_active_model());
            event.exec_without_returning(&transaction).await.map_err(unavailable)?;
        }
        if let Some(audit) = &new.audit {
            append(&transaction, audit).await?;
        }
        Ok(around(Step::RefundInsert, transaction.commit()).await.map_err(unavailable)?)
    }

    async fn write_refund(
        &self,
        transaction: &DatabaseTransaction,
        change: &RefundChange,
    ) -> Result<(), StoreError> {
        let refund = &change.refund;
        let version = i64::from(refund.version) + 1;
        let row = refund::Model { version, ..refund_row(&self.keys, refund)? };
        let columns = refund::ActiveModel {
            desk: Set(row.desk),
            notice_after: Set(row.notice_after),
            receipt: Set(row.receipt),
            reversed_by: Set(row.reversed_by),
            levels: Set(row.levels),
            account: Set(row.account),
            account_step: Set(row.account_step),
            sent_at: Set(row.sent_at),
            status: Set(row.status),
            txn: Set(row.txn),
            done_at: Set(row.done_at),
            failure: Set(row.failure),
            next_try_at: Set(row.next_try_at),
            attempts: Set(row.attempts),
            version: Set(version),
            ..refund::ActiveModel::default()
        };
        let updated = refund::Entity::update_many()
            .set(columns)
            .filter(refund::Column::No.eq(refund.no.as_str()))
            .filter(refund::Column::Version.eq(i64::from(refund.version)))
            .exec(transaction)
            .await
            .map_err(unavailable)?;
        if updated.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        insert_decisions(transaction, refund, change.decisions.len()).await?;
        if let Some(record) = &change.record {
            let event = event_row(&refund.no, version, record).into_active_model();
            let event = refund_event::Entity::insert(event);
            event.exec_without_returning(transaction).await.map_err(unavailable)?;
        }
        if let Some(payment) = &change.payment {
            write_change(transaction, &self.keys, payment).await?;
        }
        move_balance(transaction, change).await?;
        release(transaction, change).await?;
        match &change.audit {
            Some(audit) => append(transaction, audit).await,
            None => Ok(()),
        }
    }

    /// After a COMMIT that was not answered: is the change there? Its own history line at its
    /// own version proves it; without a line nothing does.
    async fn is_refund_stored(&self, change: &RefundChange) -> bool {
        let Some(record) = &change.record else {
            return false;
        };
        let version = i64::from(change.refund.version) + 1;
        let expected = event_row(&change.refund.no, version, record);
        let key = (expected.refund_no.clone(), version);
        let stored = refund_event::Entity::find_by_id(key).one(&self.write).await;
        stored.is_ok_and(|stored| stored == Some(expected))
    }
}

/// The last `count` of the refund's decisions; the others are stored.
async fn insert_decisions(
    transaction: &DatabaseTransaction,
    refund: &Refund,
    count: usize,
) -> Result<(), StoreError> {
    let first = refund.decisions.len().saturating_sub(count);
    let rows = (0_i64..).zip(&refund.decisions).skip(first);
    let rows: Vec<_> = rows
        .map(|(position, made)| decision_row(&refund.no, position, made).into_active_model())
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let insert = refund_decision::Entity::insert_many(rows);
    insert.exec_without_returning(transaction).await.map_err(conflict_if_duplicate)?;
    Ok(())
}

async fn release(
    transaction: &DatabaseTransaction,
    change: &RefundChange,
) -> Result<(), StoreError> {
    let Some(notice) = &change.released else {
        return Ok(());
    };
    let released = payment_notice::Entity::update_many()
        .col_expr(payment_notice::Column::Holds, Expr::value(false))
        .col_expr("released", Expr::value(true))
        .filter(payment_notice::Column::PaymentNo.eq(change.refund.payment_no.as_str()))
        .filter(payment_notice::Column::NoticeNo.eq(notice.as_str()));
    released.exec(transaction).await.map_err(unavailable)?;
    Ok(())
}

#[async_trait]
impl RefundStore for Store {
    async fn insert(&self, new: &NewRefunds) -> Result<(), InsertRefundError> {
        self.insert_refunds(new).await
    }

    async fn save(&self, change: &RefundChange) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        self.write_refund(&transaction, change).await?;
        match around(Step::RefundSave, transaction.commit()).await {
            Ok(()) => Ok(()),
            Err(_) if self.is_refund_stored(change).await => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn find(&self, no: &RefundNo) -> Result<Option<Refund>, StoreError> {
        Ok(self.all_refunds(refund::Entity::find_by_id(no.as_str())).await?.pop())
    }

    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<Refund>, StoreError> {
        let of_payment = refund::Entity::find()
            .filter(refund::Column::PaymentNo.eq(no.as_str()))
            .order_by_asc(refund::Column::CreatedAt)
            .order_by_asc(refund::Column::No);
        self.all_refunds(of_payment).await
    }

    async fn list_of_payments(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<Refund>>, StoreError> {
        let of_payments = refund::Entity::find()
            .filter(refund::Column::PaymentNo.is_in(nos.iter().map(PaymentNo::as_str)))
            .order_by_asc(refund::Column::CreatedAt)
            .order_by_asc(refund::Column::No);
        let mut found: BTreeMap<PaymentNo, Vec<Refund>> = BTreeMap::new();
        for refund in self.all_refunds(of_payments).await? {
            found.entry(refund.payment_no.clone()).or_default().push(refund);
        }
        Ok(found)
    }

    async fn find_by_key(
        &self,
        maker: &Actor,
        key: &IdempotencyKey,
    ) -> Result<Vec<Refund>, StoreError> {
        let (kind, name) = maker.code();
        let made = refund::Entity::find()
            .filter(refund::Column::MakerKind.eq(kind))
            .filter(refund::Column::Maker.eq(name))
            .filter(refund::Column::IdempotencyKey.eq(key.as_str()))
            .order_by_asc(refund::Column::KeyPosition);
        self.all_refunds(made).await
    }

    async fn history(&self, no: &RefundNo) -> Result<Vec<RefundRecord>, StoreError> {
        let rows = refund_event::Entity::find()
            .filter(refund_event::Column::RefundNo.eq(no.as_str()))
            .order_by_asc(refund_event::Column::Version)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(record_of).collect()
    }

    async fn queue(
        &self,
        statuses: &[RefundStatus],
        after: Option<&RefundNo>,
        limit: u16,
    ) -> Result<RefundPage, StoreError> {
        let mut select =
            refund::Entity::find().order_by_asc(refund::Column::No).limit(u64::from(limit) + 1);
        if !statuses.is_empty() {
            let codes = statuses.iter().map(|status| status.code());
            select = select.filter(refund::Column::Status.is_in(codes));
        }
        if let Some(edge) = after {
            select = select.filter(refund::Column::No.gt(edge.as_str()));
        }
        let mut refunds = self.all_refunds(select).await?;
        let more = refunds.len() > usize::from(limit);
        refunds.truncate(usize::from(limit));
        Ok(RefundPage { refunds, more })
    }

    async fn lease_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Refund>, StoreError> {
        let transaction = self.begin().await?;
        let due = refund::Entity::find()
            .filter(refund::Column::NextTryAt.lte(micros(now)))
            .order_by_asc(refund::Column::NextTryAt)
            .order_by_asc(refund::Column::No)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut rows = due.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for row in &mut rows {
            row.next_try_at = Some(micros(until));
            let leased = refund::Entity::update_many()
                .col_expr(refund::Column::NextTryAt, Expr::value(micros(until)))
                .filter(refund::Column::No.eq(row.no.as_str()));
            leased.exec(&transaction).await.map_err(unavailable)?;
        }
        let refunds = self.with_decisions(&transaction, rows).await?;
        around(Step::RefundLease, transaction.commit()).await.map_err(unavailable)?;
        Ok(readable(refunds))
    }

    async fn wake(&self, no: &RefundNo, at: Timestamp) -> Result<(), StoreError> {
        let sooner = refund::Entity::update_many()
            .col_expr(refund::Column::NextTryAt, Expr::value(micros(at)))
            .filter(refund::Column::No.eq(no.as_str()))
            .filter(refund::Column::NextTryAt.gt(micros(at)));
        around(Step::RefundWake, sooner.exec(&self.write)).await.map_err(unavailable)?;
        Ok(())
    }

    async fn list_owed(&self, limit: u16) -> Result<Vec<PaymentNo>, StoreError> {
        let mut met = Query::select();
        met.expr(Expr::value(1))
            .from(refund::Entity)
            .and_where(
                Expr::col((refund::Entity, refund::Column::PaymentNo))
                    .equals((payment::Entity, payment::Column::No)),
            )
            .and_where(
                Expr::col((refund::Entity, refund::Column::Status))
                    .is_not_in([RefundStatus::Failed, RefundStatus::Rejected].map(|s| s.code())),
            );
        // Word for word as in the index, or SQLite would not use it.
        debug_assert_eq!(PaymentStatus::RefundDue.code(), "REFUND_DUE");
        debug_assert_eq!(PaymentStatus::UnderReview.code(), "UNDER_REVIEW");
        let owed = payment::Entity::find()
            .select_only()
            .column(payment::Column::No)
            .filter(Expr::cust("status IN ('REFUND_DUE', 'UNDER_REVIEW')"))
            .filter(Condition::all().not().add(Expr::exists(met)))
            .order_by_asc(payment::Column::No)
            .limit(u64::from(limit));
        let numbers: Vec<String> = owed.into_tuple().all(&self.read).await.map_err(unavailable)?;
        let number = |no: String| {
            let row = no.clone();
            let corrupt = StoreError::Corrupt { table: "payment", column: "no", row };
            PaymentNo::new(&no).map_err(|_: domain::ids::NotAnId| corrupt)
        };
        numbers.into_iter().map(number).collect()
    }

    async fn is_cleared(&self, rail: Rail, day: Date) -> Result<bool, StoreError> {
        let key = (rail.code().to_owned(), day.to_string());
        let judged = reconciliation_day::Entity::find_by_id(key).one(&self.read).await;
        let settled = DayState::Matched.code();
        Ok(judged.map_err(unavailable)?.is_some_and(|judged| judged.state == settled))
    }
}

//! Payments: one transaction per change, one holder per notice.

use super::column::micros;
use super::entity::{outbox, payment, payment_event, payment_notice};
use super::payment_rows::{
    StateColumns, event_row, notice_rows, payment_of, payment_row, record_of, state_columns,
};
use super::personal_data::PersonalDataKeys;
use super::{
    Store, conflict_if_duplicate, is_duplicate, journals, message_events, readable, unavailable,
};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::ids::{IdempotencyKey, PaymentNo, PersonId};
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{
    InsertError, OutboxItem, OutboxKind, Payment, PaymentChange, PaymentPage, PaymentRecord,
    PaymentStore, Rail,
};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::collections::BTreeMap;

/// The payments with their notices, in the same order.
async fn with_notices(
    connection: &impl ConnectionTrait,
    rows: Vec<payment::Model>,
) -> Result<Vec<Result<Payment, StoreError>>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let numbers = rows.iter().map(|row| row.no.as_str());
    let notices = payment_notice::Entity::find()
        .filter(payment_notice::Column::PaymentNo.is_in(numbers))
        .order_by_asc(payment_notice::Column::PaymentNo)
        .order_by_asc(payment_notice::Column::Position)
        .all(connection)
        .await
        .map_err(unavailable)?;
    let mut of: BTreeMap<String, Vec<payment_notice::Model>> = BTreeMap::new();
    for notice in notices {
        of.entry(notice.payment_no.clone()).or_default().push(notice);
    }
    let join = |row: payment::Model| {
        let notices = of.remove(&row.no).unwrap_or_default();
        payment_of(row, notices)
    };
    Ok(rows.into_iter().map(join).collect())
}

pub(super) async fn all(
    connection: &impl ConnectionTrait,
    select: Select<payment::Entity>,
) -> Result<Vec<Payment>, StoreError> {
    let rows = select.all(connection).await.map_err(unavailable)?;
    with_notices(connection, rows).await?.into_iter().collect()
}

/// For look-ups by what is unique.
async fn one(
    connection: &impl ConnectionTrait,
    select: Select<payment::Entity>,
) -> Result<Option<Payment>, StoreError> {
    Ok(all(connection, select.limit(1)).await?.pop())
}

fn by_key(person: &PersonId, key: &IdempotencyKey) -> Select<payment::Entity> {
    payment::Entity::find()
        .filter(payment::Column::PersonId.eq(person.as_str()))
        .filter(payment::Column::IdempotencyKey.eq(key.as_str()))
}

impl Store {
    async fn insert_all(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), Inserted> {
        let notices = notice_rows(payment)?.into_iter().map(IntoActiveModel::into_active_model);
        let event = event_row(&payment.no, i64::from(payment.version), record);
        let first_line = event.clone();
        let transaction = self.begin().await?;
        let row = payment_row(payment).into_active_model();
        payment::Entity::insert(row).exec_without_returning(&transaction).await?;
        let held = payment_notice::Entity::insert_many(notices);
        held.exec_without_returning(&transaction).await?;
        let event = payment_event::Entity::insert(event.into_active_model());
        event.exec_without_returning(&transaction).await?;
        match around(Step::PaymentInsert, transaction.commit()).await {
            Ok(()) => Ok(()),
            Err(_) if self.is_written(first_line).await => Ok(()),
            Err(error) => Err(unavailable(error).into()),
        }
    }

    /// Who was first? Asked after a constraint refused `payment`.
    async fn first_comer(&self, payment: &Payment) -> Result<InsertError, StoreError> {
        if let Some(first) = self.find_by_key(&payment.person, &payment.key).await? {
            return Ok(InsertError::KeyUsed { payment_no: first.no });
        }
        for notice in &payment.notices {
            if let Some(holder) = self.find_holder(&notice.no).await? {
                let (notice_no, payment_no) = (notice.no.clone(), holder.no);
                return Ok(InsertError::NoticeHeld { notice_no, payment_no });
            }
        }
        // The holder let go in between, or the number itself is taken: look again.
        Ok(InsertError::Store(StoreError::Conflict))
    }

    /// After a COMMIT that was not answered: is the change there? Without a line nothing proves it.
    async fn is_stored(&self, change: &PaymentChange) -> bool {
        let Some(record) = &change.record else {
            return false;
        };
        let version = i64::from(change.payment.version) + 1;
        self.is_written(event_row(&change.payment.no, version, record)).await
    }

    /// Is this history line there? It was written with all that it tells of, or not at all.
    async fn is_written(&self, line: payment_event::Model) -> bool {
        let key = (line.payment_no.clone(), line.version);
        let stored = payment_event::Entity::find_by_id(key).one(&self.write).await;
        stored.is_ok_and(|stored| stored == Some(line))
    }
}

/// What a constraint or the database said of a new payment.
enum Inserted {
    Duplicate,
    Failed(StoreError),
}

impl From<DbErr> for Inserted {
    fn from(error: DbErr) -> Self {
        if is_duplicate(&error) { Self::Duplicate } else { Self::Failed(unavailable(error)) }
    }
}

impl From<StoreError> for Inserted {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// All of a change but its commit.
pub(super) async fn write_change(
    transaction: &DatabaseTransaction,
    keys: &PersonalDataKeys,
    change: &PaymentChange,
) -> Result<(), StoreError> {
    let payment = &change.payment;
    let version = i64::from(payment.version) + 1;
    let StateColumns { status, txn, paid_amount, paid_at, refund_origin, unsettled } =
        state_columns(&payment.state);
    let columns = payment::ActiveModel {
        status: Set(status),
        txn: Set(txn),
        paid_amount: Set(paid_amount),
        paid_at: Set(paid_at),
        refund_origin: Set(refund_origin),
        unsettled: Set(unsettled),
        next_check_at: Set(micros(payment.next_check_at)),
        version: Set(version),
        ..payment::ActiveModel::default()
    };
    let updated = payment::Entity::update_many()
        .set(columns)
        .filter(payment::Column::No.eq(payment.no.as_str()))
        .filter(payment::Column::Version.eq(i64::from(payment.version)))
        .exec(transaction)
        .await
        .map_err(unavailable)?;
    if updated.rows_affected != 1 {
        return Err(StoreError::Conflict);
    }
    let holds = payment.state.holds_notices();
    let columns =
        payment_notice::ActiveModel { holds: Set(holds), ..payment_notice::ActiveModel::default() };
    let held = payment_notice::Entity::update_many()
        .set(columns)
        .filter(payment_notice::Column::PaymentNo.eq(payment.no.as_str()))
        .filter(payment_notice::Column::Holds.ne(holds))
        .filter(Expr::cust("NOT released"));
    held.exec(transaction).await.map_err(conflict_if_duplicate)?;
    if let Some(record) = &change.record {
        let event = event_row(&payment.no, version, record).into_active_model();
        let event = payment_event::Entity::insert(event);
        event.exec_without_returning(transaction).await.map_err(unavailable)?;
    }
    if let Some(journal) = &change.journal {
        journals::insert(transaction, payment.rail, journal).await?;
    }
    message_events::insert(transaction, keys, &change.messages).await?;
    // Due since it came to be: older effects go first, those that were tried before too.
    let since = change.record.as_ref().map_or(0, |record| micros(record.at));
    let items = change.outbox.iter().map(|item| outbox_row(item, since).into_active_model());
    let items = outbox::Entity::insert_many(items);
    items.exec_without_returning(transaction).await.map_err(unavailable)?;
    Ok(())
}

fn outbox_row(item: &OutboxItem, due_at: i64) -> outbox::Model {
    outbox::Model {
        payment_no: item.payment_no.as_str().to_owned(),
        notice_no: item.notice_no.as_str().to_owned(),
        kind: item.kind.code().to_owned(),
        ready: match item.kind {
            OutboxKind::WriteOff => true,
            OutboxKind::IssueReceipt => false,
        },
        due_at: Some(due_at),
        attempts: 0,
        reason: None,
        done_at: None,
    }
}

#[async_trait]
impl PaymentStore for Store {
    async fn insert(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), InsertError> {
        match self.insert_all(payment, record).await {
            Ok(()) => Ok(()),
            Err(Inserted::Duplicate) => Err(self.first_comer(payment).await?),
            Err(Inserted::Failed(error)) => Err(error.into()),
        }
    }

    async fn save(&self, change: &PaymentChange) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        write_change(&transaction, &self.keys, change).await?;
        match around(Step::PaymentSave, transaction.commit()).await {
            Ok(()) => Ok(()),
            Err(_) if self.is_stored(change).await => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn find(&self, no: &PaymentNo) -> Result<Option<Payment>, StoreError> {
        one(&self.read, payment::Entity::find_by_id(no.as_str())).await
    }

    async fn find_by_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<Payment>, StoreError> {
        one(&self.read, by_key(person, key)).await
    }

    async fn find_holder(&self, notice: &NoticeNo) -> Result<Option<Payment>, StoreError> {
        let holding = payment_notice::Entity::find()
            .filter(payment_notice::Column::NoticeNo.eq(notice.as_str()))
            // Word for word as in the index, or SQLite would not use it.
            .filter(Expr::cust("holds"));
        match holding.one(&self.read).await.map_err(unavailable)? {
            Some(row) => one(&self.read, payment::Entity::find_by_id(row.payment_no)).await,
            None => Ok(None),
        }
    }

    async fn history(&self, no: &PaymentNo) -> Result<Vec<PaymentRecord>, StoreError> {
        let rows = payment_event::Entity::find()
            .filter(payment_event::Column::PaymentNo.eq(no.as_str()))
            .order_by_asc(payment_event::Column::Version)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(record_of).collect()
    }

    async fn list_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError> {
        let edge = match before {
            Some(no) => payment::Entity::find_by_id(no.as_str()).one(&self.read).await,
            None => Ok(None),
        };
        let mut select = payment::Entity::find()
            .filter(payment::Column::PersonId.is_in(owners.iter().map(PersonId::as_str)))
            .order_by_desc(payment::Column::CreatedAt)
            .order_by_desc(payment::Column::No)
            .limit(u64::from(limit) + 1);
        if let Some(edge) = edge.map_err(unavailable)? {
            let same_time = Condition::all()
                .add(payment::Column::CreatedAt.eq(edge.created_at))
                .add(payment::Column::No.lt(edge.no));
            let older = payment::Column::CreatedAt.lt(edge.created_at);
            select = select.filter(Condition::any().add(older).add(same_time));
        }
        let mut payments = all(&self.read, select).await?;
        let more = payments.len() > usize::from(limit);
        payments.truncate(usize::from(limit));
        Ok(PaymentPage { payments, more })
    }

    async fn lease_unsettled(
        &self,
        rail: Rail,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError> {
        let transaction = self.begin().await?;
        let due = payment::Entity::find()
            .filter(Expr::cust("unsettled"))
            .filter(payment::Column::Rail.eq(rail.code()))
            .filter(payment::Column::NextCheckAt.lte(micros(now)))
            .order_by_asc(payment::Column::NextCheckAt)
            .order_by_asc(payment::Column::No)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut rows = due.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for row in &mut rows {
            row.next_check_at = micros(until);
            let later = payment::ActiveModel {
                next_check_at: Set(row.next_check_at),
                ..payment::ActiveModel::default()
            };
            let this = payment::Column::No.eq(row.no.as_str());
            let put_off = payment::Entity::update_many().set(later).filter(this);
            put_off.exec(&transaction).await.map_err(unavailable)?;
        }
        let payments = with_notices(&transaction, rows).await?;
        around(Step::PaymentLease, transaction.commit()).await.map_err(unavailable)?;
        Ok(readable(payments))
    }
}

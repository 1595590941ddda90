//! Callbacks of rails that were verified, kept until they are acted on and after.

use super::column::{Row, micros, sha256_hex, without_nul};
use super::entity::callback_inbox;
use super::{Store, readable, unavailable};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::money::PayableFen;
use domain::outside::StoreError;
use domain::payment::{CallbackInbox, Money, Rail, RailReport, RailTxn, Received, StoredCallback};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};

/// The key of a callback: the same event with the same content, whenever it came.
fn id_of(callback: &StoredCallback) -> String {
    let report = &callback.report;
    let numbers = (report.money.amount.fen().value(), report.money.at.as_microsecond());
    let parts = [
        report.rail.code(),
        &callback.event_id,
        &report.order_no,
        &report.app_id,
        &report.merchant_no,
        &report.currency,
        report.money.txn.as_str(),
    ];
    // With each length, so that no two different lists read the same.
    let texts: String = parts.iter().map(|part| format!("{}:{part},", part.len())).collect();
    sha256_hex(format!("{texts}{},{}", numbers.0, numbers.1).as_bytes())
}

fn row_of_callback(callback: &StoredCallback, raw: &[u8]) -> callback_inbox::Model {
    let report = &callback.report;
    callback_inbox::Model {
        id: id_of(callback),
        rail: report.rail.code().to_owned(),
        event_id: callback.event_id.clone(),
        order_no: report.order_no.clone(),
        app_id: report.app_id.clone(),
        merchant_no: report.merchant_no.clone(),
        currency: report.currency.clone(),
        txn: report.money.txn.as_str().to_owned(),
        amount: report.money.amount.fen().value(),
        paid_at: micros(report.money.at),
        received_at: micros(callback.received_at),
        raw: BASE64.encode(raw),
        leased_until: micros(callback.received_at),
        outcome: None,
    }
}

fn callback_of(row: callback_inbox::Model) -> Result<StoredCallback, StoreError> {
    let at = Row { table: "callback_inbox", key: &row.id };
    let money = Money {
        txn: at.valid("txn", RailTxn::new(&row.txn))?,
        amount: at.valid("amount", PayableFen::new(row.amount))?,
        at: at.time("paid_at", row.paid_at)?,
    };
    let rail = at.some("rail", Rail::from_code(&row.rail))?;
    let received_at = at.time("received_at", row.received_at)?;
    let callback = StoredCallback {
        event_id: row.event_id,
        received_at,
        report: RailReport {
            rail,
            order_no: row.order_no,
            app_id: row.app_id,
            merchant_no: row.merchant_no,
            currency: row.currency,
            money,
        },
    };
    // The key is made of the content: whoever changes a column does not go unseen.
    let same = id_of(&callback) == row.id;
    if same { Ok(callback) } else { Err(at.corrupt("id")) }
}

#[async_trait]
impl CallbackInbox for Store {
    async fn record(&self, callback: &StoredCallback, raw: &[u8]) -> Result<Received, StoreError> {
        let row = row_of_callback(callback, raw).into_active_model();
        let insert = callback_inbox::Entity::insert(row).on_conflict_do_nothing();
        match insert.exec_without_returning(&self.write).await.map_err(unavailable)? {
            TryInsertResult::Inserted(1..) => Ok(Received::New),
            TryInsertResult::Inserted(_) | TryInsertResult::Conflicted | TryInsertResult::Empty => {
                Ok(Received::Seen)
            }
        }
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<StoredCallback>, StoreError> {
        let transaction = self.begin().await?;
        let waiting = callback_inbox::Entity::find()
            .filter(callback_inbox::Column::Outcome.is_null())
            .filter(callback_inbox::Column::LeasedUntil.lte(micros(now)))
            .order_by_asc(callback_inbox::Column::LeasedUntil)
            .order_by_asc(callback_inbox::Column::Id)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let rows = waiting.all(&transaction).await.map_err(unavailable)?;
        let leased = callback_inbox::ActiveModel {
            leased_until: Set(micros(until)),
            ..callback_inbox::ActiveModel::default()
        };
        let ids = rows.iter().map(|row| row.id.as_str());
        let lease = callback_inbox::Entity::update_many()
            .set(leased)
            .filter(callback_inbox::Column::Id.is_in(ids));
        lease.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(readable(rows.into_iter().map(callback_of)))
    }

    async fn finish(&self, callback: &StoredCallback, outcome: &str) -> Result<(), StoreError> {
        let finished = callback_inbox::ActiveModel {
            outcome: Set(Some(without_nul(outcome))),
            ..callback_inbox::ActiveModel::default()
        };
        let finish = callback_inbox::Entity::update_many()
            .set(finished)
            .filter(callback_inbox::Column::Id.eq(id_of(callback)));
        finish.exec(&self.write).await.map_err(unavailable)?;
        Ok(())
    }
}

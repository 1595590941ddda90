//! Callbacks of rails that were verified, kept until they are acted on and after.

use super::column::{Row, micros, sha256_hex, without_nul};
use super::entity::callback_inbox;
use super::{Store, readable, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::money::{Fen, PayableFen};
use domain::outside::StoreError;
use domain::payment::{
    CallbackInbox, Money, Rail, RailNews, RailRefundState, RailReport, RailTxn, Received,
    RefundReport, StoredCallback,
};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, Statement, TryInsertResult,
};
use std::collections::BTreeMap;

/// What the columns hold of a refund's state.
fn refund_columns(state: &RailRefundState) -> (&'static str, Option<String>) {
    match state {
        RailRefundState::Processing => ("PROCESSING", None),
        RailRefundState::Done { .. } => ("DONE", None),
        RailRefundState::Failed { code } => ("FAILED", Some(code.clone())),
        RailRefundState::NeedsAccount => ("NEEDS_ACCOUNT", None),
        RailRefundState::NotFound => ("NOT_FOUND", None),
    }
}

/// The key of a callback: the same event with the same content, whenever it came.
fn id_of(row: &callback_inbox::Model) -> String {
    let mut parts = vec![
        row.rail.as_str(),
        &row.event_id,
        &row.order_no,
        &row.app_id,
        &row.merchant_no,
        &row.currency,
        &row.txn,
    ];
    let refund = [&row.refund_no, &row.refund_state, &row.refund_code];
    parts.extend(refund.into_iter().flatten().map(String::as_str));
    // With each length, so that no two different lists read the same.
    let texts: String = parts.iter().map(|part| format!("{}:{part},", part.len())).collect();
    sha256_hex(format!("{texts}{},{}", row.amount, row.paid_at).as_bytes())
}

fn row_of_callback(callback: &StoredCallback, raw: &[u8]) -> callback_inbox::Model {
    let received_at = micros(callback.received_at);
    let blank = callback_inbox::Model {
        id: String::new(),
        rail: callback.news.rail().code().to_owned(),
        event_id: callback.event_id.clone(),
        order_no: callback.news.order_no().to_owned(),
        app_id: String::new(),
        merchant_no: String::new(),
        currency: String::new(),
        txn: String::new(),
        amount: 0,
        paid_at: 0,
        received_at,
        raw: BASE64.encode(raw),
        leased_until: received_at,
        outcome: None,
        refund_no: None,
        refund_state: None,
        refund_code: None,
    };
    let row = match &callback.news {
        RailNews::Paid(report) => callback_inbox::Model {
            app_id: report.app_id.clone(),
            merchant_no: report.merchant_no.clone(),
            currency: report.currency.clone(),
            txn: report.money.txn.as_str().to_owned(),
            amount: report.money.amount.fen().value(),
            paid_at: micros(report.money.at),
            ..blank
        },
        RailNews::Refunded(report) => {
            let (state, code) = refund_columns(&report.state);
            let (txn, at) = match &report.state {
                RailRefundState::Done { txn, at } => (txn.as_ref(), micros(*at)),
                RailRefundState::Processing
                | RailRefundState::Failed { .. }
                | RailRefundState::NeedsAccount
                | RailRefundState::NotFound => (None, 0),
            };
            callback_inbox::Model {
                merchant_no: report.merchant_no.clone(),
                txn: txn.map_or_else(String::new, |txn| txn.as_str().to_owned()),
                amount: report.amount.value(),
                paid_at: at,
                refund_no: Some(report.refund_no.clone()),
                refund_state: Some(state.to_owned()),
                refund_code: code,
                ..blank
            }
        }
    };
    callback_inbox::Model { id: id_of(&row), ..row }
}

fn callback_of(row: callback_inbox::Model) -> Result<StoredCallback, StoreError> {
    let at = Row { table: "callback_inbox", key: &row.id };
    // The key is made of the content: whoever changes a column does not go unseen.
    if id_of(&row) != row.id {
        return Err(at.corrupt("id"));
    }
    let rail = at.some("rail", Rail::from_code(&row.rail))?;
    let received_at = at.time("received_at", row.received_at)?;
    let news = match &row.refund_no {
        Some(refund_no) => RailNews::Refunded(RefundReport {
            rail,
            refund_no: refund_no.clone(),
            order_no: row.order_no.clone(),
            merchant_no: row.merchant_no.clone(),
            amount: Fen::new(row.amount),
            state: refund_state_of(&row)?,
        }),
        None => RailNews::Paid(RailReport {
            rail,
            order_no: row.order_no.clone(),
            app_id: row.app_id.clone(),
            merchant_no: row.merchant_no.clone(),
            currency: row.currency.clone(),
            money: Money {
                txn: at.valid("txn", RailTxn::new(&row.txn))?,
                amount: at.valid("amount", PayableFen::new(row.amount))?,
                at: at.time("paid_at", row.paid_at)?,
            },
        }),
    };
    Ok(StoredCallback { event_id: row.event_id, received_at, news })
}

fn refund_state_of(row: &callback_inbox::Model) -> Result<RailRefundState, StoreError> {
    let at = Row { table: "callback_inbox", key: &row.id };
    Ok(match (row.refund_state.as_deref(), &row.refund_code) {
        (Some("PROCESSING"), None) => RailRefundState::Processing,
        (Some("DONE"), None) => {
            let txn = (!row.txn.is_empty()).then(|| at.valid("txn", RailTxn::new(&row.txn)));
            RailRefundState::Done { txn: txn.transpose()?, at: at.time("paid_at", row.paid_at)? }
        }
        (Some("FAILED"), Some(code)) => RailRefundState::Failed { code: code.clone() },
        (Some("NEEDS_ACCOUNT"), None) => RailRefundState::NeedsAccount,
        _ => return Err(at.corrupt("refund_state")),
    })
}

#[async_trait]
impl CallbackInbox for Store {
    async fn record(&self, callback: &StoredCallback, raw: &[u8]) -> Result<Received, StoreError> {
        let row = row_of_callback(callback, raw).into_active_model();
        let insert = callback_inbox::Entity::insert(row).on_conflict_do_nothing();
        let recorded = insert.exec_without_returning(&self.write);
        match around(Step::CallbackRecord, recorded).await.map_err(unavailable)? {
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
        let backend = self.write.get_database_backend();
        let values = [micros(now).into(), i64::from(limit).into(), micros(until).into()];
        let lease = Statement::from_sql_and_values(backend, lease_sql(backend), values);
        let leased = callback_inbox::Entity::find().from_raw_sql(lease).all(&self.write);
        let leased = around(Step::CallbackLease, leased).await;
        let mut rows: Vec<callback_inbox::Model> = leased.map_err(unavailable)?;
        rows.sort_by(|one, other| (one.received_at, &one.id).cmp(&(other.received_at, &other.id)));
        Ok(readable(rows.into_iter().map(callback_of)))
    }

    async fn finish(&self, done: &[(StoredCallback, String)]) -> Result<(), StoreError> {
        let mut of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (callback, outcome) in done {
            of.entry(outcome).or_default().push(row_of_callback(callback, b"").id);
        }
        // Most end the same way: one statement. Those not marked after a failure come again.
        for (outcome, ids) in of {
            let finished = callback_inbox::ActiveModel {
                outcome: Set(Some(without_nul(outcome))),
                ..callback_inbox::ActiveModel::default()
            };
            let finish = callback_inbox::Entity::update_many()
                .set(finished)
                .filter(callback_inbox::Column::Id.is_in(ids));
            around(Step::CallbackFinish, finish.exec(&self.write)).await.map_err(unavailable)?;
        }
        Ok(())
    }
}

/// One statement, so that a lease costs one round trip and one commit. The choice is made once,
/// apart from the update: of those that another node is taking, none is waited for.
fn lease_sql(backend: DbBackend) -> String {
    let lock = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    format!(
        "WITH due AS MATERIALIZED (SELECT id FROM callback_inbox \
         WHERE outcome IS NULL AND leased_until <= $1 ORDER BY leased_until, id LIMIT $2 {lock}) \
         UPDATE callback_inbox SET leased_until = $3 WHERE id IN (SELECT id FROM due) RETURNING *"
    )
}

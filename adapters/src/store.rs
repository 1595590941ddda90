//! The database: every store port of the domain, on SQLite or PostgreSQL from one schema.
//!
//! SQLite has one writing connection, whose transactions begin `IMMEDIATE`, and a few reading
//! ones; PostgreSQL has one pool. No rule lives in SQL but constraints: one holder per notice,
//! one payment per key, one person per id card. Rows become domain types in one `match` each;
//! what no code of ours writes is [`StoreError::Corrupt`].

mod app_marks;
mod audit;
mod balances;
mod booking_rows;
mod bookings;
mod callbacks;
mod case_json;
mod case_rows;
mod cases;
mod catalogue;
mod certificate_guesses;
mod certificates;
mod clearing;
mod column;
mod connect;
mod data_readings;
mod day_rows;
mod days;
mod deliveries;
mod desk_book;
mod desk_cases;
mod desk_evidence;
mod desk_rows;
mod desk_rules;
mod drafts;
mod entity;
mod facts;
mod files;
mod gateway_inbox;
mod journals;
mod kept_forms;
mod key_file;
mod ledger_export;
mod links;
mod lotteries;
mod mandates;
mod message_events;
mod messages;
mod migrations;
mod outbox;
mod paid;
mod payment_rows;
mod payments;
mod personal_data;
mod persons;
mod phone_codes;
mod ratings;
mod reach;
mod readiness;
mod receipt_rows;
mod receipts;
mod refund_balances;
mod refund_rows;
mod refunds;
mod reports;
mod search_misses;
mod sessions;
mod source_rows;
mod sources;
mod sso_tickets;
mod staff;
mod staff_factor;
mod submissions;
mod supervision;
mod verify;

pub use connect::ConnectError;
pub use key_file::KeyFileError;
pub use ledger_export::ExportedLine;
pub use migrations::MigrateError;
pub use personal_data::{NamedKey, PersonalDataKeys};
pub use readiness::Readiness;
pub use verify::AuditReport;

use domain::outside::StoreError;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::sync::Arc;

/// Every store port, over one database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    write: DatabaseConnection,
    read: DatabaseConnection,
    page_limit: connect::PageLimit,
    keys: Arc<PersonalDataKeys>,
}

impl Store {
    /// Opens `sqlite://path` (the file is made, readable by its owner alone; its folder must be
    /// there), `sqlite::memory:` or `postgres://…`. Changes no table: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(url: &str, keys: PersonalDataKeys) -> Result<Self, ConnectError> {
        let page_limit = connect::PageLimit::default();
        let (mut write, mut read) = connect::open(url, &page_limit).await?;
        write.set_metric_callback(crate::asked::statement);
        read.set_metric_callback(crate::asked::statement);
        Ok(Self { write, read, page_limit, keys: Arc::new(keys) })
    }

    /// Brings the tables up to date; safe when several nodes start at once.
    ///
    /// # Errors
    /// [`MigrateError`]; migrations before the failed one stay.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        migrations::apply(&self.write).await
    }

    /// Opens all the connections to PostgreSQL that a server may have: who comes first need not
    /// wait for one, and none belongs to the thread of the request that happened to need it, which
    /// would have to wake every later user of it. Where the database gives fewer, it says so in
    /// the log, and the others are opened when they are needed.
    pub async fn warm_up(&self) {
        connect::warm_up(&self.write).await;
    }

    /// Closes the connections, once those in use are given back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn close(&self) -> Result<(), StoreError> {
        self.read.close_by_ref().await.map_err(unavailable)?;
        self.write.close_by_ref().await.map_err(unavailable)
    }

    /// A transaction that may write; dropped without a commit it changes nothing.
    async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        begin(&self.write).await.map_err(unavailable)
    }

    /// A reading transaction: all its reads see the same moment.
    async fn snapshot(&self) -> Result<DatabaseTransaction, StoreError> {
        // Every transaction of SQLite reads one moment, and there is no way to say so.
        let postgres = self.read.get_database_backend() == DbBackend::Postgres;
        let isolation_level = postgres.then_some(IsolationLevel::RepeatableRead);
        let options = TransactionOptions { isolation_level, ..TransactionOptions::default() };
        self.read.begin_with_options(options).await.map_err(unavailable)
    }
}

/// `IMMEDIATE` on SQLite: a transaction that reads first and then writes would otherwise fail
/// at once when another process wrote in between, instead of waiting for its turn.
async fn begin(write: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    write.begin_with_options(options).await
}

fn unavailable(error: DbErr) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// For statements whose only unique constraint speaks of a conflict the caller can understand.
fn conflict_if_duplicate(error: DbErr) -> StoreError {
    if is_duplicate(&error) { StoreError::Conflict } else { unavailable(error) }
}

fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// One row that cannot be read must not stop the work on all others: it is left where it is,
/// and this is where its failure ends.
fn readable<T>(rows: impl IntoIterator<Item = Result<T, StoreError>>) -> Vec<T> {
    let read = rows.into_iter().filter_map(|row| {
        row.inspect_err(|error| tracing::error!(%error, "a leased row is left out")).ok()
    });
    read.collect()
}

//! The tables, as a list of files that are applied once each, in order.
//! Invariant: a file that was published is never edited; a change is a new file.

use super::column::sha256_hex;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement,
};

/// Number, and the SQL that both databases understand.
const MIGRATIONS: [(i64, &str); 28] = [
    (1, include_str!("migrations/0001_identity.sql")),
    (2, include_str!("migrations/0002_payment.sql")),
    (3, include_str!("migrations/0003_fulfilment.sql")),
    (4, include_str!("migrations/0004_reconciliation.sql")),
    (5, include_str!("migrations/0005_rails.sql")),
    (6, include_str!("migrations/0006_refunds.sql")),
    (7, include_str!("migrations/0007_receipts.sql")),
    (8, include_str!("migrations/0008_quotes.sql")),
    (9, include_str!("migrations/0009_phone_codes.sql")),
    (10, include_str!("migrations/0010_gateway.sql")),
    (11, include_str!("migrations/0011_ledger.sql")),
    (12, include_str!("migrations/0012_under_review.sql")),
    (13, include_str!("migrations/0013_accounts.sql")),
    (14, include_str!("migrations/0014_submissions.sql")),
    (15, include_str!("migrations/0015_bookings.sql")),
    (16, include_str!("migrations/0016_cases.sql")),
    (17, include_str!("migrations/0017_certificates_and_files.sql")),
    (18, include_str!("migrations/0018_desk.sql")),
    (19, include_str!("migrations/0019_messages.sql")),
    (20, include_str!("migrations/0020_identity.sql")),
    (21, include_str!("migrations/0021_catalogue.sql")),
    (22, include_str!("migrations/0022_walks.sql")),
    (23, include_str!("migrations/0023_desk.sql")),
    (24, include_str!("migrations/0024_staff_factor.sql")),
    (25, include_str!("migrations/0025_sources.sql")),
    (26, include_str!("migrations/0026_evidence.sql")),
    (27, include_str!("migrations/0027_reports.sql")),
    (28, include_str!("migrations/0028_rules.sql")),
];

/// What each database says in its own words, as part of the migration of that number: triggers.
/// Number, for SQLite, for PostgreSQL.
const OWN_WORDS: [(i64, &str, &str); 4] = [
    (
        23,
        include_str!("migrations/0023_desk.sqlite.sql"),
        include_str!("migrations/0023_desk.postgres.sql"),
    ),
    (
        25,
        include_str!("migrations/0025_sources.sqlite.sql"),
        include_str!("migrations/0025_sources.postgres.sql"),
    ),
    (
        26,
        include_str!("migrations/0026_evidence.sqlite.sql"),
        include_str!("migrations/0026_evidence.postgres.sql"),
    ),
    (
        28,
        include_str!("migrations/0028_rules.sqlite.sql"),
        include_str!("migrations/0028_rules.postgres.sql"),
    ),
];

fn own_words(number: i64, backend: DbBackend) -> &'static str {
    let found = OWN_WORDS.iter().find(|(of, _, _)| *of == number);
    let postgres = backend == DbBackend::Postgres;
    found.map_or("", |(_, lite, large)| if postgres { large } else { lite })
}

const BOOK: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL
)";

/// Any number that no other program takes in this database: "yiwang" on a phone's keys.
const ADVISORY_LOCK: i64 = 949_264;

/// Migration 7 once more, for receipts that nodes of the release before it wrote since then.
const COMPLETE_RECEIPTS: &str = "UPDATE receipt SET
    agency_code = (SELECT n.agency_code FROM payment_notice n
        WHERE n.payment_no = receipt.payment_no AND n.notice_no = receipt.notice_no),
    agency_name = (SELECT n.agency_name FROM payment_notice n
        WHERE n.payment_no = receipt.payment_no AND n.notice_no = receipt.notice_no),
    items = (SELECT n.items FROM payment_notice n
        WHERE n.payment_no = receipt.payment_no AND n.notice_no = receipt.notice_no),
    person_id = (SELECT p.person_id FROM payment p WHERE p.no = receipt.payment_no)
    WHERE person_id = ''";

/// Why the tables are not up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused; that migration left no trace.
    #[error("migration {number} failed")]
    Failed {
        /// Which one; 0 is the book of migrations itself, or what is done at every start.
        number: i64,
        /// What the database said.
        #[source]
        source: DbErr,
    },
    /// What was applied then is not what this program has under that number.
    #[error("migration {number} was applied with other content")]
    Changed {
        /// Which one.
        number: i64,
    },
}

pub(super) async fn apply(write: &DatabaseConnection) -> Result<(), MigrateError> {
    open_book(write).await.map_err(|source| MigrateError::Failed { number: 0, source })?;
    for (number, sql) in MIGRATIONS {
        apply_one(write, number, sql).await?;
    }
    let completed = write.execute_unprepared(COMPLETE_RECEIPTS).await;
    completed.map(|_| ()).map_err(|source| MigrateError::Failed { number: 0, source })
}

/// Are all migrations applied?
pub(super) async fn is_current(connection: &DatabaseConnection) -> Result<bool, DbErr> {
    let newest = MIGRATIONS.map(|(number, _)| number).into_iter().max().unwrap_or(0);
    Ok(applied(connection, newest).await?.is_some())
}

async fn open_book(write: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = locked(write).await?;
    transaction.execute_unprepared(BOOK).await?;
    transaction.commit().await
}

async fn apply_one(write: &DatabaseConnection, number: i64, sql: &str) -> Result<(), MigrateError> {
    let failed = |source| MigrateError::Failed { number, source };
    let own = own_words(number, write.get_database_backend());
    let hash = sha256_hex([sql, own].concat().as_bytes());
    let transaction = locked(write).await.map_err(failed)?;
    match applied(&transaction, number).await.map_err(failed)? {
        Some(known) if known == hash => return Ok(()),
        Some(_) => return Err(MigrateError::Changed { number }),
        None => {}
    }
    transaction.execute_unprepared(sql).await.map_err(failed)?;
    if !own.is_empty() {
        transaction.execute_unprepared(own).await.map_err(failed)?;
    }
    let note = "INSERT INTO schema_migration (number, sha256) VALUES ($1, $2)";
    let backend = transaction.get_database_backend();
    let note = Statement::from_sql_and_values(backend, note, [number.into(), hash.into()]);
    transaction.execute_raw(note).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// A transaction in which nobody else migrates. SQLite's `BEGIN IMMEDIATE` is such a lock.
async fn locked(write: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = super::begin(write).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // An index over a large table takes longer than any request may.
        transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        transaction.execute_unprepared("SET LOCAL lock_timeout = 0").await?;
        let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
        transaction.execute_unprepared(&lock).await?;
    }
    Ok(transaction)
}

async fn applied(connection: &impl ConnectionTrait, number: i64) -> Result<Option<String>, DbErr> {
    let ask = "SELECT sha256 FROM schema_migration WHERE number = $1";
    let backend = connection.get_database_backend();
    let ask = Statement::from_sql_and_values(backend, ask, [number.into()]);
    let row = connection.query_one_raw(ask).await?;
    row.map(|row| row.try_get("", "sha256")).transpose()
}

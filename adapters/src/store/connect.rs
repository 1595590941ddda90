//! Opens the database.

use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{Connection as _, Executor as _};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector,
    SqlxSqliteConnector,
};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Why the database cannot be opened. Never quotes the address: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither SQLite nor PostgreSQL, or malformed.
    #[error("the database address is none of sqlite://, sqlite::memory:, postgres://")]
    Address,
    /// The SQLite file cannot be made or opened.
    #[error("the database file cannot be opened")]
    File(#[source] std::io::Error),
    /// The database does not answer, or refuses us.
    #[error("the database refuses the connection")]
    Refused(#[source] DbErr),
    /// Partial indexes and MERGE behave as tested from this version on.
    #[error("PostgreSQL 15 or newer is needed, this is {0}")]
    TooOld(String),
}

/// How long one waits for a connection, and a writer of SQLite for the one before.
const PATIENCE: Duration = Duration::from_secs(5);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 24;
/// A connection that was used so lately is not asked whether it is still there: that would be a
/// round trip before nearly every statement of a busy node.
const FRESH: Duration = Duration::from_secs(1);
const OLDEST_POSTGRES: u32 = 150_000;

/// Pages that a file of SQLite may have; 0: as many as it likes. It is of a connection, so every
/// new one is told.
pub(super) type PageLimit = Arc<AtomicU32>;

/// The connections that write, and those that read; they may be the same.
pub(super) async fn open(
    url: &str,
    limit: &PageLimit,
) -> Result<(DatabaseConnection, DatabaseConnection), ConnectError> {
    match url.split_once(':') {
        Some(("sqlite", ":memory:")) => {
            let memory = SqliteConnectOptions::new().in_memory(true);
            let memory = sqlite(memory, one_pool(1)).await?;
            Ok((memory.clone(), memory))
        }
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains('?') {
                return Err(ConnectError::Address);
            }
            sqlite_file(Path::new(path), limit).await
        }
        Some(("postgres" | "postgresql", _)) => {
            let pool = postgres(url).await?;
            Ok((pool.clone(), pool))
        }
        Some(_) | None => Err(ConnectError::Address),
    }
}

async fn sqlite_file(
    path: &Path,
    limit: &PageLimit,
) -> Result<(DatabaseConnection, DatabaseConnection), ConnectError> {
    // SQLite itself would make it readable by everybody; its -wal and -shm take after it.
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map_err(ConnectError::File)?;
    let options = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Wal);
    let write = sqlite(options.clone(), writer(limit)).await?;
    let read = sqlite(options.pragma("query_only", "on"), one_pool(SQLITE_READERS)).await?;
    Ok((write, read))
}

// A database in memory is gone with its last connection: none may be retired.
fn one_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// A full disk makes SQLite end a transaction by itself. The rollback that follows then fails, and
/// the driver goes on counting a transaction that is none: the next ones would be savepoints of
/// it, answered for and never committed. Such a connection is closed, and never used again.
fn writer(limit: &PageLimit) -> SqlitePoolOptions {
    let limit = Arc::clone(limit);
    one_pool(1)
        .before_acquire(|connection, _| {
            Box::pin(async move {
                // A rollback that is on its way is over when this is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .after_connect(move |connection, _| {
            let pages = limit.load(Ordering::SeqCst);
            Box::pin(async move {
                if pages > 0 {
                    connection.execute(sea_orm::sqlx::AssertSqlSafe(page_limit(pages))).await?;
                }
                Ok(())
            })
        })
}

/// The words that set it.
pub(super) fn page_limit(pages: u32) -> String {
    format!("PRAGMA max_page_count = {pages}")
}

async fn sqlite(
    options: SqliteConnectOptions,
    pool: SqlitePoolOptions,
) -> Result<DatabaseConnection, ConnectError> {
    let options = options
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // Money that was answered for must survive a power cut.
        .synchronous(SqliteSynchronous::Full);
    let pool = pool.connect_with(options).await;
    let pool = pool.map_err(|error| ConnectError::Refused(conn_error(error)))?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn postgres(url: &str) -> Result<DatabaseConnection, ConnectError> {
    let options = PgConnectOptions::from_str(url).ok().ok_or(ConnectError::Address)?;
    let options = options.application_name("yiwang").options([
        ("statement_timeout", "10s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "15s"),
    ]);
    // Lazily: a tool needs few of them. What grows old is replaced before somebody waits for it.
    let pool = PgPoolOptions::new()
        .min_connections(POSTGRES_CONNECTIONS)
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, last| {
            Box::pin(async move {
                if last.idle_for > FRESH {
                    // One that is gone is put aside, and the next one tried.
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    let version = server_version(&connection).await.map_err(ConnectError::Refused)?;
    if version.parse().is_ok_and(|number: u32| number >= OLDEST_POSTGRES) {
        Ok(connection)
    } else {
        Err(ConnectError::TooOld(version))
    }
}

/// See [`super::Store::warm_up`].
pub(super) async fn warm_up(connection: &DatabaseConnection) {
    if connection.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let pool = connection.get_postgres_connection_pool();
    let mut opened = Vec::new();
    for _ in 0..POSTGRES_CONNECTIONS {
        match pool.acquire().await {
            Ok(one) => opened.push(one),
            Err(error) => {
                tracing::warn!(%error, open = opened.len(), "not all connections were opened");
                return;
            }
        }
    }
}

/// `150004` is 15.4.
async fn server_version(connection: &DatabaseConnection) -> Result<String, DbErr> {
    let ask = "SELECT current_setting('server_version_num') AS version";
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), ask);
    let row = connection.query_one_raw(statement).await?;
    row.map_or_else(|| Ok(String::new()), |row| row.try_get("", "version"))
}

fn conn_error(error: sea_orm::sqlx::Error) -> DbErr {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()))
}

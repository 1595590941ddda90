//! What a node can do with its database just now.

use super::{Store, begin, connect, migrations, unavailable};
use domain::outside::StoreError;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use std::sync::atomic::Ordering;

/// What a node can do with its database just now.
#[derive(Debug)]
pub enum Readiness {
    /// Read and write.
    Whole,
    /// Read only, and why: the database is, or its disk is full, or a commit fails.
    ReadOnly(StoreError),
}

/// So much must still fit in: several payments with all that follows from them.
const ROOM_BYTES: usize = 64 * 1024;
/// A row of the book of migrations that none will ever have.
const PROBE: i64 = -1;

impl Store {
    /// Reads, and writes something that is gone again when it is committed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when not even reading works, or the tables are not up to date.
    pub async fn readiness(&self) -> Result<Readiness, StoreError> {
        if !migrations::is_current(&self.read).await.map_err(unavailable)? {
            return Err(StoreError::Unavailable("not migrated".into()));
        }
        Ok(match probe(&self.write).await {
            Ok(()) => Readiness::Whole,
            Err(error) => Readiness::ReadOnly(unavailable(error)),
        })
    }

    /// Lets a database of SQLite grow to this many pages and no more; one that is larger stays as
    /// it is. For drills: what happens when the disk is full can be tried while it is not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also on PostgreSQL, which has no such limit.
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.page_limit.store(pages, Ordering::SeqCst);
        let limit = connect::page_limit(pages);
        self.write.execute_unprepared(&limit).await.map_err(unavailable)?;
        Ok(())
    }
}

async fn probe(write: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin(write).await?;
    let backend = transaction.get_database_backend();
    let put = "INSERT INTO schema_migration (number, sha256) VALUES ($1, $2)";
    let room = "0".repeat(ROOM_BYTES);
    let put = Statement::from_sql_and_values(backend, put, [PROBE.into(), room.into()]);
    transaction.execute_raw(put).await?;
    let take = "DELETE FROM schema_migration WHERE number = $1";
    let take = Statement::from_sql_and_values(backend, take, [PROBE.into()]);
    transaction.execute_raw(take).await?;
    transaction.commit().await
}

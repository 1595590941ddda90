//! What accounts stand at: kept with every booking, added up from zero when it is checked.

use super::column::{Row, micros};
use super::entity::{ledger_balance, ledger_check};
use super::{Store, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::{Account, AccountSums, Journal, LedgerBalances, LedgerCheck, Sums};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel, QueryOrder,
    Statement,
};
use std::collections::BTreeMap;

/// Rows of one account. Payments of different shards are booked side by side.
const SHARDS: u64 = 16;

/// The same for all bookings of a payment.
fn shard_of(no: &PaymentNo) -> i64 {
    let mixed = no
        .as_str()
        .bytes()
        .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    i64::try_from(mixed % SHARDS).unwrap_or_default()
}

/// Adds what `journal` books. Accounts in one order in every transaction: no two wait in a ring.
pub(super) async fn keep(
    transaction: &DatabaseTransaction,
    journal: &Journal,
) -> Result<(), StoreError> {
    let mut moved: BTreeMap<String, Sums> = BTreeMap::new();
    for entry in journal.entries() {
        let sums = moved.entry(entry.account.code()).or_default();
        *sums = sums.with(entry).map_err(|error| StoreError::Unavailable(error.into()))?;
    }
    let shard = shard_of(&journal.payment_no);
    let rows = moved.into_iter().map(|(account, sums)| {
        let (debits, credits) = (sums.debits.value(), sums.credits.value());
        ledger_balance::Model { account, shard, debits, credits }.into_active_model()
    });
    let more = |column| (column, Expr::cust(added(column)));
    let add = OnConflict::columns([ledger_balance::Column::Account, ledger_balance::Column::Shard])
        .values([more(ledger_balance::Column::Debits), more(ledger_balance::Column::Credits)])
        .to_owned();
    let insert = ledger_balance::Entity::insert_many(rows.collect::<Vec<_>>()).on_conflict(add);
    insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    Ok(())
}

fn added(column: ledger_balance::Column) -> &'static str {
    match column {
        ledger_balance::Column::Credits => "ledger_balance.credits + excluded.credits",
        ledger_balance::Column::Account
        | ledger_balance::Column::Shard
        | ledger_balance::Column::Debits => "ledger_balance.debits + excluded.debits",
    }
}

/// Both sides of one account in one statement, and so in one snapshot.
const SUMS: &str = "SELECT account, CAST(SUM(kd) AS BIGINT) AS kd, CAST(SUM(kc) AS BIGINT) AS kc, \
     CAST(SUM(ad) AS BIGINT) AS ad, CAST(SUM(ac) AS BIGINT) AS ac FROM (\
     SELECT account, debits AS kd, credits AS kc, 0 AS ad, 0 AS ac FROM ledger_balance \
     UNION ALL SELECT account, 0, 0, CASE WHEN side = 'DEBIT' THEN amount ELSE 0 END, \
     CASE WHEN side = 'CREDIT' THEN amount ELSE 0 END FROM journal_entry) AS both_ways \
     GROUP BY account";

#[async_trait]
impl LedgerBalances for Store {
    async fn sums(&self) -> Result<Vec<AccountSums>, StoreError> {
        let ask = Statement::from_string(self.read.get_database_backend(), SUMS);
        let rows = self.read.query_all_raw(ask).await.map_err(unavailable)?;
        let mut all = BTreeMap::new();
        for row in rows {
            let code: String = row.try_get("", "account").map_err(unavailable)?;
            let at = Row { table: "journal_entry", key: &code };
            let account = at.valid("account", Account::from_code(&code))?;
            let fen = |column| row.try_get("", column).map(Fen::new).map_err(unavailable);
            let kept = Sums { debits: fen("kd")?, credits: fen("kc")? };
            let added = Sums { debits: fen("ad")?, credits: fen("ac")? };
            all.insert(code, AccountSums { account, kept, added });
        }
        Ok(all.into_values().collect())
    }

    async fn rebuild(&self) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            // Whoever is booking is let through first; whoever comes now waits.
            let lock = "LOCK TABLE journal_entry, ledger_balance IN SHARE ROW EXCLUSIVE MODE";
            transaction.execute_unprepared(lock).await.map_err(unavailable)?;
        }
        for sql in [
            "DELETE FROM ledger_balance",
            "INSERT INTO ledger_balance (account, shard, debits, credits) \
             SELECT account, 0, \
             CAST(SUM(CASE WHEN side = 'DEBIT' THEN amount ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN side = 'CREDIT' THEN amount ELSE 0 END) AS BIGINT) \
             FROM journal_entry GROUP BY account",
        ] {
            transaction.execute_unprepared(sql).await.map_err(unavailable)?;
        }
        around(Step::LedgerRebuild, transaction.commit()).await.map_err(unavailable)
    }

    async fn save_check(&self, check: &LedgerCheck) -> Result<(), StoreError> {
        let row = ledger_check::Model {
            day: check.day.to_string(),
            at: micros(check.at),
            accounts: i64::from(check.accounts),
            faults: check.faults.join("\n"),
        };
        let newer = OnConflict::column(ledger_check::Column::Day)
            .update_columns([
                ledger_check::Column::At,
                ledger_check::Column::Accounts,
                ledger_check::Column::Faults,
            ])
            .to_owned();
        let insert = ledger_check::Entity::insert(row.into_active_model()).on_conflict(newer);
        let kept = insert.exec_without_returning(&self.write);
        around(Step::LedgerCheck, kept).await.map_err(unavailable)?;
        Ok(())
    }

    async fn last_check(&self) -> Result<Option<LedgerCheck>, StoreError> {
        let newest = ledger_check::Entity::find().order_by_desc(ledger_check::Column::Day);
        let Some(row) = newest.one(&self.read).await.map_err(unavailable)? else { return Ok(None) };
        let at = Row { table: "ledger_check", key: &row.day };
        Ok(Some(LedgerCheck {
            day: at.day("day", &row.day)?,
            at: at.time("at", row.at)?,
            accounts: at.valid("accounts", u32::try_from(row.accounts))?,
            faults: row.faults.lines().map(str::to_owned).collect(),
        }))
    }
}

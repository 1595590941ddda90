//! The ledger's journals: added to, never changed.

use super::column::{Row, micros};
use super::entity::{journal, journal_entry};
use super::{Store, balances, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::{Account, Entry, Journal, JournalKind, LedgerBook, Rail, Side};
use jiff::civil::Date;
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, Statement, TryInsertResult,
};
use std::collections::BTreeMap;

const fn side_code(side: Side) -> &'static str {
    match side {
        Side::Debit => "DEBIT",
        Side::Credit => "CREDIT",
    }
}

fn side_from_code(code: &str) -> Option<Side> {
    [Side::Debit, Side::Credit].into_iter().find(|side| side_code(*side) == code)
}

fn head(rail: Rail, journal: &Journal) -> journal::Model {
    journal::Model {
        payment_no: journal.payment_no.as_str().to_owned(),
        kind: journal.kind.code().to_owned(),
        reference: journal.refund_no.as_ref().map_or_else(String::new, ToString::to_string),
        rail: rail.code().to_owned(),
        day: journal.day().to_string(),
        at: micros(journal.at),
    }
}

/// Books `journal` as part of `transaction`.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    rail: Rail,
    journal: &Journal,
) -> Result<(), StoreError> {
    let row = head(rail, journal);
    let insert = journal::Entity::insert(row.clone().into_active_model());
    insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    insert_entries(transaction, &row, journal).await
}

async fn insert_entries(
    transaction: &DatabaseTransaction,
    row: &journal::Model,
    journal: &Journal,
) -> Result<(), StoreError> {
    let entries = journal.entries().iter().zip(0..).map(|(entry, position)| {
        let row = journal_entry::Model {
            payment_no: row.payment_no.clone(),
            kind: row.kind.clone(),
            reference: row.reference.clone(),
            position,
            account: entry.account.code(),
            side: side_code(entry.side).to_owned(),
            amount: entry.amount.value(),
        };
        row.into_active_model()
    });
    let entries = journal_entry::Entity::insert_many(entries.collect::<Vec<_>>());
    entries.exec_without_returning(transaction).await.map_err(unavailable)?;
    balances::keep(transaction, journal).await
}

fn entry_of(row: &journal_entry::Model) -> Result<Entry, StoreError> {
    let at = Row { table: "journal_entry", key: &row.payment_no };
    Ok(Entry {
        account: at.valid("account", Account::from_code(&row.account))?,
        side: at.some("side", side_from_code(&row.side))?,
        amount: Fen::new(row.amount),
    })
}

fn journal_of(row: &journal::Model, entries: Vec<Entry>) -> Result<Journal, StoreError> {
    let at = Row { table: "journal", key: &row.payment_no };
    let no = at.valid("payment_no", PaymentNo::new(&row.payment_no))?;
    let kind = at.some("kind", JournalKind::from_code(&row.kind))?;
    let booked = Journal::new(no, kind, at.time("at", row.at)?, entries);
    let journal = at.valid("payment_no", booked)?;
    let journal = match row.reference.as_str() {
        "" => journal,
        refund => journal.of_refund(at.valid("reference", RefundNo::new(refund))?),
    };
    if journal.day().to_string() == row.day { Ok(journal) } else { Err(at.corrupt("day")) }
}

#[async_trait]
impl LedgerBook for Store {
    async fn journals_of(&self, rail: Rail, day: Date) -> Result<Vec<Journal>, StoreError> {
        let of_day = Condition::all()
            .add(journal::Column::Rail.eq(rail.code()))
            .add(journal::Column::Day.eq(day.to_string()));
        let journals = journal::Entity::find()
            .filter(of_day.clone())
            .order_by_asc(journal::Column::PaymentNo)
            .order_by_asc(journal::Column::Kind)
            .order_by_asc(journal::Column::Reference)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut numbers = Query::select();
        numbers.column(journal::Column::PaymentNo).from(journal::Entity).cond_where(of_day);
        let entries = journal_entry::Entity::find()
            .filter(journal_entry::Column::PaymentNo.in_subquery(numbers))
            .order_by_asc(journal_entry::Column::PaymentNo)
            .order_by_asc(journal_entry::Column::Kind)
            .order_by_asc(journal_entry::Column::Reference)
            .order_by_asc(journal_entry::Column::Position)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut of: BTreeMap<(&str, &str, &str), Vec<Entry>> = BTreeMap::new();
        for row in &entries {
            let key = (row.payment_no.as_str(), row.kind.as_str(), row.reference.as_str());
            of.entry(key).or_default().push(entry_of(row)?);
        }
        let mut found = Vec::with_capacity(journals.len());
        for row in &journals {
            let key = (row.payment_no.as_str(), row.kind.as_str(), row.reference.as_str());
            let entries = of.remove(&key);
            found.push(journal_of(row, entries.unwrap_or_default())?);
        }
        Ok(found)
    }

    async fn book(&self, rail: Rail, journal: &Journal) -> Result<bool, StoreError> {
        let row = head(rail, journal);
        let transaction = self.begin().await?;
        let insert = journal::Entity::insert(row.clone().into_active_model());
        let insert = insert.on_conflict_do_nothing().exec_without_returning(&transaction).await;
        match insert.map_err(unavailable)? {
            TryInsertResult::Inserted(1..) => {}
            TryInsertResult::Inserted(_) | TryInsertResult::Conflicted | TryInsertResult::Empty => {
                return Ok(false);
            }
        }
        insert_entries(&transaction, &row, journal).await?;
        around(Step::LedgerBook, transaction.commit()).await.map_err(unavailable)?;
        Ok(true)
    }

    async fn totals(&self) -> Result<(Fen, Fen), StoreError> {
        let ask = "SELECT side, CAST(SUM(amount) AS BIGINT) AS total FROM journal_entry \
                   GROUP BY side";
        let ask = Statement::from_string(self.read.get_database_backend(), ask);
        let rows = self.read.query_all_raw(ask).await.map_err(unavailable)?;
        let (mut debits, mut credits) = (Fen::ZERO, Fen::ZERO);
        for row in rows {
            let side: String = row.try_get("", "side").map_err(unavailable)?;
            let total = Fen::new(row.try_get("", "total").map_err(unavailable)?);
            let at = Row { table: "journal_entry", key: &side };
            match at.some("side", side_from_code(&side))? {
                Side::Debit => debits = total,
                Side::Credit => credits = total,
            }
        }
        Ok((debits, credits))
    }
}

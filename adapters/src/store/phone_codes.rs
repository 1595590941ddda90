//! One-time codes of phones: keyed hashes, quotas and guesses counted under a lock of the phone.

use super::column::{Row, micros};
use super::entity::{phone_code, phone_code_source};
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::identity::{
    AskedFrom, CODE_LIFE, CodeIssued, CodeRedeemed, PhoneCode, PhoneCodeStore, Source, WRONG_CODES,
    next_issue,
};
use domain::outside::StoreError;
use domain::standards::Mobile;
use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, Statement,
};

/// Longer than every quota looks back.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Makes everybody else who is about this phone wait until the transaction ends.
async fn lock(
    transaction: &DatabaseTransaction,
    phone_index: &str,
    now: i64,
) -> Result<(), StoreError> {
    let upsert = "INSERT INTO phone_code_owner (phone_index, touched_at) VALUES ($1, $2) \
                  ON CONFLICT (phone_index) DO UPDATE SET touched_at = excluded.touched_at";
    let backend = transaction.get_database_backend();
    let upsert = Statement::from_sql_and_values(backend, upsert, [phone_index.into(), now.into()]);
    transaction.execute_raw(upsert).await.map_err(unavailable)?;
    Ok(())
}

/// The phone's codes, newest first.
async fn codes_of(
    transaction: &DatabaseTransaction,
    phone_index: &str,
) -> Result<Vec<phone_code::Model>, StoreError> {
    phone_code::Entity::find()
        .filter(phone_code::Column::PhoneIndex.eq(phone_index))
        .order_by_desc(phone_code::Column::IssuedAt)
        .all(transaction)
        .await
        .map_err(unavailable)
}

/// When codes were asked for from a source that can still count.
async fn asked_by(
    transaction: &DatabaseTransaction,
    index: &str,
) -> Result<Vec<Timestamp>, StoreError> {
    let rows = phone_code_source::Entity::find()
        .filter(phone_code_source::Column::SourceIndex.eq(index))
        .all(transaction)
        .await
        .map_err(unavailable)?;
    let at = Row { table: "phone_code_source", key: index };
    rows.into_iter().map(|row| at.time("issued_at", row.issued_at)).collect()
}

/// One more code for the source; what no quota looks back at is forgotten.
async fn count(
    transaction: &DatabaseTransaction,
    (source_index, phone_index): (&str, &str),
    now: i64,
    stale: i64,
) -> Result<(), StoreError> {
    phone_code_source::Entity::delete_many()
        .filter(phone_code_source::Column::SourceIndex.eq(source_index))
        .filter(phone_code_source::Column::IssuedAt.lt(stale))
        .exec(transaction)
        .await
        .map_err(unavailable)?;
    let row = phone_code_source::Model {
        source_index: source_index.to_owned(),
        issued_at: now,
        phone_index: phone_index.to_owned(),
    };
    let insert = phone_code_source::Entity::insert(row.into_active_model());
    insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    Ok(())
}

impl Store {
    fn source(&self, source: Source, name: &str) -> (String, Source) {
        (self.keys.blind("code_source", &format!("{}:{name}", source.code())), source)
    }

    fn code_hash(&self, phone: &Mobile, issued_at: i64, code: &str) -> String {
        self.keys.blind("phone_code", &format!("{}:{issued_at}:{code}", phone.as_str()))
    }
}

#[async_trait]
impl PhoneCodeStore for Store {
    async fn issue(&self, code: &PhoneCode, from: &AskedFrom) -> Result<CodeIssued, StoreError> {
        let phone_index = self.keys.blind("phone", code.phone.as_str());
        let now = micros(code.issued_at);
        let mut sources: Vec<_> =
            from.sources().into_iter().map(|(s, n)| self.source(s, &n)).collect();
        // Everybody waits for the same locks in the same order: the sources', then the phone's.
        sources.sort();
        let transaction = self.begin().await?;
        let mut full = None;
        for (index, source) in &sources {
            lock(&transaction, index, now).await?;
            let earlier = asked_by(&transaction, index).await?;
            full = full.max(next_issue(*source, &earlier, code.issued_at));
        }
        lock(&transaction, &phone_index, now).await?;
        let mut earlier = Vec::new();
        for row in codes_of(&transaction, &phone_index).await? {
            let at = Row { table: "phone_code", key: &row.phone_index };
            earlier.push(at.time("issued_at", row.issued_at)?);
        }
        full = full.max(next_issue(Source::Phone, &earlier, code.issued_at));
        if let Some(until) = full {
            return Ok(CodeIssued::TooMany(until));
        }
        let stale = micros(code.issued_at - KEPT);
        for (index, _) in &sources {
            count(&transaction, (index, &phone_index), now, stale).await?;
        }
        let old = phone_code::Entity::delete_many()
            .filter(phone_code::Column::PhoneIndex.eq(phone_index.as_str()))
            .filter(phone_code::Column::IssuedAt.lt(stale));
        old.exec(&transaction).await.map_err(unavailable)?;
        let row = phone_code::Model {
            code_hash: self.code_hash(&code.phone, now, code.code.expose()),
            phone_index,
            issued_at: now,
            wrong: 0,
            used: false,
        };
        let insert = phone_code::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(CodeIssued::Kept)
    }

    async fn redeem(
        &self,
        phone: &Mobile,
        code: &str,
        now: Timestamp,
    ) -> Result<CodeRedeemed, StoreError> {
        let phone_index = self.keys.blind("phone", phone.as_str());
        let transaction = self.begin().await?;
        lock(&transaction, &phone_index, micros(now)).await?;
        let newest = codes_of(&transaction, &phone_index).await?.into_iter().next();
        let spent = |row: &phone_code::Model| row.used || row.wrong >= i64::from(WRONG_CODES);
        let Some(row) = newest.filter(|row| !spent(row)) else { return Ok(CodeRedeemed::Wrong) };
        let at = Row { table: "phone_code", key: &row.phone_index };
        let issued_at = at.time("issued_at", row.issued_at)?;
        // Both sides are keyed hashes: how long the comparison takes says nothing of the code.
        let right = self.code_hash(phone, row.issued_at, code) == row.code_hash;
        let changed = if right {
            phone_code::ActiveModel { used: Set(true), ..phone_code::ActiveModel::default() }
        } else {
            let wrong = Set(row.wrong + 1);
            phone_code::ActiveModel { wrong, ..phone_code::ActiveModel::default() }
        };
        let update = phone_code::Entity::update_many()
            .set(changed)
            .filter(phone_code::Column::PhoneIndex.eq(row.phone_index.as_str()))
            .filter(phone_code::Column::IssuedAt.eq(row.issued_at));
        update.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(match right {
            true if now >= issued_at + CODE_LIFE => CodeRedeemed::Expired,
            true => CodeRedeemed::Right,
            false => CodeRedeemed::Wrong,
        })
    }
}

//! The audit trail: a chain of hashes, one entry after the other.

use super::column::{Row, micros, sha256_hex, without_nul};
use super::entity::{audit_entry, audit_head};
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::identity::{AuditEntry, AuditRecord, AuditTrail, AuditVerdict};
use domain::outside::StoreError;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

/// So many entries are read at once while the chain is verified.
const CHUNK: u64 = 1_000;

/// Adds `record` as part of `transaction`. The head stays locked until its end, so that of two
/// nodes that add at once the second builds on what the first has added.
pub(super) async fn append(
    transaction: &DatabaseTransaction,
    record: &AuditRecord,
) -> Result<(), StoreError> {
    let head = audit_head::Entity::find_by_id(1).lock_exclusive().one(transaction).await;
    let lost = StoreError::Corrupt { table: "audit_head", column: "id", row: "1".to_owned() };
    let head = head.map_err(unavailable)?.ok_or(lost)?;
    let record = AuditRecord {
        actor: without_nul(&record.actor),
        subject: without_nul(&record.subject),
        detail: without_nul(&record.detail),
        ..record.clone()
    };
    let number = head.number + 1;
    let hash = hash_of(number.unsigned_abs(), &head.hash, &record);
    let row = audit_entry::Model {
        number,
        at: micros(record.at),
        actor: record.actor,
        act: record.act,
        subject: record.subject,
        detail: record.detail,
        hash: hash.clone(),
    };
    let insert = audit_entry::Entity::insert(row.into_active_model());
    insert.exec_without_returning(transaction).await.map_err(unavailable)?;
    let moved = audit_head::ActiveModel {
        number: Set(number),
        hash: Set(hash),
        ..audit_head::ActiveModel::default()
    };
    let moved = audit_head::Entity::update_many().set(moved).filter(audit_head::Column::Id.eq(1));
    moved.exec(transaction).await.map_err(unavailable)?;
    Ok(())
}

fn hash_of(number: u64, previous: &str, record: &AuditRecord) -> String {
    sha256_hex(record.sealed_text(number, previous).as_bytes())
}

fn entry_of(row: audit_entry::Model) -> Result<AuditEntry, StoreError> {
    let key = row.number.to_string();
    let at = Row { table: "audit_entry", key: &key };
    Ok(AuditEntry {
        number: row.number.unsigned_abs(),
        record: AuditRecord {
            at: at.time("at", row.at)?,
            actor: row.actor,
            act: row.act,
            subject: row.subject,
            detail: row.detail,
        },
        hash: row.hash,
    })
}

#[async_trait]
impl AuditTrail for Store {
    async fn append(&self, record: &AuditRecord) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        append(&transaction, record).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn list(&self, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>, StoreError> {
        let mut select = audit_entry::Entity::find()
            .order_by_desc(audit_entry::Column::Number)
            .limit(u64::from(limit));
        if let Some(edge) = before {
            let edge = i64::try_from(edge).unwrap_or(i64::MAX);
            select = select.filter(audit_entry::Column::Number.lt(edge));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        rows.into_iter().map(entry_of).collect()
    }

    async fn verify(&self) -> Result<AuditVerdict, StoreError> {
        // One moment for all: an entry that is added meanwhile belongs to the next check.
        let moment = self.snapshot().await?;
        let (mut number, mut head) = (0_u64, String::new());
        loop {
            let after = i64::try_from(number).unwrap_or(i64::MAX);
            let rows = audit_entry::Entity::find()
                .filter(audit_entry::Column::Number.gt(after))
                .order_by_asc(audit_entry::Column::Number)
                .limit(CHUNK)
                .all(&moment)
                .await
                .map_err(unavailable)?;
            let last = rows.len() < usize::try_from(CHUNK).unwrap_or(usize::MAX);
            for row in rows {
                number += 1;
                let broken = AuditVerdict::Broken { number };
                let Ok(entry) = entry_of(row) else { return Ok(broken) };
                let hash = hash_of(number, &head, &entry.record);
                if entry.number != number || entry.hash != hash {
                    return Ok(broken);
                }
                head = hash;
            }
            if last {
                break;
            }
        }
        let kept = audit_head::Entity::find_by_id(1).one(&moment).await.map_err(unavailable)?;
        let same =
            kept.is_some_and(|kept| kept.number.unsigned_abs() == number && kept.hash == head);
        Ok(if same {
            AuditVerdict::Whole { entries: number, head }
        } else {
            AuditVerdict::Broken { number: number + 1 }
        })
    }
}

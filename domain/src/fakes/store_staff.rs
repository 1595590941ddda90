//! Sessions of staff and the audit trail, in memory.

use super::InMemoryStore;
use super::faults::scramble;
use super::store::Tables;
use crate::identity::{
    AuditEntry, AuditRecord, AuditTrail, AuditVerdict, Secret, StaffAccount, StaffSessions,
};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// The fake keeps the text itself: it has no secrets, and the domain no hash function.
pub(super) fn append_audit(t: &mut Tables, record: &AuditRecord) {
    let number = u64::try_from(t.audit.len()).unwrap_or(u64::MAX) + 1;
    let previous = t.audit.last().map_or("", |entry| entry.hash.as_str());
    let hash = hash_of(number, previous, record);
    t.audit.push(AuditEntry { number, record: record.clone(), hash });
}

/// No cryptographic one: nobody attacks a fake.
fn hash_of(number: u64, previous: &str, record: &AuditRecord) -> String {
    let text = record.sealed_text(number, previous);
    let hash = text.bytes().fold(number, |hash, byte| scramble(hash, u64::from(byte)));
    format!("{hash:016x}")
}

#[async_trait]
impl AuditTrail for InMemoryStore {
    async fn append(&self, record: &AuditRecord) -> Result<(), StoreError> {
        self.call(|t| {
            append_audit(t, record);
            Ok(())
        })
    }

    async fn list(&self, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>, StoreError> {
        self.call(|t| {
            let older = t.audit.iter().rev();
            let older = older.filter(|entry| before.is_none_or(|edge| entry.number < edge));
            Ok(older.take(usize::from(limit)).cloned().collect())
        })
    }

    async fn verify(&self) -> Result<AuditVerdict, StoreError> {
        self.call(|t| {
            let (mut number, mut head) = (0, String::new());
            for entry in &t.audit {
                number += 1;
                let hash = hash_of(number, &head, &entry.record);
                if entry.number != number || entry.hash != hash {
                    return Ok(AuditVerdict::Broken { number });
                }
                head = hash;
            }
            Ok(AuditVerdict::Whole { entries: number, head })
        })
    }
}

#[async_trait]
impl StaffSessions for InMemoryStore {
    async fn open(&self, name: &str, token: &Secret, until: Timestamp) -> Result<(), StoreError> {
        self.call(|t| {
            let session = (token.expose().to_owned(), name.to_owned(), until);
            t.staff_sessions.push(session);
            Ok(())
        })
    }

    async fn account_of(
        &self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<StaffAccount>, StoreError> {
        self.call(|t| {
            let mut sessions = t.staff_sessions.iter();
            let open = sessions.find(|(kept, _, until)| kept == token.expose() && *until > now);
            Ok(open.and_then(|(_, name, _)| t.staff.iter().find(|a| &a.name == name)).cloned())
        })
    }

    async fn extend(&self, token: &Secret, until: Timestamp) -> Result<(), StoreError> {
        self.call(|t| {
            let mut sessions = t.staff_sessions.iter_mut();
            if let Some(held) = sessions.find(|(kept, _, _)| kept == token.expose()) {
                held.2 = until;
            }
            Ok(())
        })
    }

    async fn close(&self, token: &Secret) -> Result<(), StoreError> {
        self.call(|t| {
            t.staff_sessions.retain(|(kept, _, _)| kept != token.expose());
            Ok(())
        })
    }
}

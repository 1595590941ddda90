//! Certificates, in memory.

use super::InMemoryStore;
use crate::casework::certificate::{
    AuthorisationCode, Certificate, CertificateBook, CertificatePage, Guesses,
};
use crate::ids::{PersonId, SerialNo, SubmissionNo};
use crate::messaging::MessageEvent;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
impl CertificateBook for InMemoryStore {
    async fn keep_certificate(
        &self,
        certificate: &Certificate,
        events: &[MessageEvent],
    ) -> Result<(), StoreError> {
        self.call(|t| {
            let taken = |known: &Certificate| {
                known.serial == certificate.serial || known.submission == certificate.submission
            };
            if t.certificates.iter().any(taken) {
                return Err(StoreError::Conflict);
            }
            t.certificates.push(certificate.clone());
            t.certificate_events.extend_from_slice(events);
            Ok(())
        })
    }

    async fn find_certificate(&self, serial: &SerialNo) -> Result<Option<Certificate>, StoreError> {
        self.call(|t| {
            let mut all = t.certificates.iter();
            Ok(all.find(|known| known.serial == *serial).cloned())
        })
    }

    async fn certificate_of(&self, no: &SubmissionNo) -> Result<Option<Certificate>, StoreError> {
        self.call(|t| {
            let mut all = t.certificates.iter();
            Ok(all.find(|known| known.submission == *no).cloned())
        })
    }

    async fn list_certificates(
        &self,
        owners: &[PersonId],
        before: Option<&SerialNo>,
        limit: u16,
    ) -> Result<CertificatePage, StoreError> {
        self.call(|t| {
            let key = |known: &Certificate| (known.issued_at, known.serial.clone());
            let mine = t.certificates.iter();
            let mut mine: Vec<_> =
                mine.filter(|known| owners.contains(&known.person)).cloned().collect();
            mine.sort_by_key(|known| std::cmp::Reverse(key(known)));
            if let Some(before) = before {
                let edge = mine.iter().position(|known| known.serial == *before);
                mine.drain(..edge.map_or(mine.len(), |at| at + 1));
            }
            let more = mine.len() > usize::from(limit);
            mine.truncate(usize::from(limit));
            Ok(CertificatePage { certificates: mine, more })
        })
    }

    async fn certificate_by_code(
        &self,
        serial: &SerialNo,
        code: &AuthorisationCode,
        came_from: &str,
        now: Timestamp,
    ) -> Result<Option<Certificate>, StoreError> {
        self.call(|t| {
            let known = t.certificates.iter().find(|known| known.serial == *serial).cloned();
            let Some(known) = known else { return Ok(None) };
            let none = Guesses { wrong: 0, since: now };
            let place = (serial.clone(), came_from.to_owned());
            let guesses = t.certificate_guesses.entry(place).or_insert(none);
            if guesses.are_too_many(now) {
                return Ok(None);
            }
            if known.code == *code {
                return Ok(Some(known));
            }
            *guesses = guesses.and_one_more(now);
            Ok(None)
        })
    }

    async fn revoke_certificate(
        &self,
        owners: &[PersonId],
        serial: &SerialNo,
        at: Timestamp,
    ) -> Result<Option<Certificate>, StoreError> {
        self.call(|t| {
            let mut all = t.certificates.iter_mut();
            let own = |known: &&mut Certificate| {
                known.serial == *serial && owners.contains(&known.person)
            };
            Ok(all.find(own).map(|known| {
                known.revoked_at.get_or_insert(at);
                known.clone()
            }))
        })
    }
}

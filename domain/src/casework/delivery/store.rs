//! Where deliveries are kept.

use super::{Delivery, DeliverySubject};
use crate::ids::{DeliveryNo, IdempotencyKey, PersonId};
use crate::messaging::MessageEvent;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A delivery that nobody else works on until the lease is over.
pub type LeasedDelivery = Delivery;

/// Deliveries. Names, phones and addresses MUST be sealed at rest.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Keeps a new one. MUST answer [`StoreError::Conflict`] where the person used the key, or a
    /// delivery of the same subject stands that has not failed; also for two that come at once.
    async fn insert(&self, delivery: &Delivery) -> Result<(), StoreError>;
    /// What one of `owners` asked for under this key.
    async fn find_by_key(
        &self,
        owners: &[PersonId],
        key: &IdempotencyKey,
    ) -> Result<Option<Delivery>, StoreError>;
    /// The one of that number.
    async fn find(&self, no: &DeliveryNo) -> Result<Option<Delivery>, StoreError>;
    /// All of one subject, newest first; at most 20.
    async fn list_of(&self, subject: &DeliverySubject) -> Result<Vec<Delivery>, StoreError>;
    /// Those of these subjects, as [`Self::list_of`] has them. One by one, unless a store knows
    /// better.
    async fn list_of_all(
        &self,
        subjects: &[DeliverySubject],
    ) -> Result<BTreeMap<DeliverySubject, Vec<Delivery>>, StoreError> {
        let mut found = BTreeMap::new();
        for subject in subjects {
            found.insert(subject.clone(), self.list_of(subject).await?);
        }
        Ok(found)
    }
    /// Takes what is due at `now`, the longest due first, and puts it off until `until`, so that
    /// no other node takes it too.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<LeasedDelivery>, StoreError>;
    /// Replaces the row whose version is `delivery.version`, with the events. MUST answer
    /// [`StoreError::Conflict`] where it has another version.
    async fn update(&self, delivery: &Delivery, events: &[MessageEvent]) -> Result<(), StoreError>;
}

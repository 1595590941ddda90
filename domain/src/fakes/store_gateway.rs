//! What the gateway told us, and the clearing of days, in memory.

use super::InMemoryStore;
use super::store::BoxedNews;
use crate::outside::StoreError;
use crate::payment::Received;
use crate::receipt::{GatewayEvent, GatewayInbox};
use crate::reconciliation::{ClearedDay, ClearingBook};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

fn same(kept: &GatewayEvent, event: &GatewayEvent) -> bool {
    kept.id == event.id && kept.news == event.news
}

#[async_trait]
impl GatewayInbox for InMemoryStore {
    async fn record(&self, event: &GatewayEvent, _raw: &[u8]) -> Result<Received, StoreError> {
        self.call(|t| {
            if t.gateway_inbox.iter().any(|kept| same(&kept.event, event)) {
                return Ok(Received::Seen);
            }
            let (leased_until, outcome) = (event.received_at, None);
            t.gateway_inbox.push(BoxedNews { event: event.clone(), leased_until, outcome });
            Ok(Received::New)
        })
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<GatewayEvent>, StoreError> {
        self.call(|t| {
            let waits = |kept: &&mut BoxedNews| kept.outcome.is_none() && kept.leased_until <= now;
            let mut waiting: Vec<_> = t.gateway_inbox.iter_mut().filter(waits).collect();
            waiting.sort_by_key(|kept| kept.leased_until);
            let taken = waiting.into_iter().take(usize::from(limit)).map(|kept| {
                kept.leased_until = until;
                kept.event.clone()
            });
            Ok(taken.collect())
        })
    }

    async fn finish(&self, event: &GatewayEvent, outcome: &str) -> Result<(), StoreError> {
        self.call(|t| {
            for kept in t.gateway_inbox.iter_mut().filter(|kept| same(&kept.event, event)) {
                kept.outcome = Some(outcome.to_owned());
            }
            Ok(())
        })
    }
}

#[async_trait]
impl ClearingBook for InMemoryStore {
    async fn save(&self, cleared: &ClearedDay) -> Result<(), StoreError> {
        self.call(|t| {
            t.clearing.insert(cleared.day, cleared.clone());
            Ok(())
        })
    }

    async fn find(&self, day: Date) -> Result<Option<ClearedDay>, StoreError> {
        self.call(|t| Ok(t.clearing.get(&day).cloned()))
    }

    async fn list(&self, limit: u16) -> Result<Vec<ClearedDay>, StoreError> {
        self.call(|t| Ok(t.clearing.values().rev().take(usize::from(limit)).cloned().collect()))
    }
}

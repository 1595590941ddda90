//! Tells the carrier what is wanted, and asks where the parcels are.

use super::{CarrierOrder, Delivery, DeliveryState, DeliveryStore, ExpressCarrier, TrackRefused};
use crate::clock::Clock;
use crate::ids::DeliveryNo;
use crate::messaging::{EventKey, EventKind, MessageEvent};
use crate::outside::{OutsideError, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Longer than a call to the carrier takes with its repeat.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// What became of one delivery in one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The carrier took the order.
    Ordered,
    /// It stands there now.
    Stands(DeliveryState),
    /// The carrier did not take it or did not answer; it is asked again.
    PutOff,
}

/// Why one delivery was left where it is.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The carrier refused, or did not answer; it is asked again.
    #[error("the carrier gave no answer")]
    Carrier(#[source] OutsideError),
    /// The carrier contradicts itself: somebody must look.
    #[error("the carrier contradicts itself")]
    Contradiction(#[source] TrackRefused),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The use case.
pub struct FollowDeliveries {
    /// Deliveries.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// The carrier.
    pub carrier: Arc<dyn ExpressCarrier>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl FollowDeliveries {
    /// One turn over what is due.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be leased; failures of one delivery stand beside it.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(DeliveryNo, Result<Followed, FollowError>)>, StoreError> {
        let now = self.clock.now();
        let until = now.checked_add(LEASE).unwrap_or(now);
        let mut done = Vec::new();
        for delivery in self.deliveries.lease(now, until, limit).await? {
            let no = delivery.no.clone();
            done.push((no, self.follow(delivery).await));
        }
        Ok(done)
    }

    async fn follow(&self, delivery: Delivery) -> Result<Followed, FollowError> {
        let now = self.clock.now();
        let (before, known) = (delivery.state, delivery.tracks.len());
        let Some(waybill) = &delivery.waybill else {
            return self.order(delivery, now).await;
        };
        let tracks = match self.carrier.track(&delivery.no, waybill).await {
            Ok(tracks) => tracks,
            Err(error) => return self.put_off(delivery, now, FollowError::Carrier(error)).await,
        };
        let after = match delivery.clone().tracked(&tracks, now) {
            Ok(after) => after,
            Err(refused) => {
                return self.put_off(delivery, now, FollowError::Contradiction(refused)).await;
            }
        };
        let news = if after.state == before && after.tracks.len() == known {
            Vec::new()
        } else {
            events(&after, before)
        };
        self.deliveries.update(&after, &news).await?;
        Ok(Followed::Stands(after.state))
    }

    async fn order(&self, delivery: Delivery, now: Timestamp) -> Result<Followed, FollowError> {
        let order = CarrierOrder {
            no: &delivery.no,
            sender: &delivery.sender,
            content: &delivery.content,
            recipient: &delivery.recipient,
            address: &delivery.address,
        };
        match self.carrier.order(&order).await {
            Ok(waybill) => {
                self.deliveries.update(&delivery.ordered(waybill, now), &[]).await?;
                Ok(Followed::Ordered)
            }
            // It said no, and will say it again: the citizen may give another address.
            Err(error @ OutsideError::Refused { .. }) => {
                let before = delivery.state;
                let refused = delivery.refused();
                self.deliveries.update(&refused, &events(&refused, before)).await?;
                Err(FollowError::Carrier(error))
            }
            Err(error) => self.put_off(delivery, now, FollowError::Carrier(error)).await,
        }
    }

    /// Keeps when it is asked again, then tells why it was in vain.
    async fn put_off(
        &self,
        delivery: Delivery,
        now: Timestamp,
        why: FollowError,
    ) -> Result<Followed, FollowError> {
        self.deliveries.update(&delivery.put_off(now), &[]).await?;
        Err(why)
    }
}

/// The citizen hears of three things: it is on its way, it arrived, it failed.
fn events(delivery: &Delivery, before: DeliveryState) -> Vec<MessageEvent> {
    use DeliveryState as S;
    let (word, kind) = match (before, delivery.state) {
        (S::Ordered, S::Collected | S::InTransit) => ("sent", EventKind::DeliverySent),
        (S::Ordered | S::Collected | S::InTransit, S::Delivered) => {
            ("delivered", EventKind::DeliveryDelivered)
        }
        (S::Ordered | S::Collected | S::InTransit, S::Returned | S::Lost | S::Refused) => {
            ("failed", EventKind::DeliveryFailed)
        }
        (S::Ordered, S::Ordered)
        | (S::Collected | S::InTransit, S::Ordered | S::Collected | S::InTransit)
        | (S::Delivered | S::Returned | S::Lost | S::Refused, _) => return Vec::new(),
    };
    let Ok(key) = EventKey::new(&format!("delivery:{}:{word}", delivery.no)) else {
        return Vec::new();
    };
    let at = delivery.tracks.last().map_or(delivery.created_at, |track| track.at);
    let waybill = delivery.waybill.as_ref().map(ToString::to_string);
    let waybill = waybill.unwrap_or_else(|| "（无）".to_owned());
    let facts = [("content", delivery.content.clone()), ("waybill", waybill)];
    let facts = facts.map(|(name, value)| (name.to_owned(), value)).to_vec();
    vec![MessageEvent { key, person: delivery.person.clone(), kind, facts, at }]
}

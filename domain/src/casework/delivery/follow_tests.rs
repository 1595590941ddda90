//! What the carrier says, and what becomes of a parcel then.

use super::tests::{delivery, track};
use super::*;
use crate::fakes::FakeClock;
use crate::fakes::samples::at;
use crate::ids::{DeliveryNo, IdempotencyKey, PersonId};
use crate::messaging::MessageEvent;
use crate::outside::{OutsideError, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The ports below wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

/// One delivery, and what was told of it.
struct OneDelivery(Mutex<(Delivery, Vec<MessageEvent>)>);

#[async_trait]
impl DeliveryStore for OneDelivery {
    async fn insert(&self, _: &Delivery) -> Result<(), StoreError> {
        Err(StoreError::Conflict)
    }

    async fn find_by_key(
        &self,
        _: &[PersonId],
        _: &IdempotencyKey,
    ) -> Result<Option<Delivery>, StoreError> {
        Ok(None)
    }

    async fn find(&self, _: &DeliveryNo) -> Result<Option<Delivery>, StoreError> {
        Ok(Some(self.0.lock().unwrap().0.clone()))
    }

    async fn list_of(&self, _: &DeliverySubject) -> Result<Vec<Delivery>, StoreError> {
        Ok(vec![self.0.lock().unwrap().0.clone()])
    }

    async fn lease(
        &self,
        now: Timestamp,
        _: Timestamp,
        _: u16,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let one = self.0.lock().unwrap().0.clone();
        let due = one.next_check_at.is_some_and(|at| at <= now);
        Ok(if due { vec![one] } else { Vec::new() })
    }

    async fn update(&self, delivery: &Delivery, events: &[MessageEvent]) -> Result<(), StoreError> {
        let mut kept = self.0.lock().unwrap();
        kept.0 = delivery.clone();
        kept.1.extend_from_slice(events);
        Ok(())
    }
}

/// A carrier that says what it is told to say.
struct Says {
    order: Result<&'static str, fn() -> OutsideError>,
    tracks: Vec<Track>,
}

#[async_trait]
impl ExpressCarrier for Says {
    async fn order(&self, _: &CarrierOrder<'_>) -> Result<Waybill, OutsideError> {
        self.order.map(|no| Waybill::new(no).unwrap()).map_err(|error| error())
    }

    async fn track(&self, _: &DeliveryNo, _: &Waybill) -> Result<Vec<Track>, OutsideError> {
        Ok(self.tracks.clone())
    }
}

/// One turn over this delivery at second 10: what it says, the delivery then, what was told.
fn turn(one: Delivery, says: Says) -> (Result<Followed, FollowError>, Delivery, Vec<String>) {
    let store = Arc::new(OneDelivery(Mutex::new((one, Vec::new()))));
    let follow = FollowDeliveries {
        deliveries: store.clone(),
        carrier: Arc::new(says),
        clock: Arc::new(FakeClock::at(at(10))),
    };
    let (_, said) = wait(follow.run_once(9)).unwrap().remove(0);
    let (after, events) = store.0.lock().unwrap().clone();
    (said, after, events.iter().map(|event| event.key.as_str().to_owned()).collect())
}

fn ordered() -> Delivery {
    let waybill = Some(Waybill::new("EA123456785CN").unwrap());
    Delivery { waybill, ..delivery() }
}

#[test]
fn a_carrier_that_says_no_ends_it_and_one_that_is_silent_is_told_again() {
    let no = || OutsideError::Refused { code: "INVALID".to_owned(), message: String::new() };
    let (said, after, told) = turn(delivery(), Says { order: Err(no), tracks: Vec::new() });
    assert!(matches!(said, Err(FollowError::Carrier(_))));
    assert_eq!((after.state, after.next_check_at), (DeliveryState::Refused, None));
    assert_eq!(told, ["delivery:YD000001:failed"]);
    assert!(after.state.has_failed(), "another one may be asked for");

    let silence = || OutsideError::OutcomeUnknown("silence".into());
    let (said, after, told) = turn(delivery(), Says { order: Err(silence), tracks: Vec::new() });
    assert!(matches!(said, Err(FollowError::Carrier(_))));
    assert_eq!((after.state, after.next_check_at), (DeliveryState::Ordered, Some(at(70))));
    assert!(told.is_empty());
}

#[test]
fn the_citizen_hears_when_it_is_on_its_way_and_when_it_arrived_and_of_nothing_between() {
    let mut list = vec![track(1, TrackKind::Collected)];
    let says = |tracks: &[Track]| Says { order: Ok("EA123456785CN"), tracks: tracks.to_vec() };
    let (_, on_its_way, told) = turn(ordered(), says(&list));
    assert_eq!(told, ["delivery:YD000001:sent"]);
    list.push(track(2, TrackKind::Departed));
    let due = |one: Delivery| Delivery { next_check_at: Some(at(10)), ..one };
    let (_, further, told) = turn(due(on_its_way), says(&list));
    assert_eq!((further.state, told.len()), (DeliveryState::InTransit, 0));
    list.push(track(3, TrackKind::Delivered));
    let (said, _, told) = turn(due(further), says(&list));
    assert!(matches!(said, Ok(Followed::Stands(DeliveryState::Delivered))));
    assert_eq!(told, ["delivery:YD000001:delivered"]);
}

#[test]
fn a_carrier_that_contradicts_itself_changes_nothing() {
    let list = vec![track(1, TrackKind::Delivered), track(2, TrackKind::Lost)];
    let (said, after, told) = turn(ordered(), Says { order: Ok("EA123456785CN"), tracks: list });
    assert!(matches!(said, Err(FollowError::Contradiction(_))));
    assert_eq!((after.state, after.tracks.len(), told.len()), (DeliveryState::Ordered, 0, 0));
    assert!(after.next_check_at.is_some(), "it is asked again");
}

//! Results by post (证照寄送): an order to the express carrier, and where the parcel is.
//!
//! A delivery is stored before the carrier hears of it; a worker places the order under our number,
//! which the carrier takes once however often it is told, and then asks for the tracks.
//! Invariant: of one case or certificate at most one parcel is under way or arrived.

mod carrier;
mod certificate;
mod follow;
mod model;
mod request;
mod state;
mod store;

#[cfg(test)]
mod follow_tests;
#[cfg(test)]
mod tests;

pub use carrier::{CarrierOrder, ExpressCarrier, Track, TrackKind, Waybill, WaybillInvalid};
pub use follow::{FollowDeliveries, FollowError, Followed};
pub use model::{Address, Delivery, DeliverySubject, Recipient};
pub use request::{
    DeliveryFault, DeliveryInput, DeliveryPart, RequestDelivery, RequestDeliveryError, SubjectInput,
};
pub use state::{DeliveryState, TrackRefused};
pub use store::{DeliveryStore, LeasedDelivery};

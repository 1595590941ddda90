//! Appointments.

use crate::graphql::BookingUseCases;
use adapters::store::Store;
use domain::casework::booking::{CancelBooking, ConfirmBooking, HoldSlot, WorkOnBookings};
use domain::catalogue::CatalogueSource;
use domain::clock::Clock;
use domain::engine::{FindOptions, RecordedExchange};
use std::sync::Arc;

/// What belongs to appointments.
pub(super) struct Bookings {
    /// Gives places.
    pub hold: Arc<HoldSlot>,
    /// What can be chosen.
    pub options: Arc<FindOptions>,
    /// What somebody does with their bookings.
    pub use_cases: BookingUseCases,
    /// What happens without them.
    pub work: Arc<WorkOnBookings>,
}

pub(super) fn connect(
    catalogue: &Arc<impl CatalogueSource + 'static>,
    exchange: &Arc<RecordedExchange>,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
) -> Bookings {
    Bookings {
        hold: Arc::new(HoldSlot { bookings: store.clone() }),
        options: Arc::new(FindOptions {
            catalogue: catalogue.clone(),
            exchange: exchange.clone(),
            bookings: store.clone(),
            clock: clock.clone(),
        }),
        use_cases: BookingUseCases {
            bookings: store.clone(),
            confirm: Arc::new(ConfirmBooking { bookings: store.clone(), clock: clock.clone() }),
            cancel: Arc::new(CancelBooking { bookings: store.clone(), clock: clock.clone() }),
        },
        work: Arc::new(WorkOnBookings {
            bookings: store.clone(),
            exchange: exchange.clone(),
            clock: clock.clone(),
        }),
    }
}

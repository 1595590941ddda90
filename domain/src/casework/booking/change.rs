//! The citizen confirms, or gives back.

use super::model::{Booking, BookingNo, Word};
use super::news;
use super::state::{BookingEvent, BookingState, BookingStatus, TransitionRefused};
use super::store::{BookingChange, BookingStore};
use crate::clock::Clock;
use crate::identity::Person;
use crate::ids::IdempotencyKey;
use crate::messaging::EventKeyInvalid;
use crate::outside::StoreError;
use jiff::Timestamp;
use std::sync::Arc;

/// Why a booking stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeBookingError {
    /// There is none of this number, or it is somebody else's.
    #[error("there is no such booking")]
    NotFound,
    /// The key was used for another booking.
    #[error("the idempotency key was used for another booking")]
    KeyReused,
    /// The hold is over; the place is free for others.
    #[error("the hold is over")]
    HoldOver,
    /// It begins too soon, or has begun.
    #[error("too late to cancel")]
    TooLate {
        /// Until when one could.
        until: Timestamp,
    },
    /// It is over, cancelled or expired.
    #[error(transparent)]
    Refused(#[from] TransitionRefused),
    /// A number of ours does not fit an event's key: a fault of ours.
    #[error(transparent)]
    Event(#[from] EventKeyInvalid),
    /// The database failed, or somebody else changed the booking.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What is wanted of a booking.
#[derive(Debug, Clone, Copy)]
struct Wish<'a> {
    word: Word,
    no: &'a BookingNo,
    key: Option<&'a IdempotencyKey>,
}

/// Use case: the citizen will come.
pub struct ConfirmBooking {
    /// The book.
    pub bookings: Arc<dyn BookingStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ConfirmBooking {
    /// The confirmed booking. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`ChangeBookingError`].
    pub async fn run(
        &self,
        person: &Person,
        no: &BookingNo,
        key: Option<&IdempotencyKey>,
    ) -> Result<Booking, ChangeBookingError> {
        let wish = Wish { word: Word::Confirm, no, key };
        change(self.bookings.as_ref(), person, wish, self.clock.now()).await
    }
}

/// Use case: the citizen gives a booking back.
pub struct CancelBooking {
    /// The book.
    pub bookings: Arc<dyn BookingStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl CancelBooking {
    /// The cancelled booking. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`ChangeBookingError`].
    pub async fn run(
        &self,
        person: &Person,
        no: &BookingNo,
        key: Option<&IdempotencyKey>,
    ) -> Result<Booking, ChangeBookingError> {
        let wish = Wish { word: Word::Cancel, no, key };
        change(self.bookings.as_ref(), person, wish, self.clock.now()).await
    }
}

/// Whoever changes a booking at the same moment, here or at another node, is let go first a few
/// times: a worker that told the department, say.
const TRIES: usize = 3;

async fn change(
    bookings: &dyn BookingStore,
    person: &Person,
    wish: Wish<'_>,
    now: Timestamp,
) -> Result<Booking, ChangeBookingError> {
    if let Some(key) = wish.key {
        let used = bookings.find_by_key(&person.ids(), wish.word, key).await?;
        if used.is_some_and(|used| used.no != *wish.no) {
            return Err(ChangeBookingError::KeyReused);
        }
    }
    let mut tries = TRIES;
    loop {
        tries -= 1;
        match change_once(bookings, person, wish, now).await {
            Err(ChangeBookingError::Store(StoreError::Conflict)) if tries > 0 => {}
            done => return done,
        }
    }
}

async fn change_once(
    bookings: &dyn BookingStore,
    person: &Person,
    wish: Wish<'_>,
    now: Timestamp,
) -> Result<Booking, ChangeBookingError> {
    let found = bookings.find_booking(wish.no).await?;
    let before = found.filter(|booking| person.owns(&booking.person));
    let before = before.ok_or(ChangeBookingError::NotFound)?;
    let event = match wish.word {
        Word::Confirm => BookingEvent::Confirm,
        Word::Cancel => BookingEvent::Cancel,
    };
    check_time(&before, event, now)?;
    let mut after = before.after(event, now)?;
    if after.state == before.state {
        return Ok(before);
    }
    match wish.word {
        Word::Confirm => after.confirm_key = wish.key.cloned(),
        Word::Cancel => after.cancel_key = wish.key.cloned(),
    }
    let events = news::of_change(&after, now)?;
    let change = BookingChange { before, after, events };
    bookings.save(&change).await?;
    let version = change.before.version + 1;
    Ok(Booking { version, ..change.after })
}

fn check_time(
    booking: &Booking,
    event: BookingEvent,
    now: Timestamp,
) -> Result<(), ChangeBookingError> {
    if booking.state.is_open() && booking.status_at(now) == BookingStatus::Expired {
        return Err(ChangeBookingError::HoldOver);
    }
    let confirmed = matches!(booking.state, BookingState::Confirmed { .. });
    match booking.cancel_until() {
        Some(until) if event == BookingEvent::Cancel && confirmed && now > until => {
            Err(ChangeBookingError::TooLate { until })
        }
        Some(_) | None => Ok(()),
    }
}

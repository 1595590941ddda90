//! The store, as bookings need it.

use super::model::{Booking, BookingNo, SlotKey, Word};
use crate::catalogue::AppSlug;
use crate::ids::{IdempotencyKey, PersonId, SubmissionNo};
use crate::messaging::MessageEvent;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A booking that wants its place.
#[derive(Debug, Clone)]
pub struct NewBooking<'a> {
    /// Held, version 0.
    pub booking: &'a Booking,
    /// How many places the department leaves to us in that slot, as it says now.
    pub capacity: u32,
    /// The person's ids, the present one first.
    pub owners: &'a [PersonId],
    /// So many bookings of this app may the person have ahead, this one included.
    pub most_open: u32,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It has its place.
    Booked,
    /// The same submission has booked before.
    Known(Box<Booking>),
    /// Not so many places are left.
    Taken,
    /// The person holds this slot already.
    Twice,
    /// The person has as many ahead as one may.
    TooMany,
}

/// A booking that changed.
#[derive(Debug, Clone)]
pub struct BookingChange {
    /// As it stood; its version is the one that must be stored.
    pub before: Booking,
    /// As it stands now.
    pub after: Booking,
    /// What the citizen hears of it.
    pub events: Vec<MessageEvent>,
}

impl BookingChange {
    /// Whether its places go back to the slot.
    pub fn gives_back(&self) -> bool {
        self.before.state.holds_places() && !self.after.state.holds_places()
    }
}

/// Bookings, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingPage {
    /// At most as many as were asked for.
    pub bookings: Vec<Booking>,
    /// Whether there are more.
    pub more: bool,
}

/// The book of bookings and of what is taken of each slot. Every change is one transaction.
#[async_trait]
pub trait BookingStore: Send + Sync {
    /// Gives a place. MUST never let more places of a slot be taken than `capacity`, also when
    /// many ask at once and on several nodes; MUST give one person one live booking of a slot, and
    /// one submission one booking for ever.
    async fn hold(&self, new: &NewBooking<'_>) -> Result<Held, StoreError>;

    /// Replaces the booking whose version is `before.version`, with its events, and gives its
    /// places back where the change does. MUST answer [`StoreError::Conflict`] and change nothing
    /// when another version is stored, or when a key confirmed, or cancelled, another booking.
    async fn save(&self, change: &BookingChange) -> Result<(), StoreError>;

    /// The booking of that number.
    async fn find_booking(&self, no: &BookingNo) -> Result<Option<Booking>, StoreError>;

    /// What the submission has booked.
    async fn find_of_submission(&self, no: &SubmissionNo) -> Result<Option<Booking>, StoreError>;

    /// The booking that one of these ids confirmed, or cancelled, with that key.
    async fn find_by_key(
        &self,
        owners: &[PersonId],
        word: Word,
        key: &IdempotencyKey,
    ) -> Result<Option<Booking>, StoreError>;

    /// The bookings of these ids, newest first, after `before`; at most `first`.
    async fn list_bookings(
        &self,
        owners: &[PersonId],
        before: Option<&BookingNo>,
        first: u16,
    ) -> Result<BookingPage, StoreError>;

    /// The bookings of these ids that are still to come at `now`, the nearest first: held ones whose
    /// hold is not over, and confirmed ones that have not ended. MUST give at most `first`.
    async fn list_upcoming(
        &self,
        owners: &[PersonId],
        now: Timestamp,
        first: u16,
    ) -> Result<Vec<Booking>, StoreError>;

    /// When appointments of this app began that these ids stayed away from, since then.
    async fn list_missed(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError>;

    /// How many places of each slot are taken; slots that nobody has booked are left out.
    async fn taken(&self, slots: &[SlotKey]) -> Result<BTreeMap<SlotKey, u32>, StoreError>;

    /// Bookings that somebody must look at now, each for one worker until then.
    async fn lease_bookings(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Booking>, StoreError>;
}

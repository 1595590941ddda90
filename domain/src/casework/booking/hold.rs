//! Gives a citizen a place.

use super::ban::{banned_until, looks_back};
use super::model::Booking;
use super::store::{BookingStore, Held, NewBooking};
use crate::catalogue::NoShowRule;
use crate::identity::Person;
use crate::outside::StoreError;
use jiff::Timestamp;
use std::sync::Arc;

/// A place that somebody wants.
#[derive(Debug, Clone)]
pub struct NewHold<'a> {
    /// Who wants it.
    pub person: &'a Person,
    /// Held, version 0.
    pub booking: Booking,
    /// How many places the department leaves to us in that slot.
    pub capacity: u32,
    /// So many may one have ahead.
    pub most_open: u32,
    /// What follows when somebody stays away.
    pub no_show: Option<NoShowRule>,
}

/// Why somebody gets no place.
#[derive(Debug, thiserror::Error)]
pub enum HoldRefusal {
    /// Not so many places are left.
    #[error("the slot is taken")]
    Taken,
    /// They hold this slot already.
    #[error("the person holds the slot already")]
    Twice,
    /// They have as many ahead as one may.
    #[error("the person has {most} bookings ahead already")]
    TooMany {
        /// The limit.
        most: u32,
    },
    /// They stayed away too often.
    #[error("the person may not book until {until}")]
    Banned {
        /// Until when.
        until: Timestamp,
    },
    /// The database failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Use case: give a place.
pub struct HoldSlot {
    /// The book.
    pub bookings: Arc<dyn BookingStore>,
}

impl HoldSlot {
    /// The booking of this submission: the new one, or that of a repeat.
    ///
    /// # Errors
    /// [`HoldRefusal`].
    pub async fn run(&self, new: NewHold<'_>) -> Result<Booking, HoldRefusal> {
        let NewHold { person, booking, capacity, most_open, no_show } = new;
        let (owners, now) = (person.ids(), booking.created_at);
        if let Some(rule) = no_show {
            let since = now.checked_sub(looks_back(rule)).unwrap_or(Timestamp::MIN);
            let missed = self.bookings.list_missed(&owners, &booking.under.app, since).await?;
            if let Some(until) = banned_until(rule, &missed, now) {
                return Err(HoldRefusal::Banned { until });
            }
        }
        let wanted = NewBooking { booking: &booking, capacity, owners: &owners, most_open };
        match self.bookings.hold(&wanted).await? {
            Held::Booked => Ok(booking),
            Held::Known(known) => Ok(*known),
            Held::Taken => Err(HoldRefusal::Taken),
            Held::Twice => Err(HoldRefusal::Twice),
            Held::TooMany => Err(HoldRefusal::TooMany { most: most_open }),
        }
    }
}

//! Appointments (预约): a place at a time of a department, held for a while, confirmed, kept or
//! not. We decide who gets a place; the department says how many there are and is told who comes.
//! Invariant: of one slot never more places are given away than the department leaves us, and one
//! that is given back is given back once.

mod ban;
mod change;
mod hold;
mod model;
mod news;
mod state;
mod store;
mod work;

pub use ban::banned_until;
pub use change::{CancelBooking, ChangeBookingError, ConfirmBooking};
pub use hold::{HoldRefusal, HoldSlot, NewHold};
pub use model::{
    Booking, BookingFact, BookingNo, Calls, MadeUnder, Place, Slot, SlotKey, SlotKeyInvalid, Told,
    Word,
};
pub use state::{BookingEvent, BookingState, BookingStatus, CancelledBy, TransitionRefused};
pub use store::{BookingChange, BookingPage, BookingStore, Held, NewBooking};
pub use work::{WorkError, WorkOnBookings, Worked};

//! What citizens hear of their bookings.

use super::model::Booking;
use super::state::{BookingState, CancelledBy};
use crate::messaging::{EventKey, EventKeyInvalid, EventKind, MessageEvent};
use jiff::Timestamp;

/// What the change to `after` tells the citizen.
///
/// # Errors
/// [`EventKeyInvalid`]: never with our own numbers.
pub(super) fn of_change(
    after: &Booking,
    at: Timestamp,
) -> Result<Vec<MessageEvent>, EventKeyInvalid> {
    let event = |what: &str, kind, more: &[(&str, &str)]| {
        event(after, what, kind, more, at).map(|event| vec![event])
    };
    match after.state {
        BookingState::Confirmed { .. } => event("confirmed", EventKind::BookingConfirmed, &[]),
        BookingState::Cancelled { by, .. } => {
            let reason = match by {
                CancelledBy::Citizen => "您已取消",
                CancelledBy::Department => "办理部门未能接受，名额已退回",
            };
            event("cancelled", EventKind::BookingCancelled, &[("reason", reason)])
        }
        BookingState::Held { .. }
        | BookingState::Visited { .. }
        | BookingState::NoShow { .. }
        | BookingState::Expired { .. } => Ok(Vec::new()),
    }
}

/// The reminder of the day before.
///
/// # Errors
/// As [`of_change`].
pub(super) fn reminder(booking: &Booking, at: Timestamp) -> Result<MessageEvent, EventKeyInvalid> {
    event(booking, "reminder", EventKind::BookingReminder, &[], at)
}

fn event(
    booking: &Booking,
    what: &str,
    kind: EventKind,
    more: &[(&str, &str)],
    at: Timestamp,
) -> Result<MessageEvent, EventKeyInvalid> {
    let facts = [
        ("title", booking.under.title.as_str()),
        ("time", booking.slot.label.as_str()),
        ("department", booking.under.department.as_str()),
        ("booking_no", booking.no.as_str()),
    ];
    let facts = facts.iter().chain(more).map(|(name, text)| ((*name).into(), (*text).into()));
    Ok(MessageEvent {
        key: EventKey::new(&format!("booking:{}:{what}", booking.no))?,
        person: booking.person.clone(),
        kind,
        facts: facts.collect(),
        at,
    })
}

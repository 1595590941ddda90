//! Where a booking stands.

use jiff::Timestamp;

/// Where a booking stands. Each variant holds exactly what is known there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingState {
    /// The place is kept for somebody who has not confirmed yet.
    Held {
        /// Until then.
        until: Timestamp,
    },
    /// The citizen will come.
    Confirmed {
        /// Since when.
        at: Timestamp,
    },
    /// The department says that the citizen came.
    Visited {
        /// When we heard of it.
        at: Timestamp,
    },
    /// The department says that the citizen stayed away.
    NoShow {
        /// When we heard of it.
        at: Timestamp,
    },
    /// Given back before the time.
    Cancelled {
        /// When.
        at: Timestamp,
        /// By whom.
        by: CancelledBy,
    },
    /// Nobody confirmed in time; given back.
    Expired {
        /// When.
        at: Timestamp,
    },
}

/// Who cancelled a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CancelledBy {
    /// Who made it.
    Citizen,
    /// The department would not have it.
    Department,
}

/// [`BookingState`] without what is known there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookingStatus {
    /// Kept for a while.
    Held,
    /// Will come.
    Confirmed,
    /// Came.
    Visited,
    /// Stayed away.
    NoShow,
    /// Given back.
    Cancelled,
    /// Not confirmed in time.
    Expired,
}

impl BookingStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Held, Self::Confirmed, Self::Visited, Self::NoShow, Self::Cancelled, Self::Expired];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Confirmed => "CONFIRMED",
            Self::Visited => "VISITED",
            Self::NoShow => "NO_SHOW",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The status whose [`BookingStatus::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// What can happen to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingEvent {
    /// The citizen will come.
    Confirm,
    /// The citizen gives it back.
    Cancel,
    /// The department would not have it.
    Refuse,
    /// Nobody confirmed in time.
    Expire,
    /// The citizen came.
    Visit,
    /// The citizen stayed away.
    StayAway,
}

/// The event cannot happen there.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("{event:?} is refused in {from:?}")]
pub struct TransitionRefused {
    /// From where.
    pub from: BookingState,
    /// By what.
    pub event: BookingEvent,
}

impl BookingState {
    /// The only way to change state. A repeated event is `Ok` and changes nothing.
    ///
    /// # Errors
    /// [`TransitionRefused`]; what a clock forbids is judged by whoever brings the event.
    pub fn apply(self, event: BookingEvent, at: Timestamp) -> Result<Self, TransitionRefused> {
        use {BookingEvent as E, BookingState as S};
        let by_citizen = CancelledBy::Citizen;
        match (self, event) {
            (S::Held { .. }, E::Confirm) => Ok(S::Confirmed { at }),
            (S::Held { .. } | S::Confirmed { .. }, E::Cancel) => {
                Ok(S::Cancelled { at, by: by_citizen })
            }
            (S::Confirmed { .. }, E::Refuse) => {
                Ok(S::Cancelled { at, by: CancelledBy::Department })
            }
            (S::Held { .. }, E::Expire) => Ok(S::Expired { at }),
            (S::Confirmed { .. }, E::Visit) => Ok(S::Visited { at }),
            (S::Confirmed { .. }, E::StayAway) => Ok(S::NoShow { at }),
            (same @ S::Confirmed { .. }, E::Confirm)
            | (same @ S::Cancelled { .. }, E::Cancel)
            | (same @ S::Cancelled { by: CancelledBy::Department, .. }, E::Refuse)
            | (same @ S::Expired { .. }, E::Expire)
            | (same @ S::Visited { .. }, E::Visit)
            | (same @ S::NoShow { .. }, E::StayAway) => Ok(same),
            (from, event) => Err(TransitionRefused { from, event }),
        }
    }

    /// The status alone.
    pub fn status(self) -> BookingStatus {
        match self {
            Self::Held { .. } => BookingStatus::Held,
            Self::Confirmed { .. } => BookingStatus::Confirmed,
            Self::Visited { .. } => BookingStatus::Visited,
            Self::NoShow { .. } => BookingStatus::NoShow,
            Self::Cancelled { .. } => BookingStatus::Cancelled,
            Self::Expired { .. } => BookingStatus::Expired,
        }
    }

    /// Does it keep places of its slot from others?
    pub fn holds_places(self) -> bool {
        match self {
            Self::Held { .. }
            | Self::Confirmed { .. }
            | Self::Visited { .. }
            | Self::NoShow { .. } => true,
            Self::Cancelled { .. } | Self::Expired { .. } => false,
        }
    }

    /// Is it still to come, as far as we know?
    pub fn is_open(self) -> bool {
        matches!(self, Self::Held { .. } | Self::Confirmed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples::at;

    fn state(name: &str) -> BookingState {
        match name {
            "Held" => BookingState::Held { until: at(900) },
            "Confirmed" => BookingState::Confirmed { at: at(1) },
            "Visited" => BookingState::Visited { at: at(1) },
            "NoShow" => BookingState::NoShow { at: at(1) },
            "Cancelled" => BookingState::Cancelled { at: at(1), by: CancelledBy::Citizen },
            "Refused" => BookingState::Cancelled { at: at(1), by: CancelledBy::Department },
            "Expired" => BookingState::Expired { at: at(1) },
            other => panic!("{other}"),
        }
    }

    fn name(state: &BookingState) -> &'static str {
        match state {
            BookingState::Held { .. } => "Held",
            BookingState::Confirmed { .. } => "Confirmed",
            BookingState::Visited { .. } => "Visited",
            BookingState::NoShow { .. } => "NoShow",
            BookingState::Cancelled { by: CancelledBy::Citizen, .. } => "Cancelled",
            BookingState::Cancelled { by: CancelledBy::Department, .. } => "Refused",
            BookingState::Expired { .. } => "Expired",
        }
    }

    const EVENTS: [BookingEvent; 6] = [
        BookingEvent::Confirm,
        BookingEvent::Cancel,
        BookingEvent::Refuse,
        BookingEvent::Expire,
        BookingEvent::Visit,
        BookingEvent::StayAway,
    ];

    #[test]
    fn every_state_answers_every_event() {
        let table = "state      Confirm    Cancel     Refuse   Expire   Visit    StayAway
                     Held       Confirmed  Cancelled  -        Expired  -        -
                     Confirmed  Confirmed  Cancelled  Refused  -        Visited  NoShow
                     Visited    -          -          -        -        Visited  -
                     NoShow     -          -          -        -        -        NoShow
                     Cancelled  -          Cancelled  -        -        -        -
                     Refused    -          Refused    Refused  -        -        -
                     Expired    -          -          -        Expired  -        -";
        let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let header = rows.next().unwrap();
        let named: Vec<String> = EVENTS.iter().map(|event| format!("{event:?}")).collect();
        assert_eq!(header[1..], named, "every event has its column");
        let mut states = 0;
        for row in rows {
            states += 1;
            for (event, expected) in EVENTS.iter().zip(&row[1..]) {
                let before = state(row[0]);
                let got = before.apply(*event, at(5));
                let got = got.map_or("-", |next| name(&next));
                assert_eq!(got, *expected, "{} on {event:?}", row[0]);
            }
        }
        assert_eq!(states, BookingStatus::ALL.len() + 1, "every state has its row");
    }

    #[test]
    fn words_lead_back_to_their_status() {
        for status in BookingStatus::ALL {
            assert_eq!(BookingStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(BookingStatus::from_code("GONE"), None);
    }

    #[test]
    fn only_what_was_given_back_holds_nothing() {
        for (name, holds) in
            [("Held", true), ("NoShow", true), ("Cancelled", false), ("Expired", false)]
        {
            assert_eq!(state(name).holds_places(), holds, "{name}");
        }
    }
}

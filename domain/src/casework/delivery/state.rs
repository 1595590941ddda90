//! Where a parcel stands.

use super::TrackKind;

/// Where a parcel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// 已下单: wanted; the carrier has not fetched it yet.
    Ordered,
    /// 已揽收: the carrier has it.
    Collected,
    /// 运输中: it is on its way, or on its way back.
    InTransit,
    /// 已签收: it was handed over.
    Delivered,
    /// 已退回: it came back to the department.
    Returned,
    /// 已遗失: the carrier lost it.
    Lost,
    /// 未受理: the carrier does not take the order, to that address say.
    Refused,
}

/// What the carrier says cannot follow on where the parcel stands.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a parcel that is {from:?} is not {track:?}")]
pub struct TrackRefused {
    /// Where it stands.
    pub from: DeliveryState,
    /// What was said.
    pub track: TrackKind,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Ordered,
        Self::Collected,
        Self::InTransit,
        Self::Delivered,
        Self::Returned,
        Self::Lost,
        Self::Refused,
    ];

    /// The only way to change state. A carrier may leave stations out; it never takes back what
    /// it said at the end.
    ///
    /// # Errors
    /// [`TrackRefused`].
    pub fn after(self, track: TrackKind) -> Result<Self, TrackRefused> {
        use {DeliveryState as S, TrackKind as T};
        match (self, track) {
            (S::Ordered | S::Collected, T::Collected) => Ok(S::Collected),
            (
                S::Ordered | S::Collected | S::InTransit,
                T::Departed | T::Arrived | T::OutForDelivery | T::NotDelivered | T::TurnedBack,
            ) => Ok(S::InTransit),
            (S::Ordered | S::Collected | S::InTransit | S::Delivered, T::Delivered) => {
                Ok(S::Delivered)
            }
            (S::Ordered | S::Collected | S::InTransit | S::Returned, T::Returned) => {
                Ok(S::Returned)
            }
            (S::Ordered | S::Collected | S::InTransit | S::Lost, T::Lost) => Ok(S::Lost),
            (
                S::InTransit | S::Delivered | S::Returned | S::Lost | S::Refused,
                T::Collected
                | T::Departed
                | T::Arrived
                | T::OutForDelivery
                | T::NotDelivered
                | T::TurnedBack
                | T::Delivered
                | T::Returned
                | T::Lost,
            ) => Err(TrackRefused { from: self, track }),
        }
    }

    /// Will the carrier say nothing more of it?
    pub fn is_over(self) -> bool {
        match self {
            Self::Delivered | Self::Returned | Self::Lost | Self::Refused => true,
            Self::Ordered | Self::Collected | Self::InTransit => false,
        }
    }

    /// Did it fail, so that it may be sent again?
    pub fn has_failed(self) -> bool {
        match self {
            Self::Returned | Self::Lost | Self::Refused => true,
            Self::Ordered | Self::Collected | Self::InTransit | Self::Delivered => false,
        }
    }

    /// The word of columns.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ordered => "ORDERED",
            Self::Collected => "COLLECTED",
            Self::InTransit => "IN_TRANSIT",
            Self::Delivered => "DELIVERED",
            Self::Returned => "RETURNED",
            Self::Lost => "LOST",
            Self::Refused => "REFUSED",
        }
    }

    /// The state whose [`DeliveryState::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

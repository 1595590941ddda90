//! A delivery and what belongs to it.

use super::{DeliveryState, Track, TrackRefused, Waybill};
use crate::ids::{CaseNo, DeliveryNo, IdempotencyKey, PersonId};
use crate::standards::{Mobile, RegionCode};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliverySubject {
    /// The result of a case.
    Case(CaseNo),
    /// A certificate, by its serial number.
    Certificate(String),
}

impl DeliverySubject {
    /// `CASE` or `CERTIFICATE`, and the number.
    pub fn code(&self) -> (&'static str, &str) {
        match self {
            Self::Case(no) => ("CASE", no.as_str()),
            Self::Certificate(serial) => ("CERTIFICATE", serial),
        }
    }

    /// The subject of that code.
    pub fn from_code(kind: &str, number: &str) -> Option<Self> {
        match kind {
            "CASE" => CaseNo::new(number).ok().map(Self::Case),
            "CERTIFICATE" => Some(Self::Certificate(number.to_owned())),
            _ => None,
        }
    }
}

/// Where to. `Debug` tells the region only.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The county.
    pub region: RegionCode,
    /// Street, house and door.
    pub detail: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, ***)", self.region)
    }
}

/// To whom. `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Name.
    pub name: String,
    /// Phone.
    pub phone: Mobile,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient(***, {})", self.phone.masked())
    }
}

/// One parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Our number, the carrier's too.
    pub no: DeliveryNo,
    /// Whose.
    pub person: PersonId,
    /// Under which key of the client it was asked for.
    pub key: IdempotencyKey,
    /// What is sent.
    pub subject: DeliverySubject,
    /// Which department sends it.
    pub sender: String,
    /// What is in it.
    pub content: String,
    /// To whom.
    pub recipient: Recipient,
    /// Where to.
    pub address: Address,
    /// Where it stands.
    pub state: DeliveryState,
    /// The carrier's number; `None` until the carrier took the order.
    pub waybill: Option<Waybill>,
    /// What the carrier said so far, oldest first.
    pub tracks: Vec<Track>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the carrier is asked again; `None`: never.
    pub next_check_at: Option<Timestamp>,
    /// How often the row was changed.
    pub version: u32,
}

/// The carrier fetches and scans a few times a day: asking more often tells nothing new.
const BETWEEN_CHECKS: SignedDuration = SignedDuration::from_mins(30);
/// An order that was not taken is told again after this.
const BETWEEN_ORDERS: SignedDuration = SignedDuration::from_secs(60);

impl Delivery {
    /// The carrier took the order.
    pub fn ordered(self, waybill: Waybill, now: Timestamp) -> Self {
        Self { waybill: Some(waybill), next_check_at: now.checked_add(BETWEEN_CHECKS).ok(), ..self }
    }

    /// The carrier does not take the order.
    pub fn refused(self) -> Self {
        Self { state: DeliveryState::Refused, next_check_at: None, ..self }
    }

    /// The carrier did not answer, or has nothing new.
    pub fn put_off(self, now: Timestamp) -> Self {
        let pause = if self.waybill.is_some() { BETWEEN_CHECKS } else { BETWEEN_ORDERS };
        Self { next_check_at: now.checked_add(pause).ok(), ..self }
    }

    /// Takes the carrier's list for what it is: all that happened. Lines that were known before
    /// change nothing.
    ///
    /// # Errors
    /// [`TrackRefused`] when a new line cannot follow on where the parcel stands; nothing of the
    /// list counts then.
    pub fn tracked(self, tracks: &[Track], now: Timestamp) -> Result<Self, TrackRefused> {
        let new: Vec<Track> =
            tracks.iter().filter(|track| !self.tracks.contains(track)).cloned().collect();
        let mut state = self.state;
        for track in &new {
            state = state.after(track.kind)?;
        }
        let mut known = self.tracks.clone();
        known.extend(new);
        let next_check_at =
            if state.is_over() { None } else { now.checked_add(BETWEEN_CHECKS).ok() };
        Ok(Self { state, tracks: known, next_check_at, ..self })
    }
}

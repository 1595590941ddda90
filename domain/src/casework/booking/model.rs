//! A booking.

use super::state::{BookingEvent, BookingState, BookingStatus, TransitionRefused};
use crate::catalogue::{AppSlug, Operation, ShownAs};
use crate::clock::{beijing_day, from_beijing};
use crate::engine::Subject;
use crate::identity::Channel;
pub use crate::ids::BookingNo;
use crate::ids::{IdempotencyKey, PersonId, SubmissionNo};
use crate::money::Fen;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::fmt;

/// A slot's name is no longer than this, in bytes.
const SLOT_MAX: usize = 200;
/// The department knows who came a while after the end.
const VISIT_KNOWN_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Reminders come the day before, at nine.
const REMIND_HOUR: i8 = 9;

/// One slot: who offers it, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotKey {
    /// The operation that offers it.
    service: Operation,
    /// The department's name for it.
    name: String,
}

/// Empty, longer than 200 bytes, or with control characters.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not the name of a slot")]
pub struct SlotKeyInvalid;

impl SlotKey {
    /// # Errors
    /// [`SlotKeyInvalid`] as said there.
    pub fn new(service: Operation, name: &str) -> Result<Self, SlotKeyInvalid> {
        let fits = (1..=SLOT_MAX).contains(&name.len()) && !name.chars().any(char::is_control);
        if fits { Ok(Self { service, name: name.to_owned() }) } else { Err(SlotKeyInvalid) }
    }

    /// The operation that offers it.
    pub fn service(&self) -> &Operation {
        &self.service
    }

    /// The department's name for it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A slot, as the department told of it when it was booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub key: SlotKey,
    /// What the citizen read.
    pub label: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// What is paid on the spot.
    pub price: Option<Fen>,
}

/// What the department is asked and told of a booking. `Debug` tells names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Calls {
    /// Tells of it.
    pub confirm: Operation,
    /// Takes it back.
    pub cancel: Operation,
    /// Says whether the citizen came.
    pub visit: Option<Operation>,
    /// About whom, where the department wants to know.
    pub subject: Option<Subject>,
    /// What is told, without `request_no`.
    pub parameters: Vec<(String, String)>,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calls({})", self.confirm)
    }
}

/// What the citizen reads of a booking. `Debug` hides the value: it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct BookingFact {
    /// The department's key.
    pub name: String,
    /// What stands beside the value, in Chinese.
    pub label: String,
    /// How a value of the department is written.
    pub shown_as: ShownAs,
    /// The value in words; empty until the department says it.
    pub value: String,
}

impl fmt::Debug for BookingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BookingFact({}: ***)", self.name)
    }
}

/// What the department must still hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// That somebody comes.
    Confirm,
    /// That nobody comes.
    Cancel,
}

impl Word {
    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Confirm => "CONFIRM",
            Self::Cancel => "CANCEL",
        }
    }

    /// The word whose [`Word::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Confirm, Self::Cancel].into_iter().find(|word| word.code() == code)
    }
}

/// How far the department knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// What it must still hear; `None`: it knows all.
    pub word: Option<Word>,
    /// How often we tried to tell it.
    pub attempts: u32,
    /// When to try next; `None`: there is nothing to tell.
    pub next_at: Option<Timestamp>,
    /// Why it did not hear of it, for staff.
    pub reason: Option<String>,
    /// Its number of the booking.
    pub number: Option<String>,
}

/// A place of a slot: how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u32);

impl Place {
    /// One.
    pub const ONE: Self = Self(1);
    /// Nobody books for more.
    pub const MAX: u32 = 50;

    /// So many; `None` for none and for more than [`Place::MAX`].
    pub fn new(count: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&count).then_some(Self(count))
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.0
    }
}

/// Under what a booking was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeUnder {
    /// The app.
    pub app: AppSlug,
    /// Its name then, in Chinese.
    pub title: String,
    /// Who answers for it.
    pub department: String,
    /// A confirmed booking can be cancelled until so long before it begins.
    pub cancel_before: SignedDuration,
}

/// A booking, as we keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Ours.
    pub no: BookingNo,
    /// What it was made for; departments know it as `request_no`.
    pub submission: SubmissionNo,
    /// Whose.
    pub person: PersonId,
    /// By which way it was made.
    pub channel: Channel,
    /// The app and its terms then.
    pub under: MadeUnder,
    /// Of what.
    pub slot: Slot,
    /// How many places of it.
    pub places: Place,
    /// What the department is told.
    pub calls: Calls,
    /// What the citizen reads.
    pub facts: Vec<BookingFact>,
    /// Where it stands.
    pub state: BookingState,
    /// How far the department knows.
    pub told: Told,
    /// When the citizen is reminded; `None`: not, or no more.
    pub remind_at: Option<Timestamp>,
    /// When the department is asked who came; `None`: not, or no more.
    pub ask_at: Option<Timestamp>,
    /// The client's keys of the confirmation and of the cancellation.
    pub confirm_key: Option<IdempotencyKey>,
    /// See `confirm_key`.
    pub cancel_key: Option<IdempotencyKey>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How often it was changed.
    pub version: u32,
}

impl Booking {
    /// Where it stands for whoever looks now: a hold that is over is over, also before anybody
    /// has given its place back.
    pub fn status_at(&self, now: Timestamp) -> BookingStatus {
        let over = matches!(self.state, BookingState::Held { until } if until <= now);
        if over { BookingStatus::Expired } else { self.state.status() }
    }

    /// Until when the citizen can cancel; `None`: there is nothing to cancel.
    pub fn cancel_until(&self) -> Option<Timestamp> {
        match self.state {
            BookingState::Held { until } => Some(until),
            BookingState::Confirmed { .. } => {
                let last = self.slot.starts_at.checked_sub(self.under.cancel_before);
                Some(last.unwrap_or(Timestamp::MIN))
            }
            BookingState::Visited { .. }
            | BookingState::NoShow { .. }
            | BookingState::Cancelled { .. }
            | BookingState::Expired { .. } => None,
        }
    }

    /// When somebody must look at it next; `None`: never.
    pub fn look_at(&self) -> Option<Timestamp> {
        let tell = self.told.next_at.filter(|_| self.told.word.is_some());
        match self.state {
            BookingState::Held { until } => Some(until),
            BookingState::Confirmed { .. } => {
                [tell, self.remind_at, self.ask_at].into_iter().flatten().min()
            }
            BookingState::Cancelled { .. } => tell,
            BookingState::Visited { .. }
            | BookingState::NoShow { .. }
            | BookingState::Expired { .. } => None,
        }
    }

    /// The booking after the event, with what follows from it.
    ///
    /// # Errors
    /// [`TransitionRefused`].
    pub fn after(&self, event: BookingEvent, at: Timestamp) -> Result<Self, TransitionRefused> {
        let state = self.state.apply(event, at)?;
        let mut next = Self { state, ..self.clone() };
        if state == self.state {
            return Ok(next);
        }
        match state {
            BookingState::Held { .. } => {}
            BookingState::Confirmed { .. } => {
                next.tells(Word::Confirm, at);
                next.remind_at = self.day_before().filter(|remind| *remind > at);
                let over = self.slot.ends_at.checked_add(VISIT_KNOWN_AFTER).ok();
                next.ask_at = over.filter(|_| self.calls.visit.is_some());
            }
            BookingState::Cancelled { by: super::CancelledBy::Citizen, .. } => {
                next.will_not_come();
                // It may have heard of it, even where we do not know that it did.
                if self.state.status() == BookingStatus::Confirmed {
                    next.tells(Word::Cancel, at);
                }
            }
            BookingState::Cancelled { by: super::CancelledBy::Department, .. }
            | BookingState::Visited { .. }
            | BookingState::NoShow { .. }
            | BookingState::Expired { .. } => {
                next.will_not_come();
                next.told.word = None;
                next.told.next_at = None;
            }
        }
        Ok(next)
    }

    fn tells(&mut self, word: Word, at: Timestamp) {
        self.told.word = Some(word);
        self.told.attempts = 0;
        self.told.next_at = Some(at);
        self.told.reason = None;
    }

    fn will_not_come(&mut self) {
        self.remind_at = None;
        self.ask_at = None;
    }

    /// Nine in the morning of the day before.
    fn day_before(&self) -> Option<Timestamp> {
        let day = beijing_day(self.slot.starts_at).checked_sub(1.day()).ok()?;
        from_beijing(day.at(REMIND_HOUR, 0, 0, 0))
    }
}

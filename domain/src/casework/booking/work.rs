//! What happens to bookings without the citizen: holds end, departments are told and asked,
//! citizens are reminded.

use super::model::{Booking, BookingNo, Word};
use super::news;
use super::state::{BookingEvent, BookingState, TransitionRefused};
use super::store::{BookingChange, BookingStore};
use crate::catalogue::Operation;
use crate::clock::Clock;
use crate::engine::{
    DepartmentExchange, ExchangeCall, ExchangeRow, ExchangeValue, REFUSED_DENIED, REFUSED_INVALID,
    in_words,
};
use crate::messaging::EventKeyInvalid;
use crate::outside::{OutsideError, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Whoever leased a booking has so long to look at it.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
const FIRST_PAUSE_S: i64 = 5;
const LONGEST_PAUSE_S: i64 = 600;
/// A department that does not say who came is asked again then, and no more after so long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_hours(1);
const ASK_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The department's number of a booking is no longer than this.
const NUMBER_MAX: usize = 64;

/// What was done about a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// Nobody confirmed in time.
    Expired,
    /// The department knows.
    Told,
    /// The department would not have the booking.
    Refused,
    /// The department would not take it back; it says why in `told.reason`.
    NotTakenBack,
    /// The department did not answer: later again.
    PutOff,
    /// The citizen will be reminded.
    Reminded,
    /// The citizen came, or stayed away.
    Visit,
    /// There was nothing to do.
    Nothing,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The state does not allow it: somebody else was there first.
    #[error(transparent)]
    Refused(#[from] TransitionRefused),
    /// A fault of ours.
    #[error(transparent)]
    Event(#[from] EventKeyInvalid),
    /// The database failed, or somebody else changed the booking.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Use case: looks at what is due.
pub struct WorkOnBookings {
    /// The book.
    pub bookings: Arc<dyn BookingStore>,
    /// The departments.
    pub exchange: Arc<dyn DepartmentExchange>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl WorkOnBookings {
    /// Looks once at up to `limit` bookings, one step each.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be leased; what fails for one booking is beside it.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(BookingNo, Result<Worked, WorkError>)>, StoreError> {
        let now = self.clock.now();
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let mut done = Vec::new();
        for booking in self.bookings.lease_bookings(now, until, limit).await? {
            let no = booking.no.clone();
            done.push((no, self.look(booking, now).await));
        }
        Ok(done)
    }

    async fn look(&self, booking: Booking, now: Timestamp) -> Result<Worked, WorkError> {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if let BookingState::Held { until } = booking.state {
            if until > now {
                return Ok(Worked::Nothing);
            }
            let after = booking.after(BookingEvent::Expire, now)?;
            return self.save(booking, after, now, Worked::Expired).await;
        }
        match booking.told.word {
            Some(word) if is_due(booking.told.next_at) => {
                return self.tell(booking, word, now).await;
            }
            Some(_) | None => {}
        }
        if is_due(booking.remind_at) {
            return self.remind(booking, now).await;
        }
        if is_due(booking.ask_at)
            && let Some(visit) = booking.calls.visit.clone()
        {
            return self.ask(booking, visit, now).await;
        }
        Ok(Worked::Nothing)
    }

    async fn save(
        &self,
        before: Booking,
        after: Booking,
        now: Timestamp,
        worked: Worked,
    ) -> Result<Worked, WorkError> {
        let events =
            if before.state == after.state { Vec::new() } else { news::of_change(&after, now)? };
        self.bookings.save(&BookingChange { before, after, events }).await?;
        Ok(worked)
    }

    async fn tell(
        &self,
        booking: Booking,
        word: Word,
        now: Timestamp,
    ) -> Result<Worked, WorkError> {
        let answer = self.exchange.call(&call_of(&booking, word)).await;
        let mut after = booking.clone();
        match answer {
            Ok(answer) => {
                after.told.word = None;
                after.told.next_at = None;
                after.told.reason = None;
                if let Some(row) = answer.rows.first() {
                    learn(&mut after, row);
                }
                self.save(booking, after, now, Worked::Told).await
            }
            Err(error) if is_no(&error) && word == Word::Confirm => {
                let mut after = booking.after(BookingEvent::Refuse, now)?;
                after.told.reason = Some(error.to_string());
                self.save(booking, after, now, Worked::Refused).await
            }
            Err(error) if is_no(&error) => {
                after.told.word = None;
                after.told.next_at = None;
                after.told.reason = Some(error.to_string());
                self.save(booking, after, now, Worked::NotTakenBack).await
            }
            Err(error) => {
                after.told.attempts = after.told.attempts.saturating_add(1);
                after.told.next_at = now.checked_add(pause(after.told.attempts)).ok();
                after.told.reason = Some(error.to_string());
                self.save(booking, after, now, Worked::PutOff).await
            }
        }
    }

    async fn remind(&self, booking: Booking, now: Timestamp) -> Result<Worked, WorkError> {
        let events = vec![news::reminder(&booking, now)?];
        let after = Booking { remind_at: None, ..booking.clone() };
        self.bookings.save(&BookingChange { before: booking, after, events }).await?;
        Ok(Worked::Reminded)
    }

    async fn ask(
        &self,
        booking: Booking,
        visit: Operation,
        now: Timestamp,
    ) -> Result<Worked, WorkError> {
        let call = ExchangeCall {
            operation: visit,
            subject: None,
            parameters: vec![request_no(&booking)],
        };
        let said = match self.exchange.call(&call).await {
            Ok(answer) => answer.rows.first().and_then(|row| row.get("state").cloned()),
            Err(_) => None,
        };
        let event = match said {
            Some(ExchangeValue::Text(text)) if text == "VISITED" => Some(BookingEvent::Visit),
            Some(ExchangeValue::Text(text)) if text == "NO_SHOW" => Some(BookingEvent::StayAway),
            Some(_) | None => None,
        };
        if let Some(event) = event {
            let after = booking.after(event, now)?;
            return self.save(booking, after, now, Worked::Visit).await;
        }
        // Nobody is said to have stayed away because a department is silent.
        let last = booking.slot.ends_at.checked_add(ASK_FOR).unwrap_or(Timestamp::MAX);
        let ask_at = now.checked_add(ASK_AGAIN).ok().filter(|again| *again <= last);
        let after = Booking { ask_at, ..booking.clone() };
        self.save(booking, after, now, Worked::PutOff).await
    }
}

fn request_no(booking: &Booking) -> (String, String) {
    ("request_no".to_owned(), booking.submission.as_str().to_owned())
}

fn call_of(booking: &Booking, word: Word) -> ExchangeCall {
    let calls = &booking.calls;
    match word {
        Word::Confirm => {
            let mut parameters = vec![request_no(booking)];
            parameters.extend(calls.parameters.iter().cloned());
            let (operation, subject) = (calls.confirm.clone(), calls.subject.clone());
            ExchangeCall { operation, subject, parameters }
        }
        Word::Cancel => ExchangeCall {
            operation: calls.cancel.clone(),
            subject: None,
            parameters: vec![request_no(booking)],
        },
    }
}

/// The department understood, and will not.
fn is_no(error: &OutsideError) -> bool {
    match error {
        OutsideError::Refused { code, .. } => code == REFUSED_INVALID || code == REFUSED_DENIED,
        OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_) => false,
    }
}

/// 5 s, 10 s, 20 s … 10 min.
fn pause(attempts: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE_S.saturating_mul(1 << attempts.saturating_sub(1).min(10));
    SignedDuration::from_secs(doubled.min(LONGEST_PAUSE_S))
}

/// Takes over what the department says of the booking.
fn learn(booking: &mut Booking, row: &ExchangeRow) {
    for fact in &mut booking.facts {
        if let Some(value) = row.get(&fact.name) {
            fact.value = in_words(fact.shown_as, Some(value));
        }
    }
    if let Some(ExchangeValue::Text(number)) = row.get("booking_no") {
        booking.told.number = Some(number.chars().take(NUMBER_MAX).collect());
    }
}

//! Books: asks the department for the slot, then gives a place of it.

use super::super::options::offer;
use super::super::plan::SlotWish;
use super::super::{AnswerFault, AnswerFaultCode, ExchangeRow, ExchangeValue, Outcome, shown_fact};
use super::{Filed, SubmitApp, SubmitError, refused_or_silent};
use crate::casework::booking::{
    Booking, BookingNo, BookingState, Calls, HoldRefusal, MadeUnder, NewHold, Slot, SlotKey, Told,
};
use crate::catalogue::{AppDefinition, BookingTerms, Field, OptionsFrom};
use crate::identity::Caller;
use crate::outside::OutsideError;
use jiff::{SignedDuration, Timestamp};

/// A slot that the department offers now.
struct Offered {
    slot: Slot,
    capacity: u32,
    row: ExchangeRow,
}

/// The department's row is not what its document says.
#[derive(Debug, thiserror::Error)]
#[error("the row of the slot lacks a usable `{0}`")]
struct Unusable(String);

impl SubmitApp {
    /// The booking, held; a repeat of the submission finds the one of the first time, whatever
    /// became of it.
    pub(super) async fn book(
        &self,
        app: &AppDefinition,
        terms: &BookingTerms,
        caller: Option<&Caller>,
        filed: &Filed<'_>,
        wish: SlotWish,
    ) -> Result<Outcome, SubmitError> {
        let caller = caller.ok_or(SubmitError::NotSignedIn)?;
        let no = self.claim(&caller.person, filed).await?;
        if let Some(known) = self.hold_slot.bookings.find_of_submission(&no).await? {
            return Ok(Outcome::Booking(Box::new(known)));
        }
        let now = self.clock.now();
        let offered = self.offered(app, terms, &wish, now).await?;
        let hold = SignedDuration::from_mins(i64::from(terms.hold_minutes));
        let until = now.checked_add(hold).unwrap_or(Timestamp::MAX).min(offered.slot.starts_at);
        let (operation, subject) = (wish.call.operation, wish.call.subject);
        let booking = Booking {
            no: BookingNo::generate(now, self.ids.as_ref()),
            submission: no,
            person: caller.person.id.clone(),
            channel: caller.channel,
            under: MadeUnder {
                app: app.slug.clone(),
                title: app.name.zh.clone(),
                department: app.department.clone(),
                cancel_before: SignedDuration::from_hours(i64::from(terms.cancel_hours)),
            },
            slot: offered.slot,
            places: wish.places,
            calls: Calls {
                confirm: operation,
                cancel: terms.cancel.clone(),
                visit: terms.visit.clone(),
                subject,
                parameters: wish.call.parameters,
            },
            facts: app.rows.iter().map(|row| shown_fact(row, &offered.row)).collect(),
            state: BookingState::Held { until },
            told: Told::default(),
            remind_at: None,
            ask_at: None,
            confirm_key: None,
            cancel_key: None,
            created_at: now,
            version: 0,
        };
        let new = NewHold {
            person: &caller.person,
            booking,
            capacity: offered.capacity,
            most_open: u32::from(terms.most_open),
            no_show: terms.no_show,
        };
        let held = self.hold_slot.run(new).await?;
        Ok(Outcome::Booking(Box::new(held)))
    }

    /// The slot that was chosen, if the department still offers it.
    async fn offered(
        &self,
        app: &AppDefinition,
        terms: &BookingTerms,
        wish: &SlotWish,
        now: Timestamp,
    ) -> Result<Offered, SubmitError> {
        // The check of the definition gives every slot a field with a department's choices.
        let field = app.field(&terms.slot);
        let Some((field, from)) =
            field.and_then(|field| Some((field, field.options_from.as_ref()?)))
        else {
            return Err(unusable(app, &terms.slot));
        };
        let answer = self.exchange.call(&wish.offer).await;
        let rows = answer.map_err(|error| refused_or_silent(app, error))?.rows;
        let chosen = rows
            .into_iter()
            .find(|row| offer(from, row).is_some_and(|offer| offer.value == wish.slot));
        let row = chosen.ok_or_else(|| gone(field))?;
        let offered = offered(app, terms, from, row)?;
        if offered.slot.starts_at <= now { Err(gone(field)) } else { Ok(offered) }
    }
}

fn offered(
    app: &AppDefinition,
    terms: &BookingTerms,
    from: &OptionsFrom,
    row: ExchangeRow,
) -> Result<Offered, SubmitError> {
    let offer = offer(from, &row).ok_or_else(|| unusable(app, &from.value))?;
    let key = SlotKey::new(from.operation.clone(), &offer.value);
    let slot = Slot {
        key: key.map_err(|_| unusable(app, &from.value))?,
        label: offer.label,
        starts_at: time(&row, &terms.starts).ok_or_else(|| unusable(app, &terms.starts))?,
        ends_at: time(&row, &terms.ends).ok_or_else(|| unusable(app, &terms.ends))?,
        price: offer.price,
    };
    let lacking = || unusable(app, from.remaining.as_deref().unwrap_or_default());
    Ok(Offered { slot, capacity: offer.remaining.ok_or_else(lacking)?, row })
}

fn time(row: &ExchangeRow, key: &str) -> Option<Timestamp> {
    match row.get(key)? {
        ExchangeValue::Text(text) => text.parse().ok(),
        ExchangeValue::Number(_) | ExchangeValue::Flag(_) | ExchangeValue::Null => None,
    }
}

fn unusable(app: &AppDefinition, key: &str) -> SubmitError {
    let source = OutsideError::OutcomeUnknown(Unusable(key.to_owned()).into());
    SubmitError::DepartmentUnavailable { department: app.department.clone(), source }
}

fn gone(field: &Field) -> SubmitError {
    let message = format!("“{}”已不可选，请重新选择", field.label.zh);
    let code = AnswerFaultCode::Invalid;
    SubmitError::Answers(vec![AnswerFault { field: field.name.clone(), code, message }])
}

impl From<HoldRefusal> for SubmitError {
    fn from(refusal: HoldRefusal) -> Self {
        match refusal {
            HoldRefusal::Store(error) => Self::Store(error),
            refusal @ (HoldRefusal::Taken
            | HoldRefusal::Twice
            | HoldRefusal::TooMany { .. }
            | HoldRefusal::Banned { .. }) => Self::NoPlace(refusal),
        }
    }
}

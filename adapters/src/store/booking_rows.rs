//! Rows of bookings.

use super::Store;
use super::column::{Row, micros, without_nul};
use super::entity::booking;
use super::personal_data::Place as SealedPlace;
use domain::casework::booking::{
    Booking, BookingFact, BookingNo, BookingState, BookingStatus, Calls, CancelledBy, MadeUnder,
    Place, Slot, SlotKey, Told, Word,
};
use domain::catalogue::{AppSlug, Operation, ShownAs};
use domain::engine::Subject;
use domain::identity::{Channel, PersonName};
use domain::ids::{IdempotencyKey, PersonId, SubmissionNo};
use domain::money::Fen;
use domain::outside::StoreError;
use domain::standards::CitizenId;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

const TABLE: &str = "booking";
const BY_CITIZEN: &str = "CITIZEN";
const BY_DEPARTMENT: &str = "DEPARTMENT";

/// What is kept sealed of a booking.
#[derive(Serialize, Deserialize)]
struct Details {
    title: String,
    department: String,
    cancel_before_s: i64,
    label: String,
    confirm: String,
    cancel: String,
    visit: Option<String>,
    /// Name and number.
    subject: Option<(String, String)>,
    parameters: Vec<(String, String)>,
    /// Name, label, how it is shown, value.
    facts: Vec<(String, String, String, String)>,
    number: Option<String>,
}

fn details_place(no: &str) -> SealedPlace<'_> {
    SealedPlace { table: TABLE, column: "details", row: no }
}

fn shown_code(shown_as: ShownAs) -> &'static str {
    match shown_as {
        ShownAs::Text => "text",
        ShownAs::Money => "money",
        ShownAs::Time => "time",
    }
}

fn shown_of(code: &str) -> Option<ShownAs> {
    let all = [ShownAs::Text, ShownAs::Money, ShownAs::Time];
    all.into_iter().find(|shown_as| shown_code(*shown_as) == code)
}

fn details_of(booking: &Booking) -> Details {
    let calls = &booking.calls;
    let subject = calls
        .subject
        .as_ref()
        .map(|subject| (subject.name.as_str().to_owned(), subject.id_card.as_str().to_owned()));
    let fact = |fact: &BookingFact| {
        let shown_as = shown_code(fact.shown_as).to_owned();
        (fact.name.clone(), fact.label.clone(), shown_as, fact.value.clone())
    };
    Details {
        title: booking.under.title.clone(),
        department: booking.under.department.clone(),
        cancel_before_s: booking.under.cancel_before.as_secs(),
        label: booking.slot.label.clone(),
        confirm: calls.confirm.as_str().to_owned(),
        cancel: calls.cancel.as_str().to_owned(),
        visit: calls.visit.as_ref().map(|visit| visit.as_str().to_owned()),
        subject,
        parameters: calls.parameters.clone(),
        facts: booking.facts.iter().map(fact).collect(),
        number: booking.told.number.clone(),
    }
}

/// Status, its moment, and who cancelled.
fn state_columns(state: BookingState) -> (&'static str, i64, Option<String>) {
    let status = state.status().code();
    match state {
        BookingState::Held { until: at }
        | BookingState::Confirmed { at }
        | BookingState::Visited { at }
        | BookingState::NoShow { at }
        | BookingState::Expired { at } => (status, micros(at), None),
        BookingState::Cancelled { at, by } => {
            let by = match by {
                CancelledBy::Citizen => BY_CITIZEN,
                CancelledBy::Department => BY_DEPARTMENT,
            };
            (status, micros(at), Some(by.to_owned()))
        }
    }
}

fn state_of(at: Row<'_>, row: &booking::Model) -> Result<BookingState, StoreError> {
    let since = at.time("since", row.since)?;
    let status = at.some("status", BookingStatus::from_code(&row.status))?;
    let by = match row.cancelled_by.as_deref() {
        None => None,
        Some(BY_CITIZEN) => Some(CancelledBy::Citizen),
        Some(BY_DEPARTMENT) => Some(CancelledBy::Department),
        Some(_) => return Err(at.corrupt("cancelled_by")),
    };
    match (status, by) {
        (BookingStatus::Held, None) => Ok(BookingState::Held { until: since }),
        (BookingStatus::Confirmed, None) => Ok(BookingState::Confirmed { at: since }),
        (BookingStatus::Visited, None) => Ok(BookingState::Visited { at: since }),
        (BookingStatus::NoShow, None) => Ok(BookingState::NoShow { at: since }),
        (BookingStatus::Expired, None) => Ok(BookingState::Expired { at: since }),
        (BookingStatus::Cancelled, Some(by)) => Ok(BookingState::Cancelled { at: since, by }),
        (_, _) => Err(at.corrupt("cancelled_by")),
    }
}

fn key_of(
    at: Row<'_>,
    column: &'static str,
    key: Option<&String>,
) -> Result<Option<IdempotencyKey>, StoreError> {
    key.map(|key| at.valid(column, IdempotencyKey::new(key))).transpose()
}

impl Store {
    pub(super) fn booking_row(&self, booking: &Booking) -> Result<booking::Model, StoreError> {
        let no = booking.no.as_str();
        let details = serde_json::to_string(&details_of(booking))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let (status, since, cancelled_by) = state_columns(booking.state);
        let told = &booking.told;
        let key = |key: &Option<IdempotencyKey>| key.as_ref().map(|key| key.as_str().to_owned());
        Ok(booking::Model {
            no: no.to_owned(),
            submission_no: booking.submission.as_str().to_owned(),
            person_id: booking.person.as_str().to_owned(),
            channel: booking.channel.code().to_owned(),
            app: booking.under.app.as_str().to_owned(),
            service: booking.slot.key.service().as_str().to_owned(),
            slot: booking.slot.key.name().to_owned(),
            places: i64::from(booking.places.count()),
            starts_at: micros(booking.slot.starts_at),
            ends_at: micros(booking.slot.ends_at),
            price: booking.slot.price.map(Fen::value),
            details: self.keys.seal(details_place(no), &without_nul(&details))?,
            status: status.to_owned(),
            since,
            cancelled_by,
            tell: told.word.map(|word| word.code().to_owned()),
            tell_attempts: i64::from(told.attempts),
            tell_at: told.next_at.map(micros),
            tell_reason: told.reason.as_deref().map(without_nul),
            remind_at: booking.remind_at.map(micros),
            ask_at: booking.ask_at.map(micros),
            look_at: booking.look_at().map(micros),
            confirm_key: key(&booking.confirm_key),
            cancel_key: key(&booking.cancel_key),
            created_at: micros(booking.created_at),
            version: i64::from(booking.version),
        })
    }

    pub(super) fn booking_of(&self, row: &booking::Model) -> Result<Booking, StoreError> {
        let at = Row { table: TABLE, key: &row.no };
        let details = self.keys.open(details_place(&row.no), &row.details)?;
        let details: Details = at.valid("details", serde_json::from_str(&details))?;
        let service = at.valid("service", Operation::new(&row.service))?;
        let places = Place::new(at.count("places", row.places)?);
        let word = row.tell.as_deref().map(|word| at.some("tell", Word::from_code(word)));
        Ok(Booking {
            no: at.valid("no", BookingNo::new(&row.no))?,
            submission: at.valid("submission_no", SubmissionNo::new(&row.submission_no))?,
            person: at.valid("person_id", PersonId::new(&row.person_id))?,
            channel: at.some("channel", Channel::from_code(&row.channel))?,
            under: MadeUnder {
                app: at.valid("app", AppSlug::new(&row.app))?,
                title: details.title.clone(),
                department: details.department.clone(),
                cancel_before: SignedDuration::from_secs(details.cancel_before_s),
            },
            slot: Slot {
                key: at.valid("slot", SlotKey::new(service, &row.slot))?,
                label: details.label.clone(),
                starts_at: at.time("starts_at", row.starts_at)?,
                ends_at: at.time("ends_at", row.ends_at)?,
                price: row.price.map(Fen::new),
            },
            places: at.some("places", places)?,
            calls: calls_of(at, &details)?,
            facts: facts_of(at, &details)?,
            state: state_of(at, row)?,
            told: Told {
                word: word.transpose()?,
                attempts: at.count("tell_attempts", row.tell_attempts)?,
                next_at: at.time_if_any("tell_at", row.tell_at)?,
                reason: row.tell_reason.clone(),
                number: details.number,
            },
            remind_at: at.time_if_any("remind_at", row.remind_at)?,
            ask_at: at.time_if_any("ask_at", row.ask_at)?,
            confirm_key: key_of(at, "confirm_key", row.confirm_key.as_ref())?,
            cancel_key: key_of(at, "cancel_key", row.cancel_key.as_ref())?,
            created_at: at.time("created_at", row.created_at)?,
            version: at.count("version", row.version)?,
        })
    }
}

fn calls_of(at: Row<'_>, details: &Details) -> Result<Calls, StoreError> {
    let operation = |text: &str| at.valid("details", Operation::new(text));
    let subject = match &details.subject {
        None => None,
        Some((name, id_card)) => Some(Subject {
            name: at.valid("details", PersonName::new(name))?,
            id_card: at.valid("details", CitizenId::new(id_card))?,
        }),
    };
    Ok(Calls {
        confirm: operation(&details.confirm)?,
        cancel: operation(&details.cancel)?,
        visit: details.visit.as_deref().map(operation).transpose()?,
        subject,
        parameters: details.parameters.clone(),
    })
}

fn facts_of(at: Row<'_>, details: &Details) -> Result<Vec<BookingFact>, StoreError> {
    let fact = |(name, label, shown_as, value): &(String, String, String, String)| {
        Ok(BookingFact {
            name: name.clone(),
            label: label.clone(),
            shown_as: at.some("details", shown_of(shown_as))?,
            value: value.clone(),
        })
    };
    details.facts.iter().map(fact).collect()
}

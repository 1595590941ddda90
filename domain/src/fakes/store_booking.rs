//! Bookings, in memory.

use super::InMemoryStore;
use super::store::Tables;
use crate::casework::booking::{
    Booking, BookingChange, BookingNo, BookingPage, BookingState, BookingStatus, BookingStore,
    Held, NewBooking, SlotKey, Word,
};
use crate::catalogue::AppSlug;
use crate::ids::{IdempotencyKey, PersonId, SubmissionNo};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One booking, and when somebody looks at it next.
#[derive(Debug, Clone)]
pub(super) struct KeptBooking {
    pub booking: Booking,
    pub look_at: Option<Timestamp>,
}

fn live<'a>(t: &'a Tables, owners: &'a [PersonId]) -> impl Iterator<Item = &'a Booking> {
    let all = t.bookings.iter().map(|kept| &kept.booking);
    all.filter(|booking| owners.contains(&booking.person) && booking.state.is_open())
}

fn key_of(booking: &Booking, word: Word) -> Option<&IdempotencyKey> {
    match word {
        Word::Confirm => booking.confirm_key.as_ref(),
        Word::Cancel => booking.cancel_key.as_ref(),
    }
}

fn find(t: &Tables, is: impl Fn(&Booking) -> bool) -> Option<Booking> {
    t.bookings.iter().map(|kept| &kept.booking).find(|booking| is(booking)).cloned()
}

fn hold(t: &mut Tables, new: &NewBooking<'_>) -> Held {
    let wanted = new.booking;
    if let Some(known) = find(t, |booking| booking.submission == wanted.submission) {
        return Held::Known(Box::new(known));
    }
    if live(t, new.owners).any(|booking| booking.slot.key == wanted.slot.key) {
        return Held::Twice;
    }
    let ahead = live(t, new.owners).filter(|booking| booking.under.app == wanted.under.app);
    if ahead.count() >= new.most_open as usize {
        return Held::TooMany;
    }
    let taken = t.slots.entry(wanted.slot.key.clone()).or_default();
    if *taken + wanted.places.count() > new.capacity {
        return Held::Taken;
    }
    *taken += wanted.places.count();
    let look_at = wanted.look_at();
    t.bookings.push(KeptBooking { booking: wanted.clone(), look_at });
    Held::Booked
}

fn save(t: &mut Tables, change: &BookingChange) -> Result<(), StoreError> {
    let (before, after) = (&change.before, &change.after);
    let taken = |word: Word| {
        let others = t.bookings.iter().map(|kept| &kept.booking);
        let mut others =
            others.filter(|other| other.no != after.no && other.person == after.person);
        let key = key_of(after, word);
        others.any(|other| key.is_some() && key_of(other, word) == key)
    };
    if taken(Word::Confirm) || taken(Word::Cancel) {
        return Err(StoreError::Conflict);
    }
    let stored = t
        .bookings
        .iter_mut()
        .find(|kept| kept.booking.no == before.no && kept.booking.version == before.version)
        .ok_or(StoreError::Conflict)?;
    stored.booking = Booking { version: before.version + 1, ..after.clone() };
    stored.look_at = after.look_at();
    if change.gives_back() {
        let taken = t.slots.entry(before.slot.key.clone()).or_default();
        *taken = taken.saturating_sub(before.places.count());
    }
    for event in &change.events {
        if !t.message_events.iter().any(|known| known.key == event.key) {
            t.message_events.push(event.clone());
        }
    }
    Ok(())
}

#[async_trait]
impl BookingStore for InMemoryStore {
    async fn hold(&self, new: &NewBooking<'_>) -> Result<Held, StoreError> {
        self.call(|t| Ok(hold(t, new)))
    }

    async fn save(&self, change: &BookingChange) -> Result<(), StoreError> {
        self.call(|t| save(t, change))
    }

    async fn find_booking(&self, no: &BookingNo) -> Result<Option<Booking>, StoreError> {
        self.call(|t| Ok(find(t, |booking| booking.no == *no)))
    }

    async fn find_of_submission(&self, no: &SubmissionNo) -> Result<Option<Booking>, StoreError> {
        self.call(|t| Ok(find(t, |booking| booking.submission == *no)))
    }

    async fn find_by_key(
        &self,
        owners: &[PersonId],
        word: Word,
        key: &IdempotencyKey,
    ) -> Result<Option<Booking>, StoreError> {
        self.call(|t| Ok(find(t, |b| owners.contains(&b.person) && key_of(b, word) == Some(key))))
    }

    async fn list_bookings(
        &self,
        owners: &[PersonId],
        before: Option<&BookingNo>,
        first: u16,
    ) -> Result<BookingPage, StoreError> {
        self.call(|t| {
            let mine = t.bookings.iter().map(|kept| &kept.booking);
            let mine = mine.filter(|booking| owners.contains(&booking.person));
            let mut mine: Vec<Booking> =
                mine.filter(|b| before.is_none_or(|before| b.no < *before)).cloned().collect();
            mine.sort_by(|a, b| b.no.cmp(&a.no));
            let more = mine.len() > usize::from(first);
            mine.truncate(usize::from(first));
            Ok(BookingPage { bookings: mine, more })
        })
    }

    async fn list_upcoming(
        &self,
        owners: &[PersonId],
        now: Timestamp,
        first: u16,
    ) -> Result<Vec<Booking>, StoreError> {
        self.call(|t| {
            let ahead = |booking: &&Booking| {
                let status = booking.status_at(now);
                let open = matches!(status, BookingStatus::Held | BookingStatus::Confirmed);
                open && booking.slot.ends_at > now
            };
            let mut ahead: Vec<Booking> = live(t, owners).filter(ahead).cloned().collect();
            ahead.sort_by_key(|booking| (booking.slot.starts_at, booking.no.clone()));
            ahead.truncate(usize::from(first));
            Ok(ahead)
        })
    }

    async fn list_missed(
        &self,
        owners: &[PersonId],
        app: &AppSlug,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.call(|t| {
            let missed = |booking: &&Booking| {
                owners.contains(&booking.person)
                    && booking.under.app == *app
                    && booking.slot.starts_at >= since
                    && matches!(booking.state, BookingState::NoShow { .. })
            };
            let all = t.bookings.iter().map(|kept| &kept.booking);
            Ok(all.filter(missed).map(|booking| booking.slot.starts_at).collect())
        })
    }

    async fn taken(&self, slots: &[SlotKey]) -> Result<BTreeMap<SlotKey, u32>, StoreError> {
        self.call(|t| {
            let known = slots.iter().filter_map(|key| Some((key.clone(), *t.slots.get(key)?)));
            Ok(known.collect())
        })
    }

    async fn lease_bookings(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Booking>, StoreError> {
        self.call(|t| {
            let due = t.bookings.iter_mut().filter(|kept| kept.look_at.is_some_and(|at| at <= now));
            let leased = due.take(usize::from(limit)).map(|kept| {
                kept.look_at = Some(until);
                kept.booking.clone()
            });
            Ok(leased.collect())
        })
    }
}

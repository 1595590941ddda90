//! The contract of `BookingStore`.

use crate::bench::{Bench, BookingPorts};
use domain::casework::booking::{
    Booking, BookingChange, BookingEvent, BookingNo, BookingState, BookingStore, Calls, Held,
    MadeUnder, NewBooking, Place, Slot, SlotKey, Told, Word,
};
use domain::catalogue::{AppSlug, Operation};
use domain::fakes::samples::{self, at};
use domain::identity::{Channel, PersonStore};
use domain::ids::{IdempotencyKey, PersonId, SubmissionNo};
use domain::money::Fen;
use domain::outside::StoreError;
use jiff::SignedDuration;

/// What every `BookingStore` must do.
pub async fn booking_store_contract<S: BookingPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_booking_is_found_as_it_was_stored(&new_bench().await.store).await;
    a_submission_books_once(&new_bench().await.store).await;
    one_person_holds_a_slot_once(&new_bench().await.store).await;
    nobody_gets_more_than_there_is(&new_bench().await.store).await;
    people_who_come_together_take_a_place_each(&new_bench().await.store).await;
    one_person_has_so_many_ahead_and_no_more(&new_bench().await.store).await;
    a_place_goes_back_once(&new_bench().await).await;
    a_key_confirms_one_booking(&new_bench().await.store).await;
    whoever_stayed_away_is_remembered(&new_bench().await.store).await;
    what_is_due_has_one_worker(&new_bench().await).await;
    bookings_come_in_pages(&new_bench().await.store).await;
    what_is_ahead_comes_nearest_first(&new_bench().await.store).await;
    ten_of_a_hundred_at_once(&new_bench().await).await;
}

fn service() -> Operation {
    Operation::new("health.outpatient_booking.slots").unwrap()
}

fn slot(name: &str) -> SlotKey {
    SlotKey::new(service(), name).unwrap()
}

fn owner(id: &str) -> Vec<PersonId> {
    vec![samples::person(id).id]
}

/// Held by `person` until second 900; it begins a day later.
fn sample(number: u32, person: &str, slot_name: &str) -> Booking {
    Booking {
        no: BookingNo::new(&format!("YY{number:06}")).unwrap(),
        submission: SubmissionNo::new(&format!("YS{number:06}")).unwrap(),
        person: samples::person(person).id,
        channel: Channel::WeChat,
        under: MadeUnder {
            app: AppSlug::new("hospital_appointment").unwrap(),
            title: "诊疗挂号预约".to_owned(),
            department: "省卫生计生委".to_owned(),
            cancel_before: SignedDuration::from_hours(4),
        },
        slot: Slot {
            key: slot(slot_name),
            label: "3月3日 08:00-09:00".to_owned(),
            starts_at: at(86_400),
            ends_at: at(90_000),
            price: Some(Fen::new(1_000)),
        },
        places: Place::ONE,
        calls: Calls {
            confirm: Operation::new("health.outpatient_booking.confirm").unwrap(),
            cancel: Operation::new("health.outpatient_booking.cancel").unwrap(),
            visit: Some(Operation::new("health.outpatient_booking.visit").unwrap()),
            subject: None,
            parameters: vec![("phone".to_owned(), "13800138000".to_owned())],
        },
        facts: Vec::new(),
        state: BookingState::Held { until: at(900) },
        told: Told::default(),
        remind_at: None,
        ask_at: None,
        confirm_key: None,
        cancel_key: None,
        created_at: at(0),
        version: 0,
    }
}

async fn hold_of(store: &impl BookingStore, booking: &Booking, capacity: u32) -> Held {
    let owners = vec![booking.person.clone()];
    let new = NewBooking { booking, capacity, owners: &owners, most_open: 3 };
    store.hold(&new).await.unwrap()
}

fn change(before: &Booking, event: BookingEvent) -> BookingChange {
    let after = before.after(event, at(20)).unwrap();
    BookingChange { before: before.clone(), after, events: Vec::new() }
}

async fn found(store: &impl BookingStore, booking: &Booking) -> Booking {
    store.find_booking(&booking.no).await.unwrap().unwrap()
}

async fn taken(store: &impl BookingStore, name: &str) -> u32 {
    let key = slot(name);
    let taken = store.taken(std::slice::from_ref(&key)).await.unwrap();
    taken.get(&key).copied().unwrap_or(0)
}

async fn a_booking_is_found_as_it_was_stored(store: &impl BookingPorts) {
    let booking = sample(1, "P1", "A");
    assert_eq!(hold_of(store, &booking, 5).await, Held::Booked);
    assert_eq!(found(store, &booking).await, booking);
    let same = store.find_of_submission(&booking.submission).await.unwrap();
    assert_eq!(same, Some(booking.clone()));
    let mut change = change(&booking, BookingEvent::Confirm);
    change.after.confirm_key = Some(IdempotencyKey::new("key-00001").unwrap());
    change.after.told.attempts = 3;
    change.after.told.reason = Some("没有应答\0".to_owned());
    change.after.told.number = Some("YY00000012".to_owned());
    BookingStore::save(store, &change).await.unwrap();
    let stored = found(store, &booking).await;
    assert_eq!((stored.version, &stored.told.attempts), (1, &3));
    assert_eq!((stored.state, stored.told.word), (change.after.state, Some(Word::Confirm)));
    assert_eq!((stored.remind_at, stored.ask_at), (change.after.remind_at, change.after.ask_at));
    assert_eq!(stored.told.number.as_deref(), Some("YY00000012"));
    let nobody = BookingNo::new("YY999999").unwrap();
    assert_eq!(store.find_booking(&nobody).await.unwrap(), None);
}

async fn a_submission_books_once(store: &impl BookingPorts) {
    let first = sample(1, "P1", "A");
    assert_eq!(hold_of(store, &first, 5).await, Held::Booked);
    let again = Booking { submission: first.submission.clone(), ..sample(2, "P1", "B") };
    assert_eq!(hold_of(store, &again, 5).await, Held::Known(Box::new(first.clone())));
    BookingStore::save(store, &change(&first, BookingEvent::Cancel)).await.unwrap();
    let Held::Known(known) = hold_of(store, &again, 5).await else { panic!("booked again") };
    assert_eq!(known.no, first.no, "whatever became of it");
    assert_eq!((taken(store, "A").await, taken(store, "B").await), (0, 0));
}

async fn one_person_holds_a_slot_once(store: &impl BookingPorts) {
    let first = sample(1, "P1", "A");
    assert_eq!(hold_of(store, &first, 5).await, Held::Booked);
    assert_eq!(hold_of(store, &sample(2, "P1", "A"), 5).await, Held::Twice);
    assert_eq!(hold_of(store, &sample(3, "P2", "A"), 5).await, Held::Booked);
    let both = [owner("P3"), owner("P1")].concat();
    let merged = sample(4, "P3", "A");
    let new = NewBooking { booking: &merged, capacity: 5, owners: &both, most_open: 3 };
    assert_eq!(store.hold(&new).await.unwrap(), Held::Twice, "under a former id");
    assert_eq!(taken(store, "A").await, 2);
    BookingStore::save(store, &change(&first, BookingEvent::Expire)).await.unwrap();
    assert_eq!(hold_of(store, &sample(5, "P1", "A"), 5).await, Held::Booked);
}

async fn nobody_gets_more_than_there_is(store: &impl BookingPorts) {
    assert_eq!(hold_of(store, &sample(1, "P1", "A"), 2).await, Held::Booked);
    assert_eq!(hold_of(store, &sample(2, "P2", "A"), 2).await, Held::Booked);
    assert_eq!(hold_of(store, &sample(3, "P3", "A"), 2).await, Held::Taken);
    assert_eq!(store.find_booking(&sample(3, "P3", "A").no).await.unwrap(), None);
    assert_eq!(hold_of(store, &sample(4, "P3", "A"), 3).await, Held::Booked, "one more is told");
    assert_eq!(hold_of(store, &sample(5, "P5", "A"), 1).await, Held::Taken, "fewer are told");
    assert_eq!(hold_of(store, &sample(6, "P5", "B"), 0).await, Held::Taken);
    assert_eq!(taken(store, "A").await, 3);
}

async fn people_who_come_together_take_a_place_each(store: &impl BookingPorts) {
    let three = Booking { places: Place::new(3).unwrap(), ..sample(1, "P1", "A") };
    assert_eq!(hold_of(store, &three, 4).await, Held::Booked);
    let two = Booking { places: Place::new(2).unwrap(), ..sample(2, "P2", "A") };
    assert_eq!(hold_of(store, &two, 4).await, Held::Taken);
    assert_eq!(hold_of(store, &sample(3, "P2", "A"), 4).await, Held::Booked);
    BookingStore::save(store, &change(&three, BookingEvent::Cancel)).await.unwrap();
    assert_eq!(taken(store, "A").await, 1);
}

async fn one_person_has_so_many_ahead_and_no_more(store: &impl BookingPorts) {
    for (number, name) in [(1, "A"), (2, "B"), (3, "C")] {
        assert_eq!(hold_of(store, &sample(number, "P1", name), 5).await, Held::Booked);
    }
    assert_eq!(hold_of(store, &sample(4, "P1", "D"), 5).await, Held::TooMany);
    let mut elsewhere = sample(5, "P1", "D");
    elsewhere.under.app = AppSlug::new("notary_booking").unwrap();
    assert_eq!(hold_of(store, &elsewhere, 5).await, Held::Booked, "of another app");
    let first = found(store, &sample(1, "P1", "A")).await;
    BookingStore::save(store, &change(&first, BookingEvent::Cancel)).await.unwrap();
    assert_eq!(hold_of(store, &sample(6, "P1", "E"), 5).await, Held::Booked);
}

async fn a_place_goes_back_once<S: BookingPorts>(bench: &Bench<S>) {
    let booking = sample(1, "P1", "A");
    hold_of(&bench.store, &booking, 5).await;
    hold_of(&bench.store, &sample(2, "P2", "A"), 5).await;
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let event = if number < 4 { BookingEvent::Cancel } else { BookingEvent::Expire };
        let change = change(&booking, event);
        tokio::spawn(async move { BookingStore::save(&store, &change).await })
    });
    let mut done = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error:?}"),
        }
    }
    assert_eq!((done, taken(&bench.store, "A").await), (1, 1));
}

async fn a_key_confirms_one_booking(store: &impl BookingPorts) {
    let key = IdempotencyKey::new("key-00001").unwrap();
    let with_key = |booking: &Booking, event| {
        let mut change = change(booking, event);
        match event {
            BookingEvent::Confirm => change.after.confirm_key = Some(key.clone()),
            BookingEvent::Cancel
            | BookingEvent::Refuse
            | BookingEvent::Expire
            | BookingEvent::Visit
            | BookingEvent::StayAway => change.after.cancel_key = Some(key.clone()),
        }
        change
    };
    let (one, two) = (sample(1, "P1", "A"), sample(2, "P1", "B"));
    hold_of(store, &one, 5).await;
    hold_of(store, &two, 5).await;
    BookingStore::save(store, &with_key(&one, BookingEvent::Confirm)).await.unwrap();
    let refused = BookingStore::save(store, &with_key(&two, BookingEvent::Confirm)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    let by_key = async |person: &str, word| {
        let found = BookingStore::find_by_key(store, &owner(person), word, &key).await.unwrap();
        found.map(|booking| booking.no)
    };
    assert_eq!(by_key("P1", Word::Confirm).await, Some(one.no.clone()));
    assert_eq!(by_key("P2", Word::Confirm).await, None);
    assert_eq!(by_key("P1", Word::Cancel).await, None, "a key belongs to its mutation");
    BookingStore::save(store, &with_key(&two, BookingEvent::Cancel)).await.unwrap();
    assert_eq!(by_key("P1", Word::Cancel).await, Some(two.no));
}

async fn whoever_stayed_away_is_remembered(store: &impl BookingPorts) {
    let booking = sample(1, "P1", "A");
    hold_of(store, &booking, 5).await;
    BookingStore::save(store, &change(&booking, BookingEvent::Confirm)).await.unwrap();
    let confirmed = found(store, &booking).await;
    BookingStore::save(store, &change(&confirmed, BookingEvent::StayAway)).await.unwrap();
    let app = &booking.under.app;
    let missed = async |person: &str, app: &AppSlug, since| {
        store.list_missed(&owner(person), app, at(since)).await.unwrap()
    };
    assert_eq!(missed("P1", app, 0).await, [booking.slot.starts_at]);
    assert_eq!(missed("P1", app, 86_401).await, []);
    assert_eq!(missed("P2", app, 0).await, []);
    assert_eq!(missed("P1", &AppSlug::new("notary_booking").unwrap(), 0).await, []);
}

async fn what_is_due_has_one_worker<S: BookingPorts>(bench: &Bench<S>) {
    let (store, other) = (&bench.store, &bench.other);
    let booking = sample(1, "P1", "A");
    hold_of(store, &booking, 5).await;
    assert_eq!(store.lease_bookings(at(899), at(960), 16).await.unwrap(), []);
    let leased = store.lease_bookings(at(900), at(960), 16).await.unwrap();
    assert_eq!(leased, std::slice::from_ref(&booking));
    assert_eq!(other.lease_bookings(at(959), at(999), 16).await.unwrap(), [], "it has a worker");
    let again = other.lease_bookings(at(960), at(999), 16).await.unwrap();
    assert_eq!(again, std::slice::from_ref(&booking), "whose time is over");
    BookingStore::save(store, &change(&booking, BookingEvent::Expire)).await.unwrap();
    assert_eq!(store.lease_bookings(at(99_999), at(100_000), 16).await.unwrap(), []);
}

async fn bookings_come_in_pages(store: &impl BookingPorts) {
    for (number, name) in [(1, "A"), (2, "B"), (3, "C")] {
        hold_of(store, &sample(number, "P1", name), 5).await;
    }
    hold_of(store, &sample(4, "P2", "A"), 5).await;
    let page = async |before: Option<&BookingNo>, first| {
        let page = store.list_bookings(&owner("P1"), before, first).await.unwrap();
        let numbers: Vec<String> = page.bookings.iter().map(|b| b.no.to_string()).collect();
        (numbers.join(" "), page.more)
    };
    assert_eq!(page(None, 2).await, ("YY000003 YY000002".to_owned(), true));
    let last = BookingNo::new("YY000002").unwrap();
    assert_eq!(page(Some(&last), 2).await, ("YY000001".to_owned(), false));
}

async fn what_is_ahead_comes_nearest_first(store: &impl BookingPorts) {
    let days = [(1, "A", 9), (2, "B", 3), (3, "C", 6), (4, "D", 1), (5, "E", 5), (6, "F", 7)];
    for (number, name, day) in days {
        let mut booking = sample(number, "P1", name);
        booking.under.app = AppSlug::new(&format!("app_{number}")).unwrap();
        booking.slot.starts_at = at(day * 86_400);
        booking.slot.ends_at = at(day * 86_400 + 3_600);
        hold_of(store, &booking, 5).await;
        match number {
            // Held only, until second 900.
            5 => {}
            6 => {
                let given_back = change(&booking, BookingEvent::Cancel);
                BookingStore::save(store, &given_back).await.unwrap();
            }
            _ => {
                let confirmed = change(&booking, BookingEvent::Confirm);
                BookingStore::save(store, &confirmed).await.unwrap();
            }
        }
    }
    hold_of(store, &sample(7, "P2", "G"), 5).await;
    let ahead = async |person: &str, now, first| {
        let found = store.list_upcoming(&owner(person), at(now), first).await.unwrap();
        let numbers: Vec<String> = found.iter().map(|b| b.no.to_string()).collect();
        numbers.join(" ")
    };
    assert_eq!(ahead("P1", 899, 9).await, "YY000004 YY000002 YY000005 YY000003 YY000001");
    assert_eq!(ahead("P1", 899, 2).await, "YY000004 YY000002");
    assert_eq!(ahead("P1", 900, 9).await, "YY000004 YY000002 YY000003 YY000001", "a hold is over");
    assert_eq!(ahead("P1", 86_400 + 3_599, 9).await, "YY000004 YY000002 YY000003 YY000001");
    assert_eq!(ahead("P1", 86_400 + 3_600, 9).await, "YY000002 YY000003 YY000001", "it has ended");
    let both = [owner("P2"), owner("P1")].concat();
    let found = store.list_upcoming(&both, at(0), 2).await.unwrap();
    assert_eq!(found[0].person, samples::person("P1").id, "under every id of one person");
    assert_eq!(found.len(), 2);
}

async fn ten_of_a_hundred_at_once<S: BookingPorts>(bench: &Bench<S>) {
    for number in 0..100 {
        let id = format!("P{number}");
        let person = samples::person(&id);
        PersonStore::insert(&bench.store, &person, &samples::link(&id)).await.unwrap();
    }
    let tasks = (0..100).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let booking = sample(number, &format!("P{number}"), "A");
        tokio::spawn(async move { hold_of(&store, &booking, 10).await })
    });
    let mut booked = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Held::Booked => booked += 1,
            other @ (Held::Known(_) | Held::Taken | Held::Twice | Held::TooMany) => {
                assert_eq!(other, Held::Taken);
            }
        }
    }
    assert_eq!((booked, taken(&bench.store, "A").await), (10, 10));
}

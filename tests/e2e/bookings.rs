//! Appointments, from the outside: the hospital on every channel, keys, clocks, others, silence.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;
use tests::scenarios::booking::{
    answers_of, booking, changes, chosen, definition, options, submits, waits,
};
use tests::scenarios::proves_name;

const SERVICE: &str = "health.outpatient_booking";
const APP: &str = "hospital_appointment";
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3_600;

pub type Answers = BTreeMap<String, Value>;

/// The citizen's answers, with the first of everything.
pub async fn answers(citizen: &Citizen) -> Answers {
    let app = definition(APP);
    chosen(citizen, &app, &answers_of(&app, &citizen.facts)).await.unwrap()
}

/// The same with the `place`th day, or time, that the department offers.
pub async fn other(citizen: &Citizen, answers: &Answers, field: &str, place: usize) -> Answers {
    let app = definition(APP);
    let offers = options(citizen, APP, field, answers).await;
    let value = offers["data"]["fieldOptions"]["options"][place]["value"].clone();
    let mut wanted = answers_of(&app, &citizen.facts);
    for (name, value) in answers.iter().filter(|(name, _)| *name != "slot") {
        wanted.insert(name.clone(), value.clone());
    }
    let shape = if field == "date" { "date" } else { "choice" };
    wanted.insert(field.to_owned(), json!({ shape: value }));
    chosen(citizen, &app, &wanted).await.unwrap()
}

async fn submit(citizen: &Citizen, answers: &Answers, key: &str) -> Value {
    let answer = submits(citizen, &definition(APP), None, answers, key).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["submitApp"].clone()
}

pub async fn holds(citizen: &Citizen, answers: &Answers, key: &str) -> String {
    let payload = submit(citizen, answers, key).await;
    assert_eq!(payload["outcome"]["status"], "HELD", "{payload}");
    payload["outcome"]["bookingNo"].as_str().unwrap().to_owned()
}

async fn confirms(citizen: &Citizen, no: &str) -> Value {
    let payload = changes(citizen, "confirmBooking", no, None).await;
    assert_eq!(payload["booking"]["status"], "CONFIRMED", "{payload}");
    waits(citizen, no, "the department knows", |booking| booking["departmentKnows"] == true).await
}

async fn remaining(citizen: &Citizen, answers: &Answers) -> i64 {
    let offers = options(citizen, APP, "slot", answers).await;
    let all = offers["data"]["fieldOptions"]["options"].as_array().unwrap().clone();
    let offer = all.iter().find(|offer| offer["value"] == answers["slot"]["choice"]);
    offer.unwrap_or_else(|| panic!("{offers}"))["remaining"].as_i64().unwrap()
}

async fn waits_for_remaining(citizen: &Citizen, answers: &Answers, expected: i64) {
    eventually(&format!("{expected} places"), || async {
        (remaining(citizen, answers).await == expected).then_some(())
    })
    .await;
}

pub async fn proved(app: &TestApp) -> Citizen {
    let citizen = app.citizen().await;
    proves_name(&citizen).await;
    citizen
}

/// Sessions end while the clock moves.
async fn back(app: &TestApp, citizen: &Citizen) -> Citizen {
    Citizen::signs_in(&app.node.base_url, &app.levers, citizen.facts.clone()).await
}

async fn told(app: &TestApp, kind: &str) -> i64 {
    app.counts(&format!("message_event WHERE kind = '{kind}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_appointment_is_made_and_given_back_on_every_channel() {
    let app = TestApp::start().await;
    let base = &app.node.base_url;
    let in_we_chat = app.citizen().await;
    let facts = app.levers.citizen().await;
    let at_alipay = Citizen::signs_in_at_alipay(base, &app.levers, facts).await;
    let facts = app.levers.citizen().await;
    let in_app = Citizen::signs_in_by_phone(base, &app.levers, facts).await;
    for (number, citizen) in [in_we_chat, at_alipay, in_app].iter().enumerate() {
        proves_name(citizen).await;
        let answers = answers(citizen).await;
        let before = remaining(citizen, &answers).await;
        let no = holds(citizen, &answers, &format!("channel-{number}")).await;
        let held = booking(citizen, &no).await;
        assert_eq!((&held["price"]["fen"], &held["places"]), (&json!(1_000), &json!(1)), "{held}");
        assert_eq!(remaining(citizen, &answers).await, before - 1);
        let confirmed = confirms(citizen, &no).await;
        assert!(confirmed["departmentNo"].as_str().unwrap().starts_with("YY"), "{confirmed}");
        let node = format!("{{node(id:{}){{... on Booking{{bookingNo}}}}}}", held["id"]);
        assert_eq!(citizen.reads(&node).await["node"]["bookingNo"], no.as_str());
        let cancelled = changes(citizen, "cancelBooking", &no, None).await;
        assert_eq!(cancelled["booking"]["status"], "CANCELLED", "{cancelled}");
        assert_eq!(remaining(citizen, &answers).await, before);
        waits(citizen, &no, "the department knows", |b| b["departmentKnows"] == true).await;
    }
    assert_eq!(
        (told(&app, "BOOKING_CONFIRMED").await, told(&app, "BOOKING_CANCELLED").await),
        (3, 3)
    );
    let at_department = app.levers.look("bookings").await["bookings"].clone();
    let kept = at_department.as_object().unwrap().values();
    assert!(kept.clone().count() == 3 && kept.clone().all(|b| b["cancelled"] == true));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_by_the_clock_and_its_place_is_free_again() {
    let app = TestApp::start().await;
    let citizen = proved(&app).await;
    let answers = answers(&citizen).await;
    let before = remaining(&citizen, &answers).await;
    let no = holds(&citizen, &answers, "expiry-0001").await;
    app.levers.advance(15 * MINUTE).await;
    let late = changes(&citizen, "confirmBooking", &no, None).await;
    assert_eq!((codes(&late), &late["booking"]), (vec!["CONFLICT".to_owned()], &Value::Null));
    assert_eq!(booking(&citizen, &no).await["status"], "EXPIRED");
    waits_for_remaining(&citizen, &answers, before).await;
    let same_key = submit(&citizen, &answers, "expiry-0001").await;
    assert_eq!(same_key["outcome"]["status"], "EXPIRED", "a key keeps its booking: {same_key}");
    let again = holds(&citizen, &answers, "expiry-0002").await;
    assert_ne!(again, no);
    assert_eq!(remaining(&citizen, &answers).await, before - 1, "given back once");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_booking() {
    let app = TestApp::start().await;
    let citizen = proved(&app).await;
    let first = answers(&citizen).await;
    let later = other(&citizen, &first, "slot", 1).await;
    let no = holds(&citizen, &first, "the-same-key").await;
    assert_eq!(holds(&citizen, &first, "the-same-key").await, no, "the second click");
    let reused = submit(&citizen, &later, "the-same-key").await;
    assert_eq!(codes(&reused), ["IDEMPOTENCY_KEY_REUSED"]);
    let twice = submit(&citizen, &first, "another-key1").await;
    assert_eq!(codes(&twice), ["CONFLICT"], "the slot is theirs already: {twice}");
    let second = holds(&citizen, &later, "another-key2").await;

    let key = Some("confirm-key1");
    let confirm = async |no: &str| changes(&citizen, "confirmBooking", no, key).await;
    assert_eq!(confirm(&no).await["booking"]["status"], "CONFIRMED");
    assert_eq!(confirm(&no).await["booking"]["status"], "CONFIRMED", "the second click");
    assert_eq!(codes(&confirm(&second).await), ["IDEMPOTENCY_KEY_REUSED"]);
    let cancelled = changes(&citizen, "cancelBooking", &no, key).await;
    assert_eq!(cancelled["booking"]["status"], "CANCELLED", "a key belongs to its mutation");
    assert_eq!(told(&app, "BOOKING_CONFIRMED").await, 1);

    let without = json!({ "app": APP, "formVersion": 1, "answers": [] });
    let without = citizen.mutation("submitApp", "SubmitAppInput", "outcome{__typename}", &without);
    assert!(codes(&without.await).iter().all(|code| code == "REQUIRED"), "all answers at once");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_booking_does_not_exist() {
    let app = TestApp::start().await;
    let (owner, stranger) = (proved(&app).await, proved(&app).await);
    let no = holds(&owner, &answers(&owner).await, "my-booking-1").await;
    for name in ["confirmBooking", "cancelBooking"] {
        for no in [no.as_str(), "YY20990101000000AAAAAAAAAAAA", "x"] {
            let refused = changes(&stranger, name, no, None).await;
            assert_eq!(
                (codes(&refused), &refused["booking"]),
                (vec!["NOT_FOUND".into()], &Value::Null)
            );
        }
    }
    let id = booking(&owner, &no).await["id"].clone();
    let node = format!("{{node(id:{id}){{__typename}}}}");
    assert!(stranger.reads(&node).await["node"].is_null());
    assert!(owner.anonymous().reads(&node).await["node"].is_null());
    let list = stranger.reads("{viewer{bookings{nodes{bookingNo}}}}").await;
    assert_eq!(list["viewer"]["bookings"]["nodes"], json!([]));
    assert_eq!(booking(&owner, &no).await["status"], "HELD");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_given_to_one() {
    let app = TestApp::start().await;
    let (one, two) = (proved(&app).await, proved(&app).await);
    let (of_one, of_two) = (answers(&one).await, answers(&two).await);
    let places = json!({ "of": of_one["slot"]["choice"], "places": 1 });
    app.levers.pull("booking-places", places).await;
    let no = holds(&one, &of_one, "last-place-1").await;
    assert_eq!(remaining(&two, &of_two).await, 0);
    assert_eq!(codes(&submit(&two, &of_two, "last-place-2").await), ["SLOT_TAKEN"]);
    changes(&one, "cancelBooking", &no, None).await;
    holds(&two, &of_two, "last-place-2").await;
    assert_eq!(codes(&submit(&one, &of_one, "last-place-3").await), ["SLOT_TAKEN"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_department_hears_of_it_later() {
    let app = TestApp::start().await;
    let citizen = proved(&app).await;
    let no = holds(&citizen, &answers(&citizen).await, "silent-dept1").await;
    app.levers.fault("exchange", "health.*", "error500", 1_000).await;
    let confirmed = changes(&citizen, "confirmBooking", &no, None).await;
    assert_eq!(confirmed["booking"]["status"], "CONFIRMED", "we decide: {confirmed}");
    assert_eq!(confirmed["booking"]["departmentKnows"], false);
    let tries = "booking WHERE tell = 'CONFIRM' AND tell_attempts > 0";
    eventually("a try", || async { (app.counts(tries).await == 1).then_some(()) }).await;
    app.levers.clear_faults().await;
    app.levers.advance(10 * MINUTE).await;
    let known = |booking: &Value| booking["departmentNo"].is_string();
    waits(&citizen, &no, "the department's number", known).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_department_will_not_have_is_cancelled_and_told() {
    let app = TestApp::start().await;
    let citizen = proved(&app).await;
    let answers = answers(&citizen).await;
    let no = holds(&citizen, &answers, "refused-dept").await;
    app.levers.pull("booking-places", json!({ "of": SERVICE, "places": 0 })).await;
    changes(&citizen, "confirmBooking", &no, None).await;
    waits(&citizen, &no, "cancelled", |booking| booking["status"] == "CANCELLED").await;
    assert_eq!(told(&app, "BOOKING_CANCELLED").await, 1);
    assert_eq!(app.counts("booking_slot WHERE taken > 0").await, 0, "the place is free");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn citizens_are_reminded_the_day_before_and_cancel_in_time() {
    let app = TestApp::start().await;
    let citizen = proved(&app).await;
    let first = answers(&citizen).await;
    let in_two_days = other(&citizen, &first, "date", 1).await;
    let no = holds(&citizen, &in_two_days, "reminder-001").await;
    confirms(&citizen, &no).await;
    assert_eq!(told(&app, "BOOKING_REMINDER").await, 0);
    app.levers.tomorrow_at("09:00").await;
    eventually("a reminder", || async {
        (told(&app, "BOOKING_REMINDER").await == 1).then_some(())
    })
    .await;
    app.levers.tomorrow_at("04:30").await;
    let citizen = back(&app, &citizen).await;
    let late = changes(&citizen, "cancelBooking", &no, None).await;
    assert_eq!(codes(&late), ["CONFLICT"], "less than four hours before: {late}");
    app.levers.advance(DAY).await;
    let citizen = back(&app, &citizen).await;
    waits(&citizen, &no, "visited", |booking| booking["status"] == "VISITED").await;
    assert_eq!(told(&app, "BOOKING_REMINDER").await, 1, "once");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stays_away_three_times_may_not_book_for_sixty_days() {
    let app = TestApp::start().await;
    let citizen = proved(&app).await;
    let first = answers(&citizen).await;
    let mut numbers = Vec::new();
    for place in 0..3 {
        let answers = other(&citizen, &first, "slot", place).await;
        let no = holds(&citizen, &answers, &format!("no-show-{place:04}")).await;
        let department_no = confirms(&citizen, &no).await["departmentNo"].clone();
        let path = format!("bookings/{}/visit", department_no.as_str().unwrap());
        app.levers.pull(&path, json!({ "came": false })).await;
        numbers.push(no);
    }
    let fourth = other(&citizen, &first, "slot", 3).await;
    assert_eq!(
        codes(&submit(&citizen, &fourth, "no-show-0003").await),
        ["RATE_LIMITED"],
        "three ahead"
    );
    app.levers.advance(2 * DAY).await;
    let citizen = back(&app, &citizen).await;
    for no in &numbers {
        waits(&citizen, no, "stayed away", |booking| booking["status"] == "NO_SHOW").await;
    }
    let after = answers(&citizen).await;
    let banned = submit(&citizen, &after, "no-show-0004").await;
    assert_eq!(codes(&banned), ["RATE_LIMITED"], "{banned}");
    assert!(banned["userErrors"][0]["message"].as_str().unwrap().contains("5月2日"), "{banned}");
    app.levers.advance(60 * DAY).await;
    let citizen = back(&app, &citizen).await;
    holds(&citizen, &answers(&citizen).await, "no-show-0005").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn choices_are_asked_for_in_their_order() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let given = |pairs: &[(&str, &str)]| -> Answers {
        let answer = |(name, choice): &(&str, &str)| ((*name).into(), json!({ "choice": choice }));
        pairs.iter().map(answer).collect()
    };
    let nothing = given(&[]);
    let hospitals = options(&citizen.anonymous(), APP, "hospital", &nothing).await;
    assert_eq!(hospitals["data"]["fieldOptions"]["options"].as_array().unwrap().len(), 4);
    let eye = given(&[("hospital", "ZJ01"), ("department", "YK")]);
    let doctors = options(&citizen, APP, "doctor", &eye).await;
    let prices: Vec<&Value> = doctors["data"]["fieldOptions"]["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|doctor| &doctor["price"]["fen"])
        .collect();
    assert_eq!(prices, [&json!(1_000), &json!(3_000)], "{doctors}");
    let kinds = options(&citizen, "passport_booking", "kind", &nothing).await;
    assert_eq!(kinds["data"]["fieldOptions"]["options"][1]["label"], "换发", "of the form itself");
    for (app, field, answers, code) in [
        (APP, "department", nothing.clone(), "BAD_INPUT"),
        (APP, "department", given(&[("hospital", "XX99")]), "BAD_INPUT"),
        (APP, "department", given(&[("hospital", "ZJ01"), ("colour", "1")]), "BAD_INPUT"),
        (APP, "phone", nothing.clone(), "BAD_INPUT"),
        (APP, "colour", nothing.clone(), "NOT_FOUND"),
        ("no_such_app", "hospital", nothing.clone(), "NOT_FOUND"),
    ] {
        let refused = options(&citizen, app, field, &answers).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], code, "{app}.{field}: {refused}");
    }
    app.finish().await;
}

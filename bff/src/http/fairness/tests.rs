use super::*;
use domain::identity::{Channel, Person};
use domain::ids::{PersonId, SessionId};
use jiff::Timestamp;
use std::sync::Mutex;

/// Stands still until it is moved.
struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Still {
    fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    }
}

const LIMITS: Limits = Limits {
    enforced: true,
    person: Size::a_minute(1_000),
    session: Size::a_minute(600),
    money: Size::a_minute(300),
    address: Size::a_minute(2_000),
    staff: Size::a_minute(500),
};

fn fair(limits: Limits) -> (Fairness, Arc<Still>) {
    let clock = Arc::new(Still(Mutex::new(Timestamp::from_second(1_772_416_800).unwrap())));
    (Fairness::new(limits, clock.clone()).unwrap(), clock)
}

fn caller(person: &str, session: &str) -> Caller {
    let at = Timestamp::from_second(1_772_416_800).unwrap();
    Caller {
        person: Person::new(PersonId::new(person).unwrap(), at),
        channel: Channel::App,
        session: SessionId::new(session).unwrap(),
    }
}

fn again(refused: Result<Bill, RateLimited>) -> Option<u64> {
    refused.err().map(|refused| refused.come_again_s())
}

#[test]
fn one_device_leaves_something_for_the_others_of_the_same_person() {
    let (fair, clock) = fair(LIMITS);
    let (phone, tablet) = (caller("zhang", "phone"), caller("zhang", "tablet"));
    let other = caller("li", "phone2");
    let browse = |who, points| fair.charge(Lane::Browse, points, Payer::Person(who));
    assert!(browse(&phone, 600).is_ok());
    assert_eq!(again(browse(&phone, 10)), Some(1), "the phone has had its share");
    assert!(browse(&tablet, 400).is_ok());
    assert_eq!(again(browse(&tablet, 100)), Some(6), "the person has had all");
    assert!(browse(&other, 600).is_ok(), "another person has not");
    clock.pass(6);
    assert!(browse(&tablet, 100).is_ok());
}

#[test]
fn who_is_refused_by_one_purse_pays_none() {
    let (fair, _) = fair(LIMITS);
    let (phone, tablet) = (caller("zhang", "phone"), caller("zhang", "tablet"));
    let browse = |who, points| fair.charge(Lane::Browse, points, Payer::Person(who));
    browse(&phone, 600).unwrap();
    for _ in 0..10 {
        browse(&phone, 300).unwrap_err();
    }
    let bill = browse(&tablet, 400).unwrap().cost().unwrap();
    let bill = serde_json::to_value(bill).unwrap();
    let expected = serde_json::json!({ "requested": 400, "remaining": 0, "resetSeconds": 60 });
    assert_eq!(bill, expected, "the emptiest purse is told of, which is the person's");
}

#[test]
fn who_has_browsed_too_much_can_still_pay() {
    let (fair, _) = fair(LIMITS);
    let phone = caller("zhang", "phone");
    fair.charge(Lane::Browse, 600, Payer::Person(&phone)).unwrap();
    fair.charge(Lane::Browse, 600, Payer::Person(&phone)).unwrap_err();
    fair.charge(Lane::Money, 300, Payer::Person(&phone)).unwrap();
    let refused = fair.charge(Lane::Money, 10, Payer::Person(&phone)).unwrap_err();
    assert_eq!(refused.come_again_s(), 2);
    // The same of an address: a crowd that browses keeps nobody from signing in.
    let at = Payer::At(Some("192.0.2.1".parse().unwrap()));
    fair.charge(Lane::Browse, 2_000, at).unwrap();
    fair.charge(Lane::Browse, 1, at).unwrap_err();
    fair.charge(Lane::Money, 200, at).unwrap();
}

#[test]
fn an_address_pays_for_those_who_are_not_signed_in_and_for_nobody_else() {
    let (fair, _) = fair(LIMITS);
    let at = |text: &str| Payer::At(Some(text.parse().unwrap()));
    fair.charge(Lane::Browse, 2_000, at("2001:db8::1")).unwrap();
    fair.charge(Lane::Browse, 1, at("2001:db8::2")).unwrap_err();
    fair.charge(Lane::Browse, 1, at("2001:db8:0:1::1")).unwrap();
    fair.charge(Lane::Browse, 600, Payer::Person(&caller("zhang", "phone"))).unwrap();
    fair.charge(Lane::Browse, 500, Payer::Staff("wang")).unwrap();
    fair.charge(Lane::Browse, 1, Payer::Staff("wang")).unwrap_err();
    assert!(fair.unknown_token(Some("192.0.2.7".parse().unwrap())).is_ok());
    assert!(fair.unknown_token(Some("192.0.2.7".parse().unwrap())).is_ok());
    assert!(fair.unknown_token(Some("192.0.2.7".parse().unwrap())).is_err(), "tokens are tried");
    let guesses = Some("192.0.2.8".parse().unwrap());
    assert!((0..40).all(|_| fair.refused_document(guesses).is_ok()));
    assert!(fair.refused_document(guesses).is_err(), "documents are guessed");
}

#[test]
fn where_it_is_only_counted_nobody_is_refused() {
    let (fair, _) = fair(Limits { enforced: false, ..LIMITS });
    for _ in 0..10 {
        let bill = fair.charge(Lane::Browse, 600, Payer::Staff("wang")).unwrap();
        let told = serde_json::to_value(bill.cost().unwrap()).unwrap();
        assert_eq!(told["remaining"], 0);
    }
}

#[test]
fn strangers_without_number_take_no_more_memory_than_there_is_for_them() {
    let (fair, _) = fair(LIMITS);
    for number in 0..PURSES + 5_000 {
        let address = std::net::Ipv6Addr::from_bits(u128::from(number) << 64);
        fair.charge(Lane::Browse, 1, Payer::At(Some(address.into()))).unwrap();
    }
    fair.purses.run_pending_tasks();
    assert!(fair.purses.entry_count() <= PURSES);
}

#[test]
fn every_size_and_weight_is_of_a_field_that_exists() {
    let public = Prices::of(&crate::graphql::sdl()).unwrap();
    let staff = Prices::of(&crate::staff_graphql::sdl()).unwrap();
    for name in Prices::named() {
        let (of, field) = name.split_once('.').unwrap();
        let there = public.find(of, field).or(staff.find(of, field));
        assert!(there.is_some(), "{name} is in no schema");
    }
}

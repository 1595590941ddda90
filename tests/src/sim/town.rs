//! Who lives in the simulated town, and what they owe.

use super::chance::{Dice, key, mix};
use super::citizen::{Citizen, channel_of};
use super::options::Options;
use super::world::{DAY, HOUR, START, timestamp};
use domain::clock::beijing_day;
use domain::fakes::InMemoryStore;
use domain::fakes::samples;
use domain::identity::{Channel, ChannelLink, OpenId, Person, PersonStore};
use domain::ids::PersonId;
use domain::money::Fen;
use domain::notice::{DailyRate, LateFee, LateFeeRule, Notice};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Everybody who wants to pay, and every notice.
pub fn of(options: &Options) -> (Vec<Citizen>, Vec<Notice>) {
    let persons = persons(options);
    let (mut citizens, mut notices): (Vec<Citizen>, _) = (Vec::new(), Vec::new());
    for number in 0..options.payments {
        let mut citizen = Citizen::new(options.seed, number, options.days, persons, START);
        let mut dice = Dice::of(options.seed, mix(key("notices"), number as u64));
        match citizens.last() {
            // The family pays the same fine, or the same citizen tries again a day later.
            Some(before) if dice.percent(6) => {
                citizen.notices = before.notices.clone();
                let later = [3_000, HOUR, DAY][usize::try_from(dice.below(3)).unwrap()];
                let end = START + options.days * DAY - HOUR / 2;
                citizen.at = (before.at + dice.below(later)).min(end);
            }
            _ => {
                for _ in 0..[1, 1, 1, 1, 1, 2, 3][usize::try_from(dice.below(7)).unwrap()] {
                    citizen.notices.push(notices.len());
                    notices.push(notice(&mut dice, notices.len(), citizen.at, options.days));
                }
            }
        }
        citizens.push(citizen);
    }
    (citizens, notices)
}

fn persons(options: &Options) -> i64 {
    i64::try_from(options.payments / 3 + 3).unwrap()
}

fn notice(dice: &mut Dice, number: usize, at: i64, days: i64) -> Notice {
    let longest = [1_000, 50_000, 4_000_000][usize::try_from(dice.below(3)).unwrap()];
    let mut notice = samples::notice(&format!("330000001S{number:07}"), dice.between(1, longest));
    notice.agency.code = format!("3301{:02}", dice.below(20));
    if dice.percent(15) {
        let late = START + dice.below(days + 1) * DAY;
        notice.items[0].late_fee = LateFee::ByRule(LateFeeRule {
            daily_rate: DailyRate::from_ratio("0.03").unwrap(),
            first_late_day: beijing_day(timestamp(late)),
            cap: Some(notice.items[0].amount),
            booked_on_code: "00050002".to_owned(),
            booked_on_name: "加处罚款".to_owned(),
        });
    }
    if dice.percent(5) {
        notice.expires_at = Some(timestamp(at + dice.between(60_000, DAY)));
    }
    if dice.percent(20) {
        let mut second = notice.items[0].clone();
        second.code = "00050009".to_owned();
        second.amount = Fen::new(dice.between(1, 5_000));
        second.late_fee = LateFee::None;
        notice.items.push(second);
    }
    notice
}

/// Everybody has signed in.
pub fn moves_in(options: &Options, store: &InMemoryStore) {
    for number in 0..persons(options).cast_unsigned() {
        let (channel, id) = (channel_of(number), format!("P{number}"));
        let app_id = match channel {
            Channel::WeChat => super::rail::app_ids(0)[0].clone(),
            Channel::Alipay => super::rail::app_ids(1)[0].clone(),
            Channel::App => "phone".to_owned(),
        };
        let person = Person::new(PersonId::new(&id).unwrap(), timestamp(START));
        let link = ChannelLink {
            channel,
            app_id,
            open_id: OpenId::new(&format!("o-{id}")).unwrap(),
            union_id: None,
            person: person.id.clone(),
            linked_at: timestamp(START),
        };
        at_once(PersonStore::insert(store, &person, &link)).unwrap();
    }
}

/// The in-memory store never waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the in-memory store waits for nothing"),
    }
}

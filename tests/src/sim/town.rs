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
use domain::notice::{
    LateFee, LateFeeCycle, LateFeeRate, LateFeeRule, Notice, PaymentItems, RawItem,
};
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
            before => {
                // Now and then another cart has one of the same notices in it.
                let common = before.filter(|_| dice.percent(3)).map(|before| before.notices[0]);
                citizen.notices.extend(common);
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
            rate: LateFeeRate::from_ratio("0.03").unwrap(),
            cycle: LateFeeCycle::Day,
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
        let place = usize::try_from(dice.below(ITEMS.len() as i64)).unwrap();
        second.code = ITEMS[place].0.to_owned();
        second.amount = Fen::new(dice.between(1, 5_000));
        second.late_fee = LateFee::None;
        notice.items.push(second);
    }
    notice
}

/// Items of the town: code at the gateway, where the money goes, who settles it, and the percent
/// of central government, province and city.
const ITEMS: [(&str, &str, &str, [u8; 3]); 5] = [
    ("00050001", "treasury", "shared", [10, 33, 57]),
    ("00050002", "treasury", "shared", [0, 20, 80]),
    ("00050009", "fiscal_account", "collecting_level", [0, 0, 100]),
    ("00050010", "treasury", "central", [100, 0, 0]),
    ("00050011", "agency_account", "shared", [50, 50, 0]),
];

/// Percent of central government, province and city of the item with this code at the gateway.
pub fn shares_of(code: &str) -> [i64; 3] {
    let item = ITEMS.iter().find(|item| item.0 == code);
    item.map_or([0; 3], |item| item.3.map(i64::from))
}

/// The catalogue of the town.
pub fn items() -> PaymentItems {
    let item = |(chit_code, destination, level, shares): &(&str, &str, &str, [u8; 3])| RawItem {
        code: format!("10{}", &chit_code[1..]),
        chit_code: Some((*chit_code).to_owned()),
        name: "罚款".to_owned(),
        name_en: "Fine".to_owned(),
        agency_type: "公安交管部门".to_owned(),
        revenue_class: "罚没收入".to_owned(),
        amount_mode: "variable".to_owned(),
        unit: "件".to_owned(),
        amount_min_fen: 1,
        amount_max_fen: 10_000_000,
        late_fee: "none".to_owned(),
        settlement_level: (*level).to_owned(),
        share_central: shares[0],
        share_province: shares[1],
        share_local: shares[2],
        destination: (*destination).to_owned(),
        receipt_class: "01".to_owned(),
        legal_basis: None,
        valid_to: None,
    };
    let items: Vec<_> = ITEMS.iter().map(item).collect();
    PaymentItems::check(&items).unwrap()
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

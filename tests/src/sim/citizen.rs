//! Citizens: what each wants to pay, when, how patient and how confused they are.

mod answered;

pub use answered::answered;

use super::chance::{Dice, key, mix};
use super::rail::place_of;
use super::world::{Core, DAY, Event, HOUR, MINUTE, SECOND};
use domain::identity::{Caller, Channel, Person};
use domain::ids::{IdempotencyKey, PaymentNo, PersonId, SessionId};
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::payment::{Rail, Refusal, WantedPayment};
use std::collections::{BTreeMap, BTreeSet};

/// How somebody pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Pays,
    /// When the order is about to run out.
    PaysLate,
    GivesUp,
    /// Cancels, often pays in the open cashier all the same, often starts again.
    Cancels,
    /// Five taps at once.
    TapsOften,
    /// Another device, another key, another rail where possible.
    TwoDevices,
    /// Sends the same request again much later.
    OldRequest,
}

/// How somebody begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Taps on what the list shows.
    Direct,
    /// Asks for a quote, and thinks about it.
    Quoted,
    /// Sends a link to somebody who pays.
    ByLink,
}

/// What a citizen does next.
#[derive(Debug, Clone)]
pub enum Step {
    Tap,
    /// With the token of a quote and its total.
    TapQuoted(String, Fen),
    TapElsewhere,
    /// Somebody opens the link with this token.
    FriendLooks(String),
    /// And pays what it shows.
    FriendPays(String, Fen),
    Cashier(PaymentNo),
    Cancel(PaymentNo),
    Ask(PaymentNo),
    Again(Box<What>),
}

/// What is asked of our service.
#[derive(Debug, Clone)]
pub enum What {
    Start(WantedPayment),
    Quote(Vec<NoticeNo>),
    Link(Vec<NoticeNo>),
    Look(String),
    PayByLink(String, Fen),
    Cancel(PaymentNo),
    Ask(PaymentNo),
}

/// A request of a citizen, for a node.
pub struct Call {
    pub citizen: usize,
    pub number: u32,
    pub caller: Caller,
    pub what: What,
    pub stream: u64,
}

/// What our service answered, as far as a citizen cares.
#[derive(Debug, Clone)]
pub enum Answer {
    Started {
        no: PaymentNo,
        cashier: bool,
    },
    Refused(Refusal, Option<(PaymentNo, bool)>),
    Quoted(String, Fen),
    Linked(String),
    /// What an open link costs.
    Shows(Fen),
    /// Nothing that says how it went.
    Later,
    /// Cancelled, or asked; whatever came of it. Nothing follows.
    Done,
}

/// Somebody who wants to pay something.
#[derive(Debug, Clone)]
pub struct Citizen {
    pub person: String,
    pub channel: Channel,
    pub rail: Rail,
    /// Places in the gateway's list.
    pub notices: Vec<usize>,
    pub at: i64,
    pub manner: Manner,
    pub way: Way,
    stream: u64,
    dice: Dice,
    /// What was asked, and when.
    waiting: BTreeMap<u32, (What, i64)>,
    calls: u32,
    taps: u32,
    retries: u32,
    opened: BTreeSet<PaymentNo>,
    last_start: Option<WantedPayment>,
}

/// The channel of a person: everybody has one, so that one link is enough.
pub fn channel_of(person: u64) -> Channel {
    Channel::ALL[usize::try_from(person % 3).unwrap()]
}

impl Citizen {
    pub fn new(seed: u64, number: usize, days: i64, persons: i64, start: i64) -> Self {
        let stream = mix(key("citizen"), number as u64);
        let mut dice = Dice::of(seed, stream);
        let person = dice.below(persons).cast_unsigned();
        let channel = channel_of(person);
        let rail = match channel {
            Channel::WeChat => Rail::WeChatPay,
            Channel::Alipay => Rail::Alipay,
            Channel::App => Rail::ALL[usize::try_from(dice.below(3)).unwrap()],
        };
        let manner = match dice.below(100) {
            0..=67 => Manner::Pays,
            68..=73 => Manner::PaysLate,
            74..=79 => Manner::GivesUp,
            80..=87 => Manner::Cancels,
            88..=91 => Manner::TapsOften,
            92..=95 => Manner::TwoDevices,
            _ => Manner::OldRequest,
        };
        let way = match dice.below(100) {
            0..=54 => Way::Direct,
            55..=91 => Way::Quoted,
            _ => Way::ByLink,
        };
        let at = match dice.below(100) {
            // Around midnight, when the fee and the accounting day change.
            0..=4 => start + dice.below(days) * DAY + DAY - dice.below(20 * MINUTE),
            _ => start + dice.below(days * DAY),
        };
        Self {
            person: format!("P{person}"),
            channel,
            rail,
            notices: Vec::new(),
            at: at.min(start + days * DAY - 30 * MINUTE),
            manner,
            way,
            stream,
            dice,
            waiting: BTreeMap::new(),
            calls: 0,
            taps: 0,
            retries: 0,
            opened: BTreeSet::new(),
            last_start: None,
        }
    }

    fn caller(&self, now: i64) -> Caller {
        Caller {
            person: Person::new(PersonId::new(&self.person).unwrap(), super::world::timestamp(now)),
            channel: self.channel,
            session: SessionId::new("session1").unwrap(),
        }
    }

    /// A line for a trace.
    pub fn words(&self) -> String {
        let at = domain::clock::beijing_time(super::world::timestamp(self.at));
        let (person, manner, way) = (&self.person, self.manner, self.way);
        let rail = self.rail.code();
        format!("{at} {person} {manner:?} {way:?} by {rail}, notices {:?}", self.notices)
    }
}

/// What the citizen asks of us in this step, if anything.
pub fn step(core: &mut Core, number: usize, step: Step) -> Vec<Call> {
    if core.now >= core.quiet_from {
        return Vec::new();
    }
    match step {
        Step::Tap => match core.citizens[number].way {
            Way::Direct => {
                let wanted = wanted(core, number);
                starts(core, number, wanted)
            }
            Way::Quoted => {
                let nos = notice_nos(core, number);
                vec![call(core, number, What::Quote(nos))]
            }
            Way::ByLink => {
                core.citizens[number].way = Way::Direct; // The next time.
                let nos = notice_nos(core, number);
                vec![call(core, number, What::Link(nos))]
            }
        },
        Step::TapQuoted(token, total) => {
            let quote = Some(token);
            let wanted = WantedPayment { quote, expected_total: total, ..wanted(core, number) };
            starts(core, number, wanted)
        }
        Step::FriendLooks(token) => vec![call(core, number, What::Look(token))],
        Step::FriendPays(token, total) => {
            core.citizens[number].taps += 1;
            vec![call(core, number, What::PayByLink(token, total))]
        }
        Step::TapElsewhere => {
            let mut wanted = wanted(core, number);
            let citizen = &core.citizens[number];
            if citizen.channel == Channel::App {
                let next = (place_of(citizen.rail) + 1) % 3;
                wanted.rail = Rail::ALL[next];
            }
            vec![call(core, number, What::Start(wanted))]
        }
        Step::Cashier(no) => {
            at_the_cashier(core, number, &no);
            Vec::new()
        }
        Step::Cancel(no) => vec![call(core, number, What::Cancel(no))],
        Step::Ask(no) => vec![call(core, number, What::Ask(no))],
        Step::Again(what) => vec![call(core, number, *what)],
    }
}

fn starts(core: &mut Core, number: usize, wanted: WantedPayment) -> Vec<Call> {
    let citizen = &mut core.citizens[number];
    citizen.last_start = Some(wanted.clone());
    let often = if citizen.manner == Manner::TapsOften { 5 } else { 1 };
    if citizen.manner == Manner::TwoDevices && citizen.taps == 1 {
        let soon = citizen.dice.between(0, 3_000);
        core.after(soon, Event::Citizen(number, Step::TapElsewhere));
    }
    (0..often).map(|_| call(core, number, What::Start(wanted.clone()))).collect()
}

fn notice_nos(core: &Core, number: usize) -> Vec<NoticeNo> {
    let notices = core.citizens[number].notices.iter();
    notices.map(|at| core.gateway.notices[*at].no.clone()).collect()
}

fn wanted(core: &mut Core, number: usize) -> WantedPayment {
    let citizen = &mut core.citizens[number];
    citizen.taps += 1;
    let name = format!("key-{number:06}-{}", citizen.taps);
    // Some look at the amount long before they tap.
    let age = if citizen.dice.percent(5) { citizen.dice.below(HOUR) } else { 0 };
    let citizen = &core.citizens[number];
    WantedPayment {
        notice_nos: notice_nos(core, number),
        rail: citizen.rail,
        expected_total: core.gateway.total(&citizen.notices, core.now - age),
        quote: None,
        key: IdempotencyKey::new(&name).unwrap(),
    }
}

fn call(core: &mut Core, number: usize, what: What) -> Call {
    let now = core.now;
    let citizen = &mut core.citizens[number];
    citizen.calls += 1;
    let calls = citizen.calls;
    citizen.waiting.insert(calls, (what.clone(), now));
    let caller = citizen.caller(now);
    let stream = mix(citizen.stream, 1_000 + u64::from(calls));
    core.after(25 * SECOND, Event::Impatient(number, calls));
    Call { citizen: number, number: calls, caller, what, stream }
}

/// The rail by which a payment of this citizen goes.
fn rail_of(core: &Core, no: &PaymentNo) -> Option<usize> {
    let known = |rail: &usize| {
        let truth = &core.rails[*rail];
        truth.orders.contains_key(no.as_str()) || truth.signed.contains_key(no.as_str())
    };
    (0..3).find(known)
}

fn at_the_cashier(core: &mut Core, number: usize, no: &PaymentNo) {
    let paid = rail_of(core, no).is_some_and(|rail| super::rail::pays(core, rail, no.as_str()));
    core.note(if paid { "pays" } else { "cannot pay" }, no.as_str(), number as i64);
    let citizen = &mut core.citizens[number];
    if paid && citizen.dice.percent(50) {
        let soon = citizen.dice.between(300, 5_000);
        core.after(soon, Event::Citizen(number, Step::Ask(no.clone())));
    } else if !paid && citizen.taps < 3 {
        let later = citizen.dice.between(10 * SECOND, 5 * MINUTE);
        core.after(later, Event::Citizen(number, Step::Tap));
    }
}

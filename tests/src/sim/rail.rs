//! Three rails as they are: what they know of orders, money and refunds, whoever asks.

use super::chance::{Dice, key, mix};
use super::fault::Kind;
use super::world::{Core, Event, HOUR, MINUTE, SECOND, timestamp};
use domain::clock::beijing_day;
use domain::identity::Channel;
use domain::money::PayableFen;
use domain::payment::{CashierKind, MerchantIdentity, Money, Rail, RailOrder, RailReport, RailTxn};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// How an order stands at its rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Open,
    Closed,
    Paid(Money),
}

/// One order at a rail.
#[derive(Debug, Clone)]
pub struct Order {
    pub order: RailOrder,
    pub standing: Standing,
    /// No money is taken from here on.
    pub ends_at: i64,
    /// The rail has said that it takes nothing.
    pub said_closed: bool,
    /// The rail was told that its callback arrived.
    pub told: bool,
    /// Refund number, amount, and when it is carried out.
    pub refunds: BTreeMap<String, (i64, i64)>,
}

impl Order {
    pub fn app_id(&self, rail: usize) -> String {
        app_ids(rail)[usize::from(!self.order.cashier.needs_payer())].clone()
    }

    pub fn asked_back(&self) -> i64 {
        self.refunds.values().map(|(fen, _)| fen).sum()
    }
}

/// A rail's own books.
#[derive(Debug)]
pub struct RailTruth {
    pub rail: Rail,
    pub merchant: MerchantIdentity,
    pub orders: BTreeMap<String, Order>,
    /// Orders that were signed for the citizen's own device, which brings them here.
    pub signed: BTreeMap<String, RailOrder>,
    /// Orders that were refused at the door.
    pub refused: BTreeSet<String>,
    /// Orders with money, by the day of it.
    pub taken: BTreeMap<Date, Vec<String>>,
    /// Refunds that are carried out: day, refund, order and amount.
    pub given_back: Vec<(Date, String, String, i64)>,
    /// Faults of a day's file that stay, whenever it is fetched: see `statement`.
    pub misprints: BTreeMap<Date, super::statement::Misprints>,
}

pub fn place_of(rail: Rail) -> usize {
    match rail {
        Rail::WeChatPay => 0,
        Rail::Alipay => 1,
        Rail::UnionPay => 2,
    }
}

/// The mini-program's and the native app's.
pub fn app_ids(rail: usize) -> [String; 2] {
    [format!("mini{rail}"), format!("app{rail}")]
}

pub fn cashier_of(rail: Rail, channel: Channel) -> Option<CashierKind> {
    match (rail, channel) {
        (Rail::WeChatPay, Channel::WeChat) => Some(CashierKind::WeChatMini),
        (Rail::WeChatPay, Channel::App) => Some(CashierKind::WeChatApp),
        (Rail::Alipay, Channel::Alipay) => Some(CashierKind::AlipayMini),
        (Rail::Alipay, Channel::App) => Some(CashierKind::AlipayApp),
        (Rail::UnionPay, Channel::App) => Some(CashierKind::UnionPayApp),
        (Rail::WeChatPay | Rail::UnionPay, Channel::Alipay)
        | (Rail::Alipay | Rail::UnionPay, Channel::WeChat) => None,
    }
}

impl RailTruth {
    pub fn three() -> Vec<Self> {
        let new = |rail| Self {
            rail,
            merchant: MerchantIdentity {
                merchant_no: format!("merchant{}", place_of(rail)),
                app_ids: app_ids(place_of(rail)).to_vec(),
            },
            orders: BTreeMap::new(),
            signed: BTreeMap::new(),
            refused: BTreeSet::new(),
            taken: BTreeMap::new(),
            given_back: Vec::new(),
            misprints: BTreeMap::new(),
        };
        Rail::ALL.into_iter().map(new).collect()
    }

    pub fn sign_order(&mut self, order: &RailOrder) {
        self.signed.insert(order.no.to_string(), order.clone());
    }

    pub fn report(&self, no: &str) -> Option<RailReport> {
        let order = self.orders.get(no)?;
        let Standing::Paid(money) = &order.standing else { return None };
        Some(RailReport {
            rail: self.rail,
            order_no: no.to_owned(),
            app_id: order.app_id(place_of(self.rail)),
            merchant_no: self.merchant.merchant_no.clone(),
            currency: "CNY".to_owned(),
            money: money.clone(),
        })
    }
}

/// Places an order; `false` when the number is taken by one that cannot be opened again.
pub fn place(core: &mut Core, rail: usize, order: &RailOrder) -> bool {
    core.note("order", order.no.as_str(), order.amount.fen().value());
    super::check::order_placed(core, order);
    let ends_at = order.expires_at.as_millisecond().max(core.now + MINUTE);
    let orders = &mut core.rails[rail].orders;
    if let Some(known) = orders.get(order.no.as_str()) {
        return known.standing == Standing::Open && known.order == *order;
    }
    let new = Order {
        order: order.clone(),
        standing: Standing::Open,
        ends_at,
        said_closed: false,
        told: false,
        refunds: BTreeMap::new(),
    };
    orders.insert(order.no.to_string(), new);
    super::callback::attackers(core, rail, order);
    let (no, chance) = (order.no.to_string(), mix(key(order.no.as_str()), 13));
    if core.fault(Kind::EarlySuccess, chance) {
        let soon = Dice::of(core.seed, chance).between(0, 20);
        core.after(soon, Event::EarlySuccess { rail, no });
    }
    true
}

/// Closes an open order; `None`: there is none; `false`: it is paid.
pub fn close(core: &mut Core, rail: usize, no: &str) -> Option<bool> {
    let order = core.rails[rail].orders.get_mut(no)?;
    match order.standing {
        Standing::Open => {
            order.standing = Standing::Closed;
            order.said_closed = true;
            core.note("closed", no, 0);
            may_succeed_late(core, rail, no);
            Some(true)
        }
        Standing::Closed => Some(true),
        Standing::Paid(_) => Some(false),
    }
}

/// The rail says closed, and was wrong: the money was on its way.
fn may_succeed_late(core: &mut Core, rail: usize, no: &str) {
    let chance = mix(key(no), 11);
    if core.fault(Kind::LateSuccess, chance) {
        let mut dice = Dice::of(core.seed, chance);
        let longest = [MINUTE, HOUR, 6 * HOUR][usize::try_from(dice.below(3)).unwrap()];
        let after = dice.between(SECOND, longest);
        core.after(after, Event::LateSuccess { rail, no: no.to_owned() });
    }
}

/// An order that ran out is closed at the rails that say so by themselves.
pub fn run_out(core: &mut Core, rail: usize, no: &str) {
    let now = core.now;
    let Some(order) = core.rails[rail].orders.get_mut(no) else { return };
    let by_itself = rail != place_of(Rail::WeChatPay);
    if by_itself && order.standing == Standing::Open && order.ends_at <= now {
        order.standing = Standing::Closed;
        order.said_closed = true;
        core.note("ran out", no, 0);
        may_succeed_late(core, rail, no);
    }
}

/// The citizen opens the cashier and confirms; `false` when the rail takes nothing.
pub fn pays(core: &mut Core, rail: usize, no: &str) -> bool {
    let now = core.now;
    let signed = core.rails[rail].signed.get(no).cloned();
    if let Some(order) = signed.filter(|order| order.expires_at.as_millisecond() > now) {
        place(core, rail, &order);
    }
    let Some(order) = core.rails[rail].orders.get(no) else { return false };
    if order.standing != Standing::Open || order.ends_at <= now {
        return false;
    }
    take(core, rail, no);
    true
}

/// Money for an order that was called closed.
pub fn succeeds_late(core: &mut Core, rail: usize, no: &str) {
    let closed = |order: &Order| order.standing == Standing::Closed;
    if core.rails[rail].orders.get(no).is_some_and(closed) {
        core.note("late success", no, 0);
        take(core, rail, no);
    }
}

fn take(core: &mut Core, rail: usize, no: &str) {
    let chance = mix(key(no), 12);
    let other = core.fault(Kind::OtherAmount, chance);
    let (now, seed) = (core.now, core.seed);
    let Some(order) = core.rails[rail].orders.get_mut(no) else { return };
    let asked = order.order.amount.fen().value();
    let fen = if other { asked + Dice::of(seed, chance).between(1, 500) } else { asked };
    let money = Money {
        txn: RailTxn::new(&format!("T{rail}{}", &no[2..])).unwrap(),
        amount: PayableFen::new(fen).unwrap(),
        at: timestamp(now),
    };
    let day = beijing_day(money.at);
    order.standing = Standing::Paid(money);
    core.rails[rail].taken.entry(day).or_default().push(no.to_owned());
    core.note("taken", no, fen);
    super::callback::first_try(core, rail, no);
}

/// The rail's own number of a refund.
pub fn refund_txn(refund: &str) -> String {
    format!("R{refund}")
}

/// Gives back; the number makes it one refund however often it is asked. `None`: no such money.
pub fn gives_back(core: &mut Core, rail: usize, no: &str, refund: &str, fen: i64) -> Option<bool> {
    // Alipay is done when it answers; the others carry refunds out later.
    let takes = [20 * SECOND, 0, 30 * MINUTE][rail];
    let now = core.now;
    let order = core.rails[rail].orders.get_mut(no)?;
    let Standing::Paid(money) = &order.standing else { return None };
    let taken = money.amount.fen().value();
    if !order.refunds.contains_key(refund) {
        let done_at = now + takes;
        let asked = order.asked_back() + fen;
        if asked > taken {
            super::check::asked_back_too_much(core, no, asked, taken);
            return Some(false);
        }
        order.refunds.insert(refund.to_owned(), (fen, done_at));
        let day = beijing_day(timestamp(done_at));
        let given = (day, refund.to_owned(), no.to_owned(), fen);
        core.rails[rail].given_back.push(given);
        core.note("given back", no, fen);
    }
    Some(true)
}

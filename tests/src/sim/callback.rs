//! How rails call back: on their schedule, signed; and what attackers send in their name.

use super::chance::{Dice, key, mix};
use super::fault::Kind;
use super::world::{CallbackContent, Core, Event, MINUTE, SECOND, timestamp};
use async_trait::async_trait;
use domain::money::PayableFen;
use domain::payment::{
    CallbackRefused, Money, Rail, RailCallback, RailCallbacks, RailNews, RailOrder, RailReport,
    RailTxn, StoredCallback,
};
use jiff::Timestamp;

/// After how many seconds a rail tries again, as each prints it: WeChat Pay fifteen times within
/// a day, Alipay seven times in 25 hours, UnionPay five times in four.
const AGAIN: [&[i64]; 3] = [
    &[15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600],
    &[240, 600, 600, 3600, 7200, 21600, 54000],
    &[300, 600, 1800, 3600, 7200],
];
/// Older signatures are refused.
const WINDOW: i64 = 5 * MINUTE;

pub fn first_try(core: &mut Core, rail: usize, no: &str) {
    let chance = mix(key(no), 21);
    if core.fault(Kind::LoseAllCallbacks, chance) {
        return;
    }
    let soon = Dice::of(core.seed, chance).between(20, 3_000);
    core.after(soon, Event::CallbackTry { rail, no: no.to_owned(), tries: 0 });
    if core.fault(Kind::ForeignCallback, chance) {
        foreign(core, rail, no, chance);
    }
}

/// The rail's turn to call back.
pub fn tries(core: &mut Core, rail: usize, no: String, tries: u32) {
    let Some(report) = core.rails[rail].report(&no) else { return };
    if core.rails[rail].orders.get(&no).is_none_or(|order| order.told) {
        return;
    }
    let chance = mix(key(&no), 100 + u64::from(tries));
    let mut dice = Dice::of(core.seed, chance);
    let mut content = signed(core, &format!("E{no}"), &report);
    if core.fault(Kind::StaleCallback, chance) {
        content.signed_at -= 2 * WINDOW;
    }
    let mut on_the_way = dice.between(5, 200);
    if core.fault(Kind::LateCallback, chance) {
        on_the_way += dice.between(SECOND, 4 * MINUTE);
    }
    if core.fault(Kind::DoubleCallback, chance) {
        let (no, content) = (no.clone(), content.clone());
        let later = on_the_way + dice.between(0, 1_000);
        core.after(later, Event::Deliver { rail, no, content });
    }
    if !core.fault(Kind::LoseCallback, chance) {
        let no = no.clone();
        core.after(on_the_way, Event::Deliver { rail, no, content });
    }
    if let Some(pause) = AGAIN[rail].get(usize::try_from(tries).unwrap()) {
        core.after(*pause * SECOND, Event::CallbackTry { rail, no, tries: tries + 1 });
    }
}

/// Genuinely signed, and not about a payment of ours in some way.
fn foreign(core: &mut Core, rail: usize, no: &str, chance: u64) {
    let Some(mut report) = core.rails[rail].report(no) else { return };
    let mut dice = Dice::of(core.seed, mix(chance, 5));
    match dice.below(4) {
        0 => report.app_id = "mini9".to_owned(),
        1 => report.merchant_no = "merchant9".to_owned(),
        2 => report.currency = "USD".to_owned(),
        _ => report.order_no = format!("XX{}", &no[2..]),
    }
    let mut content = signed(core, &format!("X{no}"), &report);
    content.counts = false;
    core.after(dice.between(5, 900), Event::Deliver { rail, no: no.to_owned(), content });
}

/// Somebody invents a payment of this order, and a rail errs about its amount.
pub fn attackers(core: &mut Core, rail: usize, order: &RailOrder) {
    let no = order.no.to_string();
    let chance = mix(key(&no), 22);
    let mut dice = Dice::of(core.seed, chance);
    let amount = order.amount.fen().value();
    for (kind, fen) in [(Kind::ForgedCallback, amount), (Kind::WrongAmountCallback, amount + 100)] {
        if core.fault(kind, chance) {
            let report = invented(core, rail, order, fen);
            let mut content = signed(core, &format!("F{fen}{no}"), &report);
            content.genuine = kind == Kind::WrongAmountCallback;
            content.counts = false;
            let at = dice.between(50, 60_000);
            content.signed_at = core.now + at;
            core.after(at, Event::Deliver { rail, no: no.clone(), content });
        }
    }
}

fn invented(core: &Core, rail: usize, order: &RailOrder, fen: i64) -> RailReport {
    let truth = &core.rails[rail];
    let app = usize::from(!order.cashier.needs_payer());
    RailReport {
        rail: truth.rail,
        order_no: order.no.to_string(),
        app_id: super::rail::app_ids(rail)[app].clone(),
        merchant_no: truth.merchant.merchant_no.clone(),
        currency: "CNY".to_owned(),
        money: Money {
            txn: RailTxn::new(&format!("INVENTED{}", &order.no.as_str()[2..])).unwrap(),
            amount: PayableFen::new(fen).unwrap(),
            at: timestamp(core.now),
        },
    }
}

fn signed(core: &Core, event_id: &str, report: &RailReport) -> CallbackContent {
    let money = &report.money;
    let body = [
        event_id,
        &report.order_no,
        &report.app_id,
        &report.merchant_no,
        &report.currency,
        money.txn.as_str(),
        &money.amount.fen().value().to_string(),
        &money.at.as_millisecond().to_string(),
    ]
    .join("|");
    CallbackContent {
        event_id: event_id.to_owned(),
        body,
        genuine: true,
        signed_at: core.now,
        counts: true,
    }
}

/// As it comes in at our door.
pub fn wire(rail: usize, content: &CallbackContent) -> RailCallback {
    let secret = if content.genuine { secret(rail) } else { 666 };
    let signature = sign(secret, content.signed_at, content.body.as_bytes());
    RailCallback {
        headers: vec![
            ("timestamp".to_owned(), content.signed_at.to_string()),
            ("signature".to_owned(), signature),
        ],
        body: content.body.clone().into_bytes(),
    }
}

fn secret(rail: usize) -> u64 {
    mix(0x5ec2e7, rail as u64)
}

fn sign(secret: u64, at: i64, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    format!("{:016x}", mix(secret, mix(key(&text), at.cast_unsigned())))
}

/// Reads callbacks of one simulated rail.
pub struct Reader {
    pub rail: Rail,
    /// A planted bug.
    pub believes_all: bool,
}

#[async_trait]
impl RailCallbacks for Reader {
    fn rail(&self) -> Rail {
        self.rail
    }

    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<Option<StoredCallback>, CallbackRefused> {
        let header = |name: &'static str| {
            let found = callback.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).ok_or(CallbackRefused::Malformed(name))
        };
        let at: i64 = header("timestamp")?.parse().or(Err(CallbackRefused::Malformed("time")))?;
        if (now.as_millisecond() - at).abs() > WINDOW {
            return Err(CallbackRefused::Stale);
        }
        let secret = secret(super::rail::place_of(self.rail));
        if !self.believes_all && header("signature")? != sign(secret, at, &callback.body) {
            return Err(CallbackRefused::BadSignature);
        }
        let text = String::from_utf8_lossy(&callback.body);
        let fields: Vec<_> = text.split('|').collect();
        let [event_id, order_no, app_id, merchant_no, currency, txn, fen, at] = fields[..] else {
            return Err(CallbackRefused::Malformed("body"));
        };
        let malformed = CallbackRefused::Malformed("money");
        let (Ok(txn), Ok(fen), Ok(at)) = (RailTxn::new(txn), fen.parse(), at.parse()) else {
            return Err(malformed);
        };
        let amount = PayableFen::new(fen).or(Err(malformed))?;
        let news = RailNews::Paid(RailReport {
            rail: self.rail,
            order_no: order_no.to_owned(),
            app_id: app_id.to_owned(),
            merchant_no: merchant_no.to_owned(),
            currency: currency.to_owned(),
            money: Money { txn, amount, at: timestamp(at) },
        });
        Ok(Some(StoredCallback { event_id: event_id.to_owned(), received_at: now, news }))
    }
}

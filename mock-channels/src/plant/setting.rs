//! Who is there on the day: rules, merchants and agencies, by the seed.

use super::book::{Agency, AgencyRole, Merchant, Rail, Refusal, Role};
use super::rng::Rng;
use super::scene::{Rules, Scene};
use crate::clock::{DAY_MS, Day, HOUR_MS, MINUTE_MS, SECOND_MS};

/// Days on which something is odd: the year turns, February is long, a month ends.
const ODD_DAYS: [&str; 5] = ["2026-12-31", "2027-01-01", "2028-02-29", "2026-02-28", "2026-09-30"];
const ITEMS: [&str; 4] = ["103042801", "106010100", "102010200", "101130100"];
/// Refusals in turn; two of each folder.
const REFUSALS: [(Rail, Refusal); 12] = [
    (Rail::WechatPay, Refusal::CutOff),
    (Rail::Alipay, Refusal::NoZip),
    (Rail::Unionpay, Refusal::OtherDay),
    (Rail::WechatPay, Refusal::Hash),
    (Rail::Alipay, Refusal::HalfZip),
    (Rail::WechatPay, Refusal::Junk),
    (Rail::Alipay, Refusal::OtherDay),
    (Rail::Unionpay, Refusal::OtherMerchant),
    (Rail::WechatPay, Refusal::OtherDay),
    (Rail::Alipay, Refusal::Hash),
    (Rail::WechatPay, Refusal::OtherMerchant),
    (Rail::Alipay, Refusal::CutOff),
];

/// A scene without payments. With `faulty`, somebody's file is missing or bad.
pub(super) fn scene(seed: u64, faulty: bool) -> Scene {
    let mut rng = Rng::new(seed);
    let day = day(seed);
    let rules = rules(day, &mut rng);
    let mut merchants = judged(&mut rng);
    let mut agencies = vec![
        agency("330101", 0, AgencyRole::Judged),
        agency("330102", 1, AgencyRole::Judged),
        agency("330103", 2, AgencyRole::Judged),
    ];
    if faulty {
        add_faulty(seed, &mut rng, &mut merchants, &mut agencies);
    }
    Scene {
        rng,
        seed,
        day,
        rules,
        merchants,
        agencies,
        rows: Vec::new(),
        lines: Vec::new(),
        confirmations: Vec::new(),
        open_payouts: Vec::new(),
        credits: Vec::new(),
        truth: Vec::new(),
        clean: Vec::new(),
        made: 0,
    }
}

fn day(seed: u64) -> Day {
    let place = usize::try_from(seed % 20).unwrap_or(0);
    let odd = ODD_DAYS.get(place).and_then(|text| Day::from_text(text));
    // 2026-01-01 and seven hundred days from there.
    odd.unwrap_or_else(|| Day(20_454 + i64::try_from(seed * 37 % 700).unwrap_or(0)))
}

/// One of three is judged in the night, before the rails' payouts are due.
fn rules(day: Day, rng: &mut Rng) -> Rules {
    let next_ms = day.plus(1).start_ms();
    let (judged_ms, payout_due_days) = match rng.below(6) {
        0 => (next_ms + 30 * MINUTE_MS, 1),
        1 => (next_ms + 10 * HOUR_MS - SECOND_MS, 1),
        2 => (next_ms + 10 * HOUR_MS, 1),
        3 => (next_ms + 12 * HOUR_MS, 2),
        4 => (next_ms + DAY_MS + 11 * HOUR_MS, 2),
        _ => (next_ms + 12 * HOUR_MS, 1),
    };
    let longest = (judged_ms - day.start_ms() - 8 * HOUR_MS) / MINUTE_MS;
    let dues: Vec<i64> =
        [30, 60, 120, 600, 1_440].into_iter().filter(|due| *due <= longest).collect();
    Rules {
        judged_ms,
        cut_minutes: rng.pick(&[5, 10, 15, 30]),
        write_off_due_minutes: rng.pick(&dues),
        payout_due_days,
        fee_tolerance_fen: rng.pick(&[0, 1, 2]),
    }
}

fn judged(rng: &mut Rng) -> Vec<Merchant> {
    let mut all = vec![
        merchant(rng, Rail::WechatPay, 6_000, Role::Judged),
        merchant(rng, Rail::WechatPay, 3_800, Role::Judged),
        merchant(rng, Rail::Alipay, 6_000, Role::Judged),
        merchant(rng, Rail::Alipay, 5_500, Role::Judged),
        merchant(rng, Rail::Unionpay, 6_000, Role::Judged),
        merchant(rng, Rail::Unionpay, 2_500, Role::Judged),
    ];
    // Half of them take anything, the others one or two items.
    for (index, one) in all.iter_mut().enumerate() {
        if index % 2 == 0 {
            one.item_codes = ITEMS.iter().map(|&item| item.to_owned()).collect();
        }
    }
    all
}

fn merchant(rng: &mut Rng, rail: Rail, fee_ppm: i64, role: Role) -> Merchant {
    let (no, app_ids) = match rail {
        Rail::WechatPay => {
            let apps = [rng.digits(10), rng.digits(10)];
            (format!("19{}", rng.digits(8)), apps.map(|tail| format!("wx87a1b2{tail}")).to_vec())
        }
        Rail::Alipay => {
            (format!("2088{}", rng.digits(12)), vec![format!("202100{}", rng.digits(10))])
        }
        Rail::Unionpay => (format!("77729{}", rng.digits(10)), Vec::new()),
    };
    let account = format!("6222{}", rng.digits(15));
    Merchant { rail, no, app_ids, fee_ppm, account, item_codes: Vec::new(), role }
}

fn agency(code: &str, item: usize, role: AgencyRole) -> Agency {
    Agency { code: code.to_owned(), item_code: ITEMS[item % ITEMS.len()].to_owned(), role }
}

/// A file of its own for each of F01, F02, F03 and F04, whose owner waits.
fn add_faulty(seed: u64, rng: &mut Rng, merchants: &mut Vec<Merchant>, agencies: &mut Vec<Agency>) {
    let turn = usize::try_from(seed).unwrap_or(0);
    for (rail, refusal) in
        [REFUSALS[turn * 2 % REFUSALS.len()], REFUSALS[(turn * 2 + 1) % REFUSALS.len()]]
    {
        merchants.push(merchant(rng, rail, 6_000, Role::Refused(refusal)));
    }
    let rails = [Rail::WechatPay, Rail::Alipay, Rail::Unionpay];
    merchants.push(merchant(rng, rails[turn % 3], 6_000, Role::Missing));
    // UnionPay's files have no totals.
    merchants.push(merchant(rng, rails[turn % 2], 6_000, Role::Totals));
    merchants.push(merchant(rng, rails[turn / 2 % 2], 6_000, Role::Seen));
    let role = match turn % 4 {
        0 => AgencyRole::Missing,
        1 => AgencyRole::CutOff,
        2 => AgencyRole::Totals,
        _ => return,
    };
    agencies.push(agency("330109", 3, role));
}

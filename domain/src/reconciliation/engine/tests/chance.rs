//! Whole days by chance: identities hold, no order matters, a stranger's line takes nothing away, sifting changes nothing.

use super::*;

/// A small generator: the same days in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            of.swap(last, usize::try_from(self.below(last as u64 + 1)).unwrap());
        }
    }
}

fn name(of: String) -> &'static str {
    Box::leak(of.into_boxed_str())
}

fn random_day(seed: u64) -> Day {
    let mut chance = Chance(seed);
    let mut day = Day::new();
    day.rules.merchants[0].fee_ppm = 6_000;
    let (mut credits, mut said) = (Vec::new(), Vec::new());
    for n in 0..chance.below(40) {
        let fen = i64::try_from(100 + chance.below(5) * 100).unwrap();
        let minute = i8::try_from(chance.below(60)).unwrap();
        let hour = i8::try_from(chance.below(24)).unwrap();
        let (no, txn) =
            (name(format!("O{}", chance.below(30))), name(format!("T{}", chance.below(60))));
        let notice = name(format!("N{}", chance.below(20)));
        let states = [
            LedgerState::Paid,
            LedgerState::Paid,
            LedgerState::Paid,
            LedgerState::Closed,
            LedgerState::Unknown,
        ];
        let state = states[usize::try_from(chance.below(5)).unwrap()];
        let days = [DAY, DAY, DAY, date(2026, 9, 29), date(2026, 10, 1)];
        let accounting_day = days[usize::try_from(chance.below(5)).unwrap()];
        let settled_on = chance.one_in(8).then_some(date(2026, 9, 29));
        let record = LedgerRecord {
            state,
            accounting_day,
            settled_on,
            at: at(hour, minute),
            notice_no: notice,
            ..pay(no, if chance.one_in(5) { "" } else { txn }, fen)
        };
        if !day.ledger.iter().any(|other| other.order_no == no && other.kind == LedgerKind::Pay)
            && !chance.one_in(6)
        {
            day.ledger.push(record);
        }
        for _ in 0..1 + chance.below(2) {
            let fee = agreed_fee(Fen::new(fen), 6_000);
            let beyond = if chance.one_in(6) { 100 } else { 0 };
            let mut said = RailLine {
                at: at(hour, minute),
                fee: if chance.one_in(9) { Fen::new(99) } else { fee },
                ..line(no, txn, fen + beyond)
            };
            if chance.one_in(10) {
                said.merchant_no = "1900000002";
            }
            if !chance.one_in(5) {
                day.lines.push(said);
            }
        }
        if chance.one_in(3) {
            let (back, at_rail) = (name(format!("R{n}")), name(format!("RT{}", chance.below(50))));
            let mut record = refund(back, no, at_rail, fen / 2);
            record.accounting_day = accounting_day;
            if chance.one_in(6) {
                record.state = LedgerState::Failed;
            }
            day.ledger.push(record);
            let kind =
                if chance.one_in(5) { RailLineKind::ReturnedRefund } else { RailLineKind::Refund };
            for _ in 0..chance.below(3) {
                let txn = name(format!("RT{}", chance.below(50)));
                day.lines.push(RailLine { kind, ..refund_line(back, no, txn, fen / 2) });
            }
        }
        if chance.one_in(2) {
            said.push(write_off(name(format!("W{}", chance.below(30))), notice, fen));
        }
    }
    for n in 0..chance.below(4) {
        let mut one =
            credit(name(format!("C{n}")), i64::try_from(chance.below(4) * 1_000).unwrap());
        if chance.one_in(3) {
            one.merchant_no = "";
            one.payout_day = None;
        }
        credits.push(one);
    }
    day.credits = Some(credits);
    day.confirmations = Some(said);
    day
}

#[test]
fn identities_hold_and_no_order_matters() {
    for seed in 0..400 {
        let day = random_day(seed);
        day.found();
        let (_, digest) = day.judged();
        let mut chance = Chance(seed ^ 0xffff);
        let mut other = day.clone();
        chance.shuffle(&mut other.ledger);
        chance.shuffle(&mut other.lines);
        chance.shuffle(other.credits.as_mut().unwrap());
        chance.shuffle(other.confirmations.as_mut().unwrap());
        assert!(other.judged().1 == digest, "seed {seed}");
    }
}

/// I8.
#[test]
fn a_strangers_line_takes_no_verdict_away() {
    for seed in 0..150 {
        let mut day = random_day(seed);
        // Its payout would change with its lines, so the bank is left out.
        day.credits = None;
        let mut before = day.found();
        day.lines.push(line("STRANGER", "TSTRANGER", 100));
        let mut after = day.found();
        let place = after.iter().position(|found| *found == (Code::L01, 100)).unwrap();
        after.remove(place);
        let fee = after.iter().position(|found| *found == (Code::C01, -1)).unwrap();
        after.remove(fee);
        before.sort();
        after.sort();
        assert_eq!(after, before, "seed {seed}");
    }
}

#[test]
fn what_was_put_aside_changes_nothing() {
    for seed in 0..150 {
        let mut whole = random_day(seed);
        let clean = ["X1", "X2", "X3"].map(|no| {
            let fee = agreed_fee(Fen::new(777), 6_000);
            (pay(no, no, 777), RailLine { fee, ..line(no, no, 777) }, fee)
        });
        let mut rest = whole.clone();
        let mut aside = Sifted::default();
        for (record, line, fee) in clean {
            whole.ledger.push(record);
            whole.lines.push(line);
            aside.orders += 1;
            aside.paid = aside.paid.plus(Fen::new(777)).unwrap();
            aside.fees = aside.fees.plus(fee).unwrap();
        }
        rest.sifted = vec![(Rail::WeChatPay, M.to_owned(), aside)];
        assert!(rest.judged().1 == whole.judged().1, "seed {seed}");
    }
}

//! A random day: two citizens, three notices, taps, payments, lost and doubled callbacks, late
//! money, withdrawals, and port calls that fail; the same seed is the same day.

use crate::flow::Flow;
use domain::fakes::{FaultPlan, samples, scramble};
use domain::ids::{IdempotencyKey, PaymentNo};
use domain::money::{Fen, PayableFen};
use domain::payment::{
    LedgerBook as _, Money, OutboxStore as _, Payment, PaymentState, PaymentStatus,
    PaymentStore as _, Rail, RailTxn, WantedPayment,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

const NOTICES: [(&str, i64); 3] =
    [("330000001FS1", 20_000), ("330000001FS2", 15_000), ("330000001FS3", 1)];
const STEPS: u64 = 80;

/// Dice that roll the same for the same seed.
struct Dice {
    seed: u64,
    rolled: u64,
}

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.rolled += 1;
        scramble(self.seed, self.rolled) % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let len = u64::try_from(from.len()).unwrap();
        (len > 0).then(|| from[usize::try_from(self.below(len)).unwrap()].clone())
    }
}

/// Lives through one day and checks it; a failure names the seed.
pub async fn random_day(seed: u64) {
    let mut dice = Dice { seed, rolled: 0 };
    let plan = Arc::new(FaultPlan::often(seed, 5 + dice.below(40)));
    let notices = NOTICES.map(|(no, fen)| samples::notice(no, fen)).to_vec();
    let flow = Flow::over(notices, plan.clone()).await;
    for _ in 0..STEPS {
        step(&flow, &mut dice).await;
        one_holder_per_notice(&flow, seed).await;
    }
    plan.ends();
    // In the end the rail tells of everything: by callback, by answer, or in the statement.
    for no in flow.rail.order_nos() {
        if let Some(report) = flow.rail.report(&no) {
            flow.calls_back(report).await;
        }
    }
    for _ in 0..30 {
        flow.clock.advance(SignedDuration::from_secs(120));
        flow.work().await;
    }
    every_fen_in_its_place(&flow, seed).await;
}

async fn step(flow: &Flow, dice: &mut Dice) {
    let person = if dice.below(3) == 0 { "P2" } else { "P1" };
    let orders = flow.rail.order_nos();
    match dice.below(12) {
        0..=2 => starts(flow, dice, person).await,
        3 | 4 => {
            if let Some(no) = dice.pick(&orders) {
                let money = money_for(flow, dice, &no).await;
                flow.rail.citizen_pays(&no, money);
            }
        }
        5 => {
            if let Some(no) = dice.pick(&orders) {
                let money = money_for(flow, dice, &no).await;
                flow.rail.citizen_pays_after_all(&no, money);
            }
        }
        6 => {
            if let Some(report) = dice.pick(&orders).and_then(|no| flow.rail.report(&no)) {
                flow.calls_back(report).await;
            }
        }
        7 => {
            if let Some(no) = dice.pick(&orders) {
                let _ = flow.cancel.run(&samples::caller(person), &no).await;
            }
        }
        8 => {
            let seconds = i64::try_from(dice.below(400)).unwrap();
            flow.clock.advance(SignedDuration::from_secs(seconds));
        }
        9 if dice.below(20) == 0 => {
            if let Some((no, _)) = dice.pick(&NOTICES) {
                flow.gateway.withdraws(&samples::notice_no(no));
            }
        }
        _ => flow.work().await,
    }
}

async fn starts(flow: &Flow, dice: &mut Dice, person: &str) {
    let mut wanted = NOTICES.to_vec();
    wanted.retain(|_| dice.below(2) == 0);
    if wanted.is_empty() {
        wanted.push(NOTICES[0]);
    }
    let total = wanted.iter().map(|(_, fen)| fen).sum::<i64>();
    let total = if dice.below(10) == 0 { total + 1 } else { total };
    let wanted = WantedPayment {
        notice_nos: wanted.iter().map(|(no, _)| samples::notice_no(no)).collect(),
        rail: Rail::WeChatPay,
        expected_total: Fen::new(total),
        quote: None,
        key: IdempotencyKey::new(&format!("key-number-{}", dice.below(6))).unwrap(),
    };
    let _ = flow.start.run(&samples::caller(person), wanted).await;
}

/// Usually what was asked; now and then another amount.
async fn money_for(flow: &Flow, dice: &mut Dice, no: &PaymentNo) -> Money {
    let payment = flow.truth.find(no).await.unwrap();
    let asked = payment.map_or(1, |payment| payment.amount.fen().value());
    let fen = if dice.below(12) == 0 { asked + 7 } else { asked };
    let at = domain::clock::Clock::now(flow.clock.as_ref());
    let txn = RailTxn::new(&format!("T-{no}")).unwrap();
    Money { txn, amount: PayableFen::new(fen).unwrap(), at }
}

async fn all_payments(flow: &Flow) -> Vec<Payment> {
    let mut all = Vec::new();
    for id in ["P1", "P2"] {
        let page = flow.truth.list_of_person(&samples::person(id).id, None, 1_000).await.unwrap();
        all.extend(page.payments);
    }
    all
}

async fn one_holder_per_notice(flow: &Flow, seed: u64) {
    let mut held = BTreeSet::new();
    for payment in all_payments(flow).await.iter().filter(|p| p.state.holds_notices()) {
        for notice in &payment.notices {
            assert!(held.insert(notice.no.clone()), "seed {seed}: {} is held twice", notice.no);
        }
    }
    let (debits, credits) = flow.truth.totals().await.unwrap();
    assert_eq!(debits, credits, "seed {seed}: the ledger balances");
}

async fn every_fen_in_its_place(flow: &Flow, seed: u64) {
    one_holder_per_notice(flow, seed).await;
    let payments = all_payments(flow).await;
    let mut receipts = 0;
    for payment in &payments {
        let at_rail = flow.rail.report(&payment.no).map(|report| report.money);
        assert_eq!(payment.state.money(), at_rail.as_ref(), "seed {seed}: {}", payment.no);
        let status = payment.state.status();
        match &payment.state {
            PaymentState::Paid(money) => {
                assert_eq!(money.amount, payment.amount, "seed {seed}");
                assert!(payment.notices.iter().all(|n| n.written_off_at.is_some()), "seed {seed}");
                receipts += payment.notices.len();
            }
            PaymentState::UnderReview(money) => {
                assert_ne!(money.amount, payment.amount, "seed {seed}");
            }
            PaymentState::Closed | PaymentState::RefundDue(_) => {}
            PaymentState::Submitted
            | PaymentState::Unknown
            | PaymentState::Refunding(..)
            | PaymentState::PartiallyRefunded(..)
            | PaymentState::Refunded(..) => {
                panic!("seed {seed}: {} is left {status:?}", payment.no)
            }
        }
        let history = flow.truth.history(&payment.no).await.unwrap();
        let paid = history.iter().filter(|event| event.status == PaymentStatus::Paid).count();
        assert!(paid <= 1, "seed {seed}: paid once at most");
    }
    let taken = Fen::sum(flow.rail.taken().iter().map(|money| money.amount.fen())).unwrap();
    assert_eq!(flow.truth.totals().await.unwrap(), (taken, taken), "seed {seed}: all is booked");
    assert_eq!(flow.gateway.counts(), (receipts, receipts), "seed {seed}: once at the agency");
    assert_eq!(flow.truth.backlog().await.unwrap(), (0, 0), "seed {seed}: nothing queued");
}

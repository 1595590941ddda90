//! Payouts and the credits of the clearing bank (B01 to B04).

use super::book::{Credit, Payout, Rail, Truth};
use super::scene::Scene;
use crate::clock::{Day, HOUR_MS};

/// What becomes of a payout at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Good,
    /// By merchant and amount, or by account and amount alone.
    Unnamed,
    Missing,
    Twice,
    OtherAmount,
    OtherAccount,
    OtherItem,
    /// Another amount on another account.
    Both,
}

/// Of the payouts that have one planted, in turn.
const PLANTED: [Fate; 6] = [
    Fate::Missing,
    Fate::Twice,
    Fate::OtherAmount,
    Fate::OtherAccount,
    Fate::OtherItem,
    Fate::Both,
];

impl Scene {
    /// What was owed before the day began. Every merchant has two of them.
    pub(super) fn open_payouts(&mut self) {
        for merchant in 0..self.merchants.len() {
            for days in [3, 2] {
                let (day, net_fen) = (self.day.plus(-days), self.rng.between(10_000, 9_000_000));
                self.open_payouts.push(Payout { merchant, day, net_fen });
            }
        }
    }

    fn day_payouts(&self) -> Vec<Payout> {
        let net = |merchant: usize| {
            let of = self.lines.iter().flatten().filter(|line| {
                // UnionPay's files hold other hours too; what a line garbled counts all the same.
                let other_hours = self.rail(merchant) == Rail::Unionpay
                    && Day::of(line.at_ms) != self.day
                    && !self.is_strayed(line.at_ms);
                line.merchant == merchant && !other_hours
            });
            of.map(|line| line.signed_fen() - line.fee_fen).sum()
        };
        (0..self.merchants.len())
            .map(|merchant| Payout { merchant, day: self.day, net_fen: net(merchant) })
            .collect()
    }

    /// Of no hour that a file of the day or of the next may hold.
    pub(super) fn is_strayed(&self, at_ms: i64) -> bool {
        let (from_ms, to_ms) =
            (self.day.start_ms() - HOUR_MS, self.day.plus(2).start_ms() - HOUR_MS);
        at_ms < from_ms || at_ms >= to_ms
    }

    /// Whether the payout of the day itself should have arrived.
    pub(super) fn payout_due(&self) -> bool {
        let due_ms = self.day.plus(self.rules.payout_due_days).start_ms() + 10 * HOUR_MS;
        self.rules.judged_ms >= due_ms
    }

    /// Credits of all payouts, with `faulty` some of them wrong. To be called when no line is
    /// changed any more.
    pub(super) fn pay_out(&mut self, faulty: bool) {
        let mut payouts = self.open_payouts.clone();
        payouts.extend(self.day_payouts());
        let judged = |payout: &Payout| self.merchants[payout.merchant].is_judged();
        let (mut good, waiting): (Vec<_>, Vec<_>) = payouts.into_iter().partition(judged);
        self.rng.shuffle(&mut good);
        let mut fates = if faulty { self.planted() } else { Vec::new() };
        for payout in good {
            let fate = self.fate(&payout, &mut fates);
            self.credit_so(&payout, fate);
        }
        // Who waits is paid all the same, and nobody asks for what or why not.
        for payout in waiting {
            if payout.day != self.day || self.rng.once_in(2) {
                self.credit_so(&payout, Fate::Good);
            }
        }
        if faulty {
            self.strange_credits();
        }
    }

    fn planted(&mut self) -> Vec<Fate> {
        let mut fates = PLANTED.to_vec();
        self.rng.shuffle(&mut fates);
        fates
    }

    fn fate(&mut self, payout: &Payout, fates: &mut Vec<Fate>) -> Fate {
        let of_day = payout.day == self.day;
        if of_day && !self.payout_due() && self.rng.once_in(2) {
            // Not there, and not due: in transit.
            return Fate::Missing;
        }
        let has_items = !self.merchants[payout.merchant].item_codes.is_empty();
        let fits = |fate: &Fate| match fate {
            Fate::Missing => !of_day || self.payout_due(),
            Fate::OtherItem => has_items,
            Fate::OtherAmount | Fate::Both => payout.net_fen > 2_000,
            Fate::Good | Fate::Unnamed | Fate::Twice | Fate::OtherAccount => true,
        };
        if let Some(place) = fates.iter().position(fits) {
            return fates.remove(place);
        }
        if self.rng.once_in(3) { Fate::Unnamed } else { Fate::Good }
    }

    fn credit_so(&mut self, payout: &Payout, fate: Fate) {
        if fate == Fate::Missing {
            if payout.day != self.day || self.payout_due() {
                self.of_payout("B01", -payout.net_fen, payout);
            }
            return;
        }
        let mut credit = self.credit_of(payout);
        let wrong_account = format!("6228{}", self.rng.digits(15));
        match fate {
            Fate::Good | Fate::Missing => {}
            Fate::Unnamed => {
                credit.payout_day = String::new();
                if self.rng.once_in(2) {
                    credit.merchant_no = String::new();
                    credit.rail = String::new();
                }
            }
            Fate::Twice => {
                let mut second = self.credit_of(payout);
                second.value_day = credit.value_day.plus(1);
                self.of_credit("B02", second.amount_fen, &second.no);
                self.credits.push(second);
            }
            Fate::OtherAmount => {
                credit.amount_fen += self.rng.pick(&[-1, 1, -1_234, 990]);
                self.of_credit("B03", credit.amount_fen - payout.net_fen, &credit.no);
            }
            Fate::OtherAccount => {
                credit.account = wrong_account;
                self.of_credit("B04", credit.amount_fen, &credit.no);
            }
            Fate::OtherItem => {
                credit.item_code = "199999999".to_owned();
                self.of_credit("B04", credit.amount_fen, &credit.no);
            }
            Fate::Both => {
                credit.account = wrong_account;
                credit.amount_fen -= 777;
                self.of_credit("B03", -777, &credit.no);
                self.of_credit("B04", credit.amount_fen, &credit.no);
            }
        }
        self.credits.push(credit);
    }

    fn credit_no(&mut self) -> String {
        format!("HZ{}{:08}", self.day.compact(), self.number())
    }

    fn credit_of(&mut self, payout: &Payout) -> Credit {
        let merchant = self.merchants[payout.merchant].clone();
        let item_code = match merchant.item_codes.first() {
            Some(item) if self.rng.once_in(2) => item.clone(),
            _ => String::new(),
        };
        Credit {
            no: self.credit_no(),
            account: merchant.account,
            value_day: self.day.plus(1),
            amount_fen: payout.net_fen,
            rail: merchant.rail.name().to_owned(),
            merchant_no: merchant.no,
            payout_day: payout.day.text(),
            agency_code: String::new(),
            item_code,
            readable: true,
        }
    }

    fn of_payout(&mut self, code: &'static str, at_risk_fen: i64, payout: &Payout) {
        let merchant = &self.merchants[payout.merchant];
        let truth = Truth {
            code,
            at_risk_fen,
            rail: merchant.rail.name().to_owned(),
            merchant_no: merchant.no.clone(),
            credit_no: format!("{}/{}", merchant.no, payout.day.text()),
            ..Truth::default()
        };
        self.truth.push(truth);
    }

    /// Credits that nobody can tell the reason of.
    fn strange_credits(&mut self) {
        let strange = Payout { merchant: 0, day: self.day.plus(-40), net_fen: 123_457 };
        let mut credit = self.credit_of(&strange);
        credit.item_code = String::new();
        self.of_credit("B02", credit.amount_fen, &credit.no);
        self.credits.push(credit);

        let mut credit = self.credit_of(&strange);
        credit.amount_fen = self.rng.between(1, 9_999) + 50_000_000;
        (credit.merchant_no, credit.rail) = (String::new(), String::new());
        (credit.payout_day, credit.item_code) = (String::new(), String::new());
        credit.account = format!("6229{}", self.rng.digits(15));
        self.of_credit("B02", credit.amount_fen, &credit.no);
        self.credits.push(credit);

        if self.seed.is_multiple_of(3) {
            self.two_equal_payouts();
        }
    }

    /// One credit that may be either of two payouts of one amount: it is neither's.
    fn two_equal_payouts(&mut self) {
        let merchant = self.judged(&[]);
        let net_fen = 60_000_001 + self.rng.between(1, 999);
        let both = [5, 6].map(|days| Payout { merchant, day: self.day.plus(-days), net_fen });
        let mut credit = self.credit_of(&both[0]);
        (credit.payout_day, credit.item_code) = (String::new(), String::new());
        self.of_credit("B02", net_fen, &credit.no);
        self.credits.push(credit);
        for payout in both {
            self.of_payout("B01", -net_fen, &payout);
            self.open_payouts.push(payout);
        }
    }
}

//! What is planted into a folder: every code at least once, and two or three of them on one
//! payment where it is clear what each of them is.

use super::book::{Garble, Rail};
use super::scene::Scene;

impl Scene {
    /// One round of everything; the second round's variants are other ones.
    pub(super) fn discrepancies(&mut self, round: usize) {
        let turn = usize::try_from(self.seed).unwrap_or(0) + round;
        self.lines_alone(turn);
        self.refunds_alone(turn);
        for kind in [turn, turn + 1, turn + 3] {
            self.a02(kind);
        }
        self.a01();
        self.a01_just_due();
        self.a01_of_a_part();
        self.a01_of_one_of_many();
        self.unreadable(turn);
        self.two_of_one_payment();
        self.three_of_one_payment();
        self.with_refunds();
    }

    fn lines_alone(&mut self, turn: usize) {
        self.l01();
        self.l02();
        self.l03();
        self.l04();
        self.l05();
        self.l06();
        let merchant = self.judged(&[]);
        let first = self.pay_early(merchant);
        self.l07(&first);
        self.l07_of_the_earlier();
        self.l08();
        self.l08_of_an_earlier_day();
        self.l09(turn);
        self.l09(turn + 2);
        self.l10();
        for kind in 0..4 {
            self.l11(kind);
        }
        let merchant = self.judged(&[]);
        let paid = self.pay(merchant);
        self.c01(paid.line);
    }

    fn refunds_alone(&mut self, turn: usize) {
        self.r01();
        self.r02(turn.is_multiple_of(2));
        self.r03();
        self.r03_of_too_much();
        self.r04();
        self.r05();
        self.refund_carried();
        self.refund_over_midnight();
        let merchant = self.judged(&[]);
        let paid = self.pay(merchant);
        let returned = self.part_back(&paid);
        self.c01(returned.line);
    }

    fn unreadable(&mut self, turn: usize) {
        let garbles = [Garble::Time, Garble::Column, Garble::Amount];
        self.f05(garbles[turn % 3], true);
        self.f05(garbles[(turn + 1) % 3], false);
        self.f05_of_a_refund();
        self.f05_of_another_day();
        self.f05_of_others();
        self.f04_line(false);
        self.f04_line(true);
        self.f04_settled();
        self.f04_confirmation();
    }

    fn two_of_one_payment(&mut self) {
        let stranger = self.l01();
        self.c01(stranger);
        let paid = self.l02();
        self.c01(paid.line);
        let paid = self.l04();
        self.c01(paid.line);
        let paid = self.l06();
        self.c01(paid.line);
        let paid = self.l10();
        self.c01(paid.line);
        let paid = self.l11(0);
        self.c01(paid.line);
        let paid = self.l11(1);
        self.c01(paid.line);
        let first = self.l08();
        self.a01_of(&first);
        let first = self.l08();
        self.c01(first.line);
        let paid = self.a01();
        self.f04_of(paid.line);
        let paid = self.l05();
        self.f04_of(paid.line);
        let paid = self.l04();
        self.written_off_twice(&paid);
        // Nobody booked it, and it came twice.
        let paid = self.l02();
        self.l07(&paid);
        let paid = self.l10();
        self.l07(&paid);
    }

    fn three_of_one_payment(&mut self) {
        let paid = self.l05();
        self.c01(paid.line);
        self.a01_of(&paid);
        let paid = self.l04();
        self.l07(&paid);
        self.a01_of(&paid);
        let first = self.l08();
        self.l07(&first);
        self.c01(first.line);
        let paid = self.a01();
        self.c01(paid.line);
        self.l07(&paid);
    }

    fn with_refunds(&mut self) {
        let (_, returned) = self.r03();
        self.c01(returned.line);
        let (paid, _) = self.r03();
        self.a01_of(&paid);
        let returned = self.r04();
        self.c01(returned.line);
        let returned = self.r05();
        self.c01(returned.line);
        let paid = self.l05();
        let returned = self.part_back(&paid);
        self.r01_of(returned);
        let paid = self.l04();
        let returned = self.part_back(&paid);
        self.c01(returned.line);
        self.a01_of(&paid);
        // Booked, never paid, and given back all the same: by the books alone.
        let missed = self.l03();
        let at_ms = self.row(missed).at_ms;
        let (fen, at_ms) = (self.row(missed).amount_fen / 2 + 1, self.later_than_or(at_ms));
        let returned = self.refund(missed, fen, at_ms);
        self.r01_of(returned);
    }

    /// Later on the day, or at once where the day is nearly over.
    fn later_than_or(&mut self, at_ms: i64) -> i64 {
        if at_ms < self.cut_ms() - 3_600_000 { self.later_than(at_ms) } else { at_ms }
    }

    /// What looks odd and is right.
    pub(super) fn look_alikes(&mut self) {
        self.clean_lines();
        self.clean_refunds();
        self.clean_agencies();
    }

    /// Plain payments, a part of them given back, until the ledger has so many.
    pub(super) fn fill(&mut self, payments: usize) {
        let agencies = self.agencies.len();
        for merchant in 0..self.merchants.len() {
            if !self.merchants[merchant].is_judged() {
                for _ in 0..6 {
                    let agency = self.rng.below(agencies);
                    self.pay_agency(merchant, agency);
                }
            }
        }
        for agency in self.agencies_of(false) {
            for _ in 0..3 {
                let merchant = self.judged(&[]);
                self.pay_agency(merchant, agency);
            }
        }
        let is_payment = |row: &&super::book::Row| row.refund_no.is_none();
        let there = self.rows.iter().flatten().filter(is_payment).count();
        for _ in there..payments {
            let merchant = self.judged(&[]);
            let agency = self.rng.below(agencies);
            let paid = self.pay_agency(merchant, agency);
            if self.row(paid.row).amount_fen > 1 && self.rng.once_in(12) {
                self.part_back(&paid);
            }
        }
    }

    fn pay_agency(&mut self, merchant: usize, agency: usize) -> super::scene::Paid {
        let (notice, amount_fen, at_ms) = (self.notice_of(agency), self.amount(), self.time());
        let paid = self.pay_notices(merchant, at_ms, vec![(notice.clone(), amount_fen)]);
        if self.rng.once_in(5) {
            self.confirm("RECEIPT", notice, amount_fen, at_ms);
        }
        paid
    }

    /// A line that only the totals of the statement know.
    pub(super) fn tear_out(&mut self, merchant: usize, refund: bool) -> i64 {
        let paid = self.pay(merchant);
        let line = if refund && self.rail(merchant) == Rail::WechatPay {
            self.part_back(&paid).line
        } else {
            self.rows[paid.row] = None;
            self.forget_write_offs(&paid);
            paid.line
        };
        self.line_mut(line).torn_out = true;
        self.line(line).signed_fen()
    }
}

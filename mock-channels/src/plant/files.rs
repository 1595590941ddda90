//! Lines that cannot be read or are there twice (F05, F04). Files that are bad as a whole are
//! written so by `statements` and `write`.

use super::book::{Garble, Rail, Truth};
use super::scene::Scene;
use crate::clock::{DAY_MS, Day, HOUR_MS, SECOND_MS};

impl Scene {
    /// A line that cannot be read. Its order may be booked, which is missed then, or be nobody's.
    pub(super) fn f05(&mut self, garble: Garble, booked: bool) {
        let merchant = match garble {
            Garble::Time => self.judged(&[]),
            Garble::Column | Garble::Amount => self.judged(&[Rail::WechatPay, Rail::Alipay]),
        };
        let paid = self.pay_early(merchant);
        self.line_mut(paid.line).garble = Some(garble);
        let fen = if garble == Garble::Time { self.line(paid.line).amount_fen } else { 0 };
        self.of_place("F05", fen, paid.line);
        if booked {
            self.of_order("L03", -self.row(paid.row).amount_fen, paid.row);
        } else {
            self.rows[paid.row] = None;
            self.forget_write_offs(&paid);
        }
    }

    /// The same of a refund.
    pub(super) fn f05_of_a_refund(&mut self) {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        let returned = self.part_back(&paid);
        self.line_mut(returned.line).garble = Some(Garble::Time);
        self.of_place("F05", -self.line(returned.line).amount_fen, returned.line);
        self.of_refund("R01", self.row(returned.row).amount_fen, returned.row);
    }

    /// A line of another day among those of the day; the ledger has it on its own day.
    pub(super) fn f05_of_another_day(&mut self) {
        let merchant = self.judged(&[]);
        let days: i64 = match self.rail(merchant) {
            Rail::Unionpay => -3,
            Rail::WechatPay | Rail::Alipay => self.rng.pick(&[-1, -2, 1]),
        };
        let (at_ms, amount_fen) = (self.day.start_ms() + 12 * HOUR_MS, self.amount());
        // Tomorrow's would be younger than what judges it.
        let days = if self.rules.judged_ms < at_ms + DAY_MS { -days.abs() } else { days };
        let paid = self.pay_so(merchant, amount_fen, at_ms + days * DAY_MS);
        let own = self.row(paid.row).day;
        if self.rng.once_in(2) && days < 0 {
            self.row_mut(paid.row).settled_on = Some(own);
        }
        self.of_place("F05", amount_fen, paid.line);
    }

    /// Lines of the agencies and the bank whose amount is no number.
    pub(super) fn f05_of_others(&mut self) {
        let (notice, amount_fen, at_ms) = (self.notice(), self.amount(), self.time());
        let place = self.write_off(notice, amount_fen, at_ms);
        if let Some(confirmation) = &mut self.confirmations[place] {
            confirmation.readable = false;
        }
    }

    /// A line that is there twice.
    pub(super) fn f04_line(&mut self, refund: bool) -> usize {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        let line = if refund { self.part_back(&paid).line } else { paid.line };
        self.f04_of(line);
        line
    }

    pub(super) fn f04_of(&mut self, line: usize) {
        let again = self.line(line).clone();
        let again = self.add_line(again);
        self.of_txn("F04", 0, again);
    }

    /// Yesterday's statement had it too.
    pub(super) fn f04_settled(&mut self) {
        let merchant = self.judged(&[]);
        let (start_ms, amount_fen) = (self.day.start_ms(), self.amount());
        let paid = self.pay_so(merchant, amount_fen, start_ms + 2 * SECOND_MS);
        let row = self.row_mut(paid.row);
        row.at_ms = start_ms - 2 * SECOND_MS;
        row.day = Day::of(row.at_ms);
        row.settled_on = Some(row.day);
        self.of_txn("F04", 0, paid.line);
    }

    /// A confirmation that is there twice under one number.
    pub(super) fn f04_confirmation(&mut self) {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        let again = self.confirmations[paid.offs[0]].clone();
        let txn_no = again.as_ref().map(|again| again.no.clone()).unwrap_or_default();
        self.confirmations.push(again);
        self.truth.push(Truth { code: "F04", txn_no, ..Truth::default() });
    }

    /// A credit that is there twice under one number. To be called when all are there.
    pub(super) fn f04_credit(&mut self) {
        let Some(again) = self.credits.iter().find(|credit| credit.readable).cloned() else {
            return;
        };
        self.of_credit("F04", 0, &again.no);
        self.credits.push(again);
    }
}

//! Payments on which the ledger and a rail do not agree (L01 to L11), and fees (C01).

use super::book::{Line, Rail};
use super::scene::{Paid, Scene};
use crate::clock::{DAY_MS, Day, HOUR_MS, MINUTE_MS, SECOND_MS};

/// Rails whose lines name merchant and app.
const NAMING: [Rail; 2] = [Rail::WechatPay, Rail::Unionpay];

impl Scene {
    pub(super) fn l01(&mut self) -> usize {
        let merchant = self.judged(&[]);
        let paid = self.pay(merchant);
        self.rows[paid.row] = None;
        self.forget_write_offs(&paid);
        self.of_txn("L01", self.line(paid.line).amount_fen, paid.line);
        paid.line
    }

    /// The ledger never heard that it was paid.
    pub(super) fn l02(&mut self) -> Paid {
        let state = self.rng.pick(&["SUBMITTED", "UNKNOWN", "FAILED"]);
        self.unheard("L02", state)
    }

    pub(super) fn l10(&mut self) -> Paid {
        self.unheard("L10", "CLOSED")
    }

    fn unheard(&mut self, code: &'static str, state: &'static str) -> Paid {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        let before_ms = self.rng.between(20, 200) * SECOND_MS;
        let row = self.row_mut(paid.row);
        row.state = state;
        row.knows_txn = false;
        row.at_ms -= before_ms;
        self.of_order(code, self.line(paid.line).amount_fen, paid.row);
        // The agency may have heard of it all the same.
        if self.rng.once_in(2) {
            self.forget_write_offs(&paid);
        }
        paid
    }

    pub(super) fn l03(&mut self) -> usize {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        if self.rng.once_in(3) {
            // One second before the minutes in which it could be in tomorrow's.
            self.row_mut(paid.row).at_ms = self.cut_ms() - SECOND_MS;
        }
        if self.rng.once_in(2) {
            self.forget_write_offs(&paid);
        }
        self.lines[paid.line] = None;
        self.of_order("L03", -self.row(paid.row).amount_fen, paid.row);
        paid.row
    }

    /// The first moment of the minutes at the end of the day.
    pub(super) fn cut_ms(&self) -> i64 {
        self.day.plus(1).start_ms() - self.rules.cut_minutes * MINUTE_MS
    }

    pub(super) fn l04(&mut self) -> Paid {
        let more = self.rng.between(1, 9_000);
        self.other_amount("L04", more)
    }

    pub(super) fn l05(&mut self) -> Paid {
        self.other_amount("L05", -1)
    }

    /// The ledger has so much more than the rail. Less than nothing is any part of it.
    fn other_amount(&mut self, code: &'static str, more: i64) -> Paid {
        let merchant = self.judged(&[]);
        let (amount_fen, at_ms) = (self.amount() + 200, self.time_of_due());
        let booked =
            if more > 0 { amount_fen + more } else { amount_fen - self.rng.between(1, 99) };
        // A hundredfold is a code of its own.
        let booked = if booked == amount_fen * 100 { booked - 1 } else { booked };
        let paid = self.pay_so(merchant, amount_fen, at_ms);
        self.rebook(&paid, booked);
        self.of_order(code, amount_fen - booked, paid.row);
        paid
    }

    /// The ledger and the agency have another amount of a payment of one notice.
    fn rebook(&mut self, paid: &Paid, booked: i64) {
        let row = self.row_mut(paid.row);
        row.amount_fen = booked;
        for (_, fen) in &mut row.notices {
            *fen = booked;
        }
        for off in &paid.offs {
            if let Some(confirmation) = &mut self.confirmations[*off] {
                confirmation.amount_fen = booked;
            }
        }
    }

    pub(super) fn l06(&mut self) -> Paid {
        let merchant = self.judged(&[]);
        let (yuan, at_ms) = (self.rng.between(1, 900), self.time_of_due());
        let (stated, booked) =
            if self.rng.once_in(2) { (yuan, yuan * 100) } else { (yuan * 100, yuan) };
        let paid = self.pay_so(merchant, stated, at_ms);
        self.rebook(&paid, booked);
        self.of_order("L06", stated - booked, paid.row);
        paid
    }

    /// Answers the line of the second payment of one order.
    pub(super) fn l07(&mut self, first: &Paid) -> usize {
        let mut second = self.line(first.line).clone();
        second.at_ms = self.later_than(second.at_ms);
        second.txn_no = self.txn_no(self.rail(second.merchant), second.at_ms, false);
        second.amount_fen = self.row(first.row).amount_fen;
        second.fee_fen = self.merchants[second.merchant].fee_fen(second.amount_fen);
        let second = self.add_line(second);
        self.of_txn("L07", self.line(second).amount_fen, second);
        second
    }

    /// The ledger knows the later one, so the earlier is the second.
    pub(super) fn l07_of_the_earlier(&mut self) {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        let at_ms = self.later_than(self.row(paid.row).at_ms);
        let txn_no = self.txn_no(self.rail(merchant), at_ms, false);
        let row = self.row_mut(paid.row);
        (row.at_ms, row.txn_no, row.knows_txn) = (at_ms, txn_no, true);
        let known = self.line_of(paid.row);
        debug_assert!(self.line(known).at_ms > self.line(paid.line).at_ms);
        self.of_txn("L07", self.line(paid.line).amount_fen, paid.line);
    }

    /// Two orders of one notice; answers the first.
    pub(super) fn l08(&mut self) -> Paid {
        let merchants = (self.judged(&[]), self.judged(&[]));
        let first = self.pay_early(merchants.0);
        self.pay_again(&first, merchants.1);
        first
    }

    fn pay_again(&mut self, first: &Paid, merchant: usize) {
        let notices = self.row(first.row).notices.clone();
        let at_ms = self.later_than(self.row(first.row).at_ms);
        let later = self.book(merchant, at_ms, notices);
        self.line_of(later);
        self.of_order("L08", self.row(later).amount_fen, later);
    }

    /// The first was days ago.
    pub(super) fn l08_of_an_earlier_day(&mut self) {
        let merchants = (self.judged(&[]), self.judged(&[]));
        let (amount_fen, notice) = (self.amount(), self.notice());
        let before_ms = self.time() - 2 * DAY_MS;
        let first = self.book(merchants.0, before_ms, vec![(notice.clone(), amount_fen)]);
        self.row_mut(first).settled_on = Some(Day::of(before_ms));
        let off = self.write_off(notice, amount_fen, before_ms);
        let line = usize::MAX;
        self.pay_again(&Paid { row: first, line, offs: vec![off] }, merchants.1);
    }

    /// Another merchant or app, or only one of two numbers.
    pub(super) fn l09(&mut self, kind: usize) {
        let merchant = match kind % 5 {
            0 => self.judged(&NAMING),
            1 => self.judged(&[Rail::WechatPay]),
            _ => self.judged(&[]),
        };
        let paid = self.pay_early(merchant);
        let strange = self.rng.digits(8);
        match kind % 5 {
            0 => self.line_mut(paid.line).merchant_no = format!("16{strange}"),
            1 => self.line_mut(paid.line).app_id = format!("wxfeed0001{strange}"),
            2 => {
                self.row_mut(paid.row).knows_txn = true;
                let at_ms = self.line(paid.line).at_ms;
                let txn_no = self.txn_no(self.rail(merchant), at_ms, false);
                self.line_mut(paid.line).txn_no = txn_no;
            }
            3 => {
                self.row_mut(paid.row).knows_txn = true;
                let order_no = self.order_no();
                self.line_mut(paid.line).order_no = order_no;
            }
            _ => {
                // An order that is not ours either.
                self.rows[paid.row] = None;
                self.forget_write_offs(&paid);
                if self.rail(merchant) == Rail::WechatPay {
                    self.line_mut(paid.line).app_id = format!("wxfeed0002{strange}");
                } else if self.rail(merchant) == Rail::Unionpay {
                    self.line_mut(paid.line).merchant_no = format!("16{strange}");
                } else {
                    // A file of Alipay names its account once, so this one is a plain L01.
                    self.of_txn("L01", self.line(paid.line).amount_fen, paid.line);
                    return;
                }
            }
        }
        self.of_txn("L09", self.line(paid.line).amount_fen, paid.line);
    }

    /// The two sides have it on days one apart, or it is carried.
    pub(super) fn l11(&mut self, kind: usize) -> Paid {
        let merchant = self.judged(&[]);
        let start_ms = self.day.start_ms();
        let seconds = self.rng.between(1, 50) * SECOND_MS;
        let amount_fen = self.amount();
        let paid = match kind % 4 {
            0 => {
                let paid = self.pay_so(merchant, amount_fen, start_ms + seconds);
                let row = self.row_mut(paid.row);
                row.at_ms = start_ms - seconds;
                row.day = Day::of(row.at_ms);
                paid
            }
            1 => {
                let end_ms = start_ms + DAY_MS;
                let paid = self.pay_so(merchant, amount_fen, end_ms - seconds);
                let row = self.row_mut(paid.row);
                row.at_ms = end_ms + seconds;
                row.day = Day::of(row.at_ms);
                paid
            }
            at_the_end => {
                // The first moment of the last minutes, or any of them.
                let cut_ms = self.cut_ms();
                let at_ms = if at_the_end == 2 { cut_ms } else { start_ms + DAY_MS - seconds };
                let paid = self.pay_so(merchant, amount_fen, at_ms);
                self.lines[paid.line] = None;
                if self.rng.once_in(2) {
                    self.forget_write_offs(&paid);
                }
                paid
            }
        };
        self.of_order("L11", 0, paid.row);
        paid
    }

    /// The rail kept too much or too little of a line.
    pub(super) fn c01(&mut self, line: usize) {
        let off = self.rules.fee_tolerance_fen + self.rng.pick(&[1, 1, 7, 250]);
        let Line { merchant, order_no, back, fee_fen, .. } = self.line(line).clone();
        // A rail never pays for a payment, nor takes for a refund.
        let fits = |fee_fen: i64| if back.is_some() { fee_fen <= 0 } else { fee_fen >= 0 };
        let off = match (fits(fee_fen + off), fits(fee_fen - off)) {
            (true, true) if self.rng.once_in(2) => -off,
            (true, _) => off,
            (false, _) => -off,
        };
        self.line_mut(line).fee_fen += off;
        let mut truth = super::book::Truth {
            code: "C01",
            at_risk_fen: off,
            rail: self.rail(merchant).name().to_owned(),
            merchant_no: self.merchants[merchant].no.clone(),
            ..super::book::Truth::default()
        };
        match back {
            Some(back) => truth.refund_no = back.refund_no,
            None => truth.order_no = order_no,
        }
        self.truth.push(truth);
    }

    /// Fees off by less than it takes, times just before the minutes at the end.
    pub(super) fn clean_lines(&mut self) {
        let merchant = self.judged(&[]);
        let tolerance = self.rules.fee_tolerance_fen;
        let paid = self.pay(merchant);
        self.line_mut(paid.line).fee_fen += tolerance;
        self.is_clean(paid.row, "手续费恰在允差之内");
        let at_ms = self.time();
        let paid = self.pay_so(merchant, 60_000, at_ms);
        self.line_mut(paid.line).fee_fen -= tolerance;
        self.is_clean(paid.row, "手续费恰在允差之内");

        let (amount_fen, at_ms) = (self.amount(), self.time());
        for _ in 0..2 {
            let paid = self.pay_so(merchant, amount_fen, at_ms);
            self.is_clean(paid.row, "同一秒同一金额的两笔");
        }
        let merchant = self.judged(&[Rail::Unionpay]);
        let late_ms = self.day.start_ms() + 23 * HOUR_MS;
        for at_ms in [late_ms, late_ms + 17 * MINUTE_MS, self.day.plus(1).start_ms() - SECOND_MS] {
            let paid = self.pay_so(merchant, 12_300, at_ms);
            self.is_clean(paid.row, "银联23点以后的交易在次日文件里");
        }
        self.lines_of_other_hours();

        let before = self.paid_before(merchant, 1);
        self.is_clean(before, "前一日已对平");
        let before = self.paid_before(merchant, 1);
        let day = self.day;
        self.row_mut(before).day = day;
        self.is_clean(before, "记在当日，前一日的对账单已证实");

        self.never_paid();
    }

    /// UnionPay's two files hold hours of the days around as well.
    fn lines_of_other_hours(&mut self) {
        for merchant in 0..self.merchants.len() {
            if self.rail(merchant) != Rail::Unionpay || !self.merchants[merchant].is_judged() {
                continue;
            }
            let (start_ms, end_ms) = (self.day.start_ms(), self.day.plus(1).start_ms());
            let before = self.pay_so(merchant, 4_500, start_ms - 20 * MINUTE_MS);
            let yesterday = self.day.plus(-1);
            self.row_mut(before.row).settled_on = Some(yesterday);
            self.is_clean(before.row, "银联文件里前一日23点以后的交易");
            let after = self.pay_so(merchant, 4_600, end_ms + 10 * MINUTE_MS);
            self.is_clean(after.row, "银联次日文件里次日的交易");
            // So that neither file is without a line of the day.
            self.pay_so(merchant, 4_700, start_ms + 22 * HOUR_MS);
            self.pay_so(merchant, 4_800, start_ms + 23 * HOUR_MS + 10 * MINUTE_MS);
        }
    }

    /// Attempts that came to nothing, and then a payment of the same notice.
    fn never_paid(&mut self) {
        for state in ["SUBMITTED", "UNKNOWN", "FAILED", "CLOSED"] {
            let merchant = self.judged(&[]);
            let (notice, amount_fen, at_ms) = (self.notice(), self.amount(), self.time());
            let attempt = self.book(merchant, at_ms, vec![(notice.clone(), amount_fen)]);
            self.row_mut(attempt).state = state;
            self.row_mut(attempt).knows_txn = false;
            self.is_clean(attempt, "未付成的一次");
            let at_ms = self.later_than(at_ms);
            let paid = self.pay_notices(merchant, at_ms, vec![(notice, amount_fen)]);
            self.is_clean(paid.row, "前一次未付成，再付一次");
        }
    }
}

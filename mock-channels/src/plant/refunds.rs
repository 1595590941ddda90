//! Refunds on which the ledger and a rail do not agree (R01 to R05).

use super::book::Rail;
use super::scene::{Paid, Returned, Scene};
use crate::clock::{DAY_MS, SECOND_MS};

/// Rails that number a refund themselves, so that one that came twice can be told from a line
/// that is there twice.
const NUMBERING: [Rail; 2] = [Rail::WechatPay, Rail::Unionpay];

impl Scene {
    /// A payment of which at most half went back later on the day.
    fn half_back(&mut self, rails: &[Rail]) -> (Paid, Returned) {
        let merchant = self.judged(rails);
        let (amount_fen, at_ms) = (self.amount() + 1_000, self.time());
        let paid = self.pay_so(merchant, amount_fen, at_ms);
        let returned = self.part_back(&paid);
        (paid, returned)
    }

    pub(super) fn part_back(&mut self, paid: &Paid) -> Returned {
        let row = self.row(paid.row);
        let (half, at_ms) = (row.amount_fen / 2, row.at_ms);
        let fen = self.rng.between(1, half.max(1));
        let at_ms = self.later_than(at_ms);
        self.refund(paid.row, fen, at_ms)
    }

    pub(super) fn r01(&mut self) {
        let (_, returned) = self.half_back(&[]);
        self.r01_of(returned);
    }

    pub(super) fn r01_of(&mut self, returned: Returned) {
        self.lines[returned.line] = None;
        self.of_refund("R01", self.row(returned.row).amount_fen, returned.row);
    }

    /// Asked for in the last minutes: tomorrow's file may have it.
    pub(super) fn refund_carried(&mut self) {
        let (_, returned) = self.half_back(&[]);
        self.row_mut(returned.row).at_ms = self.day.plus(1).start_ms() - SECOND_MS;
        self.lines[returned.line] = None;
        self.of_order("L11", 0, returned.row);
    }

    /// The ledger has it on the day before.
    pub(super) fn refund_over_midnight(&mut self) {
        let merchant = self.judged(&[]);
        let of = self.paid_before(merchant, 3);
        let half = self.row(of).amount_fen / 2;
        let midnight_ms = self.day.start_ms();
        let returned = self.refund(of, half, midnight_ms + 3 * SECOND_MS);
        let yesterday = self.day.plus(-1);
        let row = self.row_mut(returned.row);
        (row.at_ms, row.day) = (midnight_ms - 4 * SECOND_MS, yesterday);
        self.of_order("L11", 0, returned.row);
    }

    /// Known as failed, or not at all.
    pub(super) fn r02(&mut self, known: bool) {
        let (_, returned) = self.half_back(&[]);
        if known {
            self.row_mut(returned.row).state = "FAILED";
        }
        self.of_txn("R02", -self.line(returned.line).amount_fen, returned.line);
        if !known {
            self.rows[returned.row] = None;
        }
    }

    pub(super) fn r03(&mut self) -> (Paid, Returned) {
        let (paid, returned) = self.half_back(&[]);
        let booked = self.row(returned.row).amount_fen;
        let stated = booked + self.rng.between(1, 400);
        let line = self.line(returned.line);
        let fee_fen = -self.merchants[line.merchant].fee_fen(stated);
        let line = self.line_mut(returned.line);
        (line.amount_fen, line.fee_fen) = (stated, fee_fen);
        self.of_refund("R03", booked - stated, returned.row);
        (paid, returned)
    }

    /// Each refund is right, and together they are more than was paid.
    pub(super) fn r03_of_too_much(&mut self) {
        let merchant = self.judged(&[]);
        let of = self.paid_before(merchant, 4);
        let (amount_fen, excess) = (self.row(of).amount_fen, self.rng.between(1, 90));
        let before_ms = self.time() - 2 * DAY_MS;
        let first = self.refund(of, amount_fen - 60, before_ms);
        self.lines[first.line] = None;
        let day = self.day.plus(-2);
        self.row_mut(first.row).settled_on = Some(day);
        self.row_mut(first.row).state = "SUCCEEDED";
        let at_ms = self.time();
        let second = self.refund(of, 60 + excess, at_ms);
        self.of_refund("R03", -excess, second.row);
    }

    /// WeChat Pay alone says in its bill that money came back.
    pub(super) fn r04(&mut self) -> Returned {
        let (_, returned) = self.half_back(&[Rail::WechatPay]);
        self.r04_of(returned);
        returned
    }

    fn r04_of(&mut self, returned: Returned) {
        let status = self.rng.pick(&["FAIL", "CHANGE"]);
        if let Some(back) = &mut self.line_mut(returned.line).back {
            back.status = status;
        }
        self.of_refund("R04", self.row(returned.row).amount_fen, returned.row);
    }

    /// Answers the first of the two lines.
    pub(super) fn r05(&mut self) -> Returned {
        let (_, returned) = self.half_back(&NUMBERING);
        let mut second = self.line(returned.line).clone();
        second.at_ms = self.later_than(second.at_ms);
        let txn_no = self.txn_no(self.rail(second.merchant), second.at_ms, true);
        if let Some(back) = &mut second.back {
            back.txn_no = txn_no;
        }
        let second = self.add_line(second);
        self.of_txn("R05", -self.line(second).amount_fen, second);
        returned
    }

    /// Refunds that are as they should be, however they look.
    pub(super) fn clean_refunds(&mut self) {
        let merchant = self.judged(&[]);
        let at_ms = self.time();
        let paid = self.pay_so(merchant, 10_001, at_ms);
        for part in [3_333, 3_334, 3_334] {
            let at_ms = self.later_than(at_ms);
            self.refund(paid.row, part, at_ms);
        }
        self.is_clean(paid.row, "分次退款恰好退完");

        let merchant = self.judged(&[]);
        let of = self.paid_before(merchant, 5);
        let (fen, at_ms) = (self.row(of).amount_fen / 3 + 1, self.time());
        self.refund(of, fen, at_ms);
        self.is_clean(of, "以前付的，今天退一部分");

        let (paid, returned) = self.half_back(&[Rail::WechatPay]);
        self.row_mut(returned.row).state = "SUBMITTED";
        if let Some(back) = &mut self.line_mut(returned.line).back {
            back.status = "PROCESSING";
        }
        self.is_clean(paid.row, "退款还在处理");

        let (paid, returned) = self.half_back(&[]);
        self.lines[returned.line] = None;
        self.row_mut(returned.row).state = "FAILED";
        self.is_clean(paid.row, "退款没有成功，渠道也没有");

        self.paid_twice_and_given_back();
    }

    /// One of the two went back in full, the first or the second; its own write-off if it has one.
    fn paid_twice_and_given_back(&mut self) {
        for first_goes in [true, false] {
            let merchants = (self.judged(&[]), self.judged(&[]));
            let first = self.pay(merchants.0);
            let notices = self.row(first.row).notices.clone();
            let at_ms = self.later_than(self.row(first.row).at_ms);
            let later = self.book(merchants.1, at_ms, notices);
            self.line_of(later);
            let back = if first_goes { first.row } else { later };
            let (fen, at_ms) = (self.row(back).amount_fen, self.later_than(at_ms));
            let returned = self.refund(back, fen, at_ms);
            self.row_mut(returned.row).state = "SUCCEEDED";
            self.is_clean(first.row, "同单付两次，一次已全额退回");
            self.is_clean(later, "同单付两次，一次已全额退回");
        }
        let merchant = self.judged(&[]);
        for written_off in [true, false] {
            let paid = self.pay_early(merchant);
            let (fen, at_ms) = (self.row(paid.row).amount_fen, self.row(paid.row).at_ms);
            let at_ms = self.later_than(at_ms);
            self.refund(paid.row, fen, at_ms);
            if !written_off {
                self.forget_write_offs(&paid);
            }
            self.is_clean(paid.row, "当日全额退回");
        }
    }
}

//! What agencies confirm and what they should have confirmed (A01, A02).

use super::scene::{Paid, Scene};
use crate::clock::{MINUTE_MS, SECOND_MS};

impl Scene {
    pub(super) fn a01(&mut self) -> Paid {
        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        self.a01_of(&paid);
        paid
    }

    /// Nobody wrote off the notices of a payment that is old enough.
    /// Nothing is planted where the write-off is not due yet.
    pub(super) fn a01_of(&mut self, paid: &Paid) {
        if self.row(paid.row).at_ms >= self.not_due_from_ms() {
            return;
        }
        self.forget_write_offs(paid);
        for (notice, fen) in self.row(paid.row).notices.clone() {
            self.of_notice("A01", fen, &notice.no);
        }
    }

    /// Just due: one second older than it may be.
    pub(super) fn a01_just_due(&mut self) {
        let at_ms = self.not_due_from_ms() - SECOND_MS;
        let latest_ms = self.cut_ms() - MINUTE_MS;
        let merchant = self.judged(&[]);
        let amount_fen = self.amount();
        let paid = self.pay_so(merchant, amount_fen, at_ms.min(latest_ms));
        self.a01_of(&paid);
    }

    pub(super) fn a01_of_a_part(&mut self) {
        let merchant = self.judged(&[]);
        let (amount_fen, at_ms) = (self.amount() + 500, self.time_of_due());
        let paid = self.pay_so(merchant, amount_fen, at_ms);
        let less = self.rng.between(1, 499);
        if let Some(confirmation) = &mut self.confirmations[paid.offs[0]] {
            confirmation.amount_fen -= less;
        }
        let notice_no = self.row(paid.row).notices[0].0.no.clone();
        self.of_notice("A01", less, &notice_no);
    }

    /// One of three notices of a payment.
    pub(super) fn a01_of_one_of_many(&mut self) {
        let paid = self.pay_many();
        self.confirmations[paid.offs[1]] = None;
        let (notice, fen) = self.row(paid.row).notices[1].clone();
        self.of_notice("A01", fen, &notice.no);
    }

    fn pay_many(&mut self) -> Paid {
        let merchant = self.judged(&[]);
        let at_ms = self.time_of_due();
        let notices = (0..3).map(|_| (self.notice(), self.amount())).collect();
        self.pay_notices(merchant, at_ms, notices)
    }

    pub(super) fn a02(&mut self, kind: usize) {
        let amount_fen = self.amount();
        let at_ms = self.time();
        match kind % 5 {
            0 | 1 => {
                let notice = self.notice();
                let kind = if kind.is_multiple_of(5) { "WRITE_OFF" } else { "RECEIPT" };
                self.of_notice("A02", -amount_fen, &notice.no);
                self.confirm(kind, notice, amount_fen, at_ms);
            }
            2 => {
                let merchant = self.judged(&[]);
                let paid = self.pay_early(merchant);
                self.written_off_twice(&paid);
            }
            3 => {
                let merchant = self.judged(&[]);
                let paid = self.pay_early(merchant);
                let more = self.rng.between(1, 5_000);
                let notice_no = self.row(paid.row).notices[0].0.no.clone();
                if let Some(confirmation) = &mut self.confirmations[paid.offs[0]] {
                    confirmation.amount_fen += more;
                }
                self.of_notice("A02", -more, &notice_no);
            }
            _ => {
                // An attempt that came to nothing, and the agency believes it was paid.
                let (merchant, notice) = (self.judged(&[]), self.notice());
                let attempt = self.book(merchant, at_ms, vec![(notice.clone(), amount_fen)]);
                self.row_mut(attempt).state = "CLOSED";
                self.row_mut(attempt).knows_txn = false;
                self.of_notice("A02", -amount_fen, &notice.no);
                self.write_off(notice, amount_fen, at_ms);
            }
        }
    }

    /// A second write-off without a second payment.
    pub(super) fn written_off_twice(&mut self, paid: &Paid) {
        let row = self.row(paid.row);
        let (at_ms, (notice, fen)) = (row.at_ms, row.notices[0].clone());
        self.of_notice("A02", -fen, &notice.no);
        self.write_off(notice, fen, at_ms);
    }

    /// Confirmations that are as they should be.
    pub(super) fn clean_agencies(&mut self) {
        let due_ms = self.not_due_from_ms();
        let (first_ms, latest_ms) = (self.day.start_ms() + MINUTE_MS, self.cut_ms() - SECOND_MS);
        if (first_ms..=latest_ms).contains(&due_ms) {
            let merchant = self.judged(&[]);
            let amount_fen = self.amount();
            let paid = self.pay_so(merchant, amount_fen, due_ms);
            self.forget_write_offs(&paid);
            self.is_clean(paid.row, "销账恰好还没到期");
        }
        let paid = self.pay_many();
        self.is_clean(paid.row, "一次付三张缴款单，各有销账");

        let merchant = self.judged(&[]);
        let paid = self.pay_early(merchant);
        let (at_ms, (notice, fen)) =
            (self.row(paid.row).at_ms, self.row(paid.row).notices[0].clone());
        self.confirm("RECEIPT", notice, fen, at_ms);
        self.is_clean(paid.row, "销账和票据各一");

        let (amount_fen, at_ms) = (self.amount(), self.time_of_due());
        let row = self.book(merchant, at_ms, Vec::new());
        self.row_mut(row).amount_fen = amount_fen;
        self.line_of(row);
        self.is_clean(row, "没有缴款单");

        // In two parts that add up.
        let paid = self.pay_so(merchant, 8_000, at_ms);
        if let Some(confirmation) = &mut self.confirmations[paid.offs[0]] {
            confirmation.amount_fen = 5_000;
        }
        let notice = self.row(paid.row).notices[0].0.clone();
        self.write_off(notice, 3_000, at_ms);
        self.is_clean(paid.row, "销账分两次，合计相符");
    }
}

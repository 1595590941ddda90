//! A day on which everybody agrees. Who plants a discrepancy changes one side of it, and writes
//! down what was changed.

use super::book::{
    Agency, Back, Confirmation, Credit, Line, Merchant, Notice, Payout, Rail, Row, Truth,
};
use super::rng::Rng;
use crate::clock::{DAY_MS, Day, HOUR_MS, MINUTE_MS, SECOND_MS};

/// What `rules.json` says of times and tolerances.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) judged_ms: i64,
    pub(super) cut_minutes: i64,
    pub(super) write_off_due_minutes: i64,
    pub(super) payout_due_days: i64,
    pub(super) fee_tolerance_fen: i64,
}

/// A payment by its places: its row of the ledger, its line, the write-offs of its notices.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) row: usize,
    pub(super) line: usize,
    pub(super) offs: Vec<usize>,
}

/// A refund by its places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Returned {
    pub(super) row: usize,
    pub(super) line: usize,
}

/// Everything of a folder before it is written. What was taken away is `None`, so that places
/// stay what they were.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) rng: Rng,
    pub(super) seed: u64,
    pub(super) day: Day,
    pub(super) rules: Rules,
    pub(super) merchants: Vec<Merchant>,
    pub(super) agencies: Vec<Agency>,
    pub(super) rows: Vec<Option<Row>>,
    pub(super) lines: Vec<Option<Line>>,
    pub(super) confirmations: Vec<Option<Confirmation>>,
    pub(super) open_payouts: Vec<Payout>,
    pub(super) credits: Vec<Credit>,
    pub(super) truth: Vec<Truth>,
    /// Order number and why nothing is to be found of it.
    pub(super) clean: Vec<(String, &'static str)>,
    pub(super) made: u64,
}

impl Scene {
    /// A running number that nothing else of the folder has.
    pub(super) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(super) fn order_no(&mut self) -> String {
        format!("GOV{}{:08}", self.day.compact(), self.number())
    }

    fn refund_no(&mut self) -> String {
        format!("RF{}{:08}", self.day.compact(), self.number())
    }

    /// The rail's number of a payment or refund, in its own shape.
    pub(super) fn txn_no(&mut self, rail: Rail, at_ms: i64, refund: bool) -> String {
        let date = Day::of(at_ms).compact();
        let number = self.number();
        let noise = self.rng.digits(2);
        match (rail, refund) {
            (Rail::WechatPay, false) => format!("42000022{noise}{date}{number:010}"),
            (Rail::WechatPay, true) => format!("503000{noise}{date}{number:014}"),
            (Rail::Alipay, _) => format!("{date}220014{noise}{number:012}"),
            (Rail::Unionpay, _) => format!("{noise}{}{number:013}", &date[2..]),
        }
    }

    /// A notice of an agency whose file is good.
    pub(super) fn notice(&mut self) -> Notice {
        let good: Vec<usize> = self.agencies_of(true);
        let agency = self.rng.pick(&good);
        self.notice_of(agency)
    }

    pub(super) fn agencies_of(&self, judged: bool) -> Vec<usize> {
        let is = |index: &usize| {
            (self.agencies[*index].role == super::book::AgencyRole::Judged) == judged
        };
        (0..self.agencies.len()).filter(is).collect()
    }

    pub(super) fn notice_of(&mut self, agency: usize) -> Notice {
        let code = self.agencies[agency].code.clone();
        Notice { no: format!("{code}{:012}", self.number()), agency }
    }

    /// A merchant whose statement is good; of one rail if it is named.
    pub(super) fn judged(&mut self, rails: &[Rail]) -> usize {
        let fits = |index: &usize| {
            let merchant = &self.merchants[*index];
            merchant.is_judged() && (rails.is_empty() || rails.contains(&merchant.rail))
        };
        let fitting: Vec<usize> = (0..self.merchants.len()).filter(fits).collect();
        self.rng.pick(&fitting)
    }

    pub(super) fn rail(&self, merchant: usize) -> Rail {
        self.merchants[merchant].rail
    }

    /// Up to so many fen, mostly small; never a round hundred of another by chance alone.
    pub(super) fn amount(&mut self) -> i64 {
        match self.rng.below(10) {
            0 => self.rng.between(1, 99),
            1..=6 => self.rng.between(101, 60_000),
            7 | 8 => self.rng.between(60_001, 2_000_000),
            _ => self.rng.between(1, 400) * 5_000,
        }
    }

    /// Between half past midnight and 22:30, whole seconds.
    pub(super) fn time(&mut self) -> i64 {
        self.time_between(30 * MINUTE_MS, 22 * HOUR_MS + 30 * MINUTE_MS)
    }

    fn time_between(&mut self, from_ms: i64, to_ms: i64) -> i64 {
        self.day.start_ms() + self.rng.between(from_ms / SECOND_MS, to_ms / SECOND_MS) * SECOND_MS
    }

    /// The last moment of which a write-off may still be missing.
    pub(super) fn not_due_from_ms(&self) -> i64 {
        self.rules.judged_ms - self.rules.write_off_due_minutes * MINUTE_MS
    }

    /// So early on the day that a write-off is due.
    pub(super) fn time_of_due(&mut self) -> i64 {
        let latest = (self.not_due_from_ms() - SECOND_MS - self.day.start_ms())
            .min(22 * HOUR_MS + 30 * MINUTE_MS);
        self.time_between(5 * MINUTE_MS, latest)
    }

    /// A payment that everybody knows, of one notice.
    pub(super) fn pay(&mut self, merchant: usize) -> Paid {
        let (amount_fen, at_ms) = (self.amount(), self.time());
        self.pay_so(merchant, amount_fen, at_ms)
    }

    /// The same, so early that the write-off is due.
    pub(super) fn pay_early(&mut self, merchant: usize) -> Paid {
        let (amount_fen, at_ms) = (self.amount(), self.time_of_due());
        self.pay_so(merchant, amount_fen, at_ms)
    }

    pub(super) fn pay_so(&mut self, merchant: usize, amount_fen: i64, at_ms: i64) -> Paid {
        let notice = self.notice();
        self.pay_notices(merchant, at_ms, vec![(notice, amount_fen)])
    }

    pub(super) fn pay_notices(
        &mut self,
        merchant: usize,
        at_ms: i64,
        notices: Vec<(Notice, i64)>,
    ) -> Paid {
        let row = self.book(merchant, at_ms, notices.clone());
        let offs = notices.into_iter().map(|(notice, fen)| self.write_off(notice, fen, at_ms));
        let offs = offs.collect();
        let line = self.line_of(row);
        Paid { row, line, offs }
    }

    /// A row of a payment in the ledger, and nothing else.
    pub(super) fn book(
        &mut self,
        merchant: usize,
        at_ms: i64,
        notices: Vec<(Notice, i64)>,
    ) -> usize {
        let of = &self.merchants[merchant];
        let (rail, app_ids) = (of.rail, of.app_ids.clone());
        let row = Row {
            merchant,
            order_no: self.order_no(),
            refund_no: None,
            amount_fen: notices.iter().map(|(_, fen)| fen).sum(),
            notices,
            app_id: if app_ids.is_empty() { String::new() } else { self.rng.pick(&app_ids) },
            txn_no: self.txn_no(rail, at_ms, false),
            knows_txn: !self.rng.once_in(8),
            state: "PAID",
            at_ms,
            day: Day::of(at_ms),
            settled_on: None,
        };
        self.rows.push(Some(row));
        self.rows.len() - 1
    }

    /// A payment of an earlier day that its own statement proved, of which today's says nothing.
    pub(super) fn paid_before(&mut self, merchant: usize, days: i64) -> usize {
        let (notice, amount_fen) = (self.notice(), self.amount() + 100);
        let at_ms = self.time() - days * DAY_MS;
        let row = self.book(merchant, at_ms, vec![(notice.clone(), amount_fen)]);
        let day = Day::of(at_ms);
        self.row_mut(row).settled_on = Some(day);
        // Whether the agency's word of an earlier day is in today's file means nothing.
        if self.rng.once_in(2) {
            self.write_off(notice, amount_fen, at_ms);
        }
        row
    }

    /// What the rail says of a payment of the ledger.
    pub(super) fn line_of(&mut self, row: usize) -> usize {
        let row = self.row(row).clone();
        let merchant = &self.merchants[row.merchant];
        let line = Line {
            merchant: row.merchant,
            merchant_no: merchant.no.clone(),
            app_id: row.app_id,
            txn_no: row.txn_no,
            order_no: row.order_no,
            back: None,
            amount_fen: row.amount_fen,
            fee_fen: merchant.fee_fen(row.amount_fen),
            at_ms: row.at_ms,
            garble: None,
            torn_out: false,
        };
        self.add_line(line)
    }

    pub(super) fn add_line(&mut self, line: Line) -> usize {
        self.lines.push(Some(line));
        self.lines.len() - 1
    }

    /// An agency's word that a notice is paid.
    pub(super) fn write_off(&mut self, notice: Notice, amount_fen: i64, paid_ms: i64) -> usize {
        self.confirm("WRITE_OFF", notice, amount_fen, paid_ms)
    }

    pub(super) fn confirm(
        &mut self,
        kind: &'static str,
        notice: Notice,
        amount_fen: i64,
        paid_ms: i64,
    ) -> usize {
        let letter = if kind == "RECEIPT" { "PJ" } else { "XZ" };
        let no = format!("{letter}{}{:08}", self.day.compact(), self.number());
        let at_ms = paid_ms + self.rng.between(5, 900) * SECOND_MS;
        let new = Confirmation { kind, notice, amount_fen, at_ms, no, readable: true };
        self.confirmations.push(Some(new));
        self.confirmations.len() - 1
    }

    /// A refund that everybody knows, of a payment in the ledger.
    pub(super) fn refund(&mut self, of: usize, amount_fen: i64, at_ms: i64) -> Returned {
        let paid = self.row(of).clone();
        let merchant = &self.merchants[paid.merchant];
        let (rail, merchant_no) = (merchant.rail, merchant.no.clone());
        let fee_fen = -merchant.fee_fen(amount_fen);
        let (refund_no, txn_no) = (self.refund_no(), self.txn_no(rail, at_ms, true));
        let row = Row {
            refund_no: Some(refund_no.clone()),
            notices: Vec::new(),
            txn_no: txn_no.clone(),
            knows_txn: rail != Rail::Alipay && !self.rng.once_in(4),
            amount_fen,
            state: self.rng.pick(&["SUCCEEDED", "SUCCEEDED", "SUBMITTED"]),
            at_ms,
            day: Day::of(at_ms),
            settled_on: None,
            ..paid.clone()
        };
        let status = if row.state == "SUBMITTED" { "PROCESSING" } else { "SUCCESS" };
        let back = Back { refund_no, txn_no, status, paid_ms: paid.at_ms };
        let line = self.add_line(Line {
            merchant: paid.merchant,
            merchant_no,
            app_id: paid.app_id,
            txn_no: paid.txn_no,
            order_no: paid.order_no,
            back: Some(back),
            amount_fen,
            fee_fen,
            at_ms,
            garble: None,
            torn_out: false,
        });
        self.rows.push(Some(row));
        Returned { row: self.rows.len() - 1, line }
    }

    /// Later on the day than `at_ms`, before the minutes in which the day ends.
    pub(super) fn later_than(&mut self, at_ms: i64) -> i64 {
        let end = self.day.start_ms() + 23 * HOUR_MS + 20 * MINUTE_MS;
        let from = at_ms.max(self.day.start_ms() + HOUR_MS) + SECOND_MS;
        from + self.rng.between(0, (end - from) / SECOND_MS) * SECOND_MS
    }

    // Places are handed out by this scene itself and what stands there is taken away by the one
    // who plants, so an empty one is a bug of the planting.
    #[expect(clippy::expect_used, reason = "a place that is empty is a bug of this module")]
    pub(super) fn row(&self, place: usize) -> &Row {
        self.rows[place].as_ref().expect("the row was taken away")
    }

    #[expect(clippy::expect_used, reason = "a place that is empty is a bug of this module")]
    pub(super) fn row_mut(&mut self, place: usize) -> &mut Row {
        self.rows[place].as_mut().expect("the row was taken away")
    }

    #[expect(clippy::expect_used, reason = "a place that is empty is a bug of this module")]
    pub(super) fn line(&self, place: usize) -> &Line {
        self.lines[place].as_ref().expect("the line was taken away")
    }

    #[expect(clippy::expect_used, reason = "a place that is empty is a bug of this module")]
    pub(super) fn line_mut(&mut self, place: usize) -> &mut Line {
        self.lines[place].as_mut().expect("the line was taken away")
    }

    /// Nobody wrote the notices of this payment off.
    pub(super) fn forget_write_offs(&mut self, paid: &Paid) {
        for off in &paid.offs {
            self.confirmations[*off] = None;
        }
    }

    pub(super) fn is_clean(&mut self, place: usize, why: &'static str) {
        let order_no = self.row(place).order_no.clone();
        self.clean.push((order_no, why));
    }

    fn truth_at(&mut self, code: &'static str, at_risk_fen: i64, merchant: usize) -> Truth {
        Truth {
            code,
            at_risk_fen,
            rail: self.rail(merchant).name().to_owned(),
            merchant_no: self.merchants[merchant].no.clone(),
            ..Truth::default()
        }
    }

    /// Found by the order of a row.
    pub(super) fn of_order(&mut self, code: &'static str, at_risk_fen: i64, row: usize) {
        let (merchant, order_no) = (self.row(row).merchant, self.row(row).order_no.clone());
        let truth = Truth { order_no, ..self.truth_at(code, at_risk_fen, merchant) };
        self.truth.push(truth);
    }

    /// Found by the refund of a row.
    pub(super) fn of_refund(&mut self, code: &'static str, at_risk_fen: i64, row: usize) {
        let row = self.row(row);
        let (merchant, refund_no) = (row.merchant, row.refund_no.clone().unwrap_or_default());
        let truth = Truth { refund_no, ..self.truth_at(code, at_risk_fen, merchant) };
        self.truth.push(truth);
    }

    /// Found by the rail's number of a line.
    pub(super) fn of_txn(&mut self, code: &'static str, at_risk_fen: i64, line: usize) {
        let merchant = self.line(line).merchant;
        let txn_no = self.line(line).named_txn(self.rail(merchant));
        let truth = Truth { txn_no, ..self.truth_at(code, at_risk_fen, merchant) };
        self.truth.push(truth);
    }

    /// Found by a notice.
    pub(super) fn of_notice(&mut self, code: &'static str, at_risk_fen: i64, notice_no: &str) {
        let notice_no = notice_no.to_owned();
        self.truth.push(Truth { code, at_risk_fen, notice_no, ..Truth::default() });
    }

    /// Found by a credit.
    pub(super) fn of_credit(&mut self, code: &'static str, at_risk_fen: i64, credit_no: &str) {
        let credit_no = credit_no.to_owned();
        self.truth.push(Truth { code, at_risk_fen, credit_no, ..Truth::default() });
    }

    /// Found by the place of a line in its file, which is known when it is written.
    pub(super) fn of_place(&mut self, code: &'static str, at_risk_fen: i64, line: usize) {
        let merchant = self.line(line).merchant;
        let truth = Truth { line: Some(line), ..self.truth_at(code, at_risk_fen, merchant) };
        self.truth.push(truth);
    }
}

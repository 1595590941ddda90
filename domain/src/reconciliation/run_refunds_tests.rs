use super::*;
use crate::clock::Clock;
use crate::fakes::{FakeClock, FaultPlan, InMemoryStore, RefundsGo, samples};
use crate::money::Fen;
use crate::payment::refund_bench::{Bench, NOTICE_1, agency, finance, wait, wanted};
use crate::payment::{
    ApplyRailReport, LedgerBook, MerchantIdentity, PaymentRail, Rail, RailRefundState, RailTxn,
    Rails, RefundAct,
};
use crate::reconciliation::{
    DayResult, DiscrepancyCode as Code, RefundStanding, StatedRefund, StatementError,
    StatementLine, StatementSource, Trailer,
};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::date;
use std::sync::{Arc, Mutex};

const DAY: Date = date(2026, 3, 2);
const NEXT: Date = date(2026, 3, 3);
const PART: i64 = 3_000;

/// A rail whose files a test writes.
struct Files(Rail, Mutex<BTreeMap<Date, Vec<StatementLine>>>);

#[async_trait]
impl StatementSource for Files {
    fn rail(&self) -> Rail {
        self.0
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        let files = self.1.lock().unwrap();
        let lines = files.get(&day).ok_or(StatementError::NotReady)?.clone();
        if lines.is_empty() {
            return Ok(Statement::empty());
        }
        let sum = |kind| {
            let of_kind = lines.iter().filter(|line| line.kind() == kind);
            Fen::sum(of_kind.map(|line| line.amount)).unwrap()
        };
        let trailer = Trailer {
            count: u32::try_from(lines.len()).unwrap(),
            paid: sum(crate::reconciliation::LineKind::Pay),
            refunded: sum(crate::reconciliation::LineKind::Refund),
        };
        let hash = format!("{day}-{}", lines.len());
        Ok(Statement { hash, lines, trailer, ..Statement::empty() })
    }
}

struct Town {
    bench: Bench,
    files: Arc<Files>,
    clock: Arc<FakeClock>,
    judge: ReconcileDay,
    refund: Refund,
}

/// A payment of two notices, and a refund of a part of one that does so at the rail.
fn town(go: RefundsGo, rail: Rail) -> Town {
    let bench = Bench::over(&Arc::new(FaultPlan::none()));
    bench.settled();
    bench.rail.refunds_go(go);
    let made = bench.asks(&wanted(Some(NOTICE_1), Some(PART), "statement-1")).unwrap().remove(0);
    bench.decides(&agency(), &made.no, &RefundAct::Check).unwrap();
    for level in bench.refund(&made.no).levels {
        bench.decides(&finance(level.code(), level), &made.no, &RefundAct::Approve).unwrap();
    }
    bench.works_for(4);
    let (files, clock) = (Arc::new(Files(rail, Mutex::default())), bench.clock.clone());
    let store: Arc<InMemoryStore> = Arc::new(bench.truth.clone());
    let apply = Arc::new(ApplyRailReport {
        payments: store.clone(),
        rails: Rails::new(vec![Arc::clone(&bench.rail) as Arc<dyn PaymentRail>]),
        notices: bench.gateway.clone(),
        clock: clock.clone(),
    });
    let judge = ReconcileDay {
        source: files.clone(),
        merchant: MerchantIdentity {
            merchant_no: samples::MERCHANT_NO.to_owned(),
            app_ids: vec![samples::APP_ID.to_owned()],
        },
        ledger: store.clone(),
        payments: store.clone(),
        refunds: store.clone(),
        apply,
        days: store,
        clock: clock.clone(),
    };
    let refund = bench.refund(&made.no);
    Town { bench, files, clock, judge, refund }
}

impl Town {
    fn payment_line(&self) -> StatementLine {
        StatementLine {
            line_no: 2,
            refund: None,
            order_no: "YW000001".to_owned(),
            txn: "T-YW000001".to_owned(),
            app_id: samples::APP_ID.to_owned(),
            merchant_no: samples::MERCHANT_NO.to_owned(),
            amount: Fen::new(20_104),
            fee: Fen::new(121),
            at: samples::at(10),
            raw: String::new(),
        }
    }

    /// The refund, as the file of its day has it; 0.18 yuan of the fee come back.
    fn refund_line(&self, standing: RefundStanding) -> StatementLine {
        StatementLine {
            line_no: 3,
            refund: Some(StatedRefund { no: Some(self.refund.no.to_string()), standing }),
            txn: format!("R-{}", self.refund.no),
            amount: Fen::new(PART),
            fee: Fen::new(-18),
            at: self.refund.sent_at.unwrap(),
            ..self.payment_line()
        }
    }

    /// A line of the next day that is nobody's.
    fn stranger(&self) -> StatementLine {
        let at: Timestamp = "2026-03-03T09:00:00+08:00".parse().unwrap();
        StatementLine { order_no: "SHOP01".into(), txn: "T9".into(), at, ..self.payment_line() }
    }

    fn prints(&self, day: Date, lines: Vec<StatementLine>) {
        self.files.1.lock().unwrap().insert(day, lines);
    }

    fn judges(&self, day: Date) -> DayResult {
        wait(self.judge.run(day)).unwrap()
    }

    /// The fees booked of a day: kind, of which refund, and fen.
    fn fees(&self, day: Date) -> Vec<(JournalKind, Option<RefundNo>, i64)> {
        let all = wait(self.bench.truth.journals_of(Rail::WeChatPay, day)).unwrap();
        let fees = all
            .into_iter()
            .filter(|journal| matches!(journal.kind, JournalKind::Fee | JournalKind::FeeBack));
        fees.map(|fee| (fee.kind, fee.refund_no.clone(), fee.entries()[0].amount.value())).collect()
    }

    /// The rail carries the refund out on the next day, and says so.
    fn comes_back_on_the_next_day(&self) {
        let txn = RailTxn::new(&format!("R-{}", self.refund.no)).ok();
        let at = "2026-03-03T11:00:00+08:00".parse().unwrap();
        self.clock.advance(SignedDuration::from_hours(26));
        assert!(self.bench.rail.decides_refund(&self.refund.no, RailRefundState::Done { txn, at }));
        self.bench.works_for(2);
    }
}

fn codes(result: &DayResult) -> Vec<(Code, i64)> {
    result.discrepancies.iter().map(|d| (d.code, d.at_risk.value())).collect()
}

#[test]
fn a_refund_that_both_have_is_matched_and_its_fee_is_booked_once() {
    let town = town(RefundsGo::Back, Rail::WeChatPay);
    town.prints(DAY, vec![town.payment_line(), town.refund_line(RefundStanding::Done)]);
    for _ in 0..2 {
        let result = town.judges(DAY);
        assert_eq!((codes(&result), result.state), (vec![], DayState::Matched));
        assert_eq!((result.next_try_at, result.fee_total), (None, Fen::new(103)));
        let net = Fen::new(20_104 - PART);
        assert_eq!((result.ledger_count, result.ledger_total), (2, net));
        assert_eq!(result.tally(|_| true), Ok((2, net)));
        let back = (JournalKind::FeeBack, Some(town.refund.no.clone()), 18);
        assert_eq!(town.fees(DAY), [(JournalKind::Fee, None, 121), back]);
    }
}

#[test]
fn fees_of_lines_that_differ_are_not_booked() {
    let town = town(RefundsGo::Back, Rail::WeChatPay);
    let more = Fen::new(PART + 1);
    let wrong = StatementLine { amount: more, ..town.refund_line(RefundStanding::Done) };
    let paid = StatementLine { amount: more, ..town.payment_line() };
    town.prints(DAY, vec![paid, wrong]);
    let result = town.judges(DAY);
    assert_eq!(codes(&result), [(Code::L04, PART + 1 - 20_104), (Code::R03, -1)]);
    assert_eq!(town.fees(DAY), []);
}

#[test]
fn a_refund_is_found_by_the_rails_number_where_the_file_has_only_that() {
    let town = town(RefundsGo::Back, Rail::WeChatPay);
    let stated = StatedRefund { no: None, standing: RefundStanding::Done };
    let line = StatementLine { refund: Some(stated), ..town.refund_line(RefundStanding::Done) };
    town.prints(DAY, vec![town.payment_line(), line]);
    assert_eq!(codes(&town.judges(DAY)), []);
    assert_eq!(town.fees(DAY).len(), 2);
}

#[test]
fn a_refund_of_another_rail_is_not_ours_here() {
    let town = town(RefundsGo::Back, Rail::Alipay);
    town.prints(DAY, vec![town.refund_line(RefundStanding::Done)]);
    assert_eq!(codes(&town.judges(DAY)), [(Code::R02, -PART)]);
    assert_eq!(town.fees(DAY), []);
}

#[test]
fn a_refund_that_no_file_has_is_missing_and_the_day_is_not_taken_for_empty() {
    let town = town(RefundsGo::Back, Rail::WeChatPay);
    town.prints(DAY, vec![town.payment_line()]);
    let result = town.judges(DAY);
    assert_eq!((codes(&result), result.next_try_at), (vec![(Code::R01, PART)], None));
    assert_eq!((result.ledger_count, result.ledger_total), (2, Fen::new(20_104 - PART)));
    assert_eq!(town.fees(DAY), [(JournalKind::Fee, None, 121)]);
}

#[test]
fn a_refund_on_its_way_agrees_and_is_looked_at_again_until_it_is_back() {
    let town = town(RefundsGo::Nowhere, Rail::WeChatPay);
    town.prints(DAY, vec![town.payment_line(), town.refund_line(RefundStanding::UnderWay)]);
    let result = town.judges(DAY);
    assert_eq!((codes(&result), result.state), (vec![], DayState::Matched));
    let tomorrow = town.clock.now() + SignedDuration::from_hours(24);
    assert_eq!(result.next_try_at, Some(tomorrow));
    assert_eq!((result.ledger_count, result.ledger_total), (2, Fen::new(20_104 - PART)));
    assert_eq!(town.fees(DAY), [(JournalKind::Fee, None, 121)], "not before it is back");

    town.comes_back_on_the_next_day();
    let result = town.judges(DAY);
    assert_eq!((codes(&result), result.next_try_at), (vec![], None));
    assert_eq!(town.fees(DAY).len(), 2);
    // Its own day's file has nothing of it: the earlier one had.
    town.prints(NEXT, vec![]);
    let result = town.judges(NEXT);
    assert_eq!((codes(&result), result.state), (vec![], DayState::Matched));
    assert_eq!((result.ledger_count, result.ledger_total), (0, Fen::ZERO));
}

#[test]
fn a_refund_may_be_in_an_earlier_file_that_is_not_judged_yet() {
    let town = town(RefundsGo::Nowhere, Rail::WeChatPay);
    town.comes_back_on_the_next_day();
    town.prints(NEXT, vec![]);
    let result = town.judges(NEXT);
    assert_eq!((codes(&result), result.state), (vec![(Code::F01, 0)], DayState::WaitingForFile));
    assert_eq!(result.discrepancies[0].note, "渠道称当日没有交易，而平台有退款");

    town.prints(NEXT, vec![town.stranger()]);
    let soon = Some(town.clock.now() + SignedDuration::from_mins(30));
    let missing = vec![(Code::L01, 20_104), (Code::R01, PART)];
    let result = town.judges(NEXT);
    assert_eq!((codes(&result), result.next_try_at), (missing.clone(), soon));
    assert_eq!(town.judges(DAY).state, DayState::WaitingForFile);
    let result = town.judges(NEXT);
    assert_eq!((codes(&result), result.next_try_at), (missing, soon), "a file that is not there");

    town.prints(DAY, vec![town.payment_line(), town.refund_line(RefundStanding::UnderWay)]);
    assert_eq!(codes(&town.judges(DAY)), []);
    let result = town.judges(NEXT);
    assert_eq!((codes(&result), result.next_try_at), (vec![(Code::L01, 20_104)], None));
}

#[test]
fn a_refund_in_the_files_of_two_days_went_back_twice() {
    let town = town(RefundsGo::Nowhere, Rail::WeChatPay);
    town.comes_back_on_the_next_day();
    let line = town.refund_line(RefundStanding::Done);
    town.prints(DAY, vec![town.payment_line(), line.clone()]);
    town.prints(NEXT, vec![StatementLine { at: town.stranger().at, ..line }]);
    assert_eq!(codes(&town.judges(DAY)), []);
    let result = town.judges(NEXT);
    assert_eq!(codes(&result), [(Code::R05, -PART)]);
    assert!(result.discrepancies[0].note.contains("2026-03-02"), "{result:?}");
}

#[test]
fn only_a_refund_that_is_missing_may_be_in_another_days_file() {
    let town = town(RefundsGo::Back, Rail::WeChatPay);
    town.prints(DAY, vec![town.payment_line()]);
    let missing = town.judges(DAY).discrepancies.remove(0);
    for (code, line_no, explained) in [
        (Code::R01, None, true),
        (Code::R01, Some(3), false),
        (Code::L03, None, false),
        (Code::R03, Some(3), false),
    ] {
        let found = [Discrepancy { code, line_no, ..missing.clone() }];
        for unjudged in [true, false] {
            let known = KnownRefunds { unjudged, ..KnownRefunds::default() };
            assert_eq!(known.may_be_explained(&found), explained && unjudged, "{found:?}");
        }
    }
}

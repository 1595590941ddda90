use super::*;
use crate::fakes::samples::{
    at, money, notice, notice_no, payment as sample_payment, payment_no, started,
};
use crate::fakes::{FakeClock, FakeGateway, FaultPlan, InMemoryStore};
use crate::payment::{EventReason, Evidence, PaymentEvent};
use crate::reconciliation::{
    FileFault, FinanceResult, JudgedOrder, OrderedRefund, RejectedLine, Verdict,
};
use async_trait::async_trait;
use jiff::civil::date;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

const NO: &str = "YW000001";
const FINE: &str = "330000001FS1";
const DAY: Date = date(2026, 3, 2);

/// Polls until done: nothing here ever waits.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// A gateway's desk for files that says what a test wants, and keeps what it was sent.
#[derive(Default)]
struct Desk {
    refuses_orders: Mutex<Vec<RejectedLine>>,
    refuses_split: Mutex<Vec<RejectedLine>>,
    judged: Mutex<bool>,
    results: Mutex<Vec<FinanceResult>>,
    faulty: Mutex<bool>,
    refunds: Mutex<Option<Vec<OrderedRefund>>>,
    sent: Mutex<Vec<(&'static str, ClearingDay)>>,
}

impl Desk {
    fn take(&self, file: &'static str, day: &ClearingDay, refuses: &[RejectedLine]) -> Sent {
        if *self.judged.lock().unwrap() {
            return Sent::Judged;
        }
        self.sent.lock().unwrap().push((file, day.clone()));
        if refuses.is_empty() { Sent::Taken } else { Sent::Rejected(refuses.to_vec()) }
    }
}

#[async_trait]
impl ClearingExchange for Desk {
    async fn send_orders(&self, day: &ClearingDay) -> Result<Sent, OutsideError> {
        Ok(self.take("orders", day, &self.refuses_orders.lock().unwrap()))
    }

    async fn send_split(&self, day: &ClearingDay) -> Result<Sent, OutsideError> {
        Ok(self.take("split", day, &self.refuses_split.lock().unwrap()))
    }

    async fn results(&self, _day: Date) -> Result<Vec<FinanceResult>, ClearingError> {
        if *self.faulty.lock().unwrap() {
            return Err(ClearingError::Faulty { file: "JG".to_owned(), fault: FileFault::Totals });
        }
        Ok(self.results.lock().unwrap().clone())
    }

    async fn ordered_refunds(
        &self,
        _day: Date,
    ) -> Result<Option<Vec<OrderedRefund>>, ClearingError> {
        Ok(self.refunds.lock().unwrap().clone())
    }
}

struct World {
    store: InMemoryStore,
    desk: Arc<Desk>,
    clock: Arc<FakeClock>,
    due: ClearDue,
}

/// One paid payment of one notice, and a gateway that knows these notices.
fn world(known: Vec<Notice>) -> World {
    let store = InMemoryStore::new();
    let (shared, desk) = (Arc::new(store.clone()), Arc::new(Desk::default()));
    let clock = Arc::new(FakeClock::at(at(60)));
    let day = Arc::new(ClearOneDay {
        exchange: desk.clone(),
        notices: Arc::new(FakeGateway::new(known, Arc::new(FaultPlan::none()))),
        ledger: shared.clone(),
        payments: shared.clone(),
        refunds: shared.clone(),
        receipts: shared.clone(),
        book: shared.clone(),
        clock: clock.clone(),
    });
    let due = ClearDue { day, days: shared, clock: clock.clone() };
    let world = World { store, desk, clock, due };
    let open = sample_payment(NO, FINE, 20_600);
    wait(PaymentStore::insert(&world.store, &open, &started())).unwrap();
    let paid = PaymentEvent::Confirm(money("T1", 20_600));
    let record = (EventReason::RailConfirmed, Some(Evidence::Answer(at(20))));
    let change = open.after(paid, record, at(20)).unwrap();
    wait(PaymentStore::save(&world.store, &change)).unwrap();
    world
}

fn usual() -> World {
    world(vec![notice(FINE, 20_600)])
}

impl World {
    fn clears(&self) -> ClearedDay {
        let cleared = wait(self.due.day.run(DAY)).unwrap();
        let stored = wait(ClearingBook::find(&self.store, DAY)).unwrap();
        assert_eq!(stored.as_ref(), Some(&cleared), "what is answered is what is kept");
        cleared
    }

    fn finance_says(&self, verdict: Verdict, sums: [i64; 3]) {
        let line = JudgedOrder {
            region: "330100".to_owned(),
            agency_code: "330101".to_owned(),
            notice_no: FINE.to_owned(),
            order_no: NO.to_owned(),
            verdict,
        };
        let mut results = self.desk.results.lock().unwrap();
        let batch = u8::try_from(results.len() + 1).unwrap();
        results.push(FinanceResult { batch, sums: sums.map(Fen::new), lines: vec![line] });
    }
}

fn open() -> Verdict {
    Verdict::ToBeConfirmed { code: "FINANCE".to_owned(), reason: "核实中".to_owned() }
}

#[test]
fn both_files_are_sent_and_a_day_without_verdict_comes_again() {
    let world = usual();
    let cleared = world.clears();
    assert_eq!((cleared.state, cleared.orders), (ClearingState::Sent, 1));
    assert_eq!(cleared.paid, Fen::new(20_600));
    assert_eq!(cleared.next_try_at, Some(at(60) + UNJUDGED));
    let sent = world.desk.sent.lock().unwrap();
    assert_eq!(sent.iter().map(|(file, _)| *file).collect::<Vec<_>>(), ["orders", "split"]);
    let order = &sent[0].1.payments()[0].order;
    assert_eq!((order.txn.as_str(), order.at), ("T1", at(10)));
    assert_eq!((order.region.as_str(), order.payer.as_str()), ("330100", "张三"));
}

#[test]
fn what_finance_agrees_in_is_settled() {
    let world = usual();
    world.finance_says(Verdict::Matched, [20_600, 0, 0]);
    let cleared = world.clears();
    assert_eq!((cleared.state, cleared.agreed), (ClearingState::Agreed, 1));
    assert_eq!((cleared.next_try_at, cleared.differences), (None, Vec::new()));
}

#[test]
fn an_undecided_day_is_looked_at_again_and_a_failed_one_waits_for_people() {
    let world = usual();
    world.finance_says(open(), [0, 0, 20_600]);
    let undecided = world.clears();
    assert_eq!(undecided.state, ClearingState::Different);
    assert_eq!(undecided.next_try_at, Some(at(60) + UNDECIDED));
    *world.desk.judged.lock().unwrap() = true;
    let failed = Verdict::Failed { code: "AMOUNT".to_owned(), reason: "不符".to_owned() };
    world.finance_says(failed, [0, 20_600, 0]);
    let decided = world.clears();
    assert_eq!((decided.state, decided.batches), (ClearingState::Different, 2));
    assert_eq!(decided.next_try_at, None);
    assert_eq!(decided.differences[0].kind, Kind::Failed);
}

#[test]
fn a_refused_file_is_not_sent_on() {
    let world = usual();
    let line = RejectedLine { line: 2, code: "SUM".to_owned(), reason: "不等".to_owned() };
    world.desk.refuses_orders.lock().unwrap().push(line);
    let cleared = world.clears();
    assert_eq!(cleared.state, ClearingState::Unsent);
    assert_eq!(cleared.differences[0].kind, Kind::Rejected);
    assert_eq!(cleared.next_try_at, Some(at(60) + UNDECIDED));
    let files = world.desk.sent.lock().unwrap().len();
    assert_eq!(files, 1, "no split without orders");
}

#[test]
fn a_faulty_file_of_finance_is_named_and_tried_again() {
    let world = usual();
    *world.desk.faulty.lock().unwrap() = true;
    let cleared = world.clears();
    assert_eq!(cleared.state, ClearingState::Different);
    assert_eq!(cleared.differences[0].kind, Kind::FaultyFile);
    assert_eq!(cleared.next_try_at, Some(at(60) + UNJUDGED), "it has not judged");
}

#[test]
fn an_order_that_the_gateway_does_not_know_is_named_and_keeps_nobody_else_out() {
    let world = world(Vec::new());
    let cleared = world.clears();
    assert_eq!((cleared.orders, cleared.differences.len()), (0, 1));
    assert_eq!(cleared.differences[0].kind, Kind::Unsendable);
    assert_eq!(cleared.differences[0].amount, Fen::new(20_600));
    assert_eq!(cleared.next_try_at, Some(at(60) + SignedDuration::from_mins(10)));
    assert_eq!(world.desk.sent.lock().unwrap().len(), 2, "the files go without it");
}

#[test]
fn a_refund_that_finance_orders_is_shown() {
    let world = usual();
    let refund = OrderedRefund {
        agency_code: "330101".to_owned(),
        notice_no: notice_no(FINE),
        payment_no: payment_no(NO),
        payer: crate::notice::PayerName::new("张三"),
        amount: Fen::new(600),
        paid_at: at(10),
        receipt: None,
        reason: "多收".to_owned(),
        payee: crate::reconciliation::Payee::default(),
        trade_code: "WXPAY".to_owned(),
        remark: String::new(),
    };
    *world.desk.refunds.lock().unwrap() = Some(vec![refund]);
    let found = &world.clears().differences[0];
    assert_eq!((found.kind, found.amount), (Kind::RefundOrdered, Fen::new(600)));
}

#[test]
fn a_refund_of_the_day_is_in_the_first_file_and_in_the_sum() {
    use crate::payment::RefundAct;
    use crate::payment::refund_bench::{Bench, NOTICE_1, NOTICE_2, agency, finance, wanted};
    let bench = Bench::over(&Arc::new(FaultPlan::none()));
    let never_counted = bench.owed(2, 500);
    let no = bench.settled();
    let made =
        bench.asks(&wanted(Some(NOTICE_1), Some(3_000), "clearing-key-1")).unwrap().remove(0);
    bench.decides(&agency(), &made.no, &RefundAct::Check).unwrap();
    for level in bench.refund(&made.no).levels {
        bench.decides(&finance(level.code(), level), &made.no, &RefundAct::Approve).unwrap();
    }
    bench.works_for(8);
    let refund = bench.refund(&made.no);
    let crate::payment::RefundState::Done { at, .. } = refund.state else { panic!("{refund:?}") };

    assert_eq!(bench.refundable(&never_counted), 0, "it went back too");
    let world = World { store: bench.truth.clone(), ..usual() };
    let shared = Arc::new(world.store.clone());
    let notices = [(NOTICE_1, 20_003), (NOTICE_2, 101)].map(|(no, fen)| notice(no, fen));
    let day = ClearOneDay {
        exchange: world.desk.clone(),
        notices: Arc::new(FakeGateway::new(notices.to_vec(), Arc::new(FaultPlan::none()))),
        ledger: shared.clone(),
        payments: shared.clone(),
        refunds: shared.clone(),
        receipts: shared.clone(),
        book: shared,
        clock: world.clock.clone(),
    };
    let cleared = wait(day.run(DAY)).unwrap();
    assert_eq!((cleared.orders, cleared.paid), (3, Fen::new(20_104)));
    assert_eq!(cleared.refunded, Fen::new(3_000), "what never counted is in no file");
    let sent = world.desk.sent.lock().unwrap();
    let filed = wait(ReceiptBook::list_of_payment(&world.store, &no)).unwrap();
    let of = |notice: &str| {
        let of_notice = filed.iter().find(|filed| filed.receipt.notice_no.as_str() == notice);
        of_notice.map(|filed| filed.receipt.id.clone())
    };
    let receipts: Vec<_> = sent[0].1.payments().iter().map(|p| p.order.receipt.clone()).collect();
    assert_eq!(receipts, [of(NOTICE_1), of(NOTICE_2)]);
    assert!(receipts.iter().all(Option::is_some), "{filed:?}");
    let [line] = sent[0].1.refunds() else { panic!("{:?}", sent[0]) };
    assert_eq!(line.order.receipt, of(NOTICE_1));
    assert_eq!((&line.refund_no, &line.payment_no, line.done), (&made.no, &no, true));
    assert_eq!((line.order.principal, line.order.late_fee), (Fen::new(3_000), Fen::ZERO));
    assert_eq!((line.order.at, line.paid_at), (at, crate::fakes::samples::at(10)));
    assert_eq!(line.payment_txn, format!("T-{no}"));
}

#[test]
fn a_day_is_cleared_once_its_statements_are_judged_or_at_two_at_the_latest() {
    let world = usual();
    let due = || wait(world.due.run_once()).unwrap().len();
    let hours = |hours: i64| SignedDuration::from_hours(hours);
    assert_eq!(due(), 0, "the day is not over");
    world.clock.advance(hours(24));
    assert_eq!(due(), 0, "the rail's statement is not judged yet");
    world.clock.advance(hours(4));
    assert_eq!(due(), 1, "14:01 of the next day");
    assert_eq!(due(), 0, "its next try is in ten minutes");
    world.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(due(), 1);
}

/// What the rail's statement of [`DAY`] came to.
fn statement(state: DayState) -> DayResult {
    DayResult {
        rail: Rail::WeChatPay,
        day: DAY,
        state,
        judged_at: at(0),
        file_hash: String::new(),
        lines: Vec::new(),
        ledger_count: 1,
        ledger_total: Fen::new(20_600),
        fee_total: Fen::ZERO,
        discrepancies: Vec::new(),
        next_try_at: None,
    }
}

#[test]
fn a_judged_statement_opens_the_way_and_a_missing_one_does_not() {
    for (state, days) in
        [(DayState::WaitingForFile, 0), (DayState::Matched, 1), (DayState::Different, 1)]
    {
        let world = usual();
        world.clock.advance(SignedDuration::from_hours(24));
        wait(DayBook::save(&world.store, &statement(state), b"")).unwrap();
        assert_eq!(wait(world.due.run_once()).unwrap().len(), days, "{state:?}");
    }
}

#[test]
fn a_statement_of_another_day_opens_no_way() {
    let world = usual();
    world.clock.advance(SignedDuration::from_hours(24));
    let other = DayResult { day: date(2026, 3, 1), ..statement(DayState::Matched) };
    wait(DayBook::save(&world.store, &other, b"")).unwrap();
    assert_eq!(wait(world.due.run_once()).unwrap().len(), 0);
}

use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{FakeClock, FakeGateway, FakeRail, Fault, FaultPlan, InMemoryStore};
use crate::outside::OutsideError;
use crate::payment::refund_bench::wait;
use crate::payment::{
    EventReason, Journal, Payment, PaymentEvent, PaymentRail, PaymentStatus, Rails,
};
use crate::reconciliation::Trailer;
use async_trait::async_trait;
use jiff::civil::date;
use std::sync::Mutex;

const DAY: Date = date(2026, 3, 2);
const NO: &str = "YW000001";
const FEN: i64 = 20_600;

/// What the rail has of a day.
enum File {
    Lines(&'static str, Vec<StatementLine>),
    Damaged,
    Silent,
}

/// A rail whose files a test writes.
#[derive(Default)]
struct Files(Mutex<BTreeMap<Date, File>>);

#[async_trait]
impl StatementSource for Files {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        match self.0.lock().unwrap().get(&day) {
            None => Err(StatementError::NotReady),
            Some(File::Silent) => {
                Err(StatementError::Outside(OutsideError::NotSent("silence".into())))
            }
            Some(File::Damaged) => Err(StatementError::Damaged(Box::new(StatementFault {
                code: DiscrepancyCode::F02,
                reason: "摘要不符".to_owned(),
                original: Vec::new(),
            }))),
            Some(File::Lines(hash, lines)) => {
                let trailer = Trailer {
                    count: u32::try_from(lines.len()).unwrap(),
                    paid: Fen::sum(lines.iter().map(|line| line.amount)).unwrap(),
                    refunded: Fen::ZERO,
                };
                let (hash, lines) = ((*hash).to_owned(), lines.clone());
                Ok(Statement { hash, lines, trailer, ..Statement::empty() })
            }
        }
    }
}

struct Town {
    store: InMemoryStore,
    clock: Arc<FakeClock>,
    files: Arc<Files>,
    due: ReconcileDue,
}

/// One payment of 206 yuan, sent to the rail and not paid as far as we know; `gateway` says which
/// calls of it fail.
fn town(gateway: FaultPlan) -> Town {
    let (store, clock) = (InMemoryStore::new(), Arc::new(FakeClock::at(at(60))));
    let shared = Arc::new(store.clone());
    let rail = Arc::new(FakeRail::new(Arc::new(FaultPlan::none())));
    let notice = samples::notice("330000001FS1", FEN);
    let apply = Arc::new(ApplyRailReport {
        payments: shared.clone(),
        rails: Rails::new(vec![rail as Arc<dyn PaymentRail>]),
        notices: Arc::new(FakeGateway::new(vec![notice], Arc::new(gateway))),
        clock: clock.clone(),
    });
    let files = Arc::new(Files::default());
    let day = ReconcileDay {
        source: files.clone(),
        merchant: MerchantIdentity {
            merchant_no: samples::MERCHANT_NO.to_owned(),
            app_ids: vec![samples::APP_ID.to_owned()],
        },
        ledger: shared.clone(),
        payments: shared.clone(),
        refunds: shared.clone(),
        apply,
        days: shared,
        clock: clock.clone(),
    };
    let payment = samples::payment(NO, "330000001FS1", FEN);
    wait(PaymentStore::insert(&store, &payment, &samples::started())).unwrap();
    let due = ReconcileDue { rails: vec![Arc::new(day)], clock: clock.clone() };
    Town { store, clock, files, due }
}

fn calm() -> Town {
    town(FaultPlan::none())
}

/// The payment as the rail has it, in this line of its file.
fn line(line_no: u32) -> StatementLine {
    StatementLine {
        line_no,
        refund: None,
        order_no: NO.to_owned(),
        txn: "T1".to_owned(),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(FEN),
        fee: Fen::new(124),
        at: at(10),
        raw: String::new(),
    }
}

/// A line that is nobody's.
fn stranger(line_no: u32) -> StatementLine {
    StatementLine { order_no: "SHOP01".to_owned(), txn: "T9".to_owned(), ..line(line_no) }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

impl Town {
    fn prints(&self, day: Date, file: File) {
        self.files.0.lock().unwrap().insert(day, file);
    }

    fn judges(&self, day: Date) -> DayResult {
        let result = wait(self.due.rails[0].run(day)).unwrap();
        let stored = wait(DayBook::find(&self.store, Rail::WeChatPay, day)).unwrap();
        assert_eq!(stored.as_ref(), Some(&result), "what is answered is what is kept");
        result
    }

    fn payment(&self) -> Payment {
        wait(PaymentStore::find(&self.store, &samples::payment_no(NO))).unwrap().unwrap()
    }

    fn happens(&self, event: PaymentEvent) {
        let reason = (EventReason::RailConfirmed, Some(Evidence::Answer(at(20))));
        let change = self.payment().after(event, reason, at(20)).unwrap();
        wait(PaymentStore::save(&self.store, &change)).unwrap();
    }

    fn paid(&self) {
        self.happens(PaymentEvent::Confirm(samples::money("T1", FEN)));
    }
}

type Said = Vec<(DiscrepancyCode, Option<u32>, Resolution)>;

fn said(result: &DayResult) -> Said {
    result.discrepancies.iter().map(|d| (d.code, d.line_no, d.resolution)).collect()
}

#[test]
fn what_only_the_statement_knows_is_put_right_and_stays_visible_as_what_it_was() {
    let town = calm();
    town.prints(DAY, File::Lines("h1", vec![line(2)]));
    let lost = |line_no| vec![(DiscrepancyCode::L02, Some(line_no), Resolution::PutRight)];
    let result = town.judges(DAY);
    assert_eq!(town.payment().state.status(), PaymentStatus::Paid);
    assert_eq!((said(&result), result.state), (lost(2), DayState::Matched));
    assert_eq!((result.ledger_count, result.ledger_total), (1, Fen::new(FEN)));
    assert_eq!((result.fee_total, result.next_try_at), (Fen::new(124), None));
    assert_eq!(result.lines[0].bucket, Bucket::Discrepancy(DiscrepancyCode::L02));

    // A later file has the line in another place, after a second transaction of the order.
    let twice = StatementLine { txn: "T2".to_owned(), ..line(3) };
    town.prints(DAY, File::Lines("h2", vec![stranger(2), twice, line(4)]));
    let result = town.judges(DAY);
    let open = |code, line_no| (code, Some(line_no), Resolution::Open);
    let others = vec![open(DiscrepancyCode::L01, 2), open(DiscrepancyCode::L07, 3)];
    assert_eq!(said(&result), [others, lost(4)].concat());
    assert_eq!((result.state, result.file_hash.as_str()), (DayState::Different, "h2"));
    assert_eq!(result.lines[2].bucket, Bucket::Discrepancy(DiscrepancyCode::L02));
}

#[test]
fn what_is_put_right_hides_nothing_of_what_is_not() {
    let town = calm();
    town.prints(DAY, File::Lines("h1", vec![line(2), stranger(3)]));
    let result = town.judges(DAY);
    let foreign = (DiscrepancyCode::L01, Some(3), Resolution::Open);
    let lost = (DiscrepancyCode::L02, Some(2), Resolution::PutRight);
    assert_eq!((said(&result), result.state), (vec![foreign, lost], DayState::Different));
}

#[test]
fn a_payment_that_both_have_is_matched_and_nothing_was_put_right() {
    let town = calm();
    town.paid();
    town.prints(DAY, File::Lines("h1", vec![line(2)]));
    for _ in 0..2 {
        let result = town.judges(DAY);
        assert_eq!((said(&result), result.state), (vec![], DayState::Matched));
        assert_eq!(result.lines[0].bucket, Bucket::Matched);
    }
    let fees = wait(town.store.journals_of(Rail::WeChatPay, DAY)).unwrap();
    let is_fee = |journal: &&Journal| journal.kind == crate::payment::JournalKind::Fee;
    assert_eq!(fees.iter().filter(is_fee).count(), 1, "booked once");
}

#[test]
fn late_money_that_the_gateway_must_judge_waits_for_its_answer() {
    let town = town(FaultPlan::always(Fault::NotDone));
    town.happens(PaymentEvent::Close);
    town.prints(DAY, File::Lines("h1", vec![line(2)]));
    let result = town.judges(DAY);
    let open = (DiscrepancyCode::L10, Some(2), Resolution::Open);
    assert_eq!((said(&result), result.state), (vec![open], DayState::Different));
    assert_eq!(result.next_try_at, Some(at(60) + minutes(30)));
    assert_eq!((result.ledger_count, result.ledger_total), (0, Fen::ZERO));
}

#[test]
fn a_day_without_a_file_says_why_and_what_is_at_risk_and_comes_again() {
    use DiscrepancyCode::{F01, F02, F04};
    let town = calm();
    town.paid();
    let earlier = date(2026, 3, 1);
    let other = StatementLine { at: at(-86_400), ..stranger(2) };
    town.prints(earlier, File::Lines("h1", vec![other]));
    town.judges(earlier);
    for (file, code, note) in [
        (None, F01, "渠道尚未生成当日对账单"),
        (Some(File::Silent), F01, "未能取得对账单"),
        (Some(File::Damaged), F02, "摘要不符"),
        (Some(File::Lines("", Vec::new())), F01, "渠道称当日没有交易，而平台有收款"),
        (Some(File::Lines("h1", vec![line(2)])), F04, "与2026-03-01的对账单完全相同"),
    ] {
        file.into_iter().for_each(|file| town.prints(DAY, file));
        let result = town.judges(DAY);
        assert_eq!(said(&result), [(code, None, Resolution::Open)], "{note}");
        let found = &result.discrepancies[0];
        assert!(found.note.starts_with(note), "{}", found.note);
        assert_eq!(found.at_risk, Fen::new(FEN), "{note}");
        assert_eq!(result.state, DayState::WaitingForFile);
        assert_eq!((result.ledger_count, result.ledger_total), (1, Fen::new(FEN)));
        assert_eq!(result.next_try_at, Some(at(60) + minutes(30)));
    }
}

#[test]
fn a_day_that_nobody_paid_on_needs_no_file() {
    let town = calm();
    town.prints(DAY, File::Lines("", Vec::new()));
    let result = town.judges(DAY);
    assert_eq!((said(&result), result.state), (vec![], DayState::Matched));
    assert_eq!((result.ledger_count, result.next_try_at), (0, None));
}

#[test]
fn a_file_that_cannot_be_used_takes_nothing_from_one_that_was() {
    let town = calm();
    town.paid();
    town.prints(DAY, File::Lines("h1", vec![line(2)]));
    let judged = town.judges(DAY);
    town.clock.advance(minutes(60));
    town.prints(DAY, File::Damaged);
    assert_eq!(town.judges(DAY), judged, "and it waits for nothing");

    let waits = DayResult { next_try_at: Some(at(0)), ..judged };
    wait(DayBook::save(&town.store, &waits, b"")).unwrap();
    let again = Some(town.clock.now() + minutes(30));
    assert_eq!(town.judges(DAY), DayResult { next_try_at: again, ..waits });
}

#[test]
fn a_day_is_due_once_its_file_is_promised_and_as_often_as_it_says() {
    let town = calm();
    let due = || wait(town.due.run_once()).unwrap().into_iter().map(|(day, _)| day);
    let due = || due().collect::<Vec<_>>();
    town.clock.advance(SignedDuration::from_hours(23));
    assert_eq!(due(), [], "nobody has paid");
    town.paid();
    assert_eq!(due(), [], "09:01 of the next day");
    town.clock.advance(minutes(59));
    assert_eq!(due(), [DAY], "10:00");
    assert_eq!(due(), []);
    town.clock.advance(minutes(29));
    assert_eq!(due(), []);
    town.clock.advance(minutes(1));
    assert_eq!(due(), [DAY], "half an hour later");
    town.prints(DAY, File::Lines("h1", vec![line(2)]));
    town.clock.advance(minutes(30));
    assert_eq!(due(), [DAY]);
    town.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(due(), [date(2026, 3, 3)], "a judged day is left alone");
    town.clock.advance(SignedDuration::from_hours(24 * 40));
    let days = due();
    assert_eq!((days.len(), days[0]), (31, date(2026, 3, 13)), "the window: {days:?}");
}

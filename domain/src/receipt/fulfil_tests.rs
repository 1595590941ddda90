use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{CountingIds, FakeClock, InMemoryStore};
use crate::payment::refund_bench::wait;
use crate::payment::{Ceilings, EventReason, Evidence, PaymentEvent, RefundStatus, RefundStore};
use std::sync::Mutex;

const FINE: &str = "330000001FS1";
const FEN: i64 = 20_600;

/// A gateway that answers as a test says; `Err`: the code of a refusal, or nothing for silence.
struct Gateway {
    store: InMemoryStore,
    clock: Arc<FakeClock>,
    write_off: Mutex<Result<Confirmation, &'static str>>,
    issue: Mutex<Result<Receipt, &'static str>>,
    told: Mutex<Vec<WriteOff>>,
}

impl Gateway {
    fn hears(&self, write_off: &WriteOff) {
        self.told.lock().unwrap().push(write_off.clone());
        let now = self.clock.now();
        let free = wait(OutboxStore::lease(&self.store, now, now, 16)).unwrap();
        assert_eq!(free.len(), 0, "nobody else has it meanwhile");
    }
}

fn answer<T: Clone>(says: &Mutex<Result<T, &'static str>>) -> Result<T, OutsideError> {
    says.lock().unwrap().clone().map_err(|code| match code {
        "" => OutsideError::OutcomeUnknown("silence".into()),
        code => refused(code),
    })
}

#[async_trait]
impl NoticeWriteOff for Gateway {
    async fn write_off(&self, write_off: &WriteOff) -> Result<Confirmation, OutsideError> {
        self.hears(write_off);
        answer(&self.write_off)
    }
}

#[async_trait]
impl ReceiptIssuer for Gateway {
    async fn issue(&self, write_off: &WriteOff) -> Result<Receipt, OutsideError> {
        self.hears(write_off);
        answer(&self.issue)
    }
}

struct World {
    store: InMemoryStore,
    clock: Arc<FakeClock>,
    gateway: Arc<Gateway>,
    fulfil: FulfilPayments,
}

/// One paid payment of one notice, which the gateway takes.
fn world() -> World {
    let (store, clock) = (InMemoryStore::new(), Arc::new(FakeClock::at(at(60))));
    let open = samples::payment("YW000001", FINE, FEN);
    let gateway = Arc::new(Gateway {
        store: store.clone(),
        clock: clock.clone(),
        write_off: Mutex::new(Ok(Confirmation::Confirmed)),
        issue: Mutex::new(Ok(samples::receipt(&open, 0, 1))),
        told: Mutex::default(),
    });
    let shared = Arc::new(store.clone());
    let fulfil = FulfilPayments {
        outbox: shared.clone(),
        payments: shared.clone(),
        persons: shared.clone(),
        write_offs: gateway.clone(),
        receipts: gateway.clone(),
        owe_back: Arc::new(OweBack {
            refunds: shared.clone(),
            payments: shared,
            ceilings: Ceilings::all(Ceilings::USUAL),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
        }),
        clock: clock.clone(),
    };
    wait(PaymentStore::insert(&store, &open, &samples::started())).unwrap();
    let confirm = PaymentEvent::Confirm(samples::money("T1", FEN));
    let record = (EventReason::RailConfirmed, Some(Evidence::Answer(at(20))));
    let change = open.after(confirm, record, at(20)).unwrap();
    wait(PaymentStore::save(&store, &change)).unwrap();
    World { store, clock, gateway, fulfil }
}

impl World {
    fn payment(&self) -> Payment {
        let no = samples::payment_no("YW000001");
        wait(PaymentStore::find(&self.store, &no)).unwrap().unwrap()
    }

    fn refunds(&self) -> Vec<(RefundStatus, i64)> {
        let no = samples::payment_no("YW000001");
        let all = wait(RefundStore::list_of_payment(&self.store, &no)).unwrap();
        all.iter().map(|refund| (refund.state.status(), refund.amount.fen().value())).collect()
    }

    fn works(&self) -> Vec<(OutboxKind, Fulfilled)> {
        let done = wait(self.fulfil.run_once(16)).unwrap();
        done.into_iter().map(|(item, became)| (item.kind, became.unwrap())).collect()
    }

    /// What becomes of the one item that is due, at each of so many tries.
    fn tries(&self, times: usize) -> Vec<Fulfilled> {
        let each = |_| {
            let done = self.works();
            self.clock.advance(SignedDuration::from_mins(10));
            assert_eq!(done.len(), 1, "{done:?}");
            done[0].1
        };
        (0..times).map(each).collect()
    }

    fn backlog(&self) -> (u64, u64) {
        wait(self.store.backlog()).unwrap()
    }
}

#[test]
fn a_notice_is_written_off_and_then_receipted_for_what_was_paid_of_it() {
    let world = world();
    assert_eq!(world.works(), [(OutboxKind::WriteOff, Fulfilled::Done)]);
    assert_eq!(world.payment().notices[0].written_off_at, Some(at(60)));
    assert_eq!(world.works(), [(OutboxKind::IssueReceipt, Fulfilled::Done)]);
    assert_eq!((world.works(), world.backlog()), (vec![], (0, 0)));
    let told = WriteOff {
        notice_no: samples::notice_no(FINE),
        payment_no: samples::payment_no("YW000001"),
        rail: Rail::WeChatPay,
        txn: "T1".to_owned(),
        amount: Fen::new(FEN),
        paid_at: at(10),
        quoted_at: at(0),
        agency_code: "330101".to_owned(),
        principal: Fen::new(FEN),
        sequence: None,
    };
    assert_eq!(*world.gateway.told.lock().unwrap(), [told.clone(), told]);
    assert_eq!(write_off_of(&world.payment(), &samples::notice_no("330000001FS9")), None);
}

#[test]
fn a_final_refusal_is_believed_the_fifth_time_and_then_the_money_goes_back() {
    let world = world();
    *world.gateway.write_off.lock().unwrap() = Err("ALREADY_PAID");
    assert_eq!(world.tries(4), [Fulfilled::Postponed; 4]);
    assert_eq!((world.refunds(), world.backlog()), (vec![], (2, 0)));
    assert_eq!(world.tries(1), [Fulfilled::Parked]);
    assert_eq!(world.refunds(), [(RefundStatus::Approved, FEN)]);
    assert_eq!((world.works(), world.backlog()), (vec![], (1, 1)), "staff must look");
}

#[test]
fn what_passes_is_tried_for_ever_and_gives_nothing_back() {
    for passing in ["SYSTEM_BUSY", ""] {
        let world = world();
        *world.gateway.write_off.lock().unwrap() = Err(passing);
        assert_eq!(world.tries(9), [Fulfilled::Postponed; 9]);
        assert_eq!(world.refunds(), []);
    }
}

#[test]
fn a_refused_receipt_gives_nothing_back() {
    let world = world();
    *world.gateway.issue.lock().unwrap() = Err("INVALID");
    world.works();
    assert_eq!(world.tries(4), [Fulfilled::Postponed; 4]);
    assert_eq!(world.tries(1), [Fulfilled::Parked]);
    assert_eq!((world.refunds(), world.backlog()), (vec![], (0, 1)));
}

#[test]
fn what_is_collected_for_others_gets_no_receipt() {
    let world = world();
    *world.gateway.issue.lock().unwrap() = Err("NO_RECEIPT");
    world.works();
    assert_eq!(world.tries(1), [Fulfilled::Done]);
    assert_eq!((world.works(), world.backlog()), (vec![], (0, 0)));
}

#[test]
fn a_receipt_for_other_money_is_not_filed() {
    let world = world();
    let other = samples::payment("YW000002", FINE, FEN);
    *world.gateway.issue.lock().unwrap() = Ok(samples::receipt(&other, 0, 1));
    world.works();
    assert_eq!(world.tries(6), [Fulfilled::Postponed; 6]);
}

#[test]
fn an_agency_that_decides_later_is_asked_again_more_and_more_rarely() {
    let world = world();
    *world.gateway.write_off.lock().unwrap() = Ok(Confirmation::Pending);
    for pause in [2, 4, 8] {
        assert_eq!(world.works(), [(OutboxKind::WriteOff, Fulfilled::Postponed)]);
        world.clock.advance(SignedDuration::from_secs(pause - 1));
        assert_eq!(world.works(), []);
        world.clock.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(world.payment().notices[0].written_off_at, None);
    *world.gateway.write_off.lock().unwrap() = Ok(Confirmation::Confirmed);
    assert_eq!(world.works(), [(OutboxKind::WriteOff, Fulfilled::Done)]);
}

#[test]
fn a_silent_gateway_is_asked_again_more_and_more_rarely() {
    let world = world();
    *world.gateway.write_off.lock().unwrap() = Err("");
    for pause in [2, 4, 8] {
        assert_eq!(world.works(), [(OutboxKind::WriteOff, Fulfilled::Postponed)]);
        world.clock.advance(SignedDuration::from_secs(pause - 1));
        assert_eq!(world.works(), []);
        world.clock.advance(SignedDuration::from_secs(1));
    }
}

#[test]
fn tries_grow_rarer_up_to_ten_minutes() {
    let table =
        [(0, 2), (1, 4), (7, 256), (8, 512), (9, 600), (10, 600), (62, 600), (u32::MAX, 600)];
    for (attempts, seconds) in table {
        assert_eq!(pause(attempts), SignedDuration::from_secs(seconds), "after {attempts}");
    }
}

#[test]
fn an_item_is_named_by_payment_notice_and_kind() {
    let item = OutboxItem {
        payment_no: samples::payment_no("YW000001"),
        notice_no: samples::notice_no(FINE),
        kind: OutboxKind::WriteOff,
    };
    assert_eq!(item.key(), "YW000001/330000001FS1/WRITE_OFF");
}

fn refused(code: &str) -> OutsideError {
    OutsideError::Refused { code: code.to_owned(), message: "缴款单不存在".to_owned() }
}

#[test]
fn every_final_refusal_of_a_write_off_gives_back_and_only_two_prove_anything() {
    let item = |kind| OutboxItem {
        payment_no: samples::payment_no("YW000001"),
        notice_no: samples::notice_no("330000001FS1"),
        kind,
    };
    let table = [
        ("ALREADY_PAID", true),
        ("WITHDRAWN", true),
        ("AMOUNT", false),
        ("CHECKCODE", false),
        ("INVALID", false),
        ("NOT_FOUND", false),
        ("QUOTE", false),
        ("REVERSED", false),
    ];
    for (code, proven) in table {
        let error = refused(code);
        assert!(is_final(&error), "{code}");
        let rejected = rejection(&item(OutboxKind::WriteOff), &error);
        let expected = RejectedWriteOff {
            payment_no: samples::payment_no("YW000001"),
            notice_no: samples::notice_no("330000001FS1"),
            proven,
            reason: "缴款单不存在".to_owned(),
        };
        assert_eq!(rejected, Some(expected), "{code}");
        assert_eq!(rejection(&item(OutboxKind::IssueReceipt), &error), None, "{code}");
    }
    for passing in ["BUSY", "OUT_OF_ORDER", ""] {
        assert!(!is_final(&refused(passing)), "{passing}");
    }
    let silent = OutsideError::OutcomeUnknown("planned".into());
    assert!(!is_final(&silent));
    assert_eq!(rejection(&item(OutboxKind::WriteOff), &silent), None);
}

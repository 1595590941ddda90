use super::*;
use crate::fakes::samples::{at, money, notice, notice_no, payment, payment_no, started};
use crate::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, Fault, FaultPlan, InMemoryStore,
};
use crate::payment::{
    ApplyRailReport, BalanceMove, CallbackRefused, Ceilings, EventReason, Evidence, HealPayments,
    PaymentEvent, PaymentRail as _, PaymentStatus, Rails, RefundChange, RefundEvent, RefundStatus,
    RefundStore,
};
use crate::receipt::{GatewayCall, RejectionReason};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const NO: &str = "YW000001";
const FINE: &str = "330000001FS1";

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

/// One payment of one notice, and everybody who hears of it.
struct World {
    store: InMemoryStore,
    rail: Arc<FakeRail>,
    hear: ProcessGatewayNews,
}

impl World {
    fn new(plan: Arc<FaultPlan>) -> Self {
        let store = InMemoryStore::new();
        let shared = Arc::new(store.clone());
        let rail = Arc::new(FakeRail::new(plan));
        let rails = Rails::new(vec![rail.clone()]);
        let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(at(60)));
        let gateway =
            Arc::new(FakeGateway::new(vec![notice(FINE, 20_600)], Arc::new(FaultPlan::default())));
        let apply = Arc::new(ApplyRailReport {
            payments: shared.clone(),
            rails: rails.clone(),
            notices: gateway,
            clock: clock.clone(),
        });
        let healer = Arc::new(HealPayments {
            payments: shared.clone(),
            rails: rails.clone(),
            apply,
            clock: clock.clone(),
        });
        let withdrawn =
            CloseWithdrawn { payments: shared.clone(), rails, healer, clock: clock.clone() };
        let hear = ProcessGatewayNews {
            inbox: shared.clone(),
            payments: shared.clone(),
            outbox: shared.clone(),
            refunds: HearRefundDecision { refunds: shared.clone(), clock: clock.clone() },
            owe_back: Arc::new(OweBack {
                refunds: shared.clone(),
                payments: shared,
                ceilings: Ceilings::all(Ceilings::USUAL),
                clock: clock.clone(),
                ids: Arc::new(CountingIds::default()),
            }),
            withdrawn,
            clock,
        };
        let world = Self { store, rail, hear };
        let open = payment(NO, FINE, 20_600);
        wait(PaymentStore::insert(&world.store, &open, &started())).unwrap();
        world
    }

    fn sound() -> Self {
        Self::new(Arc::new(FaultPlan::default()))
    }

    fn payment(&self) -> crate::payment::Payment {
        wait(PaymentStore::find(&self.store, &payment_no(NO))).unwrap().unwrap()
    }

    fn paid(self) -> Self {
        let paid = PaymentEvent::Confirm(money("T1", 20_600));
        let record = (EventReason::RailConfirmed, Some(Evidence::Answer(at(20))));
        let change = self.payment().after(paid, record, at(20)).unwrap();
        wait(PaymentStore::save(&self.store, &change)).unwrap();
        self
    }

    /// Tells it and acts on it once.
    fn hears(&self, news: &GatewayNews) -> Result<NewsActed, ApplyError> {
        let event = GatewayEvent { id: "E1".to_owned(), received_at: at(50), news: news.clone() };
        wait(self.store.record(&event, b"")).unwrap();
        let mut done = wait(self.hear.run_once(10)).unwrap();
        assert_eq!(done.len(), 1);
        done.remove(0).1
    }

    /// Does the news come again once its lease is over?
    fn comes_again(&self) -> bool {
        let waiting = wait(GatewayInbox::lease(&self.store, at(9999), at(9999), 10)).unwrap();
        !waiting.is_empty()
    }
}

fn told(fen: i64, verdict: WriteOffVerdict) -> GatewayNews {
    GatewayNews::WriteOff {
        notice_no: notice_no(FINE),
        payment_no: payment_no(NO),
        amount: Fen::new(fen),
        verdict,
        at: at(40),
    }
}

fn rejected() -> WriteOffVerdict {
    let reason_code = RejectionReason::AlreadyPaid;
    WriteOffVerdict::Rejected { reason_code, reason: "柜台已收".to_owned() }
}

fn withdrawn() -> GatewayNews {
    let (notice_no, reason) = (notice_no(FINE), "复议撤销".to_owned());
    GatewayNews::NoticeWithdrawn { notice_no, reason, at: at(40) }
}

#[test]
fn a_confirmed_write_off_is_done_and_known_the_second_time() {
    let world = World::sound().paid();
    let news = told(20_600, WriteOffVerdict::Confirmed);
    assert_eq!(world.hears(&news).unwrap(), NewsActed::Moved);
    assert_eq!(world.payment().notices[0].written_off_at, Some(at(40)));
    assert!(!world.comes_again());
    assert_eq!(wait(world.hear.act(&news)).unwrap(), NewsActed::Known);
}

/// Where the refunds of the payment stand, and how much they are.
fn refunds(world: &World) -> Vec<(RefundStatus, i64)> {
    let all = wait(RefundStore::list_of_payment(&world.store, &payment_no(NO))).unwrap();
    all.iter().map(|refund| (refund.state.status(), refund.amount.fen().value())).collect()
}

#[test]
fn a_rejected_write_off_is_parked_and_its_money_goes_back() {
    let reasons = [
        (RejectionReason::AlreadyPaid, RefundStatus::Approved),
        (RejectionReason::Withdrawn, RefundStatus::Approved),
        (RejectionReason::Other, RefundStatus::Requested),
    ];
    for (reason_code, expected) in reasons {
        let world = World::sound().paid();
        let verdict = WriteOffVerdict::Rejected { reason_code, reason: "柜台已收".to_owned() };
        let news = told(20_600, verdict);
        assert_eq!(world.hears(&news).unwrap(), NewsActed::Moved);
        assert_eq!(wait(world.store.backlog()).unwrap(), (1, 1), "parked, and its receipt waits");
        assert_eq!(world.payment().notices[0].written_off_at, None);
        assert_eq!(refunds(&world), [(expected, 20_600)]);
        assert_eq!(wait(world.hear.act(&news)).unwrap(), NewsActed::Moved);
        assert_eq!(refunds(&world).len(), 1, "twice is once");
    }
}

#[test]
fn a_write_off_that_is_confirmed_after_all_counts_only_once_no_money_goes_back_for_it() {
    let world = World::sound().paid();
    let reason_code = RejectionReason::Other;
    let no_to_it = WriteOffVerdict::Rejected { reason_code, reason: "账户有误".to_owned() };
    assert_eq!(world.hears(&told(20_600, no_to_it)).unwrap(), NewsActed::Moved);
    let confirmed = told(20_600, WriteOffVerdict::Confirmed);
    assert_eq!(wait(world.hear.act(&confirmed)).unwrap(), NewsActed::Contradicts);
    assert_eq!(world.payment().notices[0].written_off_at, None, "never both");

    let all = wait(RefundStore::list_of_payment(&world.store, &payment_no(NO))).unwrap();
    let refused = all[0].after(RefundEvent::Reject).unwrap();
    let change = RefundChange { balance: BalanceMove::Freed, ..RefundChange::of(refused, None) };
    wait(RefundStore::save(&world.store, &change)).unwrap();
    assert_eq!(wait(world.hear.act(&confirmed)).unwrap(), NewsActed::Moved);
    let payment = world.payment();
    assert_eq!(payment.notices[0].written_off_at, Some(at(40)));
    let refunds = wait(RefundStore::list_of_payment(&world.store, &payment.no)).unwrap();
    let all = Balance { payment: &payment, refunds: &refunds };
    assert!(!all.is_rejected(&payment.notices[0]), "it goes back through the gateway from now on");
}

#[test]
fn what_contradicts_us_changes_nothing() {
    let confirmed = || WriteOffVerdict::Confirmed;
    let unpaid = World::sound();
    assert_eq!(unpaid.hears(&told(20_600, confirmed())).unwrap(), NewsActed::Contradicts);
    let other_sum = World::sound().paid();
    assert_eq!(other_sum.hears(&told(20_599, confirmed())).unwrap(), NewsActed::Contradicts);
    assert_eq!(other_sum.payment().notices[0].written_off_at, None);
    let done = World::sound().paid();
    wait(done.hear.act(&told(20_600, confirmed()))).unwrap();
    assert_eq!(done.hears(&told(20_600, rejected())).unwrap(), NewsActed::Contradicts);
    assert_eq!(wait(done.store.backlog()).unwrap(), (1, 0), "nothing is parked");
}

#[test]
fn what_is_not_ours_is_foreign() {
    let world = World::sound().paid();
    let of = |no: &str, notice: &str| GatewayNews::WriteOff {
        notice_no: notice_no(notice),
        payment_no: payment_no(no),
        amount: Fen::new(20_600),
        verdict: WriteOffVerdict::Confirmed,
        at: at(40),
    };
    for news in [of("YW000009", FINE), of(NO, "330000001FS9")] {
        assert_eq!(wait(world.hear.act(&news)).unwrap(), NewsActed::Foreign);
    }
    let no = notice_no("330000001FS9");
    let news = GatewayNews::NoticeWithdrawn { notice_no: no, reason: String::new(), at: at(1) };
    assert_eq!(wait(world.hear.act(&news)).unwrap(), NewsActed::Foreign);
}

#[test]
fn a_withdrawn_notice_can_be_paid_no_more() {
    let world = World::sound();
    wait(world.rail.submit(&world.payment().order())).unwrap();
    assert_eq!(world.hears(&withdrawn()).unwrap(), NewsActed::Moved);
    assert_eq!(world.payment().state.status(), PaymentStatus::Closed);
    assert!(!world.rail.citizen_pays(&payment_no(NO), money("T1", 20_600)), "closed at the rail");
    let history = wait(PaymentStore::history(&world.store, &payment_no(NO))).unwrap();
    assert_eq!(history.last().unwrap().reason, EventReason::NoticeWithdrawn);
}

#[test]
fn money_that_was_faster_than_the_withdrawal_is_seen() {
    let world = World::sound();
    wait(world.rail.submit(&world.payment().order())).unwrap();
    assert!(world.rail.citizen_pays(&payment_no(NO), money("T1", 20_600)));
    assert_eq!(world.hears(&withdrawn()).unwrap(), NewsActed::Known);
    assert_eq!(world.payment().state.status(), PaymentStatus::Paid);
    assert_eq!(wait(world.hear.act(&withdrawn())).unwrap(), NewsActed::Known);
}

#[test]
fn a_silent_rail_is_asked_again() {
    let silent = World::new(Arc::new(FaultPlan::always(Fault::SilentNotDone)));
    assert_eq!(silent.hears(&withdrawn()).unwrap(), NewsActed::NotYet);
    assert!(silent.payment().state.is_unsettled());
    let now = SignedDuration::from_secs(60);
    for (later, waiting) in [(14, 0), (15, 1)] {
        let at = at(0) + now + SignedDuration::from_secs(later);
        let leased = wait(GatewayInbox::lease(&silent.store, at, at, 10)).unwrap();
        assert_eq!(leased.len(), waiting, "{later} seconds later");
    }
}

#[test]
fn money_that_never_counted_is_neither_written_off_nor_rejected() {
    let reason = || (EventReason::RailConfirmed, Some(Evidence::Answer(at(20))));
    let world = World::sound();
    for event in [PaymentEvent::Close, PaymentEvent::Confirm(money("T1", 20_600))] {
        let change = world.payment().after(event, reason(), at(20)).unwrap();
        wait(PaymentStore::save(&world.store, &change)).unwrap();
    }
    assert_eq!(world.payment().state.status(), PaymentStatus::RefundDue);
    for verdict in [WriteOffVerdict::Confirmed, rejected()] {
        assert_eq!(wait(world.hear.act(&told(20_600, verdict))).unwrap(), NewsActed::Contradicts);
    }
    assert_eq!(world.payment().notices[0].written_off_at, None);
    assert_eq!(refunds(&world), [], "it goes back by its own rule");
    assert_eq!(World::sound().hears(&told(20_600, rejected())).unwrap(), NewsActed::Contradicts);
}

/// Reads every call as this event, or as none.
struct Reader(Option<GatewayEvent>);

#[async_trait::async_trait]
impl GatewayCallbacks for Reader {
    async fn read(
        &self,
        _call: &RailCallback,
        _now: Timestamp,
    ) -> Result<GatewayCall, CallbackRefused> {
        Ok(GatewayCall { event: self.0.clone(), answer: "已收到".to_owned() })
    }

    fn fault(&self, refused: &CallbackRefused) -> String {
        format!("fault: {refused}")
    }
}

#[test]
fn a_call_is_kept_once_before_it_is_answered() {
    let world = World::sound();
    let event = GatewayEvent { id: "E1".to_owned(), received_at: at(50), news: withdrawn() };
    for (event, received) in [
        (None, [Received::Ignored, Received::Ignored]),
        (Some(event), [Received::New, Received::Seen]),
    ] {
        let receive = ReceiveGatewayCall {
            reader: Arc::new(Reader(event)),
            inbox: Arc::new(world.store.clone()),
            clock: Arc::new(FakeClock::at(at(60))),
        };
        let call = RailCallback { headers: Vec::new(), body: Vec::new() };
        for received in received {
            let answered = wait(receive.run(&call)).unwrap();
            assert_eq!(answered, (received, "已收到".to_owned()));
        }
        assert_eq!(receive.fault(&CallbackRefused::Stale), "fault: outside the time window");
    }
    assert!(world.comes_again());
}

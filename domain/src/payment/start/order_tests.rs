//! What can be started, for how much, by which quote, and beside which other attempt.

use super::*;
use crate::fakes::samples::{self, at, caller, link, notice, notice_no, person};
use crate::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, FakeWatch, FaultPlan, InMemoryStore, PlainSeal,
};
use crate::identity::{Channel, ChannelLink};
use crate::notice::Notice;
use crate::payment::apply::tests::Alipay;
use crate::payment::{MerchantIdentity, OrderKey, PaymentStatus, Quote, RailOrder, RailOrderState};
use async_trait::async_trait;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

const FIRST: &str = "330000001FS1";
const SECOND: &str = "330000001FS2";
/// The most that the rail takes in one order.
const LIMIT: i64 = 5_000_000;

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

struct Bench {
    store: Arc<InMemoryStore>,
    rail: Arc<FakeRail>,
    watch: Arc<FakeWatch>,
    clock: Arc<FakeClock>,
    start: StartPayment,
}

/// Two rails that take the same channel, and P1 and P2 with accounts there; second 0.
fn bench(notices: Vec<Notice>) -> Bench {
    let plan = Arc::new(FaultPlan::none());
    let store = Arc::new(InMemoryStore::new());
    for name in ["P1", "P2"] {
        wait(PersonStore::insert(store.as_ref(), &person(name), &link(name))).unwrap();
    }
    let rail = Arc::new(FakeRail::new(plan.clone()));
    let (watch, clock) = (Arc::new(FakeWatch::default()), Arc::new(FakeClock::at(at(0))));
    let start = StartPayment {
        payments: store.clone(),
        persons: store.clone(),
        notices: Arc::new(FakeGateway::new(notices, plan.clone())),
        items: Arc::new(samples::items()),
        quotes: Arc::new(PlainSeal),
        rails: Rails::new(vec![rail.clone(), Arc::new(Alipay(FakeRail::new(plan)))]),
        watch: watch.clone(),
        clock: clock.clone(),
        ids: Arc::new(CountingIds::default()),
    };
    Bench { store, rail, watch, clock, start }
}

fn of_two() -> Bench {
    bench(vec![notice(FIRST, 100), notice(SECOND, 20)])
}

fn wanted(nos: &[&str], fen: i64, key: &str) -> WantedPayment {
    WantedPayment {
        notice_nos: nos.iter().map(|no| notice_no(no)).collect(),
        rail: Rail::WeChatPay,
        expected_total: Fen::new(fen),
        quote: None,
        key: IdempotencyKey::new(key).unwrap(),
    }
}

impl Bench {
    fn starts(&self, who: &str, wanted: WantedPayment) -> Result<Started, StartPaymentError> {
        wait(self.start.run(&caller(who), wanted))
    }

    /// Why not, and whose payment is shown with that: where it stands, and can it be paid?
    fn refuses(
        &self,
        who: &str,
        wanted: WantedPayment,
    ) -> (Refusal, Option<(PaymentStatus, bool)>) {
        match self.starts(who, wanted) {
            Err(StartPaymentError::Refused(why, own)) => {
                let shown = own.map(|o| (o.payment.state.status(), o.cashier.is_some()));
                (why, shown)
            }
            other => panic!("{other:?}"),
        }
    }

    /// The rail took this for the payment.
    fn hears(&self, no: &PaymentNo, event: PaymentEvent) {
        let payment = wait(PaymentStore::find(self.store.as_ref(), no)).unwrap().unwrap();
        let change = payment.after(event, (EventReason::RailConfirmed, None), at(20)).unwrap();
        wait(PaymentStore::save(self.store.as_ref(), &change)).unwrap();
    }
}

#[test]
fn a_payment_takes_the_sum_of_its_notices_if_it_is_what_the_citizen_saw() {
    let bench = of_two();
    for fen in [119, 121, 0] {
        let why = bench.refuses("P1", wanted(&[SECOND, FIRST], fen, "key-number-1"));
        assert_eq!(why, (Refusal::AmountChanged(Fen::new(120)), None));
    }
    assert_eq!(bench.rail.orders(), 0);
    let started = bench.starts("P1", wanted(&[SECOND, FIRST], 120, "key-number-1")).unwrap();
    let payment = started.payment;
    assert_eq!(payment.amount.fen(), Fen::new(120));
    assert_eq!(payment.payer, Some(samples::open_id("P1")));
    assert_eq!((payment.created_at, payment.expires_at), (at(0), at(900)));
    assert_eq!((payment.quoted_at, payment.next_check_at), (at(0), at(5)));
    assert!(started.cashier.is_some());
}

#[test]
fn one_order_takes_what_the_rail_takes_and_not_a_fen_more() {
    let bench = bench(vec![notice(FIRST, LIMIT), notice(SECOND, LIMIT + 1)]);
    let limit = PayableFen::new(LIMIT).unwrap();
    let more = wanted(&[SECOND], LIMIT + 1, "key-number-1");
    assert_eq!(bench.refuses("P1", more), (Refusal::OverRailLimit(limit), None));
    let exact = bench.starts("P1", wanted(&[FIRST], LIMIT, "key-number-2")).unwrap();
    assert_eq!(exact.payment.amount, limit);
}

#[test]
fn a_quote_holds_for_its_notices_and_sum_until_its_end() {
    let quote = Quote {
        notice_nos: vec![notice_no(FIRST), notice_no(SECOND)],
        total: Fen::new(120),
        issued_at: at(-500),
        expires_at: at(400),
    };
    let with = |quote: &Quote| WantedPayment {
        quote: Some(PlainSeal.seal(quote)),
        ..wanted(&[SECOND, FIRST], 120, "key-number-1")
    };
    let bench = of_two();
    let forged = WantedPayment { quote: Some("?".to_owned()), ..with(&quote) };
    assert_eq!(bench.refuses("P1", forged).0, Refusal::QuoteInvalid);
    let of_one = Quote { notice_nos: vec![notice_no(FIRST)], ..quote.clone() };
    assert_eq!(bench.refuses("P1", with(&of_one)).0, Refusal::QuoteInvalid);
    let less = Quote { total: Fen::new(119), ..quote.clone() };
    assert_eq!(bench.refuses("P1", with(&less)).0, Refusal::AmountChanged(Fen::new(119)));
    let over = Quote { expires_at: at(0), ..quote.clone() };
    assert_eq!(bench.refuses("P1", with(&over)).0, Refusal::QuoteExpired);
    let last_second = Quote { expires_at: at(1), ..quote };
    let payment = bench.starts("P1", with(&last_second)).unwrap().payment;
    assert_eq!((payment.quoted_at, payment.created_at), (at(-500), at(0)));
    assert_eq!(payment.expires_at, at(400), "of the quote's own time");
}

#[test]
fn who_has_no_account_at_a_rail_that_is_well_starts_nothing_there() {
    let one = |rail| WantedPayment { rail, ..wanted(&[FIRST], 100, "key-number-1") };
    let bench = of_two();
    assert_eq!(bench.refuses("P1", one(Rail::UnionPay)).0, Refusal::RailUnavailable);
    assert_eq!(bench.refuses("P3", one(Rail::WeChatPay)).0, Refusal::RailUnavailable);
    let in_another_app = ChannelLink { app_id: "wx0000000000000002".to_owned(), ..link("P4") };
    let elsewhere = ChannelLink { channel: Channel::Alipay, ..link("P5") };
    for (name, link) in [("P4", in_another_app), ("P5", elsewhere)] {
        wait(PersonStore::insert(bench.store.as_ref(), &person(name), &link)).unwrap();
        assert_eq!(bench.refuses(name, one(Rail::WeChatPay)).0, Refusal::RailUnavailable);
    }
    let sick = RailHealth::Sick { reason: "稍后再试".to_owned(), retry_at: at(30) };
    bench.watch.becomes(Rail::WeChatPay, sick);
    assert_eq!(
        bench.refuses("P1", one(Rail::WeChatPay)).0,
        Refusal::RailSick("稍后再试".to_owned())
    );
    assert_eq!(bench.rail.orders(), 0);
}

#[test]
fn beside_an_open_attempt_there_is_no_other_and_only_the_own_one_is_shown() {
    let bench = of_two();
    bench.starts("P1", wanted(&[FIRST], 100, "key-number-1")).unwrap();
    let next = || wanted(&[SECOND, FIRST], 120, "key-number-2");
    assert_eq!(bench.refuses("P2", next()), (Refusal::InProgress, None));
    let own = Some((PaymentStatus::Submitted, true));
    assert_eq!(bench.refuses("P1", next()), (Refusal::InProgress, own), "its cashier opens again");
    let elsewhere = WantedPayment { rail: Rail::Alipay, ..next() };
    let own = Some((PaymentStatus::Submitted, false));
    assert_eq!(bench.refuses("P1", elsewhere), (Refusal::InProgress, own));
}

#[test]
fn what_holds_the_notice_decides_what_is_told() {
    let money = |fen| samples::money("T1", fen);
    for (event, why) in [
        (PaymentEvent::Silence, Refusal::InProgress),
        (PaymentEvent::ConfirmOther(money(99)), Refusal::InProgress),
        (PaymentEvent::Confirm(money(100)), Refusal::AlreadyPaid(1)),
    ] {
        let bench = of_two();
        let first = bench.starts("P1", wanted(&[FIRST], 100, "key-number-1")).unwrap();
        bench.hears(&first.payment.no, event);
        let next = wanted(&[SECOND, FIRST], 120, "key-number-2");
        assert_eq!(bench.refuses("P2", next), (why, None));
    }
    let bench = of_two();
    let first = bench.starts("P1", wanted(&[FIRST], 100, "key-number-1")).unwrap();
    bench.hears(&first.payment.no, PaymentEvent::Close);
    let next = wanted(&[SECOND, FIRST], 120, "key-number-2");
    assert!(bench.starts("P2", next).is_ok(), "a closed attempt holds nothing");
}

#[test]
fn the_same_key_is_the_same_payment_and_nothing_else() {
    let bench = of_two();
    let both = || wanted(&[FIRST, SECOND], 120, "key-number-1");
    let first = bench.starts("P1", both()).unwrap();
    let again = bench.starts("P1", wanted(&[SECOND, FIRST], 120, "key-number-1")).unwrap();
    assert_eq!(again.payment.no, first.payment.no);
    assert!(again.cashier.is_some());
    for other in [
        wanted(&[FIRST], 120, "key-number-1"),
        wanted(&[FIRST, SECOND], 119, "key-number-1"),
        WantedPayment { rail: Rail::Alipay, ..both() },
    ] {
        assert_eq!(bench.refuses("P1", other), (Refusal::KeyReused, None));
    }
    assert_eq!(bench.rail.orders(), 1);
}

#[test]
fn the_cashier_opens_again_until_a_minute_before_the_orders_end() {
    let bench = of_two();
    let one = || wanted(&[FIRST], 100, "key-number-1");
    bench.starts("P1", one()).unwrap();
    for (second, opens) in [(839, true), (840, false), (900, false)] {
        let now = bench.clock.now();
        bench.clock.advance(at(second).duration_since(now));
        let again = bench.starts("P1", one()).unwrap();
        assert_eq!(again.cashier.is_some(), opens, "at {second} s");
    }
    let bench = of_two();
    let first = bench.starts("P1", one()).unwrap();
    bench.hears(&first.payment.no, PaymentEvent::Confirm(samples::money("T1", 100)));
    let again = bench.starts("P1", one()).unwrap();
    assert_eq!(again.payment.state.status(), PaymentStatus::Paid);
    assert!(again.cashier.is_none(), "nobody pays twice");
}

/// Takes an order once, and refuses whatever comes after it.
struct Once {
    inner: FakeRail,
    asked: AtomicBool,
}

#[async_trait]
impl PaymentRail for Once {
    fn rail(&self) -> Rail {
        self.inner.rail()
    }

    fn merchant(&self) -> &MerchantIdentity {
        self.inner.merchant()
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        self.inner.cashier(channel)
    }

    fn limit(&self) -> PayableFen {
        self.inner.limit()
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        if self.asked.swap(true, Ordering::Relaxed) {
            let (code, message) = ("FREQUENCY_LIMITED".to_owned(), String::new());
            return Err(OutsideError::Refused { code, message });
        }
        self.inner.submit(order).await
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.inner.query(order).await
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        self.inner.close(order).await
    }
}

#[test]
fn a_refusal_of_the_second_asking_closes_nothing_that_the_first_one_placed() {
    let mut bench = of_two();
    let inner = FakeRail::new(Arc::new(FaultPlan::none()));
    bench.start.rails = Rails::new(vec![Arc::new(Once { inner, asked: AtomicBool::new(false) })]);
    let one = || wanted(&[FIRST], 100, "key-number-1");
    let first = bench.starts("P1", one()).unwrap();
    let again = bench.starts("P1", one());
    let Err(StartPaymentError::OutcomeUnknown(payment)) = again else { panic!("{again:?}") };
    assert_eq!(payment.no, first.payment.no);
    assert_eq!(payment.state.status(), PaymentStatus::Unknown, "the first order can be paid");
}

//! What is believed of a rail's word, and what money that comes late may still do.

use super::*;
use crate::clock::from_beijing;
use crate::fakes::samples::{self, at, notice};
use crate::fakes::{FakeClock, FakeGateway, FakeRail, FaultPlan, InMemoryStore};
use crate::identity::Channel;
use crate::money::{Fen, PayableFen};
use crate::notice::{LateFee, LateFeeCycle, LateFeeRate, LateFeeRule, Notice};
use crate::payment::{
    Cashier, CashierKind, MerchantIdentity, NoticeSnapshot, OrderKey, PaymentRail, Rail, RailOrder,
};
use async_trait::async_trait;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const NOTICE: &str = "330000001FS1";
const FEN: i64 = 20_000;

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

/// The same merchant at another rail.
pub struct Alipay(pub FakeRail);

#[async_trait]
impl PaymentRail for Alipay {
    fn rail(&self) -> Rail {
        Rail::Alipay
    }

    fn merchant(&self) -> &MerchantIdentity {
        self.0.merchant()
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        self.0.cashier(channel)
    }

    fn limit(&self) -> PayableFen {
        self.0.limit()
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        self.0.submit(order).await
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.0.query(order).await
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        self.0.close(order).await
    }
}

struct Bench {
    store: Arc<InMemoryStore>,
    rail: Arc<FakeRail>,
    apply: ApplyRailReport,
    payment: Payment,
}

impl Bench {
    /// One submitted payment, and what the gateway says of notices.
    fn new(payment: Payment, notices: Vec<Notice>) -> Self {
        let plan = Arc::new(FaultPlan::none());
        let store = Arc::new(InMemoryStore::new());
        let rail = Arc::new(FakeRail::new(plan.clone()));
        let other = Arc::new(Alipay(FakeRail::new(plan.clone())));
        let apply = ApplyRailReport {
            payments: store.clone(),
            rails: Rails::new(vec![rail.clone(), other]),
            notices: Arc::new(FakeGateway::new(notices, plan)),
            clock: Arc::new(FakeClock::at(at(20))),
        };
        wait(store.insert(&payment, &samples::started())).unwrap();
        wait(rail.submit(&payment.order())).unwrap();
        Self { store, rail, apply, payment }
    }

    fn submitted() -> Self {
        Self::new(samples::payment("YW000001", NOTICE, FEN), vec![notice(NOTICE, FEN)])
    }

    fn close(self) -> Self {
        let record = (EventReason::Expired, None);
        let closed = self.payment.after(PaymentEvent::Close, record, at(15)).unwrap();
        wait(self.store.save(&closed)).unwrap();
        self
    }

    fn hears(&self, report: &RailReport) -> Applied {
        wait(self.apply.run(report, &Evidence::Callback("E1".to_owned()))).unwrap()
    }

    /// Where it stands, and why it last moved.
    fn stands(&self) -> (PaymentStatus, EventReason) {
        let stored = wait(self.store.find(&self.payment.no)).unwrap().unwrap();
        let history = wait(self.store.history(&self.payment.no)).unwrap();
        (stored.state.status(), history.last().unwrap().reason)
    }
}

fn report(money: Money) -> RailReport {
    RailReport {
        rail: Rail::WeChatPay,
        order_no: "YW000001".to_owned(),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        currency: "CNY".to_owned(),
        money,
    }
}

#[test]
fn a_report_changes_nothing_unless_all_that_identifies_it_is_ours() {
    type Change = fn(&mut RailReport);
    let table: [(Change, MismatchedField); 6] = [
        (|report| report.order_no = "YW000002".to_owned(), MismatchedField::Order),
        (|report| report.order_no = "?".to_owned(), MismatchedField::Order),
        (|report| report.rail = Rail::Alipay, MismatchedField::Order),
        (|report| report.merchant_no = "1900000002".to_owned(), MismatchedField::Merchant),
        (|report| report.app_id = "wx0000000000000002".to_owned(), MismatchedField::App),
        (|report| report.currency = "USD".to_owned(), MismatchedField::Currency),
    ];
    for (change, field) in table {
        let bench = Bench::submitted();
        let mut foreign = report(samples::money("T1", FEN));
        change(&mut foreign);
        assert_eq!(bench.hears(&foreign), Applied::Foreign(field));
        assert_eq!(bench.stands(), (PaymentStatus::Submitted, EventReason::Started), "{field:?}");
    }
}

#[test]
fn the_amount_that_was_asked_counts_once_and_no_second_transaction_does() {
    let bench = Bench::submitted();
    let paid = report(samples::money("T1", FEN));
    assert_eq!(bench.hears(&paid), Applied::Moved(PaymentStatus::Paid));
    assert_eq!(bench.stands(), (PaymentStatus::Paid, EventReason::RailConfirmed));
    assert_eq!(bench.hears(&paid), Applied::Known(PaymentStatus::Paid));
    let second = report(samples::money("T2", FEN));
    assert_eq!(bench.hears(&second), Applied::Contradicts(PaymentStatus::Paid));
}

#[test]
fn another_amount_is_held_only_if_the_rail_says_the_same_of_the_same_transaction() {
    let other = samples::money("T1", FEN - 1);
    for (at_rail, believed) in [
        (None, false),
        (Some(samples::money("T1", FEN)), false),
        (Some(samples::money("T2", FEN - 1)), false),
        (Some(other.clone()), true),
    ] {
        let bench = Bench::submitted();
        if let Some(money) = &at_rail {
            assert!(bench.rail.citizen_pays(&bench.payment.no, money.clone()));
        }
        let (applied, stands) = match believed {
            true => (
                Applied::Moved(PaymentStatus::UnderReview),
                (PaymentStatus::UnderReview, EventReason::OtherAmount),
            ),
            false => (Applied::AmountNotProved, (PaymentStatus::Submitted, EventReason::Started)),
        };
        assert_eq!(bench.hears(&report(other.clone())), applied, "{at_rail:?}");
        assert_eq!(bench.stands(), stands, "{at_rail:?}");
    }
}

#[test]
fn what_the_rail_answers_to_our_own_question_is_its_word_and_not_asked_again() {
    let bench = Bench::submitted(); // Asked again, the rail would say that nobody has paid.
    let answer = report(samples::money("T1", FEN + 1));
    let applied = wait(bench.apply.run(&answer, &Evidence::Answer(at(20))));
    assert_eq!(applied.unwrap(), Applied::Moved(PaymentStatus::UnderReview));
}

#[test]
fn late_money_is_honoured_only_while_the_notice_is_open_for_the_same_sum() {
    let open = notice(NOTICE, FEN);
    let until = |seconds| Notice { expires_at: Some(at(seconds)), ..open.clone() };
    let honoured = (PaymentStatus::Paid, EventReason::LateHonoured);
    let owed_back = (PaymentStatus::RefundDue, EventReason::LateOwedBack);
    // The money is of second 10.
    for (name, notices, expected) in [
        ("open", vec![open.clone()], honoured),
        ("its deadline is later", vec![until(11)], honoured),
        ("its deadline had passed", vec![until(10)], owed_back),
        ("costs more now", vec![notice(NOTICE, FEN + 1)], owed_back),
        ("costs less now", vec![notice(NOTICE, FEN - 1)], owed_back),
        (
            "withdrawn",
            vec![Notice { standing: NoticeStanding::Withdrawn, ..open.clone() }],
            owed_back,
        ),
        ("paid", vec![Notice { standing: NoticeStanding::Paid, ..open.clone() }], owed_back),
        ("unknown", vec![], owed_back),
    ] {
        let bench = Bench::new(samples::payment("YW000001", NOTICE, FEN), notices).close();
        bench.hears(&report(samples::money("T1", FEN)));
        assert_eq!(bench.stands(), expected, "{name}");
    }
}

#[test]
fn late_money_of_another_amount_or_beside_another_payment_must_go_back() {
    let owed_back = (PaymentStatus::RefundDue, EventReason::LateOwedBack);
    let bench = Bench::submitted();
    let other = samples::money("T1", FEN + 1);
    assert!(bench.rail.citizen_pays(&bench.payment.no, other.clone()));
    let bench = bench.close();
    bench.hears(&report(other));
    assert_eq!(bench.stands(), owed_back);

    let bench = Bench::submitted().close();
    let second = samples::payment("YW000002", NOTICE, FEN);
    wait(bench.store.insert(&second, &samples::started())).unwrap();
    bench.hears(&report(samples::money("T1", FEN)));
    assert_eq!(bench.stands(), owed_back);
}

/// A fine that grows by 3 % from 2026-03-03 on, and a payment of it that was quoted a quarter of
/// an hour before that day began.
fn over_midnight() -> (Notice, Payment, Timestamp) {
    let day = date(2026, 3, 3);
    let midnight = from_beijing(day.at(0, 0, 0, 0)).unwrap();
    let late_fee = LateFee::ByRule(LateFeeRule {
        rate: LateFeeRate::from_percent("3").unwrap(),
        cycle: LateFeeCycle::Day,
        first_late_day: day,
        cap: Some(Fen::new(FEN)),
        booked_on_code: "00050002".to_owned(),
        booked_on_name: "加处罚款".to_owned(),
    });
    let mut fine = notice(NOTICE, FEN);
    fine.items[0].late_fee = late_fee;
    let quoted_at = midnight - SignedDuration::from_mins(10);
    let payment = Payment {
        notices: vec![NoticeSnapshot::of(&fine, quoted_at, &samples::items()).unwrap()],
        quoted_at,
        expires_at: midnight + SignedDuration::from_mins(5),
        ..samples::payment("YW000001", NOTICE, FEN)
    };
    (fine, payment, midnight)
}

#[test]
fn late_money_that_was_paid_in_time_has_the_price_of_its_quote_past_midnight() {
    let (fine, payment, midnight) = over_midnight();
    for (after_s, expected) in [
        (-1, PaymentStatus::Paid),
        (0, PaymentStatus::Paid),
        (300, PaymentStatus::Paid),
        (301, PaymentStatus::RefundDue),
    ] {
        let bench = Bench::new(payment.clone(), vec![fine.clone()]).close();
        let at = midnight + SignedDuration::from_secs(after_s);
        bench.hears(&report(Money { at, ..samples::money("T1", FEN) }));
        assert_eq!(bench.stands().0, expected, "{after_s} s after midnight");
    }
}

#[test]
fn late_money_that_was_paid_too_late_is_honoured_where_the_price_stayed_the_same() {
    let bench = Bench::submitted().close();
    let late = Money { at: at(901), ..samples::money("T1", FEN) };
    bench.hears(&report(late));
    assert_eq!(bench.stands(), (PaymentStatus::Paid, EventReason::LateHonoured));
}

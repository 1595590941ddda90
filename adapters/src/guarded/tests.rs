use super::*;
use crate::http::{undecided, unknown};
use domain::fakes::FakeClock;
use domain::ids::{PaymentNo, RefundNo};
use domain::payment::RailTxn;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::Notify;

/// What the rail does with one call.
enum Does {
    Answers,
    Refuses,
    IsOff,
    IsSilent,
    SpeaksInRiddles,
    /// Holds the call until told.
    Hangs,
}

/// A rail that does as told, and counts.
struct Scripted {
    script: Mutex<VecDeque<Does>>,
    counts: Mutex<Counts>,
    let_go: Notify,
    merchant: MerchantIdentity,
}

#[derive(Default)]
struct Counts {
    made: usize,
    flying: usize,
    most: usize,
}

impl Scripted {
    async fn call<T>(&self, answer: T) -> Result<T, OutsideError> {
        let does = self.script.lock().unwrap().pop_front().unwrap_or(Does::Answers);
        {
            let mut counts = self.counts.lock().unwrap();
            counts.made += 1;
            counts.flying += 1;
            counts.most = counts.most.max(counts.flying);
        }
        if let Does::Hangs = does {
            self.let_go.notified().await;
        }
        self.counts.lock().unwrap().flying -= 1;
        match does {
            Does::Answers | Does::Hangs => Ok(answer),
            Does::Refuses => {
                Err(OutsideError::Refused { code: "NO".into(), message: String::new() })
            }
            Does::IsOff => Err(OutsideError::NotSent("refused".into())),
            Does::IsSilent => Err(unknown("timeout")),
            Does::SpeaksInRiddles => Err(undecided("code 12")),
        }
    }

    fn made(&self) -> usize {
        self.counts.lock().unwrap().made
    }

    fn flying(&self) -> usize {
        self.counts.lock().unwrap().flying
    }
}

#[async_trait]
impl PaymentRail for Scripted {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }
    fn merchant(&self) -> &MerchantIdentity {
        &self.merchant
    }
    fn cashier(&self, _: Channel) -> Option<CashierKind> {
        Some(CashierKind::WeChatNative)
    }
    fn limit(&self) -> PayableFen {
        PayableFen::USUAL_ORDER_LIMIT
    }
    async fn submit(&self, _: &RailOrder) -> Result<Cashier, OutsideError> {
        self.call(Cashier::WeChatNative { code_url: "weixin://x".into() }).await
    }
    async fn query(&self, _: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.call(RailOrderState::Open).await
    }
    async fn close(&self, _: &OrderKey) -> Result<(), OutsideError> {
        self.call(()).await
    }
}

#[async_trait]
impl RailRefunds for Scripted {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }
    async fn refund(&self, _: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.call(RailRefundState::Processing).await
    }
    async fn query_refund(&self, _: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.call(RailRefundState::Processing).await
    }
}

const RULE: BreakerRule = BreakerRule {
    silences: 3,
    window: SignedDuration::from_secs(30),
    pause: SignedDuration::from_secs(20),
};

struct Bench {
    rail: Arc<Scripted>,
    guarded: Arc<GuardedRail>,
    clock: Arc<FakeClock>,
}

impl Bench {
    fn new(script: Vec<Does>) -> Self {
        let rail = Arc::new(Scripted {
            script: Mutex::new(script.into()),
            counts: Mutex::default(),
            let_go: Notify::new(),
            merchant: MerchantIdentity { merchant_no: "19".into(), app_ids: Vec::new() },
        });
        let clock = Arc::new(FakeClock::at(start()));
        let budget = CallBudget { orders: 2, queries: 1, refunds: 1 };
        let guarded = GuardedRail::new(rail.clone(), rail.clone(), budget, RULE, clock.clone());
        Self { rail, guarded: Arc::new(guarded), clock }
    }

    async fn submit(&self) -> &'static str {
        name(&self.guarded.submit(&order()).await)
    }

    async fn query(&self) -> &'static str {
        name(&self.guarded.query(&order().key()).await)
    }

    async fn refund(&self) -> &'static str {
        name(&self.guarded.refund(&refund_order()).await)
    }

    fn health(&self) -> RailHealth {
        WatchedRails::new(vec![self.guarded.clone()]).health(Rail::WeChatPay)
    }

    async fn goes_silent(&self) {
        for _ in 0..3 {
            assert_eq!(self.query().await, "unknown");
        }
    }
}

fn start() -> Timestamp {
    "2026-03-02T02:15:31Z".parse().unwrap()
}

fn order() -> RailOrder {
    RailOrder {
        no: PaymentNo::new("YW20260302101531ABCDEFGHJKMN").unwrap(),
        amount: PayableFen::new(100).unwrap(),
        description: "x".into(),
        cashier: CashierKind::WeChatNative,
        payer: None,
        made_at: start(),
        expires_at: start(),
    }
}

fn refund_order() -> RefundOrder {
    RefundOrder {
        no: RefundNo::new("YT20260302101531ABCDEFGHJKMN").unwrap(),
        payment: order().key(),
        txn: RailTxn::new("42").unwrap(),
        paid: PayableFen::new(100).unwrap(),
        amount: PayableFen::new(100).unwrap(),
        reason: "x".into(),
        made_at: start(),
    }
}

fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(source)) => match source.downcast_ref::<NotMade>() {
            Some(NotMade::Busy) => "busy",
            Some(NotMade::LeftAlone) => "left alone",
            None => "not sent",
        },
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

/// Runs every task until it waits.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Fault case 29.
#[tokio::test]
async fn a_hanging_rail_takes_its_own_calls_and_no_more() {
    let bench = Arc::new(Bench::new((0..4).map(|_| Does::Hangs).collect()));
    let mut under_way = Vec::new();
    for kind in 0..4 {
        let bench = bench.clone();
        under_way.push(tokio::spawn(async move {
            match kind {
                0 | 1 => bench.submit().await,
                2 => bench.query().await,
                _ => bench.refund().await,
            }
        }));
    }
    settle().await;
    assert_eq!(bench.rail.flying(), 4);
    // Each budget is spent for itself, and nobody queues for it.
    assert_eq!((bench.submit().await, bench.query().await), ("busy", "busy"));
    assert_eq!(bench.refund().await, "busy");
    assert_eq!(bench.rail.made(), 4);
    bench.rail.let_go.notify_waiters();
    for call in under_way {
        assert_eq!(call.await.unwrap(), "ok");
    }
    assert_eq!((bench.submit().await, bench.query().await), ("ok", "ok"));
    assert_eq!(bench.rail.counts.lock().unwrap().most, 4);
    assert_eq!(bench.health(), RailHealth::Well);
}

#[tokio::test]
async fn queries_never_stand_before_a_payment() {
    let bench = Arc::new(Bench::new(vec![Does::Hangs]));
    let other = bench.clone();
    let hanging = tokio::spawn(async move { other.query().await });
    settle().await;
    assert_eq!((bench.query().await, bench.submit().await), ("busy", "ok"));
    bench.rail.let_go.notify_waiters();
    assert_eq!(hanging.await.unwrap(), "ok");
}

/// Fault case 29.
#[tokio::test]
async fn silence_opens_the_breaker_and_then_nothing_is_sent() {
    let script = vec![Does::IsSilent, Does::IsOff, Does::IsSilent];
    let bench = Bench::new(script);
    assert_eq!(bench.health(), RailHealth::Well);
    assert_eq!(bench.submit().await, "unknown");
    assert_eq!(bench.query().await, "not sent");
    assert_eq!(bench.health(), RailHealth::Well);
    assert_eq!(bench.refund().await, "unknown");
    let retry_at = start() + RULE.pause;
    let reason = "微信支付暂时没有响应，请稍后再试或换一种支付方式".to_owned();
    assert_eq!(bench.health(), RailHealth::Sick { reason, retry_at });
    for call in [bench.submit().await, bench.query().await, bench.refund().await] {
        assert_eq!(call, "left alone");
    }
    assert_eq!(name(&bench.guarded.close(&order().key()).await), "left alone");
    assert_eq!(bench.rail.made(), 3);
}

#[tokio::test]
async fn refusals_and_riddles_are_signs_of_life() {
    let script = (0..10).map(|i| if i % 2 == 0 { Does::Refuses } else { Does::SpeaksInRiddles });
    let bench = Bench::new(script.collect());
    for _ in 0..5 {
        assert_eq!((bench.submit().await, bench.submit().await), ("refused", "unknown"));
    }
    assert_eq!((bench.rail.made(), bench.health()), (10, RailHealth::Well));
}

#[tokio::test]
async fn silences_among_many_answers_or_long_ago_open_nothing() {
    let mut script = vec![Does::IsSilent, Does::IsSilent];
    script.extend((0..4).map(|_| Does::Answers));
    script.push(Does::IsSilent);
    let among = Bench::new(script);
    for _ in 0..7 {
        among.query().await;
    }
    assert_eq!((among.health(), among.query().await), (RailHealth::Well, "ok"));
    let long_ago = Bench::new((0..4).map(|_| Does::IsSilent).collect());
    for _ in 0..4 {
        assert_eq!(long_ago.query().await, "unknown");
        long_ago.clock.advance(SignedDuration::from_secs(15));
    }
    assert_eq!(long_ago.health(), RailHealth::Well);
}

#[tokio::test]
async fn after_the_pause_one_call_tries_and_the_rest_wait_for_what_it_says() {
    let script = vec![Does::IsSilent, Does::IsSilent, Does::IsSilent, Does::Hangs];
    let bench = Arc::new(Bench::new(script));
    bench.goes_silent().await;
    bench.clock.advance(RULE.pause - SignedDuration::from_secs(1));
    assert_eq!(bench.submit().await, "left alone");
    bench.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(bench.health(), RailHealth::Well);
    let other = bench.clone();
    let probe = tokio::spawn(async move { other.submit().await });
    settle().await;
    assert_eq!((bench.submit().await, bench.query().await), ("left alone", "left alone"));
    assert!(matches!(bench.health(), RailHealth::Sick { .. }));
    assert_eq!(bench.rail.made(), 4);
    bench.rail.let_go.notify_waiters();
    assert_eq!(probe.await.unwrap(), "ok");
    assert_eq!((bench.submit().await, bench.health()), ("ok", RailHealth::Well));
}

#[tokio::test]
async fn a_probe_that_meets_silence_prolongs_the_pause_and_a_dropped_one_does_not() {
    let script = vec![Does::IsSilent, Does::IsSilent, Does::IsSilent, Does::IsSilent, Does::Hangs];
    let bench = Arc::new(Bench::new(script));
    bench.goes_silent().await;
    bench.clock.advance(RULE.pause);
    assert_eq!((bench.query().await, bench.query().await), ("unknown", "left alone"));
    bench.clock.advance(RULE.pause);
    let other = bench.clone();
    let probe = tokio::spawn(async move { other.query().await });
    settle().await;
    probe.abort();
    assert!(probe.await.is_err());
    assert_eq!((bench.rail.made(), bench.query().await), (5, "ok"));
}

#[tokio::test]
async fn a_late_answer_from_before_the_pause_opens_nobodys_way() {
    let script = vec![Does::Hangs, Does::IsSilent, Does::IsSilent, Does::IsSilent];
    let bench = Arc::new(Bench::new(script));
    let other = bench.clone();
    let early = tokio::spawn(async move { other.submit().await });
    settle().await;
    bench.goes_silent().await;
    bench.rail.let_go.notify_waiters();
    assert_eq!(early.await.unwrap(), "ok");
    assert_eq!(bench.query().await, "left alone");
}

#[tokio::test]
async fn a_call_without_room_is_not_the_one_that_tries() {
    let script = vec![Does::Hangs, Does::IsSilent, Does::IsSilent, Does::IsSilent];
    let bench = Arc::new(Bench::new(script));
    let other = bench.clone();
    let hanging = tokio::spawn(async move { other.query().await });
    settle().await;
    for _ in 0..3 {
        assert_eq!(bench.submit().await, "unknown");
    }
    bench.clock.advance(RULE.pause);
    assert_eq!((bench.query().await, bench.submit().await), ("busy", "ok"));
    bench.rail.let_go.notify_waiters();
    assert_eq!(hanging.await.unwrap(), "ok");
}

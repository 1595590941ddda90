//! Every port call of the money flow fails once, in each way a call can fail; a second run and
//! the workers must then settle every payment, with the money counted once.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use domain::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, Fault, FaultPlan, InMemoryStore, samples,
};
use domain::identity::PersonStore;
use domain::ids::IdempotencyKey;
use domain::money::Fen;
use domain::payment::{
    ApplyRailReport, CallbackInbox as _, HealPayments, LedgerBook as _, OutboxStore as _, Payment,
    PaymentStatus, PaymentStore as _, ProcessCallbacks, Rail, Rails, StartPayment, StoredCallback,
    WantedPayment, WriteOffStatus,
};
use domain::receipt::{FulfilPayments, ReceiptBook as _};
use jiff::SignedDuration;
use std::sync::Arc;

const FINE: &str = "330000001FS1";
const FEN: i64 = 20_000;

/// The whole money flow over fakes; `plan` decides which call fails.
struct Flow {
    /// Never fails: for looking.
    truth: InMemoryStore,
    clock: Arc<FakeClock>,
    rail: Arc<FakeRail>,
    gateway: Arc<FakeGateway>,
    start: StartPayment,
    inbox: InMemoryStore,
    callbacks: ProcessCallbacks,
    healer: HealPayments,
    fulfil: FulfilPayments,
}

impl Flow {
    async fn over(plan: Arc<FaultPlan>) -> Self {
        let truth = InMemoryStore::new();
        let (person, link) = (samples::person("P1"), samples::link("P1"));
        PersonStore::insert(&truth, &person, &link).await.unwrap();
        let store = Arc::new(truth.with_plan(plan.clone()));
        let clock = Arc::new(FakeClock::at(samples::at(0)));
        let rail = Arc::new(FakeRail::new(plan.clone()));
        let gateway = Arc::new(FakeGateway::new(vec![samples::notice(FINE, FEN)], plan));
        let rails = Rails::new(vec![rail.clone()]);
        let apply = Arc::new(ApplyRailReport {
            payments: store.clone(),
            rails: rails.clone(),
            notices: gateway.clone(),
            clock: clock.clone(),
        });
        Self {
            start: StartPayment {
                payments: store.clone(),
                persons: store.clone(),
                notices: gateway.clone(),
                rails: rails.clone(),
                clock: clock.clone(),
                ids: Arc::new(CountingIds::default()),
            },
            inbox: store.as_ref().clone(),
            callbacks: ProcessCallbacks {
                inbox: store.clone(),
                apply: apply.clone(),
                clock: clock.clone(),
            },
            healer: HealPayments { payments: store.clone(), rails, apply, clock: clock.clone() },
            fulfil: FulfilPayments {
                outbox: store.clone(),
                payments: store,
                write_offs: gateway.clone(),
                receipts: gateway.clone(),
                clock: clock.clone(),
            },
            truth,
            clock,
            rail,
            gateway,
        }
    }

    fn wanted() -> WantedPayment {
        WantedPayment {
            notice_nos: vec![samples::notice_no(FINE)],
            rail: Rail::WeChatPay,
            expected_total: Fen::new(FEN),
            key: IdempotencyKey::new("key-of-the-client").unwrap(),
        }
    }

    async fn payment(&self) -> Option<Payment> {
        let key = Self::wanted().key;
        self.truth.find_by_key(&samples::person("P1").id, &key).await.unwrap()
    }

    /// The citizen taps, pays, and the rail calls back; whatever fails is left as it is.
    async fn story(&self, tells: Tells) {
        let caller = samples::caller("P1");
        let _ = self.start.run(&caller, Self::wanted()).await;
        self.pays(tells).await;
        self.work().await;
    }

    async fn pays(&self, tells: Tells) {
        let Some(payment) = self.payment().await else { return };
        self.rail.citizen_pays(&payment.no, samples::money("T1", FEN));
        if let (Tells::ByCallback, Some(report)) = (tells, self.rail.report(&payment.no)) {
            let callback =
                StoredCallback { event_id: "E1".into(), received_at: samples::at(11), report };
            // Not stored is not acknowledged: the rail sends it again.
            for _ in 0..2 {
                if self.inbox.record(&callback, b"").await.is_ok() {
                    break;
                }
            }
        }
    }

    /// One turn of every worker.
    async fn work(&self) {
        let _ = self.callbacks.run_once(16).await;
        let _ = self.healer.run_once(16).await;
        let _ = self.fulfil.run_once(16).await;
        let _ = self.fulfil.run_once(16).await;
    }

    /// The citizen tries again with the same key, and time passes.
    async fn second_run(&self, tells: Tells) {
        self.story(tells).await;
        for _ in 0..12 {
            self.clock.advance(SignedDuration::from_secs(120));
            self.work().await;
        }
    }

    async fn settled(&self, why: &str) {
        let payment = self.payment().await.unwrap_or_else(|| panic!("{why}: no payment"));
        assert_eq!(payment.state.status(), PaymentStatus::Paid, "{why}");
        assert_eq!(payment.write_off(), WriteOffStatus::Done, "{why}");
        let receipts = self.truth.list_of_payment(&payment.no).await.unwrap();
        assert_eq!(receipts.len(), 1, "{why}: one receipt");
        assert_eq!(self.gateway.counts(), (1, 1), "{why}: once at the agency");
        assert_eq!(self.rail.paid_orders(), 1, "{why}: money was taken once");
        let totals = self.truth.totals().await.unwrap();
        assert_eq!(totals, (Fen::new(FEN), Fen::new(FEN)), "{why}: booked once, balanced");
        assert_eq!(self.truth.backlog().await.unwrap(), (0, 0), "{why}: nothing queued");
        let paid = self.truth.history(&payment.no).await.unwrap();
        let paid = paid.iter().filter(|record| record.status == PaymentStatus::Paid).count();
        assert_eq!(paid, 1, "{why}: paid once in history");
    }
}

/// How the rail's news arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    ByCallback,
    WhenAsked,
}

#[tokio::test]
async fn every_port_call_may_fail_once_in_every_way() {
    for tells in [Tells::ByCallback, Tells::WhenAsked] {
        let calm = Arc::new(FaultPlan::none());
        let flow = Flow::over(calm.clone()).await;
        flow.story(tells).await;
        flow.second_run(tells).await;
        flow.settled("nothing fails").await;
        let calls = calm.calls();
        assert!(calls > 20, "the story makes {calls} calls");
        for at in 0..calls {
            for fault in Fault::ALL {
                let flow = Flow::over(Arc::new(FaultPlan::at(at, fault))).await;
                flow.story(tells).await;
                flow.second_run(tells).await;
                flow.settled(&format!("{tells:?}, call {at}, {fault:?}")).await;
            }
        }
    }
}

#[tokio::test]
async fn an_attempt_that_nobody_pays_is_closed_whatever_fails() {
    let calm = Arc::new(FaultPlan::none());
    let flow = Flow::over(calm.clone()).await;
    let caller = samples::caller("P1");
    flow.start.run(&caller, Flow::wanted()).await.unwrap();
    for _ in 0..12 {
        flow.clock.advance(SignedDuration::from_secs(120));
        flow.work().await;
    }
    let calls = calm.calls();
    for at in 0..calls {
        for fault in Fault::ALL {
            let flow = Flow::over(Arc::new(FaultPlan::at(at, fault))).await;
            let _ = flow.start.run(&caller, Flow::wanted()).await;
            for _ in 0..16 {
                flow.clock.advance(SignedDuration::from_secs(120));
                flow.work().await;
            }
            let Some(payment) = flow.payment().await else { continue };
            assert_eq!(payment.state.status(), PaymentStatus::Closed, "call {at}, {fault:?}");
            assert_eq!(flow.truth.totals().await.unwrap(), (Fen::ZERO, Fen::ZERO));
        }
    }
}

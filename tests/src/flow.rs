//! The whole money flow over fakes, with calls that fail as planned.

use domain::fakes::{
    CountingIds, FakeClock, FakeGateway, FakeRail, FakeWatch, FaultPlan, InMemoryStore, PlainSeal,
    samples,
};
use domain::identity::PersonStore;
use domain::money::Fen;
use domain::notice::Notice;
use domain::payment::{
    ApplyRailReport, ApplyRefundReport, CallbackInbox as _, HealPayments, OweBack,
    ProcessCallbacks, Rail, RailNews, RailReport, Rails, StartPayment, StoredCallback,
};
use domain::receipt::FulfilPayments;
use std::sync::Arc;

/// The use cases over fakes; `plan` decides which calls fail.
pub struct Flow {
    /// Never fails: for looking.
    pub truth: InMemoryStore,
    /// Moved by tests.
    pub clock: Arc<FakeClock>,
    /// WeChat Pay, in memory.
    pub rail: Arc<FakeRail>,
    /// The gateway, in memory.
    pub gateway: Arc<FakeGateway>,
    /// Starts payments.
    pub start: StartPayment,
    inbox: InMemoryStore,
    callbacks: ProcessCallbacks,
    healer: Arc<HealPayments>,
    fulfil: FulfilPayments,
}

impl Flow {
    /// With these notices, and two citizens `P1` and `P2`.
    pub async fn over(notices: Vec<Notice>, plan: Arc<FaultPlan>) -> Self {
        let truth = InMemoryStore::new();
        for id in ["P1", "P2"] {
            let (person, link) = (samples::person(id), samples::link(id));
            PersonStore::insert(&truth, &person, &link).await.unwrap();
        }
        let store = Arc::new(truth.with_plan(plan.clone()));
        let clock = Arc::new(FakeClock::at(samples::at(0)));
        let rail = Arc::new(FakeRail::new(plan.clone()));
        let gateway = Arc::new(FakeGateway::new(notices, plan));
        let rails = Rails::new(vec![rail.clone()]);
        let apply = Arc::new(ApplyRailReport {
            payments: store.clone(),
            rails: rails.clone(),
            notices: gateway.clone(),
            clock: clock.clone(),
        });
        let apply_refund = Arc::new(ApplyRefundReport {
            refunds: store.clone(),
            payments: store.clone(),
            rails: rails.clone(),
            clock: clock.clone(),
        });
        let healer = Arc::new(HealPayments {
            payments: store.clone(),
            rails: rails.clone(),
            apply: apply.clone(),
            clock: clock.clone(),
        });
        Self {
            start: StartPayment {
                payments: store.clone(),
                persons: store.clone(),
                notices: gateway.clone(),
                items: Arc::new(samples::items()),
                quotes: Arc::new(PlainSeal),
                rails,
                watch: Arc::new(FakeWatch::default()),
                clock: clock.clone(),
                ids: Arc::new(CountingIds::default()),
            },
            inbox: store.as_ref().clone(),
            callbacks: ProcessCallbacks {
                inbox: store.clone(),
                apply,
                apply_refund,
                clock: clock.clone(),
            },
            healer,
            fulfil: FulfilPayments {
                outbox: store.clone(),
                payments: store.clone(),
                persons: store.clone(),
                write_offs: gateway.clone(),
                receipts: gateway.clone(),
                owe_back: Arc::new(OweBack {
                    refunds: store.clone(),
                    payments: store,
                    ceiling: Fen::new(10_000_000),
                    clock: clock.clone(),
                    ids: Arc::new(CountingIds::default()),
                }),
                clock: clock.clone(),
            },
            truth,
            clock,
            rail,
            gateway,
        }
    }

    /// The rail calls back; what is not stored is not acknowledged, and sent again once.
    pub async fn calls_back(&self, report: RailReport) {
        let event_id = format!("E-{}", report.order_no);
        let news = RailNews::Paid(report);
        let callback = StoredCallback { event_id, received_at: samples::at(11), news };
        for _ in 0..2 {
            if self.inbox.record(&callback, b"").await.is_ok() {
                break;
            }
        }
    }

    /// One turn of the worker that acts on callbacks.
    pub async fn acts_on_callbacks(&self) {
        let _ = self.callbacks.run_once(16).await;
    }

    /// One turn of every worker; what fails comes again.
    pub async fn work(&self) {
        let _ = self.callbacks.run_once(16).await;
        let _ = self.healer.run_once(Rail::WeChatPay, 16).await;
        let _ = self.fulfil.run_once(16).await;
        let _ = self.fulfil.run_once(16).await;
    }
}

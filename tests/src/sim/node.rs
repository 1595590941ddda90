//! One node of the service: the real use cases over the simulated ports.

use super::callback::Reader;
use super::gateway::SimGateway;
use super::links::PlainLinks;
use super::options::Plant;
use super::rail_port::{SimRail, SimStatements};
use super::refunds::Refunding;
use super::store::SimStore;
use super::watch::NodeWatch;
use super::world::{Core, World, timestamp};
use domain::clock::{Clock, IdSource};
use domain::fakes::{InMemoryStore, PlainSeal};
use domain::payment::{
    ApplyRailReport, CancelPayment, HealPayments, MakePayLink, MakeQuote, MerchantIdentity,
    PayByLink, PaymentRail, ProcessCallbacks, Rail, RailRefunds, Rails, ReceiveCallback,
    RefreshPayment, StartPayment,
};
use domain::receipt::FulfilPayments;
use domain::reconciliation::{ReconcileDay, ReconcileDue};
use jiff::Timestamp;
use std::sync::Arc;

/// A node's clock: the world's, and wrong for a while when the faults say so.
struct NodeClock {
    world: World,
    node: usize,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.world.with(|core| {
            let node = core.nodes[self.node];
            let skew = if node.skewed_until > core.now { node.skew } else { 0 };
            timestamp(core.now + skew)
        })
    }
}

/// Chance for ids: the same for the same task, whatever else goes on.
struct TaskIds(World);

impl IdSource for TaskIds {
    fn random_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for word in bytes.chunks_mut(8) {
            word.copy_from_slice(&self.0.with(Core::next_key).to_le_bytes());
        }
        bytes
    }
}

/// What a node does.
pub struct Node {
    pub quote: MakeQuote,
    pub link: MakePayLink,
    pub by_link: PayByLink,
    pub start: Arc<StartPayment>,
    pub cancel: CancelPayment,
    pub refresh: RefreshPayment,
    /// One per rail.
    pub receive: Vec<ReceiveCallback>,
    pub callbacks: ProcessCallbacks,
    pub healer: Arc<HealPayments>,
    pub fulfil: FulfilPayments,
    pub reconcile: ReconcileDue,
    pub refunding: Refunding,
}

impl Node {
    pub fn new(world: &World, node: usize, truth: &InMemoryStore) -> Self {
        let store = Arc::new(SimStore { world: world.clone(), truth: truth.clone() });
        let clock: Arc<dyn Clock> = Arc::new(NodeClock { world: world.clone(), node });
        let gateway = Arc::new(SimGateway { world: world.clone() });
        let merchants: Vec<MerchantIdentity> =
            world.with(|core| core.rails.iter().map(|rail| rail.merchant.clone()).collect());
        let sim_rail = |(rail, merchant): (&Rail, &MerchantIdentity)| {
            Arc::new(SimRail { world: world.clone(), rail: *rail, merchant: merchant.clone() })
        };
        let ports: Vec<Arc<SimRail>> = Rail::ALL.iter().zip(&merchants).map(sim_rail).collect();
        let rails =
            Rails::new(ports.iter().map(|port| port.clone() as Arc<dyn PaymentRail>).collect());
        let apply = Arc::new(ApplyRailReport {
            payments: store.clone(),
            rails: rails.clone(),
            notices: gateway.clone(),
            clock: clock.clone(),
        });
        let healer = Arc::new(HealPayments {
            payments: store.clone(),
            rails: rails.clone(),
            apply: apply.clone(),
            clock: clock.clone(),
        });
        let ids = Arc::new(TaskIds(world.clone()));
        let refunders = ports.iter().map(|port| port.clone() as Arc<dyn RailRefunds>).collect();
        let refunding = Refunding::new(&store, &rails, refunders, &clock, ids.clone());
        let believes_all = world.with(|core| core.plant_is(Plant::ForgedBelieved));
        let receive = Rail::ALL.map(|rail| ReceiveCallback {
            reader: Arc::new(Reader { rail, believes_all }),
            inbox: store.clone(),
            clock: clock.clone(),
        });
        let day = |(rail, merchant): (&Rail, &MerchantIdentity)| {
            Arc::new(ReconcileDay {
                source: Arc::new(SimStatements { world: world.clone(), rail: *rail }),
                merchant: merchant.clone(),
                ledger: store.clone(),
                payments: store.clone(),
                apply: apply.clone(),
                days: store.clone(),
                clock: clock.clone(),
            })
        };
        let days = Rail::ALL.iter().zip(&merchants).map(day).collect();
        let items = Arc::new(super::town::items());
        let start = Arc::new(StartPayment {
            payments: store.clone(),
            persons: store.clone(),
            notices: gateway.clone(),
            items: items.clone(),
            quotes: Arc::new(PlainSeal),
            rails: rails.clone(),
            watch: Arc::new(NodeWatch { world: world.clone(), node }),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        Self {
            quote: MakeQuote {
                notices: gateway.clone(),
                items: items.clone(),
                seal: Arc::new(PlainSeal),
                clock: clock.clone(),
            },
            link: MakePayLink {
                notices: gateway.clone(),
                items: items.clone(),
                seal: Arc::new(PlainLinks),
                clock: clock.clone(),
            },
            by_link: PayByLink {
                notices: gateway.clone(),
                items,
                seal: Arc::new(PlainLinks),
                payments: store.clone(),
                start: start.clone(),
                clock: clock.clone(),
                ids,
            },
            start,
            cancel: CancelPayment {
                payments: store.clone(),
                rails,
                healer: healer.clone(),
                clock: clock.clone(),
            },
            refresh: RefreshPayment { payments: store.clone(), healer: healer.clone() },
            receive: receive.into(),
            callbacks: ProcessCallbacks {
                inbox: store.clone(),
                apply,
                apply_refund: refunding.apply.clone(),
                clock: clock.clone(),
            },
            healer,
            fulfil: FulfilPayments {
                owe_back: refunding.owe.clone(),
                outbox: store.clone(),
                payments: store.clone(),
                persons: store.clone(),
                write_offs: gateway.clone(),
                receipts: gateway,
                clock: clock.clone(),
            },
            refunding,
            reconcile: ReconcileDue { rails: days, clock },
        }
    }
}

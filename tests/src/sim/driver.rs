//! The one thread: takes events in order, polls the nodes' tasks, lets nodes die at any await,
//! and checks after every step.

use super::chance::{Dice, key, mix};
use super::fault::Kind;
use super::node::Node;
use super::work;
use super::world::{Core, Current, Event, HOUR, MINUTE, SECOND, World};
use super::{callback, check, citizen, gateway, rail};
use domain::fakes::InMemoryStore;
use domain::payment::Rail;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

/// A future of a node.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    work: Work,
    node: usize,
    stream: u64,
    asked: u64,
    polls: u64,
    /// Payments that it wrote to.
    writes: usize,
    worker: Option<usize>,
}

/// The workers of a node: callbacks, a healer per rail, outbox, reconciliation, refunds.
const WORKERS: usize = 7;
const HEALERS: usize = 1;
const OUTBOX: usize = 4;
const RECONCILE: usize = 5;
const REFUND: usize = 6;
/// How long each rests between two turns.
const REST: [i64; WORKERS] = [500, SECOND, SECOND, SECOND, 500, 30 * MINUTE, MINUTE];

#[derive(Debug, Clone, Copy)]
struct Worker {
    running: bool,
    /// When its next turn is.
    at: i64,
    /// Only the turn with this number counts.
    number: u32,
    rested: i64,
}

/// Drives one world.
pub struct Driver {
    world: World,
    truth: InMemoryStore,
    nodes: [Arc<Node>; 2],
    tasks: BTreeMap<u64, Task>,
    next_id: u64,
    workers: [[Worker; WORKERS]; 2],
}

impl Driver {
    pub fn new(world: World, truth: InMemoryStore) -> Self {
        let nodes = [0, 1].map(|node| Arc::new(Node::new(&world, node, &truth)));
        let idle = Worker { running: false, at: i64::MAX, number: 0, rested: 0 };
        let mut driver = Self {
            world,
            truth,
            nodes,
            tasks: BTreeMap::new(),
            next_id: 0,
            workers: [[idle; WORKERS]; 2],
        };
        driver.starts(0);
        driver.starts(1);
        driver
    }

    /// Runs until nothing is left before `end`, or an invariant breaks.
    pub fn run_until(&mut self, end: i64) {
        while let Some(event) = self.world.with(|core| core.next(end)) {
            self.handle(event);
            if self.world.with(|core| core.checks.violation.is_some()) {
                return;
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Wake(id) => self.poll(id),
            Event::Arrive(act) => self.world.with(act),
            Event::Citizen(number, step) => {
                for call in self.world.with(|core| citizen::step(core, number, step)) {
                    let (stream, turn) = (call.stream, u64::from(call.number));
                    self.on_some_node(stream ^ turn, stream, |node, world| {
                        Box::pin(work::serve(node, world, call))
                    });
                }
            }
            Event::Impatient(number, call) => {
                self.world.with(|core| core.answer(number, call, citizen::Answer::Later));
            }
            Event::CallbackTry { rail, no, tries } => {
                self.world.with(|core| callback::tries(core, rail, no, tries));
            }
            Event::Deliver { rail, no, content } => {
                let stream = mix(key(&content.body), self.world.with(|c| c.now).cast_unsigned());
                self.on_some_node(stream, stream, |node, world| {
                    Box::pin(work::receive(node, world, rail, no, content))
                });
            }
            Event::Turn { node, worker, number } => self.turn(node, worker, number),
            Event::Restart(node) => {
                self.world.with(|core| {
                    core.nodes[node].up = true;
                    core.nodes[node].seen = Default::default();
                    core.note("starts", "", node as i64);
                });
                self.starts(node);
            }
            Event::Hour(hour) => self.world.with(|core| trouble(core, hour)),
            Event::LateSuccess { rail, no } => {
                self.world.with(|core| rail::succeeds_late(core, rail, &no));
            }
            Event::EarlySuccess { rail, no } => {
                self.world.with(|core| rail::pays(core, rail, &no));
            }
            Event::Agency(place, act) => self.world.with(|core| agency(core, place, act)),
        }
    }

    /// The balancer sends a request to a node that is up, if any is.
    fn on_some_node(
        &mut self,
        choice: u64,
        stream: u64,
        make: impl FnOnce(Arc<Node>, World) -> Work,
    ) {
        let first = usize::from(choice.is_multiple_of(2));
        let up = |node: &usize| self.world.with(|core| core.nodes[*node].up);
        if let Some(node) = [first, 1 - first].into_iter().find(up) {
            let work = make(self.nodes[node].clone(), self.world.clone());
            self.spawn(node, stream, work, None);
        }
    }

    fn spawn(&mut self, node: usize, stream: u64, work: Work, worker: Option<usize>) {
        self.next_id += 1;
        let task = Task { work, node, stream, asked: 0, polls: 0, writes: 0, worker };
        self.tasks.insert(self.next_id, task);
        self.poll(self.next_id);
    }

    fn poll(&mut self, id: u64) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        let current =
            Current { id, node: task.node, stream: task.stream, asked: task.asked, refused: false };
        self.world.with(|core| core.current = current);
        let ready = task.work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let current = self.world.with(|core| core.current);
        (task.asked, task.polls) = (current.asked, task.polls + 1);
        task.writes += self.check();
        if ready && current.refused && task.writes > 0 {
            let text = format!("a refused request wrote {} times", task.writes);
            self.world.with(|core| core.checks.broke("M11", text));
        }
        let (node, moment) = (task.node, mix(mix(task.stream, task.polls), 0xdead));
        if !ready {
            self.tasks.insert(id, task);
        } else if let Some(worker) = task.worker {
            let now = self.world.with(|core| core.now);
            let worker = &mut self.workers[node][worker];
            (worker.running, worker.rested) = (false, now);
        }
        if self.world.with(|core| core.fault(Kind::Crash, moment)) {
            self.crash(node, moment);
        }
        self.plan_turns();
    }

    /// Checks what was written; answers how many payments that were.
    fn check(&self) -> usize {
        let written: BTreeSet<_> = self.truth.take_written().into_iter().collect();
        for no in &written {
            if let Some(stored) = self.truth.stored(no) {
                self.world.with(|core| check::touched(core, &stored));
            }
        }
        written.len()
    }

    fn crash(&mut self, node: usize, moment: u64) {
        self.tasks.retain(|_, task| task.node != node);
        for worker in &mut self.workers[node] {
            *worker = Worker { running: false, at: i64::MAX, number: worker.number, rested: 0 };
        }
        self.world.with(|core| {
            core.nodes[node].up = false;
            let down = Dice::of(core.seed, moment).between(SECOND, 90 * SECOND);
            core.after(down, Event::Restart(node));
        });
    }

    fn starts(&mut self, node: usize) {
        let soon = self.world.with(|core| core.now) + 10 * SECOND + node as i64 * MINUTE;
        self.plan_turn(node, RECONCILE, soon);
        self.plan_turn(node, REFUND, soon);
        self.plan_turns();
    }

    fn plan_turn(&mut self, node: usize, worker: usize, at: i64) {
        let planned = &mut self.workers[node][worker];
        planned.number += 1;
        planned.at = at;
        let number = planned.number;
        self.world.with(|core| core.at(at, Event::Turn { node, worker, number }));
    }

    /// A worker's turns are where there is something to do; all others would find nothing.
    fn plan_turns(&mut self) {
        let due = self.truth.next_due();
        let [wechat, alipay, unionpay] = due.payments;
        let due = [due.callback, wechat, alipay, unionpay, due.outbox];
        let (now, up) = self.world.with(|core| (core.now, core.nodes.map(|node| node.up)));
        for node in [0, 1].into_iter().filter(|node| up[*node]) {
            for (worker, due) in due.into_iter().enumerate() {
                let known = self.workers[node][worker];
                let Some(due) = due.filter(|_| !known.running) else { continue };
                let rested = known.rested + REST[worker] + 370 * node as i64;
                let at = milliseconds(due, now).max(rested).max(now);
                if at < known.at || known.at < now {
                    self.plan_turn(node, worker, at);
                }
            }
        }
    }

    fn turn(&mut self, node: usize, worker: usize, number: u32) {
        let known = &mut self.workers[node][worker];
        let up = self.world.with(|core| core.nodes[node].up);
        if known.number != number || known.running || !up {
            return;
        }
        (known.running, known.at) = (true, i64::MAX);
        let now = self.world.with(|core| core.now);
        let who = mix(node as u64 * 10 + worker as u64, now.cast_unsigned());
        let of = self.nodes[node].clone();
        let work: Work = match worker {
            0 => Box::pin(work::callbacks(of)),
            OUTBOX => Box::pin(work::fulfils(of)),
            REFUND => {
                self.plan_turn(node, REFUND, now + REST[REFUND]);
                Box::pin(work::refunds(of))
            }
            RECONCILE => {
                self.plan_turn(node, RECONCILE, now + REST[RECONCILE]);
                Box::pin(work::reconciles(of))
            }
            healer => Box::pin(work::heals(of, Rail::ALL[healer - HEALERS])),
        };
        self.spawn(node, who, work, Some(worker));
    }
}

fn milliseconds(at: Timestamp, now: i64) -> i64 {
    if at < super::world::timestamp(now) { now } else { at.as_millisecond() }
}

/// What befalls the whole town in this hour.
fn trouble(core: &mut Core, hour: i64) {
    let hour = hour.cast_unsigned();
    for place in 0..4 {
        let chance = mix(hour, 300 + place as u64);
        let kind = if place == super::net::GATEWAY { Kind::GatewayOutage } else { Kind::Partition };
        if core.fault(kind, chance) {
            let longest = [20 * SECOND, 10 * MINUTE, 6 * HOUR];
            let mut dice = Dice::of(core.seed, chance);
            let longest = longest[usize::try_from(dice.below(3)).unwrap()];
            core.cut_until[place] = core.now + dice.between(5 * SECOND, longest);
        }
    }
    for node in 0..2 {
        let chance = mix(hour, 310 + node as u64);
        let mut dice = Dice::of(core.seed, chance);
        if core.fault(Kind::StoreDown, chance) {
            core.nodes[node].store_down_until = core.now + dice.between(SECOND, 2 * MINUTE);
        }
        if core.fault(Kind::StoreReadOnly, chance) {
            core.nodes[node].store_full_until = core.now + dice.between(SECOND, 10 * MINUTE);
        }
        if core.fault(Kind::ClockJump, chance) {
            core.nodes[node].skew = dice.between(-5 * MINUTE, 5 * MINUTE);
            core.nodes[node].skewed_until = core.now + dice.between(MINUTE, HOUR);
        }
    }
}

fn agency(core: &mut Core, place: usize, act: gateway::AgencyAct) {
    let kind = match act {
        gateway::AgencyAct::Withdraws => Kind::Withdrawal,
        gateway::AgencyAct::PaidElsewhere => Kind::OtherChannel,
        gateway::AgencyAct::Corrects => Kind::Correction,
    };
    if core.fault(kind, place as u64) {
        gateway::act(core, place, act);
    }
}

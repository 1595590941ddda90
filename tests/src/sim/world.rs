//! The simulated world: virtual time, a queue of events, and everything outside our nodes.
//! One thread, no wall clock, no map without an order: a seed is one history.

use super::chance::{key, mix};
use super::check::Checks;
use super::citizen::{Answer, Citizen, Step};
use super::fault::{Faults, Kind};
use super::gateway::{AgencyAct, Gateway};
use super::options::{Options, Plant};
use super::rail::RailTruth;
use super::watch::Seen;
use domain::fakes::InMemoryStore;
use jiff::Timestamp;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// 2026-03-02 00:00:00 in Beijing, in milliseconds.
pub const START: i64 = 1_772_380_800_000;
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// An instant of the queue as the domain has it.
pub fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// What happens next.
pub enum Event {
    /// A task has slept enough.
    Wake(u64),
    /// A request reaches the other side.
    Arrive(Box<dyn FnOnce(&mut Core) + Send>),
    /// A citizen does something.
    Citizen(usize, Step),
    /// A citizen has waited long enough for the answer to this call.
    Impatient(usize, u32),
    /// A rail tries to call back, for the n-th time.
    CallbackTry { rail: usize, no: String, tries: u32 },
    /// A callback arrives, genuine or not.
    Deliver { rail: usize, no: String, content: CallbackContent },
    /// A worker of a node takes its turn.
    Turn { node: usize, worker: usize, number: u32 },
    /// A node starts again.
    Restart(usize),
    /// An hour begins.
    Hour(i64),
    /// A rail takes money for an order that it had called closed.
    LateSuccess { rail: usize, no: String },
    /// A rail takes money for an order before it has answered ours.
    EarlySuccess { rail: usize, no: String },
    /// An agency does something with a notice.
    Agency(usize, AgencyAct),
}

/// What a callback says, and how it is signed.
#[derive(Debug, Clone)]
pub struct CallbackContent {
    pub event_id: String,
    pub body: String,
    pub genuine: bool,
    pub signed_at: i64,
    /// Stops the rail's tries.
    pub counts: bool,
}

struct Entry {
    at: i64,
    seq: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// Earliest first out of a heap that gives the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.seq).cmp(&(self.at, self.seq))
    }
}

/// The task that is being polled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Current {
    pub id: u64,
    pub node: usize,
    pub stream: u64,
    pub asked: u64,
    /// It ended with a refusal, after which nothing may have changed.
    pub refused: bool,
}

/// The event log: a digest of everything, and its text where somebody wants to read it.
#[derive(Debug, Default)]
pub struct Log {
    digest: u64,
    pub events: u64,
    pub text: Option<Vec<String>>,
}

impl Log {
    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub fn note(&mut self, now: i64, what: &str, whom: &str, detail: i64) {
        let word = mix(key(what), mix(key(whom), detail.cast_unsigned()));
        self.digest = mix(self.digest ^ word, now.cast_unsigned());
        self.events += 1;
        if let Some(text) = &mut self.text {
            let at = domain::clock::beijing_time(timestamp(now));
            text.push(format!("{at} {what} {whom} {detail}"));
        }
    }
}

/// How a node is.
#[derive(Debug, Clone, Copy)]
pub struct NodeState {
    pub up: bool,
    /// Its clock runs ahead by so much, for a while.
    pub skew: i64,
    pub skewed_until: i64,
    pub store_down_until: i64,
    /// Its store takes nothing, and is read as ever.
    pub store_full_until: i64,
    /// What it saw of the rails since it started.
    pub seen: [Seen; 3],
}

/// All of the world but the tasks of the nodes.
pub struct Core {
    pub now: i64,
    pub seed: u64,
    pub plant: Option<Plant>,
    seq: u64,
    queue: BinaryHeap<Entry>,
    pub faults: Faults,
    pub log: Log,
    pub current: Current,
    pub nodes: [NodeState; 2],
    /// Until when a rail (0 to 2) or the gateway (3) cannot be reached.
    pub cut_until: [i64; 4],
    pub rails: Vec<RailTruth>,
    pub gateway: Gateway,
    pub citizens: Vec<Citizen>,
    /// Citizens do nothing from here on.
    pub quiet_from: i64,
    pub checks: Checks,
    /// The store, never failing: for looking.
    pub truth: InMemoryStore,
}

impl Core {
    pub fn new(options: &Options, citizens: Vec<Citizen>, gateway: Gateway) -> Self {
        let until = START + options.days * DAY;
        let only = options.only_faults.clone();
        let needed = options.plant.and_then(Plant::needs);
        let seen = [Seen::default(); 3];
        let node = NodeState {
            up: true,
            skew: 0,
            skewed_until: 0,
            store_down_until: 0,
            store_full_until: 0,
            seen,
        };
        let text = options.keep_text.then(Vec::new);
        Self {
            now: START,
            seed: options.seed,
            plant: options.plant,
            seq: 0,
            queue: BinaryHeap::new(),
            faults: Faults::new(options.seed, &options.faults, needed, until, only),
            log: Log { text, ..Log::default() },
            current: Current::default(),
            nodes: [node; 2],
            cut_until: [0; 4],
            rails: RailTruth::three(),
            gateway,
            citizens,
            quiet_from: until + 11 * HOUR,
            checks: Checks::default(),
            truth: InMemoryStore::new(),
        }
    }

    pub fn at(&mut self, at: i64, event: Event) {
        self.seq += 1;
        self.queue.push(Entry { at: at.max(self.now), seq: self.seq, event });
    }

    pub fn after(&mut self, ms: i64, event: Event) {
        self.at(self.now + ms, event);
    }

    /// The next event up to `end`; time moves to it.
    pub fn next(&mut self, end: i64) -> Option<Event> {
        if self.queue.peek().is_none_or(|entry| entry.at > end) {
            return None;
        }
        let entry = self.queue.pop()?;
        self.now = entry.at;
        Some(entry.event)
    }

    pub fn note(&mut self, what: &str, whom: &str, detail: i64) {
        self.log.note(self.now, what, whom, detail);
    }

    /// Does this fault happen here and now?
    pub fn fault(&mut self, kind: Kind, key: u64) -> bool {
        let happens = self.faults.happens(kind, key, self.now);
        if happens {
            self.log.note(self.now, kind.name(), "", key.cast_signed());
        }
        happens
    }

    /// Networks, stores and clocks are well again.
    pub fn faults_stop(&mut self) {
        self.cut_until = [0; 4];
        for node in &mut self.nodes {
            (node.skewed_until, node.store_down_until, node.store_full_until) = (0, 0, 0);
        }
    }

    /// A key of its own for the next question of the task that runs.
    pub fn next_key(&mut self) -> u64 {
        self.current.asked += 1;
        mix(self.current.stream, self.current.asked)
    }

    pub fn plant_is(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    /// The answer to a citizen's call, if they still wait for it.
    pub fn answer(&mut self, citizen: usize, call: u32, answer: Answer) {
        super::citizen::answered(self, citizen, call, answer);
    }
}

/// The world, as ports and tasks hold it.
#[derive(Clone)]
pub struct World(Arc<Mutex<Core>>);

impl World {
    pub fn new(core: Core) -> Self {
        Self(Arc::new(Mutex::new(core)))
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Core) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets `ms` of virtual time pass for the task that runs.
    pub fn sleep(&self, ms: i64) -> Sleep {
        Sleep { world: self.clone(), ms, until: None }
    }
}

/// See [`World::sleep`].
pub struct Sleep {
    world: World,
    ms: i64,
    until: Option<i64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let (ms, known) = (self.ms, self.until);
        let until = self.world.with(|core| match known {
            Some(until) => until,
            None => {
                let (until, task) = (core.now + ms, core.current.id);
                core.at(until, Event::Wake(task));
                until
            }
        });
        let over = known.is_some() && self.world.with(|core| core.now >= until);
        self.until = Some(until);
        if over { Poll::Ready(()) } else { Poll::Pending }
    }
}

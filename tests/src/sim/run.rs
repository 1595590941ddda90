//! One run, from the first midnight to the last statement.

use super::chance::Dice;
use super::check::Violation;
use super::check_end::{NIGHTLY, accounted, settled};
use super::driver::Driver;
use super::fault::FaultId;
use super::gateway::{AgencyAct, Gateway};
use super::options::Options;
use super::town;
use super::world::{Core, DAY, Event, HOUR, MINUTE, START, World};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Decided everything.
    pub seed: u64,
    /// For so many days something failed.
    pub days: i64,
    /// How many citizens wanted to pay.
    pub payments: usize,
    /// How many payments were made.
    pub stored: usize,
    /// Where they stand in the end: `CLOSED 12, PAID 88`.
    pub standing: String,
    /// Entries of the event log.
    pub events: u64,
    /// Faults by kind.
    pub faults: String,
    /// The first broken invariant.
    pub violation: Option<Violation>,
    /// Of the event log: the same for the same seed and commit.
    pub digest: u64,
    /// The virtual time of the last event, milliseconds.
    pub ended_at: i64,
    /// How many payments were in which situation: see `reach`.
    pub reached: BTreeMap<String, usize>,
    /// Every fault that happened.
    pub(super) happened: Vec<FaultId>,
    /// The event log as text, where it was kept.
    pub(super) text: Vec<String>,
}

impl Verdict {
    /// How many faults happened.
    pub fn fault_count(&self) -> usize {
        self.happened.len()
    }

    /// The one line; the same for the same seed and commit.
    pub fn line(&self) -> String {
        let found = match &self.violation {
            None => "violations 0".to_owned(),
            Some(broken) => format!("VIOLATION of {}: {}", broken.invariant, broken.text),
        };
        format!(
            "seed {}, days {}, payments {} ({} stored: {}), events {}, faults [{}], {found}, \
             digest {:016x}",
            self.seed,
            self.days,
            self.payments,
            self.stored,
            self.standing,
            self.events,
            self.faults,
            self.digest
        )
    }
}

/// Lives through the days of `options` and checks them.
pub fn run(options: &Options) -> Verdict {
    let (citizens, notices) = town::of(options);
    let count = notices.len();
    let mut core = Core::new(options, citizens, Gateway::with(notices));
    town::moves_in(options, &core.truth);
    core.truth.watch();
    if options.plant == Some(super::Plant::CachedHolders) {
        core.truth.lose_index_of_holders();
    }
    plan(&mut core, options, count);
    let truth = core.truth.clone();
    let world = World::new(core);
    let mut driver = Driver::new(world.clone(), truth);
    for day in 1..=options.days {
        driver.run_until(START + day * DAY);
        nightly(&world);
    }
    let peace = START + options.days * DAY;
    world.with(Core::faults_stop);
    driver.run_until(peace + 2 * HOUR);
    check(&world, "M15", |core| settled(core, 30 * MINUTE));
    driver.run_until(peace + 13 * HOUR);
    check(&world, "M15", |core| settled(core, 0));
    check(&world, "M15", accounted);
    nightly(&world);
    world.with(|core| verdict(options, core))
}

/// Each run on its own, as many at once as there are cores; verdicts in the same order.
pub fn run_seeds(runs: Vec<Options>) -> Vec<Verdict> {
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((number, options)) = take(&next, &runs) {
                    let verdict = run(options);
                    verdicts.lock().unwrap().insert(number, verdict);
                }
            });
        }
    });
    verdicts.into_inner().unwrap().into_values().collect()
}

fn take<'a>(next: &AtomicUsize, runs: &'a [Options]) -> Option<(usize, &'a Options)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, runs.get(number)?))
}

fn plan(core: &mut Core, options: &Options, notices: usize) {
    let only = options.only_citizens.as_ref();
    for number in 0..options.payments {
        if only.is_none_or(|only| only.contains(&number)) {
            let at = core.citizens[number].at;
            core.at(at, Event::Citizen(number, super::citizen::Step::Tap));
            for place in core.citizens[number].notices.clone() {
                let mut dice = Dice::of(options.seed, 9_000_000 + place as u64);
                for act in AgencyAct::ALL {
                    core.at(at + dice.between(-HOUR, HOUR), Event::Agency(place, act));
                }
            }
        }
    }
    for hour in 0..options.days * 24 {
        core.at(START + hour * HOUR, Event::Hour(hour));
    }
    core.note("notices", "", i64::try_from(notices).unwrap());
}

fn check(world: &World, invariant: &'static str, holds: impl Fn(&Core) -> Result<(), String>) {
    world.with(|core| {
        if core.checks.violation.is_some() {
            return;
        }
        if let Err(text) = holds(core) {
            core.checks.broke(invariant, text);
        }
    });
}

fn nightly(world: &World) {
    for (invariant, holds) in NIGHTLY {
        check(world, invariant, holds);
    }
}

/// How many payments stand where, words in order.
fn standing(core: &Core) -> String {
    let stored = core.truth.payment_nos();
    let stored = stored.iter().filter_map(|no| core.truth.stored(no));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for status in stored.map(|stored| stored.payment.state.status().code()) {
        *counts.entry(status).or_default() += 1;
    }
    let words = counts.iter().map(|(status, count)| format!("{status} {count}"));
    words.collect::<Vec<_>>().join(", ")
}

fn verdict(options: &Options, core: &mut Core) -> Verdict {
    Verdict {
        seed: options.seed,
        days: options.days,
        payments: options.payments,
        stored: core.truth.payment_nos().len(),
        standing: standing(core),
        events: core.log.events,
        faults: core.faults.counts(),
        violation: core.checks.violation.take(),
        digest: core.log.digest(),
        ended_at: core.now,
        reached: super::reach::reached(core),
        happened: core.faults.happened().to_vec(),
        text: core.log.text.take().unwrap_or_default(),
    }
}

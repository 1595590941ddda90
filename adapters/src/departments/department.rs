//! What stands between us and one department: its own turns, its own deadline, its own breaker.
//! A department that hangs costs nobody anything but itself.

use super::{CALLS_OF_ONE, TURN};
use crate::asked::step;
use crate::breaker::{BreakerRule, BreakerState, Gate};
use crate::http::unknown;
use domain::clock::Clock;
use domain::outside::OutsideError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{AcquireError, Semaphore};
use tokio::time::{Instant, timeout_at};

/// How patient we are with departments. A department is the first word of its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentRules {
    /// So long a citizen waits for a department: for a turn, both attempts and the last byte.
    pub deadline: Duration,
    /// Departments that need another deadline.
    pub deadlines: BTreeMap<String, Duration>,
    /// When one is left alone. Each has a breaker of its own.
    pub breaker: BreakerRule,
}

impl DepartmentRules {
    /// Five seconds, and the breaker of rails.
    pub fn usual() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            deadlines: BTreeMap::new(),
            breaker: BreakerRule::USUAL,
        }
    }

    fn deadline_of(&self, department: &str) -> Duration {
        self.deadlines.get(department).copied().unwrap_or(self.deadline)
    }
}

/// Hears which department's breaker changes to what.
pub type DepartmentWatch = Arc<dyn Fn(&str, BreakerState) + Send + Sync>;

/// Why a department was not asked.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
enum NotAsked {
    #[error("too many calls are under way")]
    NoTurn,
    #[error("the department is silent and left alone for a while")]
    LeftAlone,
}

/// All departments, as they are met in the catalogue.
pub(super) struct Departments {
    rules: DepartmentRules,
    watch: DepartmentWatch,
    clock: Arc<dyn Clock>,
    /// Of all departments together.
    turns: Semaphore,
    known: Mutex<BTreeMap<String, Arc<Department>>>,
}

struct Department {
    turns: Semaphore,
    gate: Gate,
    deadline: Duration,
}

impl Departments {
    pub fn new(
        rules: DepartmentRules,
        watch: DepartmentWatch,
        clock: Arc<dyn Clock>,
        calls: usize,
    ) -> Self {
        let turns = Semaphore::new(calls);
        Self { rules, watch, clock, turns, known: Mutex::default() }
    }

    /// How long an answer of this department is waited for.
    pub fn deadline(&self, operation: &str) -> Duration {
        self.rules.deadline_of(word_of(operation))
    }

    /// Makes a call, if there is a turn for it and the department is not left alone; `attempts`
    /// ends with its deadline.
    pub async fn ask<T>(
        &self,
        operation: &str,
        attempts: impl Future<Output = Result<T, OutsideError>>,
    ) -> Result<T, OutsideError> {
        let department = self.department(word_of(operation));
        let until = Instant::now() + department.deadline;
        // A turn first: a call that finds none must not be the one that tries. And first the
        // department's own: who waits for that keeps none of all.
        let both = async {
            Ok::<_, AcquireError>((department.turns.acquire().await?, self.turns.acquire().await?))
        };
        let Ok(Ok(_turns)) = timeout_at(until.min(Instant::now() + TURN), both).await else {
            return Err(OutsideError::NotSent(NotAsked::NoTurn.into()));
        };
        let in_time = async { timeout_at(until, attempts).await.map_err(unknown)? };
        let name = || format!("department {operation}");
        let asked = department.gate.pass(step(name, in_time)).await;
        asked.ok_or_else(|| OutsideError::NotSent(NotAsked::LeftAlone.into()))?
    }

    fn department(&self, word: &str) -> Arc<Department> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(department) = known.get(word) {
            return department.clone();
        }
        let (watch, name) = (self.watch.clone(), word.to_owned());
        let on_change = Box::new(move |state: BreakerState| watch(&name, state));
        let department = Arc::new(Department {
            turns: Semaphore::new(CALLS_OF_ONE),
            gate: Gate::new(self.rules.breaker, self.clock.clone(), on_change),
            deadline: self.rules.deadline_of(word),
        });
        known.insert(word.to_owned(), department.clone());
        department
    }
}

/// The department in an operation's name. They come from the catalogue alone, so they are few.
fn word_of(operation: &str) -> &str {
    operation.split('.').next().unwrap_or(operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::fakes::FakeClock;
    use jiff::SignedDuration;

    const RULE: BreakerRule = BreakerRule {
        silences: 2,
        window: SignedDuration::from_secs(30),
        pause: SignedDuration::from_secs(30),
    };

    struct Bench {
        departments: Arc<Departments>,
        clock: Arc<FakeClock>,
        heard: Arc<Mutex<Vec<String>>>,
    }

    fn bench(deadline: Duration, calls: usize) -> Bench {
        let clock = Arc::new(FakeClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let ears = heard.clone();
        let watch: DepartmentWatch = Arc::new(move |department, state| {
            ears.lock().unwrap().push(format!("{department} {}", state.code()));
        });
        let deadlines = BTreeMap::from([("courts".to_owned(), Duration::from_millis(10))]);
        let rules = DepartmentRules { deadline, deadlines, breaker: RULE };
        let departments = Arc::new(Departments::new(rules, watch, clock.clone(), calls));
        Bench { departments, clock, heard }
    }

    fn why<T: std::fmt::Debug>(answer: Result<T, OutsideError>) -> Option<NotAsked> {
        match answer.unwrap_err() {
            OutsideError::NotSent(source) => source.downcast_ref::<NotAsked>().copied(),
            OutsideError::Refused { .. } | OutsideError::OutcomeUnknown(_) => None,
        }
    }

    async fn silence() -> Result<(), OutsideError> {
        Err(unknown("silence"))
    }

    #[tokio::test]
    async fn a_silent_department_is_left_alone_and_the_others_are_asked() {
        let bench = bench(Duration::from_secs(5), 8);
        for _ in 0..RULE.silences {
            assert_eq!(why(bench.departments.ask("weather.forecast", silence()).await), None);
        }
        let left = bench.departments.ask("weather.alerts", async { Ok(()) }).await;
        assert_eq!(why(left), Some(NotAsked::LeftAlone));
        assert!(bench.departments.ask("water.regime", async { Ok(()) }).await.is_ok());
        bench.clock.advance(RULE.pause);
        assert!(bench.departments.ask("weather.forecast", async { Ok(()) }).await.is_ok());
        let heard = bench.heard.lock().unwrap().clone();
        assert_eq!(heard, ["weather OPEN", "weather HALF_OPEN", "weather CLOSED"]);
    }

    #[tokio::test]
    async fn a_refusal_is_a_sign_of_life() {
        let bench = bench(Duration::from_secs(5), 8);
        let no = || OutsideError::Refused { code: "DENIED".into(), message: String::new() };
        for _ in 0..5 {
            let refused = bench.departments.ask("police.x", async { Err::<(), _>(no()) }).await;
            assert!(matches!(refused, Err(OutsideError::Refused { .. })));
        }
        assert!(bench.heard.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn each_department_has_its_deadline_and_missing_it_is_silence() {
        let bench = bench(Duration::from_secs(3600), 8);
        assert_eq!(bench.departments.deadline("courts.hearings"), Duration::from_millis(10));
        assert_eq!(bench.departments.deadline("court.hearings"), Duration::from_secs(3600));
        for _ in 0..RULE.silences {
            let hangs = std::future::pending::<Result<(), OutsideError>>();
            let late = bench.departments.ask("courts.hearings", hangs).await;
            assert!(matches!(late, Err(OutsideError::OutcomeUnknown(_))));
        }
        assert_eq!(*bench.heard.lock().unwrap(), ["courts OPEN"]);
    }

    #[tokio::test]
    async fn a_hanging_department_holds_its_own_turns_only() {
        let bench = bench(Duration::from_secs(3600), CALLS_OF_ONE + 1);
        let hanging: Vec<_> = (0..CALLS_OF_ONE)
            .map(|_| {
                let departments = bench.departments.clone();
                tokio::spawn(async move {
                    let hangs = std::future::pending::<Result<(), OutsideError>>();
                    departments.ask("weather.forecast", hangs).await
                })
            })
            .collect();
        while bench.departments.turns.available_permits() > 1 {
            tokio::task::yield_now().await;
        }
        let one_more = bench.departments.ask("weather.forecast", async { Ok(()) }).await;
        assert_eq!(why(one_more), Some(NotAsked::NoTurn));
        assert!(bench.departments.ask("water.regime", async { Ok(()) }).await.is_ok());
        hanging.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

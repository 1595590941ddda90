//! When somebody outside is left alone for a while: a rail, or a department. [`Breaker`] is pure
//! and told the time; [`Gate`] is what callers share.

use crate::http::is_silence;
use domain::clock::Clock;
use domain::outside::OutsideError;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRule {
    /// So many silences open it, if they are at least half of the calls…
    pub silences: usize,
    /// …that ended within this time.
    pub window: SignedDuration,
    /// So long nobody calls; then one call tries.
    pub pause: SignedDuration,
}

impl BreakerRule {
    /// Five silences in half a minute; half a minute of peace.
    pub const USUAL: Self = Self {
        silences: 5,
        window: SignedDuration::from_secs(30),
        pause: SignedDuration::from_secs(30),
    };
}

/// Whether callers are let through, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// All are.
    Closed,
    /// Nobody is.
    Open,
    /// One is, to try.
    HalfOpen,
}

impl BreakerState {
    /// For the name of a counter.
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        }
    }
}

/// Hears of every change of a gate. It must be quick: callers wait.
pub(crate) type OnChange = Box<dyn Fn(BreakerState) + Send + Sync>;

/// A breaker before one other side, for all who call it.
pub(crate) struct Gate {
    breaker: Mutex<Breaker>,
    clock: Arc<dyn Clock>,
    on_change: OnChange,
}

impl Gate {
    pub fn new(rule: BreakerRule, clock: Arc<dyn Clock>, on_change: OnChange) -> Self {
        Self { breaker: Mutex::new(Breaker::new(rule)), clock, on_change }
    }

    /// Makes the call, if callers are let through; `None`: it was not made. No sign of life is
    /// remembered, a refusal is one.
    pub async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, OutsideError>>,
    ) -> Option<Result<T, OutsideError>> {
        let pass = self.change(Breaker::enter)?;
        let mut ticket = Ticket { gate: self, pass, ended: Ended::Dropped };
        let answer = call.await;
        let silent = answer.as_ref().is_err_and(is_silence);
        ticket.ended = if silent { Ended::Silent } else { Ended::Answered };
        Some(answer)
    }

    /// When the next call is let through; `None` where it is at once.
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.lock().retry_at(self.clock.now())
    }

    fn change<T>(&self, step: impl FnOnce(&mut Breaker, Timestamp) -> T) -> T {
        let (done, before, after) = {
            let mut breaker = self.lock();
            let before = breaker.shows();
            let done = step(&mut breaker, self.clock.now());
            (done, before, breaker.shows())
        };
        if before != after {
            (self.on_change)(after);
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was let through; tells the breaker how it ended, also when nobody waits any more.
struct Ticket<'a> {
    gate: &'a Gate,
    pass: Pass,
    ended: Ended,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.gate.change(|breaker, now| breaker.leave(self.pass, self.ended, now));
    }
}

/// Calls that are remembered at most; the rest of a busy window would not change the verdict.
const REMEMBERED: usize = 256;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// With an answer, a refusal included.
    Answered,
    /// Without one.
    Silent,
    /// Nobody waited for the end.
    Dropped,
}

/// What a call is let through as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// One of many.
    Usual,
    /// The one that tries whether the other side is back.
    Probe,
}

/// How the other side is.
#[derive(Debug)]
enum State {
    Closed,
    /// Nobody calls before this time.
    Open(Timestamp),
    /// One call is under way, since this time.
    Probing(Timestamp),
}

/// Remembers how calls went, and says who may call.
#[derive(Debug)]
struct Breaker {
    rule: BreakerRule,
    state: State,
    calls: VecDeque<(Timestamp, Ended)>,
}

impl Breaker {
    fn new(rule: BreakerRule) -> Self {
        Self { rule, state: State::Closed, calls: VecDeque::new() }
    }

    /// May a call be made now? `None`: not before [`Breaker::retry_at`].
    fn enter(&mut self, now: Timestamp) -> Option<Pass> {
        match self.state {
            State::Closed => Some(Pass::Usual),
            State::Open(until) if now >= until => {
                self.state = State::Probing(now);
                Some(Pass::Probe)
            }
            State::Open(_) | State::Probing(_) => None,
        }
    }

    /// A call that was let through has ended.
    fn leave(&mut self, pass: Pass, ended: Ended, now: Timestamp) {
        match (pass, ended, &self.state) {
            (Pass::Probe, Ended::Answered, _) => {
                self.calls.clear();
                self.state = State::Closed;
            }
            (Pass::Probe, Ended::Silent, _) => self.state = State::Open(now + self.rule.pause),
            // It told nothing: the next one tries.
            (Pass::Probe, Ended::Dropped, _) => self.state = State::Open(now),
            (Pass::Usual, Ended::Answered | Ended::Silent, State::Closed) => {
                self.remember(ended, now);
            }
            // A call from before the pause says nothing about now.
            (Pass::Usual, _, _) => {}
        }
    }

    /// When the next call is let through; `None` where it is at once.
    fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::Closed => None,
            State::Open(until) => (now < until).then_some(until),
            State::Probing(since) => Some(since + self.rule.pause),
        }
    }

    fn shows(&self) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open(_) => BreakerState::Open,
            State::Probing(_) => BreakerState::HalfOpen,
        }
    }

    fn remember(&mut self, ended: Ended, now: Timestamp) {
        let since = now - self.rule.window;
        self.calls.push_back((now, ended));
        while self.calls.len() > REMEMBERED
            || self.calls.front().is_some_and(|(at, _)| *at <= since)
        {
            self.calls.pop_front();
        }
        let silent = self.calls.iter().filter(|(_, ended)| *ended == Ended::Silent).count();
        if silent >= self.rule.silences && silent * 2 >= self.calls.len() {
            self.calls.clear();
            self.state = State::Open(now + self.rule.pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::unknown;
    use domain::fakes::FakeClock;

    const RULE: BreakerRule = BreakerRule {
        silences: 3,
        window: SignedDuration::from_secs(60),
        pause: SignedDuration::from_secs(20),
    };

    fn gate() -> (Gate, Arc<FakeClock>, Arc<Mutex<Vec<BreakerState>>>) {
        let clock = Arc::new(FakeClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let heard: Arc<Mutex<Vec<BreakerState>>> = Arc::default();
        let ears = heard.clone();
        let on_change = move |state| ears.lock().unwrap().push(state);
        (Gate::new(RULE, clock.clone(), Box::new(on_change)), clock, heard)
    }

    async fn falls_silent(gate: &Gate) -> bool {
        gate.pass(async { Err::<(), _>(unknown("silence")) }).await.is_some()
    }

    async fn answers(gate: &Gate) -> bool {
        gate.pass(async { Ok(()) }).await.is_some()
    }

    #[tokio::test]
    async fn every_change_is_heard_once_and_in_order() {
        use BreakerState::{Closed, HalfOpen, Open};
        let (gate, clock, heard) = gate();
        for _ in 0..RULE.silences {
            assert!(falls_silent(&gate).await);
        }
        assert!(!answers(&gate).await, "nobody is let through while it is open");
        assert_eq!(*heard.lock().unwrap(), [Open]);
        clock.advance(RULE.pause);
        assert!(falls_silent(&gate).await, "one tries");
        assert_eq!(*heard.lock().unwrap(), [Open, HalfOpen, Open]);
        clock.advance(RULE.pause);
        assert!(answers(&gate).await);
        assert_eq!(*heard.lock().unwrap(), [Open, HalfOpen, Open, HalfOpen, Closed]);
        assert!(gate.retry_at().is_none());
    }

    #[tokio::test]
    async fn while_one_tries_all_others_wait() {
        let (gate, clock, _) = gate();
        for _ in 0..RULE.silences {
            falls_silent(&gate).await;
        }
        clock.advance(RULE.pause);
        let second = gate.pass(async { Ok(gate.pass(async { Ok(()) }).await.is_some()) }).await;
        assert!(matches!(second, Some(Ok(false))));
    }

    #[tokio::test]
    async fn a_few_silences_among_many_answers_or_long_ago_open_nothing() {
        let (gate, clock, heard) = gate();
        for _ in 0..4 {
            assert!(answers(&gate).await);
        }
        for _ in 0..RULE.silences {
            assert!(falls_silent(&gate).await);
        }
        assert!(heard.lock().unwrap().is_empty(), "three of seven");
        clock.advance(RULE.window);
        assert!(falls_silent(&gate).await && falls_silent(&gate).await);
        assert!(heard.lock().unwrap().is_empty(), "what is over does not count");
    }
}

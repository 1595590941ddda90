//! When a rail is left alone: pure, told the time, and knows nothing of rails.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

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

/// Calls that are remembered at most; the rest of a busy window would not change the verdict.
const REMEMBERED: usize = 256;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With an answer, a refusal included.
    Answered,
    /// Without one.
    Silent,
    /// Nobody waited for the end.
    Dropped,
}

/// What a call is let through as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// One of many.
    Usual,
    /// The one that tries whether the rail is back.
    Probe,
}

/// How the rail is.
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
pub(super) struct Breaker {
    rule: BreakerRule,
    state: State,
    calls: VecDeque<(Timestamp, Ended)>,
}

impl Breaker {
    pub fn new(rule: BreakerRule) -> Self {
        Self { rule, state: State::Closed, calls: VecDeque::new() }
    }

    /// May a call be made now? `None`: not before [`Breaker::retry_at`].
    pub fn enter(&mut self, now: Timestamp) -> Option<Pass> {
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
    pub fn leave(&mut self, pass: Pass, ended: Ended, now: Timestamp) {
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
    pub fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::Closed => None,
            State::Open(until) => (now < until).then_some(until),
            State::Probing(since) => Some(since + self.rule.pause),
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

//! A carrier of messages with a limit and a memory of its own: one that hangs holds up no other,
//! and nothing but messages.

use super::NotMade;
use crate::breaker::{BreakerRule, Gate};
use async_trait::async_trait;
use domain::clock::Clock;
use domain::messaging::{HandedOver, Letter, MessageChannel, MessageSender};
use domain::outside::OutsideError;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Messages of one carrier that may be on their way out at once.
const CALLS: usize = 8;

/// A carrier behind its guard.
pub struct GuardedSender {
    sender: Arc<dyn MessageSender>,
    gate: Gate,
    calls: Semaphore,
}

impl GuardedSender {
    /// With the usual rule of breakers.
    pub fn new(sender: Arc<dyn MessageSender>, clock: Arc<dyn Clock>) -> Self {
        let gate = Gate::new(BreakerRule::USUAL, clock, Box::new(|_| ()));
        Self { sender, gate, calls: Semaphore::new(CALLS) }
    }
}

#[async_trait]
impl MessageSender for GuardedSender {
    fn channel(&self) -> MessageChannel {
        self.sender.channel()
    }

    fn knows_repeats(&self) -> bool {
        self.sender.knows_repeats()
    }

    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError> {
        let room = self.calls.try_acquire();
        let _room = room.or(Err(OutsideError::NotSent(NotMade::Busy.into())))?;
        let answer = self.gate.pass(self.sender.send(letter)).await;
        answer.ok_or_else(|| OutsideError::NotSent(NotMade::LeftAlone.into()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::unknown;
    use crate::test_support::StillClock;
    use domain::messaging::{EventKey, LetterContent};
    use domain::standards::Mobile;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Silent(AtomicUsize);

    #[async_trait]
    impl MessageSender for Silent {
        fn channel(&self) -> MessageChannel {
            MessageChannel::Sms
        }
        fn knows_repeats(&self) -> bool {
            true
        }
        async fn send(&self, _letter: &Letter) -> Result<HandedOver, OutsideError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(unknown("silence"))
        }
    }

    #[tokio::test]
    async fn a_carrier_that_went_silent_is_left_alone_and_nothing_was_sent_then() {
        let silent = Arc::new(Silent::default());
        let guarded = GuardedSender::new(silent.clone(), Arc::new(StillClock(1_772_416_800)));
        let letter = Letter {
            key: EventKey::new("m1").unwrap(),
            content: LetterContent::Sms {
                phone: Mobile::new("13800138000").unwrap(),
                text: "您好".to_owned(),
            },
        };
        for _ in 0..5 {
            let answer = guarded.send(&letter).await;
            assert!(matches!(answer, Err(OutsideError::OutcomeUnknown(_))));
        }
        assert!(matches!(guarded.send(&letter).await, Err(OutsideError::NotSent(_))));
        assert_eq!(silent.0.load(Ordering::Relaxed), 5);
    }
}

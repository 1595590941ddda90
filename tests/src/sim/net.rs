//! The network between a node and the platforms: requests and answers travel by themselves, so
//! that a request arrives although its sender died, and twice if the network says so.

use super::chance::{Dice, mix};
use super::fault::Kind;
use super::world::{Core, Event, SECOND, World};
use domain::outside::OutsideError;
use std::sync::{Arc, Mutex, PoisonError};

/// How long we wait for an answer.
const DEADLINE: i64 = 10 * SECOND;
/// The gateway's place among those who can be cut off; before it come the rails.
pub const GATEWAY: usize = 3;

type Slot<A> = Arc<Mutex<Option<A>>>;

/// What the network will do with one exchange.
struct Plan {
    wait: i64,
    unsent: bool,
    answered: bool,
}

/// Asks `place`; `act` is what the other side does when the request arrives.
pub async fn exchange<A, F>(world: &World, place: usize, act: F) -> Result<A, OutsideError>
where
    A: Send + 'static,
    F: Fn(&mut Core) -> A + Send + Sync + 'static,
{
    let slot: Slot<A> = Arc::default();
    let plan = world.with(|core| send(core, place, &slot, Arc::new(act)));
    world.sleep(plan.wait).await;
    if plan.unsent {
        return Err(OutsideError::NotSent("the network is cut".into()));
    }
    let answer = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    match answer {
        Some(answer) if plan.answered => Ok(answer),
        Some(_) | None => Err(OutsideError::OutcomeUnknown("no answer in time".into())),
    }
}

fn send<A, F>(core: &mut Core, place: usize, slot: &Slot<A>, act: Arc<F>) -> Plan
where
    A: Send + 'static,
    F: Fn(&mut Core) -> A + Send + Sync + 'static,
{
    let key = core.next_key();
    let mut dice = Dice::of(core.seed, key);
    let silence = Plan { wait: DEADLINE, unsent: false, answered: false };
    if core.cut_until[place] > core.now {
        let unsent = dice.percent(50);
        let wait = if unsent { dice.between(10, 3_000) } else { DEADLINE };
        return Plan { wait, unsent, answered: false };
    }
    if core.fault(Kind::LoseRequest, key) {
        return silence;
    }
    let (mut there, mut back) = (dice.between(5, 150), dice.between(5, 150));
    if core.fault(Kind::Slow, key) {
        let slow = dice.between(2 * SECOND, 45 * SECOND);
        if dice.percent(50) { there += slow } else { back += slow }
    }
    if core.fault(Kind::DoubleRequest, key) {
        let (again, later) = (act.clone(), there + dice.between(1, 20_000));
        core.after(later, Event::Arrive(Box::new(move |core| drop(again(core)))));
    }
    let lost = core.fault(Kind::LoseAnswer, mix(key, 1));
    let kept = slot.clone();
    let arrive = move |core: &mut Core| {
        let answer = act(core);
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    };
    core.after(there, Event::Arrive(Box::new(arrive)));
    if lost || there + back > DEADLINE {
        return silence;
    }
    Plan { wait: there + back, unsent: false, answered: true }
}

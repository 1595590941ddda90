//! What a node remembers of its last calls to a rail, so that nobody is sent to a dark one.

use super::rail::place_of;
use super::world::{Core, SECOND, World, timestamp};
use domain::outside::OutsideError;
use domain::payment::{Rail, RailHealth, RailWatch};

/// After so many calls without an answer the rail is taken to be sick.
const SILENCES: u32 = 5;
/// For how long.
const PAUSE: i64 = 30 * SECOND;

/// One node's view of a rail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    silences: u32,
    sick_until: i64,
}

/// The node that runs has called this rail.
pub fn called<T>(core: &mut Core, rail: usize, answer: &Result<T, OutsideError>) {
    let (now, node) = (core.now, core.current.node);
    let seen = &mut core.nodes[node].seen[rail];
    match answer {
        Ok(_) | Err(OutsideError::Refused { .. }) => *seen = Seen::default(),
        Err(OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_)) => {
            seen.silences += 1;
            if seen.silences >= SILENCES {
                seen.sick_until = now + PAUSE;
            }
        }
    }
}

/// The breaker of one node.
pub struct NodeWatch {
    pub world: World,
    pub node: usize,
}

impl RailWatch for NodeWatch {
    fn health(&self, rail: Rail) -> RailHealth {
        let (now, seen) =
            self.world.with(|core| (core.now, core.nodes[self.node].seen[place_of(rail)]));
        if seen.sick_until <= now {
            return RailHealth::Well;
        }
        RailHealth::Sick {
            reason: "暂时无法连接".to_owned(), retry_at: timestamp(seen.sick_until)
        }
    }
}

//! The whole money flow as one seeded, deterministic program: the real use cases of `domain` on
//! two nodes, over simulated rails, gateway, network, clock and store, all of which fail.
//!
//! Everything is decided by the seed and the key of the moment (`chance`), so that the same seed
//! on the same commit is the same history, event by event, and a fault can be taken out of a
//! failing history without changing the others. Invariants M1 to M11 are checked after every
//! step on what the step wrote (`check`), M16 at every midnight and M15 when the faults have
//! stopped (`check_end`).

mod callback;
mod chance;
mod check;
mod check_end;
mod check_price;
mod citizen;
mod driver;
mod fault;
mod gateway;
mod links;
mod net;
mod node;
mod options;
mod rail;
mod rail_port;
mod reach;
mod refunds;
mod run;
mod shrink;
mod statement;
mod store;
mod town;
mod watch;
mod work;
mod world;

pub use check::Violation;
pub use options::{Options, Plant};
pub use run::{Verdict, run, run_seeds};
pub use shrink::{Trace, shrink};

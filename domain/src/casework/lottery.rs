//! 摇号: more applications than there is to give, and a draw that anybody can do again.
//!
//! Once a month the list of those who take part is frozen and its hash is published together with
//! the hash of a secret (the commitment). Later a number that nobody here can choose, and that is
//! drawn after the commitment, is added to the secret; what follows from both is the result. See
//! docs/lottery.md. How many win, when, and which public number: data of the app.
//! Invariants: a list never changes once it was committed to; the secret is told with the result
//! and never before; a draw is done once.

mod draw;
mod record;
mod run;
mod store;
mod terms;

#[cfg(test)]
mod tests;

pub use draw::{Digest, Eligible, Sha256, Winner, commitment, list_text, seed, winners};
pub use record::{Draw, Drawn, LotterySecret};
pub use run::{LotteryError, LotteryStep, RunLotteries};
pub use store::{
    ApplicationCode, ApplicationCodeInvalid, EntrantBook, Entry, EntryStanding, LotteryStore,
    NewEntrant, PublicValues,
};
pub use terms::{Issue, IssueInvalid, LotteryPool, LotteryTerms, MonthlyMoment, PublicValueTerms};

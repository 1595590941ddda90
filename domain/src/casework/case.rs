//! Cases (办件): applications that a department decides over days, and the citizen follows.
//!
//! A case is stored before anybody outside hears of it. A worker carries its errands to the
//! department, as often as it takes, and then asks how it goes until it ends. What a department
//! says moves the case by a closed table; what contradicts it moves nothing.
//! Invariant: one submission opens one case, here and there.

mod change;
mod draft;
mod follow;
mod model;
mod open;
mod report;
mod state;
mod store;

#[cfg(test)]
mod follow_tests;
#[cfg(test)]
mod state_tests;

pub use change::{SupplementCase, SupplementError, WithdrawCase, WithdrawError};
pub use draft::{Draft, DraftError, DraftStore, Drafts, FIELD_MAX, MOST_DRAFTS, SaveDraft};
pub use follow::{FollowCases, Followed};
pub use model::{Application, Case, CaseRecord, Errand, HandedIn, US};
pub use open::{NewCase, OpenCase};
pub use report::{Report, ReportUnreadable};
pub use state::{CaseEvent, CaseState, CaseTransitionRefused};
pub use store::{CaseChange, CasePage, CaseStore, Opened};

//! What a submission of an app asks for. [`plan`] is pure and finds all faults of the answers at
//! once; [`SubmitApp`] carries the effect out through ports.
//! Invariant: data that an app marks as the caller's own is never asked for about anybody else.

mod answer;
mod check;
mod claim_key;
mod exchange;
mod last_answers;
mod options;
mod outcome;
mod partial;
mod plan;
mod recorded;
mod submissions;
mod submit;

pub use answer::{Answer, AnswerFault, AnswerFaultCode, AnswerValue};
pub use claim_key::{ClaimKey, ClaimKeyError};
pub use exchange::{
    DepartmentExchange, ExchangeAnswer, ExchangeCall, ExchangeRow, ExchangeValue, REFUSED_DENIED,
    REFUSED_INVALID, Subject,
};
pub use last_answers::{Asked, LastAnswers};
pub use options::{FindOptions, Offer, Offers, OptionsError};
pub(crate) use outcome::in_words;
use outcome::shown_fact;
pub use outcome::{NoticeLink, Outcome, OutcomeField, OutcomeRow, PaymentDue, shown};
pub use partial::{Given, check_given};
pub use plan::{Certification, Circumstances, Effect, PayCall, SlotWish, plan};
pub use recorded::RecordedExchange;
pub use submissions::{Claimed, NewSubmission, Submissions};
pub use submit::{ActingRefusal, Submission, SubmitApp, SubmitError, file_ids, files_named};

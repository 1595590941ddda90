//! The desk at which what a judged day found is settled: exceptions (差错案件), what two persons agree to
//! do about them, the proof by a later file, and the day that is closed and sealed.
//!
//! One idea carries all of it: whatever moves money, changes evidence or closes a day is a **proposal**
//! that fixes its exact content by a digest, and other persons than its maker decide about that digest. The
//! database refuses the rest by itself, whoever writes to it.

mod action;
mod evidence;
mod exception;
mod file_run;
mod judge_due;
mod proposal;
mod rule_change;
mod rules;
mod seal;
mod store;
mod work;

pub use action::{Action, Proof};
pub use evidence::{FileVerdicts, JudgedFile, Leg, LegSide, LineVerdict, Trace};
pub use exception::{Exception, ExceptionEvent, ExceptionState, Particulars, Seen};
pub use file_run::{ExceptionChange, NewRun, settle};
pub use judge_due::{
    AwaitedFiles, DayJudge, Inputs, JudgeDue, JudgeError, JudgeOrder, Judged, NothingAwaited,
    WORKER,
};
pub use proposal::{
    Decision, DecisionKind, Delegation, Execution, Hand, Mark, NewProposal, Proposal, ProposalKind,
    ProposalState, needed,
};
pub use rule_change::{ChangeRules, RuleChangeError};
pub use rules::{Around, DeskRules, RuleBook, RuleSet};
pub use seal::{
    AuditPoint, DayStanding, DeskDay, Seal, SealDraft, SealSigner, Signature, Standing,
};
pub use store::{DeskBook, ExceptionFilter, RunFacts, SealedDays};
pub use work::{
    CloseDay, DecideProposal, DeskError, ExecuteProposal, FileRun, Filed, ProposeAction,
    ProposeDay, Refusal, TakeExceptions, Wish, Word,
};

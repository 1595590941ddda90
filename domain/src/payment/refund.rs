//! Refunds (退付): money that goes back, whole or in part, and never more than came.
//!
//! Invariant: of what a rail took for a payment, all refunds that may still give something back
//! ([`RefundState::reserves`]) together never take more. The database enforces it, not this
//! code alone. No money of a written-off notice leaves before the gateway's approval and the
//! red receipt; no refund by request leaves without two persons' consent.

mod balance;
#[cfg(test)]
mod bench;
mod booking;
mod decide;
mod decision;
mod desk_case;
#[cfg(test)]
mod flow_tests;
mod model;
mod owe;
mod port;
mod read;
mod report;
mod request;
#[cfg(test)]
mod request_tests;
mod requests;
mod send;
mod state;
mod steps;
mod store;

pub use crate::money::FinanceLevel;
pub use balance::Balance;
pub use decide::{DecideError, DecideRefund, DecideRefusal, RefundAct};
pub use decision::{Decision, DecisionStage};
pub use model::{
    Actor, Refund, RefundCause, RefundKey, RefundRecord, RefundSlice, RefundedNotice, Todo,
};
pub use owe::{OweBack, Owed, RejectedWriteOff};
pub use port::{
    DeskCase, DeskDecision, DeskNotice, DeskRequest, DeskStage, DeskStanding, NoticeAfter,
    PayeeAccount, ReceiptReversal, RefundDesk, RefundReasonCode, RefundRedirects, Refunders,
    Reversal, ReversalRequest,
};
pub use read::{HearRefundDecision, ReadRefunds};
pub use report::{ApplyRefundReport, RefundApplied, RefundMismatch};
pub use request::{RefundMaker, RefundRefusal, RequestRefund, RequestRefundError, WantedRefund};
pub use send::{SendRefunds, Worked};
pub use state::{RefundEvent, RefundState, RefundStatus, RefundTransitionRefused};
pub use steps::{DeskStep, ReceiptStep, Redirect, RedirectStep};
pub use store::{
    BalanceMove, Ceiling, InsertRefundError, NewRefunds, RefundChange, RefundPage, RefundStore,
};

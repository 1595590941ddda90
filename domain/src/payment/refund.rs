//! Refunds (退付): money that goes back, whole or in part, and never more than came.

mod port;

pub use crate::money::FinanceLevel;
pub use port::{
    DeskCase, DeskDecision, DeskNotice, DeskRequest, DeskStage, DeskStanding, NoticeAfter,
    PayeeAccount, ReceiptReversal, RefundDesk, RefundReasonCode, RefundRedirects, Refunders,
    Reversal, ReversalRequest,
};

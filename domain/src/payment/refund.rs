//! Refunds (退付): money that goes back, whole or in part, and never more than came.

mod port;

pub use port::{
    DeskCase, DeskDecision, DeskNotice, DeskRequest, DeskStage, DeskStanding, FinanceLevel,
    NoticeAfter, PayeeAccount, ReceiptReversal, RefundCaseNo, RefundDesk, RefundReasonCode,
    RefundRedirects, Refunders, Reversal, ReversalRequest,
};

//! Payments of non-tax notices: what one attempt to pay may become.
//! Never talks to a platform and never words anything for a citizen.
//!
//! Invariant: a notice has at most one payment that [`PaymentState::holds_notices`]: in
//! `Submitted`, `Unknown`, `UnderReview` or `Paid`, or refunding from `Paid`. One in `RefundDue`,
//! or refunding from it, never counts, so late money can always be recorded. The database
//! enforces it, not this code alone.

mod apply;
mod callback;
mod cancel;
mod heal;
mod ledger;
mod ledger_check;
mod model;
mod pay_link;
mod payable;
mod quote;
mod rail;
mod rails;
mod read;
mod refund;
mod refusal;
mod start;
mod state;
mod store;
mod tell;
mod withdraw;

pub use apply::{Applied, ApplyError, ApplyRailReport, MismatchedField};
pub use callback::{
    Acted, CallbackInbox, CallbackRefused, ProcessCallbacks, RailCallback, RailCallbacks,
    ReceiveCallback, ReceiveError, Received, StoredCallback,
};
pub use cancel::{CancelError, CancelPayment};
pub use heal::{Asked, HealPayments, RefreshError, RefreshPayment};
pub use ledger::{
    Account, Entry, FiscalSlice, Journal, JournalKind, Side, Unbalanced, UnknownAccount,
    fiscal_slices,
};
pub use ledger_check::{AccountSums, CheckLedger, LedgerBalances, LedgerCheck, Sums};
pub use model::{
    Allotment, EventReason, Evidence, NoticeSnapshot, Payment, PaymentRecord, SnapshotError,
    SnapshotItem, WriteOffStatus,
};
pub use pay_link::{LinkError, LinkShows, MadeLink, MakePayLink, PayByLink, PayLink, PayLinkSeal};
pub use payable::PayableError;
pub use quote::{MakeQuote, Quote, QuoteSeal, Quoted};
pub use rail::{
    Cashier, CashierKind, MerchantIdentity, OrderKey, PaymentRail, Rail, RailHealth, RailNews,
    RailOrder, RailOrderState, RailRefundState, RailRefunds, RailReport, RailTxn, RailWatch,
    RefundOrder, RefundReport, TxnInvalid,
};
pub use rails::{PlacingOrder, Rails};
pub use read::{Holder, ReadPayments};
#[cfg(test)]
pub(crate) use refund::bench as refund_bench;
pub use refund::{
    Actor, ApplyRefundReport, Balance, BalanceMove, Ceiling, Ceilings, DecideError, DecideRefund,
    DecideRefusal, Decision, DecisionStage, DeskCase, DeskDecision, DeskNotice, DeskRequest,
    DeskStage, DeskStanding, DeskStep, FinanceLevel, HearRefundDecision, InsertRefundError,
    NewRefunds, NoticeAfter, OweBack, Owed, PayeeAccount, ReadRefunds, ReceiptReversal,
    ReceiptStep, Redirect, RedirectStep, Refund, RefundAct, RefundApplied, RefundCause,
    RefundChange, RefundDesk, RefundEvent, RefundKey, RefundMaker, RefundMismatch, RefundPage,
    RefundReasonCode, RefundRecord, RefundRedirects, RefundRefusal, RefundSlice, RefundState,
    RefundStatus, RefundStore, RefundTransitionRefused, RefundedNotice, Refunders,
    RejectedWriteOff, RequestRefund, RequestRefundError, Reversal, ReversalRequest, SendRefunds,
    Todo, WantedRefund, Worked,
};
pub use refusal::{Refusal, StartPaymentError};
pub use start::{StartPayment, Started, WantedPayment};
pub use state::{
    Money, PaymentEvent, PaymentState, PaymentStatus, RefundOrigin, TransitionRefused,
};
pub use store::{
    InsertError, LedgerBook, OutboxItem, OutboxKind, OutboxRow, OutboxStore, PaymentChange,
    PaymentPage, PaymentStore,
};
pub(crate) use tell::receipt_issued;
pub use withdraw::{CloseWithdrawn, Withdrawn};

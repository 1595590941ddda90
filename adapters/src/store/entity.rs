//! One entity per table, as the migrations make it. Private to the store: rows become domain
//! types before they leave.

pub(super) mod audit_entry;
pub(super) mod audit_head;
pub(super) mod callback_inbox;
pub(super) mod channel_link;
pub(super) mod clearing_day;
pub(super) mod clearing_difference;
pub(super) mod discrepancy;
pub(super) mod favourite_app;
pub(super) mod gateway_inbox;
pub(super) mod journal;
pub(super) mod journal_entry;
pub(super) mod ledger_balance;
pub(super) mod ledger_check;
pub(super) mod message_event;
pub(super) mod outbox;
pub(super) mod payment;
pub(super) mod payment_event;
pub(super) mod payment_notice;
pub(super) mod person;
pub(super) mod phone_code;
pub(super) mod receipt;
pub(super) mod recent_app;
pub(super) mod reconciliation_day;
pub(super) mod refund;
pub(super) mod refund_balance;
pub(super) mod refund_ceiling;
pub(super) mod refund_decision;
pub(super) mod refund_event;
pub(super) mod session;
pub(super) mod staff_account;
pub(super) mod staff_session;
pub(super) mod statement_line;
pub(super) mod statement_original;
pub(super) mod submission;
pub(super) mod used_refresh;

//! Fiscal e-receipts (财政电子票据), and what else follows a payment.

mod fulfil;
mod model;

pub use fulfil::{FulfilPayments, Fulfilled, NoticeWriteOff, ReceiptIssuer, WriteOff};
pub use model::{Receipt, ReceiptBook, ReceiptId, VerifyReceipt};

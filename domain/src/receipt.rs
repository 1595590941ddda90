//! Fiscal e-receipts (财政电子票据), and what else follows a payment.

mod fulfil;
mod hear;
mod model;
mod news;

pub use fulfil::{
    Confirmation, FulfilPayments, Fulfilled, NoticeWriteOff, ReceiptIssuer, WriteOff,
};
pub use hear::{NewsActed, ProcessGatewayNews, ReceiveGatewayCall};
pub use model::{Receipt, ReceiptBook, ReceiptId, VerifyReceipt};
pub use news::{
    GatewayCall, GatewayCallbacks, GatewayEvent, GatewayInbox, GatewayNews, RefundDecided,
    RejectionReason, WriteOffVerdict,
};

//! Fiscal e-receipts (财政电子票据), and what else follows a payment.
//!
//! Invariants: a receipt is issued once for each notice of a payment whose money is confirmed;
//! it is taken back at most once, by a red-letter receipt (冲红) that points to it and to which
//! it points; of one notice and payment at most one receipt stands. A receipt that was filed
//! never changes but for that link.

mod capitals;
mod document;
mod fulfil;
mod hear;
mod model;
mod news;
mod reverse;
mod verify;
mod year;

pub use capitals::capital_figures;
pub use document::{
    CertificateSheet, Document, DocumentClaim, DocumentFile, DocumentLinks, DocumentPrinter,
    Documents, OpenDocumentError, Opened, PrintFailed, ReceiptSheet, YearSheet,
};
pub use fulfil::{
    Confirmation, FulfilPayments, Fulfilled, NoticeWriteOff, ReceiptIssuer, WriteOff,
};
pub use hear::{NewsActed, ProcessGatewayNews, ReceiveGatewayCall};
pub use model::{
    FiledReceipt, NotOfThisPayment, Receipt, ReceiptBook, ReceiptId, ReceiptPage, RedLetter,
};
pub use news::{
    GatewayCall, GatewayCallbacks, GatewayEvent, GatewayInbox, GatewayNews, RefundDecided,
    RejectionReason, WriteOffVerdict,
};
pub use reverse::{RedReceiptIssuer, ReverseReceipts};
pub use verify::{GivenBack, GivenBackBook, Verified, VerifyReceipt};
pub use year::{PaidBook, PaidLine, PaidWithin, YearOfPayments, YearlyStatement};

#[cfg(test)]
mod tests;

//! The unified non-tax payment gateway (统一公共支付平台): notices, write-offs, e-receipts, refunds,
//! the gateway's own calls, and the clearing files of each day.

mod bill;
mod call;
mod callback;
mod clearing_in;
mod clearing_out;
mod envelope;
mod files;
pub(crate) mod formats;
mod keys;
mod receipt;
mod refund;
mod root;
#[cfg(test)]
mod testing;
mod write_off;

pub use call::{NonTaxConfig, NonTaxGateway};
pub use keys::{GatewayKeyConfig, SealConfig};
pub use receipt::{IssuedReceipt, ReceiptStanding};

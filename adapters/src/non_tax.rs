//! The unified non-tax payment gateway (统一公共支付平台): notices, write-offs, e-receipts.

mod bill;
mod call;
mod envelope;
mod root;
#[cfg(test)]
mod testing;
mod write_off;

pub use call::{NonTaxConfig, NonTaxGateway};

//! Alipay: gateway version 2 (money) and the mini-program (who somebody is).
//! Never decides about money: it says what the platform said, or that nobody knows.

mod account;
mod bill;
mod bill_file;
mod callback;
mod certificate;
mod envelope;
mod form;
pub(crate) mod formats;
mod messages;
mod mini_program;
mod pay;
mod platform_keys;
mod refund;
mod refusal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;
mod wire;

pub use account::{AlipayAccount, AlipayAppConfig, AlipayConfig, AlipayTrustConfig};
pub use bill::{AlipayBills, AlipayStatements};
pub use callback::AlipayCallbacks;
pub use messages::AlipayMessages;
pub use mini_program::AlipayMiniProgram;
pub use pay::AlipayRail;
pub use refund::AlipayRefunds;

/// Reads a trade bill that came otherwise than by [`AlipayStatements`]: the zip, or both its tables one behind the other, of that day
/// and seller. Sums that disagree are
/// told beside what was read.
pub(crate) fn read_bill(
    bill: &[u8],
    day: jiff::civil::Date,
    seller_id: &str,
) -> Result<bill_file::Unsummed, String> {
    bill_file::read_unsummed(bill, &bill_file::Whose { day, seller_id, app_id: "" })
}

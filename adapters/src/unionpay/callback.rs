//! Notifications of UnionPay: forms, verified over their decoded fields.

use super::account::UnionPayAccount;
use super::codes::{Outcome, outcome};
use super::fields::Fields;
use super::pay::{amount_of, report_of, time_of, txn_of};
use super::refund::state_of;
use async_trait::async_trait;
use domain::payment::{
    CallbackRefused, Rail, RailCallback, RailCallbacks, RailNews, RefundReport, StoredCallback,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A notification has no time of its own, so the transaction's is taken. A payment is told of
/// at once, and told again for twelve minutes at most.
const PAYMENT_WINDOW: SignedDuration = SignedDuration::from_mins(30);
/// A refund is told of when its bank has decided, which takes ten days at most.
const REFUND_WINDOW: SignedDuration = SignedDuration::from_hours(24 * 11);
/// By so much the two clocks may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// Reads what UnionPay sends to the `backUrl`.
#[derive(Debug)]
pub struct UnionPayCallbacks {
    account: Arc<UnionPayAccount>,
}

impl UnionPayCallbacks {
    /// A reader with the certificates of a checked account.
    pub fn new(account: Arc<UnionPayAccount>) -> Self {
        Self { account }
    }
}

fn check_age(
    message: &Fields,
    window: SignedDuration,
    now: Timestamp,
) -> Result<(), CallbackRefused> {
    let at = time_of(message).map_err(CallbackRefused::Malformed)?;
    let fresh = at > now - window && at < now + CLOCKS_DIFFER;
    if fresh { Ok(()) } else { Err(CallbackRefused::Stale) }
}

/// A payment's success; failures are not told, and would decide nothing.
fn payment(message: &Fields, now: Timestamp) -> Result<Option<RailNews>, CallbackRefused> {
    check_age(message, PAYMENT_WINDOW, now)?;
    match outcome(message.get("respCode").unwrap_or_default()) {
        Outcome::Done => {
            let report = report_of(message).map_err(CallbackRefused::Malformed)?;
            Ok(Some(RailNews::Paid(report)))
        }
        Outcome::Pending | Outcome::Failed | Outcome::Unsure => Ok(None),
    }
}

fn refund(message: &Fields, now: Timestamp) -> Result<Option<RailNews>, CallbackRefused> {
    check_age(message, REFUND_WINDOW, now)?;
    let text = |name| message.get(name).ok_or(CallbackRefused::Malformed(name));
    let state = state_of(message, "respCode").map_err(CallbackRefused::Malformed)?;
    let Some(state) = state else { return Ok(None) };
    Ok(Some(RailNews::Refunded(RefundReport {
        rail: Rail::UnionPay,
        refund_no: text("orderId")?.to_owned(),
        order_no: text("reqReserved")?.to_owned(),
        merchant_no: text("merId")?.to_owned(),
        amount: amount_of(message).map_err(CallbackRefused::Malformed)?.fen(),
        state,
    })))
}

#[async_trait]
impl RailCallbacks for UnionPayCallbacks {
    fn rail(&self) -> Rail {
        Rail::UnionPay
    }

    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<Option<StoredCallback>, CallbackRefused> {
        let message =
            Fields::from_form(&callback.body).or(Err(CallbackRefused::Malformed("body")))?;
        self.account.trust.verify(&message, now)?;
        let kind = message.get("txnType").ok_or(CallbackRefused::Malformed("txnType"))?;
        let news = match kind {
            "01" => payment(&message, now)?,
            "04" => refund(&message, now)?,
            _ => None,
        };
        let Some(news) = news else { return Ok(None) };
        // A refund may be told of as pending, then as done.
        let txn = txn_of(&message).map_err(CallbackRefused::Malformed)?;
        let code = message.get("respCode").unwrap_or_default();
        let event_id = format!("{kind}-{txn}-{code}");
        Ok(Some(StoredCallback { event_id, received_at: now, news }))
    }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;

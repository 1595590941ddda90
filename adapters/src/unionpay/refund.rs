//! Refunds by UnionPay: taken on first, decided later.

use super::account::{Key, OpenCode, UnionPayAccount, refused};
use super::codes::{Outcome, Said, outcome, said};
use super::fields::Fields;
use super::pay::{amount_of, look_up, time_of, txn_of};
use crate::http::{undecided, unexpected};
use async_trait::async_trait;
use domain::outside::OutsideError;
use domain::payment::{Rail, RailRefundState, RailRefunds, RefundOrder};
use std::sync::Arc;

/// Gives money back by UnionPay.
#[derive(Debug)]
pub struct UnionPayRefunds {
    account: Arc<UnionPayAccount>,
}

impl UnionPayRefunds {
    /// Refunds over a checked account.
    pub fn new(account: Arc<UnionPayAccount>) -> Self {
        Self { account }
    }

    fn message(&self, refund: &RefundOrder, key: &Key) -> Fields {
        let amount = refund.amount.fen().value().to_string();
        Fields::of([
            ("txnType", "04"),
            ("txnSubType", "00"),
            ("bizType", "000201"),
            ("channelType", "07"),
            ("orderId", &key.order_id),
            ("txnTime", &key.txn_time),
            ("txnAmt", &amount),
            ("origQryId", refund.txn.as_str()),
            // Comes back in the notification, which names the payment by its queryId alone.
            ("reqReserved", refund.payment.no.as_str()),
            ("backUrl", &self.account.notify_url),
        ])
    }

    async fn state(
        &self,
        refund: &RefundOrder,
        key: &Key,
    ) -> Result<RailRefundState, OutsideError> {
        let answer = look_up(&self.account, key).await?;
        match said(answer.get("respCode").unwrap_or_default()) {
            Said::Accepted => {}
            Said::Absent => return Ok(RailRefundState::NotFound),
            Said::Refused => return Err(refused(&answer)),
            Said::Duplicate | Said::NoFile | Said::Unsure => {
                return Err(undecided(OpenCode::of(&answer, "respCode", "respMsg")));
            }
        }
        if amount_of(&answer) != Ok(refund.amount) {
            let found = answer.get("txnAmt").unwrap_or("none");
            return Err(unexpected("the refund is of another amount", found));
        }
        match state_of(&answer, "origRespCode") {
            Ok(Some(state)) => Ok(state),
            Ok(None) => Err(undecided(OpenCode::of(&answer, "origRespCode", "origRespMsg"))),
            Err(field) => Err(unexpected("a refund without a usable field", field)),
        }
    }

    /// The refund of this number, if there is one. A refusal is believed only when there is none:
    /// neither one that an earlier try made, nor one that is refused for being repeated.
    async fn earlier(
        &self,
        refund: &RefundOrder,
        key: &Key,
    ) -> Result<Option<RailRefundState>, OutsideError> {
        let state = self.state(refund, key).await?;
        Ok((state != RailRefundState::NotFound).then_some(state))
    }
}

/// How a refund stands by the code in this field; `None` for a code that is not understood.
pub(super) fn state_of(
    message: &Fields,
    code_field: &str,
) -> Result<Option<RailRefundState>, &'static str> {
    let code = message.get(code_field).unwrap_or_default();
    Ok(match outcome(code) {
        Outcome::Done => {
            let (txn, at) = (Some(txn_of(message)?), time_of(message)?);
            Some(RailRefundState::Done { txn, at })
        }
        Outcome::Pending => Some(RailRefundState::Processing),
        Outcome::Failed => Some(RailRefundState::Failed { code: code.to_owned() }),
        Outcome::Unsure => None,
    })
}

#[async_trait]
impl RailRefunds for UnionPayRefunds {
    fn rail(&self) -> Rail {
        Rail::UnionPay
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let key = Key::new(refund.no.as_str(), refund.made_at)?;
        let asking = async {
            let url = self.account.gateway("backTransReq.do");
            let answer = self.account.call(url, self.message(refund, &key)).await?;
            key.check(&answer)?;
            let open = || undecided(OpenCode::of(&answer, "respCode", "respMsg"));
            match said(answer.get("respCode").unwrap_or_default()) {
                Said::Accepted => Ok(RailRefundState::Processing),
                Said::Refused => self.earlier(refund, &key).await?.ok_or_else(|| refused(&answer)),
                Said::Duplicate => self.earlier(refund, &key).await?.ok_or_else(open),
                Said::Absent | Said::NoFile | Said::Unsure => Err(open()),
            }
        };
        self.account.http.within(asking).await
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.state(refund, &Key::new(refund.no.as_str(), refund.made_at)?).await
    }
}

#[cfg(test)]
#[path = "refund_tests.rs"]
mod tests;

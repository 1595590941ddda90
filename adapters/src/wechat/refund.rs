//! Refunds by WeChat Pay: asked for under our number, decided there.

use super::account::{PlatformRefusal, PlatformSaid, WeChatPayAccount};
use super::wire::{RefundRequestAmountWire, RefundRequestWire, RefundWire};
use crate::http::{HttpRequest, unexpected, unknown};
use async_trait::async_trait;
use domain::money::Fen;
use domain::outside::OutsideError;
use domain::payment::{Rail, RailRefundState, RailRefunds, RailTxn, RefundOrder, RefundReport};
use jiff::Timestamp;
use reqwest::Url;
use std::sync::Arc;

pub(super) const PATH: &str = "/v3/refund/domestic/refunds";
/// A longer reason is an error there.
const REASON_CHARS: usize = 80;

/// Gives money back by WeChat Pay.
#[derive(Debug)]
pub struct WeChatPayRefunds {
    account: Arc<WeChatPayAccount>,
}

impl WeChatPayRefunds {
    /// Refunds over a checked account.
    pub fn new(account: Arc<WeChatPayAccount>) -> Self {
        Self { account }
    }

    async fn ask(&self, refund: &RefundOrder) -> Result<PlatformSaid, OutsideError> {
        let reason: String = refund.reason.chars().take(REASON_CHARS).collect();
        let wire = RefundRequestWire {
            transaction_id: refund.txn.as_str(),
            out_refund_no: refund.no.as_str(),
            reason: &reason,
            notify_url: &self.account.notify_url,
            amount: RefundRequestAmountWire {
                refund: refund.amount.fen().value(),
                total: refund.paid.fen().value(),
                currency: "CNY",
            },
        };
        let body = serde_json::to_vec(&wire).map_err(|e| OutsideError::NotSent(e.into()))?;
        self.account.call(HttpRequest::post(self.account.url(PATH, None), body)).await
    }

    async fn look_up(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        match self.account.call(HttpRequest::get(refund_url(&self.account, refund))).await? {
            PlatformSaid::Done(body) => state_of(refund, &body),
            PlatformSaid::No(why) if why.status == 404 && why.name() == "RESOURCENOTEXISTS" => {
                Ok(RailRefundState::NotFound)
            }
            PlatformSaid::No(why) if is_known(&why) => Err(why.refused()),
            PlatformSaid::No(why) => Err(why.unknown()),
        }
    }

    /// A refusal is believed when no refund of this number is there: an earlier try may have
    /// made one, and a repeat with other amounts is refused because of it.
    async fn refusal(
        &self,
        refund: &RefundOrder,
        why: PlatformRefusal,
    ) -> Result<RailRefundState, OutsideError> {
        if !is_known(&why) {
            return Err(why.unknown());
        }
        match self.look_up(refund).await {
            Ok(RailRefundState::NotFound) => Err(why.refused()),
            Ok(there) => Ok(there),
            Err(_) => Err(why.unknown()),
        }
    }
}

/// A code that says that this call did nothing. Rates and every code that is not known say
/// nothing of the kind; a breakdown is no 4xx.
pub(super) fn is_known(why: &PlatformRefusal) -> bool {
    matches!(
        why.name().as_str(),
        "PARAMERROR"
            | "INVALIDREQUEST"
            | "SIGNERROR"
            | "NOAUTH"
            | "MCHNOTEXISTS"
            | "NOTENOUGH"
            | "USERACCOUNTABNORMAL"
            | "RESOURCENOTEXISTS"
            | "REFUNDFEEMISMATCH"
            | "INVALIDTRANSACTIONID"
            | "TRADEOVERDUE"
    )
}

/// Where the platform tells how a refund stands.
pub(super) fn refund_url(account: &WeChatPayAccount, refund: &RefundOrder) -> Url {
    account.url(&format!("{PATH}/{}", refund.no), None)
}

pub(super) fn state_of(refund: &RefundOrder, body: &[u8]) -> Result<RailRefundState, OutsideError> {
    let wire: RefundWire = serde_json::from_slice(body).map_err(unknown)?;
    // A signed answer about another refund says nothing about this one.
    if wire.out_refund_no.as_deref() != Some(refund.no.as_str()) {
        let found = wire.out_refund_no.unwrap_or_default();
        return Err(unexpected("the answer is about another refund", found));
    }
    let amount = wire.amount.as_ref().and_then(|amount| amount.refund);
    if amount != Some(refund.amount.fen().value()) {
        let found = amount.unwrap_or_default();
        return Err(unexpected("the refund is of another amount", found));
    }
    match wire.state() {
        Ok(Some(state)) => Ok(state),
        Ok(None) => Err(unexpected("unknown status of a refund", wire.status.unwrap_or_default())),
        Err(field) => Err(unexpected("a refund without a usable field", field)),
    }
}

impl RefundWire {
    /// How the refund stands; `None` for a word that is not understood.
    fn state(&self) -> Result<Option<RailRefundState>, &'static str> {
        Ok(match self.status.as_deref() {
            Some("SUCCESS") => {
                let txn = self.refund_id.as_deref().ok_or("refund_id")?;
                let at = self.success_time.as_deref().ok_or("success_time")?;
                let at = at.parse::<Timestamp>().or(Err("success_time"))?;
                let txn = Some(RailTxn::new(txn).or(Err("refund_id"))?);
                Some(RailRefundState::Done { txn, at })
            }
            Some("PROCESSING") => Some(RailRefundState::Processing),
            Some("CLOSED") => Some(RailRefundState::Failed { code: "CLOSED".to_owned() }),
            Some("ABNORMAL") => Some(RailRefundState::NeedsAccount),
            Some(_) | None => None,
        })
    }

    /// What a callback says; the field that is missing or malformed otherwise.
    pub(super) fn into_report(self) -> Result<Option<RefundReport>, &'static str> {
        let Some(state) = self.state()? else { return Ok(None) };
        let amount = self.amount.and_then(|amount| amount.refund).ok_or("amount.refund")?;
        Ok(Some(RefundReport {
            rail: Rail::WeChatPay,
            refund_no: self.out_refund_no.ok_or("out_refund_no")?,
            order_no: self.out_trade_no.ok_or("out_trade_no")?,
            merchant_no: self.mchid.ok_or("mchid")?,
            amount: Fen::new(amount),
            state,
        }))
    }
}

#[async_trait]
impl RailRefunds for WeChatPayRefunds {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    /// Asks once: the worker repeats, and too many failing calls are answered with a limit.
    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let asking = async {
            match self.ask(refund).await? {
                PlatformSaid::Done(body) => state_of(refund, &body),
                PlatformSaid::No(why) => self.refusal(refund, why).await,
            }
        };
        self.account.http.within(asking).await
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.account.http.twice(|| self.look_up(refund)).await
    }
}

#[cfg(test)]
#[path = "refund_tests.rs"]
mod tests;

//! Refunds of Alipay. Code 10000 alone says nothing: the money moved when `fund_change` is `Y`,
//! and a repeat of a refund that is done answers `N`. The refund's own query tells then.
//!
//! The query answers a number that it does not know just as one whose refund is still under way:
//! with no word of it. So it never proves that nothing happened, and is an unknown outcome here.
//! What settles that is asking for the refund again, under the same number.

use super::account::{AlipayAccount, PlatformSaid, at_beijing};
use super::refusal::{PlatformRefusal, Refusal};
use super::wire::{RefundQueryWire, RefundRequestWire, RefundStateWire, RefundedWire};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::money::Fen;
use domain::outside::OutsideError;
use domain::payment::{Rail, RailRefundState, RailRefunds, RefundOrder};
use jiff::Timestamp;
use std::sync::Arc;

/// Gives back what Alipay took.
#[derive(Debug)]
pub struct AlipayRefunds {
    account: Arc<AlipayAccount>,
}

/// What the refund's query knows.
enum Known {
    /// The money is back; when, if it says.
    Back(Option<Timestamp>),
    /// It is under way.
    UnderWay,
    /// No word of this number.
    Nothing,
}

impl AlipayRefunds {
    /// Refunds over a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        Self { account }
    }

    async fn ask(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let amount = refund.amount.to_string();
        let wire = RefundRequestWire {
            out_trade_no: refund.payment.no.as_str(),
            trade_no: refund.txn.as_str(),
            refund_amount: &amount,
            out_request_no: refund.no.as_str(),
            refund_reason: &refund.reason,
        };
        match self.account.call("alipay.trade.refund", &wire, false).await? {
            PlatformSaid::Done(node) => {
                let refunded: RefundedWire = serde_json::from_str(&node).map_err(unknown)?;
                same("out_trade_no", refunded.out_trade_no, refund.payment.no.as_str())?;
                match refunded.fund_change.as_deref() {
                    // The answer names no time of its own.
                    Some("Y") => Ok(self.done(self.known(refund).await.ok())),
                    Some("N") | None => match self.known(refund).await? {
                        Known::Back(at) => Ok(self.done(Some(Known::Back(at)))),
                        Known::UnderWay | Known::Nothing => Ok(RailRefundState::Processing),
                    },
                    Some(other) => Err(unexpected("unknown fund_change", other)),
                }
            }
            PlatformSaid::No(why) => self.refusal(refund, why).await,
        }
    }

    /// A refusal is believed when nothing came of this number earlier either.
    async fn refusal(
        &self,
        refund: &RefundOrder,
        why: PlatformRefusal,
    ) -> Result<RailRefundState, OutsideError> {
        let definite = match why.says() {
            Refusal::Ours | Refusal::Definite | Refusal::NoTrade => true,
            // The trade is closed because all of it went back, perhaps by this very number; or
            // this number was used with another amount.
            Refusal::OtherState => false,
            Refusal::Unknown => return Err(why.unknown()),
        };
        match self.known(refund).await {
            Ok(Known::Back(at)) => Ok(self.done(Some(Known::Back(at)))),
            Ok(Known::UnderWay) => Ok(RailRefundState::Processing),
            Ok(Known::Nothing) if definite => Err(why.refused()),
            // Where the query is refused for the same fault of ours, no call gets through.
            Err(OutsideError::Refused { .. }) if definite => Err(why.refused()),
            Ok(Known::Nothing) | Err(_) => Err(why.unknown()),
        }
    }

    fn done(&self, known: Option<Known>) -> RailRefundState {
        let at = match known {
            Some(Known::Back(Some(at))) => at,
            Some(Known::Back(None) | Known::UnderWay | Known::Nothing) | None => {
                self.account.clock.now()
            }
        };
        RailRefundState::Done { txn: None, at }
    }

    async fn known(&self, refund: &RefundOrder) -> Result<Known, OutsideError> {
        let wire = RefundQueryWire {
            out_trade_no: refund.payment.no.as_str(),
            trade_no: refund.txn.as_str(),
            out_request_no: refund.no.as_str(),
            query_options: ["gmt_refund_pay"],
        };
        let said = self.account.call("alipay.trade.fastpay.refund.query", &wire, false).await?;
        let state: RefundStateWire = match said {
            PlatformSaid::Done(node) => serde_json::from_str(&node).map_err(unknown)?,
            PlatformSaid::No(why) => {
                return Err(match why.says() {
                    Refusal::Ours | Refusal::Definite | Refusal::NoTrade => why.refused(),
                    Refusal::OtherState | Refusal::Unknown => why.unknown(),
                });
            }
        };
        match state.refund_status.as_deref() {
            Some("REFUND_SUCCESS") => {
                same("out_trade_no", state.out_trade_no, refund.payment.no.as_str())?;
                same("out_request_no", state.out_request_no, refund.no.as_str())?;
                let amount = state.refund_amount.unwrap_or_default();
                if Fen::from_yuan(&amount) != Ok(refund.amount.fen()) {
                    return Err(unexpected("the refund of this number has another amount", amount));
                }
                Ok(Known::Back(state.gmt_refund_pay.as_deref().and_then(at_beijing)))
            }
            Some("REFUND_PROCESSING") => Ok(Known::UnderWay),
            Some("") | None => Ok(Known::Nothing),
            Some(other) => Err(unexpected("unknown refund_status", other)),
        }
    }
}

/// An answer that names something names ours.
fn same(field: &'static str, found: Option<String>, ours: &str) -> Result<(), OutsideError> {
    match found {
        Some(found) if found != ours => Err(unexpected(field, found)),
        Some(_) | None => Ok(()),
    }
}

#[async_trait]
impl RailRefunds for AlipayRefunds {
    fn rail(&self) -> Rail {
        Rail::Alipay
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.account.http.within(self.ask(refund)).await
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        match self.account.http.twice(|| self.known(refund)).await? {
            Known::Back(at) => Ok(self.done(Some(Known::Back(at)))),
            Known::UnderWay => Ok(RailRefundState::Processing),
            // No proof that none is under way, and none is needed: the platform takes the same
            // number again, once.
            Known::Nothing => Ok(RailRefundState::NotFound),
        }
    }
}

#[cfg(test)]
#[path = "refund_tests.rs"]
mod tests;

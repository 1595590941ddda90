//! WeChat Pay as a rail: prepay, query, close.

use super::account::{PlatformRefusal, PlatformSaid, WeChatPayAccount};
use super::prepay::Prepay;
use super::wire::{CloseWire, TransactionWire};
use crate::http::{HttpRequest, unexpected, unknown};
use async_trait::async_trait;
use domain::identity::Channel;
use domain::ids::PaymentNo;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    Cashier, CashierKind, MerchantIdentity, OrderKey, PaymentRail, Rail, RailOrder, RailOrderState,
};
use std::sync::Arc;

/// WeChat Pay API v3: mini-program, native app and QR code.
#[derive(Debug)]
pub struct WeChatPayRail {
    account: Arc<WeChatPayAccount>,
    merchant: MerchantIdentity,
    limit: PayableFen,
}

impl WeChatPayRail {
    /// A rail over a checked account.
    pub fn new(account: Arc<WeChatPayAccount>) -> Self {
        let merchant = MerchantIdentity {
            merchant_no: account.signer.merchant_no.clone(),
            app_ids: [account.app_id.clone()]
                .into_iter()
                .chain(account.app_app_id.clone())
                .collect(),
        };
        let limit = account.limit;
        Self { account, merchant, limit }
    }

    async fn prepay(&self, ask: &Prepay) -> Result<PlatformSaid, OutsideError> {
        let url = self.account.url(ask.path, None);
        self.account.call(HttpRequest::post(url, ask.body.clone())).await
    }

    /// The same request once more is safe: the platform answers with the same order.
    async fn prepay_twice(&self, ask: &Prepay) -> Result<Prepaid, OutsideError> {
        match self.prepay(ask).await {
            Ok(said) => Ok(Prepaid { said, earlier: Earlier::Nothing }),
            Err(OutsideError::NotSent(_)) => {
                Ok(Prepaid { said: self.prepay(ask).await?, earlier: Earlier::Nothing })
            }
            Err(first) => match self.prepay(ask).await {
                Ok(said) => Ok(Prepaid { said, earlier: Earlier::Unknown }),
                Err(OutsideError::NotSent(_)) => Err(first),
                Err(second) => Err(second),
            },
        }
    }

    /// A refusal is believed when it cannot hide an order that is there: neither one that an
    /// earlier attempt made, nor one that was paid long ago and is refused for that.
    async fn refusal(
        &self,
        no: &PaymentNo,
        prepaid: Earlier,
        why: PlatformRefusal,
    ) -> OutsideError {
        let hides_nothing = match refusal_kind(&why) {
            RefusalKind::Definite => prepaid == Earlier::Nothing,
            RefusalKind::Ambiguous => false,
            RefusalKind::Unknown => return why.unknown(),
        };
        if hides_nothing {
            return why.refused();
        }
        match self.look_up(no).await {
            Ok(RailOrderState::NotFound | RailOrderState::Closed) => why.refused(),
            Ok(RailOrderState::Paid(_) | RailOrderState::Open) | Err(_) => why.unknown(),
        }
    }

    async fn look_up(&self, no: &PaymentNo) -> Result<RailOrderState, OutsideError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{no}");
        let query = format!("mchid={}", self.account.signer.merchant_no);
        let url = self.account.url(&path, Some(&query));
        match self.account.call(HttpRequest::get(url)).await? {
            PlatformSaid::Done(body) => state_of(no, &body),
            PlatformSaid::No(why) if why.name() == "ORDERNOTEXIST" => Ok(RailOrderState::NotFound),
            PlatformSaid::No(why) => Err(match refusal_kind(&why) {
                RefusalKind::Definite | RefusalKind::Ambiguous => why.refused(),
                RefusalKind::Unknown => why.unknown(),
            }),
        }
    }

    async fn close_once(&self, no: &PaymentNo) -> Result<(), OutsideError> {
        let wire = CloseWire { mchid: &self.account.signer.merchant_no };
        let body =
            serde_json::to_vec(&wire).map_err(|error| OutsideError::NotSent(error.into()))?;
        let path = format!("/v3/pay/transactions/out-trade-no/{no}/close");
        let request = HttpRequest::post(self.account.url(&path, None), body);
        match self.account.call(request).await? {
            PlatformSaid::Done(_) => Ok(()),
            // Which code a paid order has is not documented, so no code is looked at.
            PlatformSaid::No(why) => Err(why.refused()),
        }
    }
}

/// What a prepay came to.
struct Prepaid {
    said: PlatformSaid,
    earlier: Earlier,
}

/// What an earlier attempt may have left at the platform.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Earlier {
    Nothing,
    Unknown,
}

/// How much a 4xx says.
enum RefusalKind {
    /// This request, and any like it, makes no order.
    Definite,
    /// So is a request for an order that is there in another state.
    Ambiguous,
    /// A code that is not known here.
    Unknown,
}

fn refusal_kind(why: &PlatformRefusal) -> RefusalKind {
    match why.name().as_str() {
        "PARAMERROR" | "NOAUTH" | "APPIDMCHIDNOTMATCH" | "SIGNERROR" | "MCHNOTEXISTS"
        | "ORDERCLOSED" => RefusalKind::Definite,
        "INVALIDREQUEST" | "RULELIMIT" => RefusalKind::Ambiguous,
        _ => RefusalKind::Unknown,
    }
}

fn state_of(no: &PaymentNo, body: &[u8]) -> Result<RailOrderState, OutsideError> {
    let order: TransactionWire = serde_json::from_slice(body).map_err(unknown)?;
    // A signed answer about another order says nothing about this one.
    if order.out_trade_no.as_deref() != Some(no.as_str()) {
        let found = order.out_trade_no.unwrap_or_default();
        return Err(unexpected("the answer is about another order", found));
    }
    match order.trade_state.as_deref() {
        Some("SUCCESS" | "REFUND") => match order.into_report() {
            Ok(report) => Ok(RailOrderState::Paid(Box::new(report))),
            Err(field) => Err(unexpected("a paid order without a usable field", field)),
        },
        Some("NOTPAY" | "USERPAYING") => Ok(RailOrderState::Open),
        Some("CLOSED" | "REVOKED") => Ok(RailOrderState::Closed),
        other => Err(unexpected("unknown trade_state", other.unwrap_or("none"))),
    }
}

#[async_trait]
impl PaymentRail for WeChatPayRail {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    fn merchant(&self) -> &MerchantIdentity {
        &self.merchant
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        match channel {
            Channel::WeChat => Some(CashierKind::WeChatMini),
            Channel::App => self.account.app_app_id.as_ref().map(|_| CashierKind::WeChatApp),
            Channel::Alipay => None,
        }
    }

    fn limit(&self) -> PayableFen {
        self.limit
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        let ask = self.account.prepay(order)?;
        let submitting = async {
            let prepaid = self.prepay_twice(&ask).await?;
            match prepaid.said {
                PlatformSaid::Done(answer) => self.account.cashier(order.cashier, &answer),
                PlatformSaid::No(why) => Err(self.refusal(&order.no, prepaid.earlier, why).await),
            }
        };
        self.account.http.within(submitting).await
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.account.http.twice(|| self.look_up(&order.no)).await
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        self.account.http.twice(|| self.close_once(&order.no)).await
    }
}

#[cfg(test)]
#[path = "pay_tests.rs"]
mod tests;

//! Refunds that the payer's account did not take, sent to another one (异常退款).

use super::account::{PlatformSaid, WeChatPayAccount};
use super::refund::{PATH, is_known, refund_url, state_of};
use super::wire::{RedirectRequestWire, RefundWire};
use crate::http::{HttpRequest, unexpected, unknown};
use async_trait::async_trait;
use domain::outside::OutsideError;
use domain::payment::{PayeeAccount, Rail, RailRefundState, RefundOrder, RefundRedirects};
use std::sync::Arc;

/// Sends stuck refunds of WeChat Pay to another bank account of the payer.
#[derive(Debug)]
pub struct WeChatPayRedirects {
    account: Arc<WeChatPayAccount>,
}

/// A stuck refund, as the platform has it.
struct Stuck {
    /// The platform's number of it.
    refund_id: String,
    /// The key that the platform signs with now: what is sealed for it is sealed with this one.
    key_id: String,
}

impl WeChatPayRedirects {
    /// Redirects over a checked account.
    pub fn new(account: Arc<WeChatPayAccount>) -> Self {
        Self { account }
    }

    /// How the refund stands there; `Err` of the inner result: it is stuck.
    async fn look_up(
        &self,
        refund: &RefundOrder,
    ) -> Result<Result<RailRefundState, Stuck>, OutsideError> {
        let request = HttpRequest::get(refund_url(&self.account, refund));
        let (said, key_id) = self.account.call_signed(request).await?;
        let body = match said {
            PlatformSaid::Done(body) => body,
            PlatformSaid::No(why) if why.status == 404 && why.name() == "RESOURCENOTEXISTS" => {
                return Ok(Ok(RailRefundState::NotFound));
            }
            PlatformSaid::No(why) => return Err(why.unknown()),
        };
        match state_of(refund, &body)? {
            RailRefundState::NeedsAccount => {
                let wire: RefundWire = serde_json::from_slice(&body).map_err(unknown)?;
                let refund_id = wire.refund_id.filter(|id| is_number(id));
                let refund_id = refund_id.ok_or_else(|| {
                    unexpected("a stuck refund without a usable field", "refund_id")
                })?;
                Ok(Err(Stuck { refund_id, key_id }))
            }
            state @ (RailRefundState::Processing
            | RailRefundState::Done { .. }
            | RailRefundState::Failed { .. }
            | RailRefundState::NotFound) => Ok(Ok(state)),
        }
    }

    async fn send(
        &self,
        refund: &RefundOrder,
        stuck: &Stuck,
        payee: &PayeeAccount,
    ) -> Result<RailRefundState, OutsideError> {
        let bank_type = bank_type(&payee.bank).ok_or_else(|| OutsideError::Refused {
            code: "BANK_UNKNOWN".to_owned(),
            message: "WeChat Pay has no name for this bank".to_owned(),
        })?;
        let wire = RedirectRequestWire {
            out_refund_no: refund.no.as_str(),
            kind: "USER_BANK_CARD",
            bank_type,
            bank_account: &self.account.sealed(&stuck.key_id, &payee.number)?,
            real_name: &self.account.sealed(&stuck.key_id, &payee.holder)?,
        };
        let body = serde_json::to_vec(&wire).map_err(|e| OutsideError::NotSent(e.into()))?;
        let path = format!("{PATH}/{}/apply-abnormal-refund", stuck.refund_id);
        let url = self.account.url(&path, None);
        let request = HttpRequest::post(url, body).header("wechatpay-serial", stuck.key_id.clone());
        match self.account.call(request).await? {
            PlatformSaid::Done(body) => state_of(refund, &body),
            PlatformSaid::No(why) if is_known(&why) => match self.look_up(refund).await {
                // An earlier try may have done it; what is still stuck was refused.
                Ok(Ok(there)) => Ok(there),
                Ok(Err(_stuck)) => Err(why.refused()),
                Err(_) => Err(why.unknown()),
            },
            PlatformSaid::No(why) => Err(why.unknown()),
        }
    }
}

/// The platform's numbers are digits: nothing else becomes part of an address.
fn is_number(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The platform's word for a debit card of this bank. Names come with 中国 and branches around
/// them; the longer of two that fit stands first.
fn bank_type(bank: &str) -> Option<&'static str> {
    let known = [
        ("工商银行", "ICBC_DEBIT"),
        ("农业银行", "ABC_DEBIT"),
        ("建设银行", "CCB_DEBIT"),
        ("交通银行", "COMM_DEBIT"),
        ("邮政储蓄", "PSBC_DEBIT"),
        ("邮储银行", "PSBC_DEBIT"),
        ("招商银行", "CMB_DEBIT"),
        ("浦东发展银行", "SPDB_DEBIT"),
        ("浦发银行", "SPDB_DEBIT"),
        ("兴业银行", "CIB_DEBIT"),
        ("民生银行", "CMBC_DEBIT"),
        ("中信银行", "CITIC_DEBIT"),
        ("光大银行", "CEB_DEBIT"),
        ("平安银行", "PAB_DEBIT"),
        ("广发银行", "GDB_DEBIT"),
        ("华夏银行", "HXB_DEBIT"),
        ("中国银行", "BOC_DEBIT"),
    ];
    known.into_iter().find(|(name, _)| bank.contains(name)).map(|(_, word)| word)
}

#[async_trait]
impl RefundRedirects for WeChatPayRedirects {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    /// Looks first: a refund that goes on already is left alone.
    async fn redirect(
        &self,
        refund: &RefundOrder,
        account: &PayeeAccount,
    ) -> Result<RailRefundState, OutsideError> {
        let redirecting = async {
            match self.look_up(refund).await? {
                Ok(state) => Ok(state),
                Err(stuck) => self.send(refund, &stuck, account).await,
            }
        };
        self.account.http.within(redirecting).await
    }
}

#[cfg(test)]
#[path = "redirect_tests.rs"]
mod tests;

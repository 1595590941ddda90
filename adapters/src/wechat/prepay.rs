//! What a prepay of each product asks for, and the cashier that its answer opens.

use super::account::WeChatPayAccount;
use super::wire::{PayerWire, PrepaidWire, PrepayAmountWire, PrepayWire};
use crate::http::{unexpected, unknown};
use domain::clock::beijing_time;
use domain::outside::OutsideError;
use domain::payment::{Cashier, CashierKind, RailOrder};

/// The platform cuts off nothing: a longer description is an error there.
const DESCRIPTION_CHARS: usize = 127;
/// As documented; a QR code of this length still scans.
const CODE_URL_MAX: usize = 512;

/// A request that makes an order.
pub(super) struct Prepay {
    pub path: &'static str,
    pub body: Vec<u8>,
}

impl WeChatPayAccount {
    /// Path and app of the product that a cashier belongs to, if it is one of ours.
    fn product(&self, cashier: CashierKind) -> Option<(&'static str, &str)> {
        match cashier {
            CashierKind::WeChatMini => Some(("/v3/pay/transactions/jsapi", &self.app_id)),
            CashierKind::WeChatApp => {
                self.app_app_id.as_deref().map(|app_id| ("/v3/pay/transactions/app", app_id))
            }
            CashierKind::WeChatNative => Some(("/v3/pay/transactions/native", &self.app_id)),
            CashierKind::AlipayMini | CashierKind::AlipayApp | CashierKind::UnionPayApp => None,
        }
    }

    /// The request for an order; nothing is sent.
    pub(super) fn prepay(&self, order: &RailOrder) -> Result<Prepay, OutsideError> {
        let Some((path, app_id)) = self.product(order.cashier) else {
            return Err(OutsideError::NotSent("not a cashier of WeChat Pay here".into()));
        };
        let payer = order.payer.as_ref().filter(|_| order.cashier.needs_payer());
        if order.cashier.needs_payer() && payer.is_none() {
            return Err(OutsideError::NotSent("the mini-program's cashier needs a payer".into()));
        }
        let description: String = order.description.chars().take(DESCRIPTION_CHARS).collect();
        let expires = beijing_time(order.expires_at).strftime("%Y-%m-%dT%H:%M:%S+08:00");
        let wire = PrepayWire {
            appid: app_id,
            mchid: &self.signer.merchant_no,
            description: &description,
            out_trade_no: order.no.as_str(),
            time_expire: &expires.to_string(),
            notify_url: &self.notify_url,
            amount: PrepayAmountWire { total: order.amount.fen().value(), currency: "CNY" },
            payer: payer.map(|payer| PayerWire { openid: payer.as_str() }),
        };
        let body = serde_json::to_vec(&wire).map_err(|e| OutsideError::NotSent(e.into()))?;
        Ok(Prepay { path, body })
    }

    /// The cashier that a prepay's answer opens.
    pub(super) fn cashier(
        &self,
        kind: CashierKind,
        answer: &[u8],
    ) -> Result<Cashier, OutsideError> {
        let wire: PrepaidWire = serde_json::from_slice(answer).map_err(unknown)?;
        let unusable = || unexpected("a prepay without what opens its cashier", "");
        match kind {
            CashierKind::WeChatMini => self.mini(&wire.prepay_id.ok_or_else(unusable)?),
            CashierKind::WeChatApp => self.app(wire.prepay_id.ok_or_else(unusable)?),
            CashierKind::WeChatNative => {
                let code_url = wire.code_url.ok_or_else(unusable)?;
                if code_url.len() > CODE_URL_MAX || !code_url.starts_with("weixin://") {
                    return Err(unexpected("unusable code_url", code_url));
                }
                Ok(Cashier::WeChatNative { code_url })
            }
            CashierKind::AlipayMini | CashierKind::AlipayApp | CashierKind::UnionPayApp => {
                Err(unusable())
            }
        }
    }

    fn mini(&self, prepay_id: &str) -> Result<Cashier, OutsideError> {
        let time_stamp = self.clock.now().as_second().to_string();
        let nonce_str = self.nonce();
        let package = format!("prepay_id={prepay_id}");
        let pay_sign = self.signer.pay_sign(&self.app_id, &time_stamp, &nonce_str, &package);
        let (pay_sign, sign_type) = (pay_sign.map_err(unknown)?, "RSA".to_owned());
        Ok(Cashier::WeChatMini { time_stamp, nonce_str, package, sign_type, pay_sign })
    }

    fn app(&self, prepay_id: String) -> Result<Cashier, OutsideError> {
        let time_stamp = self.clock.now().as_second().to_string();
        let nonce_str = self.nonce();
        let app_id = self.app_app_id.clone().unwrap_or_default();
        let sign = self.signer.pay_sign(&app_id, &time_stamp, &nonce_str, &prepay_id);
        Ok(Cashier::WeChatApp {
            app_id,
            partner_id: self.signer.merchant_no.clone(),
            prepay_id,
            package: "Sign=WXPay".to_owned(),
            nonce_str,
            time_stamp,
            sign: sign.map_err(unknown)?,
        })
    }
}

#[cfg(test)]
#[path = "prepay_tests.rs"]
mod tests;

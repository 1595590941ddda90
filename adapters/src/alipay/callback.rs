//! Notifications of Alipay: forms, verified over their values as they were sent.

use super::account::{AlipayAccount, at_beijing};
use super::form::{decoded, to_sign};
use super::pay::money_of;
use async_trait::async_trait;
use domain::money::Fen;
use domain::payment::{
    CallbackRefused, Rail, RailCallback, RailCallbacks, RailNews, RailRefundState, RailReport,
    RefundReport, StoredCallback,
};
use encoding_rs::Encoding;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Documented as 34 digits; a little air costs nothing.
const EVENT_ID_MAX: usize = 64;
/// The platform sends again for 24 hours and 24 minutes, and does not say that it writes a new
/// `notify_time` then.
const OLDEST: SignedDuration = SignedDuration::from_hours(25);
/// What clocks may differ by.
const NEWEST: SignedDuration = SignedDuration::from_mins(5);
const TRADE: &str = "trade_status_sync";

/// Reads what Alipay sends to the notify address. The platform is content with the seven bytes
/// `success` alone.
///
/// A notification of a refund carries `refund_fee`, the **sum** of all refunds of the trade so
/// far, and not what this refund gave back: with more than one refund of a trade the amount of
/// the report is larger than the refund's own.
#[derive(Debug)]
pub struct AlipayCallbacks {
    account: Arc<AlipayAccount>,
}

/// The texts of a notification.
struct Notification(BTreeMap<String, String>);

impl Notification {
    /// A value that is there and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn need(&self, name: &'static str) -> Result<&str, CallbackRefused> {
        self.get(name).ok_or(CallbackRefused::Malformed(name))
    }

    fn time(&self, name: &'static str) -> Result<Timestamp, CallbackRefused> {
        at_beijing(self.need(name)?).ok_or(CallbackRefused::Malformed(name))
    }

    /// The refund that it tells of, if it does.
    fn is_of_refund(&self) -> bool {
        let refunded =
            self.get("refund_fee").is_some_and(|fee| Fen::from_yuan(fee) != Ok(Fen::ZERO));
        refunded || self.get("gmt_refund").is_some() || self.get("out_biz_no").is_some()
    }

    fn paid(&self) -> Result<RailNews, CallbackRefused> {
        let owned = |name: &str| self.get(name).map(str::to_owned);
        Ok(RailNews::Paid(RailReport {
            rail: Rail::Alipay,
            order_no: self.need("out_trade_no")?.to_owned(),
            app_id: self.need("app_id")?.to_owned(),
            merchant_no: self.need("seller_id")?.to_owned(),
            currency: "CNY".to_owned(),
            money: money_of(owned("trade_no"), owned("total_amount"), owned("gmt_payment"))
                .map_err(CallbackRefused::Malformed)?,
        }))
    }

    /// A refund that was made without a number has that of the order. `None` where nothing tells
    /// which refund it was: the end of a trade repeats what earlier refunds gave back.
    fn refunded(&self) -> Result<Option<RailNews>, CallbackRefused> {
        let (Some(fee), Some(_)) = (self.get("refund_fee"), self.get("gmt_refund")) else {
            return Ok(None);
        };
        let order_no = self.need("out_trade_no")?;
        Ok(Some(RailNews::Refunded(RefundReport {
            rail: Rail::Alipay,
            refund_no: self.get("out_biz_no").unwrap_or(order_no).to_owned(),
            order_no: order_no.to_owned(),
            merchant_no: self.need("seller_id")?.to_owned(),
            amount: Fen::from_yuan(fee).or(Err(CallbackRefused::Malformed("refund_fee")))?,
            state: RailRefundState::Done { txn: None, at: self.time("gmt_refund")? },
        })))
    }
}

impl AlipayCallbacks {
    /// A reader with the keys of a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        Self { account }
    }

    /// The texts, once the signature over their bytes is good.
    fn verified(&self, body: &[u8]) -> Result<Notification, CallbackRefused> {
        let form = decoded(body).or(Err(CallbackRefused::Malformed("body")))?;
        let raw = |name: &str| {
            form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice())
        };
        let ascii = |name: &'static str| {
            let text = raw(name).and_then(|value| std::str::from_utf8(value).ok());
            text.ok_or(CallbackRefused::Malformed(name))
        };
        if ascii("sign_type")? != "RSA2" {
            return Err(CallbackRefused::Malformed("sign_type"));
        }
        let sign = ascii("sign")?;
        let serial = raw("alipay_cert_sn").and_then(|value| std::str::from_utf8(value).ok());
        let good = |leave_out: &[&str]| {
            let parameters = form.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
            let message = to_sign(parameters, leave_out);
            self.account.platform.verify(&message, sign, serial).is_ok()
        };
        // Messages that are not about trades may keep `sign_type` in what is signed.
        let trade = raw("notify_type").is_none_or(|kind| kind == TRADE.as_bytes());
        if !good(&["sign", "sign_type"]) && (trade || !good(&["sign"])) {
            return Err(CallbackRefused::BadSignature);
        }
        let charset = raw("charset").unwrap_or(b"utf-8");
        let charset = Encoding::for_label(charset).ok_or(CallbackRefused::Malformed("charset"))?;
        let text = |value: &[u8]| {
            charset.decode_without_bom_handling_and_without_replacement(value).map(String::from)
        };
        let texts = form.iter().map(|(name, value)| Some((name.clone(), text(value)?)));
        texts.collect::<Option<_>>().map(Notification).ok_or(CallbackRefused::Malformed("charset"))
    }
}

#[async_trait]
impl RailCallbacks for AlipayCallbacks {
    fn rail(&self) -> Rail {
        Rail::Alipay
    }

    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<Option<StoredCallback>, CallbackRefused> {
        let notification = self.verified(&callback.body)?;
        let sent = notification.time("notify_time")?;
        if sent < now - OLDEST || sent > now + NEWEST {
            return Err(CallbackRefused::Stale);
        }
        let event_id = notification.need("notify_id")?;
        if event_id.len() > EVENT_ID_MAX || !event_id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(CallbackRefused::Malformed("notify_id"));
        }
        if notification.need("notify_type")? != TRADE {
            return Ok(None);
        }
        let news = match notification.need("trade_status")? {
            "TRADE_SUCCESS" | "TRADE_FINISHED" | "TRADE_CLOSED" if notification.is_of_refund() => {
                notification.refunded()?
            }
            "TRADE_SUCCESS" | "TRADE_FINISHED" => Some(notification.paid()?),
            _ => None,
        };
        let event_id = event_id.to_owned();
        Ok(news.map(|news| StoredCallback { event_id, received_at: now, news }))
    }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;

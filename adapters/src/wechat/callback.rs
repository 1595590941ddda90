//! Callbacks of WeChat Pay: verified over the raw bytes, then decrypted.

use super::account::WeChatPayAccount;
use super::wire::{NotificationWire, RefundWire, TransactionWire};
use async_trait::async_trait;
use domain::payment::{
    CallbackRefused, Rail, RailCallback, RailCallbacks, RailNews, StoredCallback,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Documented as at most 36; a little air costs nothing.
const EVENT_ID_MAX: usize = 64;

/// Reads what WeChat Pay sends to the notify address.
#[derive(Debug)]
pub struct WeChatPayCallbacks {
    account: Arc<WeChatPayAccount>,
}

impl WeChatPayCallbacks {
    /// A reader with the keys of a checked account.
    pub fn new(account: Arc<WeChatPayAccount>) -> Self {
        Self { account }
    }

    fn open<T: DeserializeOwned>(&self, wire: &NotificationWire) -> Result<T, CallbackRefused> {
        let resource = &wire.resource;
        if resource.algorithm != "AEAD_AES_256_GCM" {
            return Err(CallbackRefused::Malformed("resource.algorithm"));
        }
        let plain = self
            .account
            .api_v3_key
            .open(&resource.nonce, &resource.associated_data, &resource.ciphertext)
            .or(Err(CallbackRefused::Undecryptable))?;
        serde_json::from_slice(&plain).or(Err(CallbackRefused::Malformed("resource")))
    }

    fn payment(&self, wire: &NotificationWire) -> Result<Option<RailNews>, CallbackRefused> {
        let order: TransactionWire = self.open(wire)?;
        if order.trade_state.as_deref() != Some("SUCCESS") {
            return Ok(None);
        }
        let report = order.into_report().map_err(CallbackRefused::Malformed)?;
        Ok(Some(RailNews::Paid(report)))
    }

    /// What the sealed content says counts, whatever the event is called outside of the seal.
    fn refund(&self, wire: &NotificationWire) -> Result<Option<RailNews>, CallbackRefused> {
        let refund: RefundWire = self.open(wire)?;
        let report = refund.into_report().map_err(CallbackRefused::Malformed)?;
        Ok(report.map(RailNews::Refunded))
    }
}

#[async_trait]
impl RailCallbacks for WeChatPayCallbacks {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<Option<StoredCallback>, CallbackRefused> {
        self.account.verify(&callback.headers, &callback.body, now).await?;
        let wire: NotificationWire =
            serde_json::from_slice(&callback.body).or(Err(CallbackRefused::Malformed("body")))?;
        if wire.id.is_empty() || wire.id.len() > EVENT_ID_MAX {
            return Err(CallbackRefused::Malformed("id"));
        }
        let news = match wire.event_type.as_str() {
            "TRANSACTION.SUCCESS" => self.payment(&wire)?,
            "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" => self.refund(&wire)?,
            _ => None,
        };
        Ok(news.map(|news| StoredCallback { event_id: wire.id, received_at: now, news }))
    }
}

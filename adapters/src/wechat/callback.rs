//! Callbacks of WeChat Pay: verified over the raw bytes, then decrypted.

use super::account::WeChatPayAccount;
use super::sign::verify;
use super::wire::{NotificationWire, TransactionWire};
use domain::payment::{
    CallbackRefused, Rail, RailCallback, RailCallbacks, RailNews, RailReport, StoredCallback,
};
use jiff::Timestamp;
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

    fn report(&self, wire: &NotificationWire) -> Result<Option<RailReport>, CallbackRefused> {
        let resource = &wire.resource;
        if resource.algorithm != "AEAD_AES_256_GCM" {
            return Err(CallbackRefused::Malformed("resource.algorithm"));
        }
        let plain = self
            .account
            .api_v3_key
            .open(&resource.nonce, &resource.associated_data, &resource.ciphertext)
            .or(Err(CallbackRefused::Undecryptable))?;
        let order: TransactionWire =
            serde_json::from_slice(&plain).or(Err(CallbackRefused::Malformed("resource")))?;
        if order.trade_state.as_deref() != Some("SUCCESS") {
            return Ok(None);
        }
        order.into_report().map(Some).map_err(CallbackRefused::Malformed)
    }
}

impl RailCallbacks for WeChatPayCallbacks {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<Option<StoredCallback>, CallbackRefused> {
        verify(&self.account.platform_keys, &callback.headers, &callback.body, now)?;
        let wire: NotificationWire =
            serde_json::from_slice(&callback.body).or(Err(CallbackRefused::Malformed("body")))?;
        if wire.id.is_empty() || wire.id.len() > EVENT_ID_MAX {
            return Err(CallbackRefused::Malformed("id"));
        }
        if wire.event_type != "TRANSACTION.SUCCESS" {
            return Ok(None);
        }
        let report = self.report(&wire)?;
        let news = report.map(RailNews::Paid);
        Ok(news.map(|news| StoredCallback { event_id: wire.id, received_at: now, news }))
    }
}

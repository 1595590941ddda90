//! What WeChat pushes to the mini-program's server (消息推送), in secure mode with JSON: signed
//! with a shared token, sealed with a shared key. Only the fate of messages is read; all else is
//! acknowledged and forgotten.

use super::wire::{PushedEventWire, PushedListWire, PushedSentWire, SealedPushWire};
use crate::crypto::{from_base64, open_aes_cbc, sha1_hex};
use crate::http::ConfigFault;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::messaging::{
    Delivery, DeliveryCallbacks, DeliveryNews, MessageCallback, MessageChannel, NotProved,
};
use std::fmt;

const KEY_BYTES: usize = 32;
/// Random bytes and the length before the message.
const HEAD: usize = 16 + 4;

/// Plain values of the settings.
#[derive(Clone)]
pub struct MessagePushConfig {
    /// The mini-program, named at the end of every sealed message.
    pub app_id: String,
    /// The token (令牌), 3 to 32 letters and digits.
    pub token: String,
    /// The key (EncodingAESKey), 43 letters and digits.
    pub encoding_aes_key: String,
}

impl fmt::Debug for MessagePushConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagePushConfig").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

/// Reads pushes.
pub struct WeChatMessagePush {
    app_id: String,
    token: String,
    key: Vec<u8>,
}

impl fmt::Debug for WeChatMessagePush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeChatMessagePush({})", self.app_id)
    }
}

impl WeChatMessagePush {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(config: &MessagePushConfig) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("app_id", &config.app_id)?;
        ConfigFault::unless_filled("token", &config.token)?;
        let encoded = config.encoding_aes_key.trim();
        // 43 characters of base64: the padding is left out, and the last two bits may be any.
        let key = lenient_base64(encoded).filter(|key| key.len() == KEY_BYTES);
        let key = key.ok_or_else(|| ConfigFault::new("encoding_aes_key", "not 43 of base64"))?;
        Ok(Self { app_id: config.app_id.clone(), token: config.token.clone(), key })
    }

    /// SHA-1 over the sorted parts, in hex; compared in constant time.
    fn is_signed(&self, parts: &[&str], signature: &str) -> bool {
        let mut parts: Vec<&str> =
            parts.iter().copied().chain(std::iter::once(self.token.as_str())).collect();
        parts.sort_unstable();
        let expected = sha1_hex(parts.concat().as_bytes());
        verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).is_ok()
    }

    fn opened(&self, sealed: &str) -> Option<Vec<u8>> {
        let sealed = from_base64(sealed).ok()?;
        let plain = open_aes_cbc(&self.key, &self.key[..16], &sealed).ok()?;
        let length = u32::from_be_bytes(plain.get(16..HEAD)?.try_into().ok()?);
        let end = HEAD.checked_add(usize::try_from(length).ok()?)?;
        let (message, app_id) = (plain.get(HEAD..end)?, plain.get(end..)?);
        (app_id == self.app_id.as_bytes()).then(|| message.to_vec())
    }
}

/// Base64 whose last bits may be set: keys are made of random characters.
fn lenient_base64(text: &str) -> Option<Vec<u8>> {
    if text.len() != 43 {
        return None;
    }
    let mut characters = text.as_bytes().to_vec();
    let last = characters.last_mut()?;
    // Four of the last character's six bits count.
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let place = alphabet.iter().position(|known| known == last)?;
    *last = alphabet[place & !0b11];
    from_base64(&format!("{}=", String::from_utf8(characters).ok()?)).ok()
}

fn news_of(sent: PushedSentWire) -> Option<DeliveryNews> {
    let platform_no = sent.msg_id?.text()?;
    let code = sent.error_code?.text()?;
    let delivery = if code == "0" {
        Delivery::Arrived
    } else {
        let status: String = sent.error_status.chars().take(40).collect();
        Delivery::Failed { reason: format!("{code} {status}") }
    };
    Some(DeliveryNews { channel: MessageChannel::WeChat, platform_no, delivery })
}

impl DeliveryCallbacks for WeChatMessagePush {
    fn channel(&self) -> MessageChannel {
        MessageChannel::WeChat
    }

    fn greeting(&self, callback: &MessageCallback<'_>) -> Result<String, NotProved> {
        let part = |name| callback.query(name).ok_or(NotProved);
        let (timestamp, nonce) = (part("timestamp")?, part("nonce")?);
        let echo = part("echostr")?;
        if self.is_signed(&[timestamp, nonce], part("signature")?) {
            Ok(echo.to_owned())
        } else {
            Err(NotProved)
        }
    }

    fn read(&self, callback: &MessageCallback<'_>) -> Result<Vec<DeliveryNews>, NotProved> {
        let part = |name| callback.query(name).ok_or(NotProved);
        let (timestamp, nonce) = (part("timestamp")?, part("nonce")?);
        let wire: SealedPushWire = serde_json::from_slice(callback.body).or(Err(NotProved))?;
        if !self.is_signed(&[timestamp, nonce, &wire.encrypt], part("msg_signature")?) {
            return Err(NotProved);
        }
        let message = self.opened(&wire.encrypt).ok_or(NotProved)?;
        let event: PushedEventWire = serde_json::from_slice(&message).or(Err(NotProved))?;
        if event.kind != "event" || event.event != "subscribe_msg_sent_event" {
            return Ok(Vec::new());
        }
        let sent = match event.list {
            Some(PushedListWire::Many(all)) => all,
            Some(PushedListWire::One(one)) => vec![one],
            None => Vec::new(),
        };
        Ok(sent.into_iter().filter_map(news_of).collect())
    }
}

#[cfg(test)]
#[path = "message_push_tests.rs"]
mod tests;

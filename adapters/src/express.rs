//! The express carrier (docs/protocols/express.md): orders and tracks. Both are safe to repeat:
//! the carrier takes our number once.

mod wire;

use crate::crypto::{MacKey, from_base64, hex, sha256_hex};
use crate::http::{
    ConfigFault, HttpAnswer, HttpClient, HttpRequest, base_url, below, unexpected, unknown,
};
use async_trait::async_trait;
use domain::casework::delivery::{CarrierOrder, ExpressCarrier, Track, Waybill};
use domain::clock::{Clock, IdSource};
use domain::ids::DeliveryNo;
use domain::outside::OutsideError;
use reqwest::Url;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use wire::{AnswerWire, AskWire, OrderWire};

const WINDOW_S: u64 = 300;
const KEY_BYTES: usize = 32;

/// Plain values of the settings.
#[derive(Clone)]
pub struct ExpressConfig {
    /// Where the carrier is.
    pub base_url: String,
    /// 大客户号.
    pub customer_no: String,
    /// 32 bytes, as base64.
    pub key_base64: String,
}

impl fmt::Debug for ExpressConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpressConfig")
            .field("base_url", &self.base_url)
            .field("customer_no", &self.customer_no)
            .finish_non_exhaustive()
    }
}

/// A customer of the carrier.
pub struct HttpExpress {
    base: Url,
    customer_no: String,
    key: MacKey,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// The carrier is overloaded; nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("the carrier is busy: {0}")]
struct Busy(String);

impl HttpExpress {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: &ExpressConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("customer_no", &config.customer_no)?;
        let key = from_base64(config.key_base64.trim())
            .map_err(|error| ConfigFault::new("key_base64", error))?;
        if key.len() != KEY_BYTES {
            return Err(ConfigFault::new("key_base64", "not 32 bytes long"));
        }
        Ok(Self {
            base: base_url("base_url", &config.base_url)?,
            customer_no: config.customer_no.clone(),
            key: MacKey::new(&key),
            http,
            clock,
            ids,
        })
    }

    async fn call(
        &self,
        operation: &str,
        body: &impl Serialize,
    ) -> Result<AnswerWire, OutsideError> {
        let body = serde_json::to_vec(body).map_err(|e| OutsideError::NotSent(e.into()))?;
        self.http.twice(|| self.call_once(operation, body.clone())).await
    }

    async fn call_once(&self, operation: &str, body: Vec<u8>) -> Result<AnswerWire, OutsideError> {
        let (nonce, request) = self.request(operation, body);
        let answer = self.http.send(request).await?;
        if answer.status != 200 {
            return Err(unexpected("the carrier answered with HTTP status", answer.status));
        }
        self.verify(&nonce, &answer)?;
        let wire: AnswerWire = serde_json::from_slice(&answer.body).map_err(unknown)?;
        match wire.code.as_str() {
            "OK" => Ok(wire),
            "INVALID" | "UNKNOWN_ORDER" => {
                Err(OutsideError::Refused { code: wire.code, message: wire.message })
            }
            "BUSY" => Err(OutsideError::NotSent(Busy(wire.message).into())),
            _ => Err(unexpected("unknown code of the carrier", wire.code)),
        }
    }

    /// Nonce and time are new for every attempt.
    fn request(&self, operation: &str, body: Vec<u8>) -> (String, HttpRequest) {
        let random = hex(&self.ids.random_bytes());
        let nonce = random[..32].to_owned();
        let url = below(&self.base, &format!("/express/v1/{operation}"));
        let timestamp = self.clock.now().as_second().to_string();
        let (path, hash) = (url.path().to_owned(), sha256_hex(&body));
        let signed = format!("POST\n{path}\n{timestamp}\n{nonce}\n{hash}\n");
        let request = HttpRequest::post(url, body)
            .header("content-type", "application/json; charset=utf-8")
            .header("x-express-customer", &self.customer_no)
            .header("x-express-timestamp", timestamp)
            .header("x-express-nonce", &nonce)
            .header("x-express-signature", self.key.code(signed.as_bytes()));
        (nonce, request)
    }

    fn verify(&self, nonce: &str, answer: &HttpAnswer) -> Result<(), OutsideError> {
        let header = |name: &'static str| {
            answer.header(name).ok_or_else(|| unexpected("the answer lacks a header", name))
        };
        let timestamp = header("x-express-timestamp")?;
        if header("x-express-nonce")? != nonce {
            return Err(unexpected("the answer is to another request", nonce));
        }
        let seconds = timestamp.parse::<i64>();
        let signed_at = seconds.map_err(|_| unexpected("not a time", timestamp))?;
        if self.clock.now().as_second().abs_diff(signed_at) > WINDOW_S {
            return Err(unexpected("the answer is outside the time window", timestamp));
        }
        let hash = sha256_hex(&answer.body);
        let signed = format!("200\n{nonce}\n{timestamp}\n{hash}\n");
        self.key
            .verify(signed.as_bytes(), header("x-express-signature")?)
            .or(Err(unexpected("the answer is not signed by the carrier", nonce)))
    }
}

#[async_trait]
impl ExpressCarrier for HttpExpress {
    async fn order(&self, order: &CarrierOrder<'_>) -> Result<Waybill, OutsideError> {
        self.call("orders", &OrderWire::of(order)).await?.into_waybill()
    }

    async fn track(&self, no: &DeliveryNo, waybill: &Waybill) -> Result<Vec<Track>, OutsideError> {
        let asked = AskWire { order_no: no.as_str(), waybill_no: waybill.as_str() };
        self.call("tracks", &asked).await?.into_tracks()
    }
}

#[cfg(test)]
mod tests;

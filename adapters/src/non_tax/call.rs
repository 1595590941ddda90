//! One signed, verified call of the gateway.

use super::envelope::{self, Opened};
use super::root::{self, Said};
use crate::crypto::{KeyRing, SigningKey, hex};
use crate::http::{ConfigFault, HttpClient, HttpRequest, base_url, below, unexpected, unknown};
use domain::clock::{Clock, IdSource, beijing_time};
use domain::outside::OutsideError;
use reqwest::Url;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// Plain values of the settings.
#[derive(Clone)]
pub struct NonTaxConfig {
    /// Where the gateway is.
    pub base_url: String,
    /// The id by which the gateway knows our key.
    pub our_key_id: String,
    /// Our private key, PKCS#8 or PKCS#1.
    pub our_private_key_pem: String,
    /// The gateway's public keys by id; several while they rotate.
    pub gateway_keys: Vec<(String, String)>,
}

impl fmt::Debug for NonTaxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonTaxConfig")
            .field("base_url", &self.base_url)
            .field("our_key_id", &self.our_key_id)
            .finish_non_exhaustive()
    }
}

/// The gateway's four messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Bills,
    Bill,
    WriteOff,
    Receipt,
}

impl Message {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bills => "Get_AppPay_Infos",
            Self::Bill => "Get_AppPay_Info",
            Self::WriteOff => "GetPay_Info",
            Self::Receipt => "Issue_Receipt",
        }
    }
}

/// The gateway, over SOAP.
pub struct NonTaxGateway {
    url: Url,
    key_id: String,
    key: SigningKey,
    gateway_keys: KeyRing,
    pub(super) http: HttpClient,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl fmt::Debug for NonTaxGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NonTaxGateway({})", self.url)
    }
}

/// The gateway's fault, kept as a source.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {text}")]
struct SoapFault {
    code: String,
    text: String,
}

impl NonTaxGateway {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: &NonTaxConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("our_key_id", &config.our_key_id)?;
        let base = base_url("base_url", &config.base_url)?;
        Ok(Self {
            url: below(&base, "/services/UnifiedPayment"),
            key_id: config.our_key_id.clone(),
            key: SigningKey::from_pem(&config.our_private_key_pem)
                .map_err(|error| ConfigFault::new("our_private_key_pem", error))?,
            gateway_keys: KeyRing::from_pems(&config.gateway_keys)
                .map_err(|error| ConfigFault::new("gateway_keys", error))?,
            http,
            clock,
            ids,
        })
    }

    /// Sends a message once; the details of its answer.
    pub(super) async fn call<D: DeserializeOwned>(
        &self,
        message: Message,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<D>, OutsideError> {
        let request_id = hex(&self.ids.random_bytes()[..16]);
        let timestamp = beijing_time(self.clock.now()).strftime("%Y%m%d%H%M%S").to_string();
        let own = [("TIMESTAMP", timestamp.as_str()), ("REQUESTID", request_id.as_str())];
        let document = root::request(&[parameters, &own].concat());
        let body = envelope::seal(message, &document, &self.key_id, &self.key)
            .map_err(|error| OutsideError::NotSent(error.into()))?;
        let request = HttpRequest::post(self.url.clone(), body.into_bytes())
            .header("content-type", "text/xml; charset=utf-8")
            .header("soapaction", format!("\"{}\"", message.name()));
        let answer = self.http.send(request).await?;
        if !matches!(answer.status, 200 | 500) {
            return Err(unexpected("the gateway answered with HTTP status", answer.status));
        }
        match envelope::open(message, &answer.body, &self.gateway_keys).map_err(unknown)? {
            Opened::Document(document) => match root::read(&document, &request_id) {
                Ok(Said::Done(details)) => Ok(details),
                Ok(Said::Exception { code, message }) => {
                    Err(OutsideError::Refused { code, message })
                }
                Err(fault) => Err(unknown(fault)),
            },
            Opened::Fault { code, text } => Err(fault(code, text)),
        }
    }
}

/// SOAP 1.1: a `Client` fault says that the message was at fault and was not processed. Clock or
/// key are wrong then, which the operator can put right, so the same call may succeed later.
fn fault(code: String, text: String) -> OutsideError {
    let local = code.rsplit(':').next().unwrap_or_default();
    let client = local == "Client" || local.starts_with("Client.");
    let fault = SoapFault { code, text };
    if client { OutsideError::NotSent(fault.into()) } else { unknown(fault) }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;

//! One signed, verified call of the gateway.

use super::envelope::{self, EnvelopeFault, Parsed, Signed};
use super::keys::{
    self, GatewayKeyConfig, GatewayKeys, KeyWire, Seal, SealConfig, algorithm, may_ask,
};
use super::root::{self, RootFault, Said};
use crate::crypto::{AgileSigningKey, AgileVerifyingKey, hex};
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
    /// What we sign by: `RSA-SHA256` or `SM2-SM3`.
    pub our_algorithm: String,
    /// Our private key of that algorithm, PKCS#8.
    pub our_private_key_pem: String,
    /// The gateway's public keys; several while they change. Others are asked for.
    pub gateway_keys: Vec<GatewayKeyConfig>,
    /// What contents are sealed by; `None`: they go and come openly, signed.
    pub seal: Option<SealConfig>,
}

impl fmt::Debug for NonTaxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonTaxConfig")
            .field("base_url", &self.base_url)
            .field("our_key_id", &self.our_key_id)
            .field("our_algorithm", &self.our_algorithm)
            .finish_non_exhaustive()
    }
}

/// The messages that we send to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Keys,
    Bills,
    Bill,
    WriteOff,
    Receipt,
    ReverseReceipt,
    QueryReceipt,
    RefundRequest,
    QueryRefund,
    RefundNotice,
    ListFiles,
    UploadFile,
}

impl Message {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keys => "Get_Keys",
            Self::Bills => "Get_AppPay_Infos",
            Self::Bill => "Get_AppPay_Info",
            Self::WriteOff => "GetPay_Info",
            Self::Receipt => "Issue_Receipt",
            Self::ReverseReceipt => "Reverse_Receipt",
            Self::QueryReceipt => "Query_Receipt",
            Self::RefundRequest => "Refund_Request",
            Self::QueryRefund => "Query_Refund",
            Self::RefundNotice => "Refund_Notice",
            Self::ListFiles => "List_Files",
            Self::UploadFile => "Upload_File",
        }
    }
}

/// The gateway, over SOAP.
pub struct NonTaxGateway {
    pub(super) base: Url,
    pub(super) key_id: String,
    pub(super) key: AgileSigningKey,
    keys: GatewayKeys,
    pub(super) seal: Option<Seal>,
    pub(super) http: HttpClient,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

impl fmt::Debug for NonTaxGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NonTaxGateway({})", self.base)
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
        let ours = algorithm("our_algorithm", &config.our_algorithm)?;
        Ok(Self {
            base: base_url("base_url", &config.base_url)?,
            key_id: config.our_key_id.clone(),
            key: keys::our_key(ours, &config.our_private_key_pem)?,
            keys: GatewayKeys::new(&config.gateway_keys)?,
            seal: config.seal.as_ref().map(Seal::new).transpose()?,
            http,
            clock,
            ids,
        })
    }

    /// Now as the gateway writes it: `yyyyMMddHHmmss`, Beijing.
    pub(super) fn timestamp(&self) -> String {
        beijing_time(self.clock.now()).strftime("%Y%m%d%H%M%S").to_string()
    }

    /// Sends a message once; the details of its answer.
    pub(super) async fn call<D: DeserializeOwned>(
        &self,
        message: Message,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<D>, OutsideError> {
        let (request_id, signed) = self.send(message, parameters).await?;
        let key = self.key_of(&signed).await?;
        self.understood(signed, &key, &[("REQUESTID", &request_id), ("MESSAGE", message.name())])
    }

    async fn send(
        &self,
        message: Message,
        parameters: &[(&str, &str)],
    ) -> Result<(String, Signed), OutsideError> {
        let request_id = hex(&self.ids.random_bytes()[..16]);
        let timestamp = self.timestamp();
        let own = [
            ("TIMESTAMP", timestamp.as_str()),
            ("REQUESTID", request_id.as_str()),
            ("MESSAGE", message.name()),
        ];
        let document = root::request(&[parameters, &own].concat());
        let seal = self.seal.as_ref().filter(|seal| seal.requests);
        let sealed = seal.is_some();
        let seal = seal.map(|seal| (seal, self.fresh_iv()));
        let body = envelope::wrap(message.name(), &document, (&self.key_id, &self.key), seal)
            .map_err(|error| OutsideError::NotSent(error.into()))?;
        let url = below(&self.base, "/services/UnifiedPayment");
        let request = HttpRequest::post(url, body.into_bytes())
            .header("content-type", "text/xml; charset=utf-8")
            .header("soapaction", format!("\"{}\"", message.name()));
        let answer = self.http.send(request).await?;
        if !matches!(answer.status, 200 | 500) {
            return Err(unexpected("the gateway answered with HTTP status", answer.status));
        }
        let signed = self.answer_to(message, &answer.body)?;
        if signed.is_sealed() != sealed {
            return Err(unknown(EnvelopeFault::Seal));
        }
        Ok((request_id, signed))
    }

    /// The signed answer to a message, not believed yet.
    pub(super) fn answer_to(&self, message: Message, body: &[u8]) -> Result<Signed, OutsideError> {
        match envelope::parse(body).map_err(unknown)? {
            Parsed::Signed(name, signed)
                if name.strip_suffix("Response") == Some(message.name()) =>
            {
                Ok(signed)
            }
            Parsed::Signed(..) => Err(unknown(EnvelopeFault::OtherMessage)),
            Parsed::Fault { code, text } => Err(fault(code, text)),
        }
    }

    /// Verifies, opens and reads an answer that must repeat these parameters.
    pub(super) fn understood<D: DeserializeOwned>(
        &self,
        signed: Signed,
        key: &AgileVerifyingKey,
        echoes: &[(&str, &str)],
    ) -> Result<Vec<D>, OutsideError> {
        let document = signed.open(key, self.seal.as_ref()).map_err(unknown)?;
        match root::read(&document, echoes).map_err(|fault: RootFault| unknown(fault))? {
            Said::Done(details) => Ok(details),
            Said::Exception { code, message, details: _ } => {
                Err(OutsideError::Refused { code, message })
            }
        }
    }

    pub(super) async fn key_of(
        &self,
        signed: &Signed,
    ) -> Result<Arc<AgileVerifyingKey>, OutsideError> {
        let found = self.key_named(&signed.key_id).await?;
        found.ok_or_else(|| unknown(EnvelopeFault::UnknownKey))
    }

    /// The gateway's key of this id. An unknown one is asked for, once; the answer is believed
    /// only under a key that is known, and what is unknown then stays so.
    pub(super) async fn key_named(
        &self,
        id: &str,
    ) -> Result<Option<Arc<AgileVerifyingKey>>, OutsideError> {
        if let Some(known) = self.keys.get(id) {
            return Ok(Some(known));
        }
        let mut asked = self.keys.asked.lock().await;
        if self.keys.get(id).is_none() && may_ask(*asked, &*self.clock) {
            *asked = Some(self.clock.now());
            let (request_id, signed) = self.send(Message::Keys, &[]).await?;
            let known = self.keys.get(&signed.key_id);
            let key = known.ok_or_else(|| unknown(EnvelopeFault::UnknownKey))?;
            let echoes = [("REQUESTID", request_id.as_str()), ("MESSAGE", Message::Keys.name())];
            let listed: Vec<KeyWire> = self.understood(signed, &key, &echoes)?;
            self.keys.replace(listed).map_err(unknown)?;
        }
        Ok(self.keys.get(id))
    }

    /// Unpredictable, and never the same twice.
    pub(super) fn fresh_iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.ids.random_bytes()[..16]);
        iv
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

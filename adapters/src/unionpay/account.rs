//! Our account at UnionPay: its keys, and one signed, verified call.

use super::fields::{Fields, SIGNATURE, txn_time};
use super::trust::Trust;
use crate::certificate::Certificate;
use crate::crypto::SigningKey;
use crate::http::{ConfigFault, HttpClient, HttpRequest, base_url, below, unexpected, unknown};
use domain::clock::Clock;
use domain::money::PayableFen;
use domain::outside::{BoxError, OutsideError};
use domain::payment::MerchantIdentity;
use jiff::Timestamp;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;

/// Plain values of the settings.
#[derive(Clone)]
pub struct UnionPayConfig {
    /// `https://gateway.95516.com`; the paths below `/gateway/api` are ours to append.
    pub gateway_url: String,
    /// `https://filedownload.95516.com/`: settlement files are asked for at this very address.
    pub file_url: String,
    /// Merchant number (`merId`), 15 characters.
    pub merchant_no: String,
    /// The merchant's signing certificate; its serial number is sent as `certId`.
    pub signing_cert_pem: String,
    /// The private key of that certificate, PKCS#8 or PKCS#1.
    pub signing_key_pem: String,
    /// UnionPay's root certificate.
    pub root_cert_pem: String,
    /// UnionPay's middle certificates below that root; several while they rotate.
    pub middle_cert_pems: Vec<String>,
    /// Where the platform sends notifications (`backUrl`): https, without query.
    pub notify_url: String,
    /// The most that one order may take: a limit of our contract there.
    pub order_limit: PayableFen,
}

impl fmt::Debug for UnionPayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnionPayConfig")
            .field("gateway_url", &self.gateway_url)
            .field("merchant_no", &self.merchant_no)
            .finish_non_exhaustive()
    }
}

/// An account that was checked. Rail, refunds, notifications and statements share it.
pub struct UnionPayAccount {
    gateway: Url,
    pub(super) file_url: Url,
    pub(super) merchant: MerchantIdentity,
    pub(super) notify_url: String,
    pub(super) limit: PayableFen,
    cert_id: String,
    key: SigningKey,
    pub(super) trust: Trust,
    pub(super) http: HttpClient,
    pub(super) clock: Arc<dyn Clock>,
}

impl fmt::Debug for UnionPayAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnionPayAccount({})", self.merchant.merchant_no)
    }
}

/// The order or refund that an answer must be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// `orderId`.
    pub order_id: String,
    /// `txnTime`.
    pub txn_time: String,
}

impl Key {
    /// Refuses a number that the platform does not take: nothing is sent then.
    pub fn new(no: &str, made_at: Timestamp) -> Result<Self, OutsideError> {
        let fits = (8..=32).contains(&no.len()) && no.bytes().all(|b| b.is_ascii_alphanumeric());
        if !fits {
            return Err(OutsideError::NotSent("UnionPay takes no such order number".into()));
        }
        Ok(Self { order_id: no.to_owned(), txn_time: txn_time(made_at) })
    }

    /// An answer that names another order says nothing about this one; an accepting one must
    /// name it.
    pub fn check(&self, answer: &Fields) -> Result<(), OutsideError> {
        let accepted = answer.get("respCode") == Some("00");
        for (name, ours) in [("orderId", &self.order_id), ("txnTime", &self.txn_time)] {
            match answer.get(name) {
                Some(found) if found == ours => {}
                None if !accepted => {}
                found => {
                    let found = found.unwrap_or("none");
                    return Err(unexpected("the answer is about another order", found));
                }
            }
        }
        Ok(())
    }
}

impl UnionPayAccount {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: &UnionPayConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("merchant_no", &config.merchant_no)?;
        let fault = |error: BoxError| ConfigFault::new("signing_cert_pem", error);
        let certificate =
            Certificate::from_pem(&config.signing_cert_pem).map_err(|e| fault(e.into()))?;
        let key = SigningKey::from_pem(&config.signing_key_pem)
            .map_err(|error| ConfigFault::new("signing_key_pem", error))?;
        let probe = key.sign(b"probe").map_err(|e| ConfigFault::new("signing_key_pem", e))?;
        if certificate.key().verify(b"probe", &probe).is_err() {
            return Err(fault("it is not the certificate of signing_key_pem".into()));
        }
        Ok(Self {
            gateway: base_url("gateway_url", &config.gateway_url)?,
            file_url: base_url("file_url", &config.file_url)?,
            merchant: MerchantIdentity {
                merchant_no: config.merchant_no.clone(),
                app_ids: vec![config.merchant_no.clone()],
            },
            notify_url: base_url("notify_url", &config.notify_url)?.to_string(),
            limit: config.order_limit,
            cert_id: certificate.serial().to_owned(),
            key,
            trust: Trust::new(&config.root_cert_pem, &config.middle_cert_pems)?,
            http,
            clock,
        })
    }

    /// One of the gateway's interfaces.
    pub(super) fn gateway(&self, interface: &str) -> Url {
        below(&self.gateway, &format!("/gateway/api/{interface}"))
    }

    /// The message with what every message has, signed.
    pub(super) fn signed(&self, mut message: Fields) -> Result<Fields, OutsideError> {
        for (name, value) in [
            ("version", "5.1.0"),
            ("encoding", "UTF-8"),
            ("signMethod", "01"),
            ("accessType", "0"),
            ("merId", &self.merchant.merchant_no),
            ("certId", &self.cert_id),
        ] {
            message.set(name, value);
        }
        let signature = self.key.sign(message.digest().as_bytes());
        let signature = signature.map_err(|error| OutsideError::NotSent(error.into()))?;
        message.set(SIGNATURE, &signature);
        Ok(message)
    }

    /// Sends a message once, and believes an answer only with the platform's signature.
    pub(super) async fn call(&self, url: Url, message: Fields) -> Result<Fields, OutsideError> {
        self.call_with(HttpRequest::post(url, Vec::new()), message).await
    }

    /// As [`UnionPayAccount::call`], with limits of its own.
    pub(super) async fn call_with(
        &self,
        request: HttpRequest,
        message: Fields,
    ) -> Result<Fields, OutsideError> {
        let body = self.signed(message)?.to_form().into_bytes();
        let content_type = "application/x-www-form-urlencoded; charset=UTF-8";
        let request = HttpRequest { body, ..request }.header("content-type", content_type);
        let answer = self.http.send(request).await?;
        if answer.status != 200 {
            return Err(unexpected("UnionPay answered with HTTP status", answer.status));
        }
        let text = std::str::from_utf8(&answer.body).map_err(unknown)?;
        let fields = Fields::from_answer(text).map_err(unknown)?;
        self.trust.verify(&fields, self.clock.now()).map_err(unknown)?;
        match fields.get("merId") {
            Some(found) if found != self.merchant.merchant_no => {
                Err(unexpected("the answer is for another merchant", found))
            }
            Some(_) | None => Ok(fields),
        }
    }
}

/// The platform's refusal, in its own words.
pub(super) fn refused(answer: &Fields) -> OutsideError {
    let text = |name| answer.get(name).unwrap_or_default().to_owned();
    OutsideError::Refused { code: text("respCode"), message: text("respMsg") }
}

/// A code that leaves the outcome open, for logs.
#[derive(Debug, thiserror::Error)]
#[error("{code} {message}")]
pub(super) struct OpenCode {
    code: String,
    message: String,
}

impl OpenCode {
    /// The code in one field, with its message in another.
    pub fn of(answer: &Fields, code: &str, message: &str) -> Self {
        let text = |name| answer.get(name).unwrap_or("none").chars().take(120).collect();
        Self { code: text(code), message: text(message) }
    }
}

//! Our account at WeChat Pay: its keys, and one signed, verified call.

use super::keys::PlatformKeys;
use super::sign::{SignedHead, Signer};
use super::wire::{ErrorWire, TransactionWire};
use crate::crypto::{GcmKey, KeyRing, SigningKey};
use crate::http::{ConfigFault, HttpAnswer, HttpClient, HttpRequest, Method};
use crate::http::{base_url, below, header, undecided, unexpected, unknown};
use domain::clock::{Clock, IdSource};
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{Money, Rail, RailReport, RailTxn};
use jiff::Timestamp;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;

/// Plain values of the settings.
#[derive(Clone)]
pub struct WeChatPayConfig {
    /// `https://api.mch.weixin.qq.com`.
    pub base_url: String,
    /// The mini-program that pays.
    pub app_id: String,
    /// The native app that pays, where it is bound to the merchant.
    pub app_app_id: Option<String>,
    /// Merchant number (`mchid`).
    pub merchant_no: String,
    /// Serial number of the merchant's certificate.
    pub merchant_serial: String,
    /// The merchant's private key, PKCS#8 or PKCS#1.
    pub merchant_private_key_pem: String,
    /// 32 characters.
    pub api_v3_key: String,
    /// The platform's public keys or certificates by id; several while they rotate. A
    /// certificate that is not among them is fetched when the platform signs with it.
    pub platform_keys: Vec<(String, String)>,
    /// Where the platform sends callbacks: https, without query.
    pub notify_url: String,
    /// The most that one order may take: a limit of our contract there.
    pub order_limit: PayableFen,
}

impl fmt::Debug for WeChatPayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeChatPayConfig")
            .field("base_url", &self.base_url)
            .field("merchant_no", &self.merchant_no)
            .finish_non_exhaustive()
    }
}

/// An account that was checked. Rail, callbacks and statements share it.
pub struct WeChatPayAccount {
    pub(super) base: Url,
    pub(super) app_id: String,
    pub(super) app_app_id: Option<String>,
    pub(super) notify_url: String,
    pub(super) limit: PayableFen,
    pub(super) signer: Signer,
    pub(super) platform_keys: PlatformKeys,
    pub(super) api_v3_key: GcmKey,
    pub(super) http: HttpClient,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

impl fmt::Debug for WeChatPayAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeChatPayAccount({})", self.signer.merchant_no)
    }
}

/// What the platform said; whatever is not one of these is an unknown outcome.
#[derive(Debug)]
pub(super) enum PlatformSaid {
    /// 2xx, verified: its body.
    Done(Vec<u8>),
    /// 4xx, which is never signed.
    No(PlatformRefusal),
}

/// A 4xx of the platform.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub(super) struct PlatformRefusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl PlatformRefusal {
    /// The code without `_`: old and new pages spell it differently.
    pub fn name(&self) -> String {
        self.code.replace('_', "")
    }

    pub fn refused(self) -> OutsideError {
        let code = if self.code.is_empty() { self.status.to_string() } else { self.code };
        OutsideError::Refused { code, message: self.message }
    }

    pub fn unknown(self) -> OutsideError {
        undecided(self)
    }
}

impl WeChatPayAccount {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: &WeChatPayConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, ConfigFault> {
        for (field, text) in [
            ("app_id", &config.app_id),
            ("merchant_no", &config.merchant_no),
            ("merchant_serial", &config.merchant_serial),
        ] {
            ConfigFault::unless_filled(field, text)?;
        }
        if let Some(app_id) = &config.app_app_id {
            ConfigFault::unless_filled("app_app_id", app_id)?;
        }
        let key = SigningKey::from_pem(&config.merchant_private_key_pem)
            .map_err(|error| ConfigFault::new("merchant_private_key_pem", error))?;
        Ok(Self {
            base: base_url("base_url", &config.base_url)?,
            app_id: config.app_id.clone(),
            app_app_id: config.app_app_id.clone(),
            notify_url: base_url("notify_url", &config.notify_url)?.to_string(),
            signer: Signer {
                merchant_no: config.merchant_no.clone(),
                serial: config.merchant_serial.clone(),
                key,
            },
            limit: config.order_limit,
            platform_keys: KeyRing::from_pems(&config.platform_keys)
                .map(PlatformKeys::new)
                .map_err(|error| ConfigFault::new("platform_keys", error))?,
            api_v3_key: GcmKey::aes_256(config.api_v3_key.as_bytes())
                .map_err(|error| ConfigFault::new("api_v3_key", error))?,
            http,
            clock,
            ids,
        })
    }

    /// An address of the platform; `query` is already percent-encoded.
    pub(super) fn url(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = below(&self.base, path);
        url.set_query(query);
        url
    }

    /// 32 random characters of hex.
    pub(super) fn nonce(&self) -> String {
        crate::crypto::hex(&self.ids.random_bytes()[..16])
    }

    /// Sends a signed request; verifies nothing.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, OutsideError> {
        let url = &request.url;
        let target = url
            .query()
            .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let timestamp = self.clock.now().as_second().to_string();
        let nonce = self.nonce();
        let head = SignedHead {
            method: request.method.as_str(),
            target: &target,
            timestamp: &timestamp,
            nonce: &nonce,
        };
        let authorization = self
            .signer
            .authorization(head, &request.body)
            .map_err(|error| OutsideError::NotSent(error.into()))?;
        let mut request =
            request.header("authorization", authorization).header("accept", "application/json");
        if request.method == Method::Post {
            request = request.header("content-type", "application/json");
        }
        self.http.send(request).await
    }

    /// Sends a signed request once, and believes a 2xx only with the platform's signature.
    pub(super) async fn call(&self, request: HttpRequest) -> Result<PlatformSaid, OutsideError> {
        Ok(self.call_signed(request).await?.0)
    }

    /// The same, and the id of the key that signed; empty for a 4xx, which is never signed.
    pub(super) async fn call_signed(
        &self,
        request: HttpRequest,
    ) -> Result<(PlatformSaid, String), OutsideError> {
        let answer = self.send(request).await?;
        match answer.status {
            // 202 says that the platform is still at it.
            200 | 201 | 203..=299 => {
                let now = self.clock.now();
                self.verify(&answer.headers, &answer.body, now).await.map_err(unknown)?;
                let key_id = header(&answer.headers, "wechatpay-serial").unwrap_or_default();
                let key_id = key_id.to_owned();
                Ok((PlatformSaid::Done(answer.body), key_id))
            }
            400..=499 => Ok((PlatformSaid::No(refusal_of(&answer)), String::new())),
            status => Err(unexpected("WeChat Pay answered with HTTP status", status)),
        }
    }

    /// Personal data, sealed so that only the platform can read it.
    pub(super) fn sealed(&self, key_id: &str, text: &str) -> Result<String, OutsideError> {
        let sealed = self.platform_keys.seal(key_id, self.clock.now(), text.as_bytes());
        sealed.map_err(|error| OutsideError::NotSent(error.into()))
    }
}

pub(super) fn refusal_of(answer: &HttpAnswer) -> PlatformRefusal {
    let ErrorWire { code, message } = serde_json::from_slice(&answer.body).unwrap_or_default();
    PlatformRefusal { status: answer.status, code, message }
}

impl TransactionWire {
    /// What it says of money; the field that is missing or malformed otherwise.
    pub(super) fn into_report(self) -> Result<RailReport, &'static str> {
        let amount = self.amount.ok_or("amount")?;
        let txn = self.transaction_id.ok_or("transaction_id")?;
        let at = self.success_time.ok_or("success_time")?;
        Ok(RailReport {
            rail: Rail::WeChatPay,
            order_no: self.out_trade_no.ok_or("out_trade_no")?,
            app_id: self.appid.ok_or("appid")?,
            merchant_no: self.mchid.ok_or("mchid")?,
            currency: amount.currency.ok_or("amount.currency")?,
            money: Money {
                txn: RailTxn::new(&txn).or(Err("transaction_id"))?,
                amount: PayableFen::new(amount.total.ok_or("amount.total")?)
                    .or(Err("amount.total"))?,
                at: at.parse::<Timestamp>().or(Err("success_time"))?,
            },
        })
    }
}

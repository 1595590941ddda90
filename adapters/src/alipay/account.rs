//! Our account at Alipay: its apps and keys, and one signed, verified call.

use super::certificate::{CertificateRefused, certificates, serial};
use super::envelope::Envelope;
use super::form::{encoded, to_sign};
use super::platform_keys::{FetchClosed, PlatformKeys};
use super::refusal::{PlatformRefusal, Refusal};
use super::wire::{CertificateRequestWire, CertificateWire, HeadWire};
use crate::crypto::{CryptoFailed, SigningKey, from_base64};
use crate::http::{ConfigFault, HttpClient, HttpRequest, base_url, unexpected, unknown};
use domain::clock::{Clock, beijing_time, from_beijing};
use domain::money::PayableFen;
use domain::outside::{BoxError, OutsideError};
use jiff::Timestamp;
use jiff::civil::DateTime;
use reqwest::Url;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The platform's way to write times, in Beijing.
const TIME: &str = "%Y-%m-%d %H:%M:%S";
const DOWNLOAD_CERTIFICATE: &str = "alipay.open.app.alipaycert.download";

/// One app of ours: a mini-program or a native app.
#[derive(Clone)]
pub struct AlipayAppConfig {
    /// 16 digits.
    pub app_id: String,
    /// The app's private key, PKCS#8 or PKCS#1.
    pub private_key_pem: String,
    /// The app's certificate (`appCertPublicKey`); needed in certificate mode, unused otherwise.
    pub certificate_pem: Option<String>,
}

/// Whom answers and notifications are believed.
#[derive(Clone)]
pub enum AlipayTrustConfig {
    /// Key mode (公钥模式).
    Keys {
        /// The platform's public keys; several while they rotate.
        platform_keys_pem: Vec<String>,
    },
    /// Certificate mode (公钥证书模式).
    Certificates {
        /// The file of roots (`alipayRootCert`).
        root_certificates_pem: String,
        /// The platform's certificates (`alipayCertPublicKey_RSA2`), each with the authorities
        /// that stand in its file; several while they rotate.
        platform_certificates_pem: Vec<String>,
    },
}

/// Plain values of the settings.
#[derive(Clone)]
pub struct AlipayConfig {
    /// `https://openapi.alipay.com/gateway.do`.
    pub gateway_url: String,
    /// Who is paid (PID), 16 digits starting with 2088.
    pub seller_id: String,
    /// The mini-program; also the app in whose name the server asks.
    pub mini: AlipayAppConfig,
    /// The native app, where there is one.
    pub native: Option<AlipayAppConfig>,
    /// Whom we believe.
    pub trust: AlipayTrustConfig,
    /// The mini-program's key of content (接口内容加密), base64 of 16 bytes; phone numbers are
    /// sealed with it. Without it nobody's phone can be read.
    pub content_key: Option<String>,
    /// Where the platform sends notifications: https, without query.
    pub notify_url: String,
    /// The most that one order may take: a limit of our contract there.
    pub order_limit: PayableFen,
}

impl fmt::Debug for AlipayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlipayConfig")
            .field("gateway_url", &self.gateway_url)
            .field("seller_id", &self.seller_id)
            .finish_non_exhaustive()
    }
}

/// An app that was checked.
pub(super) struct App {
    pub id: String,
    key: SigningKey,
    certificate_serial: Option<String>,
}

impl App {
    fn new(config: &AlipayAppConfig, certified: bool) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("app_id", &config.app_id)?;
        let key = SigningKey::from_pem(&config.private_key_pem)
            .map_err(|error| ConfigFault::new("private_key_pem", error))?;
        let serial_of = || {
            let pem = config.certificate_pem.as_deref().unwrap_or_default();
            let first = certificates(pem).into_iter().next();
            first
                .as_deref()
                .and_then(serial)
                .ok_or_else(|| ConfigFault::new("certificate_pem", "not a certificate"))
        };
        let certificate_serial = certified.then(serial_of).transpose()?;
        Ok(Self { id: config.app_id.clone(), key, certificate_serial })
    }
}

/// An account that was checked. Rail, refunds, callbacks, statements and sign-in share it.
pub struct AlipayAccount {
    pub(super) gateway: Url,
    pub(super) seller_id: String,
    pub(super) mini: App,
    pub(super) native: Option<App>,
    pub(super) platform: PlatformKeys,
    pub(super) content_key: Option<Vec<u8>>,
    pub(super) notify_url: String,
    pub(super) limit: PayableFen,
    pub(super) http: HttpClient,
    pub(super) clock: Arc<dyn Clock>,
}

impl fmt::Debug for AlipayAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlipayAccount({})", self.seller_id)
    }
}

/// What the platform said; whatever is not one of these is an unknown outcome.
#[derive(Debug)]
pub(super) enum PlatformSaid {
    /// Code 10000, verified: the node.
    Done(String),
    /// Anything else that may be believed.
    No(PlatformRefusal),
}

/// A node, with what it begins with.
#[derive(Debug)]
pub(super) struct Node {
    pub text: String,
    pub head: HeadWire,
    /// Verified; otherwise it carries no signature at all.
    pub signed: bool,
}

impl Node {
    pub fn refusal(self) -> PlatformRefusal {
        let HeadWire { code, msg, sub_code, sub_msg } = self.head;
        let message = if sub_msg.is_empty() { msg } else { sub_msg };
        PlatformRefusal { code, sub_code, message }
    }
}

impl AlipayAccount {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: &AlipayConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("seller_id", &config.seller_id)?;
        let (platform, certified) = match &config.trust {
            AlipayTrustConfig::Keys { platform_keys_pem } => {
                (PlatformKeys::bare(platform_keys_pem)?, false)
            }
            AlipayTrustConfig::Certificates {
                root_certificates_pem,
                platform_certificates_pem,
            } => (PlatformKeys::certified(root_certificates_pem, platform_certificates_pem)?, true),
        };
        let content_key = |text: &String| match from_base64(text) {
            Ok(key) if key.len() == 16 => Ok(key),
            Ok(_) | Err(_) => Err(ConfigFault::new("content_key", "not base64 of 16 bytes")),
        };
        Ok(Self {
            gateway: base_url("gateway_url", &config.gateway_url)?,
            seller_id: config.seller_id.clone(),
            mini: App::new(&config.mini, certified)?,
            native: config.native.as_ref().map(|app| App::new(app, certified)).transpose()?,
            platform,
            content_key: config.content_key.as_ref().map(content_key).transpose()?,
            notify_url: base_url("notify_url", &config.notify_url)?.to_string(),
            limit: config.order_limit,
            http,
            clock,
        })
    }

    /// The parameters of a call, signed: those that all calls have, and `more`. Sorted.
    pub(super) fn signed<'a>(
        &'a self,
        app: &'a App,
        method: &'a str,
        more: &[(&'a str, &'a str)],
    ) -> Result<Vec<(&'a str, String)>, CryptoFailed> {
        let timestamp = beijing_text(self.clock.now());
        let mut parameters = vec![
            ("app_id", app.id.clone()),
            ("charset", "utf-8".to_owned()),
            ("format", "JSON".to_owned()),
            ("method", method.to_owned()),
            ("sign_type", "RSA2".to_owned()),
            ("timestamp", timestamp),
            ("version", "1.0".to_owned()),
        ];
        if let (Some(serial), Some(root)) = (&app.certificate_serial, &self.platform.root_serial) {
            parameters.push(("alipay_root_cert_sn", root.clone()));
            parameters.push(("app_cert_sn", serial.clone()));
        }
        parameters.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        parameters.sort_unstable();
        let bytes = parameters.iter().map(|(name, value)| (*name, value.as_bytes()));
        let sign = app.key.sign(&to_sign(bytes, &["sign"]))?;
        parameters.push(("sign", sign));
        Ok(parameters)
    }

    /// Sends one call in the mini-program's name. What all calls have goes into the address,
    /// where the platform looks for the character set; the rest, with all that is personal,
    /// into the body.
    async fn send(&self, method: &str, more: &[(&str, &str)]) -> Result<Vec<u8>, OutsideError> {
        let signed = self
            .signed(&self.mini, method, more)
            .map_err(|error| OutsideError::NotSent(error.into()))?;
        let in_body = |name: &str| more.iter().any(|(own, _)| *own == name && name != "notify_url");
        let (body, head): (Vec<_>, Vec<_>) = signed.iter().partition(|(name, _)| in_body(name));
        let text = |part: Vec<&(&str, String)>| {
            encoded(part.into_iter().map(|(name, value)| (*name, value.as_str())))
        };
        let mut url = self.gateway.clone();
        url.set_query(Some(&text(head)));
        let request = HttpRequest::post(url, text(body).into_bytes())
            .header("content-type", "application/x-www-form-urlencoded;charset=utf-8")
            .header("accept", "application/json");
        let answer = self.http.send(request).await?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(unexpected("Alipay answered with HTTP status", status)),
        }
    }

    /// Sends one call and verifies the answer. An answer without any signature comes back as
    /// such; one with a wrong signature is an unknown outcome.
    pub(super) async fn ask(
        &self,
        method: &str,
        more: &[(&str, &str)],
    ) -> Result<Node, OutsideError> {
        let body = self.send(method, more).await?;
        let envelope = Envelope::read(&body, method).map_err(unknown)?;
        if let Some(sign) = &envelope.sign {
            let serial = envelope.cert_sn.as_deref();
            if let Some(serial) = serial.filter(|serial| self.platform.lacks(serial)) {
                self.fetch_certificate(serial).await.map_err(|Unfetched(why)| unknown(why))?;
            }
            self.platform.verify(envelope.node.as_bytes(), sign, serial).map_err(unknown)?;
        }
        let head = serde_json::from_str(envelope.node).map_err(unknown)?;
        Ok(Node { text: envelope.node.to_owned(), head, signed: envelope.sign.is_some() })
    }

    /// Calls a method whose parameters are JSON. Without a signature only the gateway's own
    /// refusals are believed: it refuses what it cannot ascribe to anybody before it signs.
    pub(super) async fn call(
        &self,
        method: &str,
        content: &impl Serialize,
        notify: bool,
    ) -> Result<PlatformSaid, OutsideError> {
        let content = json(content)?;
        let mut more = vec![("biz_content", content.as_str())];
        if notify {
            more.push(("notify_url", &self.notify_url));
        }
        let node = self.ask(method, &more).await?;
        let (signed, done) = (node.signed, node.head.code == "10000");
        if signed && done {
            return Ok(PlatformSaid::Done(node.text));
        }
        let refusal = node.refusal();
        if done {
            return Err(unexpected("a success without a signature", method));
        }
        if signed || refusal.says() == Refusal::Ours {
            Ok(PlatformSaid::No(refusal))
        } else {
            Err(unexpected("a refusal without a signature", refusal))
        }
    }

    /// The answer is not signed; the certificate in it is judged by itself.
    async fn fetch_certificate(&self, serial: &str) -> Result<(), Unfetched> {
        let download = async {
            let content = json(&CertificateRequestWire { alipay_cert_sn: serial })?;
            let body = self.send(DOWNLOAD_CERTIFICATE, &[("biz_content", &content)]).await?;
            let envelope = Envelope::read(&body, DOWNLOAD_CERTIFICATE)
                .map_err(|error| Unfetched(error.into()))?;
            let wire: CertificateWire =
                serde_json::from_str(envelope.node).map_err(|error| Unfetched(error.into()))?;
            let pem = wire.alipay_cert_content.and_then(|content| from_base64(&content).ok());
            let pem = pem.and_then(|pem| String::from_utf8(pem).ok());
            pem.ok_or_else(|| Unfetched(CertificateRefused::Malformed.into()))
        };
        let fetched = self.platform.fetch(serial, self.clock.now(), download).await;
        if let Err(Unfetched(why)) = &fetched {
            tracing::warn!(serial, %why, "no certificate of the platform");
        }
        fetched
    }
}

/// A certificate of the platform could not be had.
struct Unfetched(BoxError);

impl From<FetchClosed> for Unfetched {
    fn from(why: FetchClosed) -> Self {
        Self(why.into())
    }
}

impl From<CertificateRefused> for Unfetched {
    fn from(why: CertificateRefused) -> Self {
        Self(why.into())
    }
}

impl From<OutsideError> for Unfetched {
    fn from(why: OutsideError) -> Self {
        Self(why.into())
    }
}

pub(super) fn json(content: &impl Serialize) -> Result<String, OutsideError> {
    serde_json::to_string(content).map_err(|error| OutsideError::NotSent(error.into()))
}

/// A time as the platform writes it.
pub(super) fn beijing_text(at: Timestamp) -> String {
    beijing_time(at).strftime(TIME).to_string()
}

/// The instant that the platform's text means; some times have a fraction.
pub(super) fn at_beijing(text: &str) -> Option<Timestamp> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    DateTime::strptime(TIME, whole).ok().and_then(from_beijing)
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;

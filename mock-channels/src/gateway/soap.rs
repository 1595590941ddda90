//! The envelope around a signed document, open or sealed.

use super::xml;
use crate::crypto::CryptoError;
use crate::crypto::sm::{sm4_open, sm4_seal};
use crate::outside::Outside;
use crate::world::gateway::Algorithm;
use crate::world::gateway_keys::GatewayKeySecret;

const NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SEAL: &str = "SM4-CBC";

/// Why a request does not even get an answer.
#[derive(Debug)]
pub(super) struct ClientFault(pub(super) String);

impl ClientFault {
    pub(super) fn of(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

/// What was inside an envelope.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) message: String,
    /// The text of XML after unescaping, or of ENCRYPTED: exactly what was signed.
    content: String,
    /// Key and algorithm of the seal, if there is one.
    seal: Option<(String, String)>,
    pub(super) key_id: String,
    pub(super) algorithm: String,
    signature: String,
}

pub(super) fn open(text: &str) -> Result<Envelope, ClientFault> {
    let root = xml::parse(text)
        .filter(|root| root.name == "Envelope")
        .ok_or_else(|| ClientFault::of("不是SOAP信封"))?;
    let message = root
        .child("Body")
        .and_then(|body| body.elements.first())
        .ok_or_else(|| ClientFault::of("SOAP信封中没有消息"))?;
    let part =
        |name: &str| message.child(name).ok_or_else(|| ClientFault(format!("消息中没有{name}")));
    let sign = part("SIGN")?;
    let (content, seal) = match message.child("ENCRYPTED") {
        Some(_) if message.child("XML").is_some() => {
            return Err(ClientFault::of("XML与ENCRYPTED只能有一个"));
        }
        Some(sealed) => {
            let named = |name| sealed.attribute(name).to_owned();
            (sealed.text.clone(), Some((named("KEYID"), named("ALGORITHM"))))
        }
        None => (part("XML")?.text.clone(), None),
    };
    Ok(Envelope {
        message: message.name.clone(),
        content,
        seal,
        key_id: sign.attribute("KEYID").to_owned(),
        algorithm: sign.attribute("ALGORITHM").to_owned(),
        signature: sign.text.trim().to_owned(),
    })
}

/// A document whose signature held.
pub(super) struct Opened {
    pub(super) document: String,
    pub(super) algorithm: Algorithm,
    pub(super) sealed: bool,
}

/// The algorithm of one of the caller's keys, if `name` is that key's.
pub(super) fn caller_algorithm(
    outside: &Outside,
    key_id: &str,
    name: &str,
) -> Result<Algorithm, ClientFault> {
    let algorithm = Algorithm::of(name).ok_or_else(|| ClientFault::of("签名算法不支持"))?;
    let gateway = &outside.onboarding.gateway;
    let known = match algorithm {
        Algorithm::RsaSha256 => &gateway.our_key_id,
        Algorithm::Sm2Sm3 => &gateway.our_sm2_key_id,
    };
    if key_id == known { Ok(algorithm) } else { Err(ClientFault::of("密钥编号未知")) }
}

impl Envelope {
    /// Verifies the caller's signature, and only then breaks the seal.
    pub(super) fn verified(self, outside: &Outside) -> Result<Opened, ClientFault> {
        let algorithm = caller_algorithm(outside, &self.key_id, &self.algorithm)?;
        let ring = &outside.keys.gateway;
        ring.verify_caller(algorithm, self.content.as_bytes(), &self.signature)
            .map_err(|_wrong| ClientFault::of("签名错误"))?;
        let Some((key_id, seal)) = self.seal else {
            return Ok(Opened { document: self.content, algorithm, sealed: false });
        };
        if seal != SEAL {
            return Err(ClientFault::of("加密算法不支持"));
        }
        if key_id != outside.onboarding.gateway.sm4_key_id {
            return Err(ClientFault::of("加密密钥编号未知"));
        }
        let document = sm4_open(&ring.sm4, self.content.trim())
            .ok()
            .and_then(|plain| String::from_utf8(plain).ok())
            .ok_or_else(|| ClientFault::of("密文不能解开"))?;
        Ok(Opened { document, algorithm, sealed: true })
    }
}

/// How a document leaves the gateway.
pub(super) struct Outgoing<'a> {
    /// The element that holds it, for example `GetPay_InfoResponse`.
    pub(super) element: &'a str,
    pub(super) document: &'a str,
    pub(super) key: &'a GatewayKeySecret,
    pub(super) sealed: bool,
}

impl Outgoing<'_> {
    /// The envelope, and the signature that is in it.
    pub(super) fn enclosed(&self, outside: &Outside) -> Result<String, CryptoError> {
        let ring = &outside.keys.gateway;
        let (content, part) = if self.sealed {
            let sealed = sm4_seal(&ring.sm4, self.document.as_bytes())?;
            let key_id = &outside.onboarding.gateway.sm4_key_id;
            let part =
                format!("<ENCRYPTED KEYID=\"{key_id}\" ALGORITHM=\"{SEAL}\">{sealed}</ENCRYPTED>");
            (sealed, part)
        } else {
            let part = format!("<XML>{}</XML>", xml::escape(self.document));
            (self.document.to_owned(), part)
        };
        let signature = ring.sign(self.key, content.as_bytes())?;
        let (element, key_id) = (self.element, &self.key.id);
        let algorithm = self.key.algorithm.name();
        Ok(enclose(&format!(
            "<{element}>{part}<SIGN KEYID=\"{key_id}\" ALGORITHM=\"{algorithm}\">{signature}\
             </SIGN></{element}>"
        )))
    }
}

pub(super) fn fault(reason: &str) -> String {
    enclose(&format!(
        "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>{}</faultstring>\
         </soapenv:Fault>",
        xml::escape(reason)
    ))
}

fn enclose(body: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"{NAMESPACE}\"><soapenv:Body>{body}</soapenv:Body>\
         </soapenv:Envelope>"
    )
}

//! The SOAP envelope: one message with a signed document, open or sealed, or a fault.

use super::keys::Seal;
use crate::crypto::{AgileSigningKey, AgileVerifyingKey, CryptoFailed, SignatureAlgorithm};
use quick_xml::escape::escape;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Wraps a document into the element `name`. The signature is over the document before it is
/// escaped, or over the base64 of the sealed one.
pub(super) fn wrap(
    name: &str,
    document: &str,
    (key_id, key): (&str, &AgileSigningKey),
    seal: Option<(&Seal, [u8; 16])>,
) -> Result<String, CryptoFailed> {
    let (content, signature) = match seal {
        None => (format!("<XML>{}</XML>", escape(document)), key.sign(document.as_bytes())?),
        Some((seal, iv)) => {
            let text = seal.key.seal(iv, document.as_bytes());
            let id = escape(seal.key_id.as_str());
            let signature = key.sign(text.as_bytes())?;
            let content =
                format!("<ENCRYPTED KEYID=\"{id}\" ALGORITHM=\"{SEAL}\">{text}</ENCRYPTED>");
            (content, signature)
        }
    };
    let (key_id, algorithm) = (escape(key_id), key.algorithm().name());
    Ok(format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <soapenv:Body><{name}>{content}\
         <SIGN KEYID=\"{key_id}\" ALGORITHM=\"{algorithm}\">{signature}</SIGN></{name}>\
         </soapenv:Body></soapenv:Envelope>"
    ))
}

const SEAL: &str = "SM4-CBC";

/// A fault without signature, as the side that was called answers it.
pub(super) fn fault(text: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <soapenv:Body><soapenv:Fault><faultcode>soapenv:Client</faultcode>\
         <faultstring>{}</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>",
        escape(text)
    )
}

/// Why an envelope cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnvelopeFault {
    #[error("not UTF-8")]
    NotText(#[source] std::str::Utf8Error),
    #[error("declares a document type or entities")]
    Declarations,
    #[error("not an envelope")]
    Malformed(#[from] quick_xml::DeError),
    #[error("not exactly one message")]
    OtherMessage,
    #[error("signed by an unknown key or algorithm")]
    UnknownKey,
    #[error("sealed where it should be open, or the reverse, or by an unknown key")]
    Seal,
    #[error(transparent)]
    Signature(#[from] CryptoFailed),
}

/// What came, not believed yet.
#[derive(Debug)]
pub(super) enum Parsed {
    /// The element's name and its content.
    Signed(String, Signed),
    /// Unsigned, whatever it says.
    Fault { code: String, text: String },
}

/// A signed message, not believed yet.
#[derive(Debug)]
pub(super) struct Signed {
    pub key_id: String,
    pub algorithm: Option<SignatureAlgorithm>,
    signature: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Open(String),
    Sealed { key_id: String, text: String },
}

#[derive(Deserialize)]
#[serde(rename = "Envelope")]
struct EnvelopeWire {
    #[serde(rename = "Body")]
    body: BodyWire,
}

/// The elements of the body, by their local names.
struct BodyWire(Vec<(String, ElementWire)>);

impl<'de> Deserialize<'de> for BodyWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = BodyWire;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the body of an envelope")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BodyWire, A::Error> {
                let mut elements = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name.starts_with('@') {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        elements.push((name, map.next_value()?));
                    }
                }
                Ok(BodyWire(elements))
            }
        }
        deserializer.deserialize_map(Elements)
    }
}

/// A message, or a fault.
#[derive(Deserialize)]
struct ElementWire {
    #[serde(rename = "XML")]
    document: Option<String>,
    #[serde(rename = "ENCRYPTED")]
    sealed: Option<MarkedWire>,
    #[serde(rename = "SIGN")]
    signature: Option<MarkedWire>,
    #[serde(rename = "faultcode", default)]
    code: String,
    #[serde(rename = "faultstring", default)]
    text: String,
}

#[derive(Deserialize)]
struct MarkedWire {
    #[serde(rename = "@KEYID")]
    key_id: String,
    #[serde(rename = "@ALGORITHM")]
    algorithm: String,
    #[serde(rename = "$text", default)]
    value: String,
}

/// Reads an envelope; believes nothing.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, EnvelopeFault> {
    let text = std::str::from_utf8(bytes).map_err(EnvelopeFault::NotText)?;
    refuse_declarations(text)?;
    let EnvelopeWire { body: BodyWire(elements) } = quick_xml::de::from_str(text)?;
    let mut elements = elements.into_iter();
    let (Some((name, element)), None) = (elements.next(), elements.next()) else {
        return Err(EnvelopeFault::OtherMessage);
    };
    if name == "Fault" {
        return Ok(Parsed::Fault { code: element.code, text: element.text });
    }
    let content = match (element.document, element.sealed) {
        (Some(document), None) => Content::Open(document),
        (None, Some(sealed)) if sealed.algorithm == SEAL => {
            Content::Sealed { key_id: sealed.key_id, text: sealed.value.trim().to_owned() }
        }
        (None, Some(_)) => return Err(EnvelopeFault::Seal),
        (Some(_), Some(_)) | (None, None) => return Err(EnvelopeFault::OtherMessage),
    };
    let sign = element.signature.ok_or(EnvelopeFault::OtherMessage)?;
    let signed = Signed {
        key_id: sign.key_id,
        algorithm: SignatureAlgorithm::from_name(&sign.algorithm),
        signature: sign.value.trim().to_owned(),
        content,
    };
    Ok(Parsed::Signed(name, signed))
}

impl Signed {
    pub fn is_sealed(&self) -> bool {
        matches!(self.content, Content::Sealed { .. })
    }

    /// Verifies, then opens: the document.
    pub fn open(
        self,
        key: &AgileVerifyingKey,
        seal: Option<&Seal>,
    ) -> Result<String, EnvelopeFault> {
        if self.algorithm != Some(key.algorithm()) {
            return Err(EnvelopeFault::UnknownKey);
        }
        let document = match self.content {
            Content::Open(document) => {
                key.verify(document.as_bytes(), &self.signature)?;
                document
            }
            Content::Sealed { key_id, text } => {
                key.verify(text.as_bytes(), &self.signature)?;
                let ours = seal.filter(|seal| seal.key_id == key_id);
                let bytes = ours.ok_or(EnvelopeFault::Seal)?.key.open(&text)?;
                String::from_utf8(bytes).or(Err(CryptoFailed::Decrypt))?
            }
        };
        refuse_declarations(&document)?;
        Ok(document)
    }
}

/// Neither a document type nor entities of its own have a place in these messages, so nothing
/// can be expanded or fetched.
fn refuse_declarations(text: &str) -> Result<(), EnvelopeFault> {
    let declares = text.match_indices("<!").any(|(at, _)| {
        let rest = &text[at..];
        !(rest.starts_with("<!--") || rest.starts_with("<![CDATA["))
    });
    if declares { Err(EnvelopeFault::Declarations) } else { Ok(()) }
}

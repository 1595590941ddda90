//! The SOAP envelope: one message with a signed document, or a fault.

use super::call::Message;
use crate::crypto::{CryptoFailed, KeyRing, SigningKey};
use quick_xml::escape::escape;
use serde::Deserialize;

const ALGORITHM: &str = "RSA-SHA256";

/// Wraps a document; the signature is over the document before it is escaped.
pub(super) fn seal(
    message: Message,
    document: &str,
    key_id: &str,
    key: &SigningKey,
) -> Result<String, CryptoFailed> {
    let signature = key.sign(document.as_bytes())?;
    let (name, document, key_id) = (message.name(), escape(document), escape(key_id));
    Ok(format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <soapenv:Body><{name}><XML>{document}</XML>\
         <SIGN KEYID=\"{key_id}\" ALGORITHM=\"{ALGORITHM}\">{signature}</SIGN></{name}>\
         </soapenv:Body></soapenv:Envelope>"
    ))
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
    #[error("the answer to another message")]
    OtherMessage,
    #[error("signed by an unknown key or algorithm")]
    UnknownKey,
    #[error(transparent)]
    Signature(#[from] CryptoFailed),
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Verified; the ROOT document.
    Document(String),
    /// Unsigned, whatever it says.
    Fault { code: String, text: String },
}

#[derive(Deserialize)]
#[serde(rename = "Envelope")]
struct EnvelopeWire {
    #[serde(rename = "Body")]
    body: BodyWire,
}

#[derive(Deserialize)]
struct BodyWire {
    #[serde(rename = "Get_AppPay_InfosResponse")]
    bills: Option<SignedWire>,
    #[serde(rename = "Get_AppPay_InfoResponse")]
    bill: Option<SignedWire>,
    #[serde(rename = "GetPay_InfoResponse")]
    write_off: Option<SignedWire>,
    #[serde(rename = "Issue_ReceiptResponse")]
    receipt: Option<SignedWire>,
    #[serde(rename = "Fault")]
    fault: Option<FaultWire>,
}

#[derive(Deserialize)]
struct SignedWire {
    #[serde(rename = "XML")]
    document: String,
    #[serde(rename = "SIGN")]
    signature: SignatureWire,
}

#[derive(Deserialize)]
struct SignatureWire {
    #[serde(rename = "@KEYID")]
    key_id: String,
    #[serde(rename = "@ALGORITHM")]
    algorithm: String,
    #[serde(rename = "$text", default)]
    value: String,
}

#[derive(Deserialize)]
struct FaultWire {
    #[serde(rename = "faultcode", default)]
    code: String,
    #[serde(rename = "faultstring", default)]
    text: String,
}

/// Reads an envelope and verifies the document inside.
pub(super) fn open(
    message: Message,
    bytes: &[u8],
    keys: &KeyRing,
) -> Result<Opened, EnvelopeFault> {
    let text = std::str::from_utf8(bytes).map_err(EnvelopeFault::NotText)?;
    refuse_declarations(text)?;
    let EnvelopeWire { body } = quick_xml::de::from_str(text)?;
    if let Some(FaultWire { code, text }) = body.fault {
        return Ok(Opened::Fault { code, text });
    }
    let signed = match message {
        Message::Bills => body.bills,
        Message::Bill => body.bill,
        Message::WriteOff => body.write_off,
        Message::Receipt => body.receipt,
    };
    let SignedWire { document, signature } = signed.ok_or(EnvelopeFault::OtherMessage)?;
    let key = keys.get(&signature.key_id).filter(|_| signature.algorithm == ALGORITHM);
    key.ok_or(EnvelopeFault::UnknownKey)?.verify(document.as_bytes(), signature.value.trim())?;
    refuse_declarations(&document)?;
    Ok(Opened::Document(document))
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

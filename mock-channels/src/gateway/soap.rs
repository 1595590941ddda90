//! The envelope around a signed document.

use super::xml;

const NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// Why a request does not even get an answer.
#[derive(Debug)]
pub(super) struct ClientFault(pub(super) String);

impl ClientFault {
    pub(super) fn of(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

/// What was inside a request.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) message: String,
    /// The ROOT document after unescaping: exactly what was signed.
    pub(super) document: String,
    pub(super) key_id: String,
    pub(super) algorithm: String,
    pub(super) signature: String,
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
    Ok(Envelope {
        message: message.name.clone(),
        document: part("XML")?.text.clone(),
        key_id: sign.attribute("KEYID").to_owned(),
        algorithm: sign.attribute("ALGORITHM").to_owned(),
        signature: sign.text.trim().to_owned(),
    })
}

pub(super) fn seal(message: &str, document: &str, key_id: &str, signature: &str) -> String {
    enclose(&format!(
        "<{message}Response><XML>{}</XML><SIGN KEYID=\"{key_id}\" ALGORITHM=\"RSA-SHA256\">\
         {signature}</SIGN></{message}Response>",
        xml::escape(document)
    ))
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

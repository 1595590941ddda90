//! The ROOT document: parameters out, an answer with details in.

use quick_xml::escape::escape;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A request's document. Values are escaped; names are ours.
pub(super) fn request(parameters: &[(&str, &str)]) -> String {
    let mut document = String::from("<ROOT><REQUEST>");
    for (name, value) in parameters {
        // Writing to a string cannot fail.
        let _ = write!(document, "<PARAM NAME=\"{name}\">{}</PARAM>", escape(*value));
    }
    document.push_str("</REQUEST></ROOT>");
    document
}

/// Our answer to a call of the gateway.
pub(super) fn acknowledgement(echoes: &[(&str, &str)]) -> String {
    let mut document = String::from("<ROOT><IS_SUCCESS CODE=\"00\"/><ERRMSG></ERRMSG><REQUEST>");
    for (name, value) in echoes {
        let _ = write!(document, "<PARAM NAME=\"{name}\">{}</PARAM>", escape(*value));
    }
    document.push_str("</REQUEST><RESPONSE><RESULT></RESULT></RESPONSE></ROOT>");
    document
}

/// The parameters of a request of the gateway; none comes twice.
pub(super) fn parameters(document: &str) -> Result<BTreeMap<String, String>, RootFault> {
    #[derive(Deserialize)]
    #[serde(rename = "ROOT")]
    struct CallWire {
        #[serde(rename = "REQUEST")]
        request: RequestWire,
    }
    let call: CallWire = quick_xml::de::from_str(document)?;
    let mut found = BTreeMap::new();
    for parameter in call.request.parameters {
        if found.insert(parameter.name, parameter.value).is_some() {
            return Err(RootFault::Repeated);
        }
    }
    Ok(found)
}

/// An answer's document; `D` is what each DETAIL holds.
#[derive(Debug, Deserialize)]
#[serde(rename = "ROOT", bound = "D: DeserializeOwned")]
pub(super) struct RootWire<D> {
    #[serde(rename = "IS_SUCCESS")]
    success: SuccessWire,
    #[serde(rename = "ERRMSG", default)]
    message: String,
    #[serde(rename = "REQUEST")]
    request: Option<RequestWire>,
    #[serde(rename = "RESPONSE")]
    response: Option<ResponseWire<D>>,
}

#[derive(Debug, Deserialize)]
struct SuccessWire {
    #[serde(rename = "@CODE")]
    code: String,
}

#[derive(Debug, Deserialize)]
struct RequestWire {
    #[serde(rename = "PARAM", default)]
    parameters: Vec<ParameterWire>,
}

#[derive(Debug, Deserialize)]
struct ParameterWire {
    #[serde(rename = "@NAME")]
    name: String,
    #[serde(rename = "$text", default)]
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "D: DeserializeOwned")]
struct ResponseWire<D> {
    #[serde(rename = "RESULT")]
    result: Option<ResultWire<D>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "D: DeserializeOwned")]
struct ResultWire<D> {
    #[serde(rename = "DETAIL", default = "Vec::new")]
    details: Vec<D>,
}

/// What a document says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<D> {
    Done(Vec<D>),
    /// The part before the colon, the rest, and what is told beside.
    Exception {
        code: String,
        message: String,
        details: Vec<D>,
    },
}

/// Why a document says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum RootFault {
    #[error("not a ROOT document of this message")]
    Malformed(#[from] quick_xml::DeError),
    #[error("unknown IS_SUCCESS CODE")]
    Code,
    #[error("the answer to another request")]
    OtherRequest,
    #[error("a PARAM comes twice")]
    Repeated,
}

/// Reads a verified document that must repeat these parameters, each once.
pub(super) fn read<D: DeserializeOwned>(
    document: &str,
    echoes: &[(&str, &str)],
) -> Result<Said<D>, RootFault> {
    let root: RootWire<D> = quick_xml::de::from_str(document)?;
    let parameters = root.request.map(|request| request.parameters).unwrap_or_default();
    for (name, value) in echoes {
        let mut named = parameters.iter().filter(|parameter| parameter.name == *name);
        match (named.next(), named.next()) {
            (Some(echo), None) if echo.value == *value => {}
            _ => return Err(RootFault::OtherRequest),
        }
    }
    let result = root.response.and_then(|response| response.result);
    let details = result.map(|result| result.details).unwrap_or_default();
    match root.success.code.as_str() {
        "00" => Ok(Said::Done(details)),
        "99" => {
            let split = root.message.split_once(':');
            let (code, message) = split.unwrap_or((root.message.as_str(), ""));
            let (code, message) = (code.trim().to_owned(), message.to_owned());
            Ok(Said::Exception { code, message, details })
        }
        _ => Err(RootFault::Code),
    }
}

//! The ROOT document: parameters out, an answer with details in.

use quick_xml::escape::escape;
use serde::Deserialize;
use serde::de::DeserializeOwned;
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
    /// The part before the colon, and the rest.
    Exception {
        code: String,
        message: String,
    },
}

/// Why a document says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum RootFault {
    #[error("not a ROOT document of this message")]
    Malformed(#[from] quick_xml::DeError),
    #[error("unknown IS_SUCCESS CODE")]
    Code,
    #[error("the answer to another REQUESTID")]
    OtherRequest,
}

/// Reads a verified document that must answer `request_id`.
pub(super) fn read<D: DeserializeOwned>(
    document: &str,
    request_id: &str,
) -> Result<Said<D>, RootFault> {
    let root: RootWire<D> = quick_xml::de::from_str(document)?;
    let parameters = root.request.map(|request| request.parameters).unwrap_or_default();
    let echoed = parameters.iter().find(|parameter| parameter.name == "REQUESTID");
    if echoed.map(|parameter| parameter.value.as_str()) != Some(request_id) {
        return Err(RootFault::OtherRequest);
    }
    match root.success.code.as_str() {
        "00" => {
            let result = root.response.and_then(|response| response.result);
            Ok(Said::Done(result.map(|result| result.details).unwrap_or_default()))
        }
        "99" => {
            let split = root.message.split_once(':');
            let (code, message) = split.unwrap_or((root.message.as_str(), ""));
            Ok(Said::Exception { code: code.trim().to_owned(), message: message.to_owned() })
        }
        _ => Err(RootFault::Code),
    }
}

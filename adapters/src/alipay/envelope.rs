//! The envelope of an answer: which bytes are signed, and by which key.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Where errors stand that the gateway found before it knew the method.
const ERROR_NODE: &str = "error_response";

/// The answer is not what the protocol allows.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnvelopeFault {
    /// Not one JSON object, or a name stands in it twice.
    #[error("the answer is not one object of distinct names")]
    Json(#[source] serde_json::Error),
    /// Neither the method's node nor an error's, or both.
    #[error("the answer has no node `{0}`, or two nodes")]
    Node(String),
}

/// An answer, cut open. Nothing in it is believed yet.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    /// The exact bytes of the node's value, which is what the signature is over.
    pub node: &'a str,
    /// Base64.
    pub sign: Option<String>,
    /// Serial number of the certificate that signed, in certificate mode.
    pub cert_sn: Option<String>,
}

impl<'a> Envelope<'a> {
    /// Cuts the answer to `method` open. Every name may stand there once only, whatever escapes
    /// it is written with, and nothing may follow: a second answer behind the signed one would
    /// otherwise be read by one reader and verified by another.
    pub fn read(body: &'a [u8], method: &str) -> Result<Self, EnvelopeFault> {
        let Members(members) = serde_json::from_slice(body).map_err(EnvelopeFault::Json)?;
        let find = |name: &str| {
            members.iter().find(|(found, _)| found == name).map(|(_, value)| value.get())
        };
        let text = |name: &str| {
            find(name).map(serde_json::from_str::<String>).transpose().map_err(EnvelopeFault::Json)
        };
        let name = format!("{}_response", method.replace('.', "_"));
        let node = match (find(&name), find(ERROR_NODE)) {
            (Some(node), None) | (None, Some(node)) => node,
            (Some(_), Some(_)) | (None, None) => return Err(EnvelopeFault::Node(name)),
        };
        Ok(Self { node, sign: text("sign")?, cert_sn: text("alipay_cert_sn")? })
    }
}

/// The members of an object as they are written, names unescaped.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of distinct names")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("a name stands there twice"));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: &str = "alipay.trade.query";

    fn node(body: &str) -> Option<String> {
        Envelope::read(body.as_bytes(), METHOD).ok().map(|read| read.node.to_owned())
    }

    #[test]
    fn the_node_is_cut_out_byte_for_byte() {
        let values = [
            r#"{"code":"10000","sign":"inner","url":"http:\/\/h\/","n":{"b":"}\"{"}}"#,
            r#"{ "code" : "10000", "name":"支付 \u652f" }"#,
            r#""c2VhbGVk""#,
        ];
        for value in values {
            let body =
                format!("{{ \"alipay_trade_query_response\"\n :\n {value} ,\"sign\" : \"s\"}}");
            assert_eq!(node(&body).as_deref(), Some(value));
        }
        let body = r#"{"error_response":{"code":"40002"}}"#;
        assert_eq!(node(body).as_deref(), Some(r#"{"code":"40002"}"#));
    }

    #[test]
    fn a_second_answer_is_never_read() {
        let first = r#""alipay_trade_query_response":{"code":"10000"}"#;
        let table = [
            format!(r#"{{{first},"sign":"s",{first}}}"#),
            format!(r#"{{{first},"sign":"s","alipay_trade_query\u005fresponse":{{}}}}"#),
            format!(r#"{{{first},"sign":"s","error_response":{{}}}}"#),
            format!(r#"{{{first},"sign":"s","sign":"t"}}"#),
            format!(r#"{{{first},"sign":"s"}}{{{first}}}"#),
            format!(r#"{{{first},"sign":1}}"#),
            r#"{"alipay_trade_close_response":{},"sign":"s"}"#.to_owned(),
            r#"{"a":{"alipay_trade_query_response":{}},"sign":"s"}"#.to_owned(),
            r#"[{"alipay_trade_query_response":{}}]"#.to_owned(),
            format!("{{{first}"),
            "<html>".to_owned(),
            String::new(),
        ];
        for body in table {
            assert_eq!(node(&body), None, "{body}");
        }
    }
}

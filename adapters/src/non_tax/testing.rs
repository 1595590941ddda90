//! A gateway whose keys are public.

use super::call::{Message, NonTaxConfig, NonTaxGateway};
use super::envelope::seal;
use crate::crypto::SigningKey;
use crate::system::RandomIds;
use crate::test_support::{Peer, StillClock, quick_client, wechat_vectors};
use domain::outside::OutsideError;
use quick_xml::escape::unescape;
use std::sync::Arc;

pub(super) const NOW: i64 = 1_772_417_740;

fn key(owner: &str, field: &str) -> String {
    wechat_vectors()["keys"][owner][field].as_str().unwrap().to_owned()
}

pub(super) fn config(base_url: &str) -> NonTaxConfig {
    NonTaxConfig {
        base_url: base_url.to_owned(),
        our_key_id: "our-1".to_owned(),
        our_private_key_pem: key("doc_merchant", "private_key_pem"),
        gateway_keys: vec![("gateway-1".to_owned(), key("go_sdk_test", "public_key_pem"))],
    }
}

pub(super) fn gateway(base_url: &str) -> NonTaxGateway {
    let (clock, ids) = (Arc::new(StillClock(NOW)), Arc::new(RandomIds));
    NonTaxGateway::new(&config(base_url), quick_client(), clock, ids).unwrap()
}

pub(super) fn gateway_key() -> SigningKey {
    SigningKey::from_pem(&key("go_sdk_test", "private_key_pem")).unwrap()
}

/// An answer of the gateway, signed by it.
pub(super) fn answer(message: Message, document: &str) -> String {
    let sealed = seal(message, document, "gateway-1", &gateway_key()).unwrap();
    let (name, response) = (message.name(), format!("{}Response", message.name()));
    let sealed = sealed.replace(&format!("<{name}>"), &format!("<{response}>"));
    sealed.replace(&format!("</{name}>"), &format!("</{response}>"))
}

pub(super) fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Success with these DETAIL elements, to the request ID.
pub(super) fn done(details: &str) -> String {
    format!(
        "<ROOT><IS_SUCCESS CODE=\"00\"/><ERRMSG></ERRMSG>\
         <REQUEST><PARAM NAME=\"REQUESTID\">ID</PARAM></REQUEST>\
         <RESPONSE><RESULT>{details}</RESULT></RESPONSE></ROOT>"
    )
}

pub(super) fn exception(message: &str) -> String {
    format!(
        "<ROOT><IS_SUCCESS CODE=\"99\"/><ERRMSG>{message}</ERRMSG>\
         <REQUEST><PARAM NAME=\"REQUESTID\">ID</PARAM></REQUEST></ROOT>"
    )
}

/// The request's document, unescaped.
pub(super) fn document_of(request: &str) -> String {
    let (_, rest) = request.split_once("<XML>").unwrap();
    unescape(rest.split_once("</XML>").unwrap().0).unwrap().into_owned()
}

/// The value of one PARAM of a request's document.
pub(super) fn parameter(document: &str, name: &str) -> String {
    let start = format!("<PARAM NAME=\"{name}\">");
    let (_, rest) = document.split_once(&start).unwrap_or_else(|| panic!("{name}"));
    rest.split_once("</PARAM>").unwrap().0.to_owned()
}

/// A gateway that answers every message so, with the request's own id for ID.
pub(super) fn answering(message: Message, document: &str) -> String {
    let document = document.to_owned();
    Peer::replies(move |request| {
        let action = format!("soapaction: \"{}\"", message.name());
        assert!(request.contains(&action), "{request}");
        assert!(request.starts_with("POST /services/UnifiedPayment HTTP/1.1"), "{request}");
        let id = parameter(&document_of(request), "REQUESTID");
        http(200, &answer(message, &document.replace("ID</PARAM>", &format!("{id}</PARAM>"))))
    })
}

pub(super) fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

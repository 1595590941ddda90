//! A gateway whose keys are public.

use super::call::{Message, NonTaxConfig, NonTaxGateway};
use super::envelope::wrap;
use super::keys::{GatewayKeyConfig, Seal, SealConfig};
use crate::crypto::{AgileSigningKey, AgileVerifyingKey, SignatureAlgorithm};
use crate::system::RandomIds;
use crate::test_support::{Peer, StillClock, quick_client, test_data, wechat_vectors};
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::outside::OutsideError;
use domain::payment::Rail;
use domain::receipt::WriteOff;
use quick_xml::escape::unescape;
use std::sync::{Arc, Mutex};

/// 2026-03-02 10:15:40 in Beijing.
pub(super) const NOW: i64 = 1_772_417_740;
pub(super) const NO: &str = "330000001FS0000000001";
pub(super) const PAY_NO: &str = "YW20260302101531ABCDEFGHJKMN";

fn rsa(owner: &str, field: &str) -> String {
    wechat_vectors()["keys"][owner][field].as_str().unwrap().to_owned()
}

pub(super) fn sm2(name: &str) -> String {
    String::from_utf8(test_data(&format!("sm2_{name}.pem"))).unwrap()
}

pub(super) fn rsa_key_config(id: &str) -> GatewayKeyConfig {
    GatewayKeyConfig {
        id: id.to_owned(),
        algorithm: "RSA-SHA256".to_owned(),
        public_key_pem: rsa("go_sdk_test", "public_key_pem"),
    }
}

pub(super) fn config(base_url: &str) -> NonTaxConfig {
    NonTaxConfig {
        base_url: base_url.to_owned(),
        our_key_id: "our-1".to_owned(),
        our_algorithm: "RSA-SHA256".to_owned(),
        our_private_key_pem: rsa("doc_merchant", "private_key_pem"),
        gateway_keys: vec![rsa_key_config("gateway-1")],
        seal: None,
    }
}

/// The same with SM2 on both sides.
pub(super) fn sm2_config(base_url: &str) -> NonTaxConfig {
    NonTaxConfig {
        our_algorithm: "SM2-SM3".to_owned(),
        our_private_key_pem: sm2("openssl_private"),
        gateway_keys: vec![GatewayKeyConfig {
            id: "gateway-sm2".to_owned(),
            algorithm: "SM2-SM3".to_owned(),
            public_key_pem: sm2("standard_public"),
        }],
        ..config(base_url)
    }
}

pub(super) fn seal_config() -> SealConfig {
    let key_base64 = "ASNFZ4mrze/+3LqYdlQyEA==".to_owned();
    SealConfig { key_id: "seal-1".to_owned(), key_base64, requests: true }
}

pub(super) fn seal() -> Seal {
    Seal::new(&seal_config()).unwrap()
}

pub(super) fn gateway_of(config: &NonTaxConfig) -> NonTaxGateway {
    let (clock, ids) = (Arc::new(StillClock(NOW)), Arc::new(RandomIds));
    NonTaxGateway::new(config, quick_client(), clock, ids).unwrap()
}

pub(super) fn gateway(base_url: &str) -> NonTaxGateway {
    gateway_of(&config(base_url))
}

/// The public half of our RSA key.
pub(super) fn our_public_key() -> AgileVerifyingKey {
    let pem = String::from_utf8(test_data("doc_merchant_public.pem")).unwrap();
    AgileVerifyingKey::from_pem(SignatureAlgorithm::RsaSha256, &pem).unwrap()
}

/// The gateway's RSA key.
pub(super) fn gateway_key() -> AgileSigningKey {
    let pem = rsa("go_sdk_test", "private_key_pem");
    AgileSigningKey::from_pem(SignatureAlgorithm::RsaSha256, &pem).unwrap()
}

/// The gateway's SM2 key.
pub(super) fn gateway_sm2_key() -> AgileSigningKey {
    AgileSigningKey::from_pem(SignatureAlgorithm::Sm2Sm3, &sm2("standard_private")).unwrap()
}

/// An answer of the gateway, signed by its RSA key.
pub(super) fn answer(message: Message, document: &str) -> String {
    let name = format!("{}Response", message.name());
    wrap(&name, document, ("gateway-1", &gateway_key()), None).unwrap()
}

pub(super) fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

const ECHOES: &str =
    "<REQUEST><PARAM NAME=\"REQUESTID\">ID</PARAM><PARAM NAME=\"MESSAGE\">MSG</PARAM></REQUEST>";

/// Success with these DETAIL elements, to the request ID.
pub(super) fn done(details: &str) -> String {
    format!(
        "<ROOT><IS_SUCCESS CODE=\"00\"/><ERRMSG></ERRMSG>{ECHOES}\
         <RESPONSE><RESULT>{details}</RESULT></RESPONSE></ROOT>"
    )
}

pub(super) fn exception(message: &str) -> String {
    format!("<ROOT><IS_SUCCESS CODE=\"99\"/><ERRMSG>{message}</ERRMSG>{ECHOES}</ROOT>")
}

/// The request's document, unescaped.
pub(super) fn document_of(request: &str) -> String {
    let (_, rest) = request.split_once("<XML>").unwrap();
    unescape(rest.split_once("</XML>").unwrap().0).unwrap().into_owned()
}

/// The value of one PARAM of a request's document, if it is there.
pub(super) fn maybe_parameter(document: &str, name: &str) -> Option<String> {
    let start = format!("<PARAM NAME=\"{name}\">");
    let (_, rest) = document.split_once(&start)?;
    Some(rest.split_once("</PARAM>").unwrap().0.to_owned())
}

/// The value of one PARAM of a request's document.
pub(super) fn parameter(document: &str, name: &str) -> String {
    maybe_parameter(document, name).unwrap_or_else(|| panic!("{name} in {document}"))
}

/// The document with the request's own id and message.
pub(super) fn echoing(document: &str, id: &str, message: Message) -> String {
    let id = format!("ID\">{id}</PARAM>");
    document
        .replace("ID\">ID</PARAM>", &id)
        .replace("MSG</PARAM>", &format!("{}</PARAM>", message.name()))
}

/// What a gateway was asked last.
pub(super) type Seen = Arc<Mutex<String>>;

/// A gateway that answers every message so, and keeps the request's document.
pub(super) fn watching(message: Message, document: &str) -> (String, Seen) {
    let (document, seen) = (document.to_owned(), Seen::default());
    let copy = seen.clone();
    let base = Peer::replies(move |request| {
        let action = format!("soapaction: \"{}\"", message.name());
        assert!(request.contains(&action), "{request}");
        assert!(request.starts_with("POST /services/UnifiedPayment HTTP/1.1"), "{request}");
        let asked = document_of(request);
        let id = parameter(&asked, "REQUESTID");
        *copy.lock().unwrap() = asked;
        http(200, &answer(message, &echoing(&document, &id, message)))
    });
    (base, seen)
}

/// A gateway that answers every message so.
pub(super) fn answering(message: Message, document: &str) -> String {
    watching(message, document).0
}

pub(super) fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

pub(super) fn write_off() -> WriteOff {
    WriteOff {
        notice_no: NoticeNo::new(NO).unwrap(),
        payment_no: PaymentNo::new(PAY_NO).unwrap(),
        rail: Rail::WeChatPay,
        txn: "4200<&>\"'".to_owned(),
        amount: Fen::new(20_605),
        paid_at: "2026-03-01T16:00:09Z".parse().unwrap(),
        quoted_at: "2026-03-01T15:58:00Z".parse().unwrap(),
        agency_code: "330101".to_owned(),
        principal: Fen::new(20_000),
        sequence: None,
    }
}

pub(super) const WRITTEN: &str = "<DETAIL><NOTICENO>330000001FS0000000001</NOTICENO>\
    <PAYNO>YW20260302101531ABCDEFGHJKMN</PAYNO><CONFIRMSTATE>CONFIRMED</CONFIRMSTATE></DETAIL>";

//! The unified non-tax payment gateway: bills, write-offs and fiscal e-receipts over SOAP.

use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use crate::clock::parse_compact;
use crate::outside::Outside;
use crate::server::Shared;

mod bill;
mod receipt;
mod soap;
mod write_off;
mod xml;

use soap::{ClientFault, Envelope};
use xml::Element;

pub(crate) const PATH: &str = "/services/UnifiedPayment";
const WINDOW_MS: i64 = 5 * crate::clock::MINUTE_MS;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route(PATH, web::post().to(call));
}

/// The message name, from the SOAPAction header.
pub(crate) fn operation(headers: &HeaderMap) -> Option<String> {
    let action = headers.get("SOAPAction")?.to_str().ok()?;
    Some(action.trim_matches('"').to_owned())
}

async fn call(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    match answer(&outside, &request, &body) {
        Ok(envelope) => HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(envelope),
        Err(ClientFault(reason)) => HttpResponse::InternalServerError()
            .content_type("text/xml; charset=utf-8")
            .body(soap::fault(&reason)),
    }
}

fn answer(outside: &Outside, request: &HttpRequest, body: &[u8]) -> Result<String, ClientFault> {
    let text = std::str::from_utf8(body).map_err(|_not_text| ClientFault::of("不是UTF-8"))?;
    let envelope = soap::open(text)?;
    check_signature(outside, &envelope)?;
    let action = operation(request.headers()).unwrap_or_default();
    if action != envelope.message {
        return Err(ClientFault::of("SOAPAction与消息名不一致"));
    }
    let root = xml::parse(&envelope.document)
        .filter(|root| root.name == "ROOT")
        .ok_or_else(|| ClientFault::of("报文不是ROOT文档"))?;
    let params = Params::of(&root);
    check_timestamp(outside, &params)?;
    let details = match envelope.message.as_str() {
        "Get_AppPay_Infos" => bill::all(outside, &params),
        "Get_AppPay_Info" => bill::one(outside, &params),
        "GetPay_Info" => write_off::take(outside, &params),
        "Issue_Receipt" => receipt::issue(outside, &params),
        _ => return Err(ClientFault::of("未知的消息名")),
    };
    let document = reply(params.get("REQUESTID"), details);
    let signature = outside
        .keys
        .gateway
        .sign(document.as_bytes())
        .map_err(|_failed| ClientFault::of("签名失败"))?;
    let key_id = &outside.onboarding.gateway.gateway_key_id;
    Ok(soap::seal(&envelope.message, &document, key_id, &signature))
}

fn check_signature(outside: &Outside, envelope: &Envelope) -> Result<(), ClientFault> {
    if envelope.algorithm != "RSA-SHA256" {
        return Err(ClientFault::of("签名算法不支持"));
    }
    if envelope.key_id != outside.onboarding.gateway.our_key_id {
        return Err(ClientFault::of("密钥编号未知"));
    }
    outside
        .keys
        .caller_public
        .verify(envelope.document.as_bytes(), &envelope.signature)
        .map_err(|_wrong| ClientFault::of("签名错误"))
}

fn check_timestamp(outside: &Outside, params: &Params) -> Result<(), ClientFault> {
    let at_ms = parse_compact(params.get("TIMESTAMP"))
        .ok_or_else(|| ClientFault::of("TIMESTAMP格式不正确"))?;
    if outside.now_ms().abs_diff(at_ms) > WINDOW_MS.unsigned_abs() {
        return Err(ClientFault::of("TIMESTAMP与当前时间相差超过5分钟"));
    }
    Ok(())
}

/// The named parameters of a request.
struct Params(Vec<(String, String)>);

impl Params {
    fn of(root: &Element) -> Self {
        let request = root.child("REQUEST");
        let params = request.into_iter().flat_map(|request| request.children("PARAM"));
        Self(
            params
                .map(|param| (param.attribute("NAME").to_owned(), param.text.trim().to_owned()))
                .collect(),
        )
    }

    /// Empty when absent: the platform makes no difference.
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Why the gateway answers `99`: a code, a colon, words.
#[derive(Debug)]
struct Exception(String);

impl Exception {
    fn new(code: &str, words: &str) -> Self {
        Self(format!("{code}:{words}"))
    }

    fn not_found() -> Self {
        Self::new("NOT_FOUND", "缴款单不存在")
    }
}

/// What an operation answers: the content of each DETAIL.
type Details = Result<Vec<String>, Exception>;

fn reply(request_id: &str, details: Details) -> String {
    let request =
        format!("<REQUEST><PARAM NAME=\"REQUESTID\">{}</PARAM></REQUEST>", xml::escape(request_id));
    match details {
        Ok(details) => {
            let details: String =
                details.iter().map(|detail| format!("<DETAIL>{detail}</DETAIL>")).collect();
            format!(
                "<ROOT><IS_SUCCESS CODE=\"00\"/><ERRMSG></ERRMSG>{request}\
                 <RESPONSE><RESULT>{details}</RESULT></RESPONSE></ROOT>"
            )
        }
        Err(Exception(words)) => format!(
            "<ROOT><IS_SUCCESS CODE=\"99\"/><ERRMSG>{}</ERRMSG>{request}\
             <RESPONSE><RESULT></RESULT></RESPONSE></ROOT>",
            xml::escape(&words)
        ),
    }
}

/// One element of an answer.
fn field(name: &str, value: &str) -> String {
    format!("<{name}>{}</{name}>", xml::escape(value))
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Reads yuan with exactly two decimals.
fn fen(text: &str) -> Option<i64> {
    let (yuan, cents) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(yuan) || !digits(cents) || cents.len() != 2 || yuan.len() > 13 {
        return None;
    }
    Some(yuan.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals() {
        assert_eq!(fen("206.05"), Some(20_605));
        assert_eq!(yuan(20_605), "206.05");
        for bad in ["206", "206.5", "206.050", "-1.00", "1e2.00", ".50", "", "1.-5"] {
            assert_eq!(fen(bad), None, "{bad}");
        }
    }
}

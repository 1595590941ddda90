//! The unified non-tax payment gateway: bills, write-offs, fiscal e-receipts and refunds over
//! SOAP, clearing files beside it.

use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use crate::clock::parse_compact;
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::gateway::Algorithm;

mod bill;
pub(crate) mod calls;
pub(crate) mod clearing;
mod document;
mod files;
mod keys;
pub(crate) mod magic;
mod receipt;
pub(crate) mod refund;
mod soap;
mod upload;
mod write_off;
mod xml;

use document::{Details, Exception, Params, reply};
use soap::{ClientFault, Outgoing};

pub(crate) const PATH: &str = "/services/UnifiedPayment";
/// Characters.
const MOST_REQUEST_ID: usize = 64;
const WINDOW_MS: i64 = 5 * crate::clock::MINUTE_MS;

/// Every operation by its name in faults: the messages, and the two directions of files.
pub(crate) const OPERATIONS: [&str; 12] = [
    "Get_AppPay_Infos",
    "Get_AppPay_Info",
    "GetPay_Info",
    "Issue_Receipt",
    "Reverse_Receipt",
    "Query_Receipt",
    "Refund_Request",
    "Query_Refund",
    "Refund_Notice",
    "Get_Keys",
    "List_Files",
    FILES,
];
const FILES: &str = "files";

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route(PATH, web::post().to(call)).configure(files::routes);
}

/// What a request is for, if it is for the gateway: the message name from the SOAPAction
/// header, or `files`.
pub(crate) fn operation(path: &str, headers: &HeaderMap) -> Option<String> {
    if path.starts_with(files::PREFIX) {
        return Some(FILES.to_owned());
    }
    (path == PATH).then(|| action(headers).unwrap_or_default())
}

fn action(headers: &HeaderMap) -> Option<String> {
    let action = headers.get("SOAPAction")?.to_str().ok()?;
    Some(action.trim_matches('"').to_owned())
}

async fn call(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    calls::ripen(&outside);
    respond_to(answer(&outside, &request, &body, dispatch))
}

/// A refusal in the gateway's own, signed words: `BUSY` unless a code is asked for.
pub(crate) fn refused_with(
    outside: &Outside,
    request: &HttpRequest,
    body: &[u8],
    code: Option<&str>,
) -> HttpResponse {
    let code = code.filter(|code| is_refusal_code(code)).unwrap_or("BUSY");
    let refuse = |_: &Outside, _: &str, _: &Params| -> Result<Details, ClientFault> {
        Ok(Err(Exception::new(code, "测试人员要求的应答")))
    };
    respond_to(answer(outside, request, body, refuse))
}

/// Whether answers of the gateway can begin with such a word.
pub(crate) fn is_refusal_code(code: &str) -> bool {
    const CODES: [&str; 18] = [
        "ALREADY_PAID",
        "AMOUNT",
        "BUSY",
        "CHECKCODE",
        "CONFLICT",
        "INVALID",
        "IS_RED",
        "NOT_APPROVED",
        "NOT_FOUND",
        "NOT_REFUNDED",
        "NOT_REVERSED",
        "NOT_WRITTEN_OFF",
        "NO_RECEIPT",
        "OUT_OF_ORDER",
        "QUOTE",
        "RECEIPT_NOT_REVERSED",
        "REVERSED",
        "WITHDRAWN",
    ];
    CODES.contains(&code)
}

fn respond_to(answered: Result<String, ClientFault>) -> HttpResponse {
    match answered {
        Ok(envelope) => HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(envelope),
        Err(ClientFault(reason)) => HttpResponse::InternalServerError()
            .content_type("text/xml; charset=utf-8")
            .body(soap::fault(&reason)),
    }
}

fn answer(
    outside: &Outside,
    request: &HttpRequest,
    body: &[u8],
    act: impl FnOnce(&Outside, &str, &Params) -> Result<Details, ClientFault>,
) -> Result<String, ClientFault> {
    let text = std::str::from_utf8(body).map_err(|_not_text| ClientFault::of("不是UTF-8"))?;
    let envelope = soap::open(text)?;
    let message = envelope.message.clone();
    let opened = envelope.verified(outside)?;
    if action(request.headers()).unwrap_or_default() != message {
        return Err(ClientFault::of("SOAPAction与消息名不一致"));
    }
    let root = xml::parse(&opened.document)
        .filter(|root| root.name == "ROOT")
        .ok_or_else(|| ClientFault::of("报文不是ROOT文档"))?;
    let params = Params::of(&root);
    if params.is_ambiguous() {
        return Err(ClientFault::of("PARAM重复"));
    }
    if !(1..=MOST_REQUEST_ID).contains(&params.get("REQUESTID").chars().count()) {
        return Err(ClientFault::of("REQUESTID应为1至64个字符"));
    }
    check_timestamp(outside, params.get("TIMESTAMP"))?;
    let details = act(outside, &message, &params)?;
    let document = reply(&params.repeated(&["REQUESTID", "MESSAGE"]), details);
    respond(outside, &message, &document, opened.algorithm, opened.sealed)
}

fn dispatch(outside: &Outside, message: &str, params: &Params) -> Result<Details, ClientFault> {
    if !OPERATIONS.contains(&message) || message == FILES {
        return Err(ClientFault::of("未知的消息名"));
    }
    let named = params.get("MESSAGE");
    // The first four were there before messages named themselves.
    let may_be_nameless =
        ["Get_AppPay_Infos", "Get_AppPay_Info", "GetPay_Info", "Issue_Receipt"].contains(&message);
    if named != message && !(named.is_empty() && may_be_nameless) {
        return Err(ClientFault::of("MESSAGE与消息名不一致"));
    }
    Ok(match message {
        "Get_AppPay_Infos" => bill::all(outside, params),
        "Get_AppPay_Info" => bill::one(outside, params),
        "GetPay_Info" => write_off::take(outside, params),
        "Issue_Receipt" => receipt::issue(outside, params),
        "Reverse_Receipt" => receipt::reverse(outside, params),
        "Query_Receipt" => receipt::query(outside, params),
        "Refund_Request" => refund::ask(outside, params),
        "Query_Refund" => refund::query(outside, params),
        "Refund_Notice" => refund::paid_back(outside, params),
        "Get_Keys" => keys::all(outside),
        "List_Files" => files::list(outside, params),
        _ => return Err(ClientFault::of("未知的消息名")),
    })
}

/// Signs an answer by the configured algorithm, or by the one that was asked in.
fn respond(
    outside: &Outside,
    message: &str,
    document: &str,
    asked: Algorithm,
    sealed: bool,
) -> Result<String, ClientFault> {
    let element = format!("{message}Response");
    let key = outside.read(|world| {
        let algorithm = world.gateway.settings.algorithm.unwrap_or(asked);
        let keys = &world.secrets.gateway;
        // Whoever asks for keys may know none but the oldest.
        let found = match message {
            "Get_Keys" => keys.oldest(algorithm),
            _ => keys.signing(algorithm),
        };
        found.cloned()
    });
    let key = key.ok_or_else(|| ClientFault::of("没有可用的签名密钥"))?;
    Outgoing { element: &element, document, key: &key, sealed }
        .enclosed(outside)
        .map_err(|_failed| ClientFault::of("签名失败"))
}

fn check_timestamp(outside: &Outside, timestamp: &str) -> Result<(), ClientFault> {
    let at_ms = parse_compact(timestamp).ok_or_else(|| ClientFault::of("TIMESTAMP格式不正确"))?;
    if outside.now_ms().abs_diff(at_ms) > WINDOW_MS.unsigned_abs() {
        return Err(ClientFault::of("TIMESTAMP与当前时间相差超过5分钟"));
    }
    Ok(())
}

//! Carries out the faults that testers ask for, around whichever platform is called.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};

use crate::callbacks::PROBE;
use crate::server::Shared;
use crate::world::World;
use crate::world::fault::{self, Channel, Fault, FaultKind};
use crate::world::script::AnswerFault;
use crate::{alipay, exchange, express, gateway, unionpay, wechat, wechat_pay};

/// The longest that a silent platform keeps a caller waiting.
const SILENCE: Duration = Duration::from_secs(60);
const SLOWNESS_MS: u64 = 2_000;
/// Long enough for the first half of a truncated answer to leave this machine.
const HALF_SENT: Duration = Duration::from_millis(50);

/// The middleware: most calls pass it untouched.
pub(crate) async fn layer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some((channel, operation)) = called(&mut request).await else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let outside = request.app_data::<Shared>().cloned();
    let fault = outside.as_ref().and_then(|outside| {
        // Looked at first, because every change is written to the state file.
        if outside.read(|world| world.faults.is_empty()) {
            return None;
        }
        let now_ms = outside.now_ms();
        outside.change(|world| fault::take(&mut world.faults, channel, &operation, now_ms))
    });
    let Some(Fault { fault: kind, code, latency_ms, .. }) = fault else {
        return match outside.filter(|outside| outside.read(is_scripted)) {
            Some(outside) => scripted(&outside, channel, request, next).await,
            None => Ok(next.call(request).await?.map_into_boxed_body()),
        };
    };
    tracing::info!(?channel, operation, ?kind, "a fault was asked for");
    match kind {
        FaultKind::Silent => {
            drop(request.take_payload());
            tokio::time::sleep(SILENCE).await;
            Ok(request.into_response(broken(Bytes::new(), 1)))
        }
        FaultKind::Error500 => Ok(request.into_response(failure(channel))),
        FaultKind::SystemError | FaultKind::Refused => {
            let body = body_of(channel, &mut request).await?;
            let said = refusal(channel, request.request(), &body, code.as_deref());
            Ok(request.into_response(said))
        }
        FaultKind::FrequencyLimited => {
            Ok(request.into_response(wechat_pay::refused_with("FREQUENCY_LIMITED")))
        }
        FaultKind::SystemErrorAfter | FaultKind::RefusedAfter => {
            let body = body_of(channel, &mut request).await?;
            let (request, _answer) = next.call(request).await?.into_parts();
            let said = refusal(channel, &request, &body, code.as_deref());
            Ok(ServiceResponse::new(request, said))
        }
        FaultKind::Slow => {
            let answer = next.call(request).await?.map_into_boxed_body();
            late(answer, latency_ms).await
        }
        FaultKind::LostAnswer
        | FaultKind::Truncated
        | FaultKind::Unsigned
        | FaultKind::WrongSignature
        | FaultKind::SignatureProbe
        | FaultKind::DoubleAnswer => {
            let answer = next.call(request).await?.map_into_boxed_body();
            spoil(answer, channel, kind).await
        }
    }
}

fn is_scripted(world: &World) -> bool {
    !world.scripting.rules.is_empty()
}

/// A call that may be the event of a script's rule: what the rule does to its answer is known only
/// after the call was carried out.
async fn scripted(
    outside: &Shared,
    channel: Channel,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let body = body_of(channel, &mut request).await?;
    let answer = next.call(request).await?.map_into_boxed_body();
    let asked =
        |world: &World| world.scripting.answer.as_ref().is_some_and(|(of, _)| *of == channel);
    if !outside.read(asked) {
        return Ok(answer);
    }
    let fault = outside.change(|world| world.scripting.answer.take());
    let Some((_, AnswerFault { kind, code })) = fault else {
        return Ok(answer);
    };
    tracing::info!(?channel, ?kind, "a script spoils an answer");
    if matches!(kind, FaultKind::SystemErrorAfter | FaultKind::RefusedAfter) {
        let (request, _answer) = answer.into_parts();
        let said = refusal(channel, &request, &body, code.as_deref());
        return Ok(ServiceResponse::new(request, said));
    }
    spoil(answer, channel, kind).await
}

/// Which platform and operation a request is for, if any.
async fn called(request: &mut ServiceRequest) -> Option<(Channel, String)> {
    let path = request.path();
    let named = |channel, name: &str| Some((channel, name.to_owned()));
    if let Some(name) = wechat_pay::operation(path) {
        return named(Channel::WechatPay, name);
    }
    if let Some(name) = wechat::operation(path) {
        return named(Channel::Wechat, name);
    }
    if let Some(name) = unionpay::operation(path) {
        return named(Channel::Unionpay, name);
    }
    if let Some(name) = exchange::operation(path) {
        return named(Channel::Exchange, name);
    }
    if let Some(name) = express::operation(path) {
        return named(Channel::Express, name);
    }
    if let Some(name) = gateway::operation(path, request.headers()) {
        return named(Channel::Gateway, &name);
    }
    let name = alipay::operation(request).await?;
    Some((Channel::Alipay, name))
}

/// Whether a platform has such a word for a refusal, so that a tester can ask for it.
pub(crate) fn knows_code(channel: Channel, code: &str) -> bool {
    match channel {
        Channel::WechatPay => wechat_pay::is_refusal_code(code),
        Channel::Unionpay => unionpay::is_refusal_code(code),
        Channel::Gateway => gateway::is_refusal_code(code),
        Channel::Alipay | Channel::Wechat | Channel::Exchange | Channel::Express => false,
    }
}

/// What was sent, as far as a refusal repeats it.
async fn body_of(channel: Channel, request: &mut ServiceRequest) -> Result<Bytes, Error> {
    let repeats = match channel {
        Channel::Alipay | Channel::Unionpay => true,
        // Files can be long, and are refused with words that repeat nothing.
        Channel::Gateway => request.path() == gateway::PATH,
        Channel::Wechat | Channel::WechatPay | Channel::Exchange | Channel::Express => false,
    };
    if !repeats {
        return Ok(Bytes::new());
    }
    let body = request.extract::<Bytes>().await?;
    request.set_payload(Payload::from(body.clone()));
    Ok(body)
}

/// A platform's words for a refusal by a code; for a breakdown without one, or with one that the
/// platform does not have.
fn refusal(
    channel: Channel,
    request: &HttpRequest,
    body: &Bytes,
    code: Option<&str>,
) -> HttpResponse {
    let Some(outside) = request.app_data::<Shared>() else {
        return failure(channel);
    };
    match channel {
        Channel::WechatPay => code.map_or_else(|| failure(channel), wechat_pay::refused_with),
        Channel::Alipay if request.path().starts_with("/v3/") => alipay::rest::breakdown(),
        Channel::Alipay => alipay::gateway::breakdown(outside, request, body),
        Channel::Unionpay => unionpay::refused_with(outside, body, code),
        Channel::Gateway => gateway::refused_with(outside, request, body, code),
        Channel::Wechat | Channel::Exchange | Channel::Express => failure(channel),
    }
}

fn failure(channel: Channel) -> HttpResponse {
    match channel {
        Channel::WechatPay => HttpResponse::InternalServerError()
            .json(serde_json::json!({"code": "SYSTEM_ERROR", "message": "系统异常，请稍后重试"})),
        Channel::Wechat
        | Channel::Alipay
        | Channel::Unionpay
        | Channel::Gateway
        | Channel::Exchange
        | Channel::Express => {
            HttpResponse::InternalServerError().content_type("text/plain").body("error")
        }
    }
}

/// Hands a finished answer on, late.
async fn late(
    answer: ServiceResponse<BoxBody>,
    latency_ms: Option<u64>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    tokio::time::sleep(Duration::from_millis(latency_ms.unwrap_or(SLOWNESS_MS))).await;
    Ok(answer)
}

/// Takes a finished answer apart and hands it on damaged.
async fn spoil(
    answer: ServiceResponse<BoxBody>,
    channel: Channel,
    kind: FaultKind,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if kind == FaultKind::Slow {
        return late(answer, None).await;
    }
    let (request, answer) = answer.into_parts();
    let (mut head, body) = answer.into_parts();
    let body = to_bytes(body).await.map_err(|error| -> Error { error.into() })?;
    let spoilt = match kind {
        FaultKind::LostAnswer => broken(Bytes::new(), body.len().max(1)),
        FaultKind::Truncated => {
            let half = body.slice(..body.len() / 2);
            head.set_body(Broken::new(half, body.len().max(1))).map_into_boxed_body()
        }
        FaultKind::Unsigned | FaultKind::WrongSignature => {
            let wrong = kind == FaultKind::WrongSignature;
            change_signature(head.headers_mut(), wrong);
            let body = match channel {
                Channel::Gateway => resign(&body, wrong),
                Channel::Alipay => alipay::resign(&body, wrong),
                Channel::Unionpay => {
                    let signature = wrong.then_some(WRONG_SIGNATURE);
                    Bytes::from(unionpay::wire::resigned(
                        &String::from_utf8_lossy(&body),
                        signature,
                    ))
                }
                Channel::Wechat | Channel::WechatPay | Channel::Exchange | Channel::Express => body,
            };
            head.set_body(body).map_into_boxed_body()
        }
        FaultKind::SignatureProbe => {
            probe(head.headers_mut());
            head.set_body(body).map_into_boxed_body()
        }
        FaultKind::DoubleAnswer => head.set_body(alipay::doubled(&body)).map_into_boxed_body(),
        FaultKind::Silent
        | FaultKind::Error500
        | FaultKind::Slow
        | FaultKind::SystemError
        | FaultKind::SystemErrorAfter
        | FaultKind::FrequencyLimited
        | FaultKind::RefusedAfter
        | FaultKind::Refused => head.set_body(body).map_into_boxed_body(),
    };
    Ok(ServiceResponse::new(request, spoilt))
}

/// Drops the signature headers, or puts a signature there that is well formed and wrong.
fn change_signature(headers: &mut actix_web::http::header::HeaderMap, wrong: bool) {
    for (name, signs) in [
        ("wechatpay-signature", true),
        ("wechatpay-serial", false),
        ("wechatpay-nonce", false),
        ("wechatpay-timestamp", false),
        ("alipay-signature", true),
        ("alipay-nonce", false),
        ("alipay-timestamp", false),
        ("x-exchange-signature", true),
        ("x-exchange-nonce", false),
        ("x-exchange-timestamp", false),
        ("x-express-signature", true),
        ("x-express-nonce", false),
        ("x-express-timestamp", false),
        ("x-gateway-signature", true),
        ("x-gateway-key-id", false),
        ("x-gateway-algorithm", false),
        ("x-gateway-timestamp", false),
    ] {
        let name = HeaderName::from_static(name);
        if wrong && signs && headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(WRONG_SIGNATURE));
        } else if !wrong {
            headers.remove(name);
        }
    }
}

/// Puts the mark of a probe over the beginning of the signature.
fn probe(headers: &mut actix_web::http::header::HeaderMap) {
    let name = HeaderName::from_static("wechatpay-signature");
    let signature = headers.get(&name).and_then(|value| value.to_str().ok());
    let probed = signature.and_then(|text| Some(format!("{PROBE}{}", text.get(PROBE.len()..)?)));
    if let Some(value) = probed.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(name, value);
    }
}

/// The gateway signs inside the document.
fn resign(body: &Bytes, wrong: bool) -> Bytes {
    let text = String::from_utf8_lossy(body);
    let parts = text.split_once("<SIGN").and_then(|(before, rest)| {
        rest.split_once("</SIGN>").map(|(sign, after)| (before, sign, after))
    });
    let Some((before, sign, after)) = parts else {
        return body.clone();
    };
    let attributes = sign.split_once('>').map_or("", |(attributes, _)| attributes);
    Bytes::from(if wrong {
        format!("{before}<SIGN{attributes}>{WRONG_SIGNATURE}</SIGN>{after}")
    } else {
        format!("{before}{after}")
    })
}

/// Base64, and a signature of nothing.
pub(crate) const WRONG_SIGNATURE: &str =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";

fn broken(first: Bytes, declared: usize) -> HttpResponse {
    HttpResponse::Ok().force_close().body(Broken::new(first, declared))
}

/// A body that announces more than it delivers and then breaks the connection. With nothing to
/// deliver it breaks before the head of the answer was flushed, so not one byte is sent.
struct Broken {
    first: Option<Bytes>,
    declared: u64,
    wait: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Broken {
    fn new(first: Bytes, declared: usize) -> Self {
        let first = Some(first).filter(|bytes| !bytes.is_empty());
        Self { first, declared: declared as u64, wait: None }
    }
}

impl MessageBody for Broken {
    type Error = ConnectionDropped;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.declared)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(first) = self.first.take() {
            self.wait = Some(Box::pin(tokio::time::sleep(HALF_SENT)));
            return Poll::Ready(Some(Ok(first)));
        }
        match self.wait.as_mut().map(|wait| wait.as_mut().poll(context)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(())) | None => Poll::Ready(Some(Err(ConnectionDropped))),
        }
    }
}

/// What the server is told so that it gives the connection up.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on request of a tester")]
struct ConnectionDropped;

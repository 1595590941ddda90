//! Levers that break things.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read_body};
use crate::alipay;
use crate::clock::{DAY_MS, SECOND_MS};
use crate::faults::knows_code;
use crate::server::Shared;
use crate::world::fault::{Channel, Fault, FaultKind};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/faults", web::get().to(list))
        .route("/faults", web::post().to(add))
        .route("/faults", web::delete().to(clear));
}

async fn list(outside: Shared) -> Answer {
    let faults = outside.read(|world| world.faults.clone());
    Ok(HttpResponse::Ok().json(json!({"faults": faults})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewFault {
    channel: Channel,
    operation: Option<String>,
    fault: FaultKind,
    times: Option<u32>,
    /// The platform's word, for `refused` and `refused-after`.
    code: Option<String>,
    /// Instead of `times`: every call of so many seconds is hit.
    for_seconds: Option<i64>,
    /// How late a `slow` answer is.
    latency_ms: Option<u64>,
    /// How many of a hundred matching calls are hit.
    percent: Option<u64>,
}

async fn add(outside: Shared, body: Bytes) -> Answer {
    const LONGEST_SECONDS: i64 = 366 * DAY_MS / SECOND_MS;
    const LATEST_MS: u64 = 60_000;
    let NewFault { channel, operation, fault, times, code, for_seconds, latency_ms, percent } =
        read_body(&body)?;
    let times = times.unwrap_or(1);
    if times == 0 || for_seconds.is_some_and(|lasts| !(1..=LONGEST_SECONDS).contains(&lasts)) {
        return Err(Refusal::bad("times 和 forSeconds 应为正整数"));
    }
    if latency_ms.is_some_and(|ms| fault != FaultKind::Slow || !(1..=LATEST_MS).contains(&ms)) {
        return Err(Refusal::bad("latencyMs 只用于 slow，应为1至60000"));
    }
    if percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        return Err(Refusal::bad("percent 应为1至100"));
    }
    let known = operations(channel);
    if operation.as_ref().is_some_and(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::bad(format!("operation 应为其中之一：{}", known.join("、"))));
    }
    check_fault(channel, fault).map_err(Refusal::bad)?;
    let coded = matches!(fault, FaultKind::Refused | FaultKind::RefusedAfter);
    match &code {
        Some(code) if coded && !knows_code(channel, code) => {
            return Err(Refusal::bad(format!("不认识的错误码 {code}")));
        }
        Some(_) if !coded => return Err(Refusal::bad("code 只用于 refused、refused-after")),
        None if coded => return Err(Refusal::bad("refused、refused-after 需要 code")),
        Some(_) | None => {}
    }
    let until_ms = for_seconds.map(|lasts| outside.now_ms() + lasts * SECOND_MS);
    let fault =
        Fault { channel, operation, fault, times, code, until_ms, latency_ms, percent, seen: 0 };
    outside.change(|world| world.faults.push(fault));
    list(outside).await
}

/// Whether a channel can go wrong like this.
pub(crate) fn check_fault(channel: Channel, fault: FaultKind) -> Result<(), String> {
    let (fits, words) = match fault {
        FaultKind::Unsigned | FaultKind::WrongSignature => {
            (channel != Channel::Wechat, "小程序平台的应答没有签名，不能用签名类故障")
        }
        FaultKind::SystemError | FaultKind::SystemErrorAfter => (
            !matches!(channel, Channel::Wechat | Channel::Exchange | Channel::Express),
            "system-error、system-error-after 不用于小程序平台、部门交换和快递",
        ),
        FaultKind::DoubleAnswer => (channel == Channel::Alipay, "double-answer 只用于支付宝"),
        FaultKind::Refused | FaultKind::RefusedAfter => (
            matches!(channel, Channel::WechatPay | Channel::Unionpay | Channel::Gateway),
            "refused、refused-after 只用于微信支付、银联和非税网关",
        ),
        FaultKind::FrequencyLimited | FaultKind::SignatureProbe => {
            (channel == Channel::WechatPay, "frequency-limited、signature-probe 只用于微信支付")
        }
        FaultKind::Silent
        | FaultKind::LostAnswer
        | FaultKind::Error500
        | FaultKind::Slow
        | FaultKind::Truncated => (true, ""),
    };
    if fits { Ok(()) } else { Err(words.to_owned()) }
}

/// What faults can be aimed at.
pub(crate) fn operations(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Wechat => &["login", "token", "stable-token", "phone", "message"],
        Channel::WechatPay => &[
            "prepay",
            "query",
            "close",
            "refund",
            "refund-query",
            "abnormal-refund",
            "certificates",
            "tradebill",
            "fundflowbill",
            "download",
        ],
        Channel::Alipay => &alipay::method::NAMES,
        Channel::Unionpay => &["order", "back", "query", "file"],
        Channel::Gateway => &crate::gateway::OPERATIONS,
        Channel::Exchange => crate::exchange::targets(),
        Channel::Express => &crate::express::OPERATIONS,
    }
}

async fn clear(outside: Shared) -> Answer {
    outside.change(|world| world.faults.clear());
    list(outside).await
}

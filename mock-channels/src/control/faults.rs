//! Levers that break things.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read_body};
use crate::alipay;
use crate::clock::Day;
use crate::server::Shared;
use crate::world::fault::{BillFault, BillFaultKind, Channel, Fault, FaultKind};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/faults", web::get().to(list))
        .route("/faults", web::post().to(add))
        .route("/faults", web::delete().to(clear))
        .route("/bills", web::get().to(list_bills))
        .route("/bills", web::post().to(spoil_bill))
        .route("/bills", web::delete().to(clear_bills));
}

async fn list(outside: Shared) -> Answer {
    let faults = outside.read(|world| world.faults.clone());
    Ok(HttpResponse::Ok().json(json!({"faults": faults})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFault {
    channel: Channel,
    operation: Option<String>,
    fault: FaultKind,
    times: Option<u32>,
}

async fn add(outside: Shared, body: Bytes) -> Answer {
    let NewFault { channel, operation, fault, times } = read_body(&body)?;
    let times = times.unwrap_or(1);
    if times == 0 {
        return Err(Refusal::bad("times 应为正整数"));
    }
    let known = operations(channel);
    if operation.as_ref().is_some_and(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::bad(format!("operation 应为其中之一：{}", known.join("、"))));
    }
    let about_signature = matches!(fault, FaultKind::Unsigned | FaultKind::WrongSignature);
    if about_signature && channel == Channel::Wechat {
        return Err(Refusal::bad("小程序平台的应答没有签名，不能用签名类故障"));
    }
    let of_alipay = matches!(
        fault,
        FaultKind::SystemError | FaultKind::SystemErrorAfter | FaultKind::DoubleAnswer
    );
    if of_alipay && channel != Channel::Alipay {
        return Err(Refusal::bad("system-error、system-error-after、double-answer 只用于支付宝"));
    }
    let fault = Fault { channel, operation, fault, times };
    outside.change(|world| world.faults.push(fault));
    list(outside).await
}

fn operations(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Wechat => &["login", "token", "stable-token", "phone"],
        Channel::WechatPay => &["prepay", "query", "close", "tradebill", "download"],
        Channel::Alipay => &alipay::method::NAMES,
        Channel::Unionpay => &["order", "back", "query", "file"],
        Channel::Gateway => &crate::gateway::OPERATIONS,
        Channel::Exchange => &[
            "traffic.violations",
            "social_insurance.personal",
            "housing_fund.personal",
            "police.newborn_names",
            "environment.air_quality",
            "police.real_name_check",
            "police.face_check_start",
            "police.face_check_result",
        ],
    }
}

async fn clear(outside: Shared) -> Answer {
    outside.change(|world| world.faults.clear());
    list(outside).await
}

async fn list_bills(outside: Shared) -> Answer {
    let bills = outside.read(|world| world.bill_faults.clone());
    Ok(HttpResponse::Ok().json(json!({"bills": bills})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBillFault {
    date: String,
    fault: BillFaultKind,
    times: Option<u32>,
}

/// Whether the bill of that day exists yet does not matter: it will be wrong when it does.
async fn spoil_bill(outside: Shared, body: Bytes) -> Answer {
    let NewBillFault { date, fault, times } = read_body(&body)?;
    let day = Day::from_text(&date).ok_or_else(|| Refusal::bad("date 应为 YYYY-MM-DD"))?;
    if times == Some(0) {
        return Err(Refusal::bad("times 应为正整数"));
    }
    outside.change(|world| world.bill_faults.insert(day.text(), BillFault { fault, times }));
    list_bills(outside).await
}

async fn clear_bills(outside: Shared) -> Answer {
    outside.change(|world| world.bill_faults.clear());
    list_bills(outside).await
}

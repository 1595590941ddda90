//! Levers that spoil the daily files, the same for every platform that has some.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read_body};
use crate::clock::Day;
use crate::server::Shared;
use crate::world::callback::Platform;
use crate::world::fault::{BillFault, BillFaultKind, EVERY_DAY};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/bills", web::get().to(|o| list(o, Platform::WechatPay)))
        .route("/bills", web::post().to(|o, body| spoil(o, body, Platform::WechatPay)))
        .route("/bills", web::delete().to(|o| clear(o, Platform::WechatPay)))
        .route("/alipay/bills", web::get().to(|o| list(o, Platform::Alipay)))
        .route("/alipay/bills", web::post().to(|o, body| spoil(o, body, Platform::Alipay)))
        .route("/alipay/bills", web::delete().to(|o| clear(o, Platform::Alipay)))
        .route("/unionpay/files", web::get().to(|o| list(o, Platform::Unionpay)))
        .route("/unionpay/files", web::post().to(|o, body| spoil(o, body, Platform::Unionpay)))
        .route("/unionpay/files", web::delete().to(|o| clear(o, Platform::Unionpay)))
        .route("/gateway/bills", web::get().to(|o| list(o, Platform::Gateway)))
        .route("/gateway/bills", web::post().to(|o, body| spoil(o, body, Platform::Gateway)))
        .route("/gateway/bills", web::delete().to(|o| clear(o, Platform::Gateway)));
}

async fn list(outside: Shared, platform: Platform) -> Answer {
    let bills = outside.read(|world| world.bill_faults(platform).clone());
    Ok(HttpResponse::Ok().json(json!({"bills": bills})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBillFault {
    /// One day, or `*` for every day without a fault of its own.
    date: String,
    fault: BillFaultKind,
    times: Option<u32>,
    /// Counted from one.
    line: Option<u32>,
}

/// Whether the file of that day exists yet does not matter: it will be wrong when it does.
async fn spoil(outside: Shared, body: Bytes, platform: Platform) -> Answer {
    let NewBillFault { date, fault, times, line } = read_body(&body)?;
    if date != EVERY_DAY && Day::from_text(&date).is_none() {
        return Err(Refusal::bad("date 应为 YYYY-MM-DD，或 * 表示每一天"));
    }
    if times == Some(0) || line == Some(0) {
        return Err(Refusal::bad("times 和 line 应为正整数"));
    }
    if fault == BillFaultKind::WrongHash && platform == Platform::Alipay {
        return Err(Refusal::bad("支付宝账单没有摘要，不能用 wrong-hash"));
    }
    let fault = BillFault { fault, times, line };
    outside.change(|world| world.bill_faults_mut(platform).insert(date, fault));
    list(outside, platform).await
}

async fn clear(outside: Shared, platform: Platform) -> Answer {
    outside.change(|world| world.bill_faults_mut(platform).clear());
    list(outside, platform).await
}

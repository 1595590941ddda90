//! Asking for a trade bill, and fetching the file.

use std::io::{self, Write as _};

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::bill::{self, BillType};
use super::{Answer, Refusal, authorised, authorization, query_value, refuse};
use crate::clock::{Day, HOUR_MS, MINUTE_MS};
use crate::crypto::{self, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::fault::BillFaultKind;
use crate::world::{Download, World};

/// Bills of a day are there at this time of the next.
const READY_AT_MS: i64 = 10 * HOUR_MS;
const TOKEN_LIFE_MS: i64 = 5 * MINUTE_MS;

pub(super) async fn tradebill(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| answer(outside, &request))
}

fn answer(outside: &Outside, request: &HttpRequest) -> Answer {
    let day = query_value(request, "bill_date")
        .and_then(|text| Day::from_text(&text))
        .ok_or_else(|| Refusal::invalid_request("账单日期格式不正确"))?;
    let bill_type = query_value(request, "bill_type").unwrap_or_else(|| "ALL".to_owned());
    if !["ALL", "SUCCESS", "REFUND"].contains(&bill_type.as_str()) {
        return Err(parameter("bill_type", &bill_type));
    }
    let gzip = match query_value(request, "tar_type").as_deref() {
        None | Some("") => false,
        Some("GZIP") => true,
        Some(other) => return Err(parameter("tar_type", other)),
    };
    let now_ms = outside.now_ms();
    check_day(day, now_ms)?;
    outside.change(|world| {
        let fault = take_fault(world, day);
        // Refunds are not played, so their bill is empty on every day.
        let empty = bill_type == "REFUND" || world.payments_of(day).is_empty();
        if empty && fault != Some(BillFaultKind::ExtraLine) {
            let message = "账单文件不存在，当日无交易";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "NO_STATEMENT_EXIST", message));
        }
        world.forget_stale(now_ms);
        let download = Download { day, bill_type, gzip, fault, expires_ms: now_ms + TOKEN_LIFE_MS };
        let plain = content(world, &download);
        let hash = if fault == Some(BillFaultKind::WrongHash) {
            crypto::sha1_hex(b"another file")
        } else {
            crypto::sha1_hex(plain.as_bytes())
        };
        let token = crypto::random_text(LETTERS_AND_DIGITS, 64);
        world.downloads.insert(token.clone(), download);
        let tail = if gzip { "&tartype=gzip" } else { "" };
        let base_url = &outside.onboarding.wechat_pay.base_url;
        let url = format!("{base_url}/v3/billdownload/file?token={token}{tail}");
        Ok(Some(json!({"hash_type": "SHA1", "hash_value": hash, "download_url": url})))
    })
}

fn check_day(day: Day, now_ms: i64) -> Result<(), Refusal> {
    let today = Day::of(now_ms);
    if day >= today {
        return Err(Refusal::invalid_request("账单日期不能是当日或未来日期"));
    }
    if day < today.three_months_before() {
        return Err(Refusal::invalid_request("只能下载三个月以内的账单"));
    }
    if now_ms < day.plus(1).start_ms() + READY_AT_MS {
        let message = "账单文件正在生成中，请稍后再试";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "STATEMENT_CREATING", message));
    }
    Ok(())
}

fn parameter(name: &str, value: &str) -> Refusal {
    Refusal::parameter(
        &format!("输入源“/query/{name}”枚举值不合法"),
        json!({"field": name, "location": "query", "value": value}),
    )
}

/// The fault asked for this day, used up once if it was not meant for ever.
fn take_fault(world: &mut World, day: Day) -> Option<BillFaultKind> {
    let asked = world.bill_faults.get_mut(&day.text())?;
    let kind = asked.fault;
    if let Some(times) = &mut asked.times {
        *times = times.saturating_sub(1);
        if *times == 0 {
            world.bill_faults.remove(&day.text());
        }
    }
    Some(kind)
}

fn content(world: &World, download: &Download) -> String {
    let bill_type = if download.bill_type == "SUCCESS" { BillType::Success } else { BillType::All };
    let mut lines = bill::lines_of(world, download.day);
    if download.bill_type == "REFUND" {
        lines.clear();
    }
    bill::file(lines, download.day, bill_type, download.fault)
}

/// The file itself. The request is signed like any other, the answer is not.
pub(super) async fn file(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    match authorization::check(&outside, &request, &body).and_then(|()| fetch(&outside, &request)) {
        Ok(response) => response,
        Err(refusal) => refuse(refusal),
    }
}

fn fetch(outside: &Outside, request: &HttpRequest) -> Result<HttpResponse, Refusal> {
    let token = query_value(request, "token").unwrap_or_default();
    let now_ms = outside.now_ms();
    let found = outside.read(|world| {
        let download = world.downloads.get(&token).filter(|ticket| now_ms < ticket.expires_ms)?;
        Some((content(world, download).into_bytes(), download.clone()))
    });
    let Some((mut bytes, download)) = found else {
        return Err(Refusal::invalid_request("下载链接已失效，请重新申请账单"));
    };
    if download.fault == Some(BillFaultKind::Truncated) {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(if download.gzip {
        let packed = gzip(&bytes).map_err(|error| {
            tracing::error!(%error, "a bill could not be packed");
            Refusal::system_error()
        })?;
        HttpResponse::Ok().content_type("application/x-gzip").body(packed)
    } else {
        HttpResponse::Ok().content_type("text/plain").body(bytes)
    })
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

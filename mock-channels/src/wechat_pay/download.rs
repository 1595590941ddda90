//! Asking for a daily file, and fetching it.

use std::io::{self, Write as _};

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::bill::{self, BillType};
use super::{Answer, Refusal, authorised, authorization, fund_flow, query_value, refuse};
use crate::clock::{Day, HOUR_MS, MINUTE_MS};
use crate::crypto::{self, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::fault::{self, BillFaultKind};
use crate::world::{Download, World};

/// Bills of a day are there at this time of the next.
const READY_AT_MS: i64 = 10 * HOUR_MS;
const TOKEN_LIFE_MS: i64 = 5 * MINUTE_MS;

/// What a bill of one day is called in [`Download::bill_type`] when it is about the account.
const FUND_FLOW: &str = "BASIC";

pub(super) async fn tradebill(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        let bill_type = query_value(&request, "bill_type").unwrap_or_else(|| "ALL".to_owned());
        if BillType::from_code(&bill_type).is_none() {
            return Err(parameter("bill_type", &bill_type));
        }
        answer(outside, &request, bill_type)
    })
}

pub(super) async fn fundflowbill(
    outside: Shared,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        let account = query_value(&request, "account_type").unwrap_or_else(|| FUND_FLOW.to_owned());
        match account.as_str() {
            // On the other accounts nothing ever moves.
            FUND_FLOW | "OPERATION" | "FEES" => answer(outside, &request, account),
            _ => Err(parameter("account_type", &account)),
        }
    })
}

fn answer(outside: &Outside, request: &HttpRequest, bill_type: String) -> Answer {
    let day = query_value(request, "bill_date")
        .and_then(|text| Day::from_text(&text))
        .ok_or_else(|| Refusal::invalid_request("账单日期格式不正确"))?;
    let gzip = match query_value(request, "tar_type").as_deref() {
        None | Some("") => false,
        Some("GZIP") => true,
        Some(other) => return Err(parameter("tar_type", other)),
    };
    let now_ms = outside.now_ms();
    check_day(day, now_ms)?;
    outside.change(|world| {
        let asked = fault::take_bill(&mut world.bill_faults, day);
        let (fault, line) = (asked.as_ref().map(|asked| asked.fault), asked.and_then(|a| a.line));
        if lines(world, day, &bill_type) == 0 && fault != Some(BillFaultKind::ExtraLine) {
            let message = "账单文件不存在，当日无交易";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "NO_STATEMENT_EXIST", message));
        }
        world.forget_stale(now_ms);
        let expires_ms = now_ms + TOKEN_LIFE_MS;
        let download = Download { day, bill_type, gzip, fault, line, expires_ms };
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

/// How many lines a file has.
fn lines(world: &World, day: Day, bill_type: &str) -> usize {
    match BillType::from_code(bill_type) {
        Some(bill_type) => bill::lines_of(world, day, bill_type).len(),
        None if bill_type == FUND_FLOW => fund_flow::lines_of(world, day).len(),
        None => 0,
    }
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

fn content(world: &World, download: &Download) -> String {
    let Download { day, fault, .. } = *download;
    // Lines are counted from one.
    let index = download.line.map_or(0, |line| line.saturating_sub(1) as usize);
    match BillType::from_code(&download.bill_type) {
        Some(bill_type) => {
            let lines = bill::lines_of(world, day, bill_type);
            bill::file(lines, day, bill_type, fault, index)
        }
        None => fund_flow::file(fund_flow::lines_of(world, day), fault, index),
    }
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

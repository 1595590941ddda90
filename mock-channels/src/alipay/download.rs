//! Asking for a daily file, and fetching it from an address that lives for half a minute.

use actix_web::HttpResponse;
use actix_web::web::Query;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, fields};
use super::bill;
use crate::clock::{Day, HOUR_MS, SECOND_MS};
use crate::crypto;
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::alipay::{BillType, Download};
use crate::world::fault::{self, BillFaultKind};

/// Files of a day are there at this time of the next.
const READY_AT_MS: i64 = 9 * HOUR_MS;
const URL_LIFE_MS: i64 = 30 * SECOND_MS;
pub(super) const PATH: &str = "/alipay/downloadBillFile.resource";

pub(super) fn url(outside: &Outside, biz: &Value) -> Answer {
    let bill_type = match biz["bill_type"].as_str() {
        Some("trade") => BillType::Trade,
        Some("signcustomer") => BillType::SignCustomer,
        Some(_) => return Err(Refusal::business("TYPE_NOT_SUPPORTED", "账单类型不支持")),
        None => return Err(bad_argument("bill_type不能为空")),
    };
    let day = biz["bill_date"]
        .as_str()
        .and_then(Day::from_text)
        .ok_or_else(|| bad_argument("bill_date应为yyyy-MM-dd"))?;
    let now_ms = outside.now_ms();
    if now_ms < day.plus(1).start_ms() + READY_AT_MS {
        return Err(Refusal::business("BILL_NOT_EXIST", "账单不存在"));
    }
    outside.change(|world| {
        let asked = fault::take_bill(&mut world.alipay.bill_faults, day);
        let (fault, line) = (asked.as_ref().map(|asked| asked.fault), asked.and_then(|a| a.line));
        let empty = bill::lines_of(world, day).is_empty();
        if empty && fault != Some(BillFaultKind::ExtraLine) {
            return Err(Refusal::business("NO_BILL_DATA", "账单日期内无数据"));
        }
        world.alipay.forget_stale(now_ms);
        let id = crypto::hex(&crypto::random_bytes::<24>());
        let expires_ms = now_ms + URL_LIFE_MS;
        let download = Download { day, bill_type, fault, line, expires_ms };
        world.alipay.downloads.insert(id.clone(), download);
        let pid = &world.alipay.secrets.pid;
        let (base_url, date, name) =
            (&outside.onboarding.base_url, day.compact(), bill::name(pid, day));
        let url = format!(
            "{base_url}{PATH}?bizType={}&userId={pid}0156&fileType=csv.zip&bizDates={date}\
             &downloadFileName={name}.csv.zip&fileId=%2F{bill}%2F{name}.csv.zip&token={id}",
            biz["bill_type"].as_str().unwrap_or_default(),
            bill = "bill",
        );
        Ok(fields(json!({"bill_download_url": url})))
    })
}

/// Misspelt, as the platform does.
fn bad_argument(words: &str) -> Refusal {
    Refusal::business("INVAILID_ARGUMENTS", words)
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    token: String,
}

/// The file itself: whoever has the address may fetch it.
pub(super) async fn file(outside: Shared, asked: Option<Query<Asked>>) -> HttpResponse {
    let now_ms = outside.now_ms();
    let found = asked.and_then(|asked| {
        outside.read(|world| {
            let download = world.alipay.downloads.get(&asked.token)?;
            let Download { day, bill_type, fault, line, expires_ms } = *download;
            let pid = &world.alipay.secrets.pid;
            // Lines are counted from one.
            let spoilt = fault.map(|kind| (kind, line.unwrap_or(1).saturating_sub(1) as usize));
            let bytes = || bill::file(pid, bill::lines_of(world, day), day, bill_type, spoilt);
            (now_ms < expires_ms).then(|| (bytes(), bill::name(pid, day)))
        })
    });
    match found {
        Some((Err(error), _)) => {
            tracing::error!(%error, "a bill could not be packed");
            HttpResponse::InternalServerError().finish()
        }
        Some((Ok(bytes), name)) => HttpResponse::Ok()
            .content_type("application/octet-stream")
            .insert_header(("Content-Disposition", format!("attachment; filename={name}.csv.zip")))
            .body(bytes),
        None => HttpResponse::Ok()
            .content_type("text/html;charset=GBK")
            .body("<html><body>The download link has expired.</body></html>"),
    }
}

/// Names and texts of a zip file's members, read as GBK.
#[cfg(test)]
pub(crate) fn unzipped(file: &[u8]) -> Vec<(String, String)> {
    use std::io::Read as _;

    let text = |bytes: &[u8]| encoding_rs::GBK.decode(bytes).0.into_owned();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).expect("the file is a zip");
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("a member can be opened");
        let flags = usize::try_from(member.central_header_start()).expect("it is a place") + 8;
        let flags = u16::from_le_bytes([file[flags], file[flags + 1]]);
        assert_eq!(flags & 0x800, 0, "names are not said to be UTF-8");
        let mut content = Vec::new();
        member.read_to_end(&mut content).expect("length and checksum fit");
        members.push((text(member.name_raw()), text(&content)));
    }
    members
}

//! Levers about what people owe.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::citizens::no_such_citizen;
use super::{Answer, Refusal, read_body};
use crate::clock::{Day, rfc3339};
use crate::gateway::calls::{self, Rejection};
use crate::server::Shared;
use crate::world::World;
use crate::world::catalogue;
use crate::world::filing::NoticeWish;
use crate::world::notice::{Item, Notice, WriteOffCall};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/citizens/{id}/notices", web::post().to(create))
        .route("/items", web::get().to(items))
        .route("/items/{code}", web::get().to(item))
        .route("/notices", web::get().to(list))
        .route("/notices/{no}", web::get().to(one))
        .route("/notices/{no}/withdraw", web::post().to(withdraw))
        .route("/notices/{no}/confirm", web::post().to(confirm))
        .route("/notices/{no}/pay-elsewhere", web::post().to(pay_elsewhere));
}

/// More than any item of the catalogue asks for.
const LARGEST_FEN: i64 = 10_000_000_000_000;
const MOST_ITEMS: usize = 20;

/// What a new notice is to be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewNotice {
    amount_fen: i64,
    title: Option<String>,
    decided_days_ago: Option<i64>,
    expires_in_days: Option<i64>,
    item_code: Option<String>,
    agency_late_fee_fen: Option<i64>,
    #[serde(default)]
    further_items: Vec<FurtherItem>,
    region: Option<String>,
    late_fee_by: Option<Computer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FurtherItem {
    item_code: String,
    amount_fen: i64,
}

/// Who computes late fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Computer {
    Platform,
    Agency,
}

impl NewNotice {
    /// What the world understands, once everything is in bounds.
    pub(super) fn checked(self, today: Day) -> Result<NoticeWish, Refusal> {
        let amounts = self.further_items.iter().map(|item| item.amount_fen);
        if !amounts.chain([self.amount_fen]).all(|fen| (1..=LARGEST_FEN).contains(&fen)) {
            return Err(Refusal::bad(format!("amountFen 应为1至{LARGEST_FEN}的整数")));
        }
        if self.further_items.len() >= MOST_ITEMS {
            return Err(Refusal::bad("一张缴款单最多20个项目"));
        }
        let days = |days: Option<i64>| days.unwrap_or(0);
        if !(0..=3650).contains(&days(self.decided_days_ago))
            || !(-3650..=3650).contains(&days(self.expires_in_days))
        {
            return Err(Refusal::bad("天数超出范围"));
        }
        let codes = self.further_items.iter().map(|item| &item.item_code);
        if !codes.chain(&self.item_code).all(|code| is_item_code(code)) {
            return Err(Refusal::bad("itemCode 应为目录中的9位编码，或8位数字"));
        }
        if self.agency_late_fee_fen.is_some_and(|fen| !(0..=LARGEST_FEN).contains(&fen)) {
            return Err(Refusal::bad("agencyLateFeeFen 不能为负或过大"));
        }
        if self.region.as_ref().is_some_and(|code| catalogue::region_name(code, today).is_none()) {
            return Err(Refusal::bad("region 应为现行的行政区划代码"));
        }
        let further = self.further_items.into_iter();
        Ok(NoticeWish {
            amount_fen: self.amount_fen,
            title: self.title,
            decided_days_ago: days(self.decided_days_ago),
            expires_in_days: self.expires_in_days,
            item_code: self.item_code,
            agency_late_fen: self.agency_late_fee_fen,
            further_items: further.map(|item| (item.item_code, item.amount_fen)).collect(),
            region: self.region,
            counted_by_agency: self.late_fee_by.map(|by| by == Computer::Agency),
        })
    }
}

/// Nine digits must be in the catalogue; eight need not, so that unknown items can be tried.
fn is_item_code(code: &str) -> bool {
    let eight = code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit());
    eight || catalogue::find(code).is_some()
}

async fn create(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    let wanted: NewNotice = read_body(&body)?;
    let now_ms = outside.now_ms();
    let wish = wanted.checked(Day::of(now_ms))?;
    outside.change(|world| {
        world.citizen(&id).ok_or_else(no_such_citizen)?;
        let number = world.add_notice(&id, wish, now_ms);
        Ok(HttpResponse::Ok().json(json!({"noticeNo": number})))
    })
}

async fn items() -> Answer {
    let items: Vec<Value> = catalogue::all().iter().map(described_item).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

async fn item(code: Path<String>) -> Answer {
    let found = catalogue::find(&code).ok_or_else(|| Refusal::not_found("目录中没有这个项目"))?;
    Ok(HttpResponse::Ok().json(described_item(found)))
}

fn described_item(item: &catalogue::CatalogueItem) -> Value {
    let mut described = json!(item);
    described["chitCode"] = json!(item.chit_code());
    described["lateFeeItem"] = json!(item.late_item());
    described
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let notices = world.notices.values().map(|notice| described(world, notice, now_ms));
        Ok(HttpResponse::Ok().json(json!({"notices": notices.collect::<Vec<_>>()})))
    })
}

fn no_such_notice() -> Refusal {
    Refusal::not_found("没有这张缴款单")
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    answered(&outside, &number)
}

fn answered(outside: &Shared, number: &str) -> Answer {
    calls::ripen(outside);
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let notice = world.notices.get(number).ok_or_else(no_such_notice)?;
        Ok(HttpResponse::Ok().json(described(world, notice, now_ms)))
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    reason: Option<String>,
}

async fn withdraw(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    let Withdrawal { reason } = read_body(&body)?;
    let reason = reason.unwrap_or_else(|| "执收单位撤回".to_owned());
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get_mut(number.as_str()).ok_or_else(no_such_notice)?;
        if notice.paid.is_some() || notice.paid_elsewhere {
            return Err(Refusal::conflict("缴款单已缴款，不能撤回"));
        }
        if !notice.withdrawn {
            notice.withdrawn = true;
            calls::withdrawn(world, &number, &reason, now_ms);
        }
        Ok(())
    })?;
    answered(&outside, &number)
}

async fn pay_elsewhere(outside: Shared, number: Path<String>) -> Answer {
    outside.change(|world| {
        let notice = world.notices.get_mut(number.as_str()).ok_or_else(no_such_notice)?;
        if notice.paid.is_some() || notice.withdrawn {
            return Err(Refusal::conflict("缴款单已缴款或已撤回"));
        }
        notice.paid_elsewhere = true;
        Ok(())
    })?;
    answered(&outside, &number)
}

/// The agency's word about a pending write-off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    #[serde(default)]
    rejected: Option<Rejected>,
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rejected {
    AlreadyPaid,
    Withdrawn,
    Other,
}

async fn confirm(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    let Word { rejected, reason } = read_body(&body)?;
    let reason = reason.unwrap_or_else(|| "执收单位不予确认".to_owned());
    let why = rejected.map(|rejected| match rejected {
        Rejected::AlreadyPaid => Rejection::AlreadyPaid,
        Rejected::Withdrawn => Rejection::Withdrawn,
        Rejected::Other => Rejection::Other,
    });
    let now_ms = outside.now_ms();
    outside.change(|world| {
        world.notices.get(number.as_str()).ok_or_else(no_such_notice)?;
        let rejection = why.map(|why| (why, reason.as_str()));
        if calls::confirm(world, &number, rejection, now_ms) {
            Ok(())
        } else {
            Err(Refusal::conflict("没有待确认的销账"))
        }
    })?;
    answered(&outside, &number)
}

pub(super) fn described(world: &World, notice: &Notice, now_ms: i64) -> Value {
    let today = Day::of(now_ms);
    let calls: Vec<Value> = notice.calls.iter().map(call).collect();
    let items: Vec<Value> = notice.items().map(|item| described_line(item, today)).collect();
    json!({
        "noticeNo": notice.notice_no,
        "payCode": notice.pay_code,
        "qrText": notice.qr_text(),
        "decisionNo": notice.decision_no(),
        "citizenId": notice.citizen_id,
        "uscc": notice.company,
        "payer": world.payer_of(notice).name,
        "title": notice.title,
        "agencyCode": notice.agency_code,
        "agencyName": notice.agency_name,
        "region": notice.region,
        "state": notice.state_name(),
        "amountFen": notice.principal_fen(),
        "dueTodayFen": notice.due_fen(today),
        "fullCheck": notice.full_check(),
        "expiresAt": notice.expires_ms.map(rfc3339),
        "items": items,
        "paidBy": notice.paid,
        "undone": notice.undone,
        "lastSequence": notice.last_sequence,
        "writeOffs": calls,
        "receipts": notice.receipts,
    })
}

/// An item with what the catalogue says of it.
fn described_line(item: &Item, today: Day) -> Value {
    let rules = item.rules();
    json!({
        "chitCode": item.code,
        "code": rules.map(|rules| &rules.code),
        "name": item.name,
        "amountFen": item.amount_fen,
        "lateTodayFen": item.late_fen(today),
        "lateFee": item.late,
        "shares": rules.map(|rules| [rules.share_central, rules.share_province, rules.share_local]),
        "destination": rules.map(|rules| &rules.destination),
        "receiptClass": rules.map(|rules| &rules.receipt_class),
    })
}

fn call(call: &WriteOffCall) -> Value {
    let write_off = &call.write_off;
    json!({
        "at": rfc3339(call.at_ms),
        "payNo": write_off.pay_no,
        "tradeNo": write_off.trade_no,
        "amountFen": write_off.amount_fen,
        "payDate": write_off.pay_date,
        "payTime": write_off.pay_time,
        "answer": call.answer,
    })
}

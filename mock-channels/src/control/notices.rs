//! Levers about what people owe.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::citizens::no_such_citizen;
use super::{Answer, Refusal, read_body};
use crate::clock::{Day, rfc3339};
use crate::server::Shared;
use crate::world::notice::{Notice, WriteOffCall};
use crate::world::seed::NoticeWish;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/citizens/{id}/notices", web::post().to(create))
        .route("/notices/{no}", web::get().to(one))
        .route("/notices/{no}/withdraw", web::post().to(withdraw));
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewNotice {
    amount_fen: i64,
    title: Option<String>,
    decided_days_ago: Option<i64>,
    expires_in_days: Option<i64>,
    item_code: Option<String>,
    agency_late_fee_fen: Option<i64>,
}

async fn create(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    const LARGEST_FEN: i64 = 1_000_000_000_000;
    let wanted: NewNotice = read_body(&body)?;
    if !(1..=LARGEST_FEN).contains(&wanted.amount_fen) {
        return Err(Refusal::bad("amountFen 应为1至1000000000000的整数"));
    }
    let days = |days: Option<i64>| days.unwrap_or(0);
    if !(0..=3650).contains(&days(wanted.decided_days_ago))
        || !(-3650..=3650).contains(&days(wanted.expires_in_days))
    {
        return Err(Refusal::bad("天数超出范围"));
    }
    let code_shaped = |code: &String| code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit());
    if wanted.item_code.as_ref().is_some_and(|code| !code_shaped(code)) {
        return Err(Refusal::bad("itemCode 应为8位数字"));
    }
    if wanted.agency_late_fee_fen.is_some_and(|fen| !(0..=LARGEST_FEN).contains(&fen)) {
        return Err(Refusal::bad("agencyLateFeeFen 不能为负或过大"));
    }
    let now_ms = outside.now_ms();
    outside.change(|world| {
        world.citizen(&id).ok_or_else(no_such_citizen)?;
        let wish = NoticeWish {
            amount_fen: wanted.amount_fen,
            title: wanted.title,
            decided_days_ago: days(wanted.decided_days_ago),
            expires_in_days: wanted.expires_in_days,
            item_code: wanted.item_code,
            agency_late_fen: wanted.agency_late_fee_fen,
        };
        let number = world.add_notice(&id, wish, now_ms);
        Ok(HttpResponse::Ok().json(json!({"noticeNo": number})))
    })
}

fn no_such_notice() -> Refusal {
    Refusal::not_found("没有这张缴款单")
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let notice = world.notices.get(number.as_str()).ok_or_else(no_such_notice)?;
        Ok(HttpResponse::Ok().json(described(notice, now_ms)))
    })
}

async fn withdraw(outside: Shared, number: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get_mut(number.as_str()).ok_or_else(no_such_notice)?;
        if notice.paid.is_some() {
            return Err(Refusal::conflict("缴款单已缴款，不能撤回"));
        }
        notice.withdrawn = true;
        Ok(HttpResponse::Ok().json(described(notice, now_ms)))
    })
}

fn described(notice: &Notice, now_ms: i64) -> Value {
    let calls: Vec<Value> = notice.calls.iter().map(call).collect();
    json!({
        "noticeNo": notice.notice_no,
        "citizenId": notice.citizen_id,
        "title": notice.title,
        "state": notice.state_name(),
        "amountFen": notice.item.amount_fen,
        "dueTodayFen": notice.due_fen(Day::of(now_ms)),
        "expiresAt": notice.expires_ms.map(rfc3339),
        "paidBy": notice.paid,
        "writeOffs": calls,
        "receipts": notice.receipts,
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

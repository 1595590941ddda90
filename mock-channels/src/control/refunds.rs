//! Levers about refunds: what the agency and finance decide.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::clock::rfc3339;
use crate::gateway::refund::{decide, next_id};
use crate::server::Shared;
use crate::world::World;
use crate::world::refund::{Decision, NoticeAfter, Payee, Refund, RefundState};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/refunds", web::get().to(list))
        .route("/refunds", web::post().to(begin))
        .route("/refunds/{no}", web::get().to(one))
        .route("/refunds/{no}/agency", web::post().to(agency))
        .route("/refunds/{no}/finance", web::post().to(finance));
}

async fn list(outside: Shared) -> Answer {
    outside.read(|world| {
        let refunds: Vec<Value> = world.gateway.refunds.iter().map(described).collect();
        Ok(HttpResponse::Ok().json(json!({"refunds": refunds})))
    })
}

async fn one(outside: Shared, number: Path<String>) -> Answer {
    outside.read(|world| {
        let refund = find(world, &number)?;
        Ok(HttpResponse::Ok().json(described(refund)))
    })
}

/// By the caller's number, or by the gateway's own.
fn find<'a>(world: &'a World, number: &str) -> Result<&'a Refund, Refusal> {
    let own = world.gateway.refunds.iter().find(|refund| refund.id == number);
    own.or_else(|| world.gateway.refund(number)).ok_or_else(|| Refusal::not_found("没有这笔退付"))
}

fn described(refund: &Refund) -> Value {
    let mut described = json!(refund);
    described["askedAt"] = json!(rfc3339(refund.asked_ms));
    described["nextLevel"] = json!(refund.next_level());
    described
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Word {
    approve: bool,
    by: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    notice_after: Option<NoticeAfter>,
}

async fn agency(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    say(&outside, &number, &body, RefundState::WithAgency, "执收单位经办")
}

/// The next finance level decides.
async fn finance(outside: Shared, number: Path<String>, body: Bytes) -> Answer {
    say(&outside, &number, &body, RefundState::WithFinance, "财政部门经办")
}

fn say(outside: &Shared, number: &str, body: &Bytes, at: RefundState, who: &str) -> Answer {
    let word: Word = read_body(body)?;
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let refund = find(world, number)?;
        if refund.state != at {
            return Err(Refusal::conflict("这笔退付现在不由该方决定"));
        }
        let (id, after) = (refund.id.clone(), word.notice_after.unwrap_or(refund.notice_after));
        let decision = Decision {
            level: refund.next_level(),
            approved: word.approve,
            by: word.by.unwrap_or_else(|| who.to_owned()),
            reason: word.reason.unwrap_or_default(),
            at_ms: now_ms,
        };
        decide(world, &id, decision, after, now_ms);
        Ok(HttpResponse::Ok().json(described(find(world, &id)?)))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FinanceRefund {
    notice_no: String,
    amount_fen: Option<i64>,
    reason: Option<String>,
    payee: Option<Payee>,
    #[serde(default)]
    notice_after: NoticeAfter,
}

/// Finance wants money paid back: a line of the day's file 4, approved from the beginning.
async fn begin(outside: Shared, body: Bytes) -> Answer {
    let wanted: FinanceRefund = read_body(&body)?;
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get(&wanted.notice_no);
        let paid = notice.and_then(|notice| notice.paid.as_ref().map(|paid| (notice, paid)));
        let (notice, paid) = paid.ok_or_else(|| Refusal::conflict("这张缴款单没有已销账的缴款"))?;
        let left_fen = paid.amount_fen - world.gateway.bound_fen(&wanted.notice_no, &paid.pay_no);
        let amount_fen = wanted.amount_fen.unwrap_or(left_fen);
        if !(1..=left_fen).contains(&amount_fen) {
            return Err(Refusal::conflict("金额超过可退金额"));
        }
        let payer = world.payer_of(notice);
        let payee = wanted.payee.unwrap_or_else(|| Payee {
            name: payer.name.clone(),
            phone: payer.phone.clone(),
            account: String::new(),
            bank: String::new(),
        });
        let refund = Refund {
            id: next_id(world),
            refund_no: String::new(),
            notice_no: wanted.notice_no,
            pay_no: paid.pay_no.clone(),
            amount_fen,
            reason_code: "OTHER".to_owned(),
            reason: wanted.reason.unwrap_or_else(|| "财政部门发起退付".to_owned()),
            applicant: payer.name,
            state: RefundState::Approved,
            levels: notice.levels(),
            notice_after: wanted.notice_after,
            decisions: Vec::new(),
            asked_ms: now_ms,
            payee: Some(payee),
            paid: None,
        };
        let answer = described(&refund);
        world.gateway.refunds.push(refund);
        Ok(HttpResponse::Ok().json(answer))
    })
}

//! Levers about UnionPay: what the payer does, how refunds end, files, certificates.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::clock::{Day, rfc3339};
use crate::server::Shared;
use crate::unionpay::{code, magic, report};
use crate::world::World;
use crate::world::magic::{Magic, SLOW_MS};
use crate::world::unionpay::{
    Kind, Outcome, Planned, ReversalRule, Transaction, is_pending, is_success,
};

/// A day; longer waits are had by moving the clock.
const LONGEST_WAIT_SECONDS: i64 = 86_400;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/unionpay/orders", web::get().to(list))
        .route("/unionpay/orders/{id}", web::get().to(one))
        .route("/unionpay/orders/{id}/approve", web::post().to(approve))
        .route("/unionpay/orders/{id}/refuse", web::post().to(refuse))
        .route("/unionpay/refunds", web::get().to(rule))
        .route("/unionpay/refunds", web::post().to(set_rule))
        .route("/unionpay/certificate", web::post().to(change_certificate))
        .route("/unionpay/truth", web::get().to(truth));
}

async fn list(outside: Shared) -> Answer {
    crate::unionpay::settle_due(&outside);
    let now_ms = outside.now_ms();
    let orders: Vec<Value> = outside.read(|world| {
        world.unionpay.transactions.iter().rev().map(|one| described(one, now_ms)).collect()
    });
    Ok(HttpResponse::Ok().json(json!({"orders": orders})))
}

async fn one(outside: Shared, id: Path<String>) -> Answer {
    crate::unionpay::settle_due(&outside);
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let position = position(world, &id)?;
        let transaction = &world.unionpay.transactions[position];
        Ok(HttpResponse::Ok().json(described(transaction, now_ms)))
    })
}

fn position(world: &World, id: &str) -> Result<usize, Refusal> {
    world.unionpay.position(id).ok_or_else(|| Refusal::not_found("没有这笔交易"))
}

fn described(one: &Transaction, now_ms: i64) -> Value {
    let state = match &one.outcome {
        Outcome::Untried => "UNTRIED",
        Outcome::Pending { .. } => "PENDING",
        Outcome::Done { code, .. } if is_success(code) => "SUCCESS",
        Outcome::Done { .. } => "FAILED",
    };
    json!({
        "orderId": one.order_id,
        "txnTime": one.txn_time,
        "kind": one.kind,
        "state": state,
        "respCode": one.code(),
        "amountFen": one.amount_fen,
        "tn": one.tn,
        "queryId": one.query_id(),
        "origQryId": one.original,
        "backUrl": one.back_url,
        "createdAt": rfc3339(one.created_ms),
        "expiresAt": one.deadline_ms.map(rfc3339),
        "expired": one.is_expired(now_ms),
        "succeededAt": one.succeeded_ms().map(rfc3339),
        "settleDate": one.settle_day().map(Day::text),
        "refused": one.refused,
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Approval {
    amount_fen: Option<i64>,
    at_ms: Option<i64>,
    /// 00 or A6.
    resp_code: Option<String>,
    #[serde(default)]
    force: bool,
}

/// The payer pays, or a refund succeeds.
async fn approve(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    let approval: Approval = read_body(&body)?;
    let now_ms = outside.now_ms();
    check_approval(&approval, now_ms)?;
    outside.change(|world| {
        let position = position(world, &id)?;
        let transaction = &mut world.unionpay.transactions[position];
        check_open(transaction, approval.force, now_ms)?;
        let again = transaction.succeeded_ms().is_some();
        if !again {
            carry_out(transaction, &approval, now_ms);
        }
        let transaction = transaction.clone();
        let mut answer = described(&transaction, now_ms);
        let callback_id = if again {
            report::notify(world, &transaction, now_ms)
        } else if transaction.succeeded_ms().is_some() {
            report::decided(world, &transaction, now_ms)
        } else {
            None
        };
        answer["callbackId"] = json!(callback_id);
        Ok(HttpResponse::Ok().json(answer))
    })
}

fn check_approval(approval: &Approval, now_ms: i64) -> Result<(), Refusal> {
    if approval.at_ms.is_some_and(|at_ms| at_ms > now_ms) {
        return Err(Refusal::bad("付款时间不能晚于现在"));
    }
    if approval.amount_fen.is_some_and(|fen| fen < 1) {
        return Err(Refusal::bad("amountFen 应为正整数"));
    }
    if approval.resp_code.as_deref().is_some_and(|code| !is_success(code)) {
        return Err(Refusal::bad("respCode 应为 00 或 A6；其他结果请用 refuse"));
    }
    Ok(())
}

fn check_open(one: &Transaction, force: bool, now_ms: i64) -> Result<(), Refusal> {
    let (is_consume, wonder) = (!one.kind.is_reversal(), Magic::of_amount(one.amount_fen));
    let hint = "；要造成这种异常，请加 \"force\": true";
    let reason = if force {
        return Ok(());
    } else if one.succeeded_ms().is_some() {
        "交易已成功"
    } else if one.has_failed() {
        "交易已失败"
    } else if one.is_expired(now_ms) {
        "订单已过支付截止时间"
    } else if is_consume && wonder == Some(Magic::Declined) {
        "付款人余额不足（金额约定）"
    } else {
        return Ok(());
    };
    Err(Refusal::conflict(format!("{reason}{hint}")))
}

fn carry_out(one: &mut Transaction, approval: &Approval, now_ms: i64) {
    let at_ms = approval.at_ms.unwrap_or(now_ms);
    let wonder = Magic::of_amount(one.amount_fen);
    let magic = match (&approval.resp_code, one.kind) {
        // Money that moved after all, or a tester who was explicit.
        (Some(_), _) | (None, Kind::Refund | Kind::Undo) => None,
        (None, Kind::Consume) if one.code().is_some() || approval.force => None,
        (None, Kind::Consume) => magic::payment_outcome(one.amount_fen),
    };
    if one.traced_ms.is_none() {
        one.traced_ms = Some(at_ms);
    }
    if let Some(code) = magic {
        one.outcome = decided(code, at_ms);
        return;
    }
    let explicit = approval.resp_code.is_some() || approval.at_ms.is_some() || approval.force;
    let slow = !one.kind.is_reversal() && wonder == Some(Magic::SlowPayment) && !explicit;
    one.amount_fen = approval.amount_fen.unwrap_or(one.amount_fen);
    if slow {
        let then = Some(Planned { at_ms: at_ms + SLOW_MS, code: "00".to_owned() });
        one.outcome = Outcome::Pending { code: "05".to_owned(), then };
        return;
    }
    let code = approval.resp_code.clone().unwrap_or_else(|| "00".to_owned());
    one.outcome = Outcome::Done { code, at_ms };
}

fn decided(code: String, at_ms: i64) -> Outcome {
    if is_pending(&code) {
        Outcome::Pending { code, then: None }
    } else {
        Outcome::Done { code, at_ms }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refused {
    resp_code: Option<String>,
}

/// The payer leaves the cashier, which the platform tells nobody; or the attempt to pay, or the
/// refund, ends with a code. 03, 04 and 05 leave it open.
async fn refuse(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    let Refused { resp_code } = read_body(&body)?;
    if resp_code.as_deref().is_some_and(|code| is_success(code) || !code::is_known(code)) {
        return Err(Refusal::bad("respCode 应为已知的失败或未决应答码"));
    }
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let position = position(world, &id)?;
        let transaction = &mut world.unionpay.transactions[position];
        check_open(transaction, transaction.kind == Kind::Consume && resp_code.is_none(), now_ms)?;
        let code = match (resp_code, transaction.kind) {
            (Some(code), _) => code,
            (None, Kind::Refund | Kind::Undo) => "30".to_owned(),
            (None, Kind::Consume) => {
                transaction.refused += 1;
                tracing::info!(order_id = id.as_str(), "the payer cancelled");
                return Ok(HttpResponse::Ok().json(described(transaction, now_ms)));
            }
        };
        if transaction.traced_ms.is_none() {
            transaction.traced_ms = Some(now_ms);
        }
        transaction.outcome = decided(code, now_ms);
        let transaction = transaction.clone();
        let mut answer = described(&transaction, now_ms);
        if transaction.kind.is_reversal() && transaction.has_failed() {
            answer["callbackId"] = json!(report::notify(world, &transaction, now_ms));
        }
        Ok(HttpResponse::Ok().json(answer))
    })
}

async fn rule(outside: Shared) -> Answer {
    let rule = outside.read(|world| world.unionpay.reversals.clone());
    Ok(HttpResponse::Ok().json(rule))
}

/// What becomes of refunds that are accepted from now on; without seconds a tester decides.
async fn set_rule(outside: Shared, body: Bytes) -> Answer {
    let wanted: ReversalRule = read_body(&body)?;
    if wanted.after_seconds.is_some_and(|wait| !(0..=LONGEST_WAIT_SECONDS).contains(&wait)) {
        return Err(Refusal::bad("afterSeconds 应为0至86400，或 null"));
    }
    if is_pending(&wanted.resp_code) || !code::is_known(&wanted.resp_code) {
        return Err(Refusal::bad("respCode 应为已知的最终应答码"));
    }
    outside.change(|world| world.unionpay.reversals = wanted);
    rule(outside).await
}

/// Signs with a new key and a new certificate from now on. Both are of the same chain.
async fn change_certificate(outside: Shared) -> Answer {
    let failed = |_error| Refusal::conflict("证书签发失败");
    let now_ms = outside.now_ms();
    let authority = outside
        .read(|world| world.unionpay.authority().cloned())
        .ok_or_else(|| Refusal::conflict("没有签发机构"))?;
    let signing =
        authority.certify(crate::unionpay::certificates::UNIONPAY, now_ms).map_err(failed)?;
    outside.change(|world| world.unionpay.change_signing(signing.clone()));
    outside.unionpay.change_signer(&signing).map_err(failed)?;
    Ok(HttpResponse::Ok().json(json!({"certId": signing.cert_id})))
}

#[derive(Debug, Deserialize)]
struct TruthQuery {
    date: String,
}

/// Everything that moved on a settlement day, whatever files and callbacks say.
async fn truth(outside: Shared, query: Option<Query<TruthQuery>>) -> Answer {
    let day = query
        .and_then(|query| Day::from_text(&query.date))
        .ok_or_else(|| Refusal::bad("date 应为 YYYY-MM-DD"))?;
    crate::unionpay::settle_due(&outside);
    let moved: Vec<Value> = outside.read(|world| {
        let line = |one: &Transaction| {
            json!({
                "kind": one.kind,
                "orderId": one.order_id,
                "queryId": one.query_id(),
                "origQryId": one.original,
                "amountFen": one.amount_fen,
                "atMs": one.succeeded_ms(),
            })
        };
        world.unionpay.moved_on(day).into_iter().map(line).collect()
    });
    Ok(HttpResponse::Ok().json(json!({"date": day.text(), "transactions": moved})))
}

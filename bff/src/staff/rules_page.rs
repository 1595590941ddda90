//! The rules by which days are judged, and proposing others.

use super::desk::{refused as desk_refused, to, told, whole};
use super::desk_page::mark;
use super::form::sent;
use super::page::{layout, respond, when};
use crate::graphql::error::chain;
use crate::parts::Parts;
use crate::staff_door::{SignedIn, open_desk};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::reconciliation::desk::{RuleChangeError, RuleSet};
use maud::{Markup, html};

/// What is in force.
pub async fn show(request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let set = parts.desk.rules.rules.in_force().await;
            let set = set.map_err(|error| super::desk::failed(&error))?;
            Ok(respond(StatusCode::OK, &page(&who, &set)))
        }
        .await,
    )
}

/// Tries other rules on closed days and proposes them.
pub async fn propose(
    request: HttpRequest,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let (who, fields) = sent(&request, &body, &parts).await?;
            let (text, reason) = (fields.get("rules"), fields.get("reason"));
            let made = parts.desk.rules.propose(&who.account, text, reason).await;
            let made = made.map_err(refused)?;
            Ok(to(&format!("/staff/proposals/{}", made.no)))
        }
        .await,
    )
}

/// For whoever pressed the button.
pub fn refused(error: RuleChangeError) -> HttpResponse {
    match error {
        RuleChangeError::Desk(error) => desk_refused(error),
        RuleChangeError::Text(faults) => {
            told(StatusCode::BAD_REQUEST, &format!("规则没有提出：{}。", faults.join("；")))
        }
        error @ RuleChangeError::Trial(_) => {
            tracing::error!(error = %chain(&error), "rules were not tried");
            told(
                StatusCode::INTERNAL_SERVER_ERROR,
                "试算没有完成，规则没有提出，请稍后再试或通知运维。",
            )
        }
    }
}

fn page(who: &SignedIn, set: &RuleSet) -> Markup {
    let text = set.rules.text();
    let body = html! {
        p { a href="/staff/" { "← 返回日历" } }
        h1 { "对账规则" }
        p {
            @match set.at {
                None => { "现行规则是系统自带的，还没有人改过。" }
                Some(at) => {
                    "现行规则是第" (set.version) "版，" (when(at)) "启用，见"
                    a href=(format!("/staff/proposals/{}", set.proposal_no)) { "提案" (set.proposal_no) } "。"
                }
            }
        }
        pre { (text) }
        h2 { "提出新规则" }
        p { "先在最近关账的日子上试算，结论有哪些变化写进提案；提出人以外的两人同意（其中一人为财政）后启用。已关账的日子不变。" }
        dl {
            dt { code { "cut_minutes" } } dd { "日切前后多少分钟内的交易可以落在次日账单" }
            dt { code { "write_off_due_minutes" } } dd { "缴款后多少分钟内应当销账" }
            dt { code { "payout_due_days" } } dd { "几天后10:00前应当到账" }
            dt { code { "fee_tolerance_fen" } } dd { "每笔手续费允许相差多少分" }
            dt { code { "fee_ppm.渠道" } } dd { "约定费率，百万分之几；千分之六为6000" }
            dt { code { "account.渠道" } } dd { "渠道到账账户；不写则不核对账户" }
        }
        form method="post" action="/staff/rules" {
            (mark(who))
            p { label for="rules" { "新规则（每行一条，名称=值）" } br;
                textarea id="rules" name="rules" rows="10" cols="60" required maxlength="4000" spellcheck="false" { (text) } }
            p { label for="reason" { "原因" } " " input id="reason" name="reason" required maxlength="500" size="40"; " "
                button type="submit" accesskey="s" { "试算并提出（S）" } }
        }
    };
    layout("对账规则", Some(who), &body)
}

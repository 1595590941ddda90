//! Files of reconciliation: which must be there and what is, and the lines that could not be read.

use super::desk::{failed, told, whole};
use super::desk_page::mark;
use super::form::sent;
use super::page::{layout, respond, when};
use crate::graphql::error::chain;
use crate::parts::Parts;
use crate::staff_door::{SignedIn, open_desk};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::clock::beijing_day;
use domain::identity::StaffRole;
use domain::reconciliation::source::{
    CalendarLine, KeptLine, Repair, RepairError, RepairOrder, SourceFileId, SourceState,
};
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

/// So many days the page shows.
const DAYS: i32 = 7;
/// So many lines wait on one page.
const LINES: u16 = 200;

/// The calendar of a week and the lines that wait.
pub async fn show(request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let now = parts.clock.now();
            let mut days = Vec::new();
            let mut day = beijing_day(now);
            for _ in 0..DAYS {
                let Ok(before) = day.yesterday() else { break };
                day = before;
                let lines = parts.sources.calendar.run(day).await;
                days.push((day, lines.map_err(|error| failed(&error))?));
            }
            let open = parts.sources.store.list_open_lines(LINES).await;
            let open = open.map_err(|error| failed(&error))?;
            Ok(respond(StatusCode::OK, &page(&who, &days, &open, now)))
        }
        .await,
    )
}

/// Who may change what is read: not auditors, not agencies.
fn may_repair(who: &SignedIn) -> bool {
    who.account.roles.iter().any(|role| match role {
        StaffRole::Clerk | StaffRole::Checker | StaffRole::Operator => true,
        StaffRole::Finance(_) | StaffRole::Agency(_) | StaffRole::Auditor | StaffRole::Editor => {
            false
        }
    })
}

/// Repairs a line, or says that it is none.
pub async fn repair(
    request: HttpRequest,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let (who, fields) = sent(&request, &body, &parts).await?;
            if !may_repair(&who) {
                return Err(told(StatusCode::FORBIDDEN, "您的岗位不能修正账单行。"));
            }
            let unknown = || told(StatusCode::BAD_REQUEST, "没有这一行，请刷新后再试。");
            let file = SourceFileId::read(fields.get("file")).ok_or_else(unknown)?;
            let line_no = fields.get("line").parse().map_err(|_| unknown())?;
            let repair = match fields.get("do") {
                "repair" => Repair::Text(fields.get("text").to_owned()),
                "drop" => Repair::Drop,
                _ => return Err(unknown()),
            };
            let (reason, by) = (fields.get("reason").to_owned(), who.account.name.clone());
            let order = RepairOrder { file, line_no, repair, reason, by };
            parts.sources.repair.run(&order).await.map_err(refused)?;
            Ok(HttpResponse::SeeOther()
                .insert_header((LOCATION, "/staff/sources"))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish())
        }
        .await,
    )
}

fn refused(error: RepairError) -> HttpResponse {
    match error {
        RepairError::NotFound => told(StatusCode::NOT_FOUND, "没有这一行，请刷新后再试。"),
        RepairError::NotUsed => {
            told(StatusCode::CONFLICT, "这份文件已被替换，请处理新文件中的行。")
        }
        RepairError::Done => told(StatusCode::CONFLICT, "这一行刚刚有人处理过，请刷新。"),
        RepairError::Reason => told(StatusCode::BAD_REQUEST, "请写明理由，不超过200字。"),
        RepairError::StillBad(why) => {
            told(StatusCode::BAD_REQUEST, &format!("修正后仍然无法解析：{why}。"))
        }
        RepairError::Totals => told(StatusCode::BAD_REQUEST, "这样修正后，文件的合计就对不上了。"),
        RepairError::Store(error) => failed(&error),
        error @ (RepairError::NoReader(_) | RepairError::Step(_) | RepairError::Overflow(_)) => {
            tracing::error!(error = %chain(&error), "a line was not repaired");
            told(StatusCode::INTERNAL_SERVER_ERROR, "没有修正成功，请通知运维。")
        }
    }
}

fn page(
    who: &SignedIn,
    days: &[(Date, Vec<CalendarLine>)],
    open: &[KeptLine],
    now: Timestamp,
) -> Markup {
    let body = html! {
        p { a href="/staff/" { "← 返回日历" } }
        h1 { "对账文件" }
        @if days.iter().all(|(_, lines)| lines.is_empty()) { p { "没有接入任何渠道，也就没有应到的文件。" } } @else {
            table {
                caption { "最近" (DAYS) "天应到的文件，最近的在前。时间为北京时间。" }
                thead { tr { th { "对账日" } th { "文件" } th { "来自" } th { "状态" } th { "应到" } th.n { "行数" } th.n { "无法解析" } th { "说明" } } }
                tbody { @for (day, lines) in days { @for line in lines { (row(*day, line, now)) } } }
            }
        }
        h2 { "待处理的行（" (open.len()) "）" }
        @if open.is_empty() { p { "没有无法解析的行。" } }
        @for (at, line) in open.iter().enumerate() { (line_form(who, at, line)) }
    };
    layout("对账文件", Some(who), &body)
}

fn row(day: Date, line: &CalendarLine, now: Timestamp) -> Markup {
    let key = &line.expected.key;
    let problem = line.slot.problem.as_ref();
    html! {
        tr {
            td { (day) }
            td { (key.kind().chinese()) " " code { (key.owner()) } }
            td { (key.kind().owner().chinese()) }
            td { (state(line.slot.state)) }
            td { (when(line.expected.expected_at)) @if line.slot.state == SourceState::Expected && now > line.expected.due_at { " " span.bad { "已过时限" } } }
            td.n { @if let Some(file) = &line.file { (file.accepted.lines) } @else { "—" } }
            td.n { @if let Some(file) = &line.file { (file.set_aside) } @else { "—" } }
            td { @if let Some(problem) = problem { (problem.code.words().0) " " (problem.note) } }
        }
    }
}

fn state(state: SourceState) -> Markup {
    match state {
        SourceState::Expected => html! { span.wait { "未到" } },
        SourceState::Late => html! { span.bad { "迟到" } },
        SourceState::Nothing => html! { "当日无交易" },
        SourceState::Received | SourceState::Verified | SourceState::Parsed => {
            html! { span.wait { "已收到" } }
        }
        SourceState::Quarantined => html! { span.bad { "已采用，有行待处理" } },
        SourceState::Accepted => html! { span.ok { "已采用" } },
        SourceState::Refused => html! { span.bad { "不可用" } },
        SourceState::Superseded => html! { "已被替换" },
    }
}

fn line_form(who: &SignedIn, at: usize, line: &KeptLine) -> Markup {
    let (text, why) = (format!("text-{at}"), format!("why-{at}"));
    html! {
        fieldset {
            legend { (line.file.key.day()) " " (line.file.key.kind().chinese()) " 第" (line.line_no) "行" }
            p { span.bad { (line.reason) } @if let Some(fen) = line.amount { "，金额" (fen) "元" } }
            form method="post" action="/staff/lines" {
                (mark(who))
                input type="hidden" name="file" value=(line.file);
                input type="hidden" name="line" value=(line.line_no);
                label for=(text) { "这一行应当是" }
                textarea id=(text) name="text" rows="3" maxlength="4000" { (line.raw) }
                label for=(why) { "理由（对账单位的回复、来函编号）" } " "
                input id=(why) name="reason" required maxlength="200";
                " " button type="submit" name="do" value="repair" { "修正并重新对账" }
                " " button type="submit" name="do" value="drop" { "不是明细，丢弃" }
            }
        }
    }
}

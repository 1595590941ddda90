//! The desk of reconciliation: what its pages show and what their forms do.

use super::exception_page::Known;
use super::form::{Fields, sent};
use super::legs_page::Shown;
use super::page::{missing, respond};
use super::{desk_page, exception_page, proposal_page};
use crate::graphql::error::chain;
use crate::parts::Parts;
use crate::staff_door::{SignedIn, open_desk};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::identity::AuditRecord;
use domain::outside::StoreError;
use domain::reconciliation::desk::{
    Action, DecisionKind, DeskBook, DeskError, Exception, ExceptionFilter, ExceptionState as State,
    LineVerdict, ProposalKind, Refusal, Wish, Word,
};
use jiff::civil::Date;

/// So many proposals wait at most on one page.
const PROPOSALS: u32 = 200;
/// So many days the calendar goes back.
const DAYS: i64 = 92;
/// A reason is a sentence.
const MAX_REASON: usize = 200;

pub(super) type Answer = Result<HttpResponse, HttpResponse>;

pub(super) fn whole(answer: Answer) -> HttpResponse {
    answer.unwrap_or_else(|refused| refused)
}

pub(super) fn failed(error: &StoreError) -> HttpResponse {
    tracing::error!(error = %chain(error), "a page of the desk failed");
    told(StatusCode::SERVICE_UNAVAILABLE, "数据库暂时没有应答，请稍后刷新。")
}

pub(super) fn told(status: StatusCode, why: &str) -> HttpResponse {
    respond(status, &missing(why))
}

/// For whoever pressed the button: what is wrong, and the way back.
pub(super) fn refused(error: DeskError) -> HttpResponse {
    match error {
        DeskError::Refused(refusal) => {
            let status = match refusal {
                Refusal::Role | Refusal::SamePerson | Refusal::NotDelegated => {
                    StatusCode::FORBIDDEN
                }
                Refusal::NotFound(_) => StatusCode::NOT_FOUND,
                Refusal::Words | Refusal::Count | Refusal::Unfit(_) => StatusCode::BAD_REQUEST,
                Refusal::Changed(_)
                | Refusal::NotPending
                | Refusal::DayClosed
                | Refusal::DayOpen
                | Refusal::NotWhole
                | Refusal::FilesMissing(_)
                | Refusal::Unassigned(_)
                | Refusal::FilesAwaited(_) => StatusCode::CONFLICT,
            };
            told(status, &format!("{}。", refusal.say()))
        }
        DeskError::Store(StoreError::Conflict) => {
            told(StatusCode::CONFLICT, "刚刚有人先做了改动，请返回刷新后再试。")
        }
        DeskError::Store(error) => failed(&error),
        DeskError::Signer(why) => {
            tracing::error!(error = %why, "a day cannot be sealed");
            told(StatusCode::INTERNAL_SERVER_ERROR, "封存密钥不可用，没有关账，请通知运维。")
        }
    }
}

pub(super) fn to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// The days of the calendar, for the console's front page.
pub async fn calendar(parts: &Parts) -> Result<maud::Markup, StoreError> {
    let today = domain::clock::beijing_day(parts.clock.now());
    let first = today.checked_sub(jiff::Span::new().days(DAYS)).unwrap_or(Date::MIN);
    // A day that is ahead of the clock is shown too: somebody has filed it.
    let days = parts.desk.book.list_days(first, Date::MAX).await?;
    Ok(desk_page::calendar(&days))
}

fn day_in(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn no_day() -> HttpResponse {
    told(StatusCode::NOT_FOUND, "没有这一天。")
}

async fn all_of(parts: &Parts, day: Date) -> Result<Vec<Exception>, HttpResponse> {
    let of_day = ExceptionFilter { day: Some(day), ..ExceptionFilter::default() };
    let found = parts.desk.book.exceptions(&of_day, None, u32::MAX).await;
    found.map_err(|error| failed(&error))
}

/// One day.
pub async fn day(
    request: HttpRequest,
    path: web::Path<String>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(show_day(&request, &path, &parts).await)
}

async fn show_day(request: &HttpRequest, path: &str, parts: &Parts) -> Answer {
    let who = open_desk(request, parts).await?;
    let day = day_in(path).ok_or_else(no_day)?;
    let book = parts.desk.book.as_ref();
    let read = async {
        let Some(found) = book.find_day(day).await? else { return Ok(None) };
        let standing = book.standing(day).await?;
        let (runs, seals) = (book.runs(day).await?, book.seals(day).await?);
        let proposals = book.open_proposals(PROPOSALS).await?;
        Ok::<_, StoreError>(Some((found, standing, runs, seals, proposals)))
    };
    let read = read.await.map_err(|error| failed(&error))?;
    let missing = || told(StatusCode::NOT_FOUND, "这一天还没有登记过对账。");
    let (found, standing, runs, seals, proposals) = read.ok_or_else(missing)?;
    let exceptions = all_of(parts, day).await?;
    let view = desk_page::DayView {
        who: &who,
        day: &found,
        standing: &standing,
        runs: &runs,
        exceptions: &exceptions,
        seals: &seals,
        proposals: &proposals,
        now: parts.clock.now(),
    };
    Ok(respond(StatusCode::OK, &desk_page::day(&view)))
}

/// What a run said of one line of one of its files.
pub async fn line(
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let day = day_in(&path).ok_or_else(no_day)?;
            let number = |name: &str| {
                let found = query.iter().find(|(key, _)| key == name);
                found.and_then(|(_, value)| value.trim().parse::<u32>().ok()).filter(|no| *no > 0)
            };
            let wrong = || told(StatusCode::BAD_REQUEST, "请填写从1开始的行号。");
            let (run, position) = number("run").zip(number("file")).ok_or_else(wrong)?;
            let line_no = number("line").ok_or_else(wrong)?;
            let book = parts.desk.book.as_ref();
            let files = book.judged_files(day, run).await.map_err(|error| failed(&error))?;
            let unused =
                || told(StatusCode::NOT_FOUND, "这次对账没有采用这份文件，其中没有一行有结论。");
            let file = files.iter().find(|file| file.position == position).ok_or_else(unused)?;
            let bytes = book.line_verdicts(day, run, position, line_no).await;
            let bytes = bytes.map_err(|error| failed(&error))?;
            let verdict = bytes.first().and_then(|byte| LineVerdict::from_byte(*byte));
            let page = desk_page::line(&who, (day, run), file, (line_no, verdict));
            Ok(respond(StatusCode::OK, &page))
        }
        .await,
    )
}

/// Every exception of a day as CSV.
pub async fn day_csv(
    request: HttpRequest,
    path: web::Path<String>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            open_desk(&request, &parts).await?;
            let day = day_in(&path).ok_or_else(no_day)?;
            let rows = all_of(&parts, day).await?;
            let name = format!("attachment; filename=\"exceptions-{day}.csv\"");
            Ok(HttpResponse::Ok()
                .content_type("text/csv; charset=utf-8")
                .insert_header((CONTENT_DISPOSITION, name))
                .insert_header((CACHE_CONTROL, "no-store"))
                .body(super::csv::exceptions(&rows)))
        }
        .await,
    )
}

/// The work list of a day.
pub async fn list_of_day(
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            show_list(&request, Some(day_in(&path).ok_or_else(no_day)?), &query, &parts).await
        }
        .await,
    )
}

/// The work list of all days.
pub async fn list(
    request: HttpRequest,
    query: web::Query<Vec<(String, String)>>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(show_list(&request, None, &query, &parts).await)
}

/// States of the list, unless another one is asked for.
fn states(asked: Option<&str>) -> Vec<State> {
    match asked.and_then(State::from_word) {
        Some(state) => vec![state],
        None => State::ALL.into_iter().filter(|state| state.is_open()).collect(),
    }
}

async fn show_list(
    request: &HttpRequest,
    day: Option<Date>,
    query: &[(String, String)],
    parts: &Parts,
) -> Answer {
    let who = open_desk(request, parts).await?;
    let field = |name: &str| {
        query.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned())
    };
    let words = field("q").filter(|words| !words.is_empty());
    // Whoever searches wants it whatever became of it.
    let states = if words.is_some() { Vec::new() } else { states(field("state").as_deref()) };
    let filter = ExceptionFilter {
        day,
        states,
        code: field("code"),
        rail: field("rail"),
        cause: field("cause"),
        assignee: field("assignee"),
        proposal: None,
        words: words.clone(),
    };
    let after = field("after");
    let found = parts.desk.book.exceptions(&filter, after.as_deref(), desk_page::PAGE + 1).await;
    let mut rows = found.map_err(|error| failed(&error))?;
    let more = rows.len() > desk_page::PAGE as usize;
    rows.truncate(desk_page::PAGE as usize);
    let kept: Vec<String> = query
        .iter()
        .filter(|(key, _)| key != "after")
        .map(|(key, value)| format!("{}={}", desk_page::encoded(key), desk_page::encoded(value)))
        .collect();
    let here = format!("{}?{}", request.path(), kept.join("&"));
    let last = rows.last().filter(|_| more).map(|row| format!("{here}&after={}", row.no));
    let words = words.unwrap_or_default();
    let now = parts.clock.now();
    let view =
        desk_page::ListView { who: &who, day, here, words: &words, rows: &rows, next: last, now };
    Ok(respond(StatusCode::OK, &desk_page::list(&view)))
}

/// One exception.
pub async fn exception(
    request: HttpRequest,
    path: web::Path<String>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let book = parts.desk.book.as_ref();
            let found = book.find_exception(&path).await.map_err(|error| failed(&error))?;
            let found = found
                .ok_or_else(|| told(StatusCode::NOT_FOUND, "没有这个编号的差错，请核对编号。"))?;
            let known = known(book, &found).await?;
            let now = parts.clock.now();
            let page = exception_page::exception(&who, &found, &known, Shown::Masked, now);
            Ok(respond(StatusCode::OK, &page))
        }
        .await,
    )
}

async fn known(book: &dyn DeskBook, found: &Exception) -> Result<Known, HttpResponse> {
    let read = async {
        let history = book.history(&found.no).await?;
        let legs = book.legs(&found.no).await?;
        let traces = match found.is.order_no.as_str() {
            "" => Vec::new(),
            order_no => book.traces(order_no).await?,
        };
        Ok(Known { history, legs, traces })
    };
    read.await.map_err(|error| failed(&error))
}

/// Shows personal data of an exception's lines to somebody who says why.
pub async fn look(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let (who, fields) = sent(&request, &body, &parts).await?;
            let reason = fields.get("reason").trim();
            if reason.is_empty() || reason.chars().count() > MAX_REASON {
                return Err(told(StatusCode::BAD_REQUEST, "请写明查看原文的理由，不超过200字。"));
            }
            let book = parts.desk.book.as_ref();
            let found = book.find_exception(&path).await.map_err(|error| failed(&error))?;
            let found = found
                .ok_or_else(|| told(StatusCode::NOT_FOUND, "没有这个编号的差错，请核对编号。"))?;
            let now = parts.clock.now();
            let name = &who.account.name;
            let audit = AuditRecord::new(now, name, "EXCEPTION_LOOK", &found.no, reason);
            // First the note, then the look: whoever sees it was written down.
            parts.desk.audit.append(&audit).await.map_err(|error| failed(&error))?;
            let known = known(book, &found).await?;
            let page = exception_page::exception(&who, &found, &known, Shown::Whole, now);
            Ok(respond(StatusCode::OK, &page))
        }
        .await,
    )
}

/// `number:revision`, as the page showed it.
fn picked(fields: &Fields) -> Vec<(String, u32)> {
    let pick = |text: &str| {
        let (no, revision) = text.rsplit_once(':')?;
        Some((no.to_owned(), revision.parse().ok()?))
    };
    fields.all("pick").filter_map(pick).collect()
}

/// A path of the console to go back to.
fn back(fields: &Fields) -> &str {
    let asked = fields.get("back");
    let fits = asked.starts_with("/staff/") && asked.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { asked } else { "/staff/" }
}

/// Takes what was picked, or proposes an action for it.
pub async fn act(request: HttpRequest, body: web::Bytes, parts: web::Data<Parts>) -> HttpResponse {
    whole(
        async {
            let (who, fields) = sent(&request, &body, &parts).await?;
            let shown = picked(&fields);
            match fields.get("do") {
                "take" => {
                    let done = parts.desk.take.run(&who.account, &shown, &who.account.name).await;
                    done.map_err(refused)?;
                    Ok(to(back(&fields)))
                }
                "propose" => {
                    let action = Action::from_word(fields.get("action"))
                        .ok_or_else(|| told(StatusCode::BAD_REQUEST, "请选择处理方式。"))?;
                    let wish = Wish {
                        shown,
                        action,
                        reason: fields.get("reason").to_owned(),
                        evidence: fields.get("evidence").to_owned(),
                        acting_for: fields.get("acting_for").to_owned(),
                    };
                    let made =
                        parts.desk.propose.run(&who.account, &wish).await.map_err(refused)?;
                    Ok(to(&format!("/staff/proposals/{}", made.no)))
                }
                _ => Err(told(StatusCode::BAD_REQUEST, "请选择要做的事。")),
            }
        }
        .await,
    )
}

/// Proposes to close a day.
pub async fn close_day(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(propose_day(&request, &path, &body, &parts, ProposalKind::CloseDay).await)
}

/// Proposes to open a sealed day again.
pub async fn reopen_day(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(propose_day(&request, &path, &body, &parts, ProposalKind::ReopenDay).await)
}

async fn propose_day(
    request: &HttpRequest,
    path: &str,
    body: &web::Bytes,
    parts: &Parts,
    kind: ProposalKind,
) -> Answer {
    let (who, fields) = sent(request, body, parts).await?;
    let day = day_in(path).ok_or_else(no_day)?;
    let made = parts.desk.propose_day.run(&who.account, day, kind, fields.get("reason")).await;
    let made = made.map_err(refused)?;
    Ok(to(&format!("/staff/proposals/{}", made.no)))
}

/// Proposals that wait.
pub async fn proposals(request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let found = parts.desk.book.open_proposals(PROPOSALS).await;
            let found = found.map_err(|error| failed(&error))?;
            Ok(respond(StatusCode::OK, &proposal_page::list(&who, &found)))
        }
        .await,
    )
}

/// One proposal.
pub async fn proposal(
    request: HttpRequest,
    path: web::Path<String>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let found =
                parts.desk.book.find_proposal(&path).await.map_err(|error| failed(&error))?;
            let found = found
                .ok_or_else(|| told(StatusCode::NOT_FOUND, "没有这个编号的提案，请核对编号。"))?;
            Ok(respond(StatusCode::OK, &proposal_page::proposal(&who, &found)))
        }
        .await,
    )
}

/// Decides about a proposal, or does what was agreed to.
pub async fn decide(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(decided(&request, &path, &body, &parts).await)
}

async fn decided(request: &HttpRequest, no: &str, body: &web::Bytes, parts: &Parts) -> Answer {
    let (who, fields) = sent(request, body, parts).await?;
    let SignedIn { account, .. } = &who;
    let here = format!("/staff/proposals/{no}");
    match fields.get("do") {
        "EXECUTE" => {
            let done = parts.desk.execute.run(account, no, fields.get("reference")).await;
            done.map_err(refused)?;
            Ok(to(&here))
        }
        "RULES" => {
            let done = parts.desk.rules.enact(account, no).await;
            done.map_err(super::rules_page::refused)?;
            Ok(to("/staff/rules"))
        }
        "DAY" => {
            parts.desk.close.run(account, no).await.map_err(refused)?;
            let found = parts.desk.book.find_proposal(no).await.map_err(|error| failed(&error))?;
            let day = found.and_then(|found| found.made.day);
            Ok(to(&day.map_or(here, |day| format!("/staff/desk/{day}"))))
        }
        word => {
            let kind = DecisionKind::from_word(word)
                .ok_or_else(|| told(StatusCode::BAD_REQUEST, "请选择同意或退回。"))?;
            let word = Word {
                proposal_no: no.to_owned(),
                digest: fields.get("digest").to_owned(),
                kind,
                reason: fields.get("reason").to_owned(),
                acting_for: fields.get("acting_for").to_owned(),
            };
            parts.desk.decide.run(account, &word).await.map_err(refused)?;
            Ok(to(&here))
        }
    }
}

//! The desk of the reconciliation staff at `/staff/`: days, one day's result, its differences.
//! Server-rendered, in Chinese, usable from the keyboard; behind a password.

mod chart;
mod csv;
mod desk;
mod desk_page;
mod exception_page;
mod form;
mod legs_page;
pub(crate) mod page;
mod proposal_page;
mod report_page;
mod rules_page;
mod sign_in;
mod sources_page;

use crate::graphql::error::chain;
use crate::parts::Parts;
use crate::staff_door::{SignedIn, open_desk};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::outside::StoreError;
use domain::payment::Rail;
use domain::reconciliation::DayResult;
use jiff::civil::Date;
use page::respond;

/// So many days the list shows.
const DAYS: u16 = 92;
/// The console's own script.
const SCRIPT: &str = include_str!("staff/console.js");

/// The routes below `/staff`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("", web::get().to(to_desk))
        .route("/", web::get().to(days))
        .route("/console.js", web::get().to(script))
        .route("/sign-in", web::get().to(sign_in::show))
        .route("/sign-in", web::post().to(sign_in::enter))
        .route("/sign-out", web::post().to(sign_in::leave))
        .route("/list", web::get().to(desk::list))
        .route("/exceptions", web::post().to(desk::act))
        .route("/exceptions/{no}", web::get().to(desk::exception))
        .route("/exceptions/{no}/look", web::post().to(desk::look))
        .route("/sources", web::get().to(sources_page::show))
        .route("/lines", web::post().to(sources_page::repair))
        .route("/rules", web::get().to(rules_page::show))
        .route("/rules", web::post().to(rules_page::propose))
        .route("/reports", web::get().to(report_page::show))
        .route("/reports/{report}.{ending}", web::get().to(report_page::file))
        .route("/proposals", web::get().to(desk::proposals))
        .route("/proposals/{no}", web::get().to(desk::proposal))
        .route("/proposals/{no}", web::post().to(desk::decide))
        .route("/desk/{day}.csv", web::get().to(desk::day_csv))
        .route("/desk/{day}", web::get().to(desk::day))
        .route("/desk/{day}/line", web::get().to(desk::line))
        .route("/desk/{day}/list", web::get().to(desk::list_of_day))
        .route("/desk/{day}/close", web::post().to(desk::close_day))
        .route("/desk/{day}/reopen", web::post().to(desk::reopen_day))
        .route("/days/{rail}/{day}.csv", web::get().to(day_csv))
        .route("/days/{rail}/{day}", web::get().to(day));
}

async fn to_desk() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/staff/")).finish()
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(SCRIPT)
}

async fn days(request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    let who = match open_desk(&request, &parts).await {
        Ok(who) => who,
        Err(closed) => return closed,
    };
    let desk = desk::calendar(&parts).await;
    let found = parts.days.list(DAYS).await;
    let (backlog, check) = (parts.outbox.backlog().await, parts.ledger.last_check().await);
    match (desk, found, backlog, check) {
        (Ok(desk), Ok(days), Ok(backlog), Ok(check)) => {
            let now = parts.clock.now();
            respond(StatusCode::OK, &page::days(&who, &desk, &days, backlog, check.as_ref(), now))
        }
        (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) => {
            broken(&error)
        }
    }
}

async fn day(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    match one_day(&request, &path, &parts).await {
        Ok((who, result)) => respond(StatusCode::OK, &page::day(&who, &result)),
        Err(response) => response,
    }
}

async fn day_csv(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    match one_day(&request, &path, &parts).await {
        Ok((_, result)) => {
            let (rail, day) = (result.rail.code(), result.day);
            let name = format!("attachment; filename=\"{rail}-{day}.csv\"");
            HttpResponse::Ok()
                .content_type("text/csv; charset=utf-8")
                .insert_header((CONTENT_DISPOSITION, name))
                .insert_header((CACHE_CONTROL, "no-store"))
                .body(csv::day(&result))
        }
        Err(response) => response,
    }
}

async fn one_day(
    request: &HttpRequest,
    (rail, day): &(String, String),
    parts: &Parts,
) -> Result<(SignedIn, DayResult), HttpResponse> {
    let who = open_desk(request, parts).await?;
    let missing = || {
        let page = page::missing("没有这一天的对账结果。对账单在次日10:00后取得。");
        respond(StatusCode::NOT_FOUND, &page)
    };
    let (Some(rail), Ok(day)) = (Rail::from_code(rail), day.parse::<Date>()) else {
        return Err(missing());
    };
    let found = parts.days.find(rail, day).await.map_err(|error| broken(&error))?;
    Ok((who, found.ok_or_else(missing)?))
}

fn broken(error: &StoreError) -> HttpResponse {
    tracing::error!(error = %chain(error), "staff page failed");
    let page = page::missing("数据库暂时没有应答，请稍后刷新。");
    respond(StatusCode::INTERNAL_SERVER_ERROR, &page)
}

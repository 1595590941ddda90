//! The desk of the reconciliation staff at `/staff/`: days, one day's result, its differences.
//! Server-rendered, in Chinese, usable from the keyboard; behind a password.

mod csv;
mod page;

use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::outside::StoreError;
use domain::payment::Rail;
use domain::reconciliation::DayResult;
use jiff::civil::Date;

/// So many days the list shows.
const DAYS: u16 = 92;

/// The routes below `/staff`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("", web::get().to(to_desk))
        .route("/", web::get().to(days))
        .route("/days/{rail}/{day}.csv", web::get().to(day_csv))
        .route("/days/{rail}/{day}", web::get().to(day));
}

async fn to_desk() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/staff/")).finish()
}

async fn days(request: HttpRequest, parts: web::Data<Parts>) -> HttpResponse {
    if let Err(closed) = parts.staff_door.open(&request).await {
        return closed;
    }
    let found = parts.days.list(DAYS).await;
    let (backlog, check) = (parts.outbox.backlog().await, parts.ledger.last_check().await);
    match (found, backlog, check) {
        (Ok(days), Ok(backlog), Ok(check)) => {
            html(page::days(&days, backlog, check.as_ref(), parts.clock.now()))
        }
        (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => broken(&error),
    }
}

async fn day(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    match one_day(&request, &path, &parts).await {
        Ok(result) => html(page::day(&result)),
        Err(response) => response,
    }
}

async fn day_csv(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    match one_day(&request, &path, &parts).await {
        Ok(result) => {
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
) -> Result<DayResult, HttpResponse> {
    parts.staff_door.open(request).await?;
    let missing = || {
        let page = page::missing("没有这一天的对账结果。对账单在次日10:00后取得。");
        HttpResponse::NotFound().content_type(HTML).body(page.into_string())
    };
    let (Some(rail), Ok(day)) = (Rail::from_code(rail), day.parse::<Date>()) else {
        return Err(missing());
    };
    let found = parts.days.find(rail, day).await.map_err(|error| broken(&error))?;
    found.ok_or_else(missing)
}

const HTML: &str = "text/html; charset=utf-8";

fn html(page: maud::Markup) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(HTML)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(page.into_string())
}

fn broken(error: &StoreError) -> HttpResponse {
    tracing::error!(error = %chain(error), "staff page failed");
    let page = page::missing("数据库暂时没有应答，请稍后刷新。");
    HttpResponse::InternalServerError().content_type(HTML).body(page.into_string())
}

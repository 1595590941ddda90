//! The published texts of a draw, for everybody: codes only, no personal data.

use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use domain::casework::lottery::Issue;
use domain::catalogue::AppSlug;

/// `GET /lottery/{app}/{issue}/{text}`.
pub async fn text(
    parts: web::Data<Parts>,
    path: web::Path<(String, String, String)>,
) -> HttpResponse {
    let (app, issue, name) = path.into_inner();
    let (Ok(app), Ok(issue)) = (AppSlug::new(&app), Issue::new(&issue)) else {
        return none();
    };
    let draw = match parts.lotteries.find_draw(&app, issue).await {
        Ok(Some(draw)) => draw,
        Ok(None) => return none(),
        Err(error) => {
            tracing::error!(error = %chain(&error), "a draw cannot be read");
            return HttpResponse::ServiceUnavailable().finish();
        }
    };
    // A list is fixed once it is there; what is told of the draw grows once.
    let (text, cache) = match name.as_str() {
        "draw.txt" => (draw.text(), "no-cache"),
        "eligible.txt" => (draw.list, "public, max-age=86400"),
        "winners.txt" => (draw.drawn.map(|drawn| drawn.winners).unwrap_or_default(), "no-cache"),
        _ => return none(),
    };
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, cache))
        .body(text)
}

fn none() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("没有这次摇号\n")
}

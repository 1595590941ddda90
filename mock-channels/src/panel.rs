//! The page for testers. Everything it does, it does through the control API.

use actix_web::HttpResponse;
use actix_web::web;

const PAGE: &str = include_str!("panel/page.html");

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(page));
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .body(PAGE)
}

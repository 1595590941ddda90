//! `/apps/{slug}`: where the code of an app leads whoever scans it with a camera: a name, and the
//! way into the app. Our own clients do not come here, they ask `resolveScan`.

use super::page::{note, page};
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use domain::catalogue::AppSlug;
use maud::html;

/// What the app is.
pub async fn show(slug: web::Path<String>, parts: web::Data<Parts>) -> HttpResponse {
    let catalogue = parts.catalogue.current();
    let app = AppSlug::new(&slug).ok();
    let Some(app) = app.as_ref().and_then(|slug| catalogue.app(slug)) else {
        return note(StatusCode::NOT_FOUND, "没有这个应用", "它可能已经下线，请在首页搜索。");
    };
    page(
        StatusCode::OK,
        &app.name.zh,
        false,
        &html! {
            p { (app.summary) }
            p.note { "请打开手机客户端，或微信、支付宝里的小程序，用“扫一扫”扫这个码办理。" }
        },
    )
}

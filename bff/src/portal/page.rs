//! The frame of every page: one menu, one column, nothing from elsewhere.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use maud::{DOCTYPE, Markup, html};

/// Style and script come from here alone, and the script asks nobody else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The entries of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What there is.
    Overview,
    /// From nothing to a paid fine.
    FirstFine,
    /// Queries, mutations, subscriptions.
    Operations,
    /// Everything they speak of.
    Types,
    /// What can go wrong.
    Errors,
    /// What is refused for being too much.
    Limits,
    /// What became different when.
    Changes,
}

impl Place {
    const ALL: [(Self, &'static str, &'static str, &'static str); 7] = [
        (Self::Overview, "/docs/", "总览", "Overview"),
        (Self::FirstFine, "/docs/first-fine", "十分钟上手", "First paid fine"),
        (Self::Operations, "/docs/operations", "操作", "Operations"),
        (Self::Types, "/docs/types", "类型", "Types"),
        (Self::Errors, "/docs/errors", "错误", "Errors"),
        (Self::Limits, "/docs/limits", "限额", "Limits"),
        (Self::Changes, "/docs/changes", "更新记录", "Changelog"),
    ];
}

/// A page of the portal.
pub fn page(status: StatusCode, place: Place, title: &str, body: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · 一网接口文档" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/docs/portal.css";
                script src="/docs/portal.js" defer {}
            }
            body {
                a.skip href="#main" { "跳到正文" }
                header {
                    a.brand href="/docs/" { "一网" span { "接口文档" } }
                    nav aria-label="目录" {
                        @for (one, address, words, english) in Place::ALL {
                            a href=(address) aria-current=[(one == place).then_some("page")] {
                                (words) " " span lang="en" { (english) }
                            }
                        }
                    }
                }
                main id="main" tabindex="-1" { h1 { (title) } (body) }
            }
        }
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(page.into_string())
}

/// A file of the pages; browsers ask again soon after a release.
pub fn asset(media_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .body(text)
}

//! `/docs/`: the portal for client developers. Server-rendered, without outside scripts; reads
//! without any script, and has one of its own for trying operations. What it says of the schema,
//! of errors and of limits it takes from the code that is running.

mod changes;
mod example;
mod first_fine;
mod markup;
mod operation_pages;
mod page;
mod pages;
mod reference;
mod snippets;
mod type_pages;

pub use crate::http::limits::Limit;

use crate::graphql;
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use adapters::demo_citizen::DemoCitizens;
use maud::{Markup, html};
use page::{Place, asset, page};
use reference::Reference;
use std::sync::LazyLock;

/// How much of the portal there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalMode {
    /// Nothing: the paths do not exist.
    Off,
    /// Pages to read.
    Read,
    /// Operations can be tried on the pages, too.
    Try,
}

impl PortalMode {
    /// `off`, `read` or `try`.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "off" => Some(Self::Off),
            "read" => Some(Self::Read),
            "try" => Some(Self::Try),
            _ => None,
        }
    }
}

/// What the pages need to know of this server.
pub struct Portal {
    /// How much of it there is.
    pub mode: PortalMode,
    /// How clients reach the server.
    pub public_url: String,
    /// Makes citizens who try it; `None`: no mock channels are served beside.
    pub citizens: Option<DemoCitizens>,
    /// What is refused for being too much.
    pub limits: Vec<Limit>,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::of(&graphql::sdl()));

/// The routes below `/docs`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("", web::get().to(to_overview))
        .route("/", web::get().to(overview))
        .route("/first-fine", web::get().to(first_fine))
        .route("/operations", web::get().to(operations))
        .route("/operations/{name}", web::get().to(operation))
        .route("/types", web::get().to(types))
        .route("/types/{name}", web::get().to(one_type))
        .route("/errors", web::get().to(errors))
        .route("/limits", web::get().to(limits))
        .route("/changes", web::get().to(changes))
        .route("/portal.css", web::get().to(style))
        .route("/portal.js", web::get().to(script))
        .route("/demo-citizen", web::post().to(demo_citizen));
}

/// A page, where there is a portal.
fn shown(
    parts: &Parts,
    place: Place,
    title: &str,
    body: impl FnOnce(&Portal) -> Markup,
) -> HttpResponse {
    match parts.portal.mode {
        PortalMode::Off => nothing(),
        PortalMode::Read | PortalMode::Try => {
            page(StatusCode::OK, place, title, &body(&parts.portal))
        }
    }
}

fn nothing() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("没有这个页面\n")
}

/// A page that says that there is no such thing, where there is a portal.
fn unknown(parts: &Parts, place: Place) -> HttpResponse {
    if parts.portal.mode == PortalMode::Off {
        return nothing();
    }
    let body = html! { p { "请从左边的目录里选择，或检查网址。" } };
    page(StatusCode::NOT_FOUND, place, "没有这一页", &body)
}

async fn to_overview(parts: web::Data<Parts>) -> HttpResponse {
    if parts.portal.mode == PortalMode::Off {
        return nothing();
    }
    HttpResponse::Found().insert_header(("Location", "/docs/")).finish()
}

async fn overview(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::Overview, "一网接口文档", |portal| {
        pages::overview(portal, &REFERENCE)
    })
}

async fn first_fine(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::FirstFine, "十分钟缴第一笔罚款", first_fine::steps)
}

async fn operations(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::Operations, "操作", |_| operation_pages::list(&REFERENCE))
}

async fn operation(name: web::Path<String>, parts: web::Data<Parts>) -> HttpResponse {
    match REFERENCE.operation(&name) {
        Some(found) => shown(&parts, Place::Operations, &found.field.name, |portal| {
            operation_pages::one(portal, &REFERENCE, found)
        }),
        None => unknown(&parts, Place::Operations),
    }
}

async fn types(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::Types, "类型", |_| type_pages::list(&REFERENCE))
}

async fn one_type(name: web::Path<String>, parts: web::Data<Parts>) -> HttpResponse {
    match REFERENCE.find(&name) {
        Some(found) => shown(&parts, Place::Types, &name, |_| type_pages::one(found)),
        None => unknown(&parts, Place::Types),
    }
}

async fn errors(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::Errors, "错误", |_| pages::errors(&REFERENCE))
}

async fn limits(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::Limits, "限额", pages::limits)
}

async fn changes(parts: web::Data<Parts>) -> HttpResponse {
    shown(&parts, Place::Changes, "更新记录", |_| pages::changes())
}

async fn style(parts: web::Data<Parts>) -> HttpResponse {
    match parts.portal.mode {
        PortalMode::Off => nothing(),
        PortalMode::Read | PortalMode::Try => {
            asset("text/css; charset=utf-8", include_str!("portal/portal.css"))
        }
    }
}

async fn script(parts: web::Data<Parts>) -> HttpResponse {
    match parts.portal.mode {
        PortalMode::Off => nothing(),
        PortalMode::Read | PortalMode::Try => {
            asset("text/javascript; charset=utf-8", include_str!("portal/portal.js"))
        }
    }
}

/// A citizen of the mock channels with codes to sign in by; what the samples on the pages are to
/// be replaced by is said beside.
async fn demo_citizen(parts: web::Data<Parts>) -> HttpResponse {
    let (PortalMode::Try, Some(citizens)) = (parts.portal.mode, &parts.portal.citizens) else {
        return nothing();
    };
    match citizens.make().await {
        Ok(citizen) => HttpResponse::Ok().content_type("application/json").body(
            serde_json::json!({
                "code": citizen.code,
                "phoneCode": citizen.phone_code,
                "samples": {
                    (example::SAMPLE_PLATE): citizen.plate_no,
                    (example::SAMPLE_VIN): citizen.vin_tail,
                },
            })
            .to_string(),
        ),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "mock channels made no citizen");
            HttpResponse::BadGateway().content_type("application/json").body("{}")
        }
    }
}

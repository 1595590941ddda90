//! The page on which a citizen would show a face, with two buttons instead of a camera.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::json;

use crate::control::{Answer, Refusal, read_body};
use crate::server::Shared;

const PAGE: &str = include_str!("face/page.html");

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/face/{ticket}", web::get().to(page));
}

async fn page(outside: Shared, ticket: Path<String>) -> HttpResponse {
    let check = outside.read(|world| world.face_checks.get(ticket.as_str()).cloned());
    match check {
        Some(check) => {
            // The family name is enough to recognise oneself.
            let name: String = check.name.chars().take(1).collect::<String>() + "**";
            let page =
                PAGE.replace("{ticket}", &escaped(&ticket)).replace("{name}", &escaped(&name));
            HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
        }
        None => HttpResponse::NotFound()
            .content_type("text/html; charset=utf-8")
            .body("<!doctype html><html lang=\"zh-CN\"><title>人脸核验</title><p>没有这次核验。"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    passed: bool,
}

/// The lever behind the two buttons.
pub(crate) async fn decide(outside: Shared, ticket: Path<String>, body: Bytes) -> Answer {
    let Decision { passed } = read_body(&body)?;
    outside.change(|world| {
        let check = world
            .face_checks
            .get_mut(ticket.as_str())
            .ok_or_else(|| Refusal::not_found("没有这次人脸核验"))?;
        check.passed = Some(passed);
        Ok(HttpResponse::Ok().json(json!({"passed": passed})))
    })
}

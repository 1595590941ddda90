//! Levers about fault scripts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use serde_json::{Value, json};

use super::{Answer, Refusal};
use crate::clock::rfc3339;
use crate::script::load;
use crate::server::Shared;
use crate::world::script::{Rule, Scripting};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/script", web::get().to(show))
        .route("/script", web::post().to(replace))
        .route("/script", web::delete().to(clear))
        .route("/script/recorded", web::get().to(recorded))
        .route("/script/recorded", web::delete().to(forget));
}

async fn show(outside: Shared) -> Answer {
    outside.read(|world| {
        let Scripting { text, loaded_ms, rules, recorded, .. } = &world.scripting;
        let rules: Vec<Value> = rules.iter().map(described).collect();
        Ok(HttpResponse::Ok().json(json!({
            "text": text,
            "loadedAt": (!text.is_empty()).then(|| rfc3339(*loaded_ms)),
            "rules": rules,
            "recordedLines": recorded.len(),
        })))
    })
}

fn described(rule: &Rule) -> Value {
    json!({
        "line": rule.line,
        "text": rule.text,
        "firedAt": rule.fired.as_ref().map(|fired| rfc3339(fired.at_ms)),
        "said": rule.fired.as_ref().map(|fired| &fired.said),
    })
}

/// A script whole or not at all; all its faults at once, with their lines.
async fn replace(outside: Shared, body: Bytes) -> Answer {
    let text = std::str::from_utf8(&body).map_err(|_encoding| Refusal::bad("脚本应为 UTF-8"))?;
    match load(&outside, text) {
        Ok(()) => show(outside).await,
        Err(faults) => {
            let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Ok(HttpResponse::build(StatusCode::BAD_REQUEST)
                .json(json!({"error": words.join("；"), "faults": faults})))
        }
    }
}

async fn clear(outside: Shared) -> Answer {
    outside.change(|world| {
        let recorded = std::mem::take(&mut world.scripting.recorded);
        world.scripting = Scripting { recorded, ..Scripting::default() };
    });
    show(outside).await
}

/// What testers did by hand, as a script that does it again.
async fn recorded(outside: Shared) -> Answer {
    let lines = outside.read(|world| world.scripting.recorded.clone());
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header(("Content-Disposition", "attachment; filename=recorded.txt"))
        .body(format!("# 模拟渠道：录制的操作\n{text}")))
}

async fn forget(outside: Shared) -> Answer {
    outside.change(|world| world.scripting.recorded.clear());
    show(outside).await
}

//! Levers about applications at departments.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::exchange::application_row;
use crate::server::Shared;
use crate::world::case_book::{CaseState, FiledCase};

const WORDS_MOST: usize = 200;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/applications", web::get().to(list))
        .route("/applications/{request_no}", web::get().to(one))
        .route("/applications/{request_no}", web::post().to(act));
}

fn described(request_no: &str, case: &FiledCase) -> Value {
    let mut described = json!(case);
    described["requestNo"] = json!(request_no);
    described["answers"] = application_row(case);
    described
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    let cases: Vec<Value> = outside.change(|world| {
        let cases = world.cases.iter_mut().map(|(request_no, case)| {
            case.catch_up(now_ms);
            described(request_no, case)
        });
        cases.collect()
    });
    Ok(HttpResponse::Ok().json(json!({ "applications": cases })))
}

async fn one(outside: Shared, request_no: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let case = world.cases.get_mut(request_no.as_str()).ok_or_else(no_such_application)?;
        case.catch_up(now_ms);
        Ok(HttpResponse::Ok().json(described(&request_no, case)))
    })
}

fn no_such_application() -> Refusal {
    Refusal::not_found("没有这个申请")
}

/// What the department does.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Act {
    /// The next station takes it.
    Forward,
    AskMaterials,
    Approve,
    Reject,
    Finish,
    /// It moves by levers only.
    Hold,
    /// It moves by itself again.
    Release,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    act: Act,
    /// Names of what is asked for.
    #[serde(default)]
    materials: Vec<String>,
    /// For the citizen.
    #[serde(default)]
    words: String,
}

async fn act(outside: Shared, request_no: Path<String>, body: Bytes) -> Answer {
    let wanted: Wanted = read_body(&body)?;
    if wanted.words.chars().count() > WORDS_MOST {
        return Err(Refusal::bad("words 最多200个字"));
    }
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let case = world.cases.get_mut(request_no.as_str()).ok_or_else(no_such_application)?;
        case.catch_up(now_ms);
        apply(case, wanted, now_ms)?;
        Ok(HttpResponse::Ok().json(described(&request_no, case)))
    })
}

fn apply(case: &mut FiledCase, wanted: Wanted, now_ms: i64) -> Result<(), Refusal> {
    let decided = matches!(case.state, CaseState::Approved) || case.state.is_over();
    let too_late = || Refusal::conflict("这个申请已有结果");
    match wanted.act {
        Act::Hold => case.held = true,
        Act::Release => {
            case.held = false;
            case.since_ms = now_ms;
        }
        Act::Finish if case.state.is_over() => return Err(too_late()),
        Act::Finish => case.moves(CaseState::Done, now_ms),
        Act::Forward | Act::AskMaterials | Act::Approve | Act::Reject if decided => {
            return Err(too_late());
        }
        Act::Forward => {
            case.station = (case.station + 1).min(case.stations.len());
            case.moves(CaseState::InReview, now_ms);
        }
        Act::AskMaterials => {
            if wanted.materials.is_empty() {
                return Err(Refusal::bad("materials 不能为空"));
            }
            case.moves(CaseState::NeedsMaterials, now_ms);
            case.wanted = wanted.materials;
        }
        Act::Approve => {
            case.station = case.stations.len();
            case.moves(CaseState::Approved, now_ms);
        }
        Act::Reject => case.moves(CaseState::Rejected, now_ms),
    }
    case.words = wanted.words;
    Ok(())
}

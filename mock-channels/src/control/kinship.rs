//! Levers about families and legal representatives.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::json;

use super::citizens::no_such_citizen;
use super::{Answer, Refusal, read_body};
use crate::server::Shared;
use crate::world::kinship::Family;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/families", web::post().to(family))
        .route("/companies/{uscc}/representative", web::post().to(representative));
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewFamily {
    parent_id: String,
    child_id: String,
}

/// One citizen is the other's parent from now on.
async fn family(outside: Shared, body: Bytes) -> Answer {
    let NewFamily { parent_id, child_id } = read_body(&body)?;
    if parent_id == child_id {
        return Err(Refusal::bad("父母与子女应为不同的市民"));
    }
    outside.change(|world| {
        let card = |id: &str| world.citizen(id).map(|citizen| citizen.id_card.clone());
        let parent = card(&parent_id).ok_or_else(no_such_citizen)?;
        let child = card(&child_id).ok_or_else(no_such_citizen)?;
        let family = Family { parent, child };
        if !world.kinship.families.contains(&family) {
            world.kinship.families.push(family);
        }
        Ok(HttpResponse::Ok().json(json!({"parentId": parent_id, "childId": child_id})))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewRepresentative {
    citizen_id: String,
}

/// The register names this citizen, and nobody else, the legal representative.
async fn representative(outside: Shared, uscc: Path<String>, body: Bytes) -> Answer {
    let NewRepresentative { citizen_id } = read_body(&body)?;
    outside.change(|world| {
        if world.gateway.company(&uscc).is_none() {
            return Err(Refusal::not_found("没有这个单位"));
        }
        let citizen = world.citizen(&citizen_id).ok_or_else(no_such_citizen)?;
        let id_card = citizen.id_card.clone();
        world.kinship.representatives.insert(uscc.clone(), id_card);
        Ok(HttpResponse::Ok().json(json!({"uscc": *uscc, "citizenId": citizen_id})))
    })
}

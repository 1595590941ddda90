//! For whoever restarts or routes: is the process alive, can it work?

use crate::parts::Parts;
use actix_web::{HttpResponse, web};

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().body("ok\n")
}

/// The database answers; without it nothing may be promised.
pub async fn ready(parts: web::Data<Parts>) -> HttpResponse {
    match parts.store.ping().await {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(_) => HttpResponse::ServiceUnavailable().body("database not reachable\n"),
    }
}

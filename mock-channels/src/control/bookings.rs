//! Levers about appointments: how many places there are, who came.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::exchange::booking_services;
use crate::server::Shared;

const MOST_PLACES: u32 = 100_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/bookings", web::get().to(list))
        .route("/bookings/{no}/visit", web::post().to(visit))
        .route("/booking-places", web::get().to(places))
        .route("/booking-places", web::post().to(set_places));
}

/// What the departments have booked, by the number of the request.
async fn list(outside: Shared) -> Answer {
    let bookings: BTreeMap<String, Value> = outside.read(|world| {
        let booked = world.bookings.booked.iter();
        booked.map(|(request_no, booked)| (request_no.clone(), json!(booked))).collect()
    });
    Ok(HttpResponse::Ok().json(json!({"bookings": bookings})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Visit {
    came: bool,
}

/// Whether somebody came, by the department's number of the booking.
async fn visit(outside: Shared, no: Path<String>, body: Bytes) -> Answer {
    let Visit { came } = read_body(&body)?;
    outside.change(|world| {
        let booked = world.bookings.by_number(&no);
        let booked = booked.ok_or_else(|| Refusal::not_found("没有这个预约"))?;
        booked.came = Some(came);
        Ok(HttpResponse::Ok().json(json!(booked)))
    })
}

/// The services with their usual places, and what testers said.
async fn places(outside: Shared) -> Answer {
    let said = outside.read(|world| world.bookings.places.clone());
    Ok(HttpResponse::Ok().json(json!({"usual": booking_services(), "places": said})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    /// A service, for all its slots, or one slot.
    of: String,
    places: u32,
}

async fn set_places(outside: Shared, body: Bytes) -> Answer {
    let wanted: Places = read_body(&body)?;
    let is_slot = wanted.of.split('-').count() >= 3 && wanted.of.len() <= 100;
    if !is_slot && !booking_services().contains_key(wanted.of.as_str()) {
        return Err(Refusal::bad("of 应为服务名或号源编号"));
    }
    if wanted.places > MOST_PLACES {
        return Err(Refusal::bad("places 过大"));
    }
    outside.change(|world| world.bookings.places.insert(wanted.of, wanted.places));
    places(outside).await
}

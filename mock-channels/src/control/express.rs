//! Levers of the express carrier.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::clock::rfc3339;
use crate::express;
use crate::server::Shared;
use crate::world::express::{Fate, Parcel};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/express", web::get().to(list))
        .route("/express/{orderNo}", web::post().to(decide));
}

async fn list(outside: Shared) -> Answer {
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let parcels = world.express.parcels.iter();
        let parcels: Vec<Value> = parcels.map(|(no, one)| described(no, one, now_ms)).collect();
        Ok(HttpResponse::Ok().json(json!({"parcels": parcels})))
    })
}

fn described(order_no: &str, parcel: &Parcel, now_ms: i64) -> Value {
    json!({
        "orderNo": order_no,
        "waybillNo": parcel.waybill_no,
        "sender": parcel.sender,
        "content": parcel.content,
        "recipient": parcel.recipient,
        "orderedAt": rfc3339(parcel.ordered_ms),
        "tracks": parcel.tracks(now_ms).iter().map(express::described).collect::<Vec<_>>(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    fate: Fate,
}

/// From now on the parcel goes this way.
async fn decide(outside: Shared, order_no: Path<String>, body: Bytes) -> Answer {
    let Decision { fate } = read_body(&body)?;
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let parcel = world.express.parcels.get_mut(order_no.as_str());
        let parcel = parcel.ok_or_else(|| Refusal::not_found("没有这个快件"))?;
        if parcel.fate.is_some() || parcel.is_over(now_ms) {
            return Err(Refusal::conflict("这个快件已有结果"));
        }
        parcel.fate = Some((fate, now_ms));
        Ok(HttpResponse::Ok().json(described(&order_no, parcel, now_ms)))
    })
}

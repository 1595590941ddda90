//! `/sso/verify`: a department's own page asks who came with a ticket. See docs/sso.md.

use super::admission::Class;
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use adapters::sso_clients::{SsoClient, SsoRequest};
use domain::catalogue::AppSlug;
use domain::clock::beijing_time;
use domain::identity::{IdentityLevel, VerifiedTicket, VerifyTicketError};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    ticket: String,
    app: String,
}

/// The route.
pub async fn verify(
    request: HttpRequest,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let Some(_turn) = parts.admission.enter(Class::Callback) else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    let sent = SsoRequest {
        client: header("x-sso-client"),
        timestamp: header("x-sso-timestamp"),
        signature: header("x-sso-signature"),
        body: &body,
    };
    let now = parts.clock.now();
    let Some(client) = parts.sso_clients.sender(sent, now) else {
        return refused(
            StatusCode::UNAUTHORIZED,
            "BAD_SIGNATURE",
            "签名不正确，或时间相差超过300秒",
        );
    };
    let not_valid = || {
        refused(StatusCode::FORBIDDEN, "TICKET_INVALID", "票据无效、已使用、已过期或不属于该应用")
    };
    let Ok(Asked { ticket, app }) = serde_json::from_slice(&body) else {
        return refused(
            StatusCode::BAD_REQUEST,
            "BAD_INPUT",
            "请求体应为 {\"ticket\":…,\"app\":…}",
        );
    };
    // What is not this system's own is refused before it is used up.
    let app = AppSlug::new(&app).ok().filter(|app| client.serves(app));
    let Some(app) = app else { return not_valid() };
    match parts.verify_ticket.run(&ticket, &app).await {
        Ok(verified) => signed(client, now, &told(client, &verified)),
        Err(VerifyTicketError::NotValid) => not_valid(),
        Err(VerifyTicketError::Store(error)) => {
            tracing::error!(error = %chain(&error), "a ticket could not be looked at");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

/// No more than the app's level needs.
fn told(client: &SsoClient, verified: &VerifiedTicket) -> Value {
    let VerifiedTicket { ticket, person, level } = verified;
    let phone = person.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let proved = person.real_name.as_ref();
    let name = proved.map(|proved| proved.name.as_str().to_owned());
    let id_card = proved.map(|proved| proved.id_card.as_str().to_owned());
    let mut told = json!({
        "handle": client.handle(&person.id),
        "app": ticket.app.as_str(),
        "channel": ticket.channel.code(),
        "issuedAt": shown(ticket.issued_at),
    });
    if *level >= IdentityLevel::Phone {
        told["phone"] = json!(phone);
    }
    if *level >= IdentityLevel::RealName {
        told["name"] = json!(name);
        told["idCard"] = json!(id_card);
    }
    if *level >= IdentityLevel::Face {
        told["faceCheckedAt"] = json!(person.face_checked_at.map(shown));
    }
    told
}

fn shown(at: Timestamp) -> String {
    format!("{}+08:00", beijing_time(at).strftime("%Y-%m-%dT%H:%M:%S"))
}

fn signed(client: &SsoClient, now: Timestamp, told: &Value) -> HttpResponse {
    let body = told.to_string();
    let timestamp = now.as_second();
    let signature = client.sign(200, timestamp, body.as_bytes());
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Sso-Timestamp", timestamp.to_string()))
        .insert_header(("X-Sso-Signature", signature))
        .content_type("application/json; charset=utf-8")
        .body(body)
}

fn refused(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .json(json!({ "code": code, "message": message }))
}

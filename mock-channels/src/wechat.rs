//! The mini-program platform: login codes, access tokens and phone numbers.
//!
//! Errors come with HTTP 200 and an `errcode`, as they do there.

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::clock::MINUTE_MS;
use crate::crypto;
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::World;
use crate::world::code::{AccessToken, CodeKind, TokenKind};

mod subscribe;
mod token;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/sns/jscode2session", web::get().to(code_to_session))
        .route("/cgi-bin/token", web::get().to(token::plain))
        .route("/cgi-bin/stable_token", web::post().to(token::stable))
        .route("/cgi-bin/stable_token", web::get().to(token::post_required))
        .route("/wxa/business/getuserphonenumber", web::post().to(phone_number))
        .route("/wxa/business/getuserphonenumber", web::get().to(token::post_required))
        .route("/cgi-bin/message/subscribe/send", web::post().to(subscribe::send))
        .route("/cgi-bin/message/subscribe/send", web::get().to(token::post_required));
}

/// The name under which testers aim faults at a path.
pub(crate) fn operation(path: &str) -> Option<&'static str> {
    match path {
        "/sns/jscode2session" => Some("login"),
        "/cgi-bin/token" => Some("token"),
        "/cgi-bin/stable_token" => Some("stable-token"),
        "/wxa/business/getuserphonenumber" => Some("phone"),
        "/cgi-bin/message/subscribe/send" => Some("message"),
        _ => None,
    }
}

/// A refusal: `errcode` and the text before the request id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal(i64, &'static str);

const BAD_CODE: Refusal = Refusal(40029, "invalid code");
const USED_CODE: Refusal = Refusal(40163, "code been used");
/// How long a session key stays before a new login changes it; the real time is not published.
const SESSION_KEY_LIFE_MS: i64 = 30 * MINUTE_MS;

fn respond(answer: Result<Value, Refusal>) -> HttpResponse {
    HttpResponse::Ok().json(answer.unwrap_or_else(|Refusal(code, text)| {
        let part = || crypto::hex(&crypto::random_bytes::<4>());
        let message = format!("{text}, rid: {}-{}-{}", part(), part(), part());
        json!({"errcode": code, "errmsg": message})
    }))
}

/// The query string as pairs; a platform that got none treats every parameter as missing.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(request: &HttpRequest) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        Self(pairs.map(web::Query::into_inner).unwrap_or_default())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

async fn code_to_session(outside: Shared, request: HttpRequest) -> HttpResponse {
    respond(session(&outside, &Query::of(&request)))
}

fn session(outside: &Outside, query: &Query) -> Result<Value, Refusal> {
    check_app(outside, query.get("appid"), query.get("secret"))?;
    if query.get("js_code").is_empty() {
        return Err(Refusal(41008, "missing code"));
    }
    if query.get("grant_type") != "authorization_code" {
        return Err(Refusal(40002, "invalid grant_type"));
    }
    let now_ms = outside.now_ms();
    outside.change(|world| {
        world.forget_stale(now_ms);
        let citizen_id = consume(world, query.get("js_code"), CodeKind::Login, now_ms)?;
        let citizen =
            world.citizens.iter_mut().find(|citizen| citizen.id == citizen_id).ok_or(BAD_CODE)?;
        if now_ms - citizen.session_key_made_ms > SESSION_KEY_LIFE_MS {
            citizen.session_key = crypto::base64(&crypto::random_bytes::<16>());
            citizen.session_key_made_ms = now_ms;
        }
        let mut answer = json!({"openid": citizen.open_id, "session_key": citizen.session_key});
        if let Some(union_id) = &citizen.union_id {
            answer["unionid"] = json!(union_id);
        }
        Ok(answer)
    })
}

/// App id and secret, in the order in which the platform complains.
fn check_app(outside: &Outside, app_id: &str, secret: &str) -> Result<(), Refusal> {
    let app = &outside.onboarding.wechat;
    if app_id.is_empty() {
        Err(Refusal(41002, "appid missing"))
    } else if secret.is_empty() {
        Err(Refusal(41004, "appsecret missing"))
    } else if app_id != app.app_id {
        Err(Refusal(40013, "invalid appid"))
    } else if !crypto::same(secret.as_bytes(), app.app_secret.as_bytes()) {
        Err(Refusal(40125, "invalid appsecret"))
    } else {
        Ok(())
    }
}

/// Uses a code up. Only a code of the right kind, in time and unused says who it belongs to.
fn consume(world: &mut World, code: &str, kind: CodeKind, now_ms: i64) -> Result<String, Refusal> {
    let found = world.codes.get_mut(code).filter(|found| found.kind == kind).ok_or(BAD_CODE)?;
    if found.is_expired(now_ms) {
        return Err(BAD_CODE);
    }
    if found.used {
        return Err(USED_CODE);
    }
    found.used = true;
    Ok(found.citizen_id.clone())
}

async fn phone_number(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    respond(phone(&outside, &Query::of(&request), &body))
}

fn phone(outside: &Outside, query: &Query, body: &[u8]) -> Result<Value, Refusal> {
    let now_ms = outside.now_ms();
    outside.read(|world| check_token(&world.tokens, query.get("access_token"), now_ms))?;
    if body.is_empty() {
        return Err(Refusal(44002, "empty post data"));
    }
    let wanted: Value =
        serde_json::from_slice(body).map_err(|_malformed| Refusal(47001, "data format error"))?;
    let code = wanted["code"].as_str().ok_or(Refusal(47001, "data format error"))?;
    let phone = outside.change(|world| {
        // For this API a used code is not told apart from an unknown one.
        let citizen_id =
            consume(world, code, CodeKind::Phone, now_ms).map_err(|_refused| BAD_CODE)?;
        world.citizen(&citizen_id).map(|citizen| citizen.phone.clone()).ok_or(BAD_CODE)
    })?;
    Ok(json!({
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": phone,
            "purePhoneNumber": phone,
            "countryCode": "86",
            "watermark": {
                "timestamp": now_ms / 1000,
                "appid": outside.onboarding.wechat.app_id,
            },
        },
    }))
}

fn check_token(tokens: &[AccessToken], value: &str, now_ms: i64) -> Result<(), Refusal> {
    if value.is_empty() {
        return Err(Refusal(41001, "access_token missing"));
    }
    let stale = "invalid credential, access_token is invalid or not latest";
    match tokens.iter().find(|token| token.value == value) {
        None => Err(Refusal(40001, stale)),
        Some(token) if token.revoked => Err(Refusal(40001, stale)),
        Some(token) if now_ms >= token.expires_ms => match token.kind {
            // A plain token that was replaced is "not latest" when its five minutes are over.
            TokenKind::Plain if newer_than(tokens, token) => Err(Refusal(40001, stale)),
            TokenKind::Plain | TokenKind::Stable => Err(Refusal(42001, "access_token expired")),
        },
        Some(_) => Ok(()),
    }
}

fn newer_than(tokens: &[AccessToken], old: &AccessToken) -> bool {
    tokens.iter().any(|token| token.kind == old.kind && token.expires_ms > old.expires_ms)
}

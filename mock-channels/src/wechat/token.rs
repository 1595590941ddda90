//! Access tokens of the two endpoints, which do not know of each other.

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Query, Refusal, check_app, respond};
use crate::clock::{Day, MINUTE_MS, SECOND_MS};
use crate::crypto::{self, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::World;
use crate::world::code::{AccessToken, TokenKind};

const LIFE_MS: i64 = 7200 * SECOND_MS;
/// How long an old token works beside its successor.
const OVERLAP_MS: i64 = 5 * MINUTE_MS;
const FORCED_A_DAY: usize = 20;
const FORCED_APART_MS: i64 = 30 * SECOND_MS;

pub(super) async fn post_required() -> HttpResponse {
    respond(Err(Refusal(43002, "require POST method")))
}

pub(super) async fn plain(outside: Shared, request: HttpRequest) -> HttpResponse {
    respond(new_plain(&outside, &Query::of(&request)))
}

fn new_plain(outside: &Outside, query: &Query) -> Result<Value, Refusal> {
    check_grant(query.get("grant_type"))?;
    check_app(outside, query.get("appid"), query.get("secret"))?;
    let now_ms = outside.now_ms();
    Ok(outside.change(|world| {
        world.forget_stale(now_ms);
        for token in world.tokens.iter_mut().filter(|token| token.kind == TokenKind::Plain) {
            token.expires_ms = token.expires_ms.min(now_ms + OVERLAP_MS);
        }
        issue(world, TokenKind::Plain, now_ms)
    }))
}

pub(super) async fn stable(outside: Shared, body: Bytes) -> HttpResponse {
    respond(stable_token(&outside, &body))
}

fn stable_token(outside: &Outside, body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Err(Refusal(44002, "empty post data"));
    }
    let wanted: Value =
        serde_json::from_slice(body).map_err(|_malformed| Refusal(47001, "data format error"))?;
    let text = |name: &str| wanted[name].as_str().unwrap_or_default();
    check_grant(text("grant_type"))?;
    check_app(outside, text("appid"), text("secret"))?;
    let forced = wanted["force_refresh"].as_bool().unwrap_or(false);
    let now_ms = outside.now_ms();
    outside.change(|world| {
        world.forget_stale(now_ms);
        let recent = |at: &i64| now_ms - at < FORCED_APART_MS;
        if forced && !world.forced_refreshes_ms.iter().any(recent) {
            force(world, now_ms)
        } else {
            Ok(current_or_next(world, now_ms))
        }
    })
}

fn check_grant(grant_type: &str) -> Result<(), Refusal> {
    if grant_type == "client_credential" {
        Ok(())
    } else {
        Err(Refusal(40002, "invalid grant_type"))
    }
}

/// A new token at once; the old one is worth nothing from now on.
fn force(world: &mut World, now_ms: i64) -> Result<Value, Refusal> {
    let today = Day::of(now_ms);
    let used = world.forced_refreshes_ms.iter().filter(|at| Day::of(**at) == today).count();
    if used >= FORCED_A_DAY {
        return Err(Refusal(45009, "reach max api daily quota limit"));
    }
    world.forced_refreshes_ms.push(now_ms);
    for token in world.tokens.iter_mut().filter(|token| token.kind == TokenKind::Stable) {
        token.revoked = true;
    }
    Ok(issue(world, TokenKind::Stable, now_ms))
}

/// The same token as before, unless its last five minutes have begun.
fn current_or_next(world: &mut World, now_ms: i64) -> Value {
    let newest = world
        .tokens
        .iter_mut()
        .filter(|token| token.kind == TokenKind::Stable && !token.revoked)
        .max_by_key(|token| token.expires_ms);
    match newest {
        Some(token) if token.expires_ms - now_ms > OVERLAP_MS => answer(token, now_ms),
        Some(token) if token.expires_ms > now_ms => {
            token.expires_ms = now_ms + OVERLAP_MS;
            issue(world, TokenKind::Stable, now_ms)
        }
        Some(_) | None => issue(world, TokenKind::Stable, now_ms),
    }
}

fn issue(world: &mut World, kind: TokenKind, now_ms: i64) -> Value {
    let value = crypto::random_text(LETTERS_AND_DIGITS, 136);
    let token = AccessToken { value, kind, expires_ms: now_ms + LIFE_MS, revoked: false };
    let answer = answer(&token, now_ms);
    world.tokens.push(token);
    answer
}

fn answer(token: &AccessToken, now_ms: i64) -> Value {
    json!({"access_token": token.value, "expires_in": (token.expires_ms - now_ms) / 1000})
}

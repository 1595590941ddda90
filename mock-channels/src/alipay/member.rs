//! Signing in: codes for tokens, what an app may know of a user, and the sealed phone number.

use serde_json::{Value, json};

use super::answer::{Answer, Code, Fields, Refusal, fields};
use super::method::Caller;
use super::seal;
use crate::clock::{SECOND_MS, spaced};
use crate::crypto::{self, CryptoError, LETTERS_AND_DIGITS};
use crate::outside::Outside;
use crate::world::World;
use crate::world::alipay::{UserToken, open_id, user_id};

const TOKEN_SECONDS: i64 = 1_296_000;
const REFRESH_SECONDS: i64 = 2_592_000;

pub(super) fn token(outside: &Outside, caller: &Caller, biz: &Value) -> Answer {
    let now_ms = outside.now_ms();
    let text = |name: &str| biz[name].as_str().unwrap_or_default();
    let answer = outside.change(|world| {
        world.alipay.forget_stale(now_ms);
        let citizen_id = match text("grant_type") {
            "authorization_code" => by_code(world, caller, text("code"), now_ms)?,
            "refresh_token" => by_refresh(world, caller, text("refresh_token"), now_ms)?,
            _ => return Err(Refusal::invalid("isv.grant-type-invalid", "授权类型不正确")),
        };
        Ok(issue(world, caller, citizen_id, now_ms))
    });
    answer.map_err(Refusal::nameless)
}

/// Uses a code up. Unknown, used, old and belonging to another app are one answer, but the last.
fn by_code(world: &mut World, caller: &Caller, code: &str, now_ms: i64) -> Result<String, Refusal> {
    let bad = || Refusal::invalid("isv.code-invalid", "授权码code无效");
    let found = world.alipay.auth_codes.get_mut(code).ok_or_else(bad)?;
    if found.app_id != caller.app_id {
        return Err(Refusal::invalid("isv.unmatched-app-id", "应用ID与授权码不匹配"));
    }
    if found.used || found.is_expired(now_ms) {
        return Err(bad());
    }
    found.used = true;
    Ok(found.citizen_id.clone())
}

fn by_refresh(
    world: &mut World,
    caller: &Caller,
    refresh: &str,
    now_ms: i64,
) -> Result<String, Refusal> {
    let mut tokens = world.alipay.tokens.iter_mut();
    let found = tokens
        .find(|token| token.refresh == refresh && token.app_id == caller.app_id)
        .ok_or_else(|| Refusal::invalid("isv.refresh-token-invalid", "刷新令牌无效"))?;
    if found.renewed {
        return Err(Refusal::invalid("isv.refreshed-token-invalid", "刷新令牌已被使用"));
    }
    if now_ms >= found.refresh_expires_ms {
        return Err(Refusal::invalid("isv.refresh-token-time-out", "刷新令牌已过期"));
    }
    found.renewed = true;
    Ok(found.citizen_id.clone())
}

fn issue(world: &mut World, caller: &Caller, citizen_id: String, now_ms: i64) -> Fields {
    let make = || format!("authusrB{}", crypto::random_text(LETTERS_AND_DIGITS, 32));
    let token = UserToken {
        access: make(),
        refresh: make(),
        app_id: caller.app_id.clone(),
        expires_ms: now_ms + TOKEN_SECONDS * SECOND_MS,
        refresh_expires_ms: now_ms + REFRESH_SECONDS * SECOND_MS,
        renewed: false,
        citizen_id,
    };
    let mut answer = identity(world, &token);
    answer.extend(fields(json!({
        "access_token": token.access,
        "refresh_token": token.refresh,
        "expires_in": TOKEN_SECONDS,
        "re_expires_in": REFRESH_SECONDS,
        "auth_start": spaced(now_ms),
    })));
    world.alipay.tokens.push(token);
    answer
}

fn identity(world: &World, token: &UserToken) -> Fields {
    let habit = world.alipay.habits.identity;
    let mut answer = Fields::new();
    if habit.shows_user_id() {
        answer.insert("user_id".to_owned(), json!(user_id(&token.citizen_id)));
    }
    if habit.shows_open_id() {
        let id = open_id(&token.app_id, &token.citizen_id);
        answer.insert("open_id".to_owned(), json!(id));
    }
    answer
}

/// Nothing that needs a field permission: apps have none unless they were granted.
pub(super) fn info(outside: &Outside, caller: &Caller) -> Answer {
    let now_ms = outside.now_ms();
    let access = caller.auth_token.as_deref().unwrap_or_default();
    let refused = |sub_code, words: &str| Refusal::new(Code::Token, sub_code, words);
    outside.read(|world| {
        let mine = |token: &&UserToken| token.access == access && token.app_id == caller.app_id;
        let token = world
            .alipay
            .tokens
            .iter()
            .find(mine)
            .ok_or_else(|| refused("aop.invalid-auth-token", "无效的访问令牌"))?;
        if now_ms >= token.expires_ms {
            return Err(refused("aop.auth-token-time-out", "访问令牌已过期"));
        }
        let mut answer = identity(world, token);
        let name = world.citizen(&token.citizen_id).map(|citizen| citizen.name.clone());
        answer.extend(fields(json!({
            "nick_name": name.map(|name| name.chars().skip(1).collect::<String>()),
            "avatar": format!("{}/alipay/avatar.png", outside.onboarding.base_url),
            "province": "浙江省",
            "city": "杭州市",
        })));
        Ok(answer)
    })
}

/// What `my.getPhoneNumber` gives a client to pass on: sealed for the app, signed by Alipay
/// over the text with its quotes.
pub(crate) fn sealed_phone(outside: &Outside, phone: &str) -> Result<Value, CryptoError> {
    let plain = json!({"code": "10000", "msg": "Success", "mobile": phone}).to_string();
    let response = seal::seal(&outside.alipay.content, plain.as_bytes())?;
    let rotated = outside.read(|world| world.alipay.secrets.rotated);
    let sign = outside.alipay.sign(rotated, format!("\"{response}\"").as_bytes())?;
    Ok(json!({
        "response": response,
        "sign": sign,
        "sign_type": "RSA2",
        "encrypt_type": "AES",
        "charset": "UTF-8",
    }))
}

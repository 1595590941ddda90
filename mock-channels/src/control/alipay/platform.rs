//! Levers about the platform itself: sign-in codes, its habits, its keys, its daily files.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::json;

use super::super::citizens::no_such_citizen;
use super::super::{Answer, Refusal, read_body};
use crate::alipay::member;
use crate::crypto::{self, LETTERS_AND_DIGITS, SigningKey};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::alipay::secrets::PlatformKey;
use crate::world::alipay::{AuthCode, Habits, Identity, open_id, user_id};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/citizens/{id}/alipay-code", web::post().to(code))
        .route("/alipay/habits", web::get().to(habits))
        .route("/alipay/habits", web::post().to(set_habits))
        .route("/alipay/keys", web::get().to(keys))
        .route("/alipay/keys", web::post().to(rotate));
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedCode {
    app_id: Option<String>,
}

/// What `my.getAuthCode` and the phone button give an app, and by what it knows the person.
async fn code(outside: Shared, id: Path<String>, body: Bytes) -> Answer {
    let WantedCode { app_id } = read_body(&body)?;
    let now_ms = outside.now_ms();
    let app_id = app_id.unwrap_or_else(|| outside.onboarding.alipay.mini_app_id.clone());
    let (code, phone) = outside.change(|world| {
        if !world.alipay.secrets.knows_app(&app_id) {
            return Err(Refusal::bad("appId 不是商户的应用"));
        }
        let phone = world.citizen(&id).ok_or_else(no_such_citizen)?.phone.clone();
        let code = crypto::random_text(LETTERS_AND_DIGITS, 32);
        let made = AuthCode {
            citizen_id: id.clone(),
            app_id: app_id.clone(),
            made_ms: now_ms,
            used: false,
        };
        world.alipay.auth_codes.insert(code.clone(), made);
        Ok((code, phone))
    })?;
    let sealed = member::sealed_phone(&outside, &phone)
        .map_err(|_crypto| Refusal::conflict("手机号加密失败"))?;
    Ok(HttpResponse::Ok().json(json!({
        "authCode": code,
        "phone": sealed,
        "openId": open_id(&app_id, &id),
        "userId": user_id(&id),
    })))
}

async fn habits(outside: Shared) -> Answer {
    let habits = outside.read(|world| world.alipay.habits);
    Ok(HttpResponse::Ok().json(habits))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewHabits {
    identity: Option<Identity>,
    refund_callbacks: Option<bool>,
    close_callbacks: Option<bool>,
}

async fn set_habits(outside: Shared, body: Bytes) -> Answer {
    let new: NewHabits = read_body(&body)?;
    outside.change(|world| {
        let old = world.alipay.habits;
        world.alipay.habits = Habits {
            identity: new.identity.unwrap_or(old.identity),
            refund_callbacks: new.refund_callbacks.unwrap_or(old.refund_callbacks),
            close_callbacks: new.close_callbacks.unwrap_or(old.close_callbacks),
        };
    });
    habits(outside).await
}

/// Alipay's keys that may be met: the one that signs, and whether a second one exists.
async fn keys(outside: Shared) -> Answer {
    outside.read(|world| {
        let secrets = &world.alipay.secrets;
        let signing = &secrets.signing().cert_sn;
        let keys: Vec<_> = secrets
            .platform_keys()
            .map(|key| {
                json!({
                    "certSn": key.cert_sn,
                    "publicKeyPem": key.public_pem,
                    "certPem": key.chain_pem,
                    "signs": &key.cert_sn == signing,
                })
            })
            .collect();
        Ok(HttpResponse::Ok().json(json!({"keys": keys})))
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// The key that signs from now on; the second is made when it is first asked for.
    signs: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Which {
    First,
    Second,
}

async fn rotate(outside: Shared, body: Bytes) -> Answer {
    let Rotation { signs } = read_body(&body)?;
    if signs == Which::Second {
        make_second(&outside).map_err(|_made| Refusal::conflict("第二把密钥生成失败"))?;
    }
    outside.change(|world| world.alipay.secrets.rotated = signs == Which::Second);
    keys(outside).await
}

fn make_second(outside: &Outside) -> Result<(), crate::alipay::cert::CertError> {
    let authority = outside.read(|world| {
        let secrets = &world.alipay.secrets;
        secrets.second.is_none().then(|| secrets.authority.clone())
    });
    let Some(authority) = authority else {
        return Ok(());
    };
    let key = SigningKey::generate()?;
    let certified = PlatformKey::certified(&key, &authority)?;
    outside.change(|world| {
        // Two testers at once: the first one's key is the second key.
        if world.alipay.secrets.second.is_none() {
            world.alipay.secrets.second = Some(certified);
            outside.alipay.add_second(key);
        }
    });
    Ok(())
}

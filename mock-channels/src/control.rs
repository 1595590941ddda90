//! The levers: what testers and tests pull to make the outside world do something.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, ResponseError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::clock::{Day, SECOND_MS, parse_hour_minute, parse_rfc3339, real_now_ms, rfc3339};
use crate::outside::Outside;
use crate::script::record;
use crate::server::Shared;

mod alipay;
mod bills;
mod bookings;
mod callbacks;
mod cases;
mod citizens;
mod companies;
mod express;
mod faults;
mod gateway;
mod kinship;
mod messages;
mod notices;
mod orders;
mod refunds;
mod script;
mod truth;
mod unionpay;
mod wechat_pay;

pub(crate) use faults::{check_fault, operations};

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let scope = web::scope("/control")
        .route("/clock", web::get().to(clock))
        .route("/clock", web::post().to(move_clock))
        .route("/onboarding", web::get().to(onboarding))
        .route("/face/{ticket}", web::post().to(crate::face::decide))
        .route("/sms", web::get().to(text_messages))
        .configure(citizens::routes)
        .configure(messages::routes)
        .configure(notices::routes)
        .configure(orders::routes)
        .configure(unionpay::routes)
        .configure(callbacks::routes)
        .configure(faults::routes)
        .configure(bills::routes)
        .configure(bookings::routes)
        .configure(alipay::routes)
        .configure(companies::routes)
        .configure(express::routes)
        .configure(cases::routes)
        .configure(gateway::routes)
        .configure(kinship::routes)
        .configure(refunds::routes)
        .configure(script::routes)
        .configure(truth::routes)
        .configure(wechat_pay::routes)
        .default_service(web::to(nowhere));
    config.service(scope.wrap(from_fn(record::layer)));
}

/// Why a lever was not pulled, in words for a tester.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into() }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({"error": self.message}))
    }
}

pub(crate) type Answer = Result<HttpResponse, Refusal>;

/// Reads a JSON body whatever its content type; no body is an empty object, so that levers
/// without settings need none.
pub(crate) fn read_body<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::bad(format!("请求内容不正确：{error}")))
}

async fn nowhere() -> Answer {
    Err(Refusal::not_found("没有这个控制接口，或请求方法不对"))
}

async fn onboarding(outside: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(&outside.onboarding))
}

async fn clock(outside: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(json!({"now": rfc3339(outside.now_ms())})))
}

/// Exactly one of the three ways to move.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Move {
    set: Option<String>,
    advance_seconds: Option<i64>,
    next_day_at: Option<String>,
}

async fn move_clock(outside: Shared, body: Bytes) -> Answer {
    let wanted: Move = read_body(&body)?;
    let now_ms = outside.now_ms();
    let target_ms = match (&wanted.set, wanted.advance_seconds, &wanted.next_day_at) {
        (Some(text), None, None) => {
            parse_rfc3339(text).ok_or_else(|| Refusal::bad("set 应为 RFC 3339 时间"))?
        }
        (None, Some(seconds), None) => now_ms.saturating_add(seconds.saturating_mul(SECOND_MS)),
        (None, None, Some(text)) => {
            let time_ms =
                parse_hour_minute(text).ok_or_else(|| Refusal::bad("nextDayAt 应为 HH:MM"))?;
            Day::of(now_ms).plus(1).start_ms() + time_ms
        }
        _ => {
            return Err(Refusal::bad("set、advanceSeconds、nextDayAt 三者必须且只能给一个"));
        }
    };
    set_clock(&outside, target_ms)?;
    clock(outside).await
}

fn set_clock(outside: &Outside, target_ms: i64) -> Result<(), Refusal> {
    /// The year 2200: beyond it two-digit years and four-digit dates lose their meaning.
    const LATEST_MS: i64 = 7_258_089_600_000;
    if target_ms > LATEST_MS {
        return Err(Refusal::bad("时间过远，最多到2200年"));
    }
    outside.change(|world| {
        // Compared under the lock: two movers must not undo each other.
        if target_ms < outside.now_ms() {
            return Err(Refusal::bad("时钟不能往回拨"));
        }
        world.offset_ms = target_ms - real_now_ms();
        outside.clock.set_offset(world.offset_ms);
        Ok(())
    })
}

/// Text messages, newest last.
async fn text_messages(outside: Shared) -> HttpResponse {
    let messages = outside.read(|world| world.messages.clone());
    HttpResponse::Ok().json(serde_json::json!({ "messages": messages }))
}

//! The province's message platform: text messages and notifications that end on no phone but in
//! lists for testers.

use serde_json::{Value, json};

use super::{Call, Found, Refusal};
use crate::clock::SECOND_MS;
use crate::outside::Outside;
use crate::world::outbox::{Carrier, Sent};
use crate::world::people::Sms;

/// As many messages are kept for testers; older ones go.
const KEPT: usize = 200;

/// Sends a one-time code; the same phone and time of issue is one message.
pub(super) fn send_code(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let (phone, code) = (call.required("phone")?, call.required("code")?);
    let issued_at = call.required("issued_at")?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if phone.len() != 11 || !digits(phone) {
        return Err(Refusal::Invalid("phone 应为11位数字".to_owned()));
    }
    if code.len() != 6 || !digits(code) {
        return Err(Refusal::Invalid("code 应为6位数字".to_owned()));
    }
    let at_ms = outside.now_ms();
    outside.change(|world| {
        let same = |sms: &Sms| sms.phone == phone && sms.reference == issued_at;
        if !world.messages.iter().any(same) {
            world.messages.push(Sms {
                phone: phone.to_owned(),
                text: format!("【一网】您的验证码是{code}，5分钟内有效，请勿告诉他人。"),
                code: code.to_owned(),
                reference: issued_at.to_owned(),
                at_ms,
            });
            let surplus = world.messages.len().saturating_sub(KEPT);
            world.messages.drain(..surplus);
        }
    });
    Ok(Found { source: "省短信平台", rows: vec![json!({"accepted": true})] })
}

/// A text message may have so many characters, and the platform's signature before them.
const TEXT_MAX: usize = 300;
const TITLE_MAX: usize = 32;
const BODY_MAX: usize = 128;
const TOKENS_MAX: usize = 5;
/// What was taken is reported as arrived after so long.
const ARRIVES_AFTER_MS: i64 = 3 * SECOND_MS;

/// The caller's own number of a message: a repeat of it is the same message.
fn reference(call: &Call) -> Result<&str, Refusal> {
    let reference = call.required("reference")?;
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':');
    if reference.len() > 100 || !reference.bytes().all(known) {
        return Err(Refusal::Invalid("reference 应为1至100位字母、数字、_、-、:".to_owned()));
    }
    Ok(reference)
}

fn words<'a>(call: &'a Call, name: &str, most: usize) -> Result<&'a str, Refusal> {
    let text = call.required(name)?;
    if text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(Refusal::Invalid(format!("{name} 应为一行，最多{most}字")));
    }
    Ok(text)
}

/// Takes a message once for each reference.
fn take(outside: &Outside, carrier: Carrier, reference: &str, to: &str, content: Value) -> Found {
    let at_ms = outside.now_ms();
    outside.change(|world| {
        if world.outbox.find(carrier, reference).is_none() {
            let failed = world.outbox.fate(carrier);
            world.outbox.take(Sent {
                carrier,
                number: reference.to_owned(),
                to: to.to_owned(),
                template_id: None,
                page: None,
                content,
                at_ms,
                failed,
            });
        }
    });
    Found { source: "省短信平台", rows: vec![json!({"accepted": true})] }
}

/// Sends a text message.
pub(super) fn send_text(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let (phone, reference) = (call.required("phone")?, reference(call)?);
    if phone.len() != 11 || !phone.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Invalid("phone 应为11位数字".to_owned()));
    }
    let text = format!("【一网】{}", words(call, "text", TEXT_MAX)?);
    Ok(take(outside, Carrier::Sms, reference, phone, json!({"text": text})))
}

/// Shows a notification of the native app on up to five devices of one person.
pub(super) fn push(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let (tokens, reference) = (call.required("tokens")?, reference(call)?);
    let each: Vec<&str> = tokens.split(' ').collect();
    if each.len() > TOKENS_MAX || each.iter().any(|token| !(1..=200).contains(&token.len())) {
        return Err(Refusal::Invalid("tokens 应为1至5个设备令牌，以空格分隔".to_owned()));
    }
    let title = words(call, "title", TITLE_MAX)?;
    let body = words(call, "body", BODY_MAX)?;
    let content = json!({"title": title, "body": body});
    Ok(take(outside, Carrier::Push, reference, tokens, content))
}

/// What became of a message; no row for a reference that was never taken.
pub(super) fn report(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let carrier = match call.required("kind")? {
        "SMS" => Carrier::Sms,
        "PUSH" => Carrier::Push,
        _ => return Err(Refusal::Invalid("kind 应为 SMS 或 PUSH".to_owned())),
    };
    let reference = reference(call)?;
    let now_ms = outside.now_ms();
    let row = |sent: &Sent| {
        let (state, reason) = match &sent.failed {
            _ if now_ms < sent.at_ms + ARRIVES_AFTER_MS => ("WAITING", ""),
            Some(reason) => ("FAILED", reason.as_str()),
            None => ("DELIVERED", ""),
        };
        json!({"reference": reference, "state": state, "reason": reason})
    };
    let rows = outside.read(|world| world.outbox.find(carrier, reference).map(row));
    Ok(Found { source: "省短信平台", rows: rows.into_iter().collect() })
}

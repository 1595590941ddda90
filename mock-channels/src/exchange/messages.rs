//! The province's message platform: text messages that end on no phone but in a list for testers.

use serde_json::json;

use super::{Call, Found, Refusal};
use crate::outside::Outside;
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

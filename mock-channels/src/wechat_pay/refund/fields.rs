//! The field rules of a refund.

use serde_json::{Value, json};

use super::super::Refusal;

/// A refund as it was asked for, every field in order by itself.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) transaction_id: Option<String>,
    pub(super) out_trade_no: Option<String>,
    pub(super) out_refund_no: String,
    pub(super) reason: Option<String>,
    pub(super) notify_url: Option<String>,
    pub(super) refund_fen: i64,
    pub(super) total_fen: i64,
}

pub(super) fn read(body: &[u8]) -> Result<Wanted, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|_malformed| {
        Refusal::parameter("请求体不是合法的JSON", json!({"location": "body"}))
    })?;
    let wanted = Wanted {
        transaction_id: text(&body, "/transaction_id", "微信支付订单号", 32)?,
        out_trade_no: text(&body, "/out_trade_no", "商户订单号", 32)?,
        out_refund_no: text(&body, "/out_refund_no", "商户退款单号", 64)?
            .ok_or_else(|| missing(&body, "/out_refund_no", "商户退款单号"))?,
        reason: text(&body, "/reason", "退款原因", 80)?,
        notify_url: text(&body, "/notify_url", "退款结果回调url", 256)?,
        refund_fen: amount(&body, "/amount/refund", "退款金额")?,
        total_fen: amount(&body, "/amount/total", "原订单金额")?,
    };
    if wanted.transaction_id.is_none() && wanted.out_trade_no.is_none() {
        return Err(missing(&body, "/transaction_id", "微信支付订单号"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    if !wanted.out_refund_no.bytes().all(allowed) {
        return Err(fault(&body, "/out_refund_no", "商户退款单号", "含有不允许的字符"));
    }
    match text(&body, "/amount/currency", "退款币种", 16)?.as_deref() {
        Some("CNY") => {}
        Some(_) => return Err(fault(&body, "/amount/currency", "退款币种", "只支持CNY")),
        None => return Err(missing(&body, "/amount/currency", "退款币种")),
    }
    let account = text(&body, "/funds_account", "退款资金来源", 32)?;
    if account.is_some_and(|account| account != "AVAILABLE" && account != "UNSETTLED") {
        return Err(fault(&body, "/funds_account", "退款资金来源", "枚举值不合法"));
    }
    check_from(&body, wanted.refund_fen)?;
    // The real platform wants https and a public host; the mock must reach a test on loopback.
    let url = wanted.notify_url.as_deref();
    let good = |url: &str| {
        (url.starts_with("https://") || url.starts_with("http://")) && !url.contains('?')
    };
    if url.is_some_and(|url| !good(url)) {
        return Err(fault(&body, "/notify_url", "退款结果回调url", "必须是不带参数的URL"));
    }
    Ok(wanted)
}

/// The accounts that give the money, if they are named, must give exactly the refund.
fn check_from(body: &Value, refund_fen: i64) -> Result<(), Refusal> {
    const POINTER: &str = "/amount/from";
    const NAME: &str = "退款出资账户及金额";
    let from = match body.pointer(POINTER) {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(from)) => from,
        Some(_) => return Err(fault(body, POINTER, NAME, "需要一个数组")),
    };
    let mut sum_fen = 0_i64;
    for part in from {
        let known = matches!(part["account"].as_str(), Some("AVAILABLE" | "UNAVAILABLE"));
        match part["amount"].as_i64().filter(|fen| known && *fen >= 1) {
            Some(fen) => sum_fen = sum_fen.saturating_add(fen),
            None => return Err(fault(body, POINTER, NAME, "出资账户或金额不正确")),
        }
    }
    if !from.is_empty() && sum_fen != refund_fen {
        return Err(fault(body, POINTER, NAME, "之和不等于退款金额"));
    }
    Ok(())
}

/// A text that may be missing; an empty one counts as missing.
pub(super) fn text(
    body: &Value,
    pointer: &str,
    name: &str,
    longest: usize,
) -> Result<Option<String>, Refusal> {
    match body.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text.clone())),
        Some(Value::String(_)) => {
            let rule = format!("字符串规则校验失败，字节数大于最大值 {longest}");
            Err(fault(body, pointer, name, &rule))
        }
        Some(_) => Err(fault(body, pointer, name, "需要一个字符串")),
    }
}

/// Fen, as a JSON integer: `100.0` and `"100"` are refused.
fn amount(body: &Value, pointer: &str, name: &str) -> Result<i64, Refusal> {
    let Some(value) = body.pointer(pointer) else {
        return Err(missing(body, pointer, name));
    };
    match value.as_i64() {
        None => Err(Refusal::parameter(
            &format!(
                "无法将 JSON 输入源“/body{pointer}”映射到目标字段“{name}”中，\
                 此字段需要一个合法的 64 位有符号整数"
            ),
            json!({"location": "body", "value": value}),
        )),
        Some(fen) if fen < 1 => Err(fault(body, pointer, name, "数值规则校验失败，值低于最小值 1")),
        Some(fen) => Ok(fen),
    }
}

pub(super) fn missing(body: &Value, pointer: &str, name: &str) -> Refusal {
    fault(body, pointer, name, "必填性规则校验失败，此字段为必填项")
}

pub(super) fn fault(body: &Value, pointer: &str, name: &str, rule: &str) -> Refusal {
    let value = body.pointer(pointer).cloned().unwrap_or(json!(""));
    Refusal::parameter(
        &format!("输入源“/body{pointer}”映射到字段“{name}”{rule}"),
        json!({"field": pointer, "location": "body", "value": value}),
    )
}

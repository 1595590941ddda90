//! The field rules of an order.

use serde_json::{Value, json};

use super::super::Refusal;
use crate::clock::parse_rfc3339;
use crate::world::order::TradeType;

/// A text field: where it is, what it is called, how long it may be.
struct Text {
    pointer: &'static str,
    name: &'static str,
    shortest: usize,
    longest: usize,
    required: bool,
}

const fn required(
    pointer: &'static str,
    name: &'static str,
    shortest: usize,
    longest: usize,
) -> Text {
    Text { pointer, name, shortest, longest, required: true }
}

const fn optional(pointer: &'static str, name: &'static str, longest: usize) -> Text {
    Text { pointer, name, shortest: 0, longest, required: false }
}

const TEXTS: [Text; 11] = [
    required("/appid", "公众账号ID", 1, 32),
    required("/mchid", "直连商户号", 1, 32),
    required("/description", "商品描述", 1, 127),
    required("/out_trade_no", "商户订单号", 6, 32),
    optional("/time_expire", "支付结束时间", 64),
    optional("/attach", "商户数据包", 128),
    required("/notify_url", "商户回调地址", 1, 255),
    optional("/goods_tag", "订单优惠标记", 32),
    optional("/amount/currency", "货币类型", 16),
    optional("/scene_info/payer_client_ip", "用户终端IP", 45),
    optional("/scene_info/device_id", "商户端设备号", 32),
];
const OPEN_ID: Text = required("/payer/openid", "用户标识", 1, 128);

pub(super) fn check(wanted: &Value, trade_type: TradeType) -> Result<(), Refusal> {
    if !wanted.is_object() {
        return Err(Refusal::parameter("请求体必须是JSON对象", json!({"location": "body"})));
    }
    for text in &TEXTS {
        check_text(wanted, text)?;
    }
    if trade_type == TradeType::Jsapi {
        check_text(wanted, &OPEN_ID)?;
    }
    check_total(wanted)?;
    for (pointer, name) in
        [("/support_fapiao", "电子发票入口"), ("/settle_info/profit_sharing", "是否指定分账")]
    {
        if wanted.pointer(pointer).is_some_and(|value| !value.is_boolean()) {
            return Err(fault(pointer, name, "需要一个布尔值", wanted));
        }
    }
    check_shapes(wanted)
}

fn check_text(wanted: &Value, text: &Text) -> Result<(), Refusal> {
    let Text { pointer, name, shortest, longest, required } = text;
    let value = match wanted.pointer(pointer) {
        None | Some(Value::Null) if *required => {
            return Err(fault(pointer, name, "必填性规则校验失败，此字段为必填项", wanted));
        }
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(value)) => value,
        Some(_) => return Err(fault(pointer, name, "需要一个字符串", wanted)),
    };
    let length = value.chars().count();
    if length < *shortest {
        let rule = format!("字符串规则校验失败，字节数 {length}，小于最小值 {shortest}");
        return Err(fault(pointer, name, &rule, wanted));
    }
    if length > *longest {
        let rule = format!("字符串规则校验失败，字节数 {length}，大于最大值 {longest}");
        return Err(fault(pointer, name, &rule, wanted));
    }
    Ok(())
}

/// Fen, as a JSON integer: `100.0` and `"100"` are refused.
fn check_total(wanted: &Value) -> Result<(), Refusal> {
    const POINTER: &str = "/amount/total";
    let Some(value) = wanted.pointer(POINTER) else {
        return Err(fault(POINTER, "总金额", "必填性规则校验失败，此字段为必填项", wanted));
    };
    match value.as_i64() {
        None => Err(Refusal::parameter(
            "无法将 JSON 输入源“/body/amount/total”映射到目标字段“总金额”中，\
             此字段需要一个合法的 64 位有符号整数",
            json!({"location": "body", "value": value}),
        )),
        Some(total) if total < 1 => Err(Refusal::parameter(
            "输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1",
            json!({"location": "body", "value": total}),
        )),
        Some(_) => Ok(()),
    }
}

fn check_shapes(wanted: &Value) -> Result<(), Refusal> {
    let text = |pointer: &str| wanted.pointer(pointer).and_then(Value::as_str);
    let number = text("/out_trade_no").unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*".contains(&byte);
    if !number.bytes().all(allowed) {
        return Err(fault("/out_trade_no", "商户订单号", "含有不允许的字符", wanted));
    }
    if text("/time_expire").is_some_and(|at| parse_rfc3339(at).is_none()) {
        return Err(fault("/time_expire", "支付结束时间", "不符合rfc3339格式", wanted));
    }
    if text("/amount/currency").is_some_and(|currency| currency != "CNY") {
        return Err(fault("/amount/currency", "货币类型", "只支持CNY", wanted));
    }
    // The real platform wants https and a public host; the mock must reach a test on loopback.
    let url = text("/notify_url").unwrap_or_default();
    let schemed = url.starts_with("https://") || url.starts_with("http://");
    if !schemed || url.contains('?') {
        return Err(fault("/notify_url", "商户回调地址", "必须是不带参数的URL", wanted));
    }
    Ok(())
}

fn fault(pointer: &str, name: &str, rule: &str, wanted: &Value) -> Refusal {
    let value = wanted.pointer(pointer).cloned().unwrap_or(json!(""));
    Refusal::parameter(
        &format!("输入源“/body{pointer}”映射到字段“{name}”{rule}"),
        json!({"field": pointer, "location": "body", "value": value}),
    )
}

//! Refusals that a tester asks for by their code.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::{Refusal, refuse};

/// Code, status and words, as the platform lists them.
const CODES: [(&str, u16, &str); 24] = [
    ("PARAM_ERROR", 400, "参数错误"),
    ("INVALID_REQUEST", 400, "请求参数符合参数格式，但不符合业务规则"),
    ("APPID_MCHID_NOT_MATCH", 400, "商户号mch_id与appid不匹配"),
    ("MCH_NOT_EXISTS", 400, "商户号不存在"),
    ("ORDER_CLOSED", 400, "该订单已关闭，请重新下单"),
    ("NO_STATEMENT_EXIST", 400, "账单文件不存在，当日无交易"),
    ("STATEMENT_CREATING", 400, "账单文件正在生成中，请稍后再试"),
    ("SIGN_ERROR", 401, "签名错误"),
    ("NO_AUTH", 403, "商户无权限"),
    ("OUT_TRADE_NO_USED", 403, "商户订单号重复"),
    ("RULE_LIMIT", 403, "业务规则限制"),
    ("TRADE_ERROR", 403, "交易错误"),
    ("NOT_ENOUGH", 403, "基本账户余额不足，请充值后重新发起"),
    ("USER_ACCOUNT_ABNORMAL", 403, "退款请求失败"),
    ("REQUEST_BLOCKED", 403, "请求被拦截"),
    ("ACCOUNT_ERROR", 403, "账号异常"),
    ("ORDER_NOT_EXIST", 404, "订单不存在"),
    ("RESOURCE_NOT_EXISTS", 404, "资源不存在"),
    ("FREQUENCY_LIMITED", 429, "频率限制，请稍后重试"),
    ("RATELIMIT_EXCEEDED", 429, "频率超限"),
    ("SYSTEM_ERROR", 500, "系统异常，请稍后重试"),
    ("BANK_ERROR", 500, "银行系统异常"),
    ("OPENID_MISMATCH", 500, "openid和appid不匹配"),
    ("SERVICE_UNAVAILABLE", 503, "服务不可用，请稍后重试"),
];

/// Whether the platform has such a code.
pub(crate) fn is_refusal_code(code: &str) -> bool {
    CODES.iter().any(|(known, ..)| *known == code)
}

/// The refusal of a code; a breakdown when there is none of that name.
pub(crate) fn refused_with(code: &str) -> HttpResponse {
    let found = CODES.iter().find(|(known, ..)| *known == code);
    let refusal = found.and_then(|(code, status, message)| {
        Some(Refusal::new(StatusCode::from_u16(*status).ok()?, code, message))
    });
    refuse(refusal.unwrap_or_else(Refusal::system_error))
}

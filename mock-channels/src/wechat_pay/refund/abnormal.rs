//! A refund that the payer's account did not take, sent another way.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::super::{Answer, Refusal, authorised, serial_of};
use super::{described, end, fields, not_exists};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::wechat_pay::{Refund, RefundStatus, Step};

/// `POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund`
pub(in super::super) async fn apply(
    outside: Shared,
    request: HttpRequest,
    refund_id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| {
        let wanted: Value = serde_json::from_slice(&body).map_err(|_malformed| {
            Refusal::parameter("请求体不是合法的JSON", json!({"location": "body"}))
        })?;
        check_account(outside, &request, &wanted)?;
        again(outside, &refund_id, &wanted)
    })
}

fn again(outside: &Outside, refund_id: &str, wanted: &Value) -> Answer {
    let now_ms = outside.now_ms();
    let number = fields::text(wanted, "/out_refund_no", "商户退款单号", 64)?
        .ok_or_else(|| fields::missing(wanted, "/out_refund_no", "商户退款单号"))?;
    outside.change(|world| {
        let refund = world.wechat_pay.refunds.get_mut(&number);
        let refund = refund
            .filter(|refund| refund.refund_id == refund_id)
            .ok_or_else(|| not_exists("退款单不存在"))?;
        if refund.status(now_ms) != RefundStatus::Abnormal {
            let message = "退款单状态不是退款异常";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message));
        }
        refund.steps.push(Step { at_ms: now_ms, status: RefundStatus::Processing });
        end(world, &number, RefundStatus::Success, now_ms + Refund::QUICK_MS, true);
        Ok(world.wechat_pay.refunds.get(&number).map(|refund| described(refund, now_ms)))
    })
}

/// A payer's other card must be named, sealed with the key that the request names.
fn check_account(outside: &Outside, request: &HttpRequest, wanted: &Value) -> Result<(), Refusal> {
    match wanted["type"].as_str() {
        Some("MERCHANT_BANK_CARD") => return Ok(()),
        Some("USER_BANK_CARD") => {}
        Some(_) | None => {
            return Err(fields::fault(wanted, "/type", "异常退款处理方式", "枚举值不合法"));
        }
    }
    fields::text(wanted, "/bank_type", "开户银行", 16)?
        .ok_or_else(|| fields::missing(wanted, "/bank_type", "开户银行"))?;
    let serial = serial_of(request).ok_or_else(|| {
        Refusal::invalid_request("含有敏感信息的请求必须带Wechatpay-Serial请求头")
    })?;
    for (pointer, name) in [("/bank_account", "收款银行卡号"), ("/real_name", "收款用户姓名")]
    {
        let sealed = fields::text(wanted, pointer, name, 1024)?
            .ok_or_else(|| fields::missing(wanted, pointer, name))?;
        let key = outside.wechat_pay.find(&serial);
        let opened = key.is_some_and(|key| key.open_oaep(&sealed).is_ok());
        if !opened {
            return Err(fields::fault(wanted, pointer, name, "解密失败，请检查加密用的公钥"));
        }
    }
    Ok(())
}

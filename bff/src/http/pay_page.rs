//! `/pay/{token}`: somebody else pays, by a code that they scan with WeChat. One page without
//! scripts; while a payment is open it asks again by itself.

use super::admission::Class;
use super::page::{note, page};
use crate::graphql::error::chain;
use crate::graphql::refusal_words;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use domain::money::Fen;
use domain::payment::{
    Cashier, LinkShows, NoticeSnapshot, Payment, PaymentStatus, StartPaymentError,
};
use maud::{Markup, html};
use qrcode::{Color, QrCode};
use serde::Deserialize;

/// Items and sums, as they are booked: their names say what is paid, and nothing of whom.
fn bill(notices: &[NoticeSnapshot]) -> Markup {
    let total = notices.iter().fold(0_i64, |sum, n| sum.saturating_add(n.total().value()));
    html! {
        table {
            @for item in notices.iter().flat_map(|notice| &notice.items) {
                tr { td { (item.name) } td.n { "¥" (item.amount) } }
            }
            tr.total { td { "合计" } td.n { "¥" (Fen::new(total)) } }
        }
    }
}

/// What the form sends: the sum that the payer saw.
#[derive(Deserialize)]
pub struct PayForm {
    total: i64,
}

/// Shows what is to be paid.
pub async fn show(token: web::Path<String>, parts: web::Data<Parts>) -> HttpResponse {
    match parts.pay_by_link.look(&token).await {
        Ok(LinkShows::Payable(notices)) => {
            let total: i64 = notices.iter().map(|notice| notice.total().value()).sum();
            page(
                StatusCode::OK,
                "替他人缴款",
                false,
                &html! {
                    (bill(&notices))
                    form method="post" {
                        input type="hidden" name="total" value=(total);
                        button type="submit" autofocus { "生成微信支付二维码" }
                    }
                    p.note { "票据归被代缴人。付款后如需退款，按原路退回付款账户。" }
                },
            )
        }
        Ok(LinkShows::Taken(payment)) => taken(&token, &parts, &payment).await,
        Ok(LinkShows::NotPayable) => {
            note(StatusCode::OK, "不能缴款", "缴款单已缴清、已撤回或已过期，无需付款。")
        }
        Ok(LinkShows::Expired) => {
            note(StatusCode::GONE, "链接已过期", "请让对方在小程序里重新发起代缴。")
        }
        Ok(LinkShows::Unknown) => {
            note(StatusCode::NOT_FOUND, "链接无效", "请核对链接是否完整，或让对方重新发起代缴。")
        }
        Err(error) => {
            tracing::warn!(error = %chain(&error), "pay link not shown");
            let wait = "暂时查不到缴款单，没有扣款。页面会自动再试。";
            page(StatusCode::SERVICE_UNAVAILABLE, "请稍候", true, &html! { p.note { (wait) } })
        }
    }
}

/// The payer wants to pay: the same as looking again, once the payment is there.
pub async fn pay(
    token: web::Path<String>,
    form: web::Form<PayForm>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let Some(_turn) = parts.admission.enter(Class::Payment) else {
        let wait = "现在办理的人太多，没有扣款，请稍后再试。";
        return note(StatusCode::SERVICE_UNAVAILABLE, "请稍候", wait);
    };
    match parts.pay_by_link.pay(&token, Fen::new(form.total)).await {
        Ok(_)
        | Err(StartPaymentError::OutcomeUnknown(_) | StartPaymentError::RailNotReached(_)) => {
            HttpResponse::SeeOther()
                .insert_header(("Location", format!("/pay/{token}")))
                .insert_header(("Cache-Control", "no-store"))
                .finish()
        }
        Err(StartPaymentError::Refused(why, _)) => page(
            StatusCode::OK,
            "没有扣款",
            false,
            &html! {
                p { (refusal_words(&why)) }
                p { a href=(format!("/pay/{token}")) { "返回重新查看" } }
            },
        ),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "pay link not started");
            note(StatusCode::SERVICE_UNAVAILABLE, "请稍候", "暂时不能缴款，没有扣款，请稍后再试。")
        }
    }
}

/// An attempt is under way, or was: the code again, or the outcome.
async fn taken(token: &str, parts: &Parts, payment: &Payment) -> HttpResponse {
    match payment.state.status() {
        PaymentStatus::Submitted | PaymentStatus::Unknown => {
            let started = parts.pay_by_link.pay(token, payment.amount.fen()).await;
            let code = started.ok().and_then(|started| match started.cashier {
                Some(Cashier::WeChatNative { code_url }) => qr(&code_url),
                Some(
                    Cashier::WeChatMini { .. }
                    | Cashier::WeChatApp { .. }
                    | Cashier::AlipayMini { .. }
                    | Cashier::AlipayApp { .. }
                    | Cashier::UnionPay { .. },
                )
                | None => None,
            });
            page(
                StatusCode::OK,
                "请用微信扫码付款",
                true,
                &html! {
                    (bill(&payment.notices))
                    @match code {
                        Some(code) => { (code) p.note { "付款后本页会自动显示结果。" } }
                        None => p.note { "正在确认这笔缴款，请勿重复支付。本页会自动更新。" }
                    }
                },
            )
        }
        PaymentStatus::Paid => page(
            StatusCode::OK,
            "已缴清",
            false,
            &html! {
                (bill(&payment.notices))
                p { "缴款成功，感谢您代为缴纳。" }
            },
        ),
        PaymentStatus::UnderReview => note(
            StatusCode::OK,
            "款项正在核实",
            "付款金额与应缴不符，工作人员正在处理，请勿再次付款。",
        ),
        PaymentStatus::Refunding | PaymentStatus::PartiallyRefunded => {
            note(StatusCode::OK, "正在退款", "款项正按原路退回付款账户。")
        }
        PaymentStatus::Closed | PaymentStatus::RefundDue | PaymentStatus::Refunded => {
            note(StatusCode::OK, "没有可缴的款项", "这笔缴款已结束。")
        }
    }
}

/// A QR code as one path; `None` for what no code can hold.
fn qr(text: &str) -> Option<Markup> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let path: String =
        dark.map(|(at, _)| format!("M{},{}h1v1h-1z", at % width + 4, at / width + 4)).collect();
    let side = width + 8; // The quiet zone of four modules on each side.
    Some(html! {
        svg viewBox=(format!("0 0 {side} {side}")) role="img" aria-label="微信支付二维码" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

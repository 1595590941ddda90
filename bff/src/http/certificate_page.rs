//! `/certificates/verify`: anybody who holds a certificate sees whether it is genuine and what
//! must stand on it. The code to scan on a certificate leads here.

use super::page::{note, page};
use super::requester::Credentials;
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::casework::certificate::{Certificate, CertificateStanding};
use domain::clock::beijing_day;
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

/// What stands on the certificate, or what somebody typed.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    serial: String,
    #[serde(default)]
    code: String,
}

/// The form, or the answer.
pub async fn verify(
    request: HttpRequest,
    asked: Result<web::Query<Asked>, actix_web::Error>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let asked = asked.map(web::Query::into_inner).unwrap_or_default();
    if asked.serial.trim().is_empty() && asked.code.trim().is_empty() {
        return page(StatusCode::OK, "证明查验", false, &form(&asked));
    }
    let address = Credentials::of_request(&request, &parts).address();
    match parts.verify_certificate.run(&asked.serial, &asked.code, address).await {
        Ok(Some((certificate, standing))) => {
            page(StatusCode::OK, title(standing), false, &answer(&certificate, standing))
        }
        Ok(None) => page(
            StatusCode::NOT_FOUND,
            "没有查到这份证明",
            false,
            &html! {
                p {
                    "请核对证明编号和授权码，两项都要与证明上的一致。"
                    "同一份证明一小时内连续输错10次后，请一小时后再查。"
                }
                (form(&asked))
            },
        ),
        Err(error) => {
            tracing::error!(error = %chain(&error), "certificate not verified");
            note(StatusCode::SERVICE_UNAVAILABLE, "请稍候", "暂时不能查验，请稍后再试。")
        }
    }
}

fn form(asked: &Asked) -> Markup {
    let fields = [
        ("serial", "证明编号（ZM开头）", &asked.serial, 32),
        ("code", "授权码（12位）", &asked.code, 14),
    ];
    html! {
        form method="get" {
            @for (name, label, value, most) in fields {
                label for=(name) { (label) }
                input id=(name) name=(name) maxlength=(most) required autocomplete="off"
                    value=(value.chars().take(most).collect::<String>());
            }
            button type="submit" { "查验" }
        }
    }
}

fn title(standing: CertificateStanding) -> &'static str {
    match standing {
        CertificateStanding::Valid => "证明真实有效",
        CertificateStanding::Expired => "证明已过有效期",
        CertificateStanding::Revoked => "证明已由持有人撤销",
    }
}

fn answer(certificate: &Certificate, standing: CertificateStanding) -> Markup {
    let day = |day: Date| day.strftime("%Y年%m月%d日").to_string();
    let valid = standing == CertificateStanding::Valid;
    let head = [
        ("证明名称", certificate.title.clone()),
        ("证明编号", certificate.serial.to_string()),
        ("持有人", certificate.holder.masked()),
        ("出具部门", certificate.issuer.clone()),
        ("出具日期", day(beijing_day(certificate.issued_at))),
        ("有效期至", day(certificate.last_day())),
    ];
    html! {
        table { @for (label, value) in head { tr { td { (label) } td.n { (value) } } } }
        @if valid {
            @for row in &certificate.rows {
                h2 { "证明内容" }
                table {
                    @for entry in row { tr { td { (entry.label) } td { (entry.value) } } }
                }
            }
            p.note { "请与手中的证明逐项核对，不一致的证明是假的。" }
        } @else {
            p.note { "这份证明不能再使用，请让持有人重新开具。" }
        }
        p { a href="/certificates/verify" { "查验另一份证明" } }
    }
}

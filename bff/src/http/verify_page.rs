//! `/receipts/verify`: anybody who holds a receipt sees whether it is genuine, and what became
//! of it. The code to scan on a receipt leads here.

use super::page::{note, page};
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use domain::clock::beijing_day;
use domain::identity::PersonName;
use domain::money::Fen;
use domain::receipt::{ReceiptId, Verified};
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};
use maud::{Markup, html};
use serde::Deserialize;

/// What stands on the receipt, or what somebody typed.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    code: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    check: String,
}

impl Asked {
    /// `None` for what stands on no receipt.
    fn read(&self) -> Option<(ReceiptId, CheckCode)> {
        let code = ReceiptCode::new(self.code.trim()).ok()?;
        let number = ReceiptNo::new(self.number.trim()).ok()?;
        Some((ReceiptId { code, number }, CheckCode::new(self.check.trim()).ok()?))
    }

    fn is_empty(&self) -> bool {
        [&self.code, &self.number, &self.check].iter().all(|text| text.trim().is_empty())
    }
}

/// The form, or the answer.
pub async fn verify(
    asked: Result<web::Query<Asked>, actix_web::Error>,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let asked = asked.map(web::Query::into_inner).unwrap_or_default();
    if asked.is_empty() {
        return page(StatusCode::OK, "票据查验", false, &form(&asked));
    }
    let found = match asked.read() {
        Some((id, check_code)) => parts.verify_receipt.run(&id, &check_code).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(verified)) => page(StatusCode::OK, title(&verified), false, &answer(&verified)),
        Ok(None) => page(
            StatusCode::NOT_FOUND,
            "没有查到这张票据",
            false,
            &html! {
                p { "请核对票据代码、票据号码和校验码。三项都要与票面一致，校验码区分大小写。" }
                (form(&asked))
            },
        ),
        Err(error) => {
            tracing::error!(error = %chain(&error), "receipt not verified");
            note(StatusCode::SERVICE_UNAVAILABLE, "请稍候", "暂时不能查验，请稍后再试。")
        }
    }
}

fn form(asked: &Asked) -> Markup {
    let fields = [
        ("code", "票据代码（8位数字）", &asked.code, 8),
        ("number", "票据号码（10位数字）", &asked.number, 10),
        ("check", "校验码（6位）", &asked.check, 6),
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

fn title(verified: &Verified) -> &'static str {
    let filed = &verified.filed;
    match (&filed.red_letter, &filed.reversed_by) {
        (Some(_), _) => "红字票据，真实",
        (None, Some(_)) => "票据已冲红",
        (None, None) => "票据真实有效",
    }
}

fn answer(verified: &Verified) -> Markup {
    let filed = &verified.filed;
    let receipt = &filed.receipt;
    let payer = filed.payer.as_ref().map_or_else(|| "未实名".to_owned(), PersonName::masked);
    let day = beijing_day(receipt.issued_at).strftime("%Y年%m月%d日").to_string();
    let number = |id: &ReceiptId| format!("{} {}", id.code.as_str(), id.number.as_str());
    let mut rows = vec![
        ("票据种类", receipt.id.code.class().name_zh().to_owned()),
        ("票据代码、号码", number(&receipt.id)),
        ("开票日期", day),
        ("收款单位", filed.agency.name.clone()),
        ("交款人", payer),
        ("金额", format!("¥{}", filed.signed_amount())),
    ];
    if let Some(letter) = &filed.red_letter {
        rows.push(("冲红的原票据", number(&letter.original)));
    }
    if let Some(red) = &filed.reversed_by {
        rows.push(("红字票据", number(red)));
    }
    if verified.refunded > Fen::ZERO {
        rows.push(("已退付", format!("¥{}", verified.refunded)));
    }
    html! {
        table { @for (label, value) in rows { tr { td { (label) } td.n { (value) } } } }
        p.note { "请与手中的票据逐项核对，不一致的票据是假的。" }
        p { a href="/receipts/verify" { "查验另一张票据" } }
    }
}

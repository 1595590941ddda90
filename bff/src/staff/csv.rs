//! A day's result as CSV: UTF-8 with BOM, so that spreadsheets show Chinese.

use super::page::{bucket_words, when};
use crate::report::quoted;
use domain::reconciliation::desk::Exception;
use domain::reconciliation::{DayResult, Discrepancy, Resolution};

/// The exceptions of a day, one a line.
pub fn exceptions(all: &[Exception]) -> String {
    let mut text = String::from("\u{feff}");
    let head = [
        "编号",
        "对账日(北京时间)",
        "代码",
        "类型",
        "风险金额(分)",
        "恒等式影响(分)",
        "渠道",
        "商户号",
        "订单号",
        "退款单号",
        "缴款码",
        "渠道流水号",
        "入账编号",
        "事由",
        "状态",
        "负责人",
        "提案",
        "期限(北京时间)",
        "说明",
    ];
    row(&mut text, &head);
    for one in all {
        let is = &one.is;
        let (code, name) = is.code.words();
        row(
            &mut text,
            &[
                &one.no,
                &one.day.to_string(),
                code,
                name,
                &is.at_risk.value().to_string(),
                &is.equation.value().to_string(),
                &is.rail,
                &is.merchant_no,
                &is.order_no,
                &is.refund_no,
                &is.notice_no,
                &is.txn_no,
                &is.credit_no,
                &is.cause,
                one.state.words().1,
                &one.assignee,
                one.proposal.as_ref().map_or("", |(no, _)| no),
                &when(is.due_at),
                &is.note,
            ],
        );
    }
    text
}

/// Statement lines with their verdicts, then the differences that no line explains.
pub fn day(result: &DayResult) -> String {
    let mut text = String::from("\u{feff}");
    row(
        &mut text,
        &[
            "对账日(北京时间)",
            "支付渠道",
            "账单行号",
            "归类",
            "差错",
            "订单号",
            "渠道流水号",
            "金额(元)",
            "风险金额(元)",
            "处理",
            "说明",
        ],
    );
    let (date, rail) = (result.day.to_string(), result.rail.name_zh());
    let mut told = Vec::new();
    for line in &result.lines {
        let difference = result.discrepancies.iter().find(|d| d.line_no == Some(line.line_no));
        told.extend(difference);
        let (code, at_risk, done, note) = words(difference);
        row(
            &mut text,
            &[
                &date,
                rail,
                &line.line_no.to_string(),
                bucket_words(line.bucket),
                &code,
                &line.order_no,
                &line.txn,
                &line.amount.to_string(),
                &at_risk,
                done,
                note,
            ],
        );
    }
    for difference in result.discrepancies.iter().filter(|d| !told.contains(d)) {
        let (code, at_risk, done, note) = words(Some(difference));
        row(
            &mut text,
            &[
                &date,
                rail,
                "",
                "平台侧",
                &code,
                &difference.order_no,
                &difference.txn,
                "",
                &at_risk,
                done,
                note,
            ],
        );
    }
    text
}

fn words(difference: Option<&Discrepancy>) -> (String, String, &str, &str) {
    match difference {
        None => (String::new(), String::new(), "", ""),
        Some(d) => {
            let (code, name) = d.code.words();
            let done = match d.resolution {
                Resolution::Open => "待处理",
                Resolution::PutRight => "已按对账单补记",
            };
            (format!("{code} {name}"), d.at_risk.to_string(), done, &d.note)
        }
    }
}

fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

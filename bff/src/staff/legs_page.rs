//! The lines that an exception is about, side by side; and what our own records say of its order.

use super::desk_page::mark;
use super::page::when;
use crate::staff_door::SignedIn;
use domain::payment::{EventReason, PaymentStatus};
use domain::reconciliation::desk::{Exception, Leg, Trace};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Which lines are shown whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Personal data is covered.
    Masked,
    /// Somebody said why; it was noted.
    Whole,
}

/// The sections of one exception.
pub fn sections(
    who: &SignedIn,
    exception: &Exception,
    legs: &[Leg],
    traces: &[Trace],
    shown: Shown,
) -> Markup {
    html! {
        @if !legs.is_empty() {
            h2 { "各方记录" }
            (side_by_side(legs))
            (raw_lines(legs, shown))
            @if shown == Shown::Masked && legs.iter().any(|leg| !leg.personal.is_empty()) {
                (look(who, exception))
            }
        }
        @if !exception.is.order_no.is_empty() { (order(&exception.is.order_no, traces)) }
    }
}

/// Fields of all legs, in the order in which they are met.
fn names(legs: &[Leg]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in legs.iter().flat_map(|leg| &leg.fields) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn value<'a>(leg: &'a Leg, name: &str) -> Option<&'a str> {
    leg.fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
}

/// Whether those who name it do not name the same.
fn differs(legs: &[Leg], name: &str) -> bool {
    legs.iter().filter_map(|leg| value(leg, name)).collect::<BTreeSet<_>>().len() > 1
}

fn side_by_side(legs: &[Leg]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label="各方记录对照" {
            table.legs {
                thead { tr {
                    th scope="col" { "项目" }
                    @for leg in legs { th scope="col" { (leg.side.words().1) br; small { (leg.file) " 第" (leg.line_no) "行" } } }
                } }
                tbody { @for name in names(legs) {
                    @let lit = differs(legs, name);
                    tr.lit[lit] {
                        th scope="row" { (name) @if lit { " " span.bad { "不同" } } }
                        @for leg in legs { td { @match value(leg, name) {
                            Some(value) if lit => { mark { (value) } }
                            Some(value) => { (value) }
                            None => { span.note { "—" } }
                        } } }
                    }
                } }
            }
        }
    }
}

fn raw_lines(legs: &[Leg], shown: Shown) -> Markup {
    html! {
        details open[shown == Shown::Whole] { summary { "文件中的原始行（" (legs.len()) "）" }
            @for leg in legs {
                p.note { (leg.side.words().1) " " (leg.file) " 第" (leg.line_no) "行" }
                @let raw = match shown { Shown::Masked => leg.masked(), Shown::Whole => leg.raw.clone() };
                pre tabindex="0" { (raw) }
            }
        }
    }
}

fn look(who: &SignedIn, exception: &Exception) -> Markup {
    html! {
        form.line method="post" action=(format!("/staff/exceptions/{}/look", exception.no)) {
            (mark(who))
            label for="look" { "原始行中的个人信息已遮盖。查看原文的理由（会记入审计）" } " "
            input id="look" name="reason" required maxlength="200";
            button type="submit" { "查看原文" }
        }
    }
}

/// What happened to the order: requests, callbacks, questions, in time order.
fn order(order_no: &str, traces: &[Trace]) -> Markup {
    html! {
        h2 { "订单的回调与查询" }
        @if traces.is_empty() {
            p { "本系统没有订单" code { (order_no) } "的记录。" }
        } @else {
            table {
                thead { tr { th { "时间" } th { "来源" } th { "内容" } th { "结果" } } }
                tbody { @for trace in traces { tr {
                    td { (when(trace.at())) }
                    @match trace {
                        Trace::Step(record) => {
                            td { (source(record.evidence.as_deref())) }
                            td { (reason(record.reason)) }
                            td { (status(record.status)) }
                        }
                        Trace::Callback { rail, txn, amount, refund_no, outcome, .. } => {
                            td { "渠道回调 " (rail) }
                            td { @if let Some(no) = refund_no { "退款" (no) } @else { "缴款" } " " (amount) "元，流水号" code { (txn) } }
                            td { @match outcome { Some(outcome) => { (outcome) } None => { span.wait { "尚未处理" } } } }
                        }
                    }
                } } }
            }
        }
    }
}

fn source(evidence: Option<&str>) -> &'static str {
    match evidence.and_then(|code| code.split(':').next()) {
        Some("callback") => "渠道回调",
        Some("answer") => "主动查询",
        Some("statement") => "对账单",
        Some("decision") => "人工复核",
        Some(_) | None => "本系统",
    }
}

const fn reason(reason: EventReason) -> &'static str {
    match reason {
        EventReason::Started => "发起缴款",
        EventReason::RailWaits => "渠道已受理，等待付款",
        EventReason::RailSilent => "渠道没有应答",
        EventReason::RailRefused => "渠道拒绝",
        EventReason::RailConfirmed => "渠道确认到账",
        EventReason::OtherAmount => "渠道收到的金额不同",
        EventReason::LateHonoured => "关单后到账，缴款有效",
        EventReason::LateOwedBack => "关单后到账，应退",
        EventReason::Expired => "订单过期",
        EventReason::Cancelled => "市民取消",
        EventReason::RefundSent => "退款已提交",
        EventReason::RefundDone => "退款完成",
        EventReason::RefundFailed => "退款失败",
        EventReason::NoticeWithdrawn => "执收单位撤回缴款单",
        EventReason::ReviewOver => "复核结束",
    }
}

const fn status(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Submitted => "待付款",
        PaymentStatus::Unknown => "结果未知",
        PaymentStatus::UnderReview => "金额复核中",
        PaymentStatus::Paid => "已缴",
        PaymentStatus::Closed => "已关闭",
        PaymentStatus::RefundDue => "应退",
        PaymentStatus::Refunding => "退款中",
        PaymentStatus::PartiallyRefunded => "部分退款",
        PaymentStatus::Refunded => "已退款",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reconciliation::desk::LegSide;

    fn leg(side: LegSide, fields: &[(&str, &str)]) -> Leg {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Leg {
            side,
            file: "f.csv".to_owned(),
            line_no: 2,
            raw: "o123456789012,1.00".to_owned(),
            personal: vec!["o123456789012".to_owned()],
            fields: fields.collect(),
        }
    }

    #[test]
    fn only_what_both_name_differently_is_lit() {
        let legs = [
            leg(
                LegSide::Ledger,
                &[("订单号", "A"), ("金额（元）", "1.00"), ("记账日", "2026-09-30")],
            ),
            leg(
                LegSide::Rail,
                &[("订单号", "A"), ("金额（元）", "1.01"), ("手续费（元）", "0.01")],
            ),
        ];
        assert_eq!(names(&legs), ["订单号", "金额（元）", "记账日", "手续费（元）"]);
        let lit: Vec<_> = names(&legs).into_iter().filter(|name| differs(&legs, name)).collect();
        assert_eq!(lit, ["金额（元）"]);
        let page = side_by_side(&legs).into_string();
        assert!(page.contains("<mark>1.01</mark>") && !page.contains("<mark>A</mark>"), "{page}");
        let raw = raw_lines(&legs, Shown::Masked).into_string();
        assert!(raw.contains("o12***12") && !raw.contains("o123456789012"), "{raw}");
        assert!(raw_lines(&legs, Shown::Whole).into_string().contains("o123456789012"));
    }
}

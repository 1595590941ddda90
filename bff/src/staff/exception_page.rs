//! One exception: what it is, why, what happened, what to do, and what to tell a citizen who calls.

use super::desk_page::{mark, role};
use super::legs_page::{self, Shown};
use super::page::{layout, when};
use crate::staff_door::SignedIn;
use domain::reconciliation::DiscrepancyCode as Code;
use domain::reconciliation::desk::{
    Action, Exception, ExceptionEvent, ExceptionState as State, Leg, Trace,
};
use jiff::Timestamp;
use maud::{Markup, html};

/// What is known of it.
pub struct Known {
    /// Its steps.
    pub history: Vec<ExceptionEvent>,
    /// The lines that it is about.
    pub legs: Vec<Leg>,
    /// What our records say of its order.
    pub traces: Vec<Trace>,
}

/// The page.
pub fn exception(
    who: &SignedIn,
    exception: &Exception,
    known: &Known,
    shown: Shown,
    now: Timestamp,
) -> Markup {
    let is = &exception.is;
    let (code, name) = is.code.words();
    let line = if is.line_no == 0 { String::new() } else { format!("第{}行", is.line_no) };
    let facts = [
        ("渠道", is.rail.as_str()),
        ("商户号", &is.merchant_no),
        ("订单号", &is.order_no),
        ("退款单号", &is.refund_no),
        ("渠道流水号", &is.txn_no),
        ("缴款码", &is.notice_no),
        ("入账编号", &is.credit_no),
        ("文件", &is.file),
        ("行", &line),
        ("事由", &is.cause),
    ];
    let late = exception.state.is_open() && is.due_at < now;
    let body = html! {
        p { a href=(format!("/staff/desk/{}/list", exception.day)) { "← " (exception.day) "工作清单" } }
        h1 { (exception.no) " " (code) " " (name) }
        div.cards {
            div.card { "风险金额" b { (is.at_risk) " 元" } "对恒等式的影响 " (is.equation) " 元" }
            div.card { "状态" b { (exception.state.words().1) } "负责人 " (if exception.assignee.is_empty() { "无" } else { &exception.assignee }) }
            div.card { "期限" b { (when(is.due_at)) } @if late { span.bad { "已逾期" } } @else { "首要处理的期限" } }
            div.card { "岗位" b { (role(is.code.owner())) } (is.code.first_action()) }
        }
        h2 { "为什么是" (code) }
        p { (is.note) @if is.ambiguous { span.wait { "（有两个同等的候选，请人工确认）" } } }
        table.facts { tbody { @for (name, value) in facts { @if !value.is_empty() {
            tr { th scope="row" { (name) } td { code { (value) } } }
        } } } }
        (to_do(who, exception))
        (legs_page::sections(who, exception, &known.legs, &known.traces, shown))
        h2 { "经过" }
        table {
            thead { tr { th { "时间" } th { "经手" } th { "步骤" } th { "状态" } th.n { "风险金额（元）" } th { "说明" } } }
            tbody { @for event in &known.history { tr {
                td { (when(event.at)) } td { (event.by) } td { (step(&event.what)) }
                td { (event.state.words().1) } td.n { (event.at_risk) } td { (event.note) }
            } } }
        }
        h2 { "热线答复" }
        blockquote { (hotline(exception)) }
    };
    layout(&format!("{} {code}", exception.no), Some(who), &body)
}

fn to_do(who: &SignedIn, exception: &Exception) -> Markup {
    let pick = format!("{}:{}", exception.no, exception.revision);
    html! {
        h2 { "处理" }
        @match (&exception.proposal, exception.state) {
            (Some((no, action)), _) => {
                p { (action.words().1) "：" a href=(format!("/staff/proposals/{no}")) accesskey="p" { (no) "（P）" } }
            }
            (None, State::Open) => {
                form.narrow method="post" action="/staff/exceptions" {
                    (mark(who))
                    input type="hidden" name="pick" value=(pick);
                    input type="hidden" name="back" value=(format!("/staff/exceptions/{}", exception.no));
                    label for="action" { "处理方式（第一项是系统建议）" }
                    select id="action" name="action" { @for action in Action::of(exception.is.code) {
                        option value=(action.words().0) { (action.words().1) }
                    } }
                    label for="reason" { "原因" } input id="reason" name="reason" maxlength="500" value=(exception.is.code.first_action());
                    label for="evidence" { "凭据（文件号、来函、通话，可不填）" } input id="evidence" name="evidence" maxlength="500";
                    button type="submit" name="do" value="propose" accesskey="g" { "提出处理（G）" }
                    button type="submit" name="do" value="take" accesskey="t" { "由我负责（T）" }
                }
            }
            (None, _) => { p { "没有需要处理的事。" } }
        }
    }
}

/// What a step is called.
fn step(what: &str) -> &str {
    match what {
        "FOUND" => "对账发现",
        "CHANGED" => "金额变化",
        "GONE" => "对账消除",
        "TAKEN" => "领取",
        "PROPOSED" => "提出处理",
        "APPROVED" => "复核同意",
        "RETURNED" => "复核退回",
        "WITHDRAWN" => "撤回",
        "EXECUTED" => "执行",
        "PROVED" => "印证",
        "CLOSED" => "办结",
        "REOPENED" => "重新打开",
        other => other,
    }
}

/// What happened, what comes next, by when: words for a citizen on the phone.
pub fn hotline(exception: &Exception) -> String {
    let happened = match exception.is.code {
        Code::L01 | Code::L02 | Code::L10 => "您的款项支付渠道已经收到，我们的系统当时没有及时入账",
        Code::L03 => "我们的系统记为已缴，支付渠道的账单还没有这一笔，正在向渠道核实",
        Code::L07 | Code::L08 => "同一笔缴款收了两次，多收的一笔会退还给您",
        Code::L05 | Code::L04 | Code::L06 => "缴款金额与账单不一致，正在核对，多收的会退还给您",
        Code::R01 => "退款已经提交，支付渠道还没有处理完",
        Code::R04 => "退款被收款账户退回，需要您提供另一个本人账户",
        Code::R02 | Code::R03 | Code::R05 => "退款金额正在与支付渠道核对",
        Code::A01 => "您的款项已经收到，执收单位还没有完成销账，不需要再次缴款",
        Code::A02 => "缴款单的销账记录正在核对",
        Code::L09 | Code::L11 => "款项正在核对，不影响您的缴款结果",
        Code::F01
        | Code::F02
        | Code::F03
        | Code::F04
        | Code::F05
        | Code::C01
        | Code::B01
        | Code::B02
        | Code::B03
        | Code::B04 => "这是我们与支付渠道、银行之间的核对事项，不影响您的缴款结果",
    };
    let next = match exception.state {
        State::Open => "工作人员正在处理",
        State::Proposed => "处理意见已经提出，等待复核",
        State::Approved => "处理意见已经同意，正在办理",
        State::Executed => "已经办理，等待支付渠道账单确认",
        State::Verified | State::Closed | State::Resolved => "已经处理完毕",
    };
    let until = match exception.state.is_open() {
        true => format!("，预计{}前有结果", when(exception.is.due_at)),
        false => String::new(),
    };
    format!("{happened}。{next}{until}。受理编号{}，您可以凭编号再来电查询。", exception.no)
}

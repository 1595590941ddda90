//! Proposals: those that wait, and one with its exact set.

use super::desk_page::mark;
use super::page::{layout, when};
use crate::staff_door::SignedIn;
use domain::money::Fen;
use domain::reconciliation::desk::{Proposal, ProposalKind, ProposalState as State};
use maud::{Markup, html};

/// More than this of a set is told by count, sum and digest alone.
const SHOWN: usize = 200;

/// Those that wait.
pub fn list(who: &SignedIn, proposals: &[Proposal]) -> Markup {
    let body = html! {
        p { a href="/staff/" { "← 返回日历" } }
        h1 { "待复核与待执行（" (proposals.len()) "）" }
        @if proposals.is_empty() { p.ok { "没有等待处理的提案。" } } @else {
            table {
                thead { tr { th { "提案" } th { "事项" } th.n { "条数" } th.n { "金额合计（元）" } th { "提出" } th { "原因" } th { "状态" } } }
                tbody { @for proposal in proposals { tr data-row="" {
                    td { a href=(format!("/staff/proposals/{}", proposal.made.no)) { (proposal.made.no) } }
                    td { (what(proposal)) } td.n { (proposal.made.marks.len()) }
                    td.n { (Fen::new(proposal.made.weight())) }
                    td { (proposal.made.maker.by) " " (when(proposal.made.at)) }
                    td { (proposal.made.reason) } td { (state(proposal)) }
                } } }
            }
        }
        (super::desk_page::keys())
    };
    layout("待复核", Some(who), &body)
}

fn what(proposal: &Proposal) -> String {
    let name = proposal.made.kind.name();
    let day = proposal.made.day.filter(|_| proposal.made.kind != ProposalKind::ChangeRules);
    day.map_or_else(|| name.to_owned(), |day| format!("{day} {name}"))
}

fn state(proposal: &Proposal) -> Markup {
    let name = proposal.state().name();
    match proposal.state() {
        State::Pending => {
            html! { span.wait { (name) "（" (proposal.approvals()) "/" (proposal.made.needs) "）" } }
        }
        State::Approved => html! { span.bad { (name) } },
        State::Executed => html! { span.ok { (name) } },
        State::Returned | State::Withdrawn => html! { (name) },
    }
}

/// One proposal.
pub fn proposal(who: &SignedIn, proposal: &Proposal) -> Markup {
    let made = &proposal.made;
    let body = html! {
        p { a href="/staff/proposals" { "← 待复核" } }
        h1 { (what(proposal)) " " (state(proposal)) }
        div.cards {
            div.card { "条数" b { (made.marks.len()) } "金额合计 " (Fen::new(made.weight())) " 元" }
            div.card { "提出" b { (made.maker.by) } (when(made.at))
                @if !made.maker.acting_for.is_empty() { " 代" (made.maker.acting_for) } }
            div.card { "需要同意" b { (made.needs) "人" } @if made.needs > 1 { "其中一人为财政" } @else { "提出人以外的复核员或财政" } }
        }
        dl {
            dt { "原因" } dd { (made.reason) }
            @if !made.evidence.is_empty() { dt { "凭据" } dd { (made.evidence) } }
            @if made.kind == ProposalKind::ChangeRules { dt { "新规则与试算" } dd { pre { (made.state_of_day) } } }
            @else if let Some(day) = made.day { dt { "对账日" } dd { a href=(format!("/staff/desk/{day}")) { (day) } "；" (made.state_of_day) } }
            dt { "内容摘要" } dd { code { (proposal.digest) } }
        }
        (decisions(proposal))
        (forms(who, proposal))
        @if !made.marks.is_empty() {
            h2 { "这份提案的全部差错" }
            @if made.marks.len() > SHOWN { p { "只列出前" (SHOWN) "条；复核对全部" (made.marks.len()) "条有效，以上面的摘要为准。" } }
            table {
                thead { tr { th { "编号" } th.n { "金额（元）" } } }
                tbody { @for mark in made.marks.iter().take(SHOWN) { tr data-row="" {
                    td { a href=(format!("/staff/exceptions/{}", mark.no)) { (mark.no) } } td.n { (mark.at_risk) }
                } } }
            }
        }
    };
    layout(&format!("提案{}", made.no), Some(who), &body)
}

fn decisions(proposal: &Proposal) -> Markup {
    html! {
        @if !proposal.decisions.is_empty() {
            h2 { "复核" }
            table {
                thead { tr { th { "时间" } th { "复核人" } th { "意见" } th { "说明" } } }
                tbody { @for made in &proposal.decisions { tr {
                    td { (when(made.at)) }
                    td { (made.hand.by) @if !made.hand.acting_for.is_empty() { " 代" (made.hand.acting_for) } }
                    td { (made.kind.words().1) } td { (made.reason) }
                } } }
            }
        }
        @if let Some(done) = &proposal.executed {
            p { "执行：" (done.by) " " (when(done.at)) "，凭据 " code { (done.reference) } }
        }
    }
}

fn forms(who: &SignedIn, proposal: &Proposal) -> Markup {
    let made = &proposal.made;
    let own = made.maker.by == who.account.name;
    let action = format!("/staff/proposals/{}", made.no);
    let hidden = html! { (mark(who)) input type="hidden" name="digest" value=(proposal.digest); };
    html! {
        @match (proposal.state(), made.kind) {
            (State::Pending, _) if own => {
                form.line method="post" action=(action) { (hidden)
                    p { "提出人不能复核自己的提案，请等待另一位同事。" }
                    label for="reason" { "撤回原因" } input id="reason" name="reason" required maxlength="500";
                    button type="submit" name="do" value="WITHDRAW" { "撤回" }
                }
            }
            (State::Pending, _) => {
                form.line method="post" action=(action) { (hidden)
                    label for="reason" { "意见（退回时必填）" } input id="reason" name="reason" maxlength="500";
                    button type="submit" name="do" value="APPROVE" accesskey="a" { "同意（A）" }
                    button type="submit" name="do" value="RETURN" accesskey="r" { "退回（R）" }
                }
            }
            (State::Approved, ProposalKind::Act(_)) => {
                form.line method="post" action=(action) { (hidden)
                    label for="reference" { "执行凭据（退款单号、凭证号、来函编号）" }
                    input id="reference" name="reference" required maxlength="500";
                    button type="submit" name="do" value="EXECUTE" accesskey="e" { "登记已执行（E）" }
                }
            }
            (State::Approved, ProposalKind::ChangeRules) => {
                form.line method="post" action=(action) { (hidden)
                    button type="submit" name="do" value="RULES" accesskey="e" autofocus { (made.kind.name()) "（E）" }
                }
            }
            (State::Approved, ProposalKind::CloseDay | ProposalKind::ReopenDay) => {
                form.line method="post" action=(action) { (hidden)
                    button type="submit" name="do" value="DAY" accesskey="e" autofocus { (made.kind.name()) "（E）" }
                }
            }
            (State::Returned | State::Withdrawn | State::Executed, _) => {}
        }
    }
}

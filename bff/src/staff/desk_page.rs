//! Pages of the desk: the calendar of days, one day, the work list.

use super::chart::{Column, Step, trend, waterfall};
use super::page::{layout, when};
use crate::staff_door::SignedIn;
use domain::money::Fen;
use domain::reconciliation::DiscrepancyCode;
use domain::reconciliation::desk::{
    Action, DayStanding, DeskDay, Exception, ExceptionState as State, JudgedFile, LineVerdict,
    Proposal, RunFacts, Seal, Standing,
};
use domain::reconciliation::engine::Placed;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// So many rows a list shows; more are on the next page.
pub const PAGE: u32 = 200;

/// The hidden field that every form carries.
pub fn mark(who: &SignedIn) -> Markup {
    html! { input type="hidden" name="mark" value=(who.mark()); }
}

/// Days with what is open there: the first thing a clerk sees.
pub fn calendar(days: &[(DeskDay, Standing)]) -> Markup {
    html! {
        h2 { "对账日" }
        @if days.is_empty() {
            p { "还没有登记过对账。对账文件到齐后用 " code { "bff ingest" } " 登记，或等待次日10:00自动对账。" }
        } @else {
            @if days.len() > 1 { (trend("每天未办结的风险金额", &columns(days))) }
            table {
                caption { "近92天，最近的在前。风险金额不抵消。" }
                thead { tr {
                    th { "对账日" } th { "状态" } th.n { "版本" } th.n { "差错" } th.n { "未办结" }
                    th.n { "无人负责" } th.n { "缺文件" } th.n { "风险金额（元）" } th.n { "净额（元）" }
                } }
                tbody { @for (day, standing) in days { tr data-row="" {
                    td { a href=(format!("/staff/desk/{}", day.day)) { (day.day) } }
                    td { (standing_words(day, standing)) }
                    td.n { (day.version) }
                    td.n { (standing.found) }
                    td.n { (standing.open) }
                    td.n { @if standing.unassigned > 0 { span.bad { (standing.unassigned) } } @else { "0" } }
                    td.n { @if standing.files_missing > 0 { span.bad { (standing.files_missing) } } @else { "0" } }
                    td.n { (standing.gross) }
                    td.n { (standing.net) }
                } } }
            }
        }
    }
}

/// The oldest day first.
fn columns(days: &[(DeskDay, Standing)]) -> Vec<Column> {
    let column = |(day, standing): &(DeskDay, Standing)| Column {
        day: day.day.to_string(),
        fen: standing.gross,
        said: format!("未办结{}条，{}元", standing.open, standing.gross),
    };
    days.iter().rev().map(column).collect()
}

fn standing_words(day: &DeskDay, standing: &Standing) -> Markup {
    match (day.standing, standing.open) {
        (DayStanding::Closed, 0) => html! { span.ok { "已关账" } },
        (DayStanding::Closed, _) => html! { span.wait { "已关账，有挂账" } },
        (DayStanding::Open, 0) => html! { span.ok { "可关账" } },
        (DayStanding::Open, _) => html! { span.bad { "待处理" } },
    }
}

/// What a day's page shows.
pub struct DayView<'a> {
    /// Who looks.
    pub who: &'a SignedIn,
    /// The day.
    pub day: &'a DeskDay,
    /// What is open.
    pub standing: &'a Standing,
    /// Newest first.
    pub runs: &'a [RunFacts],
    /// All of the day.
    pub exceptions: &'a [Exception],
    /// Newest first.
    pub seals: &'a [Seal],
    /// Of the day, waiting.
    pub proposals: &'a [Proposal],
    /// Now.
    pub now: Timestamp,
}

/// One day.
pub fn day(view: &DayView<'_>) -> Markup {
    let DayView { who, day, standing, runs, exceptions, .. } = view;
    let path = format!("/staff/desk/{}", day.day);
    let title = format!("{}对账", day.day);
    let body = html! {
        p { a href="/staff/" { "← 返回日历" } }
        h1 { (title) " " (standing_words(day, standing)) }
        div.cards {
            div.card { "差错" b { (standing.found) } "其中未办结 " (standing.open) }
            div.card { "风险金额" b { (standing.gross) " 元" } "净额 " (standing.net) " 元" }
            div.card { "无人负责" b { (standing.unassigned) } "领取后才能关账" }
            div.card { "缺少文件" b { (standing.files_missing) } "F01至F03" }
            div.card { "版本" b { (day.version) } "第" (day.run) "次对账" }
        }
        p {
            a href=(format!("{path}/list")) accesskey="l" { "工作清单（L）" } " · "
            a href=(format!("{path}.csv")) accesskey="d" { "导出CSV（D）" } " · "
            a href="/staff/proposals" accesskey="p" { "待复核（P）" }
        }
        @if let Some(run) = runs.first() { (legs(run, exceptions)) }
        (ageing(exceptions, view.now))
        (by_code(&path, exceptions))
        (incidents(&path, exceptions))
        (closing(view))
        (run_list(runs))
        (seal_list(view.seals))
        @let _ = who;
    };
    layout(&title, Some(view.who), &body)
}

fn open_of(exceptions: &[Exception]) -> impl Iterator<Item = &Exception> {
    exceptions.iter().filter(|exception| exception.state.is_open())
}

fn sums<'a, K: Ord>(
    exceptions: impl Iterator<Item = &'a Exception>,
    key: impl Fn(&'a Exception) -> K,
) -> BTreeMap<K, (u64, i64)> {
    let mut sums: BTreeMap<K, (u64, i64)> = BTreeMap::new();
    for exception in exceptions {
        let of = sums.entry(key(exception)).or_default();
        *of = (of.0 + 1, of.1.saturating_add(exception.is.at_risk.value()));
    }
    sums
}

/// What happened together is one line: one outage with all that it left.
fn incidents(path: &str, exceptions: &[Exception]) -> Markup {
    let mut found: Vec<_> = sums(open_of(exceptions), |e| e.is.cause.clone()).into_iter().collect();
    found.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let alone = found.iter().filter(|(_, (count, _))| *count == 1).count();
    found.retain(|(_, (count, _))| *count > 1);
    html! {
        h2 { "同一事由的（" (found.len()) "）" }
        p { "同一时段、同一原因的差错可以一起处理。" @if alone > 0 { "另有" (alone) "条各有各的原因，见上表或工作清单。" } }
        @if !found.is_empty() {
            table {
                thead { tr { th { "事由" } th.n { "笔数" } th.n { "净额（元）" } } }
                tbody { @for (cause, (count, fen)) in &found { tr data-row="" {
                    td { a href=(format!("{path}/list?cause={}", encoded(cause))) { (cause) } }
                    td.n { (count) } td.n { (Fen::new(*fen)) }
                } } }
            }
        }
    }
}

fn by_code(path: &str, exceptions: &[Exception]) -> Markup {
    let found = sums(open_of(exceptions), |e| e.is.code);
    html! {
        @if !found.is_empty() {
            h2 { "按类型" }
            table {
                thead { tr { th { "代码" } th { "类型" } th { "岗位" } th { "首要处理" } th.n { "笔数" } th.n { "净额（元）" } } }
                tbody { @for (code, (count, fen)) in &found { tr data-row="" {
                    @let (text, name) = code.words();
                    td { a href=(format!("{path}/list?code={text}")) { (text) } }
                    td { (name) } td { (role(code.owner())) } td { (code.first_action()) }
                    td.n { (count) } td.n { (Fen::new(*fen)) }
                } } }
            }
        }
    }
}

/// What the role of a code is called.
pub fn role(code: &str) -> &'static str {
    match code {
        "CLERK" => "对账员",
        "CHECKER" => "复核员",
        "FINANCE" => "财政",
        "OPERATOR" => "运维",
        _ => "—",
    }
}

/// From our ledger over the differences to the rails' net; and the other legs, in figures.
fn legs(run: &RunFacts, exceptions: &[Exception]) -> Markup {
    let summary: serde_json::Value = serde_json::from_str(&run.summary).unwrap_or_default();
    let identities = summary["identities"].as_array().cloned().unwrap_or_default();
    let side = |name: &str, side: &str| {
        let of = identities.iter().filter(|identity| identity["name"] == name);
        let fen = of.filter_map(|identity| identity[side].as_str()?.parse::<i64>().ok());
        fen.fold(0_i64, i64::saturating_add)
    };
    let rail = side("I3", "right");
    let shares: BTreeMap<DiscrepancyCode, i64> =
        exceptions.iter().fold(BTreeMap::new(), |mut shares, exception| {
            let share: &mut i64 = shares.entry(exception.is.code).or_default();
            *share = share.saturating_add(exception.is.equation.value());
            shares
        });
    let moved = shares.values().fold(0_i64, |sum, share| sum.saturating_add(*share));
    let total =
        |name: &str, fen| Step { name: name.to_owned(), fen: Fen::new(fen), is_total: true };
    let mut steps = vec![total("平台账本（含结转）", rail.saturating_sub(moved))];
    steps.extend(shares.iter().filter(|(_, share)| **share != 0).map(|(code, share)| {
        let (text, name) = code.words();
        Step { name: format!("{text} {name}"), fen: Fen::new(*share), is_total: false }
    }));
    steps.push(total("渠道净额", rail));
    let broken = identities.iter().filter(|identity| identity["holds"] == false).count();
    html! {
        h2 { "四方核对" }
        (waterfall("从平台账本到渠道净额（元）", &steps))
        p {
            "银行：应到未到与差额合计 " (Fen::new(side("I4", "left"))) " 元；恒等式 "
            @if broken == 0 { span.ok { "全部成立" } } @else { span.bad { (broken) "个不成立，结果不可用" } }
        }
        @if let Some(files) = summary["files"].as_array() {
            details { summary { "对账文件（" (files.len()) "）" }
                table {
                    thead { tr { th { "文件" } th.n { "行数" } th.n { "无法解析" } th { "SHA-256" } } }
                    tbody { @for file in files { tr {
                        td { (file["name"].as_str().unwrap_or_default()) }
                        td.n { (file["lines"].as_u64().unwrap_or_default()) }
                        td.n { (file["quarantined"].as_u64().unwrap_or_default()) }
                        td { code { (file["sha256"].as_str().unwrap_or_default()) } }
                    } } }
                }
                form.line method="get" action=(format!("/staff/desk/{}/line", run.day)) {
                    input type="hidden" name="run" value=(run.number);
                    label for="file" { "查一行的结论：文件" } " "
                    select id="file" name="file" { @for (position, file) in (1..).zip(files) {
                        option value=(position) { (file["name"].as_str().unwrap_or_default()) }
                    } }
                    " " label for="line" { "第几行" } " "
                    input id="line" name="line" inputmode="numeric" required maxlength="10" pattern="[0-9]+";
                    " " button type="submit" { "查看" }
                }
            }
        }
    }
}

/// What a run said of one line.
pub fn line(
    who: &SignedIn,
    (day, run): (Date, u32),
    file: &JudgedFile,
    (line_no, verdict): (u32, Option<LineVerdict>),
) -> Markup {
    let title = format!("{} 第{line_no}行", file.file);
    let body = html! {
        p { a href=(format!("/staff/desk/{day}")) { "← " (day) } }
        h1 { (title) }
        p { "第" (run) "次对账：" b { (said(verdict)) } }
        @if let Some(LineVerdict::Judged(_, Some(code))) = verdict {
            p { (code.words().0) " " (code.words().1) "："
                a href=(format!("/staff/desk/{day}/list?code={}", code.words().0)) { "同类差错" } }
        }
        p.note { "有结论的最后一行是第" (file.last_line) "行。文件SHA-256：" code { (file.sha256) } }
    };
    layout(&title, Some(who), &body)
}

fn said(verdict: Option<LineVerdict>) -> &'static str {
    match verdict {
        None => "这一行不是明细（表头、合计行或空行）",
        Some(LineVerdict::Quarantined) => "无法解析，已隔离",
        Some(LineVerdict::Judged(Placed::Matched, _)) => "已对平",
        Some(LineVerdict::Judged(Placed::Carried, _)) => "结转到其他日",
        Some(LineVerdict::Judged(Placed::Exception, _)) => "有差错",
        Some(LineVerdict::Judged(Placed::Explains, _)) => "不属于这一天，只作说明",
    }
}

fn ageing(exceptions: &[Exception], now: Timestamp) -> Markup {
    let class = |exception: &Exception| {
        let hours = now.duration_since(exception.opened_at).as_hours();
        let classes = [(4, "4小时内"), (24, "1天内"), (72, "3天内"), (168, "7天内")];
        let within = (0..).zip(classes).find(|(_, (most, _))| hours < *most);
        within.map_or((4, "超过7天"), |(place, (_, name))| (place, name))
    };
    let found = sums(open_of(exceptions), class);
    let late = open_of(exceptions).filter(|exception| exception.is.due_at < now).count();
    html! {
        @if !found.is_empty() {
            h2 { "账龄" }
            p { @for ((_, name), (count, fen)) in &found { (name) " " (count) "笔 " (Fen::new(*fen)) "元；" }
                @if late > 0 { span.bad { "其中逾期" (late) "笔" } } @else { "没有逾期" } }
        }
    }
}

fn closing(view: &DayView<'_>) -> Markup {
    let (path, title) = match view.day.standing {
        DayStanding::Open => ("close", "提出关账"),
        DayStanding::Closed => ("reopen", "提出重新打开"),
    };
    let waiting = view.proposals.iter().filter(|proposal| proposal.made.day == Some(view.day.day));
    let waiting: Vec<_> = waiting.collect();
    html! {
        h2 { "关账" }
        @for proposal in &waiting {
            p { a href=(format!("/staff/proposals/{}", proposal.made.no)) { (proposal.made.kind.name()) "：" (proposal.state().name()) } }
        }
        @if waiting.is_empty() {
            form.line method="post" action=(format!("/staff/desk/{}/{path}", view.day.day)) {
                (mark(view.who))
                label for="why" { "说明" }
                input id="why" name="reason" required maxlength="500" value=(if path == "close" { "日终核对完毕" } else { "" });
                button type="submit" accesskey="c" { (title) "（C）" }
            }
        }
    }
}

fn run_list(runs: &[RunFacts]) -> Markup {
    html! {
        details { summary { "历次对账（" (runs.len()) "）" }
            table {
                thead { tr { th.n { "次" } th { "时间" } th { "登记人" } th.n { "差错" } th { "恒等式" } th { "结果摘要" } } }
                tbody { @for run in runs { tr {
                    td.n { (run.number) } td { (when(run.at)) } td { (run.by) } td.n { (run.findings) }
                    td { @if run.holds { span.ok { "成立" } } @else { span.bad { "不成立" } } }
                    td { code { (run.digest) } }
                } } }
            }
        }
    }
}

/// Seals with their heads: this is what is printed on the day's report.
fn seal_list(seals: &[Seal]) -> Markup {
    html! {
        @for seal in seals {
            h2 { "封存第" (seal.number) "号（第" (seal.version) "版）" }
            dl {
                dt { "时间" } dd { (when(seal.at)) }
                dt { "哈希" } dd { code { (seal.signed.hash) } }
                dt { "签名（Ed25519）" } dd { code { (seal.signed.signature) } }
                dt { "公钥" } dd { code { (seal.signed.key) } }
            }
        }
    }
}

/// A value within a query.
pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What the work list shows.
pub struct ListView<'a> {
    /// Who looks.
    pub who: &'a SignedIn,
    /// Of one day, or of all.
    pub day: Option<Date>,
    /// The path and query, without the page.
    pub here: String,
    /// What was searched for.
    pub words: &'a str,
    /// The rows.
    pub rows: &'a [Exception],
    /// Where the next page begins.
    pub next: Option<String>,
    /// Now.
    pub now: Timestamp,
}

/// The work list: rows to take and to propose for.
pub fn list(view: &ListView<'_>) -> Markup {
    let base =
        view.day.map_or_else(|| "/staff/list".to_owned(), |day| format!("/staff/desk/{day}/list"));
    let title = view.day.map_or_else(|| "工作清单".to_owned(), |day| format!("{day}工作清单"));
    let me = encoded(&view.who.account.name);
    let saved = [
        ("全部未办结", base.clone()),
        ("我负责的", format!("{base}?assignee={me}")),
        ("无人负责", format!("{base}?assignee=")),
        ("待复核", format!("{base}?state=PROPOSED")),
        ("待执行", format!("{base}?state=APPROVED")),
        ("待印证", format!("{base}?state=EXECUTED")),
        ("已办结", format!("{base}?state=CLOSED")),
        ("已消除", format!("{base}?state=RESOLVED")),
    ];
    let actions: std::collections::BTreeSet<Action> =
        view.rows.iter().flat_map(|row| Action::of(row.is.code)).copied().collect();
    let sum = view
        .rows
        .iter()
        .fold(0_i64, |sum, row| sum.saturating_add(row.is.at_risk.value().saturating_abs()));
    let body = html! {
        p { @if let Some(day) = view.day { a href=(format!("/staff/desk/{day}")) { "← " (day) } } @else { a href="/staff/" { "← 返回日历" } } }
        h1 { (title) }
        nav aria-label="常用筛选" { @for (name, href) in &saved { a href=(href) { (name) } " " } }
        form.line method="get" action=(base) {
            label for="q" { "查找（订单号、流水号、缴款码的末尾，或差错编号）" }
            input id="q" name="q" value=(view.words) maxlength="64" accesskey="s";
            button type="submit" { "查找" }
        }
        @if view.rows.is_empty() { p { "没有符合条件的差错。" } } @else {
            form method="post" action="/staff/exceptions" {
                (mark(view.who))
                input type="hidden" name="back" value=(view.here);
                table {
                    caption { "本页" (view.rows.len()) "条，风险金额" (Fen::new(sum)) "元" }
                    thead { tr {
                        th { label { input type="checkbox" data-all=""; " 全选" } }
                        th { "编号" } th { "类型" } th { "订单号" } th { "渠道流水号" } th { "缴款码" }
                        th.n { "风险金额（元）" } th { "状态" } th { "负责人" } th { "期限" }
                    } }
                    tbody { @for row in view.rows { (list_row(row, view.now)) } }
                }
                @if let Some(next) = &view.next { p { a href=(next) accesskey="n" { "下一页（N）" } } }
                fieldset {
                    legend { "对选中的差错" }
                    button type="submit" name="do" value="take" accesskey="t" { "由我负责（T）" }
                    " " label for="action" { "处理方式" }
                    select id="action" name="action" { @for action in &actions {
                        option value=(action.words().0) { (action.words().1) }
                    } }
                    " " label for="reason" { "原因" } input id="reason" name="reason" maxlength="500";
                    " " label for="evidence" { "凭据" } input id="evidence" name="evidence" maxlength="500";
                    button type="submit" name="do" value="propose" accesskey="g" { "提出处理（G）" }
                }
            }
        }
        (keys())
    };
    layout(&title, Some(view.who), &body)
}

fn list_row(row: &Exception, now: Timestamp) -> Markup {
    let (code, name) = row.is.code.words();
    let pick = format!("{}:{}", row.no, row.revision);
    html! {
        tr data-row="" {
            td { input type="checkbox" name="pick" value=(pick) aria-label=(format!("选中{}", row.no)) disabled[row.state != State::Open]; }
            td { a href=(format!("/staff/exceptions/{}", row.no)) { (row.no) } }
            td { (code) " " (name) @if row.is.ambiguous { " " span.wait { "多候选" } } }
            td { code { (row.is.order_no) } } td { code { (row.is.txn_no) } } td { code { (row.is.notice_no) } }
            td.n { (row.is.at_risk) }
            td { (row.state.words().1) }
            td { (row.assignee) }
            td { @if row.state.is_open() && row.is.due_at < now { span.bad { (when(row.is.due_at)) " 逾期" } } @else { (when(row.is.due_at)) } }
        }
    }
}

/// What the keys do.
pub fn keys() -> Markup {
    html! {
        details.keys { summary { "键盘（?）" }
            p { "J、K 上下移动，X 选中，Enter 打开，/ 查找，Esc 离开输入框。带字母的按钮用浏览器的快捷键组合（如 Alt+字母）。" }
        }
    }
}

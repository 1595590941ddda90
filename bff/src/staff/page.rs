//! The pages, as HTML.

use crate::staff_door::SignedIn;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use domain::clock::{beijing_day, beijing_time};
use domain::money::Fen;
use domain::payment::LedgerCheck;
use domain::reconciliation::{Bucket, DayResult, DayState, Discrepancy, Resolution};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "
body{font:16px/1.5 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;
 margin:0;color:#1b1f24;background:#f6f7f9}
header{background:#12467b;color:#fff;padding:.6rem 1.2rem}header a{color:#fff}
header{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:baseline}header form{margin-left:auto}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;background:#fff;padding:.3rem}
button{font:inherit;padding:.25rem .8rem;border:1px solid #12467b;background:#12467b;color:#fff;border-radius:3px;cursor:pointer}
header button{background:transparent;border-color:#fff}
textarea{font:.9em monospace;width:100%;box-sizing:border-box}input,select{font:inherit;padding:.2rem .4rem;border:1px solid #5b6673;border-radius:3px;max-width:100%}
form.narrow{display:grid;gap:.35rem;max-width:28rem}form.line{margin:.6rem 0}form.line input{min-width:14rem}
fieldset{border:1px solid #d5dae1;margin:.8rem 0;background:#fff}caption{text-align:left;padding:.2rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}figure{margin:.6rem 0;background:#fff}
figcaption{padding:.3rem .6rem}blockquote{background:#fff;border-left:4px solid #12467b;margin:.4rem 0;padding:.6rem 1rem}
nav a{margin-right:.7rem}.note{color:#4a5561}
@media print{header nav,header form,form,.skip,.noprint{display:none}main{max-width:none}}
main{max-width:1180px;margin:1rem auto;padding:0 1.2rem}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.4rem 0 .4rem}
table{border-collapse:collapse;width:100%;background:#fff}
th,td{border:1px solid #d5dae1;padding:.35rem .6rem;text-align:left;vertical-align:top}
th{background:#e9eef4}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.ok{color:#116329}.bad{color:#a40e26;font-weight:600}.wait{color:#7a4b00}
code{font-size:.9em;word-break:break-all}pre{white-space:pre-wrap;word-break:break-all;background:#fff;border:1px solid #d5dae1;padding:.5rem}
.wide{overflow-x:auto}.legs td{word-break:break-all}mark{background:#ffe08a;color:#1b1f24;padding:0 .15rem}
a:focus,summary:focus,pre:focus,.wide:focus,button:focus,input:focus,select:focus,textarea:focus{outline:3px solid #f0a500;outline-offset:2px}
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:.8rem 0}
.card{background:#fff;border:1px solid #d5dae1;padding:.6rem 1rem;min-width:10rem}
.card b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
";

/// A page of the console; without somebody who is signed in it has no menu.
pub fn layout(title: &str, who: Option<&SignedIn>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · 对账工作台" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "跳到正文" }
                header {
                    a href="/staff/" accesskey="h" { "对账工作台" } " · 一网"
                    @if let Some(who) = who {
                        nav aria-label="主菜单" {
                            a href="/staff/list" { "工作清单" } " " a href="/staff/proposals" { "待复核" } " " a href="/staff/sources" { "文件" } " " a href="/staff/reports" { "报表" } " " a href="/staff/rules" { "规则" }
                        }
                        form method="post" action="/staff/sign-out" {
                            input type="hidden" name="mark" value=(who.mark());
                            (who.account.name) " " button type="submit" { "退出" }
                        }
                    }
                }
                main id="main" { (body) }
                script src="/staff/console.js" defer {}
            }
        }
    }
}

/// What a bucket is called.
pub fn bucket_words(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Matched => "已对平",
        Bucket::Discrepancy(_) => "差错",
        Bucket::Quarantined => "无法解析",
    }
}

fn state(state: DayState) -> Markup {
    match state {
        DayState::Matched => html! { span.ok { "已对平" } },
        DayState::Different => html! { span.bad { "有差错待处理" } },
        DayState::WaitingForFile => html! { span.wait { "等待对账单" } },
    }
}

/// A moment as staff read it, Beijing time.
pub fn when(at: Timestamp) -> String {
    beijing_time(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A page as an answer: never kept, no scripts but our own, never within another page.
pub fn respond(status: StatusCode, page: &Markup) -> HttpResponse {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; \
                          form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(page.0.clone())
}

/// The list of days, with what waits to be told to the agencies. `desk`: the days of the desk.
pub fn days(
    who: &SignedIn,
    desk: &Markup,
    days: &[DayResult],
    (waiting, parked): (u64, u64),
    check: Option<&LedgerCheck>,
    now: Timestamp,
) -> Markup {
    let body = html! {
        h1 { "对账日历" }
        (desk)
        h2 { "渠道对账单" }
        p { "现在是 " (beijing_time(now).strftime("%Y-%m-%d %H:%M")) "（北京时间）。"
            (beijing_day(now)) " 的对账单次日10:00后自动取回并对账。" }
        p {
            "待销账、待开票：" (waiting) " 项；"
            @if parked > 0 { span.bad { "已搁置、需人工处理：" (parked) " 项" } }
            @else { "没有搁置的事项" }
        }
        (ledger(check))
        @if days.is_empty() {
            p { "还没有可对账的日子：有了第一笔支付，次日10:00后这里会出现结果。" }
        } @else {
            table {
                thead { tr {
                    th { "对账日" } th { "支付渠道" } th { "状态" }
                    th.n { "平台笔数" } th.n { "平台金额（元）" } th.n { "手续费（元）" }
                    th.n { "待处理差错" } th.n { "风险金额（元）" } th { "明细" }
                } }
                tbody { @for day in days { (day_row(day)) } }
            }
        }
    };
    layout("对账日历", Some(who), &body)
}

/// Whether the books are what they should be, as of the last night.
fn ledger(check: Option<&LedgerCheck>) -> Markup {
    html! {
        @match check {
            None => { p { "账簿每日01:00后核对，尚无结果。" } }
            Some(check) if check.faults.is_empty() => {
                p {
                    "账簿核对 " (beijing_time(check.at).strftime("%m-%d %H:%M")) "："
                    span.ok { (check.accounts) "个科目余额与分录一致，借贷平衡" }
                }
            }
            Some(check) => {
                p {
                    "账簿核对 " (beijing_time(check.at).strftime("%m-%d %H:%M")) "："
                    span.bad { "有" (check.faults.len()) "处不符，请立即通知运维" }
                }
                ul { @for fault in &check.faults { li { (fault) } } }
            }
        }
    }
}

fn link(day: &DayResult) -> String {
    format!("/staff/days/{}/{}", day.rail.code(), day.day)
}

fn open(day: &DayResult) -> impl Iterator<Item = &Discrepancy> {
    day.discrepancies.iter().filter(|d| d.resolution == Resolution::Open)
}

/// What could be lost at most: differences never cancel each other out.
fn at_risk(day: &DayResult) -> Fen {
    let sum = open(day).map(|d| d.at_risk.value().saturating_abs()).fold(0, i64::saturating_add);
    Fen::new(sum)
}

fn day_row(day: &DayResult) -> Markup {
    html! {
        tr {
            td { a href=(link(day)) { (day.day) } }
            td { (day.rail.name_zh()) }
            td { (state(day.state)) }
            td.n { (day.ledger_count) }
            td.n { (day.ledger_total) }
            td.n { (day.fee_total) }
            td.n { (open(day).count()) }
            td.n { (at_risk(day)) }
            td { a href=(format!("{}.csv", link(day))) { "下载CSV" } }
        }
    }
}

/// One day: sums, differences, lines.
pub fn day(who: &SignedIn, day: &DayResult) -> Markup {
    let tally = |which: fn(Bucket) -> bool| day.tally(which).unwrap_or((0, Fen::ZERO));
    let cards = [
        ("平台", (day.ledger_count as usize, day.ledger_total)),
        ("对账单", tally(|_| true)),
        ("已对平", tally(|b| b == Bucket::Matched)),
        ("差错行", tally(|b| matches!(b, Bucket::Discrepancy(_)))),
        ("无法解析", tally(|b| b == Bucket::Quarantined)),
    ];
    let title = format!("{} {}", day.day, day.rail.name_zh());
    let body = html! {
        p { a href="/staff/" { "← 返回日历" } }
        h1 { (title) " " (state(day.state)) }
        div.cards {
            @for (name, (count, sum)) in cards {
                div.card { (name) b { (sum) " 元" } (count) " 笔" }
            }
            div.card { "手续费" b { (day.fee_total) " 元" } "渠道收取" }
        }
        p { "对账时间 " (beijing_time(day.judged_at).strftime("%Y-%m-%d %H:%M:%S"))
            @if !day.file_hash.is_empty() { "；对账单 SHA-1 " code { (day.file_hash) } }
            @if let Some(next) = day.next_try_at {
                "；" (beijing_time(next).strftime("%m-%d %H:%M")) " 后自动再取"
            } }
        (differences(&day.discrepancies))
        (lines(day))
        p { a href=(format!("{}.csv", link(day))) accesskey="d" { "下载CSV" } }
    };
    layout(&title, Some(who), &body)
}

fn differences(found: &[Discrepancy]) -> Markup {
    html! {
        h2 { "差错（" (found.len()) "）" }
        @if found.is_empty() {
            p.ok { "没有差错：每一分钱都已对平。" }
        } @else {
            table {
                thead { tr {
                    th { "代码" } th { "类型" } th { "订单号" } th { "渠道流水号" }
                    th.n { "行号" } th.n { "风险金额（元）" } th { "说明" } th { "处理" }
                } }
                tbody { @for d in found {
                    tr {
                        td { (d.code.words().0) }
                        td { (d.code.words().1) }
                        td { code { (d.order_no) } }
                        td { code { (d.txn) } }
                        td.n { @if let Some(line) = d.line_no { (line) } }
                        td.n { (d.at_risk) }
                        td { (d.note) }
                        td { @match d.resolution {
                            Resolution::Open => span.bad { "待处理" },
                            Resolution::PutRight => span.ok { "已按对账单补记" },
                        } }
                    }
                } }
            }
        }
    }
}

/// More lines than this are read in the CSV, not on a screen.
const SHOWN_LINES: usize = 500;

fn lines(day: &DayResult) -> Markup {
    html! {
        h2 { "对账单明细（" (day.lines.len()) " 行）" }
        @if day.lines.len() > SHOWN_LINES {
            p { "这里只显示前 " (SHOWN_LINES) " 行，全部明细请下载CSV。" }
        }
        @if day.lines.is_empty() {
            p { "对账单没有明细。" }
        } @else {
            table {
                thead { tr {
                    th.n { "行号" } th { "归类" } th { "订单号" } th { "渠道流水号" }
                    th.n { "金额（元）" } th { "原始行" }
                } }
                tbody { @for line in day.lines.iter().take(SHOWN_LINES) {
                    tr {
                        td.n { (line.line_no) }
                        td { (bucket_words(line.bucket)) }
                        td { code { (line.order_no) } }
                        td { code { (line.txn) } }
                        td.n { (line.amount) }
                        td { details { summary { "查看" } code { (line.raw) } } }
                    }
                } }
            }
        }
    }
}

/// A page that says why there is nothing, and where to go.
pub fn missing(why: &str) -> Markup {
    let body = html! { h1 { (why) } p { a href="/staff/" { "← 返回日历" } } };
    layout("没有内容", None, &body)
}

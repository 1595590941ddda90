//! The pages that are no reference: what there is, errors, limits, changes.

use super::changes::{Table, tables};
use super::markup::{code_block, words};
use super::reference::{Reference, Shape, Verb};
use super::{Limit, Portal, PortalMode};
use crate::graphql::error::FailureCode;
use maud::{Markup, html};

/// The first page.
pub fn overview(portal: &Portal, reference: &Reference) -> Markup {
    let url = portal.public_url.as_str();
    let count = |verb| reference.operations.iter().filter(|one| one.verb == verb).count();
    html! {
        p.lead {
            "一个 GraphQL 接口，服务原生 App、微信小程序、支付宝小程序三个渠道："
            "查询、预约、申办、缴费、开证明。同一个账号，三处通用。"
        }
        p lang="en" {
            "One GraphQL endpoint for the native app and both mini-programs. Descriptions of the \
             schema are in English; what citizens read is in Chinese."
        }
        ul.cards {
            li { a href="/docs/first-fine" { "十分钟缴第一笔罚款" } p { "从登录到支付成功，每一步都能粘贴运行" } }
            li {
                a href="/docs/operations" { "操作" }
                p { (count(Verb::Query)) " 个查询、" (count(Verb::Mutation)) " 个变更、" (count(Verb::Subscription)) " 个订阅" }
            }
            li { a href="/docs/errors" { "错误" } p { "每个代码的含义与下一步" } }
        }
        h2 { "环境" }
        div.scroll tabindex="0" role="region" aria-label="地址" {
            table {
                tbody {
                    (row("查询与变更", &html! { code { "POST " (url) "/graphql" } }))
                    (row("已登记的文档", &html! { code { "GET " (url) "/graphql?documentId=…" } }))
                    (row("订阅", &html! { "同一地址，" code { "graphql-transport-ws" } " 或 " code { "text/event-stream" } }))
                    (row("契约", &html! { a href="/schema.graphql" { (url) "/schema.graphql" } }))
                    (row("上传文件", &html! { code { "POST " (url) "/files" } }))
                    @if let Some(citizens) = &portal.citizens {
                        (row("模拟渠道", &html! { code { (citizens.control()) } "：造市民、付款、拨时钟；只在演示环境有" }))
                    }
                }
            }
        }
        @if portal.mode == PortalMode::Try {
            p { "这是演示环境：没有真的钱、真的人。生产环境要用自己的地址、登记过的文档和真的渠道。" }
        }
        h2 { "渠道" }
        div.scroll tabindex="0" role="region" aria-label="渠道" {
            table {
                thead { tr { th scope="col" { "渠道" } th scope="col" { code { "X-Channel" } } th scope="col" { "登录凭证" } th scope="col" { "收银台" } } }
                tbody {
                    tr { th scope="row" { "微信小程序" } td { code { "wechat" } } td { code { "wx.login" } " 与手机号按钮" } td { code { "wx.requestPayment" } } }
                    tr { th scope="row" { "支付宝小程序" } td { code { "alipay" } } td { code { "my.getAuthCode" } " 与 " code { "my.getPhoneNumber" } } td { code { "my.tradePay" } } }
                    tr { th scope="row" { "原生 App" } td { code { "app" } } td { "短信验证码" } td { "微信、支付宝、银联的 SDK" } }
                }
            }
        }
        h2 { "请求头" }
        div.scroll tabindex="0" role="region" aria-label="请求头" {
            table {
                tbody {
                    (row("Authorization", &html! { code { "Bearer 访问令牌" } "；过期时用 " a href="/docs/operations/refreshSession" { code { "refreshSession" } } " 换新" }))
                    (row("X-Channel", &html! { "没有登录时说明渠道，省略即 " code { "app" } "；登录后以会话为准" }))
                    (row("Accept-Language", &html! { "提示语的语言：" code { "zh-CN" } "（默认）或 " code { "en" } }))
                }
            }
        }
        h2 { "四条规矩" }
        ol {
            li { "没有应答不等于失败：写操作带 " code { "idempotencyKey" } "，用同一个键再发一次，绝不会办两次、缴两次。" }
            li { "能由市民处理的拒绝在 " code { "userErrors" } "，故障在 " code { "errors" } "；见" a href="/docs/errors" { "错误" } "。" }
            li { "不认识的枚举值当作“再问一次”：以后会增加。" }
            li { "金额是整数分 " code { "fen" } "，不做浮点运算。" }
        }
    }
}

fn row(name: &str, what: &Markup) -> Markup {
    html! { tr { th scope="row" { (name) } td { (what) } } }
}

/// Every code, what it means and what to do next.
pub fn errors(reference: &Reference) -> Markup {
    let refusals = match reference.find("UserErrorCode").map(|found| &found.shape) {
        Some(Shape::Enum(words)) => words.as_slice(),
        Some(_) | None => &[],
    };
    html! {
        h2 { "故障" }
        p {
            "在 " code { "errors[].extensions.code" } "，旁边的 " code { "traceId" } " 请一并记录：凭它能查到日志。"
            "请求头 " code { "Accept-Language: en" } " 时给英文。"
        }
        div.scroll tabindex="0" role="region" aria-label="故障代码" {
            table {
                thead { tr { th scope="col" { "代码" } th scope="col" { "中文" } th scope="col" { "English" } th scope="col" { "客户端的下一步" } } }
                tbody {
                    @for code in FailureCode::ALL {
                        tr id=(code.words().0) {
                            th scope="row" { code { (code.words().0) } }
                            td { (code.words().1) }
                            td lang="en" { (code.english()) }
                            td lang="en" { (words(code.advice())) }
                        }
                    }
                }
            }
        }
        h3 { "例子" }
        @for code in FailureCode::ALL { (code_block("json", &example(code))) }
        h2 { "拒绝" }
        p {
            "在变更结果的 " code { "userErrors" } "：" code { "code" } " 用来分支，" code { "message" }
            " 直接给市民看，" code { "field" } " 指出输入里的位置。"
        }
        div.scroll tabindex="0" role="region" aria-label="拒绝代码" {
            table {
                thead { tr { th scope="col" { "代码" } th scope="col" { "含义" } } }
                tbody {
                    @for word in refusals {
                        tr { th scope="row" { code { (word.name) } } td lang="en" { (words(&word.description)) } }
                    }
                }
            }
        }
        (code_block("json", REFUSED))
    }
}

const REFUSED: &str = r#"{"data":{"startPayment":{"payment":null,"cashier":null,"userErrors":[
  {"code":"AMOUNT_CHANGED","message":"金额有变化，请核对后再缴","field":["input","expectedTotal"]}]}}}"#;

fn example(code: FailureCode) -> String {
    let (word, message) = code.words();
    let extensions = format!(r#"{{"code":"{word}","traceId":"5f0c1b2a3d4e5f60"}}"#);
    format!(r#"{{"errors":[{{"message":"{message}","extensions":{extensions}}}]}}"#)
}

/// What is refused for being too much.
pub fn limits(portal: &Portal) -> Markup {
    html! {
        p { "这些数取自正在运行的程序和它的设置。超过的请求在执行之前就被拒绝，不会办到一半。" }
        div.scroll tabindex="0" role="region" aria-label="限额" {
            table {
                thead { tr { th scope="col" { "什么" } th scope="col" { "至多" } th scope="col" { "超过时" } } }
                tbody {
                    @for Limit { what, most, then } in &portal.limits {
                        tr { th scope="row" { (what) } td.n { (most) } td { (words(then)) } }
                    }
                }
            }
        }
        p {
            "点数是一次操作的应答里最多可能有的字段数；每分钟的点数匀速恢复。剩多少、何时恢复，在应答头 "
            code { "RateLimit" } " 里；被拒绝时 " code { "Retry-After" } " 说多少秒后再来。"
        }
    }
}

/// What became different when.
pub fn changes() -> Markup {
    html! {
        p {
            "只增加的改动不会影响已发布的客户端。要去掉的字段先标 " code { "@deprecated" }
            "，写明去掉的日期，至少六个月后才去掉。"
        }
        @for (caption, Table { head, rows }) in ["改动", "决定了的不兼容改动"].into_iter().zip(tables()) {
            h2 { (caption) }
            @if rows.is_empty() { p { "没有。" } }
            @else {
                div.scroll tabindex="0" role="region" aria-label=(caption) {
                    table {
                        thead { tr { @for cell in &head { th scope="col" { (cell) } } } }
                        tbody {
                            @for row in &rows {
                                tr { @for cell in row { td { (words(cell)) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

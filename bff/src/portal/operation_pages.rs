//! Operations, one a page: what it does, what it takes, how each channel sends it, and a place to
//! try it.

use super::example::Example;
use super::markup::{code_block, described, fields, filter, type_link, words};
use super::reference::{Operation, Reference, Verb};
use super::snippets;
use super::{Portal, PortalMode};
use maud::{Markup, html};

const VERBS: [(Verb, &str); 3] =
    [(Verb::Query, "查询"), (Verb::Mutation, "变更"), (Verb::Subscription, "订阅")];

/// All of them.
pub fn list(reference: &Reference) -> Markup {
    html! {
        p { "每个操作一页：参数、示例、四种写法，还可以在页面上直接试。" }
        (filter("operations", "筛选操作"))
        div #operations {
            @for (verb, name) in VERBS {
                section {
                    h2 { (name) " " span lang="en" { (verb.word()) } }
                    ul.names {
                        @for one in reference.operations.iter().filter(|one| one.verb == verb) {
                            li {
                                a href={ "/docs/operations/" (one.field.name) } { code { (one.field.name) } }
                                " " span lang="en" { (words(&one.field.description)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

const MADE: &str = "文档由契约生成，只列出一部分字段；变量是样例，请换成自己的。";

/// One.
pub fn one(portal: &Portal, reference: &Reference, operation: &Operation) -> Markup {
    let Operation { verb, field } = operation;
    let example = Example::of(reference, operation);
    let variables = serde_json::to_string_pretty(&example.variables).unwrap_or_default();
    html! {
        p.lead { (described(field)) }
        p { "结果：" (type_link(&field.of)) }
        @if !field.arguments.is_empty() { (fields("参数", &field.arguments)) }
        section #example {
            h2 { "示例" }
            p { (MADE) }
            (code_block("graphql", &example.document))
            (code_block("json", &variables))
        }
        @if portal.mode == PortalMode::Try {
            (try_it(&example, &variables, *verb, portal.citizens.is_some()))
        }
        h2 { "各渠道的写法" }
        @for snippet in snippets::of(&portal.public_url, *verb, &example) {
            details {
                summary { (snippet.title) }
                (code_block(snippet.language, &snippet.text))
            }
        }
        p { a href="/docs/operations" { "← 全部操作" } }
    }
}

/// The place to try it; the script shows it.
fn try_it(example: &Example, variables: &str, verb: Verb, demo: bool) -> Markup {
    let lines = |text: &str| text.lines().count().clamp(3, 24);
    html! {
        section #try hidden data-verb=(verb.word()) {
            h2 { "在这里试" }
            p { (MADE) }
            div.who {
                @if demo { button #citizen type="button" { "用演示市民登录" } }
                span {
                    label for="token" { "访问令牌" }
                    input #token type="text" autocomplete="off" spellcheck="false" placeholder="没有登录";
                }
                span {
                    label for="channel" { "渠道" }
                    select #channel {
                        option value="app" { "App" }
                        option value="wechat" { "微信小程序" }
                        option value="alipay" { "支付宝小程序" }
                    }
                }
            }
            div.two {
                div {
                    label for="document" { "文档" }
                    textarea #document spellcheck="false" rows=(lines(&example.document)) { (example.document) }
                }
                div {
                    label for="variables" { "变量（JSON）" }
                    textarea #variables spellcheck="false" rows=(lines(variables)) { (variables) }
                }
            }
            p.run {
                button #run type="button" { "执行" }
                @if verb == Verb::Subscription { " " button #stop type="button" disabled { "停止" } }
                " " span.hint { "在文本框里按 Ctrl+Enter 也可以" }
            }
            p #state role="status" {}
            pre #answer tabindex="0" role="region" aria-label="应答" hidden {}
        }
    }
}

//! Types, one a page.

use super::markup::{fields, filter, words};
use super::reference::{Reference, Shape, TypePage};
use maud::{Markup, html};

/// A kind of types: its name, and which shapes are of it.
type Kind = (&'static str, fn(&Shape) -> bool);

/// Kinds in the order of the list.
const KINDS: [Kind; 5] = [
    ("对象", |shape| matches!(shape, Shape::Object(_))),
    ("接口与联合", |shape| matches!(shape, Shape::Interface(_) | Shape::Union(_))),
    ("输入", |shape| matches!(shape, Shape::Input { .. })),
    ("枚举", |shape| matches!(shape, Shape::Enum(_))),
    ("标量", |shape| matches!(shape, Shape::Scalar)),
];

/// All of them.
pub fn list(reference: &Reference) -> Markup {
    html! {
        p { (reference.types.len()) " 个类型，来自正在运行的契约 " a href="/schema.graphql" { "schema.graphql" } "。" }
        (filter("types", "筛选类型"))
        div #types {
            @for (name, is) in KINDS {
                section {
                    h2 { (name) }
                    ul.names {
                        @for (name, found) in reference.types.iter().filter(|(_, found)| is(&found.shape)) {
                            li {
                                a href={ "/docs/types/" (name) } { code { (name) } }
                                " " span lang="en" { (words(&found.description)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One.
pub fn one(found: &TypePage) -> Markup {
    html! {
        p.lead lang="en" { (words(&found.description)) }
        @match &found.shape {
            Shape::Scalar => p { "标量：一个值，没有字段。" },
            Shape::Object(own) => (fields("字段", own)),
            Shape::Interface(own) => { p { "接口：几种类型共有的字段。" } (fields("字段", own)) }
            Shape::Union(members) => {
                p { "联合：以下之一，用 " code { "... on 类型" } " 分别查询。" }
                ul { @for name in members { li { a href={ "/docs/types/" (name) } { code { (name) } } } } }
            }
            Shape::Input { fields: own, one_of } => {
                @if *one_of { p { "输入：恰好给一个字段（" code { "@oneOf" } "）。" } } @else { p { "输入。" } }
                (fields("字段", own))
            }
            Shape::Enum(values) => {
                p { "枚举。以后会增加，不认识的值当作“再问一次”。" }
                div.scroll tabindex="0" role="region" aria-label="枚举值" {
                    table {
                        thead { tr { th scope="col" { "值" } th scope="col" { "含义" } } }
                        tbody {
                            @for word in values {
                                tr {
                                    th scope="row" { code { (word.name) } }
                                    td {
                                        span lang="en" { (words(&word.description)) }
                                        @if let Some(reason) = &word.deprecated { p.gone { "已弃用：" (words(reason)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        p { a href="/docs/types" { "← 全部类型" } }
    }
}
